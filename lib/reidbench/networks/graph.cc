#include "reidbench/networks/graph.h"

#include <algorithm>
#include <cmath>
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

// The shape of numpy's broadcasting of two.
ValueShape Broadcast(const Layer& layer, const ValueShape& a, const ValueShape& b) {
  const ValueShape& longer = a.size() >= b.size() ? a : b;
  const ValueShape& shorter = a.size() >= b.size() ? b : a;
  ValueShape result = longer;
  const size_t more = longer.size() - shorter.size();
  for (size_t i = 0; i < shorter.size(); ++i) {
    int64_t& size = result[more + i];
    if (size == 1) size = shorter[i];
    if (shorter[i] != 1 && shorter[i] != size)
      Fail(layer, "joins " + ShapeText(a) + " and " + ShapeText(b));
  }
  return result;
}

ValueShape MatMulShape(const Layer& layer, const ValueShape& a, const ValueShape& b) {
  if (a.size() < 2 || b.size() < 2 || a.back() != b[b.size() - 2])
    Fail(layer, "multiplies " + ShapeText(a) + " by " + ShapeText(b));
  ValueShape result =
      Broadcast(layer, ValueShape(a.begin(), a.end() - 2), ValueShape(b.begin(), b.end() - 2));
  result.push_back(a[a.size() - 2]);
  result.push_back(b.back());
  return result;
}

ValueShape SliceShape(const Layer& layer, const ValueShape& x) {
  bool fits = layer.begins.size() == x.size() && layer.steps.size() == x.size() &&
              layer.sizes.size() == x.size();
  for (size_t i = 0; fits && i < x.size(); ++i) {
    if (layer.sizes[i] < 1 || layer.sizes[i] > x[i]) {
      fits = false;
      break;
    }
    const int64_t last = layer.begins[i] + (layer.sizes[i] - 1) * layer.steps[i];
    fits = std::min(layer.begins[i], last) >= 0 && std::max(layer.begins[i], last) < x[i];
  }
  if (!fits) Fail(layer, "takes a part of " + ShapeText(x) + " that it has not");
  return layer.sizes;
}

int64_t ResizedSize(const Layer& layer, size_t axis, int64_t size) {
  const double scale = layer.sampling.scale[axis];
  return scale > 0 ? static_cast<int64_t>(std::floor(static_cast<double>(size) * scale))
                   : layer.sizes.at(axis);
}

ValueShape ShapeOf(const Layer& layer, const std::vector<ValueShape>& shapes) {
  if (layer.op == LayerOp::kConstant || layer.op == LayerOp::kSideInput) return layer.sizes;
  std::vector<const ValueShape*> in;
  for (const int input : layer.inputs) in.push_back(&shapes[static_cast<size_t>(input)]);
  const ValueShape& x = *in.at(0);
  const auto axis = static_cast<size_t>(layer.axis);
  const auto require_axis = [&] {
    if (layer.axis < 0 || axis >= x.size())
      Fail(layer, fmt::format("{} has no axis {}", ShapeText(x), layer.axis));
  };
  const auto require_map = [&] {
    if (!IsMap(x)) Fail(layer, "its input is no map of pixels");
  };
  switch (layer.op) {
    case LayerOp::kInput:
    case LayerOp::kConstant:
    case LayerOp::kSideInput:
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
      if (IsMap(x)) Fail(layer, "its input is a map of pixels; flatten it before");
      if (x.empty() || x.size() > 2) Fail(layer, "its input has the shape " + ShapeText(x));
      return x.size() == 1 ? ValueShape{layer.channels} : ValueShape{x[0], layer.channels};
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
      if (other != x && (x.empty() || other != ValueShape{x[0], 1, 1}))
        Fail(layer, "multiplies " + ShapeText(x) + " by " + ShapeText(other));
      return x;
    }
    case LayerOp::kConcat: {
      require_axis();
      ValueShape sum = x;
      sum[axis] = 0;
      for (const ValueShape* other : in) {
        ValueShape same = *other;
        if (same.size() == x.size()) same[axis] = x[axis];
        if (same != x) Fail(layer, "joins " + ShapeText(x) + " and " + ShapeText(*other));
        sum[axis] += (*other)[axis];
      }
      return sum;
    }
    case LayerOp::kBatchNorm:
    case LayerOp::kL2Normalize:
      if (x.empty()) Fail(layer, "its input is a single number");
      return x;
    case LayerOp::kRelu:
    case LayerOp::kSigmoid:
    case LayerOp::kFunction:
      return x;
    case LayerOp::kSoftmax:
    case LayerOp::kLayerNorm:
      require_axis();
      return x;
    case LayerOp::kBinary:
      return Broadcast(layer, x, *in.at(1));
    case LayerOp::kMatMul:
      return MatMulShape(layer, x, *in.at(1));
    case LayerOp::kReduce: {
      ValueShape reduced = x;
      for (const int64_t over : layer.axes) {
        if (over < 0 || static_cast<size_t>(over) >= x.size())
          Fail(layer, fmt::format("{} has no axis {}", ShapeText(x), over));
        reduced[static_cast<size_t>(over)] = 1;
      }
      return reduced;
    }
    case LayerOp::kReshape:
      if (NumElements(layer.sizes) != NumElements(x))
        Fail(layer, "takes " + ShapeText(x) + " for " + ShapeText(layer.sizes));
      return layer.sizes;
    case LayerOp::kTranspose: {
      std::vector<int64_t> order = layer.axes;
      std::sort(order.begin(), order.end());
      bool fits = order.size() == x.size();
      for (size_t i = 0; fits && i < order.size(); ++i) fits = order[i] == static_cast<int64_t>(i);
      if (!fits)
        Fail(layer, "puts the axes of " + ShapeText(x) + " in order " + ShapeText(layer.axes));
      ValueShape result;
      for (const int64_t from : layer.axes) result.push_back(x[static_cast<size_t>(from)]);
      return result;
    }
    case LayerOp::kSlice:
      return SliceShape(layer, x);
    case LayerOp::kPad: {
      ValueShape padded = x;
      if (layer.begins.size() != x.size() || layer.ends.size() != x.size())
        Fail(layer, "pads other axes than those of " + ShapeText(x));
      for (size_t i = 0; i < x.size(); ++i) padded[i] += layer.begins[i] + layer.ends[i];
      return padded;
    }
    case LayerOp::kGather: {
      require_axis();
      ValueShape result(x.begin(), x.begin() + layer.axis);
      result.insert(result.end(), in.at(1)->begin(), in.at(1)->end());
      result.insert(result.end(), x.begin() + layer.axis + 1, x.end());
      return result;
    }
    case LayerOp::kResize: {
      require_map();
      const ValueShape resized = {x[0], ResizedSize(layer, 0, x[1]), ResizedSize(layer, 1, x[2])};
      if (std::min(resized[1], resized[2]) < 1) throw TooSmall();
      return resized;
    }
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
  } catch (const Error&) {  // made for one size: its other layers say so
  }
  return true;
}

// Whether a layer is made for inputs of one size.
bool IsOfOneSize(const Layer& layer) {
  switch (layer.op) {
    case LayerOp::kLinear:
    case LayerOp::kLayerNorm:
    case LayerOp::kReshape:
    case LayerOp::kSlice:
    case LayerOp::kGather:
      return true;
    case LayerOp::kResize:
      return std::min(layer.sampling.scale[0], layer.sampling.scale[1]) <= 0;
    default:
      return false;
  }
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
    case LayerOp::kConstant:
      return "constant";
    case LayerOp::kSideInput:
      return "side input";
    case LayerOp::kFunction:
      return "function";
    case LayerOp::kBinary:
      return "binary";
    case LayerOp::kReduce:
      return "reduce";
    case LayerOp::kSoftmax:
      return "softmax";
    case LayerOp::kLayerNorm:
      return "layer norm";
    case LayerOp::kMatMul:
      return "matrix product";
    case LayerOp::kReshape:
      return "reshape";
    case LayerOp::kTranspose:
      return "transpose";
    case LayerOp::kSlice:
      return "slice";
    case LayerOp::kPad:
      return "pad";
    case LayerOp::kGather:
      return "gather";
    case LayerOp::kResize:
      return "resize";
  }
  REIDBENCH_CHECK(false);
}

std::string_view FunctionName(Function function) {
  static constexpr std::string_view kNames[] = {"none",         "relu",
                                                "sigmoid",      "absolute",
                                                "negative",     "reciprocal",
                                                "exp",          "log",
                                                "square root",  "erf",
                                                "tanh",         "floor",
                                                "ceil",         "round",
                                                "sign",         "clip",
                                                "leaky relu",   "elu",
                                                "hard sigmoid", "hard swish",
                                                "silu",         "gelu",
                                                "gelu by tanh", "softplus",
                                                "mish",         "scale",
                                                "add",          "subtract",
                                                "multiply",     "divide",
                                                "power",        "minimum",
                                                "maximum",      "modulo",
                                                "prelu",        "equal",
                                                "less",         "less or equal",
                                                "greater",      "greater or equal",
                                                "and",          "or",
                                                "mean",         "sum",
                                                "product",      "sum of squares",
                                                "l1 norm",      "l2 norm"};
  static_assert(std::size(kNames) == static_cast<size_t>(Function::kNormL2) + 1);
  return kNames[static_cast<size_t>(function)];
}

std::vector<SampleTap> SampleTaps(const Sampling& sampling, size_t axis, int64_t in, int64_t out) {
  const double scale = sampling.scale[axis] > 0
                           ? sampling.scale[axis]
                           : static_cast<double>(out) / static_cast<double>(in);
  std::vector<SampleTap> taps;
  for (int64_t i = 0; i < out; ++i) {
    const auto at = static_cast<double>(i);
    double place = 0;
    switch (sampling.coordinates) {
      case Coordinates::kPytorchHalfPixel:
        place = out > 1 ? (at + 0.5) / scale - 0.5 : 0;
        break;
      case Coordinates::kHalfPixel:
        place = (at + 0.5) / scale - 0.5;
        break;
      case Coordinates::kAsymmetric:
        place = at / scale;
        break;
      case Coordinates::kAlignCorners:
        place = out > 1 ? at * static_cast<double>(in - 1) / static_cast<double>(out - 1) : 0;
        break;
    }
    // Beyond the edge its pixel goes on.
    const auto inside = [&](double value) {
      return std::clamp<int64_t>(static_cast<int64_t>(value), 0, in - 1);
    };
    SampleTap tap;
    if (sampling.linear) {
      place = std::clamp(place, 0.0, static_cast<double>(in - 1));
      tap = {inside(std::floor(place)), inside(std::floor(place) + 1), place - std::floor(place)};
    } else {
      double nearest = 0;
      switch (sampling.rounding) {
        case Rounding::kPreferFloor:
          nearest = std::ceil(place - 0.5);
          break;
        case Rounding::kPreferCeil:
          nearest = std::floor(place + 0.5);
          break;
        case Rounding::kFloor:
          nearest = std::floor(place);
          break;
        case Rounding::kCeil:
          nearest = std::ceil(place);
          break;
      }
      tap.first = tap.second = inside(nearest);
    }
    taps.push_back(tap);
  }
  return taps;
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

std::vector<int> Graph::SideInputs() const {
  std::vector<int> inputs;
  for (size_t i = 0; i < layers.size(); ++i) {
    if (layers[i].op == LayerOp::kSideInput) inputs.push_back(static_cast<int>(i));
  }
  return inputs;
}

std::vector<int> OutputLayers(const Graph& graph) {
  if (graph.outputs.empty()) return {graph.output};
  std::vector<int> layers;
  for (const GraphOutput& output : graph.outputs) layers.push_back(output.layer);
  return layers;
}

std::vector<int> CountReaders(const Graph& graph) {
  std::vector<int> readers(graph.layers.size());
  for (const Layer& layer : graph.layers) {
    for (const int input : layer.inputs) ++readers[static_cast<size_t>(input)];
    for (const int factor : layer.factors) {
      if (factor >= 0) ++readers[static_cast<size_t>(factor)];
    }
  }
  if (graph.outputs.empty()) ++readers[static_cast<size_t>(graph.output)];
  for (const GraphOutput& output : graph.outputs) ++readers[static_cast<size_t>(output.layer)];
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
  for (const GraphOutput& output : graph->outputs) place[static_cast<size_t>(output.layer)] = 0;
  for (const int input : graph->SideInputs()) place[static_cast<size_t>(input)] = 0;
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
  for (GraphOutput& output : graph->outputs)
    output.layer = place[static_cast<size_t>(output.layer)];
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
  if (graph.one_size) return false;
  std::vector<ValueShape> larger;
  try {
    larger = ShapesOf(graph, 2 * graph.height, 2 * graph.width);
  } catch (const Error&) {
    return false;  // of constants that fit one size
  }
  const auto same = [&](int layer) {
    return shapes[static_cast<size_t>(layer)] == larger[static_cast<size_t>(layer)];
  };
  return same(graph.output) &&
         std::all_of(graph.layers.begin(), graph.layers.end(), [&](const Layer& layer) {
           return !IsOfOneSize(layer) || same(layer.inputs.front());
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
    if (layer.op == LayerOp::kConstant) {
      if (seen.insert(layer.tensors[0]).second) specs.push_back({layer.tensors[0], layer.sizes});
      continue;
    }
    const ValueShape& x = shapes[static_cast<size_t>(layer.inputs.front())];
    const int64_t in = layer.op == LayerOp::kLinear ? x.back() : x.front();
    const bool has_weight = layer.op == LayerOp::kConvolution || layer.op == LayerOp::kLinear;
    for (size_t i = 0; i < layer.tensors.size(); ++i) {
      if (!seen.insert(layer.tensors[i]).second) continue;
      std::vector<int64_t> shape = {has_weight ? layer.channels : in};
      if (layer.op == LayerOp::kLayerNorm) shape.assign(x.begin() + layer.axis, x.end());
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
    if (layer.op == LayerOp::kMatMul) {
      total += NumElements(shapes[i]) * shapes[static_cast<size_t>(layer.inputs.front())].back();
      continue;
    }
    if (layer.op != LayerOp::kConvolution && layer.op != LayerOp::kLinear) continue;
    const ValueShape& x = shapes[static_cast<size_t>(layer.inputs.front())];
    const int64_t in = layer.op == LayerOp::kLinear ? x.back() : x.front();
    const int64_t bias = static_cast<int64_t>(layer.tensors.size()) - 1;
    total += NumElements(shapes[i]) *
             (in / layer.groups * layer.window.kernel[0] * layer.window.kernel[1] + bias);
  }
  return total;
}

int64_t CountMacs(const Graph& graph) { return CountMacs(graph, graph.height, graph.width); }

}  // namespace reidbench
