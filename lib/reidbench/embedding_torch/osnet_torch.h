// OSNet on LibTorch (1.13 or newer), built from OsnetWeights without TorchScript. Zhou et al., ICCV
// 2019 and TPAMI 2021; numbers agree with torchreid within 1e-5 of a feature's L2 norm. No LibTorch
// type shows here.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "reidbench/embedding/engine.h"
#include "reidbench/networks/osnet.h"

namespace reidbench {

enum class OsnetExecution {
  kPlain,     // as torchreid runs it: NCHW, separate batch norms. The baseline of
              // tools/bench/embedder_bench.cc
  kPortable,  // batch norms folded, channels-last, LibTorch's operators only: any device
  kFused,     // CPU: oneDNN convolutions packed once with their ReLU, everything between them in
              // osnet_kernels.h
};

// `device`: "cpu" or "cuda:N". kFused becomes kPortable where it is not available: on CUDA, or when
// LibTorch lacks oneDNN. On a CPU a call uses the calling thread only; on CUDA calls are
// serialised. `precision`: "fp32"; "fp16" and "bf16" keep weights and activations in that type
// (kPortable), for GPUs; LibTorch 1.13 lacks fp16 on a CPU.
// Throws Error(kUsage) for a device that is not there and a precision that is not one of these,
// Error(kModel) for weights with infinities or NaN.
std::unique_ptr<Engine> MakeOsnetTorchEngine(const OsnetWeights& weights, std::string_view device,
                                             OsnetExecution execution = OsnetExecution::kFused,
                                             std::string_view precision = "fp32");

}  // namespace reidbench
