// The Jaccard index JI of CrowdHuman: of every picture the pairs among all boxes, at the score that
// is best for all pictures together. Reference: xg-chu/CrowdDet compute_JI.py, whose ratio has 1e-6
// added below; here it is the fraction itself.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "reidbench/detection_metrics/picture.h"

namespace reidbench {

// Scores above 0, 0.1, .. 0.9.
inline constexpr int kJaccardThresholds = 10;
double JaccardThreshold(int index);

// What adds up over pictures, at every threshold.
struct JaccardCounts {
  std::array<double, kJaccardThresholds> ratio_sum{};
  std::array<int64_t, kJaccardThresholds> pictures{};  // that have a box on either side

  JaccardCounts& operator+=(const JaccardCounts& other);
};

// Adds a picture: k pairs of IoU above 0.5 with the largest sum, of m people and n detections, give
// k / (m + n - k). Who and what is in no pair and lies in a region does not count.
void CountJaccard(const DetectionPicture& picture, JaccardCounts* counts);

struct JaccardIndex {
  double value = 0;
  double threshold = 0;
};
// nullopt where no picture has a box.
std::optional<JaccardIndex> BestJaccard(const JaccardCounts& counts);

}  // namespace reidbench
