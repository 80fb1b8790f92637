#include "reidbench/embedding/engine.h"

#include <fmt/format.h>

namespace reidbench {

EmbedderInfo DescribeNetwork(const Network& network, std::string_view precision,
                             std::string_view device) {
  const Graph& graph = network.graph;
  EmbedderInfo info;
  info.architecture = network.name;
  info.precision = precision;
  info.device = device;
  info.dim = static_cast<int>(DimOf(graph));
  info.native_height = static_cast<int>(graph.height);
  info.native_width = static_cast<int>(graph.width);
  const ImageSize least = SmallestImage(graph);
  info.least_height = static_cast<int>(least.height);
  info.least_width = static_cast<int>(least.width);
  if (!TakesAnySize(graph)) {
    info.input_height = info.native_height;
    info.input_width = info.native_width;
  }
  info.weights_sha256 = network.sha256;
  info.weights_choice = network.choice;
  info.notes = network.notes;
  if (graph.outputs.size() > 1) {
    info.notes.push_back(fmt::format("the network has {} outputs; the first, {}, is used",
                                     graph.outputs.size(), graph.outputs.front().name));
  }
  return info;
}

}  // namespace reidbench
