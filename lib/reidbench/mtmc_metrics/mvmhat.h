// Agreement of identities between the views of one scene: Gan, Han, Yin, Feng and Wang,
// "Self-supervised Multi-view Multi-Human Association and Tracking", 2021, by the rules of its
// evaluation_MHA.m (commit 1f71d11e). "MVIDF1" is no IDF1: frames are not connected.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "reidbench/sites/site_tracks.h"

namespace reidbench {

struct MvmhatScore {
  int64_t first_frame = 0, last_frame = 0, frames = 0;  // from the first to the last with people
  // Sums over frames, whose means precision and recall are.
  double precision_sum = 0, recall_sum = 0;
  std::optional<double> precision, recall, f1;  // MVIDP, MVIDR, MVIDF1
  int64_t mme = 0, fp = 0, missed = 0, boxes = 0;
  std::optional<double> mvma;
  // Pairs of views with one person each, and not the same one: what MATLAB makes of these is not
  // clear, and counted as nothing here.
  int64_t unclear_pairs = 0;
};

// Cameras that are part of the ground truth. Id 0 stands for "not linked" in these rules, so people
// and results of that id are never scored.
MvmhatScore ScoreMvmhat(std::span<const CameraTracks* const> cameras);

}  // namespace reidbench
