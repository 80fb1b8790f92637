// The tracking half of `reidbench check`: reads ground truth, tracker results and detections as
// `score` and `track` would, and describes what is in them: frames, boxes, identities, crowding,
// occlusion.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "reidbench/results/check.h"

namespace reidbench {

struct MotCheckOptions {
  std::filesystem::path ground_truth;             // --gt, as in `score`; empty: none
  std::vector<std::filesystem::path> tracks;      // files, trackers' folders, folders of those
  std::vector<std::filesystem::path> detections;  // as in `track`
  std::string benchmark = "MOT17";                // whose classes and frames are valid
  std::string split = "train";                    // of TrackEval's layout
  std::filesystem::path seqmap;

  bool empty() const { return ground_truth.empty() && tracks.empty() && detections.empty(); }
};

// With ground truth, results must be there for each of its sequences and end with its last frame;
// without, every SEQ.txt is read. Does not depend on the number of threads. Throws one Error with a
// message for every bad or missing file: kInput or kIo, after the first of them; kUsage and kConfig
// for the options.
MotCheckResult CheckMotFiles(const MotCheckOptions& options);

}  // namespace reidbench
