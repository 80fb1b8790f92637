// SORT: Kalman filter and IoU (Bewley et al., "Simple online and realtime tracking", ICIP 2016).
// Boxes and identities equal those of the authors' program, identity numbers included.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "reidbench/tracking/tracker.h"

namespace reidbench {

struct SortOptions {
  // Frames a track survives without a detection, >= 0. 1 in the paper (T_lost).
  int max_age = 1;
  // Detections in a row before a track is reported, >= 0; the first min_hits frames of a sequence
  // report at once. 3 in the authors' program.
  int min_hits = 3;
  // Least IoU of detection and predicted box, 0..1. 0.3 in the paper (IOU_min).
  double iou_threshold = 0.3;
  // Detections below this score are not looked at; absent in the paper, which takes all.
  std::optional<double> min_score;
  bool compat_reference = true;  // there is no other SORT; the key is the other trackers'

  OptionTable Table();
  std::vector<std::string> Validate() const { return OptionViolations(*this); }
};

// Throws Error(kConfig) when the options do not validate.
std::unique_ptr<Tracker> MakeSort(const SortOptions& options);

}  // namespace reidbench
