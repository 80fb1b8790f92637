// reidbench flow: tracks and zones -> how many people, how long, which way, and how wrong that is.
#include "reidbench/jobs/flow/flow.h"

#include "reidbench/cli/command.h"
#include "reidbench/cli/render.h"
#include "reidbench/config/method.h"
#include "reidbench/core/error.h"
#include "reidbench/core/text.h"
#include "reidbench/results/flow.h"

using namespace reidbench;

namespace {

std::string RuleHelp() {
  std::string text = "Rules of counting and repairs of tracks:\n";
  FlowRules rules;
  for (const OptionInfo& option : rules.Table().Describe()) {
    text += fmt::format("  --option {}={:<{}} {} ({})\n", option.key, option.value,
                        24 - std::min<int>(24, static_cast<int>(option.key.size())), option.help,
                        option.expected);
  }
  return text;
}

}  // namespace

int main(int argc, char** argv) {
  FlowStageOptions options;
  std::string rules;
  options.bootstrap.resamples = 1000;

  Command command("flow",
                  "Counts people at lines and in zones: how many, how long, which way; with ground "
                  "truth how wrong each answer is.",
                  "reidbench flow --tracks tracks/ --zones zones.yaml --output flow/\n"
                  "reidbench flow --tracks tracks/ --corrected corrected/ --gt MOT17/train --zones "
                  "zones.yaml\n"
                  "reidbench flow --tracks result.txt --gt gt.txt --zones zones.yaml --frame-rate "
                  "25 --format json");
  command.Output(
      OutputRole::kMade,
      "Folder for events.csv, occupancy.csv, histograms.csv, summary.json and summary.txt");
  command.Option("--tracks", &options.tracks,
                 "Result files, a tracker's folder with SEQ.txt, or a folder of trackers; may be "
                 "repeated");
  command.Option("--corrected", &options.corrected, "The same tracks after a correction");
  command.Option("--zones", &options.zones,
                 "Lines and zones: a YAML file, or one of supervision, DeepStream, Frigate, CVAT");
  command.Option("--gt", &options.ground_truth,
                 "Ground truth: folder of sequences, one sequence, or one file");
  command.Option("--sequences", &options.sequences,
                 "Folder of sequences (or one) whose seqinfo.ini say frame rate and picture size");
  command.Option("--frame-rate", &options.frame_rate, "Frames per second, over everything else");
  command.Group("Rules");
  command.Option("--option", &options.options,
                 "key=value of a rule below, such as stitch=false; may be repeated");
  command.Option("--rules", &rules,
                 "Also count by the rules of other programs, separated by commas: supervision, "
                 "ultralytics, deepstream, opendatacam, frigate; all");
  command.Flag("--audit", &options.audit,
               "Look for what cannot be in the tracks, without ground truth, and estimate how many "
               "times too many people are counted");
  command.Option("--tolerance", &options.tolerance_s,
                 "Seconds that an event and the truth's may be apart");
  command.Group("Statistics");
  command.Option("--bootstrap", &options.bootstrap.resamples,
                 "Resamples of confidence intervals; 0 = none");
  command.Explain(RuleHelp());

  return command.Run(argc, argv, [&](const CommonOptions& common) {
    options.output = common.output;
    options.force = common.force;
    options.bootstrap.seed = common.seed;
    if (options.tracks.empty()) ThrowUsage("--tracks is missing: the result file or folder");
    if (options.zones.empty()) ThrowUsage("--zones is missing: the file of lines and zones");
    if (rules == "all") {
      options.tools = FlowToolNames();
    } else if (!rules.empty()) {
      for (const std::string_view name : SplitText(rules, ','))
        options.tools.emplace_back(Trim(name));
    }
    const FlowResult result = RunFlow(options, common.dry_run);
    for (const std::string& warning : result.warnings) PrintWarning(warning);
    if (common.dry_run) return FinishDryRun(common);
    WriteResult(common,
                {.json = [&] { return RenderFlowJson(result); },
                 .csv = [&] { return RenderFlowCsv(result); },
                 .tables = [&](TableFormat format) { return RenderFlowTables(result, format); }});
    return kExitOk;
  });
}
