// MCTA of the NLPR_MCT challenge: Cao, Chen, Chen, Zheng and Huang, "An equalised global graphical
// model-based approach for multi-camera object tracking", 2015, as the program python-MCTA (commit
// c4d182df) computes it. Made for cameras that do not overlap, and it depends on the order of the
// cameras.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "reidbench/sites/site_tracks.h"

namespace reidbench {

struct MctaScore {
  int64_t gt = 0, results = 0, missing = 0, false_positives = 0;
  // _s: in the camera in which the person was matched before; _c: in another one.
  int64_t mismatch_s = 0, mismatch_c = 0, truepos_s = 0, truepos_c = 0;
  std::optional<double> precision, recall, mcta;  // nullopt where 0 is divided by 0
};

// `cameras` in the order in which they count; those without ground truth must not be among them.
MctaScore ScoreMcta(std::span<const CameraTracks* const> cameras);

}  // namespace reidbench
