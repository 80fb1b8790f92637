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
  // Score above which detections are looked at, 0..1. 0.6 (MOT20: 0.4).
  double det_thresh = 0.6;
  // Least IoU of detection and predicted box, 0..1. 0.3.
  double iou_threshold = 0.3;
  // Frames a track survives without a detection, >= 0. 30.
  int max_age = 30;
  // Detections in a row before a track is reported, >= 0; the first min_hits frames of a sequence
  // report at once. 3.
  int min_hits = 3;
  // Frames between the two observations that give a track its direction, 1..1000. 3.
  int delta_t = 3;
  // Weight of the agreement in direction beside IoU, 0..1. 0.2.
  double inertia = 0.2;
  // Low-scoring detections (low_thresh..det_thresh) for tracks left over; the program's
  // --use_byte, off by default.
  bool use_byte = false;
  double low_thresh = 0.1;
  // compat: reference (default) equals the authors' program box for box: pairs that are refused for
  // their IoU afterwards take part in the assignment, with their directions. compat: none leaves
  // them out beforehand, which is faster in crowds.
  bool compat_reference = true;

  OptionTable Table();
  std::vector<std::string> Validate() const { return OptionViolations(*this); }
};

// Throws Error(kConfig) when the options do not validate.
std::unique_ptr<Tracker> MakeOcSort(const OcSortOptions& options);

}  // namespace reidbench
