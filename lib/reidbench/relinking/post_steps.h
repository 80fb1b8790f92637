// What papers do to finished tracks before they are scored: filling gaps and smoothing. Apart from
// correction and from tracking, so that what it wins can be told apart: it adds and moves boxes
// that nobody detected there.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "reidbench/core/tracks.h"

namespace reidbench {

struct PostProcessed {
  TrackSet tracks;    // by frame, within a frame by identity
  int64_t added = 0;  // boxes that fill gaps
};

// Gaussian-smoothed interpolation without its interpolation (Du et al., "StrongSORT", IEEE
// Transactions on Multimedia 2023, section III-E): each coordinate of a track is replaced by a
// Gaussian process regression of the frame number with a fixed RBF kernel of length tau ln(tau^3 /
// n), at least 1 / tau and at most tau^2, and noise 1e-10, n being the boxes of the track. From
// tau^3 boxes on the kernel is so short that a track stays as it is.
void SmoothByGaussianProcess(TrackSet* tracks, double tau);

// Gradient boosting of each coordinate by the frame number (BoostTrack's program): 115 trees of
// depth 3 for squared error, shrunk by 0.065, no node of fewer than 6 boxes split.
void SmoothByGradientBoosting(TrackSet* tracks);

struct PostStep {
  std::string name;
  std::string summary;
  std::function<PostProcessed(const TrackSet&)> run;
};

// linear, gsi, dti, gbi, with their published parameters.
const std::vector<PostStep>& PostSteps();
// Throws Error(kUsage) for an unknown name.
const PostStep& PostStepByName(std::string_view name);

}  // namespace reidbench
