// What DeepSORT and StrongSORT share: confirmed tracks are matched by appearance within reach of
// their motion, the rest by IoU.
#pragma once

#include <memory>
#include <optional>

#include "reidbench/tracking/tracker.h"

namespace reidbench {

struct DeepSortSettings {
  double max_cost = 0;  // of the matching by appearance: (1 - motion_weight) (1 - cosine) + ...
  double motion_weight = 0;  // ... motion_weight * squared Mahalanobis distance
  double max_iou_distance = 0;
  int max_age = 0;
  int n_init = 0;
  int report_misses = 0;
  std::optional<double> min_score = std::nullopt;
  bool appearance_needed = false;
  int nn_budget = 1;  // embeddings a track remembers, where they are not averaged
  std::optional<double> ema_keep = std::nullopt;  // share of the old embedding in a moving average
  bool cascade = false;                           // tracks seen lately choose first
  bool noise_by_score = false;                    // deviations of a measurement times 1 - score
  bool camera_motion = false;
};

std::unique_ptr<Tracker> MakeDeepSortTracker(const DeepSortSettings& settings);

}  // namespace reidbench
