#include "reidbench/jobs/flow/flow.h"

#include <fmt/core.h>

#include <algorithm>

#include "reidbench/config/option_file.h"
#include "reidbench/config/reader.h"
#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/interrupt.h"
#include "reidbench/core/parallel.h"
#include "reidbench/jobs/flow/flow_inputs.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;

FlowRules RulesOf(const std::vector<std::string>& assignments) {
  ConfigNode root = ParseConfig("", "--option");
  for (const std::string& assignment : assignments) ApplyOption("--option", assignment, &root);
  ConfigReader reader(root);
  FlowRules rules;
  rules.Table().Read(&reader);
  reader.Finish();
  return rules;
}

// One file of one camera: its rows (kept where somebody compares them) and what happened.
struct FileOutcome {
  FlowTable table;
  FlowEvents events;
  FlowRowSummary rows;
  bool same_as_truth = false;
};

void CountTable(const FlowTable& table, const FlowScene& scene, const FlowRules& rules,
                FileOutcome* out) {
  FlowCounter counter(scene, rules);
  for (const int64_t frame : table.frames()) counter.Step(frame, table.Rows(frame));
  out->events = counter.Finish();
}

bool SameFile(const fs::path& a, const fs::path& b) {
  std::error_code failed;
  return fs::equivalent(a, b, failed) && !failed;
}

void RequireOutput(const FlowStageOptions& options) {
  if (options.output.empty()) return;
  if (IsStream(options.output))
    ThrowUsage("--output {}: expected a folder", options.output.string());
  for (const std::string& name : FlowFileNames(!options.ground_truth.empty())) {
    const fs::path path = options.output / name;
    if (IsFile(path)) RequireWritable(path, options.force);
  }
}

void NoteRows(const fs::path& path, const FlowRowSummary& rows,
              std::vector<std::string>* warnings) {
  warnings->insert(warnings->end(), rows.warnings.begin(), rows.warnings.end());
  if (rows.rows == 0) warnings->push_back(fmt::format("{}: no rows", path.string()));
  if (rows.step > 1) {
    warnings->push_back(
        fmt::format("{}: rows in every {}th frame; the frame rate is that of the frame numbers",
                    path.string(), rows.step));
  }
  if (rows.nameless > 0) {
    warnings->push_back(
        fmt::format("{}: {} rows without identity (id below 0)", path.string(), rows.nameless));
  }
}

}  // namespace

FlowResult RunFlow(const FlowStageOptions& options, bool check_only) {
  RequireOutput(options);
  if (const auto violations = options.bootstrap.Validate(); !violations.empty())
    ThrowUsage("--bootstrap: {}", violations.front());
  if (!(options.tolerance_s > 0)) ThrowUsage("--tolerance: expected seconds above 0");
  FlowResult result;
  result.rules = RulesOf(options.options);
  FlowInputs inputs = FindFlowInputs(options);
  result.zones = inputs.zones.source;
  result.units = std::string(ZoneUnitsName(inputs.zones.units));
  result.tolerance_s = options.tolerance_s;
  result.warnings = std::move(inputs.warnings);
  const size_t cameras = inputs.cameras.size();
  const bool truth = !options.ground_truth.empty();

  std::vector<FileOutcome> truths(truth ? cameras : 0);
  ParallelFor(static_cast<int64_t>(truths.size()), [&](int64_t c) {
    if (InterruptRequested()) return;
    FileOutcome& out = truths[static_cast<size_t>(c)];
    FlowCamera& camera = inputs.cameras[static_cast<size_t>(c)];
    out.rows = ReadFlowRows(camera.truth, {.truth = true},
                            [&](int64_t frame, auto rows) { out.table.Add(frame, rows); });
    camera.scene.frame_step = out.rows.step;
    if (!check_only) CountTable(out.table, camera.scene, result.rules.Plain(), &out);
  });
  if (InterruptRequested()) throw Interrupted("interrupted while counting");

  std::vector<std::vector<FileOutcome>> found(inputs.runs.size());
  for (auto& run : found) run.resize(cameras);
  ParallelFor(static_cast<int64_t>(inputs.runs.size() * cameras), [&](int64_t k) {
    if (InterruptRequested()) return;
    const size_t r = static_cast<size_t>(k) / cameras, c = static_cast<size_t>(k) % cameras;
    FileOutcome& out = found[r][c];
    const fs::path& file = inputs.runs[r].files[c];
    FlowScene scene = inputs.cameras[c].scene;
    if (!truth) {
      // One pass; the rows are not kept.
      scene.frame_step = 1;
      FlowCounter counter(scene, result.rules);
      out.rows = ReadFlowRows(file, {}, [&](int64_t frame, auto rows) {
        if (!check_only) counter.Step(frame, rows);
      });
      out.events = counter.Finish();
      return;
    }
    const bool same_file = SameFile(file, inputs.cameras[c].truth);
    out.rows = ReadFlowRows(file, {.truth = same_file},
                            [&](int64_t frame, auto rows) { out.table.Add(frame, rows); });
    out.same_as_truth = out.table == truths[c].table;
    scene.frame_step = out.rows.step;
    // The truth itself has nothing to repair.
    if (!check_only)
      CountTable(out.table, scene, out.same_as_truth ? result.rules.Plain() : result.rules, &out);
  });
  if (InterruptRequested()) throw Interrupted("interrupted while counting");

  for (size_t c = 0; c < truths.size(); ++c)
    NoteRows(inputs.cameras[c].truth, truths[c].rows, &result.warnings);
  for (size_t r = 0; r < inputs.runs.size(); ++r) {
    for (size_t c = 0; c < cameras; ++c) {
      NoteRows(inputs.runs[r].files[c], found[r][c].rows, &result.warnings);
      if (found[r][c].same_as_truth)
        result.warnings.push_back(inputs.runs[r].files[c].string() +
                                  ": the tracks are the ground truth itself; no repairs");
    }
  }
  std::vector<std::string> once;
  for (std::string& warning : result.warnings) {
    if (std::find(once.begin(), once.end(), warning) == once.end())
      once.push_back(std::move(warning));
  }
  result.warnings = std::move(once);
  if (check_only) return result;

  const auto cameras_of = [&](std::vector<FileOutcome>& outcomes) {
    std::vector<CameraFlow> flows;
    for (size_t c = 0; c < cameras; ++c) {
      CameraFlow& flow = flows.emplace_back();
      flow.name = inputs.cameras[c].name;
      flow.scene = inputs.cameras[c].scene;
      flow.scene.frame_step = outcomes[c].rows.step;
      flow.events = std::move(outcomes[c].events);
    }
    return flows;
  };
  for (const FlowCamera& camera : inputs.cameras) result.cameras.push_back(camera.name);
  const auto summarize = [&](FlowRunResult* run) {
    run->summary = SummarizeFlow(run->cameras, inputs.zones.global_ids, result.rules.passing_s,
                                 options.bootstrap);
  };
  if (truth) {
    FlowRunResult& run = result.truth.emplace();
    run.name = "truth";
    run.cameras = cameras_of(truths);
    summarize(&run);
  }
  for (size_t r = 0; r < inputs.runs.size(); ++r) {
    FlowRunResult& run = result.runs.emplace_back();
    run.name = inputs.runs[r].name;
    if (inputs.runs[r].corrected) result.corrected = run.name;
    run.cameras = cameras_of(found[r]);
    summarize(&run);
    if (!truth) continue;
    std::vector<CameraTables> tables;
    for (size_t c = 0; c < cameras; ++c) tables.push_back({&truths[c].table, &found[r][c].table});
    run.errors = CompareFlow(result.truth->cameras, result.truth->summary, run.cameras, run.summary,
                             tables, options.tolerance_s);
  }
  if (!options.output.empty()) {
    AtomicFolder folder(options.output);
    WriteFlowFiles(result, folder.path());
    folder.CommitAmong();
  }
  return result;
}

}  // namespace reidbench
