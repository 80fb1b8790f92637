#include "reidbench/tracking/deepocsort.h"

#include "reidbench/tracking/ocsort_family.h"

namespace reidbench {

OptionTable DeepOcSortOptions::Table() {
  OptionTable table;
  table.Add("det_thresh", &det_thresh, {0, 0.999}, "Score above which detections are looked at")
      .Add("iou_threshold", &iou_threshold, {0, 1}, "Least IoU of detection and predicted box")
      .Add("max_age", &max_age, {.low = 0}, "Frames a track survives without a detection")
      .Add("min_hits", &min_hits, {.low = 0},
           "Detections in a row before a track is reported, but in the first frames")
      .Add("delta_t", &delta_t, {1, 1000},
           "Frames between the observations that give a track its direction")
      .Add("inertia", &inertia, {0, 1}, "Weight of the agreement in direction beside IoU")
      .Add("appearance_weight", &appearance_weight, {0, 1000}, "Weight of the cosine beside IoU")
      .Add("adaptive_cap", &adaptive_cap, {0, 2},
           "Most that an embedding which stands out adds to that weight")
      .Add("ema_keep", &ema_keep, {0, 1},
           "Least share of the old embedding in a track's moving average")
      .Add("size_filter", &size_filter, "Filter width and height, not area and ratio");
  report.AddTo(&table);
  return table.AddChoice(
      "compat", &compat_reference, {{"none", false}, {"reference", true}},
      "reference: the camera moves the newest observation twice, and size_filter "
      "has unit noise over gaps; none: neither");
}

std::unique_ptr<Tracker> MakeDeepOcSort(const DeepOcSortOptions& options) {
  RequireOptions("deepocsort", options.Validate());
  const OcSortSettings settings{.det_thresh = options.det_thresh,
                                .iou_threshold = options.iou_threshold,
                                .max_age = options.max_age,
                                .min_hits = options.min_hits,
                                .delta_t = options.delta_t,
                                .inertia = options.inertia,
                                .report = options.report,
                                .camera_motion = true,
                                .newest_moves_twice = options.compat_reference,
                                .use_appearance = true,
                                .appearance_weight = options.appearance_weight,
                                .adaptive_cap = options.adaptive_cap,
                                .ema_keep = options.ema_keep};
  if (options.size_filter) {
    return std::make_unique<OcSortTracker<SizeModel>>(
        settings, [unit_noise = options.compat_reference](const BoxLtwh& first) {
          return SizeModel(first, unit_noise);
        });
  }
  return std::make_unique<OcSortTracker<AreaRatioModel>>(
      settings, [](const AreaRatioMeasurement& first) { return AreaRatioModel(first); });
}

}  // namespace reidbench
