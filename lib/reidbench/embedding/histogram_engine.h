// A baseline without a network: colour histograms of horizontal stripes, as person
// re-identification was done before networks (Gray and Tao, "Viewpoint Invariant Pedestrian
// Recognition with an Ensemble of Localized Features", ECCV 2008, use the same stripes).
#pragma once

#include <memory>

#include "reidbench/embedding/engine.h"

namespace reidbench {

// 6 stripes x (8 hues x 4 saturations x 4 brightnesses), each stripe's histogram summing to 1, and
// the square root of every bin: Euclidean distances are then Hellinger's. Takes images of any size
// of at least 6 rows whose values are 0..1: preprocessing with mean 0 and deviation 1.
std::unique_ptr<Engine> MakeHistogramEngine();

}  // namespace reidbench
