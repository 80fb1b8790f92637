// Places the cameras of a synthetic world: along the walls, each with its own optics and colours.
#pragma once

#include <vector>

#include "reidbench/synth/options.h"
#include "reidbench/synth/scene.h"

namespace reidbench {

// A camera at `position_m` that looks at `target_m`, upright.
SynthCamera LookAt(const Eigen::Vector3d& position_m, const Eigen::Vector3d& target_m,
                   double focal_px, int width_px, int height_px);

// `options.cameras` of them, ids from 1. With overlap 0 each watches its own part of the hall, with
// overlap 1 all look at its middle from different sides; with areas they share those in turn.
// Deterministic.
std::vector<SynthCamera> PlaceSynthCameras(const SynthOptions& options);

}  // namespace reidbench
