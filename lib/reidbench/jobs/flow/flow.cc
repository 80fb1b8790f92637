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
  std::vector<ToolCounts> tools;
};

// The programs of --rules, beside each other over one file.
class Tools {
 public:
  Tools(const std::vector<std::string>& names, const FlowScene& scene) {
    for (const std::string& name : names) tools_.push_back(MakeFlowTool(name, scene));
  }
  void Step(int64_t frame, std::span<const FlowRow> rows) {
    for (const auto& tool : tools_) tool->Step(frame, rows);
  }
  std::vector<ToolCounts> Finish() {
    std::vector<ToolCounts> counts;
    for (const auto& tool : tools_) counts.push_back(tool->Finish());
    return counts;
  }

 private:
  std::vector<std::unique_ptr<FlowTool>> tools_;
};

template <typename T>
void AddOptional(const std::optional<T>& more, std::optional<T>* sum) {
  if (more) *sum = sum->value_or(0) + *more;
}

// Of all cameras: lines and zones by their names in the summary.
std::vector<ToolCounts> AddTools(const std::vector<FileOutcome>& outcomes,
                                 std::span<const CameraFlow> cameras, const FlowSummary& summary) {
  std::vector<ToolCounts> all;
  for (size_t c = 0; c < outcomes.size(); ++c) {
    for (size_t t = 0; t < outcomes[c].tools.size(); ++t) {
      const ToolCounts& one = outcomes[c].tools[t];
      if (c == 0) {
        ToolCounts& sum = all.emplace_back();
        sum.tool = one.tool;
        sum.version = one.version;
        sum.lines.resize(summary.lines.size());
        sum.zones.resize(summary.zones.size());
      }
      for (size_t l = 0; l < one.lines.size(); ++l) {
        for (size_t s = 0; s < summary.lines.size(); ++s) {
          if (summary.lines[s].name != cameras[c].scene.zones.lines[l].name) continue;
          AddOptional(one.lines[l].in, &all[t].lines[s].in);
          AddOptional(one.lines[l].out, &all[t].lines[s].out);
        }
      }
      for (size_t z = 0; z < one.zones.size(); ++z) {
        for (size_t s = 0; s < summary.zones.size(); ++s) {
          if (summary.zones[s].name != cameras[c].scene.zones.zones[z].name) continue;
          AddOptional(one.zones[z].entered, &all[t].zones[s].entered);
          AddOptional(one.zones[z].inside_mean, &all[t].zones[s].inside_mean);
          if (!all[t].zones[s].time_s) all[t].zones[s].time_s = one.zones[z].time_s;
        }
      }
      AddOptional(one.unique, &all[t].unique);
    }
  }
  return all;
}

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
  if (!options.tools.empty() && inputs.zones.units == ZoneUnits::kMetres)
    ThrowUsage("--rules: those programs count in pictures, and {} is in metres",
               inputs.zones.source);
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
      Tools tools(options.tools, scene);
      out.rows = ReadFlowRows(file, {}, [&](int64_t frame, auto rows) {
        if (check_only) return;
        counter.Step(frame, rows);
        tools.Step(frame, rows);
      });
      out.events = counter.Finish();
      out.tools = tools.Finish();
      return;
    }
    const bool same_file = SameFile(file, inputs.cameras[c].truth);
    out.rows = ReadFlowRows(file, {.truth = same_file},
                            [&](int64_t frame, auto rows) { out.table.Add(frame, rows); });
    out.same_as_truth = out.table == truths[c].table;
    scene.frame_step = out.rows.step;
    Tools tools(options.tools, scene);
    for (const int64_t frame : out.table.frames()) tools.Step(frame, out.table.Rows(frame));
    out.tools = tools.Finish();
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
    run.tools = AddTools(found[r], run.cameras, run.summary);
    if (options.audit) run.audit = AuditFlow(run.cameras, run.summary);
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
