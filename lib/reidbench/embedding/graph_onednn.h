// Any layer graph on oneDNN's convolutions, for any processor that oneDNN knows: batch norms
// folded, NHWC from end to end, the rest in layer_kernels.h. Compiled only with REIDBENCH_ONEDNN.
// No oneDNN type shows here.
#pragma once

#include <memory>
#include <string>

#include "reidbench/embedding/graph_runner.h"
#include "reidbench/networks/network.h"

namespace reidbench {

// "2.6.3": of the library that is loaded.
std::string OnednnVersion();

// `folded` as FoldForInference gives it. Throws Error(kModel) when oneDNN fails.
std::unique_ptr<GraphRunner> MakeOnednnRunner(Network folded);

}  // namespace reidbench
