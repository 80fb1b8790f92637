// SORT: Kalman filter and IoU (Bewley et al., "Simple online and realtime tracking", ICIP 2016).
// Boxes and identities equal those of the authors' program, identity numbers included.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "reidbench/tracking/tracker.h"

namespace reidbench {

// What each means and may be: Table(), in the .cc file, like the other trackers' options.
struct SortOptions {
  int max_age = 1;                  // T_lost of the paper
  int min_hits = 3;                 // of the authors' program
  double iou_threshold = 0.3;       // IOU_min of the paper
  std::optional<double> min_score;  // the paper takes all detections
  bool compat_reference = true;     // there is no other SORT; the key is the other trackers'

  OptionTable Table();
  std::vector<std::string> Validate() const { return OptionViolations(*this); }
};

// Throws Error(kConfig) when the options do not validate.
std::unique_ptr<Tracker> MakeSort(const SortOptions& options);

}  // namespace reidbench
