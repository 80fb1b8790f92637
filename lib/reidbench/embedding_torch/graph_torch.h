// Any layer graph on LibTorch (1.13 or newer), built without TorchScript. Numbers of OSNet agree
// with torchreid within 1e-5 of a feature's L2 norm. No LibTorch type shows here.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "reidbench/embedding/engine.h"
#include "reidbench/networks/network.h"

namespace reidbench {

enum class TorchExecution {
  kPlain,     // the graph as it is: NCHW, separate batch norms. The baseline of
              // tools/bench/embedder_bench.cc
  kPortable,  // folded, channels-last, LibTorch's operators only: any device
  kFused,     // CPU: folded, oneDNN convolutions packed once with their ReLU, everything between
              // them in layer_kernels.h
};

// `device`: "cpu" or "cuda:N". kFused becomes kPortable where it is not available: on CUDA, or when
// LibTorch lacks oneDNN. On a CPU a call uses the calling thread only; on CUDA calls are
// serialised. `precision`: "fp32"; "fp16" and "bf16" keep weights and activations in that type
// (kPortable), for GPUs; LibTorch 1.13 lacks fp16 on a CPU.
// Throws Error(kUsage) for a device that is not there and a precision that is not one of these,
// Error(kModel) for weights with infinities or NaN and for layers that LibTorch lacks.
std::unique_ptr<Engine> MakeTorchEngine(const Network& network, std::string_view device,
                                        TorchExecution execution = TorchExecution::kFused,
                                        std::string_view precision = "fp32");

}  // namespace reidbench
