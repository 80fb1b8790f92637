// The tracking half of `reidbench check`: reads ground truth, tracker results and detections as
// `score` and `track` would, describes what is in them (frames, boxes, identities, crowding,
// occlusion), and finds what is wrong with them although they can be read.
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
  bool choose_rules = false;    // MOT15's, if those of `benchmark` cannot read the ground truth
  std::string split = "train";  // of TrackEval's layout
  std::filesystem::path seqmap;

  bool empty() const { return ground_truth.empty() && tracks.empty() && detections.empty(); }
};

// With ground truth, results must be there for each of its sequences and end with its last frame;
// without, every SEQ.txt is read. Boxes are held against the picture of seqinfo.ini, else of the
// first frame, else the extent of the ground truth, and against the ground truth itself. Does not
// depend on the number of threads. Throws one Error with a message for every bad or missing file:
// kInput or kIo, after the first of them; kUsage and kConfig for the options.
MotCheckResult CheckMotFiles(const MotCheckOptions& options);

}  // namespace reidbench
