// Any layer graph on oneDNN's convolutions and matrix products, for any processor that oneDNN
// knows: norms, activations and residuals are part of them (networks/fuse.h), maps are NHWC from
// end to end (layouts.h), the rest is in layer_kernels.h and tensor_kernels.h. Compiled only with
// REIDBENCH_ONEDNN. No oneDNN type shows here.
#pragma once

#include <memory>
#include <string>

#include "reidbench/embedding/network_runner.h"
#include "reidbench/networks/network.h"

namespace reidbench {

// "2.6.3": of the library that is loaded.
std::string OnednnVersion();

// `folded` as FoldForInference gives it. Throws Error(kModel) when oneDNN fails.
std::unique_ptr<NetworkRunner> MakeOnednnRunner(const Network& folded);

}  // namespace reidbench
