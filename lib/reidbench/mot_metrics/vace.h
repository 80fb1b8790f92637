// VACE: Manohar et al., "Performance Evaluation of Object Detection and Tracking in Video", 2006;
// the relaxed variant (overlap threshold 0.5 a frame) of TrackEval 12c8791b.
#pragma once

#include <cstdint>
#include <optional>

#include "reidbench/mot_metrics/sequence.h"

namespace reidbench {

// Additive over sequences.
struct VaceCounts {
  int64_t tracker_ids = 0, gt_ids = 0;
  int64_t non_empty_frames = 0;
  double stda = 0;  // sequence track detection accuracy
  double fda = 0;   // sum of the frame detection accuracy

  VaceCounts& operator+=(const VaceCounts& other);
};

struct VaceSummary {
  std::optional<double> ata;   // undefined without ids
  std::optional<double> sfda;  // undefined without boxes
  VaceCounts counts;
};

VaceCounts CountVace(const MotSequence& sequence);
VaceSummary Summarize(const VaceCounts& counts);

}  // namespace reidbench
