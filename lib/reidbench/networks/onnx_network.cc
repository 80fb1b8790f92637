#include "reidbench/networks/onnx_network.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <numeric>
#include <optional>
#include <set>
#include <utility>

#include "reidbench/core/error.h"
#include "reidbench/core/text.h"
#include "reidbench/networks/evaluate.h"
#include "reidbench/networks/match.h"
#include "reidbench/weights/byte_reader.h"
#include "reidbench/weights/onnx_graph.h"

namespace reidbench {
namespace {

constexpr int64_t kMost = 1 << 16;  // of anything in a window: larger is nonsense and overflows
constexpr int64_t kMostNumbers = int64_t{1} << 28;          // of one value
constexpr int64_t kMostConstantNumbers = int64_t{1} << 22;  // of all that is folded together
constexpr int64_t kMostConstantWork = int64_t{1} << 28;     // multiply-adds of folding
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// A value known when the network is read: stored in the file, or computed from such and from sizes.
struct Constant {
  ValueShape shape;
  std::vector<double> numbers;     // empty where `stored`
  const Tensor* stored = nullptr;  // in the file
  std::string name = {};           // of that tensor
  bool is_integer = false;
  bool is_sized = false;  // computed from the size of the images
};

// What a name of the file stands for. Shapes have ONNX's axis of images, which is 1 because images
// are computed one by one; the layers' values lack it: see WithoutImages.
struct Operand {
  ValueShape shape;
  int layer = -1;
  std::shared_ptr<const Constant> constant;
  // Of an Expand the operand before it: who repeats numbers itself takes that.
  std::shared_ptr<const Operand> narrow;

  bool is_constant() const { return constant != nullptr; }
};

ValueShape WithoutImages(const ValueShape& shape) {
  const bool has_axis = shape.size() >= 2 && shape[0] == 1;
  return {shape.begin() + (has_axis ? 1 : 0), shape.end()};
}
bool HasImages(const ValueShape& shape) { return shape.size() >= 2 && shape[0] == 1; }

int64_t ToInteger(double number) {
  constexpr double kLargest = 9.0e18;
  if (std::isnan(number)) return 0;
  return static_cast<int64_t>(std::clamp(number, -kLargest, kLargest));
}

// Operators of one number, and of two, that need nothing but themselves.
Function FunctionOfOne(std::string_view op) {
  static const std::map<std::string_view, Function> kFunctions = {
      {"Abs", Function::kAbsolute},
      {"Neg", Function::kNegative},
      {"Reciprocal", Function::kReciprocal},
      {"Exp", Function::kExponential},
      {"Log", Function::kLogarithm},
      {"Sqrt", Function::kSquareRoot},
      {"Erf", Function::kErf},
      {"Tanh", Function::kTanh},
      {"Floor", Function::kFloor},
      {"Ceil", Function::kCeil},
      {"Round", Function::kRound},
      {"Sign", Function::kSign},
      {"LeakyRelu", Function::kLeakyRelu},
      {"Elu", Function::kElu},
      {"HardSigmoid", Function::kHardSigmoid},
      {"HardSwish", Function::kHardSwish},
      {"Swish", Function::kSilu},
      {"Gelu", Function::kGelu},
      {"Softplus", Function::kSoftplus},
      {"Mish", Function::kMish}};
  const auto at = kFunctions.find(op);
  return at == kFunctions.end() ? Function::kNone : at->second;
}
Function FunctionOfTwo(std::string_view op) {
  static const std::map<std::string_view, Function> kFunctions = {
      {"Add", Function::kAdd},
      {"Sub", Function::kSubtract},
      {"Mul", Function::kMultiply},
      {"Div", Function::kDivide},
      {"Pow", Function::kPower},
      {"Min", Function::kMinimum},
      {"Max", Function::kMaximum},
      {"Mod", Function::kModulo},
      {"PRelu", Function::kPRelu},
      {"Sum", Function::kAdd},
      {"Equal", Function::kEqual},
      {"Less", Function::kLess},
      {"And", Function::kAnd},
      {"Or", Function::kOr},
      {"Greater", Function::kGreater},
      {"LessOrEqual", Function::kLessOrEqual},
      {"GreaterOrEqual", Function::kGreaterOrEqual}};
  const auto at = kFunctions.find(op);
  return at == kFunctions.end() ? Function::kNone : at->second;
}
bool IsOfConstantsOnly(Function function) {
  return function == Function::kModulo ||
         (function >= Function::kEqual && function <= Function::kOr);
}
Function ReductionOf(std::string_view op) {
  static const std::map<std::string_view, Function> kFunctions = {
      {"ReduceMean", Function::kMean},    {"ReduceSum", Function::kSum},
      {"ReduceMax", Function::kMaximum},  {"ReduceMin", Function::kMinimum},
      {"ReduceProd", Function::kProduct}, {"ReduceSumSquare", Function::kSumSquares},
      {"ReduceL1", Function::kNormL1},    {"ReduceL2", Function::kNormL2}};
  const auto at = kFunctions.find(op);
  return at == kFunctions.end() ? Function::kNone : at->second;
}
bool IsDetectorsEnd(std::string_view op) {
  static const std::set<std::string_view> kOperators = {"NonMaxSuppression", "TopK",
                                                        "NonZero",           "RoiAlign",
                                                        "PriorBox",          "PriorBoxClustered",
                                                        "Proposal",          "DetectionOutput",
                                                        "ScatterND",         "ArgMax",
                                                        "BatchedNMS_TRT",    "EfficientNMS_TRT",
                                                        "TRTBatchedNMS"};
  return kOperators.contains(op);
}

class Reader {
 public:
  Reader(const Checkpoint& checkpoint, const NetworkReading& reading)
      : checkpoint_(checkpoint), onnx_(*checkpoint.graph), reading_(reading) {}

  Network Read() {
    TakeInputs();
    for (const OnnxNode& node : onnx_.nodes) {
      for (const std::string& input : node.inputs) ++uses_[input];
    }
    for (const OnnxValue& output : onnx_.outputs) ++uses_[output.name];
    for (const OnnxNode& node : onnx_.nodes) Take(node);
    TakeOutputs();
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

  // Thrown for a node that has no layer. It is an error only where an output needs the node: what
  // hangs beside the way to it may be anything.
  struct Unsupported {
    std::string reason;
  };
  template <typename... Args>
  [[noreturn]] static void Refuse(const OnnxNode& node, fmt::format_string<Args...> format,
                                  Args&&... args) {
    throw Unsupported{Describe(node) + " " + fmt::format(format, std::forward<Args>(args)...)};
  }

  // ---- inputs and outputs of the network ----

  void TakeInputs() {
    const auto is_image = [&](const OnnxValue& input) {
      return input.shape.size() == 4 && (input.shape[1] == graph_.channels || input.shape[1] < 0);
    };
    const auto images = std::find_if(onnx_.inputs.begin(), onnx_.inputs.end(), is_image);
    if (onnx_.inputs.empty()) Fail("the graph has 0 inputs, expected the images");
    if (images == onnx_.inputs.end()) {
      Fail("the input '{}' has the shape {}, expected [images, {}, height, width]",
           Printable(onnx_.inputs.front().name), ShapeText(onnx_.inputs.front().shape),
           graph_.channels);
    }
    const std::vector<int64_t>& shape = images->shape;
    if (std::max(shape[2], shape[3]) > kMost) Fail("the input has the shape {}", ShapeText(shape));
    const auto choose = [](int64_t stored, int64_t wanted, int64_t* size) {
      if (wanted > 0) *size = wanted;
      if (stored > 0) *size = stored;
    };
    choose(shape[2], reading_.height, &graph_.height);
    choose(shape[3], reading_.width, &graph_.width);
    shapes_.push_back({graph_.channels, graph_.height, graph_.width});
    for (const OnnxValue& input : onnx_.inputs) {
      if (values_.contains(input.name)) Fail("two inputs are '{}'", Printable(input.name));
      if (&input == &*images) {
        values_[input.name] = {{1, graph_.channels, graph_.height, graph_.width}, 0, nullptr, {}};
        continue;
      }
      ValueShape sizes = input.shape;
      if (!sizes.empty() && sizes[0] <= 0) sizes[0] = 1;
      const bool fits = std::all_of(sizes.begin(), sizes.end(), [](int64_t s) { return s > 0; });
      if (!fits || NumElements(sizes) < 0 || NumElements(sizes) > kMost) {
        Fail("the input '{}' has the shape {}, expected numbers beside the images",
             Printable(input.name), ShapeText(input.shape));
      }
      Layer layer{.op = LayerOp::kSideInput, .name = Printable(input.name)};
      layer.sizes = WithoutImages(sizes);
      shapes_.push_back(layer.sizes);
      values_[input.name] = {sizes, graph_.Add(std::move(layer)), nullptr, {}};
    }
  }

  // Values that are computed and would have been read by nodes on the way to `output` that are not.
  std::vector<std::string> Frontier(const std::string& output) const {
    std::map<std::string, const OnnxNode*> makers;
    for (const OnnxNode& node : onnx_.nodes) {
      for (const std::string& made : node.outputs) makers.emplace(made, &node);
    }
    std::vector<std::string> frontier;
    std::vector<std::string> open = {output};
    std::set<std::string> seen = {output};
    while (!open.empty()) {
      const auto maker = makers.find(open.back());
      open.pop_back();
      if (maker == makers.end()) continue;
      for (const std::string& input : maker->second->inputs) {
        if (!seen.insert(input).second) continue;
        const auto at = values_.find(input);
        if (at == values_.end()) {
          open.push_back(input);
        } else if (!at->second.is_constant()) {
          frontier.push_back(Printable(input));
        }
      }
    }
    std::sort(frontier.begin(), frontier.end());
    return frontier;
  }

  void TakeOutputs() {
    std::vector<std::string> names = reading_.outputs;
    if (names.empty()) {
      for (const OnnxValue& output : onnx_.outputs) names.push_back(output.name);
    }
    if (names.empty()) Fail("the graph has no output");
    for (const std::string& name : names) {
      const auto at = values_.find(name);
      if (at == values_.end()) {
        const auto why = unsupported_.find(name);
        if (!graph_.outputs.empty() && reading_.outputs.empty() && why != unsupported_.end()) {
          notes_.push_back(
              fmt::format("the output '{}' is left out: {}", Printable(name), why->second));
          continue;
        }
        if (why == unsupported_.end())
          Fail("no node computes the output '{}' from the images", Printable(name));
        if (std::find(detectors_ends_.begin(), detectors_ends_.end(), why->second) ==
            detectors_ends_.end())
          Fail("{}", why->second);
        constexpr size_t kMostListed = 8;
        std::vector<std::string> frontier = Frontier(name);
        if (frontier.size() > kMostListed) frontier.resize(kMostListed);
        Fail(
            "{}: it belongs to what a detector does with its boxes; the network up to there "
            "gives '{}', which can be named as its outputs",
            why->second, JoinText(frontier, "', '"));
      }
      const Operand& value = at->second;
      const int layer = AsLayer(value, WithoutImages(value.shape));
      graph_.outputs.push_back({name, layer, value.shape});
    }
    graph_.output = graph_.outputs.front().layer;
  }

  // ---- nodes ----

  void Take(const OnnxNode& node) {
    if (node.outputs.empty()) Fail("{} has no output", Describe(node));
    for (const std::string& output : node.outputs) {
      if (values_.contains(output) && !output.empty())
        Fail("two nodes compute '{}'", Printable(output));
    }
    const auto refuse = [&](const std::string& reason) {
      for (const std::string& output : node.outputs) unsupported_.emplace(output, reason);
    };
    for (const std::string& input : node.inputs) {
      if (const auto at = unsupported_.find(input); at != unsupported_.end()) {
        const std::string reason = at->second;
        refuse(reason);
        return;
      }
    }
    try {
      if (node.op_type == "Constant" && checkpoint_.tensors.contains(node.outputs.front())) return;
      if (node.op_type == "Split") return Split(node);
      values_[node.outputs.front()] = Translate(node);
      for (size_t i = 1; i < node.outputs.size(); ++i) {
        if (!node.outputs[i].empty())
          unsupported_.emplace(node.outputs[i], Describe(node) + " has more than one output");
      }
    } catch (const Unsupported& refused) {
      if (IsDetectorsEnd(node.op_type)) detectors_ends_.push_back(refused.reason);
      refuse(refused.reason);
    } catch (const Error& error) {  // of shapes: no layer of this node either
      if (error.kind() != ErrorKind::kModel && error.kind() != ErrorKind::kInput) throw;
      refuse(Describe(node) + ": " + error.what());
    }
  }

  Operand Translate(const OnnxNode& node) {
    const std::string& op = node.op_type;
    if (op == "Identity" || op == "Dropout") return In(node, 0);
    if (op == "Cast") return Cast(node);
    if (op == "Shape" || op == "Size") return Shape(node);
    if (op == "ConstantOfShape") return ConstantOfShape(node);
    if (op == "Range") return Range(node);
    if (op == "Where") return Where(node);
    if (op == "Not") {
      const Operand& x = Known(node, 0);
      Constant made = Like(x);
      for (double& number : made.numbers) number = number == 0 ? 1 : 0;
      return Make(node, std::move(made));
    }
    if (op == "Conv") return Convolution(node);
    if (op == "Gemm") return Gemm(node);
    if (op == "MatMul") return Product(node, In(node, 0), In(node, 1));
    if (op == "BatchNormalization") return Norm(node, LayerOp::kBatchNorm, 4);
    if (op == "InstanceNormalization") return Norm(node, LayerOp::kInstanceNorm, 2);
    if (op == "LayerNormalization") return LayerNorm(node);
    if (op == "GroupNormalization") return GroupNorm(node);
    if (op == "Relu") return Apply(node, Layer{.op = LayerOp::kRelu}, {In(node, 0)});
    if (op == "Sigmoid") return Apply(node, Layer{.op = LayerOp::kSigmoid}, {In(node, 0)});
    if (op == "Clip") return Clip(node);
    if (op == "Softmax" || op == "LogSoftmax") return Softmax(node);
    if (FunctionOfOne(op) != Function::kNone) return OfOne(node);
    if (FunctionOfTwo(op) != Function::kNone) return OfTwo(node);
    if (ReductionOf(op) != Function::kNone) return Reduce(node);
    if (op == "Concat") return Concat(node);
    if (op == "MaxPool" || op == "AveragePool") return Pool(node);
    if (op == "GlobalAveragePool")
      return OfMap(node, Layer{.op = LayerOp::kGlobalAveragePool}, Map(node, In(node, 0)));
    if (op == "GlobalMaxPool") {
      Layer layer{.op = LayerOp::kReduce};
      layer.function = Function::kMaximum;
      const Operand& x = In(node, 0);
      for (size_t i = 2; i < x.shape.size(); ++i) layer.axes.push_back(static_cast<int64_t>(i));
      return Apply(node, std::move(layer), {x});
    }
    if (op == "Flatten" || op == "Reshape" || op == "Squeeze" || op == "Unsqueeze")
      return Reshaped(node, In(node, 0), NewShape(node));
    if (op == "Transpose") return Transpose(node);
    if (op == "Slice") return Slice(node);
    if (op == "Gather") return Gather(node);
    if (op == "Expand") return Expand(node);
    if (op == "Tile") return Tile(node);
    if (op == "Pad") return Pad(node);
    if (op == "Resize" || op == "Upsample") return Resize(node);
    if (op == "DepthToSpace" || op == "SpaceToDepth") return MoveDepth(node);
    if (op == "LpNormalization") return LpNorm(node);
    Refuse(node, "is an operator that is not supported");
  }

  // ---- inputs of a node ----

  static bool Has(const OnnxNode& node, size_t index) {
    return index < node.inputs.size() && !node.inputs[index].empty();
  }
  const Operand& In(const OnnxNode& node, size_t index) {
    if (!Has(node, index)) Refuse(node, "lacks input {}", index);
    const std::string& name = node.inputs[index];
    if (const auto at = values_.find(name); at != values_.end()) return at->second;
    const auto stored = checkpoint_.tensors.find(name);
    if (stored == checkpoint_.tensors.end())
      Refuse(node, "takes as input {} '{}', which is not computed from the images", index,
             Printable(name));
    auto constant = std::make_shared<Constant>();
    constant->shape = stored->second.shape;
    constant->stored = &stored->second;
    constant->name = name;
    constant->is_integer = onnx_.integers.contains(name);
    return values_[name] = {constant->shape, -1, constant, {}};
  }
  // A constant input.
  const Operand& Known(const OnnxNode& node, size_t index) {
    if (!Has(node, index)) Refuse(node, "lacks input {}", index);
    const std::string& name = node.inputs[index];
    const bool found = values_.contains(name) || checkpoint_.tensors.contains(name);
    if (!found || !In(node, index).is_constant())
      Refuse(node, "has an input {} that is not stored in the file but computed", index);
    return In(node, index);
  }
  static std::vector<double> Numbers(const Operand& operand) {
    const Constant& constant = *operand.constant;
    if (constant.stored == nullptr) return constant.numbers;
    return {constant.stored->values.begin(), constant.stored->values.end()};
  }
  std::vector<int64_t> Integers(const OnnxNode& node, size_t index) {
    std::vector<int64_t> integers;
    const Operand& known = Known(node, index);
    constexpr int64_t kMostSizes = 1 << 20;
    if (NumElements(known.shape) > kMostSizes) Refuse(node, "has an absurd input {}", index);
    for (const double number : Numbers(known)) integers.push_back(ToInteger(number));
    return integers;
  }
  double Number(const OnnxNode& node, size_t index) {
    const Operand& known = Known(node, index);
    if (NumElements(known.shape) != 1)
      Refuse(node, "has an input {} of shape {}, expected one number", index,
             ShapeText(known.shape));
    return Numbers(known).front();
  }

  static const OnnxAttribute* Attribute(const OnnxNode& node, std::string_view name) {
    const auto at = node.attributes.find(name);
    return at == node.attributes.end() ? nullptr : &at->second;
  }
  static int64_t Integer(const OnnxNode& node, std::string_view name, int64_t absent) {
    const OnnxAttribute* const at = Attribute(node, name);
    return at == nullptr ? absent : at->integer;
  }
  static std::string Text(const OnnxNode& node, std::string_view name, std::string_view absent) {
    const OnnxAttribute* const at = Attribute(node, name);
    return at == nullptr || at->text.empty() ? std::string(absent) : at->text;
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
  static int64_t AxisOf(const OnnxNode& node, int64_t axis, size_t rank) {
    const auto count = static_cast<int64_t>(rank);
    if (axis < -count || axis >= count) Refuse(node, "has no axis {} among {}", axis, rank);
    return axis < 0 ? axis + count : axis;
  }
  // Axes are an attribute, or in newer opsets an input; nullopt where there are none.
  std::optional<std::vector<int64_t>> Axes(const OnnxNode& node, size_t rank, size_t input = 1) {
    std::vector<int64_t> axes;
    if (const OnnxAttribute* const at = Attribute(node, "axes")) {
      axes = at->integers;
    } else if (Has(node, input)) {
      axes = Integers(node, input);
    } else {
      return std::nullopt;
    }
    for (int64_t& axis : axes) axis = AxisOf(node, axis, rank);
    std::sort(axes.begin(), axes.end());
    if (std::adjacent_find(axes.begin(), axes.end()) != axes.end())
      Refuse(node, "names an axis twice");
    return axes;
  }

  // ---- constants ----

  // The same numbers, to be changed.
  static Constant Like(const Operand& known) {
    return {known.shape,
            Numbers(known),
            nullptr,
            {},
            known.constant->is_integer,
            known.constant->is_sized};
  }
  void Spend(const OnnxNode& node, int64_t numbers) {
    constant_numbers_ += numbers;
    if (numbers < 0 || numbers > kMostConstantNumbers || constant_numbers_ > kMostConstantNumbers)
      Refuse(node, "computes more than {} numbers that do not depend on the images",
             WithThousands(kMostConstantNumbers));
  }
  Operand Make(const OnnxNode& node, Constant constant) {
    Spend(node, NumElements(constant.shape));
    const ValueShape shape = constant.shape;
    return {shape, -1, std::make_shared<const Constant>(std::move(constant)), {}};
  }

  Operand Cast(const OnnxNode& node) {
    const Operand& x = In(node, 0);
    const int64_t to = Integer(node, "to", 1);
    const bool to_real = to == 1 || to == 10 || to == 11 || to == 16;  // TensorProto's types
    if (!x.is_constant()) {
      if (!to_real && graph_.layers[static_cast<size_t>(x.layer)].op != LayerOp::kSideInput)
        Refuse(node, "makes whole numbers of computed ones");
      return x;
    }
    if (to_real == !x.constant->is_integer) return x;
    Constant made = Like(x);
    made.is_integer = !to_real;
    for (double& number : made.numbers) {
      if (to == 9) number = number != 0 ? 1 : 0;
      if (!to_real) number = std::trunc(number);
    }
    return Make(node, std::move(made));
  }

  Operand Shape(const OnnxNode& node) {
    const Operand& x = In(node, 0);
    Constant made;
    made.is_integer = true;
    made.is_sized = !x.is_constant();
    if (node.op_type == "Size") {
      made.numbers = {static_cast<double>(NumElements(x.shape))};
      return Make(node, std::move(made));
    }
    const auto rank = static_cast<int64_t>(x.shape.size());
    const auto inside = [&](int64_t at) {
      return std::clamp<int64_t>(at < 0 ? at + rank : at, 0, rank);
    };
    const int64_t begin = inside(Integer(node, "start", 0));
    const int64_t end = std::max(begin, inside(Integer(node, "end", rank)));
    made.numbers.assign(x.shape.begin() + begin, x.shape.begin() + end);
    made.shape = {end - begin};
    return Make(node, std::move(made));
  }

  // Sizes of a value that does not exist yet.
  ValueShape CheckedSizes(const OnnxNode& node, const ValueShape& sizes) {
    constexpr size_t kMostAxes = 8;
    const int64_t count = NumElements(sizes);
    if (count < 0 || count > kMostNumbers || sizes.size() > kMostAxes)
      Refuse(node, "gives the absurd shape {}", ShapeText(sizes));
    return sizes;
  }

  Operand ConstantOfShape(const OnnxNode& node) {
    Constant made;
    made.shape = CheckedSizes(node, Integers(node, 0));
    made.is_sized = In(node, 0).constant->is_sized;
    double value = 0;
    if (const OnnxAttribute* const at = Attribute(node, "value"); at != nullptr && at->tensor) {
      if (at->tensor->values.size() != 1) Refuse(node, "repeats more than one number");
      value = at->tensor->values.front();
      made.is_integer = at->tensor_is_integer;
    }
    Spend(node, NumElements(made.shape));
    made.numbers.assign(static_cast<size_t>(NumElements(made.shape)), value);
    return Make(node, std::move(made));
  }

  Operand Range(const OnnxNode& node) {
    const double begin = Number(node, 0), end = Number(node, 1), step = Number(node, 2);
    const double count = std::max(0.0, std::ceil((end - begin) / step));
    if (!(count < static_cast<double>(kMostConstantNumbers)))
      Refuse(node, "counts from {} to {} by {}", begin, end, step);
    Constant made;
    made.is_integer = In(node, 0).constant->is_integer;
    made.shape = {static_cast<int64_t>(count)};
    for (size_t i = 0; i < 3; ++i) made.is_sized = made.is_sized || In(node, i).constant->is_sized;
    for (int64_t i = 0; i < made.shape[0]; ++i)
      made.numbers.push_back(begin + static_cast<double>(i) * step);
    return Make(node, std::move(made));
  }

  Operand Where(const OnnxNode& node) {
    for (size_t i = 0; i < 3; ++i) Known(node, i);
    // c a + (1 - c) b would make NaN of infinities, so it is written out.
    const Operand& condition = In(node, 0);
    Layer sum{.op = LayerOp::kBinary};
    sum.function = Function::kAdd;
    const Operand shape =
        Apply(node, sum, {Apply(node, sum, {condition, In(node, 1)}), In(node, 2)});
    Constant made = Like(shape);
    made.is_integer = In(node, 1).constant->is_integer;
    const Operand spread[3] = {Spread(node, condition, shape.shape),
                               Spread(node, In(node, 1), shape.shape),
                               Spread(node, In(node, 2), shape.shape)};
    const std::vector<double> chosen = Numbers(spread[0]);
    const std::vector<double> yes = Numbers(spread[1]), no = Numbers(spread[2]);
    for (size_t i = 0; i < made.numbers.size(); ++i)
      made.numbers[i] = chosen[i] != 0 ? yes[i] : no[i];
    return Make(node, std::move(made));
  }

  // ---- layers ----

  static std::string NameOf(const OnnxNode& node) {
    return Printable(node.name.empty() ? node.outputs.front() : node.name);
  }

  int Add(const OnnxNode& node, Layer layer) {
    layer.name = NameOf(node);
    shapes_.push_back(CheckedSizes(node, NextShape(layer, shapes_)));
    return graph_.Add(std::move(layer));
  }
  const ValueShape& ShapeOf(int layer) const { return shapes_[static_cast<size_t>(layer)]; }
  const Layer& LayerAt(int layer) const { return graph_.layers[static_cast<size_t>(layer)]; }

  // The tensor of a constant, as it is stored or, in another shape, under a name of its own.
  std::string TensorOf(const Operand& known, const ValueShape& shape) {
    const Constant& constant = *known.constant;
    if (constant.stored != nullptr && constant.stored->shape == shape) return constant.name;
    return Put(
        constant.stored != nullptr ? fmt::format("{} {}", constant.name, ShapeText(shape)) : "",
        known, shape);
  }
  std::string Put(std::string name, const Operand& known, const ValueShape& shape) {
    if (name.empty()) name = fmt::format("constant {}", made_.size());
    while (checkpoint_.tensors.contains(name)) name += "'";
    if (made_.contains(name)) return name;
    Tensor tensor{shape, {}};
    for (const double number : Numbers(known)) tensor.values.push_back(static_cast<float>(number));
    made_.emplace(name, std::move(tensor));
    return name;
  }

  // A layer whose value has this shape, of the operand's numbers in their order.
  int AsLayer(const Operand& operand, const ValueShape& shape) {
    int layer = operand.layer;
    if (operand.is_constant()) {
      Layer constant{.op = LayerOp::kConstant, .name = "constant"};
      constant.tensors = {TensorOf(operand, shape)};
      constant.sizes = shape;
      if (NumElements(shape) < 1) ThrowModel("a constant without numbers is used as a value");
      graph_.one_size = graph_.one_size || operand.constant->is_sized;
      shapes_.push_back(shape);
      return graph_.Add(std::move(constant));
    }
    if (ShapeOf(layer) == shape) return layer;
    Layer reshape{.op = LayerOp::kReshape, .name = LayerAt(layer).name, .inputs = {layer}};
    reshape.sizes = shape;
    shapes_.push_back(NextShape(reshape, shapes_));
    return graph_.Add(std::move(reshape));
  }
  Operand Result(int layer, const ValueShape& shape) {
    const Operand as_it_is{shape, layer, nullptr, {}};
    return {shape, AsLayer(as_it_is, WithoutImages(shape)), nullptr, {}};
  }

  // Makes a layer's axes, which count that of images, count without it. False where the layer does
  // something to that axis.
  static bool DropImages(Layer& layer) {
    const auto drop_first = [](std::vector<int64_t>& values) { values.erase(values.begin()); };
    switch (layer.op) {
      case LayerOp::kConcat:
      case LayerOp::kSoftmax:
      case LayerOp::kLayerNorm:
      case LayerOp::kGather:
        return --layer.axis >= 0;
      case LayerOp::kTranspose:
        if (layer.axes[0] != 0) return false;
        drop_first(layer.axes);
        for (int64_t& axis : layer.axes) --axis;
        return true;
      case LayerOp::kReduce:
        for (int64_t& axis : layer.axes) --axis;
        return layer.axes.empty() || layer.axes.front() >= 0;
      case LayerOp::kSlice:
        drop_first(layer.begins);
        drop_first(layer.steps);
        drop_first(layer.sizes);
        return true;
      case LayerOp::kPad:
        if (layer.begins[0] != 0 || layer.ends[0] != 0) return false;
        drop_first(layer.begins);
        drop_first(layer.ends);
        return true;
      default:
        return true;
    }
  }

  // Any layer but those of maps and linear ones, its axes counted as ONNX does. Of constants alone
  // it is computed here.
  Operand Apply(const OnnxNode& node, Layer layer, const std::vector<Operand>& operands) {
    std::vector<ValueShape> shapes;
    layer.inputs.clear();
    for (const Operand& operand : operands) {
      layer.inputs.push_back(static_cast<int>(shapes.size()));
      shapes.push_back(operand.shape);
      if (NumElements(operand.shape) < 1 && layer.op != LayerOp::kConcat)
        Refuse(node, "has an input without numbers");
    }
    layer.name = NameOf(node);
    const ValueShape shape = CheckedSizes(node, NextShape(layer, shapes));
    const auto is_constant = [](const Operand& operand) { return operand.is_constant(); };
    if (std::all_of(operands.begin(), operands.end(), is_constant))
      return Compute(node, layer, operands, shape);
    bool drops = true;
    Layer without = layer;
    const bool repeats = layer.op == LayerOp::kBinary || layer.op == LayerOp::kMatMul;
    if (!repeats) {
      drops = std::all_of(operands.begin(), operands.end(), [&](const Operand& operand) {
        // The second input of a gather has axes of its own.
        return (layer.op == LayerOp::kGather && &operand == &operands.back()) ||
               HasImages(operand.shape);
      });
      drops = drops && DropImages(without);
    }
    if (drops) layer = std::move(without);
    layer.inputs.clear();
    for (const Operand& operand : operands) {
      const bool is_index = layer.op == LayerOp::kGather && layer.inputs.size() == 1;
      ValueShape wanted = drops && !is_index ? WithoutImages(operand.shape) : operand.shape;
      if (layer.op == LayerOp::kMatMul && wanted.size() < 2) wanted = operand.shape;
      layer.inputs.push_back(AsLayer(operand, wanted));
    }
    return Result(Add(node, std::move(layer)), shape);
  }

  Operand Compute(const OnnxNode& node, const Layer& layer, const std::vector<Operand>& operands,
                  const ValueShape& shape) {
    Spend(node, NumElements(shape));
    int64_t work = NumElements(shape);
    if (layer.op == LayerOp::kMatMul) work *= operands[0].shape.back();
    for (const Operand& operand : operands) work += NumElements(operand.shape);
    constant_work_ += work;
    if (constant_work_ > kMostConstantWork)
      Refuse(node, "computes too much that does not depend on the images");
    std::vector<Value> values;
    std::vector<const Value*> in;
    Constant made;
    made.is_integer = true;
    for (const Operand& operand : operands) {
      values.push_back({operand.shape, Numbers(operand)});
      made.is_integer = made.is_integer && operand.constant->is_integer;
      made.is_sized = made.is_sized || operand.constant->is_sized;
    }
    if (layer.op == LayerOp::kGather) made.is_integer = operands[0].constant->is_integer;
    for (const Value& value : values) in.push_back(&value);
    made.shape = shape;
    made.numbers = EvaluateLayer(layer, in, {}, shape).numbers;
    // Sizes are divided as whole numbers are.
    if (made.is_integer && layer.op == LayerOp::kBinary) {
      for (double& number : made.numbers) number = std::trunc(number);
    }
    return Make(node, std::move(made));
  }

  // The operand as a map [channels, height, width].
  int Map(const OnnxNode& node, const Operand& operand) {
    if (operand.is_constant() || operand.shape.size() != 4 || operand.shape[0] != 1) {
      Refuse(node,
             "has an input of shape {}, expected the maps [1, channels, height, width] of an image",
             ShapeText(operand.shape));
    }
    return operand.layer;
  }
  static ValueShape WithImages(const ValueShape& shape) {
    ValueShape result = {1};
    result.insert(result.end(), shape.begin(), shape.end());
    return result;
  }
  Operand OfMap(const OnnxNode& node, Layer layer, int map) {
    layer.inputs = {map};
    const int made = Add(node, std::move(layer));
    return {WithImages(ShapeOf(made)), made, nullptr, {}};
  }

  Window WindowOf(const OnnxNode& node, const ValueShape& map, std::array<int64_t, 2> kernel) {
    Window window;
    window.kernel = kernel;
    Sizes(node, "kernel_shape", 1, window.kernel);
    if (kernel != std::array<int64_t, 2>{1, 1}) window.kernel = kernel;
    Sizes(node, "strides", 1, window.stride);
    Sizes(node, "dilations", 1, window.dilation);
    Sizes(node, "pads", 0, window.padding);
    window.ceil = Integer(node, "ceil_mode", 0) != 0;
    const std::string pad = Text(node, "auto_pad", "NOTSET");
    if (pad == "VALID") window.padding = {0, 0, 0, 0};
    if (pad == "SAME_UPPER" || pad == "SAME_LOWER") {
      for (size_t axis = 0; axis < 2; ++axis) {
        const int64_t size = map[axis + 1], stride = window.stride[axis];
        const int64_t reach = window.dilation[axis] * (window.kernel[axis] - 1) + 1;
        const int64_t total =
            std::max<int64_t>(0, ((size + stride - 1) / stride - 1) * stride + reach - size);
        window.padding[axis] = pad == "SAME_UPPER" ? total / 2 : total - total / 2;
        window.padding[axis + 2] = total - window.padding[axis];
        graph_.one_size = graph_.one_size || stride > 1;
      }
    } else if (pad != "NOTSET" && pad != "VALID") {
      Refuse(node, "pads by itself ({})", Printable(pad));
    }
    return window;
  }

  Operand Convolution(const OnnxNode& node) {
    const Operand& weight = Known(node, 1);
    if (weight.shape.size() != 4 || NumElements(weight.shape) < 1)
      Refuse(node, "has weights of shape {}, expected four sizes", ShapeText(weight.shape));
    if (std::max(weight.shape[2], weight.shape[3]) > kMost) Refuse(node, "has a huge kernel");
    int x = Map(node, In(node, 0));
    Layer layer{.op = LayerOp::kConvolution};
    layer.tensors = {TensorOf(weight, weight.shape)};
    layer.channels = weight.shape[0];
    layer.groups = Integer(node, "group", 1);
    layer.window = WindowOf(node, ShapeOf(x), {weight.shape[2], weight.shape[3]});
    layer.window.kernel = {weight.shape[2], weight.shape[3]};
    if (const Layer& pad = LayerAt(x);
        pad.op == LayerOp::kPad && pad.alpha == 0 && pad.begins[0] == 0 && pad.ends[0] == 0 &&
        *std::min_element(pad.begins.begin(), pad.begins.end()) >= 0 &&
        *std::min_element(pad.ends.begin(), pad.ends.end()) >= 0) {
      for (size_t axis = 0; axis < 2; ++axis) {
        layer.window.padding[axis] += pad.begins[axis + 1];
        layer.window.padding[axis + 2] += pad.ends[axis + 1];
      }
      x = pad.inputs.front();
    }
    if (Has(node, 2)) layer.tensors.push_back(TensorOf(Known(node, 2), {layer.channels}));
    return OfMap(node, std::move(layer), x);
  }

  // As torch stores it: [out, in].
  std::string Transposed(const Operand& known, double scale) {
    const Constant& constant = *known.constant;
    std::string result =
        (constant.stored != nullptr ? constant.name : fmt::format("constant {}", made_.size())) +
        " transposed";
    if (scale != 1) result += fmt::format(" times {}", scale);
    if (made_.contains(result)) return result;
    const auto in = static_cast<size_t>(known.shape[0]);
    const auto out = static_cast<size_t>(known.shape[1]);
    const std::vector<double> numbers = Numbers(known);
    Tensor tensor{{known.shape[1], known.shape[0]}, std::vector<float>(numbers.size())};
    for (size_t i = 0; i < in; ++i) {
      for (size_t o = 0; o < out; ++o)
        tensor.values[o * in + i] = static_cast<float>(numbers[i * out + o] * scale);
    }
    made_.emplace(result, std::move(tensor));
    return result;
  }

  // A linear layer of each row of `x`.
  Operand Linear(const OnnxNode& node, const Operand& x, const std::string& weight, int64_t out,
                 const std::string& bias) {
    Layer layer{.op = LayerOp::kLinear};
    layer.tensors = {weight};
    if (!bias.empty()) layer.tensors.push_back(bias);
    layer.channels = out;
    ValueShape rows = WithoutImages(x.shape);
    if (rows.size() > 2) rows = {NumElements(rows) / rows.back(), rows.back()};
    layer.inputs = {AsLayer(x, rows)};
    ValueShape shape = x.shape;
    shape.back() = out;
    return Result(Add(node, std::move(layer)), shape);
  }

  Operand Gemm(const OnnxNode& node) {
    const double alpha = Real(node, "alpha", 1), beta = Real(node, "beta", 1);
    Operand a = In(node, 0), b = In(node, 1);
    if (a.shape.size() != 2 || b.shape.size() != 2 || NumElements(a.shape) < 1 ||
        NumElements(b.shape) < 1)
      Refuse(node, "has weights of shape {}, expected two sizes", ShapeText(b.shape));
    const bool turned = Integer(node, "transB", 0) != 0;
    Layer turn{.op = LayerOp::kTranspose};
    turn.axes = {1, 0};
    if (Integer(node, "transA", 0) != 0) a = Apply(node, turn, {a});
    std::string bias;
    const int64_t out = b.shape[turned ? 0 : 1];
    const bool has_bias = Has(node, 2) && beta != 0;
    const bool vector = has_bias && In(node, 2).is_constant() && beta == 1 &&
                        NumElements(In(node, 2).shape) == out && In(node, 2).shape.back() == out;
    if (!a.is_constant() && b.is_constant()) {
      if (vector) bias = TensorOf(In(node, 2), {out});
      std::string weight;
      if (turned && alpha == 1) {
        weight = TensorOf(b, b.shape);
      } else {
        weight = Transposed(turned ? Apply(node, turn, {b}) : b, alpha);
      }
      const Operand product = Linear(node, a, weight, out, bias);
      if (!has_bias || vector) return product;
      return OfTwo(node, Function::kAdd, product, Scaled(node, In(node, 2), beta));
    }
    if (turned) b = Apply(node, turn, {b});
    const Operand product = Scaled(node, Apply(node, Layer{.op = LayerOp::kMatMul}, {a, b}), alpha);
    return has_bias ? OfTwo(node, Function::kAdd, product, Scaled(node, In(node, 2), beta))
                    : product;
  }

  Operand Scaled(const OnnxNode& node, const Operand& x, double factor, double summand = 0) {
    if (factor == 1 && summand == 0) return x;
    Layer layer{.op = LayerOp::kFunction};
    layer.function = Function::kScale;
    layer.alpha = factor;
    layer.beta = summand;
    return Apply(node, std::move(layer), {x});
  }

  Operand Product(const OnnxNode& node, const Operand& a, const Operand& b) {
    if (a.is_constant() || !b.is_constant() || b.shape.size() != 2 || a.shape.empty() ||
        NumElements(b.shape) < 1)
      return Apply(node, Layer{.op = LayerOp::kMatMul}, {a, b});
    if (a.shape.back() != b.shape[0])
      Refuse(node, "multiplies {} by {}", ShapeText(a.shape), ShapeText(b.shape));
    return Linear(node, a, Transposed(b, 1), b.shape[1], "");
  }

  Operand Norm(const OnnxNode& node, LayerOp op, size_t tensors) {
    const Operand x = In(node, 0);
    if (x.is_constant() || !HasImages(x.shape))
      Refuse(node, "has an input of shape {}, expected an axis of images and one of channels",
             ShapeText(x.shape));
    Layer layer{.op = op, .inputs = {x.layer}};
    layer.epsilon = Real(node, "epsilon", 1e-5);
    const int64_t channels = x.shape[1];
    for (size_t i = 1; i <= tensors; ++i) {
      const Operand& known = Known(node, i);
      if (NumElements(known.shape) != channels)
        Refuse(node, "has an input {} of shape {} for {} channels", i, ShapeText(known.shape),
               channels);
      layer.tensors.push_back(TensorOf(known, {channels}));
    }
    // Of any number of axes behind the channels.
    if (x.shape.size() != 2 && x.shape.size() != 4)
      layer.inputs = {AsLayer(x, {channels, NumElements(x.shape) / channels, 1})};
    return Result(Add(node, std::move(layer)), x.shape);
  }

  Operand LayerNorm(const OnnxNode& node) {
    const Operand& x = In(node, 0);
    Layer layer{.op = LayerOp::kLayerNorm};
    layer.axis = AxisOf(node, Integer(node, "axis", -1), x.shape.size());
    layer.epsilon = Real(node, "epsilon", 1e-5);
    const ValueShape last(x.shape.begin() + layer.axis, x.shape.end());
    if (x.is_constant()) Refuse(node, "norms a constant");
    for (size_t i = 1; i <= 2 && Has(node, i); ++i) {
      if (NumElements(Known(node, i).shape) != NumElements(last))
        Refuse(node, "has an input {} of shape {}, expected {}", i, ShapeText(Known(node, i).shape),
               ShapeText(last));
      layer.tensors.push_back(TensorOf(Known(node, i), last));
    }
    return Apply(node, std::move(layer), {x});
  }

  Operand GroupNorm(const OnnxNode& node) {
    const Operand x = In(node, 0);
    const int map = Map(node, x);
    const int64_t channels = x.shape[1], groups = Integer(node, "num_groups", 1);
    if (groups < 1 || channels % groups != 0)
      Refuse(node, "splits {} channels into {}", channels, groups);
    Layer layer{.op = LayerOp::kInstanceNorm};
    layer.epsilon = Real(node, "epsilon", 1e-5);
    const Operand of_map{x.shape, map, nullptr, {}};
    layer.inputs = {AsLayer(of_map, {groups, NumElements(x.shape) / groups, 1})};
    Operand result = Result(Add(node, std::move(layer)), x.shape);
    for (size_t i = 1; i <= 2; ++i) {
      Operand known = Known(node, i);
      Constant spread = Like(known);
      if (known.shape == ValueShape{groups} && groups != channels) {
        const std::vector<double> each = std::move(spread.numbers);
        spread.numbers.clear();
        for (int64_t c = 0; c < channels; ++c)
          spread.numbers.push_back(each[static_cast<size_t>(c / (channels / groups))]);
      } else if (NumElements(known.shape) != channels) {
        Refuse(node, "has an input {} of shape {} for {} channels", i, ShapeText(known.shape),
               channels);
      }
      spread.shape = {channels, 1, 1};
      result = OfTwo(node, i == 1 ? Function::kMultiply : Function::kAdd, result,
                     Make(node, std::move(spread)));
    }
    return result;
  }

  // ---- number by number ----

  Operand OfOne(const OnnxNode& node) {
    Layer layer{.op = LayerOp::kFunction};
    layer.function = FunctionOfOne(node.op_type);
    switch (layer.function) {
      case Function::kHardSigmoid:
        layer.alpha = Real(node, "alpha", 0.2);
        layer.beta = Real(node, "beta", 0.5);
        break;
      case Function::kHardSwish:
        layer.alpha = 1.0 / 6;
        layer.beta = 0.5;
        break;
      case Function::kLeakyRelu:
        layer.alpha = Real(node, "alpha", 0.01);
        break;
      case Function::kElu:
        layer.alpha = Real(node, "alpha", 1);
        break;
      case Function::kGelu:
        if (Text(node, "approximate", "none") == "tanh") layer.function = Function::kGeluTanh;
        break;
      default:
        break;
    }
    return Apply(node, std::move(layer), {In(node, 0)});
  }

  Operand Clipped(const OnnxNode& node, const Operand& x, double least, double most) {
    if (least == 0 && most == kInfinity) return Apply(node, Layer{.op = LayerOp::kRelu}, {x});
    Layer layer{.op = LayerOp::kFunction};
    layer.function = Function::kClip;
    layer.alpha = least;
    layer.beta = most;
    return Apply(node, std::move(layer), {x});
  }
  Operand Clip(const OnnxNode& node) {
    double least = Real(node, "min", -kInfinity), most = Real(node, "max", kInfinity);
    if (Has(node, 1)) least = Number(node, 1);
    if (Has(node, 2)) most = Number(node, 2);
    return Clipped(node, In(node, 0), least, most);
  }

  Operand OfTwo(const OnnxNode& node) {
    const Function function = FunctionOfTwo(node.op_type);
    if (node.inputs.empty()) Refuse(node, "lacks input 0");
    if (node.inputs.size() == 1 &&
        (function == Function::kAdd || function == Function::kMaximum ||
         function == Function::kMinimum) &&
        node.op_type != "Add")
      return In(node, 0);
    if (function == Function::kAdd) {
      if (const std::optional<Operand> sum = Sum(node)) return *sum;
    }
    Operand result = OfTwo(node, function, In(node, 0), In(node, 1));
    for (size_t i = 2; i < node.inputs.size(); ++i)
      result = OfTwo(node, function, result, In(node, i));
    return result;
  }

  // The bias of the linear layer that has just been added, or a sum of equal shapes.
  std::optional<Operand> Sum(const OnnxNode& node) {
    std::vector<int> inputs;
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      const Operand& operand = In(node, i);
      if (operand.is_constant()) {
        if (node.inputs.size() != 2) return std::nullopt;
        return Biased(node, i);
      }
      inputs.push_back(operand.layer);
      if (operand.shape != In(node, 0).shape) return std::nullopt;
    }
    if (inputs.size() < 2) return std::nullopt;
    const ValueShape shape = In(node, 0).shape;
    return Operand{shape, Add(node, Layer{.op = LayerOp::kAdd, .inputs = inputs}), nullptr, {}};
  }
  std::optional<Operand> Biased(const OnnxNode& node, size_t index) {
    const Operand& bias = In(node, index);
    const Operand& product = In(node, 1 - index);
    if (product.is_constant() || uses_[node.inputs[1 - index]] != 1) return std::nullopt;
    int at = product.layer;
    const auto last = static_cast<int>(graph_.layers.size()) - 1;
    if (at != last) return std::nullopt;
    if (LayerAt(at).op == LayerOp::kReshape) at = LayerAt(at).inputs.front();
    Layer& linear = graph_.layers[static_cast<size_t>(at)];
    const bool fits = !bias.shape.empty() && bias.shape.back() == linear.channels &&
                      NumElements(bias.shape) == linear.channels &&
                      product.shape.back() == linear.channels &&
                      bias.shape.size() <= product.shape.size();
    if (at + 1 < last || linear.op != LayerOp::kLinear || linear.tensors.size() != 1 || !fits)
      return std::nullopt;
    linear.tensors.push_back(TensorOf(bias, {linear.channels}));
    return product;
  }

  Operand OfTwo(const OnnxNode& node, Function function, Operand a, Operand b) {
    Layer layer{.op = LayerOp::kBinary};
    layer.function = function;
    if (a.is_constant() && b.is_constant()) return Apply(node, std::move(layer), {a, b});
    if (IsOfConstantsOnly(function))
      Refuse(node, "is an operator that is supported on numbers of the file alone");
    if (const std::optional<Operand> simple = WithNumber(node, function, a, b)) return *simple;
    const ValueShape wide = BroadcastShape(node, layer, a, b);
    for (Operand* operand : {&a, &b}) {
      if (operand->narrow == nullptr) continue;
      const Operand kept = *operand;
      *operand = *kept.narrow;
      if (BroadcastShape(node, layer, a, b) != wide) *operand = kept;
    }
    if (!a.is_constant() && !b.is_constant() && HasImages(a.shape) && HasImages(b.shape)) {
      if (function == Function::kDivide) {
        if (const std::optional<Operand> normed = Normalized(node, a, b)) return *normed;
      }
      if (function == Function::kAdd && a.shape == b.shape)
        return {a.shape,
                Add(node, Layer{.op = LayerOp::kAdd, .inputs = {a.layer, b.layer}}),
                nullptr,
                {}};
      if (function == Function::kMultiply) {
        if (NumElements(a.shape) < NumElements(b.shape)) std::swap(a, b);
        if (a.shape == b.shape ||
            (a.shape.size() == 4 && b.shape == ValueShape{1, a.shape[1], 1, 1}))
          return {a.shape,
                  Add(node, Layer{.op = LayerOp::kMultiply, .inputs = {a.layer, b.layer}}),
                  nullptr,
                  {}};
      }
    }
    return Apply(node, std::move(layer), {a, b});
  }
  ValueShape BroadcastShape(const OnnxNode& node, Layer layer, const Operand& a, const Operand& b) {
    layer.inputs = {0, 1};
    layer.name = NameOf(node);
    return NextShape(layer, {a.shape, b.shape});
  }

  // With a single number of the file.
  std::optional<Operand> WithNumber(const OnnxNode& node, Function function, const Operand& a,
                                    const Operand& b) {
    const Operand& known = a.is_constant() ? a : b;
    const Operand& x = a.is_constant() ? b : a;
    if (!known.is_constant() || NumElements(known.shape) != 1 ||
        known.shape.size() > x.shape.size())
      return std::nullopt;
    const double number = Numbers(known).front();
    graph_.one_size = graph_.one_size || known.constant->is_sized;
    const bool first = &known == &a;
    switch (function) {
      case Function::kAdd:
        return Scaled(node, x, 1, number);
      case Function::kSubtract:
        return first ? Scaled(node, x, -1, number) : Scaled(node, x, 1, -number);
      case Function::kMultiply:
        return Scaled(node, x, number);
      case Function::kDivide:
        if (first || number == 0) return std::nullopt;
        return Scaled(node, x, 1 / number);
      case Function::kMinimum:
        return Clipped(node, x, -kInfinity, number);
      case Function::kMaximum:
        return Clipped(node, x, number, kInfinity);
      case Function::kPower:
        if (first) return std::nullopt;
        if (number == 1) return x;
        if (number == 0.5) {
          Layer root{.op = LayerOp::kFunction};
          root.function = Function::kSquareRoot;
          return Apply(node, std::move(root), {x});
        }
        if (number == 2) return OfTwo(node, Function::kMultiply, x, x);
        return std::nullopt;
      default:
        return std::nullopt;
    }
  }

  // x / max(L2 norm of x over channels, epsilon), which exporters take apart.
  std::optional<Operand> Normalized(const OnnxNode& node, const Operand& x,
                                    const Operand& divisor) {
    const Layer* norm = &LayerAt(divisor.layer);
    double epsilon = 0;
    if (norm->op == LayerOp::kFunction && norm->function == Function::kClip &&
        norm->beta == kInfinity) {
      epsilon = norm->alpha;
      norm = &LayerAt(norm->inputs.front());
    }
    if (norm->op == LayerOp::kReshape) norm = &LayerAt(norm->inputs.front());
    if (norm->op != LayerOp::kReduce || norm->function != Function::kNormL2 ||
        norm->axes != std::vector<int64_t>{0} || norm->inputs.front() != x.layer ||
        divisor.shape.size() != x.shape.size() || (x.shape.size() != 2 && x.shape.size() != 4))
      return std::nullopt;
    Layer layer{.op = LayerOp::kL2Normalize, .inputs = {x.layer}};
    layer.epsilon = epsilon;
    return Operand{x.shape, Add(node, std::move(layer)), nullptr, {}};
  }

  Operand LpNorm(const OnnxNode& node) {
    const Operand x = In(node, 0);
    const int64_t axis = AxisOf(node, Integer(node, "axis", -1), x.shape.size());
    const int64_t p = Integer(node, "p", 2);
    if (p != 1 && p != 2) Refuse(node, "has p {}", p);
    if (p == 2 && axis == 1 && HasImages(x.shape) && !x.is_constant() &&
        (x.shape.size() == 2 || x.shape.size() == 4)) {
      Layer layer{.op = LayerOp::kL2Normalize, .inputs = {x.layer}};
      layer.epsilon = 1e-12;
      return {x.shape, Add(node, std::move(layer)), nullptr, {}};
    }
    Layer norm{.op = LayerOp::kReduce};
    norm.function = p == 2 ? Function::kNormL2 : Function::kNormL1;
    norm.axes = {axis};
    return OfTwo(node, Function::kDivide, x,
                 Clipped(node, Apply(node, std::move(norm), {x}), 1e-12, kInfinity));
  }

  // ---- over several numbers ----

  Operand Softmax(const OnnxNode& node) {
    const Operand x = In(node, 0);
    const bool is_old = onnx_.opset < 13;  // before, all axes from `axis` on were one
    Layer layer{.op = LayerOp::kSoftmax};
    layer.axis = AxisOf(node, Integer(node, "axis", is_old ? 1 : -1), x.shape.size());
    Operand result;
    if (is_old && layer.axis + 1 < static_cast<int64_t>(x.shape.size())) {
      ValueShape joined(x.shape.begin(), x.shape.begin() + layer.axis);
      joined.push_back(NumElements(std::span(x.shape).subspan(static_cast<size_t>(layer.axis))));
      result = Reshaped(node, Apply(node, std::move(layer), {Reshaped(node, x, joined)}), x.shape);
    } else {
      result = Apply(node, std::move(layer), {x});
    }
    if (node.op_type == "Softmax") return result;
    Layer log{.op = LayerOp::kFunction};
    log.function = Function::kLogarithm;
    return Apply(node, std::move(log), {result});
  }

  Operand Reduce(const OnnxNode& node) {
    const Operand x = In(node, 0);
    const size_t rank = x.shape.size();
    std::optional<std::vector<int64_t>> axes = Axes(node, rank);
    if (!axes || axes->empty()) {
      if (Integer(node, "noop_with_empty_axes", 0) != 0) return x;
      axes.emplace();
      for (size_t i = 0; i < rank; ++i) axes->push_back(static_cast<int64_t>(i));
    }
    Operand result;
    if (node.op_type == "ReduceMean" && rank == 4 && *axes == std::vector<int64_t>{2, 3} &&
        !x.is_constant() && HasImages(x.shape)) {
      result = OfMap(node, Layer{.op = LayerOp::kGlobalAveragePool}, x.layer);
    } else {
      Layer layer{.op = LayerOp::kReduce};
      layer.function = ReductionOf(node.op_type);
      layer.axes = *axes;
      result = Apply(node, std::move(layer), {x});
    }
    if (Integer(node, "keepdims", 1) != 0) return result;
    ValueShape shape;
    for (size_t i = 0; i < rank; ++i) {
      if (!std::binary_search(axes->begin(), axes->end(), static_cast<int64_t>(i)))
        shape.push_back(x.shape[i]);
    }
    return Reshaped(node, result, shape);
  }

  Operand Pool(const OnnxNode& node) {
    const bool is_max = node.op_type == "MaxPool";
    const int x = Map(node, In(node, 0));
    Layer layer{.op = is_max ? LayerOp::kMaxPool : LayerOp::kAveragePool};
    layer.window = WindowOf(node, ShapeOf(x), {1, 1});
    layer.window.count_padding = is_max || layer.window.padding == std::array<int64_t, 4>{} ||
                                 Integer(node, "count_include_pad", 0) != 0;
    return OfMap(node, std::move(layer), x);
  }

  // ---- order and shape ----

  Operand Concat(const OnnxNode& node) {
    std::vector<Operand> operands;
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      // Empty lists of numbers are left out, as torch does.
      if (In(node, i).shape != ValueShape{0}) operands.push_back(In(node, i));
    }
    if (operands.empty()) Refuse(node, "joins nothing");
    Layer layer{.op = LayerOp::kConcat};
    layer.axis = AxisOf(node, Integer(node, "axis", 1), operands.front().shape.size());
    if (operands.size() == 1) return operands.front();
    return Apply(node, std::move(layer), operands);
  }

  Operand Part(const OnnxNode& node, const Operand& x, int64_t axis, int64_t begin, int64_t size,
               int64_t step = 1) {
    Layer layer{.op = LayerOp::kSlice};
    layer.begins.assign(x.shape.size(), 0);
    layer.steps.assign(x.shape.size(), 1);
    layer.sizes = x.shape;
    const auto at = static_cast<size_t>(axis);
    if (begin == 0 && size == x.shape[at] && step == 1) return x;
    layer.begins[at] = begin;
    layer.sizes[at] = size;
    layer.steps[at] = step;
    return Apply(node, std::move(layer), {x});
  }

  void Split(const OnnxNode& node) {
    const Operand x = In(node, 0);
    const int64_t axis = AxisOf(node, Integer(node, "axis", 0), x.shape.size());
    const int64_t size = x.shape[static_cast<size_t>(axis)];
    std::vector<int64_t> sizes;
    if (const OnnxAttribute* const at = Attribute(node, "split")) {
      sizes = at->integers;
    } else if (Has(node, 1)) {
      sizes = Integers(node, 1);
    } else {
      const auto count = static_cast<int64_t>(node.outputs.size());
      const int64_t each = (size + count - 1) / count;
      for (int64_t left = size; left > 0; left -= each) sizes.push_back(std::min(left, each));
    }
    const bool fits =
        std::all_of(sizes.begin(), sizes.end(), [&](int64_t s) { return s > 0 && s <= size; });
    if (!fits || sizes.size() != node.outputs.size() ||
        std::accumulate(sizes.begin(), sizes.end(), int64_t{0}) != size)
      Refuse(node, "splits {} numbers into {}", size, ShapeText(sizes));
    int64_t begin = 0;
    for (size_t i = 0; i < sizes.size(); ++i) {
      const Operand part = Part(node, x, axis, begin, sizes[i]);
      if (!node.outputs[i].empty()) values_[node.outputs[i]] = part;
      begin += sizes[i];
    }
  }

  Operand Slice(const OnnxNode& node) {
    const Operand x = In(node, 0);
    std::vector<int64_t> begins, ends, axes, steps;
    if (const OnnxAttribute* const at = Attribute(node, "starts")) {
      begins = at->integers;
      if (Attribute(node, "ends") != nullptr) ends = Attribute(node, "ends")->integers;
      if (Attribute(node, "axes") != nullptr) axes = Attribute(node, "axes")->integers;
    } else {
      begins = Integers(node, 1);
      ends = Integers(node, 2);
      if (Has(node, 3)) axes = Integers(node, 3);
      if (Has(node, 4)) steps = Integers(node, 4);
    }
    if (axes.empty()) {
      for (size_t i = 0; i < begins.size(); ++i) axes.push_back(static_cast<int64_t>(i));
    }
    if (steps.empty()) steps.assign(begins.size(), 1);
    if (ends.size() != begins.size() || axes.size() != begins.size() ||
        steps.size() != begins.size())
      Refuse(node, "has {} starts, {} ends, {} axes and {} steps", begins.size(), ends.size(),
             axes.size(), steps.size());
    Layer layer{.op = LayerOp::kSlice};
    layer.begins.assign(x.shape.size(), 0);
    layer.steps.assign(x.shape.size(), 1);
    layer.sizes = x.shape;
    for (size_t i = 0; i < begins.size(); ++i) {
      const auto at = static_cast<size_t>(AxisOf(node, axes[i], x.shape.size()));
      const int64_t size = x.shape[at];
      const int64_t step = std::clamp<int64_t>(steps[i], -kMostNumbers, kMostNumbers);
      if (step == 0) Refuse(node, "has a step of 0");
      const auto wrap = [&](int64_t place) { return place < 0 ? place + size : place; };
      int64_t begin = wrap(std::clamp<int64_t>(begins[i], -kMostNumbers, kMostNumbers));
      int64_t end = wrap(std::clamp<int64_t>(ends[i], -kMostNumbers, kMostNumbers));
      begin =
          step > 0 ? std::clamp<int64_t>(begin, 0, size) : std::clamp<int64_t>(begin, 0, size - 1);
      end = step > 0 ? std::clamp<int64_t>(end, 0, size) : std::clamp<int64_t>(end, -1, size - 1);
      layer.begins[at] = begin;
      layer.steps[at] = step;
      layer.sizes[at] = std::max<int64_t>(0, (end - begin + step + (step > 0 ? -1 : 1)) / step);
    }
    if (layer.sizes == x.shape && layer.begins == std::vector<int64_t>(x.shape.size(), 0)) return x;
    if (NumElements(layer.sizes) == 0 && x.is_constant()) {
      Constant made;
      made.shape = layer.sizes;
      made.is_integer = x.constant->is_integer;
      return Make(node, std::move(made));
    }
    return Apply(node, std::move(layer), {x});
  }

  Operand Gather(const OnnxNode& node) {
    const Operand x = In(node, 0), indices = In(node, 1);
    Layer layer{.op = LayerOp::kGather};
    layer.axis = AxisOf(node, Integer(node, "axis", 0), x.shape.size());
    if (!indices.is_constant()) return Apply(node, std::move(layer), {x, indices});
    const auto at = static_cast<size_t>(layer.axis);
    const int64_t size = x.shape[at];
    for (const double index : Numbers(indices)) {
      if (!(index >= static_cast<double>(-size) && index < static_cast<double>(size)))
        Refuse(node, "takes number {} of {}", index, size);
    }
    // One number is a part of the axis.
    if (NumElements(indices.shape) == 1 && !x.is_constant()) {
      int64_t index = ToInteger(Numbers(indices).front());
      if (index < 0) index += size;
      ValueShape shape(x.shape.begin(), x.shape.begin() + layer.axis);
      shape.insert(shape.end(), indices.shape.begin(), indices.shape.end());
      shape.insert(shape.end(), x.shape.begin() + layer.axis + 1, x.shape.end());
      return Reshaped(node, Part(node, x, layer.axis, index, 1), shape);
    }
    return Apply(node, std::move(layer), {x, indices});
  }

  Operand Transpose(const OnnxNode& node) {
    const Operand& x = In(node, 0);
    Layer layer{.op = LayerOp::kTranspose};
    if (const OnnxAttribute* const at = Attribute(node, "perm")) layer.axes = at->integers;
    if (layer.axes.empty()) {
      for (size_t i = x.shape.size(); i-- > 0;) layer.axes.push_back(static_cast<int64_t>(i));
    }
    std::vector<int64_t> as_it_is(x.shape.size());
    std::iota(as_it_is.begin(), as_it_is.end(), int64_t{0});
    if (layer.axes == as_it_is) return x;
    return Apply(node, std::move(layer), {x});
  }

  Operand Reshaped(const OnnxNode& node, const Operand& x, const ValueShape& shape) {
    CheckedSizes(node, shape);
    if (x.is_constant()) {
      if (NumElements(shape) != NumElements(x.shape))
        Refuse(node, "takes {} for {}", ShapeText(x.shape), ShapeText(shape));
      // Still the numbers of the file: not copied, but under their name.
      auto constant = std::make_shared<Constant>(*x.constant);
      constant->shape = shape;
      return {shape, -1, constant, {}};
    }
    if (NumElements(shape) != NumElements(x.shape))
      Refuse(node, "takes {} for {}", ShapeText(x.shape), ShapeText(shape));
    const ValueShape without = WithoutImages(shape);
    if (without.size() == 1 && ShapeOf(x.layer).size() == 3)
      return {shape, Add(node, Layer{.op = LayerOp::kFlatten, .inputs = {x.layer}}), nullptr, {}};
    return {shape, AsLayer(x, without), nullptr, {}};
  }

  // The shape that Flatten, Reshape, Squeeze or Unsqueeze give.
  ValueShape NewShape(const OnnxNode& node) {
    const ValueShape& old = In(node, 0).shape;
    ValueShape shape;
    if (node.op_type == "Flatten") {
      const auto rank = static_cast<int64_t>(old.size());
      int64_t axis = Integer(node, "axis", 1);
      axis += axis < 0 ? rank : 0;
      if (axis < 0 || axis > rank) Refuse(node, "has no axis {} among {}", axis, rank);
      const auto at = static_cast<size_t>(axis);
      return {NumElements(std::span(old).first(at)), NumElements(std::span(old).subspan(at))};
    }
    if (node.op_type == "Reshape") {
      std::vector<int64_t> sizes;
      if (const OnnxAttribute* const at = Attribute(node, "shape")) {
        sizes = at->integers;
      } else {
        sizes = Integers(node, 1);
      }
      const bool copies = Integer(node, "allowzero", 0) == 0;
      int64_t known = 1;
      std::optional<size_t> free;
      for (size_t i = 0; i < sizes.size(); ++i) {
        int64_t size = sizes[i];
        if (size == 0 && copies && i < old.size()) size = old[i];
        if (size == -1 && free) Refuse(node, "leaves two sizes free");
        if (size == -1) free = i;
        if (size < -1 || size > kMostNumbers)
          Refuse(node, "gives the absurd shape {}", ShapeText(sizes));
        if (size > 0) known = std::min(kMostNumbers + 1, known) * size;
        if (known > kMostNumbers || known < 0)
          Refuse(node, "gives the absurd shape {}", ShapeText(sizes));
        shape.push_back(size);
      }
      const int64_t count = NumElements(old);
      if (free && (count % known != 0))
        Refuse(node, "takes {} for {}", ShapeText(old), ShapeText(sizes));
      if (free) shape[*free] = count / known;
      return shape;
    }
    if (node.op_type == "Squeeze") {
      // A vector that was squeezed one axis at a time.
      const std::optional<std::vector<int64_t>> axes = Axes(node, old.size());
      for (size_t i = 0; i < old.size(); ++i) {
        const bool named =
            axes ? std::binary_search(axes->begin(), axes->end(), static_cast<int64_t>(i))
                 : old[i] == 1;
        if (named && old[i] != 1) Refuse(node, "squeezes an axis of {}", old[i]);
        if (!named) shape.push_back(old[i]);
      }
      return shape;
    }
    const OnnxAttribute* const at = Attribute(node, "axes");
    const size_t count = at != nullptr ? at->integers.size() : Integers(node, 1).size();
    constexpr size_t kMostAxes = 8;
    if (old.size() + count > kMostAxes) Refuse(node, "gives {} axes", old.size() + count);
    const std::vector<int64_t> axes = *Axes(node, old.size() + count);
    size_t from = 0;
    for (size_t i = 0; i < old.size() + count; ++i)
      shape.push_back(
          std::binary_search(axes.begin(), axes.end(), static_cast<int64_t>(i)) ? 1 : old[from++]);
    return shape;
  }

  // The operand repeated to `shape`.
  Operand Spread(const OnnxNode& node, const Operand& x, const ValueShape& shape) {
    if (x.shape == shape) return x;
    Constant ones;
    ones.shape = CheckedSizes(node, shape);
    ones.is_integer = x.is_constant() && x.constant->is_integer;
    Spend(node, NumElements(shape));
    ones.numbers.assign(static_cast<size_t>(NumElements(shape)), 1);
    Layer layer{.op = LayerOp::kBinary};
    layer.function = Function::kMultiply;
    Operand wide = Apply(node, std::move(layer), {x, Make(node, std::move(ones))});
    if (!x.is_constant()) wide.narrow = std::make_shared<const Operand>(x);
    return wide;
  }
  Operand Expand(const OnnxNode& node) {
    const Operand x = In(node, 0);
    const ValueShape sizes = CheckedSizes(node, Integers(node, 1));
    Layer layer{.op = LayerOp::kBinary};
    layer.inputs = {0, 1};
    layer.name = NameOf(node);
    return Spread(node, x, CheckedSizes(node, NextShape(layer, {x.shape, sizes})));
  }
  Operand Tile(const OnnxNode& node) {
    Operand x = In(node, 0);
    const std::vector<int64_t> repeats = Integers(node, 1);
    if (repeats.size() != x.shape.size())
      Refuse(node, "repeats {} axes of {}", repeats.size(), x.shape.size());
    constexpr int64_t kMostRepeats = 1 << 12;
    for (size_t i = 0; i < repeats.size(); ++i) {
      if (repeats[i] < 1 || repeats[i] > kMostRepeats)
        Refuse(node, "repeats an axis {} times", repeats[i]);
      if (repeats[i] == 1) continue;
      Layer layer{.op = LayerOp::kConcat};
      layer.axis = static_cast<int64_t>(i);
      x = Apply(node, std::move(layer), std::vector<Operand>(static_cast<size_t>(repeats[i]), x));
    }
    return x;
  }

  Operand Pad(const OnnxNode& node) {
    const Operand x = In(node, 0);
    const size_t rank = x.shape.size();
    if (const std::string mode = Text(node, "mode", "constant"); mode != "constant")
      Refuse(node, "pads by {}", Printable(mode));
    std::vector<int64_t> pads;
    const OnnxAttribute* const attribute = Attribute(node, "pads");
    pads = attribute != nullptr ? attribute->integers : Integers(node, 1);
    Layer layer{.op = LayerOp::kPad};
    layer.begins.assign(rank, 0);
    layer.ends.assign(rank, 0);
    layer.alpha = Real(node, "value", 0);
    if (Has(node, 2)) layer.alpha = Number(node, 2);
    std::vector<int64_t> axes;
    if (Has(node, 3)) {
      axes = Integers(node, 3);
    } else {
      for (size_t i = 0; i < rank; ++i) axes.push_back(static_cast<int64_t>(i));
    }
    if (pads.size() != 2 * axes.size())
      Refuse(node, "has {} pads for {} axes", pads.size(), axes.size());
    for (size_t i = 0; i < axes.size(); ++i) {
      const auto axis = static_cast<size_t>(AxisOf(node, axes[i], rank));
      const int64_t before = pads[i], behind = pads[i + axes.size()];
      if (std::min(before, behind) < -kMost || std::max(before, behind) > kMost ||
          x.shape[axis] + before + behind < 1)
        Refuse(node, "has the pads {}", ShapeText(pads));
      layer.begins[axis] = before;
      layer.ends[axis] = behind;
    }
    const std::vector<int64_t> none(rank, 0);
    if (layer.begins == none && layer.ends == none) return x;
    return Apply(node, std::move(layer), {x});
  }

  Operand Resize(const OnnxNode& node) {
    const Operand x = In(node, 0);
    const int map = Map(node, x);
    const bool is_upsample = node.op_type == "Upsample" || onnx_.opset < 11;
    Layer layer{.op = LayerOp::kResize};
    const std::string mode = Text(node, "mode", "nearest");
    if (mode != "nearest" && mode != "linear" && mode != "bilinear")
      Refuse(node, "resizes by {}", Printable(mode));
    layer.sampling.linear = mode != "nearest";
    const std::string place =
        Text(node, "coordinate_transformation_mode", is_upsample ? "asymmetric" : "half_pixel");
    if (place == "half_pixel") {
      layer.sampling.coordinates = Coordinates::kHalfPixel;
    } else if (place == "pytorch_half_pixel") {
      layer.sampling.coordinates = Coordinates::kPytorchHalfPixel;
    } else if (place == "asymmetric") {
      layer.sampling.coordinates = Coordinates::kAsymmetric;
    } else if (place == "align_corners") {
      layer.sampling.coordinates = Coordinates::kAlignCorners;
    } else {
      Refuse(node, "resizes by coordinates '{}'", Printable(place));
    }
    const std::string rounding =
        Text(node, "nearest_mode", is_upsample ? "floor" : "round_prefer_floor");
    if (rounding == "round_prefer_floor") {
      layer.sampling.rounding = Rounding::kPreferFloor;
    } else if (rounding == "round_prefer_ceil") {
      layer.sampling.rounding = Rounding::kPreferCeil;
    } else if (rounding == "floor") {
      layer.sampling.rounding = Rounding::kFloor;
    } else if (rounding == "ceil") {
      layer.sampling.rounding = Rounding::kCeil;
    } else {
      Refuse(node, "rounds by '{}'", Printable(rounding));
    }
    if (Integer(node, "antialias", 0) != 0) Refuse(node, "resizes with antialiasing");
    if (Attribute(node, "axes") != nullptr) Refuse(node, "resizes some axes alone");
    std::vector<double> scales;
    const size_t scales_at = is_upsample ? 1 : 2;
    if (const OnnxAttribute* const at = Attribute(node, "scales")) {
      scales.assign(at->reals.begin(), at->reals.end());
    } else if (Has(node, scales_at)) {
      scales = Numbers(Known(node, scales_at));
    }
    if (!scales.empty()) {
      const bool fits = scales.size() == 4 && scales[0] == 1 && scales[1] == 1 &&
                        scales[2] > 1e-4 && scales[3] > 1e-4 &&
                        std::max(scales[2], scales[3]) <= 1024;
      if (!fits)
        Refuse(node, "resizes by {} factors, expected 1, 1 and two of the map", scales.size());
      layer.sampling.scale = {scales[2], scales[3]};
    } else {
      const std::vector<int64_t> sizes = Integers(node, 3);
      if (sizes.size() != 4 || sizes[0] != 1 || sizes[1] != x.shape[1] ||
          std::min(sizes[2], sizes[3]) < 1 || std::max(sizes[2], sizes[3]) > kMost)
        Refuse(node, "resizes to {}", ShapeText(sizes));
      layer.sizes = {sizes[2], sizes[3]};
    }
    return OfMap(node, std::move(layer), map);
  }

  Operand MoveDepth(const OnnxNode& node) {
    const Operand x = In(node, 0);
    Map(node, x);
    const int64_t block = Integer(node, "blocksize", 0);
    const int64_t c = x.shape[1], h = x.shape[2], w = x.shape[3];
    Layer turn{.op = LayerOp::kTranspose};
    if (node.op_type == "DepthToSpace") {
      if (block < 1 || block > kMost || c % (block * block) != 0)
        Refuse(node, "has blocks of {} of {} channels", block, c);
      const int64_t rest = c / (block * block);
      const bool rows_first = Text(node, "mode", "DCR") == "CRD";
      turn.axes = rows_first ? std::vector<int64_t>{0, 1, 4, 2, 5, 3}
                             : std::vector<int64_t>{0, 3, 4, 1, 5, 2};
      const ValueShape parts = rows_first ? ValueShape{1, rest, block, block, h, w}
                                          : ValueShape{1, block, block, rest, h, w};
      return Reshaped(node, Apply(node, std::move(turn), {Reshaped(node, x, parts)}),
                      {1, rest, h * block, w * block});
    }
    if (block < 1 || block > kMost || h % block != 0 || w % block != 0)
      Refuse(node, "has blocks of {} of {} x {}", block, h, w);
    turn.axes = {0, 3, 5, 1, 2, 4};
    const ValueShape parts = {1, c, h / block, block, w / block, block};
    return Reshaped(node, Apply(node, std::move(turn), {Reshaped(node, x, parts)}),
                    {1, c * block * block, h / block, w / block});
  }

  const Checkpoint& checkpoint_;
  const OnnxGraph& onnx_;
  const NetworkReading& reading_;
  Graph graph_;
  std::vector<ValueShape> shapes_;  // of graph_'s layers
  std::map<std::string, Operand> values_;
  std::map<std::string, int> uses_;                 // how often nodes and outputs read a name
  std::map<std::string, std::string> unsupported_;  // values that nothing can be made of, why
  std::vector<std::string> detectors_ends_;         // reasons that are operators of detectors
  std::map<std::string, Tensor> made_;
  std::vector<std::string> notes_;
  int64_t constant_numbers_ = 0;
  int64_t constant_work_ = 0;
};

}  // namespace

Network ReadOnnxNetwork(const Checkpoint& checkpoint, const NetworkReading& reading) {
  Network network = Reader(checkpoint, reading).Read();
  if (network.graph.outputs.size() == 1 && network.graph.SideInputs().empty()) {
    NameByStructure(network);
    return network;
  }
  Network first = OfEmbeddings(network);
  if (first.graph.SideInputs().empty()) {
    NameByStructure(first);
    if (first.name != kUnnamedNetwork && reading.outputs.empty()) return first;
  }
  network.notes = std::move(first.notes);
  return network;
}

}  // namespace reidbench
