#include "reidbench/networks/onnx_network.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "reidbench/core/error.h"
#include "reidbench/networks/match.h"
#include "reidbench/weights/byte_reader.h"
#include "reidbench/weights/onnx_graph.h"

namespace reidbench {
namespace {

constexpr int64_t kMost = 1 << 16;  // of anything in a window: larger is nonsense and overflows

class Reader {
 public:
  explicit Reader(const Checkpoint& checkpoint)
      : checkpoint_(checkpoint), onnx_(*checkpoint.graph) {}

  Network Read() {
    if (onnx_.inputs.size() != 1)
      Fail("the graph has {} inputs, expected the images alone", onnx_.inputs.size());
    const OnnxValue& input = onnx_.inputs.front();
    const std::vector<int64_t>& shape = input.shape;
    if (shape.size() != 4 || (shape[1] != graph_.channels && shape[1] >= 0)) {
      Fail("the input '{}' has the shape {}, expected [images, {}, height, width]",
           Printable(input.name), ShapeText(shape), graph_.channels);
    }
    if (std::max(shape[2], shape[3]) > kMost) Fail("the input has the shape {}", ShapeText(shape));
    if (shape[2] > 0) graph_.height = shape[2];
    if (shape[3] > 0) graph_.width = shape[3];
    values_[input.name] = {0};
    shapes_.push_back({graph_.channels, graph_.height, graph_.width});
    for (const OnnxNode& node : onnx_.nodes) Take(node);
    if (onnx_.outputs.empty()) Fail("the graph has no output");
    const std::string& output = onnx_.outputs.front().name;
    const auto at = values_.find(output);
    if (at == values_.end() || at->second.norm) {
      if (const auto why = unsupported_.find(output); why != unsupported_.end())
        Fail("{}", why->second);
      Fail("no node computes the output '{}' from the images", Printable(output));
    }
    graph_.output = at->second.layer;
    DropUnread(&graph_);
    Network network{.name = std::string(kUnnamedNetwork), .graph = std::move(graph_)};
    network.notes = checkpoint_.notes;
    network.notes.insert(network.notes.end(), notes_.begin(), notes_.end());
    for (const TensorSpec& spec : TensorsOf(network.graph)) {
      const auto made = made_.find(spec.name);
      const Tensor& tensor = made != made_.end() ? made->second : checkpoint_.tensors.at(spec.name);
      if (tensor.shape != spec.shape) {
        Fail("tensor '{}' has the shape {}, expected {}", Printable(spec.name),
             ShapeText(tensor.shape), ShapeText(spec.shape));
      }
      network.tensors.emplace(spec.name, tensor);
    }
    return network;
  }

 private:
  // What a name stands for: a layer's output, or with `norm` the L2 norm of that output, which is
  // only useful to a division.
  struct Value {
    int layer = 0;
    bool norm = false;
    double epsilon = 0;
  };

  template <typename... Args>
  [[noreturn]] void Fail(fmt::format_string<Args...> format, Args&&... args) const {
    ThrowModel(
        "{}: the ONNX graph cannot be taken apart: {}; `--engine opencv` runs an ONNX network as "
        "it is",
        checkpoint_.path, fmt::format(format, std::forward<Args>(args)...));
  }

  static std::string Describe(const OnnxNode& node) {
    const std::string unnamed = node.outputs.empty() ? "?" : node.outputs.front();
    return fmt::format("{} '{}'", Printable(node.op_type),
                       Printable(node.name.empty() ? unnamed : node.name));
  }

  // Thrown for a node that has no layer. It is an error only where the output needs the node: what
  // hangs beside the way to the embedding may be anything.
  struct Unsupported {
    std::string reason;
  };
  template <typename... Args>
  [[noreturn]] static void Refuse(const OnnxNode& node, fmt::format_string<Args...> format,
                                  Args&&... args) {
    throw Unsupported{Describe(node) + " " + fmt::format(format, std::forward<Args>(args)...)};
  }

  void Take(const OnnxNode& node) {
    if (node.outputs.empty()) Fail("{} has no output", Describe(node));
    for (const std::string& output : node.outputs) {
      if (values_.contains(output)) Fail("two nodes compute '{}'", Printable(output));
    }
    for (const std::string& input : node.inputs) {
      if (const auto at = unsupported_.find(input); at != unsupported_.end()) {
        const std::string reason = at->second;
        for (const std::string& output : node.outputs) unsupported_.emplace(output, reason);
        return;
      }
    }
    try {
      if (const std::optional<Value> value = Translate(node)) {
        values_[node.outputs.front()] = *value;
        for (size_t i = 1; i < node.outputs.size(); ++i)
          unsupported_.emplace(node.outputs[i], Describe(node) + " has more than one output");
      }
    } catch (const Unsupported& refused) {
      for (const std::string& output : node.outputs) unsupported_.emplace(output, refused.reason);
    } catch (const Error& error) {  // of shapes: no layer of this node either
      if (error.kind() != ErrorKind::kModel && error.kind() != ErrorKind::kInput) throw;
      for (const std::string& output : node.outputs) unsupported_.emplace(output, error.what());
    }
  }

  // The layer that computes the node; nullopt for one that only computes sizes.
  std::optional<Value> Translate(const OnnxNode& node) {
    const std::string& op = node.op_type;
    if (op == "Constant") return std::nullopt;  // among the file's tensors
    const bool hands_on = op == "Identity" || op == "Dropout" || op == "Cast";
    if (const std::string& name = Name(node, 0); hands_on && checkpoint_.tensors.contains(name)) {
      aliases_.emplace(node.outputs.front(), name);  // exporters share equal weights so
      return std::nullopt;
    }
    if (op == "Shape" || ComputesSizes(node)) {
      sizes_.emplace(node.outputs.front(), &node);
      return std::nullopt;
    }
    if (hands_on) return ValueOf(node, 0);
    if (op == "Conv") return Convolution(node);
    if (op == "Gemm" || op == "MatMul") return Linear(node);
    if (op == "BatchNormalization") return Norm(node, LayerOp::kBatchNorm, 4);
    if (op == "InstanceNormalization") return Norm(node, LayerOp::kInstanceNorm, 2);
    if (op == "Relu") return Push(node, LayerOp::kRelu, {In(node, 0)});
    if (op == "Sigmoid") return Push(node, LayerOp::kSigmoid, {In(node, 0)});
    if (op == "Add" || op == "Sum") return Add(node);
    if (op == "Mul") return Multiply(node);
    if (op == "Concat") return Concat(node);
    if (op == "MaxPool" || op == "AveragePool") return Pool(node);
    if (op == "GlobalAveragePool") return Push(node, LayerOp::kGlobalAveragePool, {In(node, 0)});
    if (op == "ReduceMean") return Mean(node);
    if (op == "Flatten" || op == "Reshape" || op == "Squeeze") return Flatten(node);
    if (op == "Pad") return SkipZeroPad(node);
    if (op == "LpNormalization") {
      if (Integer(node, "p", 2) != 2 || Integer(node, "axis", -1) != 1)
        Refuse(node, "is no L2 norm over channels");
      return Normalize(node, In(node, 0), 1e-12);
    }
    if (op == "ReduceL2") {
      if (Axes(node) != std::vector<int64_t>{1} || Integer(node, "keepdims", 1) == 0)
        Refuse(node, "is no norm over channels");
      return Value{In(node, 0), true, 0};
    }
    if ((op == "Clip" || op == "Max" || op == "Expand") && IsNorm(node, 0)) return NormOf(node);
    if (op == "Div" && !IsNorm(node, 0) && IsNorm(node, 1)) {
      const Value norm = ValueOf(node, 1);
      if (norm.layer != In(node, 0)) Refuse(node, "divides by the norm of something else");
      return Normalize(node, norm.layer, norm.epsilon);
    }
    Refuse(node, "is an operator that is not supported");
  }

  // ---- inputs of a node ----

  const std::string& Name(const OnnxNode& node, size_t index) const {
    static const std::string kAbsent;
    if (index >= node.inputs.size()) return kAbsent;
    const auto alias = aliases_.find(node.inputs[index]);
    return alias == aliases_.end() ? node.inputs[index] : alias->second;
  }
  const Value& ValueOf(const OnnxNode& node, size_t index) const {
    const auto at = values_.find(Name(node, index));
    if (at == values_.end())
      Refuse(node, "takes as input {} '{}', which is not computed from the images", index,
             Printable(Name(node, index)));
    return at->second;
  }
  bool IsNorm(const OnnxNode& node, size_t index) const {
    const auto at = values_.find(Name(node, index));
    return at != values_.end() && at->second.norm;
  }
  int In(const OnnxNode& node, size_t index) const {
    const Value& value = ValueOf(node, index);
    if (value.norm) Refuse(node, "uses a norm otherwise than as a divisor");
    return value.layer;
  }
  // The stored tensor that is input `index`; null where that is left out.
  const Tensor* Stored(const OnnxNode& node, size_t index) const {
    const std::string& name = Name(node, index);
    if (name.empty()) return nullptr;
    const auto at = checkpoint_.tensors.find(name);
    if (at == checkpoint_.tensors.end())
      Refuse(node, "has an input {} that is not stored in the file but computed", index);
    return &at->second;
  }
  const Tensor& Weight(const OnnxNode& node, size_t index) const {
    const Tensor* const tensor = Stored(node, index);
    if (tensor == nullptr) Refuse(node, "lacks input {}", index);
    return *tensor;
  }

  static const OnnxAttribute* Attribute(const OnnxNode& node, std::string_view name) {
    const auto at = node.attributes.find(name);
    return at == node.attributes.end() ? nullptr : &at->second;
  }
  static int64_t Integer(const OnnxNode& node, std::string_view name, int64_t absent) {
    const OnnxAttribute* const at = Attribute(node, name);
    return at == nullptr ? absent : at->integer;
  }
  // Float attributes are meant as the decimal number that they stand for: 1e-5, not 9.9999997e-6.
  static double Real(const OnnxNode& node, std::string_view name, double absent) {
    const OnnxAttribute* const at = Attribute(node, name);
    return at == nullptr ? absent : std::stod(fmt::format("{}", at->real));
  }
  template <size_t kSize>
  static void Sizes(const OnnxNode& node, std::string_view name, int64_t least,
                    std::array<int64_t, kSize>& sizes) {
    const OnnxAttribute* const at = Attribute(node, name);
    if (at == nullptr || at->integers.empty()) return;
    const auto fits = [&](int64_t size) { return size >= least && size <= kMost; };
    if (at->integers.size() != kSize ||
        !std::all_of(at->integers.begin(), at->integers.end(), fits))
      Refuse(node, "has {} {}, expected {} of them", name, ShapeText(at->integers), kSize);
    std::copy(at->integers.begin(), at->integers.end(), sizes.begin());
  }
  // Axes are an attribute, or since opset 18 (ReduceL2, ReduceMean) an input.
  std::vector<int64_t> Axes(const OnnxNode& node) const {
    std::vector<int64_t> axes;
    if (const OnnxAttribute* const at = Attribute(node, "axes")) {
      axes = at->integers;
    } else if (const Tensor* const stored = Stored(node, 1)) {
      for (const float axis : stored->values) axes.push_back(static_cast<int64_t>(axis));
    }
    const auto rank = static_cast<int64_t>(shapes_[static_cast<size_t>(In(node, 0))].size()) + 1;
    for (int64_t& axis : axes) axis += axis < 0 ? rank : 0;
    std::sort(axes.begin(), axes.end());
    return axes;
  }

  // ---- layers ----

  const ValueShape& ShapeOf(int layer) const { return shapes_[static_cast<size_t>(layer)]; }

  Value Push(const OnnxNode& node, Layer layer) {
    layer.name = Printable(node.name.empty() ? node.outputs.front() : node.name);
    shapes_.push_back(NextShape(layer, shapes_));
    return {graph_.Add(std::move(layer))};
  }
  Value Push(const OnnxNode& node, LayerOp op, std::vector<int> inputs) {
    return Push(node, Layer{.op = op, .inputs = std::move(inputs)});
  }

  Window WindowOf(const OnnxNode& node) const {
    Window window;
    Sizes(node, "kernel_shape", 1, window.kernel);
    Sizes(node, "strides", 1, window.stride);
    Sizes(node, "dilations", 1, window.dilation);
    Sizes(node, "pads", 0, window.padding);
    window.ceil = Integer(node, "ceil_mode", 0) != 0;
    if (const OnnxAttribute* const pad = Attribute(node, "auto_pad");
        pad != nullptr && pad->text != "NOTSET" && !pad->text.empty())
      Refuse(node, "pads by itself ({})", Printable(pad->text));
    return window;
  }

  Value Convolution(const OnnxNode& node) {
    const Tensor& weight = Weight(node, 1);
    if (weight.shape.size() != 4 || weight.values.empty())
      Refuse(node, "has weights of shape {}, expected four sizes", ShapeText(weight.shape));
    Layer layer{.op = LayerOp::kConvolution, .inputs = {In(node, 0)}};
    layer.tensors = {Name(node, 1)};
    layer.channels = weight.shape[0];
    layer.groups = Integer(node, "group", 1);
    layer.window = WindowOf(node);
    layer.window.kernel = {weight.shape[2], weight.shape[3]};
    if (std::max(weight.shape[2], weight.shape[3]) > kMost) Refuse(node, "has a huge kernel");
    if (Stored(node, 2) != nullptr) layer.tensors.push_back(Name(node, 2));
    return Push(node, std::move(layer));
  }

  // As torch stores it: [out, in].
  std::string Transposed(const std::string& name, const Tensor& stored) {
    std::string result = name + " transposed";
    if (made_.contains(result)) return result;
    const auto in = static_cast<size_t>(stored.shape[0]);
    const auto out = static_cast<size_t>(stored.shape[1]);
    Tensor tensor{{stored.shape[1], stored.shape[0]}, std::vector<float>(stored.values.size())};
    for (size_t i = 0; i < in; ++i) {
      for (size_t o = 0; o < out; ++o) tensor.values[o * in + i] = stored.values[i * out + o];
    }
    made_.emplace(result, std::move(tensor));
    return result;
  }

  Value Linear(const OnnxNode& node) {
    const Tensor& stored = Weight(node, 1);
    if (stored.values.empty() || stored.shape.size() != 2)
      Refuse(node, "has weights of shape {}, expected two sizes", ShapeText(stored.shape));
    for (const std::string_view scale : {"alpha", "beta"}) {
      if (Real(node, scale, 1) != 1) Refuse(node, "has {} other than 1", scale);
    }
    if (Integer(node, "transA", 0) != 0) Refuse(node, "transposes its input");
    const bool transposed = Integer(node, "transB", 0) != 0;
    Layer layer{.op = LayerOp::kLinear, .inputs = {In(node, 0)}};
    layer.tensors = {transposed ? Name(node, 1) : Transposed(Name(node, 1), stored)};
    layer.channels = stored.shape[transposed ? 0 : 1];
    if (node.op_type == "Gemm" && Stored(node, 2) != nullptr)
      layer.tensors.push_back(Name(node, 2));
    return Push(node, std::move(layer));
  }

  Value Norm(const OnnxNode& node, LayerOp op, size_t tensors) {
    Layer layer{.op = op, .inputs = {In(node, 0)}};
    layer.epsilon = Real(node, "epsilon", 1e-5);
    for (size_t i = 1; i <= tensors; ++i) {
      Weight(node, i);
      layer.tensors.push_back(Name(node, i));
    }
    return Push(node, std::move(layer));
  }

  Value Add(const OnnxNode& node) {
    std::vector<int> inputs;
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      if (!checkpoint_.tensors.contains(Name(node, i))) {
        inputs.push_back(In(node, i));
        continue;
      }
      // MatMul and Add are a linear layer.
      if (node.inputs.size() != 2 || i > 1) Refuse(node, "adds a stored tensor");
      const int before = In(node, 1 - i);
      Layer& linear = graph_.layers[static_cast<size_t>(before)];
      if (before + 1 != static_cast<int>(graph_.layers.size()) || linear.op != LayerOp::kLinear ||
          linear.tensors.size() != 1)
        Refuse(node, "adds a stored tensor to something other than a MatMul");
      linear.tensors.push_back(Name(node, i));
      return {before};
    }
    return inputs.size() == 1 ? Value{inputs.front()} : Push(node, LayerOp::kAdd, inputs);
  }

  Value Multiply(const OnnxNode& node) {
    int a = In(node, 0);
    int b = In(node, 1);
    if (ShapeOf(a).size() == 3 && ShapeOf(a)[1] * ShapeOf(a)[2] < ShapeOf(b)[1] * ShapeOf(b)[2])
      std::swap(a, b);
    return Push(node, LayerOp::kMultiply, {a, b});
  }

  Value Concat(const OnnxNode& node) {
    std::vector<int> inputs;
    for (size_t i = 0; i < node.inputs.size(); ++i) inputs.push_back(In(node, i));
    const auto rank = static_cast<int64_t>(ShapeOf(inputs.at(0)).size()) + 1;
    const int64_t axis = Integer(node, "axis", 1);
    if (axis != 1 && axis != 1 - rank) Refuse(node, "joins along axis {}, not channels", axis);
    return Push(node, LayerOp::kConcat, inputs);
  }

  Value Pool(const OnnxNode& node) {
    const bool is_max = node.op_type == "MaxPool";
    Layer layer{.op = is_max ? LayerOp::kMaxPool : LayerOp::kAveragePool, .inputs = {In(node, 0)}};
    layer.window = WindowOf(node);
    layer.window.count_padding = is_max || layer.window.padding == std::array<int64_t, 4>{} ||
                                 Integer(node, "count_include_pad", 0) != 0;
    return Push(node, std::move(layer));
  }

  Value Mean(const OnnxNode& node) {
    if (Axes(node) != std::vector<int64_t>{2, 3}) Refuse(node, "is no mean over space");
    const Value mean = Push(node, LayerOp::kGlobalAveragePool, {In(node, 0)});
    return Integer(node, "keepdims", 1) != 0 ? mean : Push(node, LayerOp::kFlatten, {mean.layer});
  }

  // Everything that leaves [images, features].
  Value Flatten(const OnnxNode& node) {
    const int x = In(node, 0);
    const ValueShape& shape = ShapeOf(x);
    const int64_t size = NumElements(shape);
    bool fits = true;
    if (node.op_type == "Squeeze" && shape.size() == 1) {
      fits = true;  // squeezed one axis at a time: nothing is left to do but the first time
    } else if (node.op_type == "Flatten") {
      fits = Integer(node, "axis", 1) == 1;
    } else if (node.op_type == "Squeeze") {
      const std::vector<int64_t> axes = Axes(node);
      fits = size == shape.front() &&
             std::all_of(axes.begin(), axes.end(), [](int64_t axis) { return axis >= 2; });
    } else if (const auto to = sizes_.find(Name(node, 1)); to != sizes_.end()) {
      // x.view(x.size(0), -1), its sizes computed: two of them.
      fits = to->second->op_type == "Concat" && to->second->inputs.size() == 2;
    } else {
      const std::vector<float>& sizes = Weight(node, 1).values;
      fits = sizes.size() == 2 && (sizes[1] == -1 || sizes[1] == static_cast<float>(size));
    }
    if (!fits) Refuse(node, "does more than to flatten {}", ShapeText(shape));
    return shape.size() == 1 ? Value{x} : Push(node, LayerOp::kFlatten, {x});
  }

  // Torch up to 1.13 exports an average pool's padding of 0 as a node of its own, some of them with
  // sizes that are computed.
  Value SkipZeroPad(const OnnxNode& node) {
    const auto is_zero = [](const auto& sizes) {
      return std::all_of(sizes.begin(), sizes.end(), [](auto size) { return size == 0; });
    };
    const OnnxAttribute* const attribute = Attribute(node, "pads");
    if (attribute != nullptr ? !is_zero(attribute->integers)
                             : !sizes_.contains(Name(node, 1)) && !is_zero(Weight(node, 1).values))
      Refuse(node, "pads by more than 0");
    if (sizes_.contains(Name(node, 1)))
      notes_.push_back(fmt::format("{} computes its padding; taken as 0", Describe(node)));
    return {In(node, 0)};
  }

  Value Normalize(const OnnxNode& node, int x, double epsilon) {
    Layer layer{.op = LayerOp::kL2Normalize, .inputs = {x}};
    layer.epsilon = epsilon;
    return Push(node, std::move(layer));
  }

  // F.normalize: a norm that is held above an epsilon and repeated for each channel.
  Value NormOf(const OnnxNode& node) const {
    Value norm = ValueOf(node, 0);
    if (node.op_type == "Expand") return norm;
    const Tensor* const least = node.inputs.size() > 1 ? Stored(node, 1) : nullptr;
    if (least != nullptr && least->values.size() == 1) norm.epsilon = least->values.front();
    norm.epsilon = Real(node, "min", norm.epsilon);
    if (node.inputs.size() > 2 || Attribute(node, "max") != nullptr)
      Refuse(node, "bounds a norm from above");
    return norm;
  }

  // What does not depend on the images' values: the sizes for Reshape, Expand and Pad.
  bool ComputesSizes(const OnnxNode& node) const {
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      const std::string& name = Name(node, i);
      if (!name.empty() && !sizes_.contains(name) && !checkpoint_.tensors.contains(name))
        return false;
    }
    return !node.inputs.empty();
  }

  const Checkpoint& checkpoint_;
  const OnnxGraph& onnx_;
  Graph graph_;
  std::vector<ValueShape> shapes_;  // of graph_'s layers
  std::map<std::string, Value> values_;
  std::map<std::string, std::string> unsupported_;  // values that nothing can be made of, why
  std::map<std::string, const OnnxNode*> sizes_;    // values computed from sizes
  std::map<std::string, std::string> aliases_;      // of stored tensors
  std::map<std::string, Tensor> made_;
  std::vector<std::string> notes_;
};

}  // namespace

Network ReadOnnxNetwork(const Checkpoint& checkpoint) {
  Network network = Reader(checkpoint).Read();
  NameByStructure(network);
  return network;
}

}  // namespace reidbench
