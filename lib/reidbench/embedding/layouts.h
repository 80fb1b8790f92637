// In which order the numbers of a network's values lie in memory: maps with their channels last, as
// convolutions want them, everything else in the order of its axes.
#pragma once

#include <vector>

#include "reidbench/networks/graph.h"

namespace reidbench {

struct OrderedGraph {
  // With a layer of kTranspose that changes no axis wherever a value is wanted in the other order.
  Graph graph;
  std::vector<ValueShape> shapes;   // of its layers
  std::vector<bool> channels_last;  // of its layers: a map that lies so
};

// For images of height x width pixels.
OrderedGraph OrderValues(const Graph& graph, int64_t height, int64_t width);

// Whether a layer gives its input's numbers as they lie, so that both can share memory.
bool SharesMemory(const OrderedGraph& ordered, size_t layer);

}  // namespace reidbench
