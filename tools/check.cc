// reidbench check: look at a data set, a weights file or tracking files before trusting them.
#include "reidbench/jobs/check/check.h"

#include <mutex>

#include "mot_rules.h"
#include "reidbench/cli/command.h"
#include "reidbench/cli/progress.h"
#include "reidbench/cli/render.h"
#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/parallel.h"
#include "reidbench/jobs/check/check_engines.h"
#include "reidbench/networks/network.h"

namespace {

using namespace reidbench;

int CheckEngines(const CommonOptions& common, const EnginesOptions& options) {
  if (common.dry_run) {
    LoadNetwork(options.weights, options.weights_entry);
    return FinishDryRun(common);
  }
  const EnginesResult result = CompareEngines(options);
  WriteResult(common,
              {.json = [&] { return RenderEnginesJson(result); },
               .csv = [&] { return RenderEnginesTable(result, TableFormat::kCsv); },
               .tables = [&](TableFormat format) { return RenderEnginesTable(result, format); }});
  return result.ok() ? kExitOk : kExitCheckFailed;
}

}  // namespace

int main(int argc, char** argv) {
  CheckOptions options;
  ReidDatasetOptions dataset;
  dataset.name.clear();
  bool fast = false;
  bool engines = false;
  EnginesOptions engines_options;

  Command command(
      "check",
      "Looks at a data set, a weights file or tracking files. Exit code 1 when these have problems "
      "or an engine differs by more than its precision allows, 3 when a file is bad.",
      "reidbench check --dataset market1501 --root DIR\n"
      "reidbench check --weights osnet_x0_25_msmt17.pth\n"
      "reidbench check --weights osnet_x0_25_msmt17.pth --engines\n"
      "reidbench check --gt MOT17/train --tracks tracks/ --detections MOT17/train\n"
      "reidbench check --site site.yaml --tracks tracks/");
  command.Group("Re-identification");
  command.Option("--dataset", &dataset.name,
                 "A name of datasets/*.yaml, a YAML file like those, 'folder' or 'list'");
  command.Option("--root", &dataset.root, "Folder of the data set");
  command.Option("--list", &dataset.list_file, "CSV or JSON list of images, for --dataset list");
  command.Option("--split-index", &dataset.split_index,
                 "Which published split, where there are several (VIPeR)");
  command.Flag("--distractors-500k", &dataset.distractors_500k,
               "With Market-1501's +500K distractors");
  command.Flag("--fast", &fast, "Do not decode the images");
  command.Option("--weights", &options.weights, "Weights file: torch checkpoint or ONNX");
  command.Option("--weights-entry", &options.weights_entry,
                 "Of a checkpoint with several networks, the key or prefix of one: ema");
  command.Flag("--engines", &engines,
               "With --weights: run every engine on the same images and compare the embeddings");
  command.Option("--images", &engines_options.images,
                 "With --engines: images, or folders of them; else pictures are generated");

  command.Group("Tracking");
  command.Option("--gt", &options.mot.ground_truth,
                 "Ground truth, as in score: folder of sequences, one sequence, or one file");
  command.Option("--tracks", &options.mot.tracks,
                 "Tracker results: folder, folder of trackers, or file; may be repeated");
  command.Option("--detections", &options.mot.detections,
                 "Detections: folder of sequences (SEQ/det/det.txt), of SEQ.txt, or file; may be "
                 "repeated");
  command.Option("--zones", &options.zones,
                 "Lines and zones of flow; held against the pictures of --gt and against --tracks");
  AddMotRules(&command, &options.mot.benchmark, &options.mot.split, &options.mot.seqmap);
  command.Group("Several cameras");
  command.Option("--site", &options.site.site,
                 "A site, as in score: its clocks, calibrations and places; --tracks is then its "
                 "results, for what the ground truth does not show");
  command.Option("--clock-search", &options.site.clock_search_s,
                 "With --site: clocks are looked for so far from what is told, s");

  return command.Run(argc, argv, [&](const CommonOptions& common) {
    if (!options.site.site.empty()) {
      if (!options.mot.ground_truth.empty() || !options.mot.detections.empty())
        ThrowUsage(
            "--site goes with --tracks alone: check the cameras' files in a call of its own");
      if (options.mot.tracks.size() > 1) ThrowUsage("--site: expected one folder behind --tracks");
      if (!options.mot.tracks.empty()) options.site.tracks = options.mot.tracks.front();
      options.mot.tracks.clear();
    } else if (command.WasGiven("--clock-search")) {
      ThrowUsage("--clock-search needs --site");
    }
    if (!engines && !engines_options.images.empty()) ThrowUsage("--images goes with --engines");
    if (!dataset.name.empty()) {
      options.dataset = dataset;
      options.decode_images = !fast;
    } else if (!dataset.root.empty() || !dataset.list_file.empty()) {
      ThrowUsage("--dataset is missing: which data set is it? For example --dataset market1501");
    }
    if (!engines && !options.dataset && options.weights.empty() && options.mot.empty() &&
        options.zones.empty() && options.site.site.empty()) {
      ThrowUsage(
          "nothing to check: give --dataset NAME --root DIR, --weights FILE, --site SITE, "
          "--zones FILE, or any of --gt, --tracks, --detections");
    }
    if (options.mot.empty()) {
      for (const char* flag : {"--benchmark", "--split", "--seqmap"}) {
        if (command.WasGiven(flag))
          ThrowUsage("{} goes with --gt, --tracks or --detections, found none of them", flag);
      }
    }
    if (engines) {
      if (options.weights.empty())
        ThrowUsage("--weights is missing: name the torch checkpoint or ONNX file to compute with");
      if (options.dataset || !options.mot.empty())
        ThrowUsage("--engines goes with --weights alone: check data in a call of its own");
      engines_options.weights = options.weights;
      engines_options.weights_entry = options.weights_entry;
      engines_options.seed = common.seed;
      return CheckEngines(common, engines_options);
    }
    options.mot.choose_rules = !command.WasGiven("--benchmark");
    options.read_only = common.dry_run;
    CheckResult result;
    {
      Progress progress("check", "images decoded", common.quiet);
      std::mutex mutex;
      result = RunCheck(options, [&](int64_t done, int64_t total) {
        if (done % 64 != 0 && done != total) return;  // called from several threads, once an image
        const std::lock_guard lock(mutex);
        progress.Update(done, total);
      });
    }
    // Text and JSON have the findings in them.
    const bool shown = common.format == OutputFormat::kText || common.format == OutputFormat::kJson;
    if (!shown || common.dry_run) {
      for (const Finding& finding : result.findings()) {
        if (finding.severity == FindingSeverity::kProblem || finding.kind == FindingKind::kOddRows)
          PrintWarning(WarningText(finding));
      }
    }
    if (common.dry_run) return FinishDryRun(common);
    WriteResult(common,
                {.json = [&] { return RenderCheckJson(result); },
                 .csv = [&] { return RenderCheckTables(result, TableFormat::kCsv); },
                 .tables = [&](TableFormat format) { return RenderCheckTables(result, format); }});
    return result.ok() ? kExitOk : kExitCheckFailed;
  });
}
