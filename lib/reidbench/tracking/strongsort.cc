#include "reidbench/tracking/strongsort.h"

#include "reidbench/tracking/deepsort_family.h"

namespace reidbench {

OptionTable StrongSortOptions::Table() {
  return OptionTable()
      .Add("min_score", &min_score, {0, 1}, "Leave out detections below this score")
      .Add("max_cost", &max_cost, {0, 1000},
           "Largest cost of the matching by appearance and motion; depends on the network")
      .Add(
          "motion_lambda", &motion_lambda, {0, 1},
          "Share of the cosine distance in that cost; the rest is the squared Mahalanobis distance")
      .Add("ema_keep", &ema_keep, {0, 1}, "Share of the old embedding in a track's moving average")
      .Add("max_iou_distance", &max_iou_distance, {0, 1},
           "Largest cost 1 - IoU in the matching without appearance")
      .Add("max_age", &max_age, {.low = 1}, "Frames a confirmed track survives without a detection")
      .Add("n_init", &n_init, {.low = 1}, "Detections in a row before a track is confirmed")
      .Add("report_misses", &report_misses, {.low = 0},
           "Frames after its last detection in which the predicted box is still reported")
      .Add("noise_by_score", &noise_by_score,
           "Trust measurements by their score: deviations times 1 - score (NSA)");
}

std::unique_ptr<Tracker> MakeStrongSort(const StrongSortOptions& options) {
  RequireOptions("strongsort", options.Validate());
  return MakeDeepSortTracker({.max_cost = options.max_cost,
                              .motion_weight = 1 - options.motion_lambda,
                              .max_iou_distance = options.max_iou_distance,
                              .max_age = options.max_age,
                              .n_init = options.n_init,
                              .report_misses = options.report_misses,
                              .min_score = options.min_score,
                              .ema_keep = options.ema_keep,
                              .noise_by_score = options.noise_by_score,
                              .camera_motion = true});
}

}  // namespace reidbench
