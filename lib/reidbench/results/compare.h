// What `reidbench compare` found: tables, JSON (kCompareSchema) and tidy CSV.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reidbench/mot_metrics/benchmark.h"
#include "reidbench/mot_metrics/scores.h"
#include "reidbench/mot_metrics/switches.h"
#include "reidbench/reporting/table.h"
#include "reidbench/results/json_values.h"

namespace reidbench {

// The fields that are compared.
inline constexpr std::string_view kComparedFields[] = {"HOTA", "AssA", "DetA", "IDF1", "IDP", "IDR",
                                                       "MOTA", "IDSW", "Frag", "MT",   "ML"};

// A field of plain and corrected; low, high and p_value as in MotDifference.
struct ComparedValue {
  std::string_view field;
  std::optional<double> plain, corrected, ceiling_link, ceiling_split_link;
  std::optional<double> difference, low, high, p_value;
  // (corrected - plain) / (ceiling - plain); nullopt when the ceiling is no better than plain, for
  // fields that do not measure identities, and when corrected has boxes that the ceilings have not.
  std::optional<double> share_link, share_split_link;
};

// A row of the ablation: scores by kComparedFields.
struct ComparedStep {
  std::string name;
  std::vector<std::optional<double>> scores;
};

// Of one sequence, or of all of them.
struct ComparedScores {
  int64_t frames = 0;
  std::vector<ComparedValue> values;  // by kComparedFields
  // "plain", the steps in between, "corrected", and "interpolated" where it was given.
  std::vector<ComparedStep> steps;
  SwitchCounts plain_causes{}, corrected_causes{}, fixed_causes{}, introduced_causes{};
  int64_t fixed = 0, remaining = 0, introduced = 0;
  int64_t interpolated_boxes = 0;  // of corrected

  const ComparedValue& Of(std::string_view field) const;
};

struct ComparedSequence {
  std::string name;
  ComparedScores scores;
  std::vector<IdSwitch> plain_switches, corrected_switches;
  SwitchComparison status;
  // With .has_timelines.
  std::vector<IdentityTimeline> plain_timelines, corrected_timelines;
};

// The Identity counts of what was resampled, unit by unit, so that several comparisons of the same
// sequences can be resampled together.
struct ComparedUnits {
  std::vector<IdentityCounts> plain, corrected;
};

struct CompareStageResult {
  MotBenchmark benchmark;
  std::string plain, corrected;  // names of the runs
  std::vector<ComparedSequence> sequences;
  ComparedScores combined;
  double confidence = 0.95;
  int resamples = 0;
  std::string resampled;  // "sequences" or "blocks of 50 frames"; empty without intervals
  ComparedUnits units;    // empty without intervals
  std::string headline;   // one sentence: what correction changed, and how sure that is
  bool has_timelines = false;
  std::vector<std::string> warnings;
};

// All metrics of COMBINED with intervals and ceilings; with several sequences a table of them;
// switches by cause; ablation rows; and the headline as the last line (a comment in LaTeX).
std::string RenderCompareTables(const CompareStageResult& result, TableFormat format);
// Two of these tables: all metrics, and the ablation rows.
Table ComparedMetricsTable(const CompareStageResult& result);
Table AblationTable(const std::vector<ComparedStep>& steps, const std::string& caption);
// One row per sequence, run and metric: fractions, empty where undefined. Runs are plain,
// corrected, ceiling_link, ceiling_split_link, those of the ablation and interpolated; switches by
// cause are metrics of plain and corrected ("switches_occluded"), and of corrected
// "switches_fixed", "switches_remaining" and "switches_introduced".
std::string RenderCompareCsv(const CompareStageResult& result);
// Fractions under TrackEval's names, null where undefined. For COMBINED and each of "sequences":
// plain, corrected, delta, ci95, p, ceiling_link, ceiling_split_link, share_link,
// share_split_link, switches; of a sequence also the list of its switches, and with timelines who
// had which id when.
std::string RenderCompareJson(const CompareStageResult& result);
// All but the single sequences' part. Throws Error(kInput) for another document or one that is not
// whole.
CompareStageResult CompareFromJson(const Json& json, const std::string& place);

// One row per switch of each run, with its status: fixed or remaining in the plain one, remaining
// or introduced in the corrected one.
std::string RenderComparedSwitches(const CompareStageResult& result);

}  // namespace reidbench
