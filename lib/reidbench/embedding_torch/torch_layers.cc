#include "reidbench/embedding_torch/torch_layers.h"

#include <algorithm>
#include <numeric>

#include "reidbench/core/error.h"

namespace reidbench {
namespace {

constexpr double kMomentum = 0.1;  // of running statistics

at::Tensor Convolve(const Layer& layer, at::Tensor x, const at::Tensor& weight,
                    const at::Tensor& bias) {
  const Window& w = layer.window;
  std::array<int64_t, 2> padding = {w.padding[0], w.padding[1]};
  if (w.padding[2] != w.padding[0] || w.padding[3] != w.padding[1]) {
    x = at::constant_pad_nd(x, {w.padding[1], w.padding[3], w.padding[0], w.padding[2]});
    padding = {0, 0};
  }
  return at::conv2d(x, weight, bias, w.stride, padding, w.dilation, layer.groups);
}

at::Tensor Pool(const Layer& layer, at::Tensor x) {
  const Window& w = layer.window;
  const bool is_max = layer.op == LayerOp::kMaxPool;
  const std::array<int64_t, 2> padding = {w.padding[0], w.padding[1]};
  if (w.padding[2] != w.padding[0] || w.padding[3] != w.padding[1] ||
      (!is_max && w.dilation != std::array<int64_t, 2>{1, 1})) {
    ThrowModel("layer '{}' ({}): LibTorch has no padding that differs by side and no dilation here",
               layer.name, LayerOpName(layer.op));
  }
  return is_max ? at::max_pool2d(x, w.kernel, w.stride, padding, w.dilation, w.ceil)
                : at::avg_pool2d(x, w.kernel, w.stride, padding, w.ceil, w.count_padding);
}

at::Tensor OfEach(const Layer& layer, const at::Tensor& x) {
  switch (layer.function) {
    case Function::kRelu:
      return x.relu();
    case Function::kSigmoid:
      return x.sigmoid();
    case Function::kTanh:
      return x.tanh();
    case Function::kExponential:
      return x.exp();
    case Function::kSquareRoot:
      return x.sqrt();
    case Function::kClip:
      return x.clamp(layer.alpha, layer.beta);
    case Function::kLeakyRelu:
      return at::leaky_relu(x, layer.alpha);
    case Function::kHardSigmoid:
      return (x * layer.alpha + layer.beta).clamp(0, 1);
    case Function::kHardSwish:
      return x * (x * layer.alpha + layer.beta).clamp(0, 1);
    case Function::kSilu:
      return at::silu(x);
    case Function::kGelu:
      return at::gelu(x);
    case Function::kScale:
      return x * layer.alpha + layer.beta;
    default:  // RequireTorchLayers
      REIDBENCH_CHECK(false);
  }
}

bool HasFunction(Function function) {
  switch (function) {
    case Function::kRelu:
    case Function::kSigmoid:
    case Function::kTanh:
    case Function::kExponential:
    case Function::kSquareRoot:
    case Function::kClip:
    case Function::kLeakyRelu:
    case Function::kHardSigmoid:
    case Function::kHardSwish:
    case Function::kSilu:
    case Function::kGelu:
    case Function::kScale:
      return true;
    default:
      return false;
  }
}

}  // namespace

void RequireTorchLayers(const Graph& graph) {
  for (const Layer& layer : graph.layers) {
    switch (layer.op) {
      case LayerOp::kFunction:
        if (HasFunction(layer.function)) continue;
        break;
      case LayerOp::kConstant:
      case LayerOp::kSideInput:
      case LayerOp::kBinary:
      case LayerOp::kReduce:
      case LayerOp::kMatMul:
      case LayerOp::kSlice:
      case LayerOp::kPad:
      case LayerOp::kGather:
      case LayerOp::kResize:
        break;
      default:
        continue;
    }
    ThrowModel("layer '{}' ({}{}{}): engine libtorch lacks this layer; engine onednn has it",
               layer.name, LayerOpName(layer.op), layer.function != Function::kNone ? ", " : "",
               layer.function != Function::kNone ? FunctionName(layer.function) : "");
  }
}

at::Tensor TorchLayer(const Layer& layer, std::span<const at::Tensor> inputs,
                      std::span<const at::Tensor> tensors, bool may_overwrite, bool training) {
  const at::Tensor& x = inputs.front();
  const auto tensor = [&](size_t i) { return i < tensors.size() ? tensors[i] : at::Tensor(); };
  at::Tensor y;
  switch (layer.op) {
    case LayerOp::kConvolution:
      y = Convolve(layer, x, tensor(0), tensor(1));
      break;
    case LayerOp::kLinear:
      y = at::linear(x, tensor(0), tensor(1));
      break;
    case LayerOp::kBatchNorm:
      y = at::batch_norm(x, tensor(0), tensor(1), tensor(2), tensor(3), training, kMomentum,
                         layer.epsilon, /*cudnn_enabled=*/training);
      break;
    case LayerOp::kInstanceNorm:
      y = at::instance_norm(x, tensor(0), tensor(1), {}, {}, /*use_input_stats=*/true, kMomentum,
                            layer.epsilon, /*cudnn_enabled=*/training);
      if (inputs.size() > 1) y = y + inputs[1];
      break;
    case LayerOp::kRelu:
      return may_overwrite ? x.relu_() : x.relu();
    case LayerOp::kSigmoid:
      return may_overwrite ? x.sigmoid_() : x.sigmoid();
    case LayerOp::kAdd:
      for (size_t i = 0; i < layer.inputs.size(); ++i) {
        const bool scaled = i < layer.factors.size() && layer.factors[i] >= 0;
        const at::Tensor term = scaled ? inputs[i] * inputs[layer.inputs.size() + i] : inputs[i];
        y = y.defined() ? y + term : term;
      }
      // A single term without a factor is the input itself.
      if (layer.relu) return y.relu();
      return y;
    case LayerOp::kMultiply:
      return x * inputs[1];
    case LayerOp::kConcat:
      return at::cat(at::TensorList(inputs.data(), inputs.size()), layer.axis + 1);
    case LayerOp::kMaxPool:
    case LayerOp::kAveragePool:
      return Pool(layer, x);
    case LayerOp::kGlobalAveragePool:
      return x.mean({2, 3}, /*keepdim=*/true);
    case LayerOp::kFlatten:
      return x.flatten(1);
    case LayerOp::kL2Normalize:
      return x / x.norm(2, {1}, /*keepdim=*/true).clamp_min(layer.epsilon);
    case LayerOp::kFunction:
      return OfEach(layer, x);
    case LayerOp::kSoftmax:
      return x.softmax(layer.axis + 1);
    case LayerOp::kLayerNorm:
      return at::layer_norm(x, x.sizes().slice(static_cast<size_t>(layer.axis) + 1), tensor(0),
                            tensor(1), layer.epsilon);
    case LayerOp::kReshape: {
      std::vector<int64_t> sizes = {x.size(0)};
      sizes.insert(sizes.end(), layer.sizes.begin(), layer.sizes.end());
      return x.reshape(sizes);
    }
    case LayerOp::kTranspose: {
      std::vector<int64_t> order = {0};
      for (const int64_t axis : layer.axes) order.push_back(axis + 1);
      return x.permute(order);
    }
    case LayerOp::kConstant:  // RequireTorchLayers
    case LayerOp::kSideInput:
    case LayerOp::kBinary:
    case LayerOp::kReduce:
    case LayerOp::kMatMul:
    case LayerOp::kSlice:
    case LayerOp::kPad:
    case LayerOp::kGather:
    case LayerOp::kResize:
    case LayerOp::kInput:
      REIDBENCH_CHECK(false);
  }
  return layer.relu ? y.relu_() : y;
}

std::vector<int> GraphOrder(const Graph& graph) {
  std::vector<int> order(graph.layers.size() - 1);
  std::iota(order.begin(), order.end(), 1);
  return order;
}

std::vector<int> BranchOrder(const Graph& graph) {
  std::vector<int> order;
  std::vector<bool> done(graph.layers.size(), false);
  done[0] = true;
  std::vector<std::pair<int, size_t>> path = {{graph.output, 0}};
  while (!path.empty()) {
    auto& [index, next] = path.back();
    const Layer& layer = graph.layers[static_cast<size_t>(index)];
    if (next < layer.inputs.size()) {
      const int input = layer.inputs[next++];
      if (!done[static_cast<size_t>(input)]) path.emplace_back(input, 0);
      continue;
    }
    if (!done[static_cast<size_t>(index)]) order.push_back(index);
    done[static_cast<size_t>(index)] = true;
    path.pop_back();
  }
  return order;
}

}  // namespace reidbench
