// Engine "reference": the layers of a graph as they stand, in plain loops over doubles
// (networks/evaluate.h). It shares nothing with the other engines but the graph, neither folding
// nor kernels, so that
// `check --engines` and the tests can judge them by it. Slow: osnet_x0_25 takes some tenths of a
// second an image of 256 x 128, osnet_x1_0 some seconds.
#pragma once

#include <memory>

#include "reidbench/embedding/engine.h"
#include "reidbench/embedding/network_runner.h"

namespace reidbench {

// Both throw Error(kModel) for tensors that do not fit.
std::unique_ptr<NetworkRunner> MakeReferenceRunner(const Network& network);
std::unique_ptr<Engine> MakeReferenceEngine(const Network& network);

}  // namespace reidbench
