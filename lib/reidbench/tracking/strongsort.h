// StrongSORT: DeepSORT with a moving average of embeddings, motion in the cost, measurements
// trusted by their score, camera motion, and one assignment in place of the cascade (Du et al.,
// "StrongSORT: Make DeepSORT great again", IEEE Transactions on Multimedia 2023). Defaults are
// those published for MOT17. Embeddings and camera motion are optional: without embeddings the cost
// is the motion's.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "reidbench/tracking/tracker.h"

namespace reidbench {

struct StrongSortOptions {
  double min_score = 0.6;
  double max_cost = 0.45;       // of the program: cosine distance 0.4 and 0.05 for motion
  double motion_lambda = 0.98;  // lambda of the paper: share of appearance in the cost
  double ema_keep = 0.9;        // alpha of the paper
  double max_iou_distance = 0.7;
  int max_age = 30;
  int n_init = 3;
  int report_misses = 1;
  bool noise_by_score = true;  // NSA Kalman filter

  OptionTable Table();
  std::vector<std::string> Validate() const { return OptionViolations(*this); }
};

// Throws Error(kConfig) when the options do not validate.
std::unique_ptr<Tracker> MakeStrongSort(const StrongSortOptions& options);

}  // namespace reidbench
