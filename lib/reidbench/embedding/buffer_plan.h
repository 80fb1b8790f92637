// Which memory holds the output of which layer, so that a network runs in as little of it as its
// widest place needs and a layer finds its input in the cache.
#pragma once

#include <cstdint>
#include <vector>

#include "reidbench/embedding/layouts.h"
#include "reidbench/networks/graph.h"

namespace reidbench {

struct BufferPlan {
  std::vector<int64_t> sizes;  // of the buffers, in numbers an image
  std::vector<int> buffer;     // of each layer's output; -1 of constants, which have their own
};

// Layers run in their order. Layers that work value by value may write over an input of the same
// size that nobody reads any more; what changes no number's place always does.
BufferPlan PlanBuffers(const OrderedGraph& ordered);

// Images at once: enough to spread the fixed cost of a library's convolution (10 us), few enough
// for the activations to stay in the second-level cache; measured on OSNet with
// tools/bench/embedder_bench.cc, 2 MiB of it.
int CpuBatchSize(const Graph& graph);

}  // namespace reidbench
