// `reidbench score-detections`: ground truth and detections, as MOT text or as COCO's files -> AP,
// miss rates, JI, MODA, kinds of errors and best thresholds, per sequence and COMBINED, with
// confidence intervals and paired comparisons of detectors.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "reidbench/core/statistics.h"
#include "reidbench/results/detections.h"

namespace reidbench {

struct ScoreDetectionsOptions {
  // datasets/mot_layout.h says which layouts; or COCO's instances (.json).
  std::filesystem::path ground_truth;
  // Each a file, a folder of sequences or of SEQ.txt, or COCO's list of results. A folder with
  // SEQ/det/DETECTOR/det.txt is several detectors.
  std::vector<std::filesystem::path> detections;
  std::string benchmark = "MOT17";  // a name of configs/protocols or a YAML file
  std::string split = "train";      // of TrackEval's layout
  std::filesystem::path seqmap;
  bool preprocess = true;  // false: all ground truth with a mark counts, nothing is removed
  std::string class_name;  // of COCO's, for what is of one class; empty: person, or the only one
  DetectionRules rules;
  BootstrapOptions bootstrap;  // .resamples = 0: no intervals, no comparison
};

// Reads and scores sequences in parallel, one sequence a thread in memory; the result does not
// depend on the number of threads. Throws Error(kInput) with the message of every malformed file,
// Error(kIo) for missing ones, Error(kUsage) for wrong options. With `check_only` everything is
// read and nothing scored.
DetectionsResult RunScoreDetections(const ScoreDetectionsOptions& options, bool check_only = false);

}  // namespace reidbench
