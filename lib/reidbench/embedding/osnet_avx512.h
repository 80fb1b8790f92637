// OSNet in this project's own AVX-512 kernels, for networks whose time goes into many narrow
// layers: a whole light convolution (1x1, then depthwise 3x3) per pass with its 1x1 result in the
// first-level cache, channel means of the gates taken on the way, gated sum, last 1x1 convolution,
// residual convolution and ReLU of a block in one pass, one image at a time on one thread. NHWC
// throughout: no channel is padded, and every 1x1 convolution is a matrix product on it. bf16 keeps
// activations and weights in bfloat16 and everything that sums in float32.
#pragma once

#include <memory>

#include "reidbench/embedding/graph_runner.h"
#include "reidbench/embedding/osnet_blocks.h"

namespace reidbench {

enum class Avx512Precision { kFp32, kBf16 };

// Whether this build has the kernels and this processor the instructions.
bool Avx512Available(Avx512Precision precision);

// Throws Error(kInternal) where they are not available.
std::unique_ptr<GraphRunner> MakeAvx512Runner(const OsnetBlocks& network,
                                              Avx512Precision precision);

}  // namespace reidbench
