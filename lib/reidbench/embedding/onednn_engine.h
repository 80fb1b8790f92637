// Engine "onednn": any layer graph on a CPU without LibTorch. Computes OSNet's blocks with this
// project's kernels (osnet_kernels.h), everything else with oneDNN (graph_onednn.h).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "reidbench/embedding/engine.h"
#include "reidbench/embedding/network_runner.h"
#include "reidbench/networks/network.h"

namespace reidbench {

enum class OnednnExecution {
  kBest,    // the fastest that this processor and this build have
  kOnednn,  // oneDNN's primitives
  kOwn,     // own kernels; OSNet only
};

// Whether this build and this processor can run it.
bool OnednnAvailable(OnednnExecution execution = OnednnExecution::kBest);

// Precisions that engine "onednn" has on this processor: "fp32", ...
std::vector<std::string> OnednnPrecisions();
// Throws Error(kUsage) that says what is missing or known.
void RequireOnednnPrecision(std::string_view precision);

// Throws Error(kUsage) for a device other than "cpu", a precision that OnednnPrecisions() lacks, or
// an execution that is not available or not for this network; Error(kModel) for tensors that do not
// fit.
std::unique_ptr<Engine> MakeOnednnEngine(const Network& network, std::string_view device,
                                         std::string_view precision,
                                         OnednnExecution execution = OnednnExecution::kBest);

// Any network with all of its outputs. Throws Error(kUsage) where this build has no oneDNN.
std::unique_ptr<NetworkRunner> MakeOnednnNetworkRunner(const Network& network);

}  // namespace reidbench
