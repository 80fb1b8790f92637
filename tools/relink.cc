// reidbench relink: tracks + embeddings -> the same boxes with corrected identities.
#include "reidbench/jobs/relink/relink.h"

#include "mot_rules.h"
#include "reidbench/cli/command.h"
#include "reidbench/cli/progress.h"
#include "reidbench/cli/render.h"
#include "reidbench/core/error.h"
#include "reidbench/relinking/corrections.h"
#include "reidbench/results/relink.h"

using namespace reidbench;

int main(int argc, char** argv) {
  RelinkStageOptions options;
  std::optional<double> window;
  std::string re_entry;
  bool no_split = false;
  bool no_swap = false;
  bool no_motion = false;
  bool no_appearance = false;

  Command command(
      "relink", "Gives lost people their identity back in finished tracks; boxes stay as they are.",
      "reidbench relink --tracks tracks/ --features features.h5 --output corrected/\n"
      "reidbench relink --tracks tracks/ --features features/ --sequences MOT17/train --gt "
      "MOT17/train --output corrected/\n"
      "reidbench relink --tracks tracks/ --allow-missing --sequences MOT17/train --output linked/\n"
      "reidbench relink --tracks tracks/ --features features.h5 --method gallery-mean --option "
      "threshold=0.3 --output plain/");
  command.Output(OutputRole::kMade, "Folder for the corrected tracks");
  command.Option("--tracks", &options.tracks,
                 "Result files, or a tracker's folder with SEQ.txt; may be repeated");
  command.Option("--features", &options.features,
                 "Feature file of the boxes, or a folder with SEQ.h5");
  command.Option("--sequences", &options.sequences,
                 "Folder of sequences (or one) whose seqinfo.ini say frame rate and image size");
  command.Option("--frame-rate", &options.frame_rate, "Frames per second, over seqinfo.ini");
  command.Flag("--allow-missing", &options.allow_missing,
               "Decide by motion alone where boxes have no embedding, and count them; without "
               "--features everything");
  command.Group("Method");
  command.Choice("--method", &options.method, MethodNames(Corrections()),
                 "Which correction; the first unless --method-config says another");
  command.Option("--method-config", &options.config,
                 "YAML with its options: a file, or a name of configs/relinking");
  command.Option("--option", &options.options,
                 "key=value over that file, such as threshold=0.3; may be repeated");
  command.Option("--window", &window,
                 "Decide each identity from at most so many seconds after the box (0: offline)");
  command.Choice("--re-entry", &re_entry, {"same", "new", "auto"},
                 "Whether who left and came back is the same identity");
  command.Flag("--no-split", &no_split, "Leave out splitting");
  command.Flag("--no-swap", &no_swap, "Leave out the repair of swaps");
  command.Flag("--no-motion", &no_motion, "Leave out linking by motion");
  command.Flag("--no-appearance", &no_appearance, "Leave out linking by appearance");
  command.Option("--interpolate", &options.interpolate,
                 "Also fill gaps of at most so many frames, in OUTPUT/interpolated/");
  command.Group("Galleries");
  command.Option("--save-galleries", &options.galleries,
                 "Folder for crops before/ID/FRAME.jpg and after/ID/FRAME.jpg");
  command.Option("--frames", &options.frames,
                 "Their frames: a sequence, a folder of frames, or a folder of sequences");
  command.Option("--gallery-crops", &options.gallery_crops,
                 "Most crops of one identity, evenly over its time; 0 = all");
  command.Group("Ground truth");
  command.Option("--gt", &options.ground_truth,
                 "Judge every decision by this ground truth, as `score` reads it");
  AddMotRules(&command, &options.benchmark, &options.split, &options.seqmap);
  command.Explain("Methods and their options:" + MethodHelp(Corrections(), "--option"));

  return command.Run(argc, argv, [&](const CommonOptions& common) {
    options.output = common.output;
    options.force = common.force;
    if (options.output.empty() && options.galleries.empty() && options.ground_truth.empty() &&
        !common.dry_run) {
      ThrowUsage(
          "--output is missing: the folder for the corrected tracks (or --gt, to judge only)");
    }
    if (options.ground_truth.empty()) {
      for (const char* flag : {"--benchmark", "--split", "--seqmap"}) {
        if (command.WasGiven(flag)) ThrowUsage("{} belongs to --gt", flag);
      }
    }
    if (options.output.empty() && options.interpolate > 0)
      ThrowUsage("--interpolate belongs to --output");
    if (no_split) options.options.emplace_back("split=false");
    if (no_swap) options.options.emplace_back("swap=false");
    if (no_motion) options.options.emplace_back("motion_link=false");
    if (no_appearance) options.options.emplace_back("appearance_link=false");
    if (!re_entry.empty()) options.options.push_back("re_entry=" + re_entry);
    if (window) options.options.push_back(fmt::format("window_s={}", *window));
    RelinkStageResult result;
    {
      Progress progress("relink", "sequences", common.quiet);
      result = RunRelink(options, common.dry_run,
                         [&](int64_t done, int64_t total) { progress.Update(done, total); });
    }
    for (const std::string& warning : result.warnings) PrintWarning(warning);
    if (common.dry_run) return FinishDryRun(common);
    WriteResult(common,
                {.json = [&] { return RenderRelinkJson(result); },
                 .csv = [&] { return RenderRelinkCsv(result); },
                 .tables = [&](TableFormat format) { return RenderRelinkTables(result, format); }});
    return kExitOk;
  });
}
