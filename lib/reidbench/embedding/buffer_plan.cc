#include "reidbench/embedding/buffer_plan.h"

#include <algorithm>
#include <span>

#include "reidbench/weights/byte_reader.h"

namespace reidbench {
namespace {

bool WorksValueByValue(LayerOp op) {
  return op == LayerOp::kBatchNorm || op == LayerOp::kInstanceNorm || op == LayerOp::kRelu ||
         op == LayerOp::kSigmoid || op == LayerOp::kAdd || op == LayerOp::kMultiply;
}

}  // namespace

BufferPlan PlanBuffers(const Graph& graph, const std::vector<ValueShape>& shapes) {
  BufferPlan plan;
  std::vector<int> readers = CountReaders(graph);
  std::vector<int> users;  // of each buffer: readers still to come
  std::vector<int> free;   // buffers, the one used last at the end
  const auto release = [&](int layer) {
    const auto buffer = static_cast<size_t>(plan.buffer[static_cast<size_t>(layer)]);
    if (--users[buffer] == 0) free.push_back(static_cast<int>(buffer));
  };
  for (size_t i = 0; i < graph.layers.size(); ++i) {
    const Layer& layer = graph.layers[i];
    const int64_t size = NumElements(shapes[i]);
    const auto buffer_of = [&](int input) { return plan.buffer[static_cast<size_t>(input)]; };
    int chosen = -1;
    if (layer.op == LayerOp::kFlatten &&
        size == shapes[static_cast<size_t>(layer.inputs.front())].front()) {
      chosen = buffer_of(layer.inputs.front());
    } else if (WorksValueByValue(layer.op)) {
      // Longer sums write before they have read everything.
      for (const int input :
           std::span(layer.inputs).first(std::min<size_t>(layer.inputs.size(), 4))) {
        if (chosen < 0 && shapes[static_cast<size_t>(input)] == shapes[i] &&
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
  for (const ValueShape& shape : ShapesOf(graph, graph.height, graph.width))
    largest = std::max(largest, NumElements(shape));
  return static_cast<int>(std::clamp<int64_t>(kValues / largest, 4, 8));
}

}  // namespace reidbench
