#include "reidbench/tracking/ocsort.h"

#include "reidbench/tracking/ocsort_family.h"

namespace reidbench {

OptionTable OcSortOptions::Table() {
  return OptionTable()
      .Add("det_thresh", &det_thresh, {0, 1}, "Score above which detections are looked at")
      .Add("iou_threshold", &iou_threshold, {0, 1}, "Least IoU of detection and predicted box")
      .Add("max_age", &max_age, {.low = 0}, "Frames a track survives without a detection")
      .Add("min_hits", &min_hits, {.low = 0},
           "Detections in a row before a track is reported, but in the first frames")
      .Add("delta_t", &delta_t, {1, 1000},
           "Frames between the observations that give a track its direction")
      .Add("inertia", &inertia, {0, 1}, "Weight of the agreement in direction beside IoU")
      .Add("use_byte", &use_byte, "Low-scoring detections for tracks left over")
      .Add("low_thresh", &low_thresh, {0, 1}, "Their least score")
      .AddChoice(
          "compat", &compat_reference, {{"none", false}, {"reference", true}},
          "reference: pairs refused afterwards take part in the assignment; none: they do not");
}

std::unique_ptr<Tracker> MakeOcSort(const OcSortOptions& options) {
  RequireOptions("ocsort", options.Validate());
  return std::make_unique<OcSortTracker<AreaRatioModel>>(
      OcSortSettings{.det_thresh = options.det_thresh,
                     .iou_threshold = options.iou_threshold,
                     .max_age = options.max_age,
                     .min_hits = options.min_hits,
                     .delta_t = options.delta_t,
                     .inertia = options.inertia,
                     .use_byte = options.use_byte,
                     .low_thresh = options.low_thresh,
                     .all_pairs = options.compat_reference},
      [](const AreaRatioMeasurement& first) { return AreaRatioModel(first); });
}

}  // namespace reidbench
