// Deep OC-SORT: OC-SORT with appearance in its first association, weighted by how far it stands
// out, and camera motion that moves filters and observations (Maggiolino et al., "Deep OC-SORT:
// Multi-pedestrian tracking by adaptive re-identification", ICIP 2023). Defaults are those
// published for MOT17. Embeddings and camera motion are optional: without both it is OC-SORT.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "reidbench/tracking/size_limits.h"
#include "reidbench/tracking/tracker.h"

namespace reidbench {

struct DeepOcSortOptions {
  double det_thresh = 0.6;
  double iou_threshold = 0.3;
  int max_age = 30;
  int min_hits = 3;
  int delta_t = 3;
  double inertia = 0.2;
  double appearance_weight = 0.75;  // a_w of the paper
  double adaptive_cap = 0.5;        // epsilon of the paper
  double ema_keep = 0.95;           // alpha_f of the paper
  bool size_filter = false;         // the program's newer filter, of width and height
  SizeLimits report;
  // Equal to the authors' program box for box: the newest observation moves with the camera twice a
  // frame, and the newer filter is run over gaps with every noise 1. False leaves out both.
  bool compat_reference = true;

  OptionTable Table();
  std::vector<std::string> Validate() const { return OptionViolations(*this); }
};

// Throws Error(kConfig) when the options do not validate.
std::unique_ptr<Tracker> MakeDeepOcSort(const DeepOcSortOptions& options);

}  // namespace reidbench
