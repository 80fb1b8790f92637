// OC-SORT: SORT whose tracks are corrected by observations: direction of motion in the cost (OCM),
// a second look at where a track was last seen (OCR), and a filter re-run over a gap (ORU). Cao et
// al., "Observation-centric SORT", CVPR 2023. Defaults are those of the authors' program for MOT17.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "reidbench/tracking/tracker.h"

namespace reidbench {

struct OcSortOptions {
  double det_thresh = 0.6;  // MOT20: 0.4
  double iou_threshold = 0.3;
  int max_age = 30;
  int min_hits = 3;
  int delta_t = 3;
  double inertia = 0.2;
  bool use_byte = false;  // the program's --use_byte: scores of low_thresh..det_thresh
  double low_thresh = 0.1;
  // Equal to the authors' program box for box: pairs that are refused for their IoU afterwards take
  // part in the assignment, with their directions. False leaves them out beforehand, which is
  // faster in crowds.
  bool compat_reference = true;

  OptionTable Table();
  std::vector<std::string> Validate() const { return OptionViolations(*this); }
};

// Throws Error(kConfig) when the options do not validate.
std::unique_ptr<Tracker> MakeOcSort(const OcSortOptions& options);

}  // namespace reidbench
