// reidbench run: an experiment, from its data to its report.
#include "reidbench/results/run.h"

#include <fmt/core.h>

#include "reidbench/cli/command.h"
#include "reidbench/cli/render.h"
#include "reidbench/core/diagnostics.h"
#include "reidbench/core/error.h"
#include "reidbench/core/version.h"
#include "reidbench/experiment/runner.h"
#include "reidbench/experiment/spec.h"

using namespace reidbench;

namespace {

// --root DIR and the like are overrides of one key.
void AddOverride(const std::string& key, const std::string& value,
                 std::vector<std::string>* overrides) {
  if (value.empty()) return;
  std::string quoted;
  for (const char c : value) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  overrides->push_back(fmt::format("{}=\"{}\"", key, quoted));
}

}  // namespace

int main(int argc, char** argv) {
  std::string file;
  std::string root, sequences, weights;
  RunnerOptions options;
  std::vector<std::string> overrides;
  bool no_reuse = false;

  Command command(
      "run",
      "Runs an experiment: data, network, trackers and corrections of one file, with "
      "every stage reused that nothing has changed for. Reports go to reports/out, or to "
      "the folder --output.",
      "reidbench run experiments/plain_vs_relink.yaml\n"
      "reidbench run experiments/market1501_osnet_x0_25_from_msmt17.yaml --root "
      "Market-1501-v15.09.15 --weights osnet_x0_25_msmt17.pth\n"
      "reidbench run experiments/tracker_sweep.yaml --sequences MOT17/train --set "
      "select=IDF1 --dry-run");
  command.Output(
      OutputRole::kMade,
      "Folder for the reports, one folder a run (reports/out); nothing in it is replaced");
  command.Positional("experiment", &file,
                     "YAML file, or a name of experiments/; experiments/README.md lists its keys");
  command.Group("Data");
  command.Option("--root", &root, "Folder of the re-ID data set: data.reid.root");
  command.Option(
      "--sequences", &sequences,
      "Folder of MOTChallenge sequences, or one, instead of the experiment's: data.sequences");
  command.Option("--weights", &weights, "Weights of the network: model.weights");
  command.Group("Running");
  command.Option("--cache", &options.cache,
                 "Folder of finished stages, shared by all experiments (OUTPUT/.cache)");
  command.Flag("--no-reuse", &no_reuse, "Run every stage, also those that are finished");
  command.Flag("--keep-going", &options.keep_going,
               "When a stage fails, run all that do not need it; the result says it is partial");
  command.TakeOverrides(&overrides, "path.key=value over the experiment: trackers.0.name=sort");

  command.InterruptGrace(1800);  // its commands end first
  return command.Run(argc, argv, [&](const CommonOptions& common) {
    AddOverride("data.reid.root", root, &overrides);
    if (!sequences.empty()) {  // instead of the experiment's own world
      overrides.emplace_back("data.world=null");
      AddOverride("data.sequences", sequences, &overrides);
    }
    AddOverride("model.weights", weights, &overrides);
    if (command.WasGiven("--seed")) overrides.push_back(fmt::format("seed={}", common.seed));
    const ExperimentSpec spec = LoadExperiment(file, overrides);
    if (!common.output.empty()) options.output = common.output;
    options.programs = ProgramFolder();
    options.threads = common.threads;
    options.reuse = !no_reuse;
    options.dry_run = common.dry_run;
    if (!common.quiet)
      options.log = [](const std::string& line) {
        PrintDiagnostic(fmt::format("run: {}\n", line));
      };

    const RunOutcome outcome = RunExperiment(spec, options);
    if (common.dry_run) {
      WriteResult(
          common,
          {.json = [&] { return DumpJson(outcome.record); },
           .csv = [&] { return RenderRunPlanTables(outcome.record, TableFormat::kCsv); },
           .tables =
               [&](TableFormat format) { return RenderRunPlanTables(outcome.record, format); }});
      return FinishDryRun(common);
    }
    const RunResult result = RunFromJson(outcome.record, "run.json");
    const std::string report = (outcome.folder / "report.md").string();
    WriteResult(common, {.json = [&] { return DumpJson(outcome.record); },
                         .csv = [&] { return RenderRunCsv(result); },
                         .tables =
                             [&](TableFormat format) {
                               std::string text = RenderRunTables(result, format);
                               if (format != TableFormat::kText) return text;
                               text += "\n";
                               if (!result.headline.empty()) text += result.headline + "\n";
                               return text + fmt::format("report: {}\n", report);
                             }});
    if (result.status != "finished") {
      // Not thrown: the exit code is that of the command that failed.
      PrintDiagnostic(
          fmt::format("reidbench run: error: the result is {}: see {}\n", result.status, report));
    }
    return outcome.exit_code;
  });
}
