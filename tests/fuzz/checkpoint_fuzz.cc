// Torch checkpoints (zip and legacy) and whatever else passes for weights: tensors that fit their
// shapes, or an Error.
#include <cstddef>
#include <cstdint>

#include "reidbench/core/error.h"
#include "reidbench/networks/network.h"
#include "reidbench/weights/byte_reader.h"
#include "reidbench/weights/checkpoint.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    reidbench::Checkpoint checkpoint = reidbench::ParseCheckpoint({data, size}, "fuzz.pth");
    for (const auto& [name, tensor] : checkpoint.tensors) {
      REIDBENCH_CHECK(reidbench::NumElements(tensor.shape) ==
                      static_cast<int64_t>(tensor.values.size()));
    }
    reidbench::ToNetwork(std::move(checkpoint));
  } catch (const reidbench::Error& error) {
    if (error.kind() != reidbench::ErrorKind::kModel) throw;
  }
  return 0;
}
