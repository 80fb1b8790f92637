// What `reidbench track` did: tables, JSON (kTrackSchema) and CSV.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "reidbench/mot_metrics/scores.h"
#include "reidbench/reporting/figure.h"
#include "reidbench/reporting/table.h"
#include "reidbench/results/json_values.h"
#include "reidbench/results/sweep.h"

namespace reidbench {

struct TrackedSequence {
  std::string name;
  int64_t frames = 0;
  int64_t detections = 0;
  int64_t tracks = 0;
  int64_t boxes = 0;
  double seconds = 0;               // in the tracker alone
  std::optional<MotCounts> counts;  // with ground truth: of the benchmark's first class

  std::optional<double> FramesPerSecond() const;
};

// One combination of options over all sequences.
struct TrackRun {
  std::string name;                // "track_buffer=10,match_thresh=0.7"; empty without a sweep
  std::vector<std::string> swept;  // values, in the order of TrackStageResult::swept_keys
  std::vector<TrackedSequence> sequences;
  // The tracks after each post-step, whose name stands in `name`; seconds are the step's.
  std::vector<TrackRun> post = {};

  TrackedSequence Total() const;  // named "ALL"; counts combined
};

struct TrackStageResult {
  std::string tracker;
  // Whether the tracker was given what it can use and does not need; nullopt where it cannot.
  std::optional<bool> appearance;
  std::optional<bool> camera_motion;
  std::string benchmark;  // empty without ground truth
  std::string select;
  std::vector<std::string> swept_keys;
  std::vector<TrackRun> runs;  // in the order of the grid, the last key fastest
  std::vector<size_t> ranked;  // runs by `select`, best first; grid order without ground truth
  std::optional<LeaveOneOut> leave_one_out;  // sweeps over several sequences with ground truth
  std::vector<std::string> warnings;
};

// One run: a row per sequence and their total. A sweep: a row per combination, best first, and
// beside the best the result of choosing without the sequence that is scored.
std::string RenderTrackTables(const TrackStageResult& result, TableFormat format);
// A row per combination and sequence.
std::string RenderTrackCsv(const TrackStageResult& result);
// Fractions under TrackEval's names; null where undefined or not scored.
std::string RenderTrackJson(const TrackStageResult& result);
// What was tracked and how fast; without scores, which `reidbench score` has whole. Throws
// Error(kInput) for another document or one that is not whole.
TrackStageResult TrackFromJson(const Json& json, const std::string& place);
// Of a scored sweep: frames per second of the tracker alone against TrackStageResult::select, and
// the combinations that no other one beats in both.
Figure ParetoFigure(const TrackStageResult& result);

}  // namespace reidbench
