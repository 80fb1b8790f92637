// `reidbench score`: ground truth and tracker results -> HOTA, CLEAR, Identity, VACE and counts as
// TrackEval computes them, per sequence and COMBINED, with confidence intervals and paired
// comparisons of trackers.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "reidbench/mot_metrics/benchmark.h"
#include "reidbench/mot_metrics/bootstrap.h"
#include "reidbench/mot_metrics/scores.h"
#include "reidbench/mot_metrics/switches.h"

namespace reidbench {

struct ScoreStageOptions {
  std::filesystem::path ground_truth;  // datasets/mot_layout.h says which layouts
  std::vector<std::filesystem::path>
      tracks;                       // each a file, a tracker's folder, or a folder of trackers
  std::string benchmark = "MOT17";  // a name of configs/protocols or a YAML file
  std::string split = "train";      // of TrackEval's layout
  std::filesystem::path seqmap;
  bool preprocess = true;         // false: TrackEval's DO_PREPROC False
  MotBootstrapOptions bootstrap;  // .resamples = 0: no intervals, no comparison
  int64_t block_frames =
      0;                  // resample blocks of so many frames instead of sequences; 0 = sequences
  bool switches = false;  // list every identity switch with its cause
  std::filesystem::path
      trackeval_output;  // folder of WriteTrackEvalFiles, which must not overwrite
  bool force = false;    // unless it may
};

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

// Reads and scores sequences in parallel, one sequence a thread in memory; the result does not
// depend on the number of threads. Throws Error(kInput) with the message of every malformed file,
// Error(kIo) for missing ones; then nothing is scored. Error(kUsage) for wrong options and, before
// anything is read, for files that exist already. With `check_only` everything is read and nothing
// scored.
ScoreStageResult RunScore(const ScoreStageOptions& options, bool check_only = false);

}  // namespace reidbench
