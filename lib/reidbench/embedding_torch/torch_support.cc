#include "reidbench/embedding_torch/torch_support.h"

#include <ATen/Parallel.h>
#include <torch/cuda.h>
#include <torch/version.h>

#include <mutex>
#include <optional>
#include <string>

#include "reidbench/core/text.h"

namespace reidbench {

at::Device ParseTorchDevice(std::string_view name) {
  if (name == "cpu") return at::Device(at::kCPU);
  std::optional<int64_t> index;
  if (name == "cuda") {
    index = 0;
  } else if (StartsWith(name, "cuda:")) {
    index = ParseInt(name.substr(5));
  }
  if (!index || *index < 0) ThrowUsage("device '{}' is unknown; expected cpu or cuda:N", name);
  if (!at::hasCUDA()) {
    ThrowUsage("{}: this LibTorch ({}) was built without CUDA; available: cpu", name,
               TORCH_VERSION);
  }
  const auto count = static_cast<int64_t>(torch::cuda::device_count());
  if (*index >= count) {
    ThrowUsage("{}: no such GPU; available: cpu{}", name,
               count > 0 ? fmt::format(", cuda:0 to cuda:{}", count - 1) : "");
  }
  return at::Device(at::kCUDA, static_cast<c10::DeviceIndex>(*index));
}

void UseOneTorchThread() {
  // OpenMP's thread count is a property of the calling thread.
  thread_local const bool done = [] {
    static std::mutex mutex;  // LibTorch's setter also touches a pool of the whole process
    const std::lock_guard lock(mutex);
    at::set_num_threads(1);
    return true;
  }();
  (void)done;
}

void ForbidTf32() {
  at::globalContext().setAllowTF32CuDNN(false);
  at::globalContext().setAllowTF32CuBLAS(false);
}

}  // namespace reidbench
