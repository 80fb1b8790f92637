// DeepSORT: SORT with appearance. Detections are matched with what a track looked like, within
// reach of its motion, younger tracks first; then by IoU (Wojke et al., "Simple online and realtime
// tracking with a deep association metric", ICIP 2017). Embeddings come with the detections.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "reidbench/tracking/tracker.h"

namespace reidbench {

struct DeepSortOptions {
  double max_cosine_distance = 0.2;  // 1 - cosine; of the authors' program
  int nn_budget = 100;               // L_k of the paper
  double max_iou_distance = 0.7;     // of the program
  int max_age = 30;                  // A_max of the paper
  int n_init = 3;                    // of the paper
  int report_misses = 1;             // of the program
  std::optional<double> min_score;   // 0.3 in the paper's experiments on MOT16

  OptionTable Table();
  std::vector<std::string> Validate() const { return OptionViolations(*this); }
};

// Throws Error(kConfig) when the options do not validate.
std::unique_ptr<Tracker> MakeDeepSort(const DeepSortOptions& options);

}  // namespace reidbench
