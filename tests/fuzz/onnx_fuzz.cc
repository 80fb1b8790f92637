// ONNX graphs, both arbitrary bytes and OSNet graphs with a few bytes exchanged: weights, or an
// Error.
#include <cstddef>
#include <cstdint>

#include "reidbench/core/error.h"
#include "reidbench/networks/network.h"
#include "reidbench/weights/checkpoint.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    reidbench::ToNetwork(reidbench::ParseCheckpoint({data, size}, "fuzz.onnx"));
  } catch (const reidbench::Error& error) {
    if (error.kind() != reidbench::ErrorKind::kModel) throw;
  }
  return 0;
}
