// OSNet in this project's own vector kernels, for networks whose time goes into many narrow
// layers: a whole light convolution (1x1, then depthwise 3x3) per pass with its 1x1 result in the
// first-level cache, channel means of the gates taken on the way, gated sum, last 1x1 convolution,
// residual convolution and ReLU of a block in one pass, one image at a time on one thread. NHWC
// throughout: no channel is padded, and every 1x1 convolution is a matrix product on it. bf16 keeps
// activations and weights in bfloat16 and everything that sums in float32. One source
// (osnet_kernels.inl) for SSE2, AVX2, AVX-512 and NEON; ActiveIsa() chooses.
#pragma once

#include <memory>
#include <string_view>

#include "reidbench/core/isa.h"
#include "reidbench/embedding/graph_runner.h"
#include "reidbench/embedding/osnet_blocks.h"

namespace reidbench {

enum class OsnetPrecision { kFp32, kBf16 };

// Whether this build has kernels and this processor the instructions: fp32 everywhere on x86-64 and
// aarch64, bf16 with AVX512_BF16.
bool OsnetKernelsAvailable(OsnetPrecision precision);

// The instructions that MakeOsnetRunner uses now: "AVX2", ...
std::string_view OsnetKernelsName();

// Throws Error(kInternal) where they are not available.
std::unique_ptr<GraphRunner> MakeOsnetRunner(const OsnetBlocks& network, OsnetPrecision precision);

}  // namespace reidbench
