// What `reidbench score` found: TrackEval's metrics by tracker, class and sequence. As tables like
// TrackEval's, JSON (kScoreSchema), CSV, and the two files that TrackEval's users' scripts read.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "reidbench/mot_metrics/benchmark.h"
#include "reidbench/mot_metrics/bootstrap.h"
#include "reidbench/mot_metrics/scores.h"
#include "reidbench/mot_metrics/switches.h"
#include "reidbench/reporting/table.h"
#include "reidbench/results/json_values.h"

namespace reidbench {

// One class of one tracker.
struct ClassScore {
  MotClass scored;
  std::vector<MotCounts> sequences;  // in the order of ScoreStageResult::sequences
  std::vector<MotInterval> intervals;
  std::vector<std::vector<IdSwitch>> switches;  // by sequence; empty unless asked for
};

struct TrackerScore {
  std::string name;
  std::vector<ClassScore> classes;
};

// `other` against `best`, for the first class: value_a is other's, value_b best's.
struct TrackerComparison {
  std::string best;
  std::string other;
  std::vector<MotDifference> differences;
};

struct ScoreStageResult {
  MotBenchmark benchmark;
  std::vector<std::string> sequences;
  std::vector<TrackerScore> trackers;  // best COMBINED HOTA of the first class first
  std::vector<TrackerComparison> comparisons;
  std::vector<std::string> warnings;
};

// A ranked table when there are several trackers, then each tracker's sequences by family (percent,
// 5 digits).
std::string RenderScoreTables(const ScoreStageResult& result, TableFormat format);
// One row per tracker, class, sequence and metric: fractions, empty where undefined; alpha fields
// as their mean.
std::string RenderScoreCsv(const ScoreStageResult& result);
// Fractions, TrackEval's field names, null where undefined; the 19 values of an alpha field as
// "<name>_alpha".
std::string RenderScoreJson(const ScoreStageResult& result);
// Names and the counts of every sequence, which add up again (within rounding); without intervals,
// comparisons and switches. Throws Error(kInput) for another document or one that is not whole.
ScoreStageResult ScoreFromJson(const Json& json, const std::string& place);

// TrackEval's pedestrian_summary.txt and pedestrian_detailed.csv (metrics HOTA, CLEAR, Identity,
// Count).
std::string RenderTrackEvalSummary(const ClassScore& score);
std::string RenderTrackEvalDetailed(const ClassScore& score,
                                    const std::vector<std::string>& sequences);

// The paths WriteTrackEvalFiles would write: DIR/<class>_{summary.txt,detailed.csv}, in
// DIR/<tracker>/ with several trackers.
std::vector<std::filesystem::path> TrackEvalPaths(const ScoreStageResult& result,
                                                  const std::filesystem::path& folder);
// Creates the folders. Throws Error(kUsage) when a file exists and `force` is false, Error(kIo).
void WriteTrackEvalFiles(const ScoreStageResult& result, const std::filesystem::path& folder,
                         bool force);

}  // namespace reidbench
