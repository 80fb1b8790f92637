// ONNX graphs, both arbitrary bytes and graphs of every operator with a few bytes exchanged: a
// network that can be folded and fused for an engine, or an Error. Sizes are worked out and
// constants folded on the way, in bounded memory.
#include <cstddef>
#include <cstdint>

#include "reidbench/core/error.h"
#include "reidbench/networks/fold.h"
#include "reidbench/networks/fuse.h"
#include "reidbench/networks/network.h"
#include "reidbench/weights/checkpoint.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using reidbench::ErrorKind;
  try {
    const reidbench::Network network =
        reidbench::ToNetwork(reidbench::ParseCheckpoint({data, size}, "fuzz.onnx"));
    reidbench::SmallestImage(network.graph);
    reidbench::TakesAnySize(network.graph);
    reidbench::CountMacs(network.graph);
    reidbench::FuseForPrimitives(reidbench::FoldForInference(network));
  } catch (const reidbench::Error& error) {
    if (error.kind() != ErrorKind::kModel && error.kind() != ErrorKind::kInput) throw;
  }
  return 0;
}
