// What `reidbench relink` did: a summary as tables, CSV and JSON (kRelinkSchema), and the log of
// decisions as CSV and JSON (kDecisionsSchema).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "reidbench/mot_metrics/scores.h"
#include "reidbench/relinking/interpolate.h"
#include "reidbench/relinking/relink.h"
#include "reidbench/reporting/table.h"
#include "reidbench/results/json_values.h"

namespace reidbench {

// What ground truth says about a decision. jobs/relink/relink_truth.h defines it.
struct DecisionTruth {
  enum class Verdict { kRight, kWrong, kNeutral };
  Verdict verdict = Verdict::kNeutral;
  // With the decision undone instead of as it is; only for decisions taken.
  std::optional<double> idf1_change;   // fraction
  std::optional<int64_t> idsw_change;  // switches
};

struct RelinkedSequence {
  std::string name;
  int64_t frames = 0;
  int64_t boxes = 0;
  int64_t tracks_before = 0;
  int64_t tracks_after = 0;
  int64_t splits = 0, swaps = 0, links = 0;  // taken
  int64_t refused = 0;
  int64_t boxes_without_embedding = 0;
  int64_t tracks_without_embedding = 0;  // decided by motion alone
  int64_t interpolated_boxes = 0;
  std::vector<FilledGap> gaps;
  std::vector<RelinkDecision> decisions;
  RelinkCalibration calibration;
  double frame_rate = 0;  // 0 = not known
  double read_seconds = 0;
  double relink_seconds = 0;
  // With ground truth.
  std::vector<DecisionTruth> truth;           // of each decision
  std::optional<MotCounts> plain, corrected;  // of the benchmark's first class
};

struct RelinkStageResult {
  std::string method;
  std::string benchmark;  // empty without ground truth
  int interpolate = 0;
  std::vector<RelinkedSequence> sequences;
  std::vector<std::string> warnings;

  RelinkedSequence Total() const;  // named "ALL": sums, counts combined, without decisions
};

// A row per sequence and their total; below it, in text, what the calibrations noted.
std::string RenderRelinkTables(const RelinkStageResult& result, TableFormat format);
std::string RenderRelinkCsv(const RelinkStageResult& result);
std::string RenderRelinkJson(const RelinkStageResult& result);

// A row per decision, taken or refused, of all sequences. Columns of what is not known are empty.
std::string RenderDecisionsCsv(const RelinkStageResult& result);
std::string RenderDecisionsJson(const RelinkStageResult& result);
// Throws Error(kInput) for what is not decisions.json of `reidbench relink`.
void RequireDecisions(const Json& json, const std::string& place);
// A row per filled gap.
std::string RenderInterpolationCsv(const RelinkStageResult& result);

}  // namespace reidbench
