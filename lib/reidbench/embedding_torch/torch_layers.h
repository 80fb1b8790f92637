// The layers of a graph as LibTorch's operators compute them, on any device, with or without
// gradients. Shows LibTorch's types: internal to what links LibTorch.
#pragma once

#include <ATen/ATen.h>

#include <map>
#include <span>
#include <string>
#include <vector>

#include "reidbench/networks/network.h"

namespace reidbench {

// Throws Error(kModel) that names the first layer that TorchLayer lacks.
void RequireTorchLayers(const Graph& graph);

// The output of a layer other than the input. `inputs` are those of the layer, then one for each of
// its `factors` (undefined or anything where that is -1); `tensors` are the layer's. With
// `may_overwrite` the first input is not read by others and may become the output. `training`:
// batch norms use the statistics of the batch and update the running ones.
at::Tensor TorchLayer(const Layer& layer, std::span<const at::Tensor> inputs,
                      std::span<const at::Tensor> tensors, bool may_overwrite, bool training);

// Walks a graph: the output, [n x dim], of images [n x channels x h x w]. compute(index, inputs,
// may_overwrite) gives the output of a layer; values are let go of when they were read. `order` are
// the layers but the input, each behind those it reads.
template <typename Compute>
at::Tensor WalkGraph(const Graph& graph, std::span<const int> order, const at::Tensor& images,
                     const Compute& compute) {
  std::vector<int> readers = CountReaders(graph);
  std::vector<at::Tensor> values(graph.layers.size());
  values[0] = images;
  for (const int index : order) {
    const Layer& layer = graph.layers[static_cast<size_t>(index)];
    std::vector<at::Tensor> inputs;
    const bool alone =
        layer.inputs.front() > 0 && readers[static_cast<size_t>(layer.inputs.front())] == 1;
    for (const std::vector<int>* from : {&layer.inputs, &layer.factors}) {
      for (const int input : *from) {
        const auto i = static_cast<size_t>(std::max(input, 0));
        inputs.push_back(values[i]);
        if (input >= 0 && --readers[i] == 0) values[i] = at::Tensor();
      }
    }
    values[static_cast<size_t>(index)] = compute(index, std::span<const at::Tensor>(inputs), alone);
  }
  return values[static_cast<size_t>(graph.output)].flatten(1);
}

// The layers in the graph's own order, and in the order in which the output asks for them: a branch
// to its end before the next one.
std::vector<int> GraphOrder(const Graph& graph);
std::vector<int> BranchOrder(const Graph& graph);

}  // namespace reidbench
