// BoostTrack++: one association by IoU, Mahalanobis distance, shape and appearance, after scores of
// likely detections (those near a track) and of unlikely ones (far from all) were raised
// (Stanojevic and Todorovic, "BoostTrack", Machine Vision and Applications 2024; "BoostTrack++:
// using tracklet information to detect more objects in multiple object tracking", arXiv
// 2408.13003). Defaults are those published for MOT17. Embeddings and camera motion are optional.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "reidbench/tracking/size_limits.h"
#include "reidbench/tracking/tracker.h"

namespace reidbench {

struct BoostTrackOptions {
  double det_thresh = 0.6;
  double iou_threshold = 0.3;
  int max_age = 30;
  int min_hits = 3;
  double iou_weight = 0.5;           // lambda_IoU of the paper
  double mahalanobis_weight = 0.25;  // lambda_MhD
  double shape_weight = 0.25;        // lambda_shape
  double appearance_weight = 3;      // of the cosine
  double boost_share = 0.65;         // beta_c of the paper; alpha of BoostTrack++
  // What BoostTrack++ adds to BoostTrack.
  bool rich_similarity = true;    // shape, Mahalanobis and soft buffered IoU, in place of IoU
  bool soft_boost = true;         // score and similarity mixed, in place of the larger of both
  bool varying_threshold = true;  // similarity above which a detection counts as likely anyhow
  bool boost_unlikely = true;     // DUO of the paper
  double ema_keep = 0.95;
  SizeLimits report;
  // Equal to the authors' program box for box: the shape similarity divides the difference of the
  // heights by a width. False divides by a height, as the paper does.
  bool compat_reference = true;

  OptionTable Table();
  std::vector<std::string> Validate() const { return OptionViolations(*this); }
};

// Throws Error(kConfig) when the options do not validate.
std::unique_ptr<Tracker> MakeBoostTrack(const BoostTrackOptions& options);

}  // namespace reidbench
