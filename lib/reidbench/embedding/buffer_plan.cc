#include "reidbench/embedding/buffer_plan.h"

#include <algorithm>
#include <span>

#include "reidbench/weights/byte_reader.h"

namespace reidbench {
namespace {

bool WorksValueByValue(LayerOp op) {
  return op == LayerOp::kBatchNorm || op == LayerOp::kInstanceNorm || op == LayerOp::kRelu ||
         op == LayerOp::kSigmoid || op == LayerOp::kAdd || op == LayerOp::kMultiply ||
         op == LayerOp::kFunction || op == LayerOp::kBinary || op == LayerOp::kSoftmax ||
         op == LayerOp::kLayerNorm;
}

}  // namespace

BufferPlan PlanBuffers(const OrderedGraph& ordered) {
  const Graph& graph = ordered.graph;
  const std::vector<ValueShape>& shapes = ordered.shapes;
  BufferPlan plan;
  std::vector<int> readers = CountReaders(graph);
  std::vector<int> users;  // of each buffer: readers still to come
  std::vector<int> free;   // buffers, the one used last at the end
  const auto release = [&](int layer) {
    if (plan.buffer[static_cast<size_t>(layer)] < 0) return;
    const auto buffer = static_cast<size_t>(plan.buffer[static_cast<size_t>(layer)]);
    if (--users[buffer] == 0) free.push_back(static_cast<int>(buffer));
  };
  for (size_t i = 0; i < graph.layers.size(); ++i) {
    const Layer& layer = graph.layers[i];
    const int64_t size = NumElements(shapes[i]);
    const auto buffer_of = [&](int input) { return plan.buffer[static_cast<size_t>(input)]; };
    int chosen = -1;
    if (layer.op == LayerOp::kConstant) {
      plan.buffer.push_back(-1);
      continue;
    }
    if (SharesMemory(ordered, i)) {
      chosen = buffer_of(layer.inputs.front());
      if (chosen < 0) {
        plan.buffer.push_back(-1);
        continue;
      }
    } else if ((layer.op == LayerOp::kConvolution || layer.op == LayerOp::kLinear) &&
               layer.inputs.size() > 1) {
      // The sum with a value that nobody reads any more lies in its place.
      const int other = buffer_of(layer.inputs[1]);
      if (other >= 0 && other != buffer_of(layer.inputs[0]) &&
          users[static_cast<size_t>(other)] == 1 &&
          ordered.channels_last[static_cast<size_t>(layer.inputs[1])] == ordered.channels_last[i])
        chosen = other;
    } else if (WorksValueByValue(layer.op)) {
      // Longer sums write before they have read everything.
      const bool is_long = layer.op == LayerOp::kAdd && layer.factors.empty();
      for (const int input :
           std::span(layer.inputs).first(std::min<size_t>(layer.inputs.size(), is_long ? 2 : 4))) {
        if (chosen < 0 && buffer_of(input) >= 0 &&
            shapes[static_cast<size_t>(input)] == shapes[i] &&
            ordered.channels_last[static_cast<size_t>(input)] == ordered.channels_last[i] &&
            users[static_cast<size_t>(buffer_of(input))] ==
                std::count(layer.inputs.begin(), layer.inputs.end(), input))
          chosen = buffer_of(input);
      }
    }
    if (chosen < 0) {
      // The smallest that is large enough, of equal ones the one used last.
      auto best = free.end();
      for (auto at = free.begin(); at != free.end(); ++at) {
        const int64_t has = plan.sizes[static_cast<size_t>(*at)];
        if (has >= size && has <= 2 * size &&
            (best == free.end() || has <= plan.sizes[static_cast<size_t>(*best)]))
          best = at;
      }
      if (best != free.end()) {
        chosen = *best;
        free.erase(best);
      } else {
        chosen = static_cast<int>(plan.sizes.size());
        plan.sizes.push_back(size);
        users.push_back(0);
      }
    }
    plan.buffer.push_back(chosen);
    users[static_cast<size_t>(chosen)] += readers[i];
    for (const int input : layer.inputs) release(input);
    for (const int factor : layer.factors) {
      if (factor >= 0) release(factor);
    }
  }
  return plan;
}

int CpuBatchSize(const Graph& graph) {
  constexpr int64_t kValues = 1 << 20;  // of the largest map of a batch
  int64_t largest = 1;
  const std::vector<ValueShape> shapes = ShapesOf(graph, graph.height, graph.width);
  for (size_t i = 0; i < shapes.size(); ++i) {
    if (graph.layers[i].op != LayerOp::kConstant)
      largest = std::max(largest, NumElements(shapes[i]));
  }
  // Detectors' images are large, and come one by one.
  constexpr int64_t kLargeImage = 1 << 16;  // pixels
  const int64_t least = graph.height * graph.width > kLargeImage ? 1 : 4;
  return static_cast<int>(std::clamp<int64_t>(kValues / largest, least, 8));
}

}  // namespace reidbench
