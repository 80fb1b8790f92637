// Hybrid-SORT: OC-SORT with weak cues beside IoU: the score and how it changes, the height, and the
// directions of four corners; then low-scoring detections, then the last observations (Yang et al.,
// "Hybrid-SORT: Weak cues matter for online multi-object tracking", AAAI 2024). Defaults are those
// published for MOT17. Embeddings and camera motion are optional.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "reidbench/tracking/size_limits.h"
#include "reidbench/tracking/tracker.h"

namespace reidbench {

struct HybridSortOptions {
  double det_thresh = 0.6;
  double low_thresh = 0.1;
  double iou_threshold = 0.25;  // of the height-modulated IoU
  int max_age = 30;
  int min_hits = 3;
  int delta_t = 3;
  double inertia = 0.05;               // lambda_1 of the paper, of each corner
  double score_weight = 1;             // lambda_2 of the paper
  double low_score_weight = 1;         // the same in the association of low scores
  double appearance_weight = 1.3;      // of the cosine distance
  double low_appearance_weight = 1.2;  // the same in the association of low scores
  double max_cosine_distance = 0.4;    // cosine distance above which boxes have to agree
  double ema_keep = 0.8;               // alpha of the program
  SizeLimits report{.min_box_area = 100};

  OptionTable Table();
  std::vector<std::string> Validate() const { return OptionViolations(*this); }
};

// Throws Error(kConfig) when the options do not validate.
std::unique_ptr<Tracker> MakeHybridSort(const HybridSortOptions& options);

}  // namespace reidbench
