// reidbench track: detections -> tracks, by the trackers of lib/reidbench/tracking.
#include "reidbench/jobs/track/track.h"

#include "mot_rules.h"
#include "reidbench/cli/command.h"
#include "reidbench/cli/progress.h"
#include "reidbench/cli/render.h"
#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/text.h"
#include "reidbench/relinking/post_steps.h"
#include "reidbench/reporting/figure.h"
#include "reidbench/results/report_page.h"
#include "reidbench/results/track.h"
#include "reidbench/tracking/tracker.h"

using namespace reidbench;

int main(int argc, char** argv) {
  TrackStageOptions options;
  std::string compat;
  std::filesystem::path page, pareto;

  Command command(
      "track", "Tracks detections; writes one MOT file per sequence into --output.",
      "reidbench track --detections MOT17/train --tracker bytetrack --output tracks/\n"
      "reidbench track --detections det.txt --tracker sort --option max_age=30 --output tracks/\n"
      "reidbench track --detections MOT17/train --gt MOT17/train --tracker ocsort --sweep "
      "max_age=10,30,60");
  command.Output(OutputRole::kMade, "Folder for the tracks");
  command.Option("--detections", &options.detections,
                 "Folder of sequences (SEQ/det/det.txt), one sequence, a folder of SEQ.txt, or "
                 "detection files; may be repeated");
  command.Group("Tracker");
  command.Choice("--tracker", &options.tracker, MethodNames(Trackers()), "Which tracker");
  command.Option("--tracker-config", &options.config,
                 "YAML with its options: a file, or a name of configs/trackers");
  command.Option("--option", &options.options,
                 "key=value over that file, such as max_age=30; may be repeated");
  command.Choice("--compat", &compat, {"reference", "none"},
                 "reference (default): the authors' program box for box; none: without its quirks");
  command.Option(
      "--features", &options.features,
      "Feature file of the detections, or a folder with SEQ.h5, for trackers with embeddings");
  command.Option("--affines", &options.affines,
                 "The camera's motion, for trackers that use it: a file (frame and the 2x3 matrix "
                 "from the frame before, row by row), or a folder with SEQ.txt");
  command.Flag("--ignore-scores", &options.ignore_scores,
               "Take every detection with score 1 (detectors whose scores are not 0..1)");
  command.Option("--post", &options.post,
                 "Also fill and smooth the tracks as papers do, into OUTPUT/STEP/: " +
                     JoinText(MethodNames(PostSteps()), ", ") + "; may be repeated");
  command.Option("--decimals", &options.decimals, "Decimals of the boxes written");
  command.Group("Scores and sweeps");
  command.Option("--gt", &options.ground_truth, "Score against this ground truth, as `score` does");
  AddMotRules(&command, &options.benchmark, &options.split, &options.seqmap);
  command.Option("--sweep", &options.sweep,
                 "key=a,b,c: run all values (all combinations when repeated); tracks go to "
                 "OUTPUT/key=a/");
  command.Option("--select", &options.select, "Score by which the best options are chosen");
  command.OutputFile("--html", &page, "With --sweep: also write a report page of the combinations");
  command.OutputFile(
      "--pareto", &pareto,
      "With --sweep and --gt: also draw speed against score, for a paper (.svg or .pdf)");
  std::string steps = "Steps of --post:";
  for (const PostStep& step : PostSteps())
    steps += fmt::format("\n  {:<7} {}", step.name, step.summary);
  command.Explain(steps + "\n");
  command.Explain("Trackers and their options:" + MethodHelp(Trackers(), "--option"));

  return command.Run(argc, argv, [&](const CommonOptions& common) {
    options.output = common.output;
    options.force = common.force;
    if (!compat.empty()) options.options.push_back("compat=" + compat);
    if (options.output.empty() && options.ground_truth.empty() && !common.dry_run)
      ThrowUsage("--output is missing: the folder for the tracks (or --gt, to score only)");
    if (options.ground_truth.empty()) {
      for (const char* flag : {"--benchmark", "--split", "--seqmap", "--select"}) {
        if (command.WasGiven(flag)) ThrowUsage("{} belongs to --gt", flag);
      }
    }
    if (options.sweep.empty() && !(page.empty() && pareto.empty()))
      ThrowUsage("--html and --pareto belong to --sweep");
    if (!pareto.empty()) {
      if (options.ground_truth.empty()) ThrowUsage("--pareto needs --gt, to have scores");
      CheckFigureName(pareto);
    }
    TrackStageResult result;
    {
      Progress progress("track", "sequences", common.quiet);
      result = RunTrack(options, common.dry_run,
                        [&](int64_t done, int64_t total) { progress.Update(done, total); });
    }
    if (!common.dry_run && !options.sweep.empty() && !options.ground_truth.empty() &&
        !result.leave_one_out) {
      result.warnings.emplace_back(
          "the best options were chosen on the sequence they are scored on; leave-one-sequence-out "
          "needs several sequences");
    }
    for (const std::string& warning : result.warnings) PrintWarning(warning);
    if (common.dry_run) return FinishDryRun(common);
    if (!page.empty()) {
      const std::vector<ReportPart> parts = {{"track", RenderTrackJson(result)}};
      WriteFileAtomically(page, RenderReportPage("Options of " + result.tracker, parts));
    }
    if (!pareto.empty()) WriteFileAtomically(pareto, RenderFigureAs(ParetoFigure(result), pareto));
    WriteResult(common,
                {.json = [&] { return RenderTrackJson(result); },
                 .csv = [&] { return RenderTrackCsv(result); },
                 .tables = [&](TableFormat format) { return RenderTrackTables(result, format); }});
    return kExitOk;
  });
}
