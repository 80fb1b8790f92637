#include "reidbench/tracking/deepsort.h"

#include "reidbench/tracking/deepsort_family.h"

namespace reidbench {

OptionTable DeepSortOptions::Table() {
  return OptionTable()
      .Add("max_cosine_distance", &max_cosine_distance, {0, 2},
           "To the nearest embedding of the track; depends on the network")
      .Add("nn_budget", &nn_budget, {1, 10000}, "Embeddings a track remembers")
      .Add("max_iou_distance", &max_iou_distance, {0, 1},
           "Largest cost 1 - IoU in the matching without appearance")
      .Add("max_age", &max_age, {.low = 1}, "Frames a confirmed track survives without a detection")
      .Add("n_init", &n_init, {.low = 1}, "Detections in a row before a track is confirmed")
      .Add("report_misses", &report_misses, {.low = 0},
           "Frames after its last detection in which the predicted box is still reported")
      .Add("min_score", &min_score, OptionRange{}, "Leave out detections below this score");
}

std::unique_ptr<Tracker> MakeDeepSort(const DeepSortOptions& options) {
  RequireOptions("deepsort", options.Validate());
  return MakeDeepSortTracker({.max_cost = options.max_cosine_distance,
                              .max_iou_distance = options.max_iou_distance,
                              .max_age = options.max_age,
                              .n_init = options.n_init,
                              .report_misses = options.report_misses,
                              .min_score = options.min_score,
                              .appearance_needed = true,
                              .nn_budget = options.nn_budget,
                              .cascade = true});
}

}  // namespace reidbench
