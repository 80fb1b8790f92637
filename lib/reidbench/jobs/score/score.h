// `reidbench score`: ground truth and tracker results -> HOTA, CLEAR, Identity, VACE and counts as
// TrackEval computes them, per sequence and COMBINED, with confidence intervals and paired
// comparisons of trackers.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "reidbench/results/score.h"

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

// Reads and scores sequences in parallel, one sequence a thread in memory; the result does not
// depend on the number of threads. Throws Error(kInput) with the message of every malformed file,
// Error(kIo) for missing ones; then nothing is scored. Error(kUsage) for wrong options and, before
// anything is read, for files that exist already. With `check_only` everything is read and nothing
// scored.
ScoreStageResult RunScore(const ScoreStageOptions& options, bool check_only = false);

}  // namespace reidbench
