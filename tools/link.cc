// reidbench link: tracks of several cameras + embeddings -> one identity a person in all of them.
#include "reidbench/jobs/link/link.h"

#include "reidbench/cli/command.h"
#include "reidbench/cli/progress.h"
#include "reidbench/cli/render.h"
#include "reidbench/core/error.h"
#include "reidbench/linking/associations.h"

using namespace reidbench;

int main(int argc, char** argv) {
  LinkStageOptions options;
  std::string correction;

  Command command(
      "link",
      "Gives each person of a site one identity in all of its cameras; boxes stay as they are.",
      "reidbench link --site site.yaml --tracks tracks/ --features features/ --output global/\n"
      "reidbench link --site site/ --tracks tracks/ --features features/ --judge\n"
      "reidbench link --site site.yaml --tracks tracks/ --features features/ --method nearest-mean "
      "--option threshold=0.3 --output plain/");
  command.Output(OutputRole::kMade, "Folder for CAMERA.txt with identities of the site");
  command.Option("--site", &options.site,
                 "Cameras that see the same people: a .yaml file, or a folder with CAMERA/gt.txt");
  command.Option("--tracks", &options.tracks,
                 "Folder with CAMERA/pred.txt or CAMERA.txt; ids are the cameras' own");
  command.Option("--features", &options.features,
                 "Folder with CAMERA.h5, embeddings of the boxes; without it places and times "
                 "alone decide");
  command.Option("--frame-rate", &options.frame_rate,
                 "Frames per second of a site that does not say");
  command.Flag("--allow-missing", &options.allow_missing,
               "Go on where boxes have no embedding, and count them");
  command.Group("Method");
  command.Choice("--method", &options.method, MethodNames(Associations()),
                 "Which association; the first unless --method-config says another");
  command.Option("--method-config", &options.config, "YAML file with its options");
  command.Option("--option", &options.options,
                 "key=value over that file, such as margin=2; may be repeated");
  command.Choice("--camera-correction", &correction, {"relink", "none"},
                 "Whether each camera is corrected by itself first, as `relink` does; the method "
                 "says unless given");
  command.Option("--transitions", &options.transitions,
                 "Times between cameras that an earlier run learned (OUTPUT/transitions.json)");
  command.Group("Ground truth");
  command.Flag("--judge", &options.judge,
               "Judge every link by the site's ground truth, and say how much was possible");
  command.Explain("Methods and their options:" + MethodHelp(Associations(), "--option"));

  return command.Run(argc, argv, [&](const CommonOptions& common) {
    options.output = common.output;
    options.force = common.force;
    if (!correction.empty()) options.correct_cameras = correction == "relink";
    if (options.output.empty() && !options.judge && !common.dry_run)
      ThrowUsage("--output is missing: the folder for the identities (or --judge, to judge only)");
    LinkStageResult result;
    {
      Progress progress("link", "cameras", common.quiet);
      result = RunLink(options, common.dry_run,
                       [&](int64_t done, int64_t total) { progress.Update(done, total); });
    }
    for (const std::string& warning : result.warnings) PrintWarning(warning);
    if (common.dry_run) return FinishDryRun(common);
    WriteResult(common,
                {.json = [&] { return RenderLinkJson(result, true); },
                 .csv = [&] { return RenderLinkCsv(result); },
                 .tables = [&](TableFormat format) { return RenderLinkTables(result, format); }});
    return kExitOk;
  });
}
