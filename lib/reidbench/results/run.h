// run.json (kRunSchema): what an experiment was, on what it ran, and what came out. The runner
// writes it stage by stage; every report is made from it alone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "reidbench/reporting/table.h"
#include "reidbench/results/compare.h"
#include "reidbench/results/json_values.h"
#include "reidbench/results/rank.h"
#include "reidbench/results/sweep.h"

namespace reidbench {

struct RunStage {
  std::string id, status, error;
  std::optional<double> seconds, cpu_seconds, peak_rss_bytes;  // nullopt: it did not run
  std::vector<std::string> warnings;
};

struct RunCorrection {
  std::string name;
  Json score;  // of `reidbench score`, condensed; null: not finished
  Json flow;   // of `reidbench flow` on plain and corrected tracks; null: none
  std::optional<CompareStageResult> compare;
};

// One configuration of detections, tracker and options.
struct RunConfiguration {
  std::string name;
  std::optional<double> frames_per_s;  // of the tracker alone
  Json score;
  Json flow;  // null: none
  std::vector<RunCorrection> corrections;
};

// Mean IDF1 over the trackers, before and after the first correction. The interval is that of one
// paired bootstrap: every resample draws the same sequences or blocks for all trackers, since those
// that are hard for one are hard for the others.
struct JointChange {
  int64_t trackers = 0;
  double plain = 0, corrected = 0, difference = 0;
  std::optional<double> low, high, p_value;  // nullopt where the comparisons have no common units
};

struct RunResult {
  std::string experiment, question, status, started, headline;
  std::optional<double> seconds;
  Json provenance, inputs;
  std::vector<RunStage> stages;
  std::optional<RankStageResult> retrieval;
  std::vector<RunConfiguration> tracking;
  std::optional<Sweep> sweep;
  std::optional<JointChange> joint;
};

// Throws Error(kInput) for another document or one that is not whole. `record` may be of a run that
// has not finished.
RunResult RunFromJson(const Json& record, const std::string& place);

// What run.json keeps of a command's JSON: all but the curves per sequence, which would make the
// record of a large sweep unwieldy. `score` loses its list of trackers, which here is always one.
Json Condense(const std::string& command, Json result);

// Over all configurations that were corrected and compared; nullopt with fewer than two.
std::optional<JointChange> CompareJointly(const RunResult& result, uint64_t seed);
Json JointChangeJson(const JointChange& joint);

// What was found, in one sentence; empty when nothing was scored.
std::string MakeHeadline(const RunResult& result);

// The run's tables: text (the essence), Markdown or LaTeX (all).
std::string RenderRunTables(const RunResult& result, TableFormat format);

// report.md: question, finding, tables, stages, provenance.
std::string RenderRunMarkdown(const RunResult& result);

// Tidy: one row a metric, "part,name,correction,sequence,metric,value".
std::string RenderRunCsv(const RunResult& result);

// A dry run's plan (kRunPlanSchema).
std::string RenderRunPlanTables(const Json& plan, TableFormat format);

}  // namespace reidbench
