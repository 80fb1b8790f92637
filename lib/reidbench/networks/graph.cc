#include "reidbench/networks/graph.h"

#include <algorithm>
#include <numeric>
#include <set>
#include <utility>

#include "reidbench/core/error.h"
#include "reidbench/core/text.h"
#include "reidbench/weights/byte_reader.h"

namespace reidbench {
namespace {

// What ShapesOf throws inside for images that are too small.
struct TooSmall {};

[[noreturn]] void Fail(const Layer& layer, std::string_view reason) {
  ThrowModel("layer '{}' ({}): {}", layer.name, LayerOpName(layer.op), reason);
}

bool IsMap(const ValueShape& shape) { return shape.size() == 3; }

int64_t Outputs(int64_t size, const Window& w, size_t axis) {
  const int64_t reach = w.dilation[axis] * (w.kernel[axis] - 1) + 1;
  const int64_t padded = size + w.padding[axis] + w.padding[axis + 2];
  const int64_t steps = padded - reach;
  if (steps < 0 || size < 1) throw TooSmall();
  int64_t outputs = steps / w.stride[axis] + 1;
  if (w.ceil && steps % w.stride[axis] != 0 && outputs * w.stride[axis] < size + w.padding[axis])
    ++outputs;  // a last window that would only see padding is left out, as torch does
  return outputs;
}

ValueShape ShapeOf(const Layer& layer, const std::vector<ValueShape>& shapes) {
  std::vector<const ValueShape*> in;
  for (const int input : layer.inputs) in.push_back(&shapes[static_cast<size_t>(input)]);
  const ValueShape& x = *in.at(0);
  const auto require_map = [&] {
    if (!IsMap(x)) Fail(layer, "its input is no map of pixels");
  };
  switch (layer.op) {
    case LayerOp::kInput:
      break;
    case LayerOp::kConvolution:
      require_map();
      if (layer.channels < 1 || layer.groups < 1 || x[0] % layer.groups != 0 ||
          layer.channels % layer.groups != 0) {
        Fail(layer, fmt::format("{} to {} channels cannot be split into {} groups", x[0],
                                layer.channels, layer.groups));
      }
      return {layer.channels, Outputs(x[1], layer.window, 0), Outputs(x[2], layer.window, 1)};
    case LayerOp::kMaxPool:
    case LayerOp::kAveragePool:
      require_map();
      return {x[0], Outputs(x[1], layer.window, 0), Outputs(x[2], layer.window, 1)};
    case LayerOp::kLinear:
      if (x.size() != 1) Fail(layer, "its input is a map of pixels; flatten it before");
      return {layer.channels};
    case LayerOp::kGlobalAveragePool:
      require_map();
      return {x[0], 1, 1};
    case LayerOp::kInstanceNorm:
      require_map();
      return x;
    case LayerOp::kFlatten:
      return {std::accumulate(x.begin(), x.end(), int64_t{1}, std::multiplies<>())};
    case LayerOp::kAdd:
      for (const ValueShape* other : in) {
        if (*other != x) Fail(layer, "adds " + ShapeText(x) + " and " + ShapeText(*other));
      }
      return x;
    case LayerOp::kMultiply: {
      const ValueShape& other = *in.at(1);
      if (other != x && other != ValueShape{x[0], 1, 1})
        Fail(layer, "multiplies " + ShapeText(x) + " by " + ShapeText(other));
      return x;
    }
    case LayerOp::kConcat: {
      ValueShape sum = x;
      sum[0] = 0;
      for (const ValueShape* other : in) {
        if (other->size() != x.size() || !std::equal(x.begin() + 1, x.end(), other->begin() + 1))
          Fail(layer, "joins " + ShapeText(x) + " and " + ShapeText(*other));
        sum[0] += other->front();
      }
      return sum;
    }
    case LayerOp::kBatchNorm:
    case LayerOp::kRelu:
    case LayerOp::kSigmoid:
    case LayerOp::kL2Normalize:
      return x;
  }
  REIDBENCH_CHECK(false);
  return {};
}

std::vector<ValueShape> Infer(const Graph& graph, int64_t height, int64_t width) {
  std::vector<ValueShape> shapes;
  for (const Layer& layer : graph.layers) {
    shapes.push_back(layer.op == LayerOp::kInput ? ValueShape{graph.channels, height, width}
                                                 : ShapeOf(layer, shapes));
  }
  return shapes;
}

bool Fits(const Graph& graph, int64_t height, int64_t width) {
  try {
    Infer(graph, height, width);
  } catch (const TooSmall&) {
    return false;
  }
  return true;
}

}  // namespace

std::string_view LayerOpName(LayerOp op) {
  switch (op) {
    case LayerOp::kInput:
      return "input";
    case LayerOp::kConvolution:
      return "convolution";
    case LayerOp::kLinear:
      return "linear";
    case LayerOp::kBatchNorm:
      return "batch norm";
    case LayerOp::kInstanceNorm:
      return "instance norm";
    case LayerOp::kRelu:
      return "relu";
    case LayerOp::kSigmoid:
      return "sigmoid";
    case LayerOp::kAdd:
      return "add";
    case LayerOp::kMultiply:
      return "multiply";
    case LayerOp::kConcat:
      return "concat";
    case LayerOp::kMaxPool:
      return "max pool";
    case LayerOp::kAveragePool:
      return "average pool";
    case LayerOp::kGlobalAveragePool:
      return "global average pool";
    case LayerOp::kFlatten:
      return "flatten";
    case LayerOp::kL2Normalize:
      return "l2 normalise";
  }
  REIDBENCH_CHECK(false);
}

Window Window::Square(int64_t kernel, int64_t stride, int64_t padding) {
  Window window;
  window.kernel = {kernel, kernel};
  window.stride = {stride, stride};
  window.padding = {padding, padding, padding, padding};
  return window;
}

Graph::Graph(int64_t input_height, int64_t input_width)
    : layers(1), height(input_height), width(input_width) {
  layers.front().name = "input";
}

int Graph::Add(Layer layer) {
  for (const int input : layer.inputs)
    REIDBENCH_CHECK(input >= 0 && input < static_cast<int>(layers.size()));
  layers.push_back(std::move(layer));
  output = static_cast<int>(layers.size()) - 1;
  return output;
}

int Graph::Convolution(int x, const std::string& name, int64_t out, const Window& window,
                       int64_t groups, bool bias) {
  Layer layer{LayerOp::kConvolution, name, {x}, {name + ".weight"}, out, groups, window};
  if (bias) layer.tensors.push_back(name + ".bias");
  return Add(std::move(layer));
}

int Graph::Linear(int x, const std::string& name, int64_t out, bool bias) {
  Layer layer{LayerOp::kLinear, name, {x}, {name + ".weight"}, out};
  if (bias) layer.tensors.push_back(name + ".bias");
  return Add(std::move(layer));
}

int Graph::BatchNorm(int x, const std::string& name) {
  return Add({LayerOp::kBatchNorm,
              name,
              {x},
              {name + ".weight", name + ".bias", name + ".running_mean", name + ".running_var"}});
}

int Graph::InstanceNorm(int x, const std::string& name) {
  return Add({LayerOp::kInstanceNorm, name, {x}, {name + ".weight", name + ".bias"}});
}

int Graph::Apply(LayerOp op, std::vector<int> inputs, const Window& window) {
  Layer layer{op, fmt::format("{} {}", LayerOpName(op), layers.size()), std::move(inputs)};
  layer.window = window;
  if (op == LayerOp::kL2Normalize) layer.epsilon = 1e-12;
  return Add(std::move(layer));
}

std::vector<int> CountReaders(const Graph& graph) {
  std::vector<int> readers(graph.layers.size());
  for (const Layer& layer : graph.layers) {
    for (const int input : layer.inputs) ++readers[static_cast<size_t>(input)];
    for (const int factor : layer.factors) {
      if (factor >= 0) ++readers[static_cast<size_t>(factor)];
    }
  }
  ++readers[static_cast<size_t>(graph.output)];
  return readers;
}

void DropUnread(Graph* graph) {
  std::vector<Layer>& layers = graph->layers;
  std::vector<int> place(layers.size(), -1);
  const auto inputs_of = [](Layer& layer, const auto& f) {
    for (int& input : layer.inputs) f(input);
    for (int& factor : layer.factors) {
      if (factor >= 0) f(factor);
    }
  };
  place[0] = place[static_cast<size_t>(graph->output)] = 0;
  for (size_t i = layers.size(); i-- > 0;) {
    if (place[i] == 0)
      inputs_of(layers[i], [&](int input) { place[static_cast<size_t>(input)] = 0; });
  }
  std::vector<Layer> kept;
  for (size_t i = 0; i < layers.size(); ++i) {
    if (place[i] < 0) continue;
    place[i] = static_cast<int>(kept.size());
    inputs_of(layers[i], [&](int& input) { input = place[static_cast<size_t>(input)]; });
    kept.push_back(std::move(layers[i]));
  }
  layers = std::move(kept);
  graph->output = place[static_cast<size_t>(graph->output)];
}

std::vector<ValueShape> ShapesOf(const Graph& graph, int64_t height, int64_t width,
                                 std::string_view network) {
  try {
    return Infer(graph, height, width);
  } catch (const TooSmall&) {
    const ImageSize least = SmallestImage(graph);
    ThrowInput("{} needs images of at least {} x {} pixels, got {} x {} (height x width)", network,
               least.height, least.width, height, width);
  }
}

ImageSize SmallestImage(const Graph& graph) {
  constexpr int64_t kAmple = 1 << 20;  // no network needs more
  const auto least = [](const auto& fits) {
    int64_t low = 1, high = kAmple;
    while (low < high) {
      const int64_t middle = (low + high) / 2;
      fits(middle) ? high = middle : low = middle + 1;
    }
    return low;
  };
  return {least([&](int64_t height) { return Fits(graph, height, kAmple); }),
          least([&](int64_t width) { return Fits(graph, kAmple, width); })};
}

bool TakesAnySize(const Graph& graph) {
  const std::vector<ValueShape> shapes = ShapesOf(graph, graph.height, graph.width);
  const std::vector<ValueShape> larger = ShapesOf(graph, 2 * graph.height, 2 * graph.width);
  const auto same = [&](int layer) {
    return shapes[static_cast<size_t>(layer)] == larger[static_cast<size_t>(layer)];
  };
  return same(graph.output) &&
         std::all_of(graph.layers.begin(), graph.layers.end(), [&](const Layer& layer) {
           return layer.op != LayerOp::kLinear || same(layer.inputs.front());
         });
}

ValueShape NextShape(const Layer& layer, const std::vector<ValueShape>& shapes) {
  try {
    return ShapeOf(layer, shapes);
  } catch (const TooSmall&) {
    Fail(layer, "its input is smaller than its window");
  }
}

int64_t DimOf(const Graph& graph) {
  const std::vector<ValueShape> shapes = ShapesOf(graph, graph.height, graph.width);
  return NumElements(shapes[static_cast<size_t>(graph.output)]);
}

std::vector<TensorSpec> TensorsOf(const Graph& graph) {
  const std::vector<ValueShape> shapes = ShapesOf(graph, graph.height, graph.width);
  std::vector<TensorSpec> specs;
  std::set<std::string_view> seen;
  for (const Layer& layer : graph.layers) {
    if (layer.tensors.empty()) continue;
    const int64_t in = shapes[static_cast<size_t>(layer.inputs.front())].front();
    const bool has_weight = layer.op == LayerOp::kConvolution || layer.op == LayerOp::kLinear;
    for (size_t i = 0; i < layer.tensors.size(); ++i) {
      if (!seen.insert(layer.tensors[i]).second) continue;
      std::vector<int64_t> shape = {has_weight ? layer.channels : in};
      if (has_weight && i == 0) {
        shape.push_back(in / layer.groups);
        if (layer.op == LayerOp::kConvolution)
          shape.insert(shape.end(), layer.window.kernel.begin(), layer.window.kernel.end());
      }
      specs.push_back({layer.tensors[i], std::move(shape)});
    }
  }
  return specs;
}

bool IsRunningStatistic(std::string_view tensor) {
  return EndsWith(tensor, ".running_mean") || EndsWith(tensor, ".running_var");
}

int64_t CountParameters(const Graph& graph) {
  int64_t count = 0;
  for (const TensorSpec& spec : TensorsOf(graph)) {
    if (!IsRunningStatistic(spec.name)) count += NumElements(spec.shape);
  }
  return count;
}

int64_t CountMacs(const Graph& graph, int64_t height, int64_t width) {
  const std::vector<ValueShape> shapes = ShapesOf(graph, height, width);
  int64_t total = 0;
  for (size_t i = 0; i < graph.layers.size(); ++i) {
    const Layer& layer = graph.layers[i];
    if (layer.op != LayerOp::kConvolution && layer.op != LayerOp::kLinear) continue;
    const int64_t in = shapes[static_cast<size_t>(layer.inputs.front())].front();
    const int64_t bias = static_cast<int64_t>(layer.tensors.size()) - 1;
    total += NumElements(shapes[i]) *
             (in / layer.groups * layer.window.kernel[0] * layer.window.kernel[1] + bias);
  }
  return total;
}

int64_t CountMacs(const Graph& graph) { return CountMacs(graph, graph.height, graph.width); }

}  // namespace reidbench
