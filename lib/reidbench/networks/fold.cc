#include "reidbench/networks/fold.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "reidbench/core/error.h"

namespace reidbench {
namespace {

// Copies the layers one by one, each into its folded form or into the layer before it. What a layer
// took over stays behind unread and is dropped at the end.
class Folder {
 public:
  explicit Folder(const Network& network)
      : from_(network),
        readers_(CountReaders(network.graph)),
        shapes_(ShapesOf(network.graph, network.graph.height, network.graph.width)),
        to_(network) {
    to_.graph.layers.resize(1);
  }

  Network Fold() {
    for (size_t i = 1; i < from_.graph.layers.size(); ++i) {
      const Layer& original = from_.graph.layers[i];
      Layer layer = original;
      for (int& input : layer.inputs) input = place_[static_cast<size_t>(input)];
      if (layer.inputs.empty()) {
        place_.push_back(to_.graph.Add(std::move(layer)));
        continue;
      }
      const int first = layer.inputs.front();
      if (Alone(original.inputs.front()) && original.inputs.size() == 1 &&
          TakesOver(At(first), layer, shapes_[i])) {
        place_.push_back(first);
        continue;
      }
      if (layer.op == LayerOp::kMultiply && IsFactor(original.inputs[1], original.inputs[0])) {
        layer.op = LayerOp::kAdd;
        layer.factors = {layer.inputs[1]};
        layer.inputs.pop_back();
      } else if (layer.op == LayerOp::kAdd) {
        JoinSums(original, layer);
      }
      place_.push_back(to_.graph.Add(std::move(layer)));
    }
    to_.graph.output = place_[static_cast<size_t>(from_.graph.output)];
    for (GraphOutput& output : to_.graph.outputs)
      output.layer = place_[static_cast<size_t>(output.layer)];
    DropUnread(&to_.graph);
    std::map<std::string, Tensor> tensors;
    for (const Layer& layer : to_.graph.layers) {
      for (const std::string& name : layer.tensors) tensors.emplace(name, to_.tensors.at(name));
    }
    to_.tensors = std::move(tensors);
    return std::move(to_);
  }

 private:
  Layer& At(int place) { return to_.graph.layers[static_cast<size_t>(place)]; }

  // Whether a layer's output is read once and is no input of the network.
  bool Alone(int original) const {
    return original > 0 && readers_[static_cast<size_t>(original)] == 1;
  }

  bool IsFactor(int factor, int original) const {
    const ValueShape& shape = shapes_[static_cast<size_t>(factor)];
    return shape.size() == 3 && shape[1] * shape[2] == 1 &&
           shape != shapes_[static_cast<size_t>(original)];
  }

  // Whether `before` can do what `layer` does; if so it does from now on.
  bool TakesOver(Layer& before, const Layer& layer, const ValueShape& shape) {
    if (before.relu) return false;
    const bool is_convolution = before.op == LayerOp::kConvolution;
    // Channels are the first axis, which of rows is another than that of a linear layer's outputs.
    const bool is_linear = before.op == LayerOp::kLinear && shape.size() == 1;
    if (layer.op == LayerOp::kBatchNorm && (is_convolution || is_linear)) {
      FoldNorm(layer, before);
      return true;
    }
    before.relu =
        layer.op == LayerOp::kRelu &&
        (is_convolution || before.op == LayerOp::kInstanceNorm || before.op == LayerOp::kAdd);
    return before.relu;
  }

  void FoldNorm(const Layer& norm, Layer& layer) {
    const auto values = [&](size_t i) -> const std::vector<float>& {
      return to_.tensors.at(norm.tensors[i]).values;
    };
    Tensor weight = to_.tensors.at(layer.tensors[0]);
    const auto out = static_cast<size_t>(layer.channels);
    Tensor bias = layer.tensors.size() > 1 ? to_.tensors.at(layer.tensors[1])
                                           : Tensor{{layer.channels}, std::vector<float>(out)};
    const size_t per_channel = weight.values.size() / out;
    bool finite = true;
    for (size_t o = 0; o < out; ++o) {
      const double scale = values(0)[o] / std::sqrt(values(3)[o] + norm.epsilon);
      for (size_t i = o * per_channel; i < (o + 1) * per_channel; ++i) {
        weight.values[i] = static_cast<float>(weight.values[i] * scale);
        finite = finite && std::isfinite(weight.values[i]);
      }
      float& b = bias.values[o];
      b = static_cast<float>(values(1)[o] - (static_cast<double>(values(2)[o]) - b) * scale);
      finite = finite && std::isfinite(b);
    }
    if (!finite) {
      ThrowModel("{}: {} gives no finite {} (a negative running_var?)", from_.path, norm.name,
                 LayerOpName(layer.op));
    }
    // Names of their own: another layer may share the weight without the norm.
    const std::string name = layer.tensors[0] + " with " + norm.tensors[0];
    layer.tensors = {name, name + ", bias"};
    to_.tensors.insert_or_assign(layer.tensors[0], std::move(weight));
    to_.tensors.insert_or_assign(layer.tensors[1], std::move(bias));
  }

  void JoinSums(const Layer& original, Layer& sum) {
    std::vector<int> inputs;
    std::vector<int> factors;
    for (size_t i = 0; i < sum.inputs.size(); ++i) {
      const Layer& term = At(sum.inputs[i]);
      if (term.op == LayerOp::kAdd && !term.relu && Alone(original.inputs[i])) {
        inputs.insert(inputs.end(), term.inputs.begin(), term.inputs.end());
        factors.insert(factors.end(), term.factors.begin(), term.factors.end());
      } else {
        inputs.push_back(sum.inputs[i]);
      }
      factors.resize(inputs.size(), -1);
    }
    for (size_t i = 0; inputs.size() == 2 && i < 2; ++i) {
      const Layer& norm = At(inputs[i]);
      if (norm.op != LayerOp::kInstanceNorm || norm.relu || norm.inputs.size() != 1 ||
          norm.tensors.empty() || sum.inputs != inputs || !Alone(original.inputs[i]))
        continue;
      const int other = inputs[1 - i];
      sum = Layer(norm);
      sum.inputs.push_back(other);
      return;
    }
    sum.inputs = std::move(inputs);
    sum.factors = std::move(factors);
  }

  const Network& from_;
  const std::vector<int> readers_;
  const std::vector<ValueShape> shapes_;
  Network to_;
  std::vector<int> place_ = {0};  // of each layer of from_: the layer of to_ that gives its output
};

}  // namespace

Network FoldForInference(const Network& network) {
  RequireComplete(network);
  return Folder(network).Fold();
}

}  // namespace reidbench
