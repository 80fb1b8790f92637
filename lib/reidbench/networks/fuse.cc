#include "reidbench/networks/fuse.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "reidbench/core/error.h"
#include "reidbench/weights/byte_reader.h"

namespace reidbench {
namespace {

bool IsWeighted(const Layer& layer) {
  return layer.op == LayerOp::kConvolution || layer.op == LayerOp::kLinear;
}

// The functions that a convolution may have as `activation`.
bool IsActivation(Function function) {
  switch (function) {
    case Function::kRelu:
    case Function::kSigmoid:
    case Function::kTanh:
    case Function::kClip:
    case Function::kLeakyRelu:
    case Function::kElu:
    case Function::kHardSigmoid:
    case Function::kHardSwish:
    case Function::kSilu:
    case Function::kGelu:
    case Function::kGeluTanh:
    case Function::kMish:
      return true;
    default:
      return false;
  }
}

// Works on the layers in their place: what is taken over is read by nobody any more and dropped at
// the end.
class Fuser {
 public:
  explicit Fuser(const Network& folded)
      : network_(folded), shapes_(ShapesOf(folded.graph, folded.graph.height, folded.graph.width)) {
    CountAgain();
  }

  Network Fuse() {
    ForEach([&](int i) { return TakeTogether(i); });
    ForEach([&](int i) { return FoldConstant(i); });
    ForEach([&](int i) { return Activate(i); });
    ForEach([&](int i) { return AddTo(i); });
    ForEach([&](int i) { return Activate(i); });
    DropUnread(&network_.graph);
    std::map<std::string, Tensor> tensors;
    for (const Layer& layer : network_.graph.layers) {
      for (const std::string& name : layer.tensors)
        tensors.emplace(name, network_.tensors.at(name));
    }
    network_.tensors = std::move(tensors);
    return std::move(network_);
  }

 private:
  template <typename F>
  void ForEach(const F& f) {
    for (int i = 1; i < static_cast<int>(Layers().size()); ++i) {
      if (f(i)) CountAgain();
    }
  }
  std::vector<Layer>& Layers() { return network_.graph.layers; }
  Layer& At(int i) { return Layers()[static_cast<size_t>(i)]; }
  const ValueShape& ShapeOf(int i) const { return shapes_[static_cast<size_t>(i)]; }

  // Of each layer the layers that read it, the graph's outputs as -1.
  void CountAgain() {
    readers_.assign(Layers().size(), {});
    std::vector<bool> needed(Layers().size(), false);
    for (const int output : OutputLayers(network_.graph)) {
      readers_[static_cast<size_t>(output)].push_back(-1);
      needed[static_cast<size_t>(output)] = true;
    }
    for (size_t i = Layers().size(); i-- > 0;) {
      if (!needed[i]) continue;
      const auto read = [&](int input) {
        needed[static_cast<size_t>(input)] = true;
        readers_[static_cast<size_t>(input)].push_back(static_cast<int>(i));
      };
      for (const int input : Layers()[i].inputs) read(input);
      for (const int factor : Layers()[i].factors) {
        if (factor >= 0) read(factor);
      }
    }
    needed_ = std::move(needed);
  }
  bool IsNeeded(int i) const { return needed_[static_cast<size_t>(i)]; }
  bool ReadOnceBy(int i, int reader) const {
    const auto& readers = readers_[static_cast<size_t>(i)];
    return readers.size() == 1 && readers.front() == reader;
  }
  // All that read layer i read `to` from now on.
  void Replace(int i, int to) {
    for (Layer& layer : Layers()) {
      std::replace(layer.inputs.begin(), layer.inputs.end(), i, to);
      std::replace(layer.factors.begin(), layer.factors.end(), i, to);
    }
    Graph& graph = network_.graph;
    if (graph.output == i) graph.output = to;
    for (GraphOutput& output : graph.outputs) {
      if (output.layer == i) output.layer = to;
    }
  }

  bool IsFunction(int i, Function function) {
    const Layer& layer = At(i);
    if (function == Function::kSigmoid && layer.op == LayerOp::kSigmoid) return true;
    if (function == Function::kMultiply && layer.op == LayerOp::kMultiply) return true;
    if (function == Function::kAdd && layer.op == LayerOp::kAdd && layer.inputs.size() == 2 &&
        layer.factors.empty() && !layer.relu)
      return true;
    return (layer.op == LayerOp::kFunction || layer.op == LayerOp::kBinary) &&
           layer.function == function;
  }
  // Whether layer i is x alpha + beta; its input then is At(i).inputs[0].
  bool IsScale(int i, double alpha, double beta) {
    const Layer& layer = At(i);
    return layer.op == LayerOp::kFunction && layer.function == Function::kScale &&
           std::abs(layer.alpha - alpha) <= 1e-6 * std::abs(alpha) &&
           std::abs(layer.beta - beta) <= 1e-6 * std::max(1.0, std::abs(beta));
  }
  void Become(int i, Function function, int input, double alpha = 0, double beta = 0) {
    Layer layer{.op = LayerOp::kFunction, .name = At(i).name, .inputs = {input}};
    layer.function = function;
    layer.alpha = alpha;
    layer.beta = beta;
    At(i) = std::move(layer);
  }

  // ---- what exporters took apart ----

  bool TakeTogether(int i) {
    if (!IsNeeded(i)) return false;
    if (IsFunction(i, Function::kMultiply) && At(i).inputs.size() == 2) {
      const std::vector<int> inputs = At(i).inputs;
      for (size_t side = 0; side < 2; ++side) {
        const int x = inputs[side], y = inputs[1 - side];
        if (ShapeOf(x) == ShapeOf(y) && TakeGate(i, x, y)) return true;
      }
    }
    if (IsScale(i, 1.0 / 6, 0) && TakeHardSwish(i)) return true;
    return TakeGelu(i) || TakeLayerNorm(i);
  }
  bool TakeGate(int i, int x, int gate) {
    const Layer layer = At(gate);
    if (layer.inputs.empty() || layer.inputs.front() != x) return false;
    if (IsFunction(gate, Function::kSigmoid)) {
      Become(i, Function::kSilu, x);
      return true;
    }
    if (IsFunction(gate, Function::kHardSigmoid)) {
      Become(i, Function::kHardSwish, x, layer.alpha, layer.beta);
      return true;
    }
    // x clip(x + 3, 0, 6) / 6 with the division inside.
    if (IsScale(gate, 1.0 / 6, 0)) {
      const int clip = layer.inputs.front();
      if (IsFunction(clip, Function::kClip) && TakesClipOf(clip, x)) {
        Become(i, Function::kHardSwish, x, 1.0 / 6, 0.5);
        return true;
      }
    }
    return false;
  }
  // clip(x + 3, 0, 6)
  bool TakesClipOf(int clip, int x) {
    const Layer& layer = At(clip);
    return layer.alpha == 0 && layer.beta == 6 && IsScale(layer.inputs.front(), 1, 3) &&
           At(layer.inputs.front()).inputs.front() == x;
  }
  bool TakeHardSwish(int i) {
    const int product = At(i).inputs.front();
    if (!IsFunction(product, Function::kMultiply) || At(product).inputs.size() != 2) return false;
    const std::vector<int> inputs = At(product).inputs;
    for (size_t side = 0; side < 2; ++side) {
      const int x = inputs[side], clip = inputs[1 - side];
      if (IsFunction(clip, Function::kClip) && TakesClipOf(clip, x)) {
        Become(i, Function::kHardSwish, x, 1.0 / 6, 0.5);
        return true;
      }
    }
    return false;
  }

  // x (1 + erf(x / sqrt 2)) / 2, the half anywhere.
  bool TakeGelu(int i) {
    if (const std::optional<int> x = GeluWithout(i, 0.5)) {
      Become(i, Function::kGelu, *x);
      return true;
    }
    if (IsScale(i, 0.5, 0)) {
      if (const std::optional<int> x = GeluWithout(At(i).inputs.front(), 1)) {
        Become(i, Function::kGelu, *x);
        return true;
      }
    }
    return false;
  }
  // The x of `factor` x (1 + erf(x / sqrt 2)), where layer i is that.
  std::optional<int> GeluWithout(int i, double factor) {
    if (!IsFunction(i, Function::kMultiply) || At(i).inputs.size() != 2) return std::nullopt;
    const std::vector<int> inputs = At(i).inputs;
    for (size_t side = 0; side < 2; ++side) {
      int x = inputs[side];
      int gate = inputs[1 - side];
      double found = 1;
      if (IsScale(x, 0.5, 0)) {
        found = 0.5;
        x = At(x).inputs.front();
      }
      if (IsScale(gate, 0.5, 0)) {
        found *= 0.5;
        gate = At(gate).inputs.front();
      }
      if (found != factor || !IsScale(gate, 1, 1)) continue;
      const int erf = At(gate).inputs.front();
      if (!IsFunction(erf, Function::kErf)) continue;
      const int scaled = At(erf).inputs.front();
      if (IsScale(scaled, std::sqrt(0.5), 0) && At(scaled).inputs.front() == x) return x;
    }
    return std::nullopt;
  }

  const Tensor* ConstantAt(int i) {
    const Layer& layer = At(i);
    return layer.op == LayerOp::kConstant ? &network_.tensors.at(layer.tensors.front()) : nullptr;
  }
  // The other input of a layer of two where one is constant.
  std::optional<std::pair<int, int>> WithConstant(int i) {
    const Layer& layer = At(i);
    if (layer.op != LayerOp::kBinary) return std::nullopt;
    if (ConstantAt(layer.inputs[1]) != nullptr) return std::pair(layer.inputs[0], layer.inputs[1]);
    if (ConstantAt(layer.inputs[0]) != nullptr) return std::pair(layer.inputs[1], layer.inputs[0]);
    return std::nullopt;
  }

  bool IsLastMean(int i) {
    const Layer& layer = At(i);
    return layer.op == LayerOp::kReduce && layer.function == Function::kMean &&
           layer.axes == std::vector<int64_t>{static_cast<int64_t>(ShapeOf(i).size()) - 1};
  }
  // (x - mean(x)) / sqrt(mean((x - mean(x))^2) + epsilon), then the weight and the bias.
  bool TakeLayerNorm(int i) {
    if (!IsFunction(i, Function::kDivide)) return false;
    const int centred = At(i).inputs[0], root = At(i).inputs[1];
    if (!IsFunction(centred, Function::kSubtract) || !IsFunction(root, Function::kSquareRoot))
      return false;
    const int x = At(centred).inputs[0], mean = At(centred).inputs[1];
    const int shifted = At(root).inputs.front();
    if (!IsLastMean(mean) || At(mean).inputs.front() != x) return false;
    const Layer sum = At(shifted);
    if (sum.op != LayerOp::kFunction || sum.function != Function::kScale || sum.alpha != 1)
      return false;
    const int variance = sum.inputs.front();
    if (!IsLastMean(variance)) return false;
    const int square = At(variance).inputs.front();
    const Layer& product = At(square);
    // Exporters may compute x - mean(x) twice.
    const auto is_centred = [&](int input) {
      return input == centred ||
             (IsFunction(input, Function::kSubtract) && At(input).inputs == At(centred).inputs);
    };
    if (!IsFunction(square, Function::kMultiply) || product.inputs[0] != product.inputs[1] ||
        !is_centred(product.inputs[0]))
      return false;
    Layer norm{.op = LayerOp::kLayerNorm, .name = At(i).name, .inputs = {x}};
    norm.epsilon = sum.beta;
    norm.axis = static_cast<int64_t>(ShapeOf(x).size()) - 1;
    const int64_t length = ShapeOf(x).back();
    int last = i;
    for (const Function function : {Function::kMultiply, Function::kAdd}) {
      const auto& readers = readers_[static_cast<size_t>(last)];
      if (readers.size() != 1 || readers.front() < 0 || !IsFunction(readers.front(), function))
        break;
      const auto pair = WithConstant(readers.front());
      if (!pair || pair->first != last || NumElements(ShapeOf(pair->second)) != length ||
          ShapeOf(pair->second).back() != length)
        break;
      Tensor flat = *ConstantAt(pair->second);
      flat.shape = {length};
      norm.tensors.push_back(Put(At(pair->second).tensors.front() + " of a norm", std::move(flat)));
      last = readers.front();
    }
    // A weight alone is not what a layer norm has.
    if (norm.tensors.size() == 1)
      norm.tensors.push_back(Put(norm.tensors[0] + ", no bias",
                                 {{length}, std::vector<float>(static_cast<size_t>(length))}));
    At(last) = std::move(norm);
    return true;
  }
  std::string Put(std::string name, Tensor tensor) {
    while (network_.tensors.contains(name)) name += "'";
    network_.tensors.emplace(name, std::move(tensor));
    return name;
  }

  // ---- constants into weights ----

  // A factor and a summand of each output channel, where layer i is that of a convolution or linear
  // layer that nothing else reads.
  bool FoldConstant(int i) {
    if (!IsNeeded(i)) return false;
    const Layer layer = At(i);
    std::vector<double> factors, summands;
    int before = -1;
    if (layer.op == LayerOp::kFunction && layer.function == Function::kScale) {
      before = layer.inputs.front();
      factors = {layer.alpha};
      summands = {layer.beta};
      if (layer.beta == 0 && FoldForward(i)) return true;
    } else if (const auto pair = WithConstant(i)) {
      before = pair->first;
      const bool is_first = layer.inputs[0] == before;
      if (!IsWeighted(At(before)) || !IsOfChannels(pair->second, before)) return false;
      const Tensor& constant = *ConstantAt(pair->second);
      const std::vector<double> numbers(constant.values.begin(), constant.values.end());
      if (layer.function == Function::kMultiply) {
        factors = numbers;
      } else if (layer.function == Function::kAdd) {
        summands = numbers;
      } else if (layer.function == Function::kSubtract && is_first) {
        for (const double number : numbers) summands.push_back(-number);
      } else if (layer.function == Function::kDivide && is_first) {
        for (const double number : numbers) factors.push_back(1 / number);
      } else {
        return false;
      }
    } else {
      return false;
    }
    Layer& target = At(before);
    if (!IsWeighted(target) || target.relu || target.activation != Function::kNone ||
        !ReadOnceBy(before, i) || target.inputs.size() != 1)
      return false;
    const auto out = static_cast<size_t>(target.channels);
    factors.resize(out, factors.empty() ? 1.0 : factors.front());
    summands.resize(out, summands.empty() ? 0.0 : summands.front());
    Tensor weight = network_.tensors.at(target.tensors[0]);
    Tensor bias = target.tensors.size() > 1 ? network_.tensors.at(target.tensors[1])
                                            : Tensor{{target.channels}, std::vector<float>(out)};
    const size_t per_channel = weight.values.size() / out;
    bool finite = true;
    for (size_t o = 0; o < out; ++o) {
      for (size_t k = 0; k < per_channel; ++k) {
        float& value = weight.values[o * per_channel + k];
        value = static_cast<float>(value * factors[o]);
        finite = finite && std::isfinite(value);
      }
      bias.values[o] = static_cast<float>(bias.values[o] * factors[o] + summands[o]);
      finite = finite && std::isfinite(bias.values[o]);
    }
    if (!finite) return false;
    const std::string name = target.tensors[0];
    target.tensors = {Put(name + " scaled", std::move(weight)),
                      Put(name + " bias", std::move(bias))};
    Replace(i, before);
    return true;
  }
  // One number, or one a channel of a map or of the last axis of rows.
  bool IsOfChannels(int constant, int layer) {
    const int64_t count = NumElements(ShapeOf(constant));
    if (ShapeOf(constant).size() > ShapeOf(layer).size()) return false;
    if (count == 1) return true;
    if (count != At(layer).channels) return false;
    const ValueShape& shape = ShapeOf(constant);
    if (ShapeOf(layer).size() == 3) return shape == ValueShape{count, 1, 1};
    return shape.back() == count;
  }
  // A factor of the input of convolutions goes into their weights.
  bool FoldForward(int i) {
    const Layer layer = At(i);
    const std::vector<int> readers = readers_[static_cast<size_t>(i)];
    const bool all = std::all_of(readers.begin(), readers.end(), [&](int reader) {
      return reader >= 0 && IsWeighted(At(reader)) && At(reader).inputs.size() == 1;
    });
    if (!all || readers.empty() || !std::isfinite(layer.alpha)) return false;
    for (const int reader : readers) {
      Layer& target = At(reader);
      Tensor weight = network_.tensors.at(target.tensors[0]);
      for (float& value : weight.values) value = static_cast<float>(value * layer.alpha);
      target.tensors[0] = Put(target.tensors[0] + " scaled", std::move(weight));
    }
    Replace(i, layer.inputs.front());
    return true;
  }

  // ---- into convolutions ----

  Function FunctionOf(const Layer& layer) {
    if (layer.op == LayerOp::kRelu) return Function::kRelu;
    if (layer.op == LayerOp::kSigmoid) return Function::kSigmoid;
    if (layer.op == LayerOp::kFunction) return layer.function;
    return Function::kNone;
  }
  bool Activate(int i) {
    if (!IsNeeded(i)) return false;
    const Layer layer = At(i);
    const Function function = FunctionOf(layer);
    if (function == Function::kNone || !IsActivation(function)) return false;
    const int before = layer.inputs.front();
    Layer& target = At(before);
    if (!IsWeighted(target) || target.relu || target.activation != Function::kNone ||
        !ReadOnceBy(before, i))
      return false;
    if (target.op == LayerOp::kLinear && ShapeOf(before).size() == 1) return false;  // see fold.h
    if (function == Function::kHardSwish && std::abs(layer.alpha - 1.0 / 6) > 1e-6) return false;
    if (function == Function::kHardSwish && layer.beta != 0.5) return false;
    if (function == Function::kRelu) {
      target.relu = true;
    } else {
      target.activation = function;
      target.alpha = layer.alpha;
      target.beta = layer.beta;
    }
    Replace(i, before);
    return true;
  }

  // A sum of two of which one is the output of a convolution that comes after the other.
  bool AddTo(int i) {
    if (!IsNeeded(i)) return false;
    const Layer layer = At(i);
    if (layer.op != LayerOp::kAdd || layer.inputs.size() != 2 ||
        std::any_of(layer.factors.begin(), layer.factors.end(), [](int f) { return f >= 0; }))
      return false;
    for (const size_t side : {1U, 0U}) {
      const int before = layer.inputs[side], other = layer.inputs[1 - side];
      Layer& target = At(before);
      const bool is_map = target.op == LayerOp::kConvolution && ShapeOf(before).size() == 3;
      const bool is_rows = target.op == LayerOp::kLinear && ShapeOf(before).size() == 2;
      if ((!is_map && !is_rows) || other >= before || target.inputs.size() != 1 ||
          !ReadOnceBy(before, i))
        continue;
      const bool active = target.relu || target.activation != Function::kNone;
      if (active && layer.relu) continue;
      target.inputs.push_back(other);
      target.adds_last = active;
      target.relu = target.relu || layer.relu;
      Replace(i, before);
      return true;
    }
    return false;
  }

  Network network_;
  const std::vector<ValueShape> shapes_;
  std::vector<std::vector<int>> readers_;
  std::vector<bool> needed_;
};

}  // namespace

Network FuseForPrimitives(const Network& folded) { return Fuser(folded).Fuse(); }

}  // namespace reidbench
