// Engine "reference": OSNet as plain loops over doubles, written from the paper's figures and
// torchreid's tensor names. It shares nothing with the other engines, neither folding nor kernels,
// so that `check --engines` and the tests can judge them by it. Slow: osnet_x0_25 takes some tenths
// of a second an image of 256 x 128, osnet_x1_0 some seconds.
#pragma once

#include <memory>

#include "reidbench/embedding/engine.h"
#include "reidbench/networks/osnet.h"

namespace reidbench {

// Throws Error(kModel) for weights that do not fit.
std::unique_ptr<Engine> MakeReferenceEngine(const OsnetWeights& weights);

}  // namespace reidbench
