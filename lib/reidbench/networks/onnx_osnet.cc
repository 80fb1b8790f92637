#include "reidbench/networks/onnx_osnet.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string_view>

#include "reidbench/core/error.h"
#include "reidbench/core/text.h"
#include "reidbench/networks/osnet.h"
#include "reidbench/weights/byte_reader.h"
#include "reidbench/weights/onnx_graph.h"

namespace reidbench {
namespace {

constexpr float kEpsilon = 1e-5F;  // of every norm in OSNet

// A convolution and the norm behind it, if the exporter left one.
struct ConvNorm {
  const OnnxNode* conv = nullptr;
  const OnnxNode* norm = nullptr;  // BatchNormalization, InstanceNormalization or null
  std::string output;

  bool HasInstanceNorm() const {
    return norm != nullptr && norm->op_type == "InstanceNormalization";
  }
};

struct ConvShape {
  int64_t kernel = 1;
  int64_t stride = 1;
  bool depthwise = false;
};

class OnnxWalker {
 public:
  OnnxWalker(const Checkpoint& checkpoint, std::vector<std::string>& notes)
      : checkpoint_(checkpoint),
        graph_(*checkpoint.graph),
        notes_(notes),
        budget_(StoredBytes(checkpoint), checkpoint.path) {
    for (const OnnxNode& node : graph_.nodes) {
      if (IsTransparent(node)) {
        aliases_.emplace(node.outputs[0], Canonical(node.inputs[0]));
      } else if (node.op_type != "Shape") {  // only computes the size for a reshape
        for (const std::string& input : node.inputs) {
          if (!input.empty()) consumers_[Canonical(input)].push_back(&node);
        }
      }
      if (node.op_type == "InstanceNormalization") ++num_instance_norms_;
    }
    // a node that takes one value twice is one consumer
    for (auto& [value, nodes] : consumers_)
      nodes.erase(std::unique(nodes.begin(), nodes.end()), nodes.end());
  }

  std::map<std::string, Tensor> Walk() {
    switch (num_instance_norms_) {
      case 0:
        kind_ = OsnetKind::kPlain;
        break;
      case 3:
        kind_ = OsnetKind::kIbn;
        break;
      case 5:
        kind_ = OsnetKind::kAin;
        break;
      default:
        Fail("the graph has {} instance norms; OSNet has 0, osnet_ibn 3, osnet_ain 5",
             num_instance_norms_);
    }
    if (graph_.inputs.size() != 1)
      Fail("the graph has {} inputs, OSNet has 1", graph_.inputs.size());

    const OnnxNode& first = Consumer(graph_.inputs[0].name, "the input");
    if (first.op_type != "Conv") {
      Fail(
          "the input goes to {}, not to a convolution; if the preprocessing is inside the graph, "
          "export the network alone",
          Describe(first));
    }
    ConvNorm conv1 = TakeConv(first, {7, 2, false});
    EmitConvNorm("conv1", conv1, kind_ != OsnetKind::kPlain);
    std::string x = Relu(conv1.output);
    x = Pool(x, "MaxPool", 3, 2);
    x = Stage(x, 2);
    x = Transition(x, kind_ == OsnetKind::kAin ? "pool2.0" : "conv2.2.0");
    x = Stage(x, 3);
    x = Transition(x, kind_ == OsnetKind::kAin ? "pool3.0" : "conv3.2.0");
    x = Stage(x, 4);
    const ConvNorm conv5 = TakeConv(Expect(x, {"Conv"}), {});
    EmitConvNorm("conv5", conv5, false);
    x = Relu(conv5.output);
    Head(x);
    return std::move(out_);
  }

 private:
  template <typename... Args>
  [[noreturn]] void Fail(fmt::format_string<Args...> format, Args&&... args) const {
    ThrowModel(
        "{}: the ONNX graph is no OSNet that can be taken apart: {}; `--engine opencv` runs an "
        "ONNX network as it is",
        checkpoint_.path, fmt::format(format, std::forward<Args>(args)...));
  }

  static uint64_t StoredBytes(const Checkpoint& checkpoint) {
    uint64_t bytes = 0;
    for (const auto& [name, tensor] : checkpoint.tensors)
      bytes += tensor.values.size() * sizeof(float);
    return bytes;
  }

  static std::string Describe(const OnnxNode& node) {
    const std::string unnamed = node.outputs.empty() ? "?" : node.outputs.front();
    return fmt::format("{} '{}'", Printable(node.op_type),
                       Printable(node.name.empty() ? unnamed : node.name));
  }

  // Nodes that hand on what they get in evaluation. Exporters also share equal weights through
  // Identity.
  static bool IsTransparent(const OnnxNode& node) {
    return (node.op_type == "Identity" || node.op_type == "Dropout" || node.op_type == "Cast") &&
           !node.inputs.empty() && !node.outputs.empty();
  }
  // Nodes stand in topological order, so one step suffices.
  const std::string& Canonical(const std::string& value) const {
    const auto at = aliases_.find(value);
    return at == aliases_.end() ? value : at->second;
  }
  const std::string& Input(const OnnxNode& node, size_t index) const {
    static const std::string kAbsent;
    return index < node.inputs.size() ? Canonical(node.inputs[index]) : kAbsent;
  }
  const std::string& Output(const OnnxNode& node) const {
    if (node.outputs.empty()) Fail("{} has no output", Describe(node));
    return node.outputs.front();
  }
  const std::vector<const OnnxNode*>& Consumers(const std::string& value) const {
    static const std::vector<const OnnxNode*> kNobody;
    const auto at = consumers_.find(value);
    return at == consumers_.end() ? kNobody : at->second;
  }
  const OnnxNode& Consumer(const std::string& value, std::string_view what) const {
    const auto& nodes = Consumers(value);
    if (nodes.size() != 1)
      Fail("{} ('{}') goes to {} nodes, expected 1", what, Printable(value), nodes.size());
    return *nodes.front();
  }
  const OnnxNode& Expect(const std::string& value,
                         std::initializer_list<std::string_view> op_types) const {
    const OnnxNode& node = Consumer(value, "a value");
    if (std::find(op_types.begin(), op_types.end(), node.op_type) == op_types.end()) {
      Fail("after '{}' stands {}, expected {}", Printable(value), Describe(node),
           fmt::join(op_types, " or "));
    }
    return node;
  }
  std::string Relu(const std::string& value) const { return Output(Expect(value, {"Relu"})); }

  // The stored tensor that is input `index` of the node.
  const Tensor& Weight(const OnnxNode& node, size_t index) const {
    const auto at = checkpoint_.tensors.find(Input(node, index));
    if (at == checkpoint_.tensors.end()) {
      Fail("input {} of {} is not stored in the file but computed", index, Describe(node));
    }
    return at->second;
  }
  const Tensor* OptionalWeight(const OnnxNode& node, size_t index) const {
    return Input(node, index).empty() ? nullptr : &Weight(node, index);
  }

  void RequireInts(const OnnxNode& node, std::string_view attribute, int64_t expected,
                   int64_t absent) const {
    const auto at = node.attributes.find(attribute);
    const bool fits = at == node.attributes.end()
                          ? expected == absent
                          : std::all_of(at->second.integers.begin(), at->second.integers.end(),
                                        [&](int64_t value) { return value == expected; });
    if (!fits) Fail("{} has other {} than {}", Describe(node), attribute, expected);
  }

  ConvNorm TakeConv(const OnnxNode& conv, const ConvShape& shape) const {
    if (conv.op_type != "Conv") Fail("expected a Conv, found {}", Describe(conv));
    const Tensor& weight = Weight(conv, 1);
    if (weight.values.empty() || weight.shape.size() != 4 || weight.shape[2] != shape.kernel ||
        weight.shape[3] != shape.kernel) {
      Fail("{} has weights of shape {}, expected a {}x{} kernel", Describe(conv),
           ShapeText(weight.shape), shape.kernel, shape.kernel);
    }
    RequireInts(conv, "strides", shape.stride, 1);
    RequireInts(conv, "dilations", 1, 1);
    RequireInts(conv, "pads", shape.kernel / 2, 0);
    const auto group = conv.attributes.find("group");
    const int64_t groups = group == conv.attributes.end() ? 1 : group->second.integer;
    if (groups != (shape.depthwise ? weight.shape[0] : 1))
      Fail("{} has {} groups", Describe(conv), groups);
    const auto auto_pad = conv.attributes.find("auto_pad");
    if (auto_pad != conv.attributes.end() && auto_pad->second.text != "NOTSET")
      Fail("{} pads by itself", Describe(conv));

    ConvNorm result{&conv, nullptr, Output(conv)};
    const auto& next = Consumers(result.output);
    if (next.size() == 1 && IsNorm(*next.front())) {
      result.norm = next.front();
      result.output = Output(*result.norm);
    }
    return result;
  }
  static bool IsNorm(const OnnxNode& node) {
    return node.op_type == "BatchNormalization" || node.op_type == "InstanceNormalization";
  }

  static double EpsilonOf(const OnnxNode& norm) {
    const auto at = norm.attributes.find("epsilon");
    return at == norm.attributes.end() ? static_cast<double>(kEpsilon)
                                       : static_cast<double>(at->second.real);
  }

  void Emit(std::string name, Tensor tensor) {
    // One stored tensor may serve many nodes.
    budget_.Spend(tensor.values.size() * sizeof(float), name);
    out_.insert_or_assign(std::move(name), std::move(tensor));
  }

  void EmitInstanceNorm(const std::string& prefix, const OnnxNode& norm) {
    if (std::abs(EpsilonOf(norm) - static_cast<double>(kEpsilon)) > 1e-9) {
      Fail("{} has epsilon {}, expected 1e-5", Describe(norm), EpsilonOf(norm));
    }
    Emit(prefix + ".weight", Weight(norm, 1));
    Emit(prefix + ".bias", Weight(norm, 2));
  }

  // `bias` is that of the layer before the norm, or null.
  void EmitBatchNorm(const std::string& prefix, const OnnxNode* norm, const Tensor* bias,
                     int64_t channels) {
    const auto count = static_cast<size_t>(channels);
    if (bias != nullptr && bias->values.size() != count) {
      Fail("the bias before '{}' has {} values, expected {}", prefix, bias->values.size(), count);
    }
    if (norm == nullptr) {
      const auto filled = [&](float value) {
        return Tensor{{channels}, std::vector<float>(count, value)};
      };
      ++num_folded_;
      Emit(prefix + ".weight", filled(1));
      Emit(prefix + ".bias", bias != nullptr ? Tensor{{channels}, bias->values} : filled(0));
      Emit(prefix + ".running_mean", filled(0));
      Emit(prefix + ".running_var", filled(1 - kEpsilon));
      return;
    }
    Tensor mean = Weight(*norm, 3);
    Tensor variance = Weight(*norm, 4);
    if (mean.values.size() != count || variance.values.size() != count) {
      Fail("{} has {} means and {} variances, expected {}", Describe(*norm), mean.values.size(),
           variance.values.size(), count);
    }
    if (bias != nullptr) {
      for (size_t i = 0; i < count; ++i) mean.values[i] -= bias->values[i];
    }
    if (const double epsilon = EpsilonOf(*norm); static_cast<float>(epsilon) != kEpsilon) {
      for (float& value : variance.values) {
        value = static_cast<float>(static_cast<double>(value) + epsilon -
                                   static_cast<double>(kEpsilon));
      }
    }
    Emit(prefix + ".weight", Weight(*norm, 1));
    Emit(prefix + ".bias", Weight(*norm, 2));
    Emit(prefix + ".running_mean", std::move(mean));
    Emit(prefix + ".running_var", std::move(variance));
  }

  void EmitConvNorm(const std::string& prefix, const ConvNorm& item, bool instance_norm) {
    const Tensor& weight = Weight(*item.conv, 1);
    Emit(prefix + ".conv.weight", weight);
    if (instance_norm != item.HasInstanceNorm()) {
      Fail("{} is {}followed by an instance norm", Describe(*item.conv),
           instance_norm ? "not " : "");
    }
    if (instance_norm) {
      // A bias before an instance norm is removed by it.
      EmitInstanceNorm(prefix + ".bn", *item.norm);
    } else {
      EmitBatchNorm(prefix + ".bn", item.norm, OptionalWeight(*item.conv, 2), weight.shape[0]);
    }
  }

  std::string Pool(const std::string& value, std::string_view op_type, int64_t kernel,
                   int64_t stride) const {
    const OnnxNode& pool = Expect(value, {op_type});
    RequireInts(pool, "kernel_shape", kernel, 0);
    RequireInts(pool, "strides", stride, 1);
    RequireInts(pool, "pads", kernel == 3 ? 1 : 0, 0);
    return Output(pool);
  }

  // Torch up to 1.13 exports an average pool's padding of 0 as a node of its own.
  std::string SkipZeroPad(const std::string& value) {
    const OnnxNode& pad = Consumer(value, "a transition");
    if (pad.op_type != "Pad") return value;
    const auto sizes = checkpoint_.tensors.find(Input(pad, 1));
    if (sizes != checkpoint_.tensors.end()) {
      const std::vector<float>& stored = sizes->second.values;
      if (std::any_of(stored.begin(), stored.end(), [](float size) { return size != 0; })) {
        Fail("{} pads by more than 0", Describe(pad));
      }
    } else if (pad.inputs.size() > 1) {
      notes_.push_back(
          fmt::format("{} computes its padding; taken as 0, as in OSNet", Describe(pad)));
    } else {
      RequireInts(pad, "pads", 0, 0);
    }
    return Output(pad);
  }

  std::string Transition(const std::string& value, const std::string& prefix) {
    const ConvNorm conv = TakeConv(Expect(value, {"Conv"}), {});
    EmitConvNorm(prefix, conv, false);
    return Pool(SkipZeroPad(Relu(conv.output)), "AveragePool", 2, 2);
  }

  std::string Stage(const std::string& value, int stage) {
    return Block(Block(value, stage, 0), stage, 1);
  }

  std::string Block(const std::string& input, int stage, int index) {
    const std::string prefix = fmt::format("conv{}.{}", stage, index);
    const bool inside = OsnetInstanceNormInside(kind_, stage, index);
    const bool after = OsnetInstanceNormAfter(kind_, stage);

    std::optional<ConvNorm> conv1;
    std::optional<ConvNorm> downsample;
    for (const OnnxNode* node : Consumers(input)) {
      if (node->op_type == "Add") continue;  // the shortcut
      const ConvNorm conv = TakeConv(*node, {});
      std::optional<ConvNorm>& slot =
          Consumer(conv.output, "a convolution's output").op_type == "Relu" ? conv1 : downsample;
      if (slot) Fail("block {} starts with more than two convolutions", prefix);
      slot = conv;
    }
    if (!conv1)
      Fail("block {} does not start with a convolution and ReLU after '{}'", prefix,
           Printable(input));
    EmitConvNorm(prefix + ".conv1", *conv1, false);

    const std::string reduced = Relu(conv1->output);
    const auto& starts = Consumers(reduced);
    if (starts.size() != 4) Fail("block {} has {} streams, expected 4", prefix, starts.size());
    std::array<bool, 4> seen{};
    std::string sum;
    const OnnxNode* gate_fc1 = nullptr;
    const OnnxNode* gate_fc2 = nullptr;
    for (const OnnxNode* start : starts) {
      const std::string end = Stream(*start, prefix, seen);
      const std::string gated = Gate(end, prefix, gate_fc1, gate_fc2);
      const std::string total = Sum(gated);
      if (!sum.empty() && total != sum)
        Fail("the streams of block {} do not end in one sum", prefix);
      sum = total;
    }

    const ConvNorm conv3 = TakeConv(Expect(sum, {"Conv"}), {});
    if (inside) {
      if (!conv3.HasInstanceNorm())
        Fail("block {} has no instance norm after its last convolution", prefix);
      Emit(prefix + ".conv3.conv.weight", Weight(*conv3.conv, 1));
      EmitInstanceNorm(prefix + ".IN", *conv3.norm);
    } else {
      EmitConvNorm(prefix + ".conv3", conv3, false);
    }
    const OnnxNode& add = Expect(conv3.output, {"Add"});
    const std::string& shortcut = Input(add, Input(add, 0) == conv3.output ? 1 : 0);
    if (shortcut != (downsample ? downsample->output : input)) {
      Fail("{} does not add the shortcut of block {}", Describe(add), prefix);
    }
    if (downsample) EmitConvNorm(prefix + ".downsample", *downsample, false);
    if (!after) return Relu(Output(add));
    const OnnxNode& norm = Expect(Output(add), {"InstanceNormalization"});
    EmitInstanceNorm(prefix + ".IN", norm);
    return Relu(Output(norm));
  }

  // One to four light convolutions; their number says which stream it is. Returns its output.
  std::string Stream(const OnnxNode& start, const std::string& prefix, std::array<bool, 4>& seen) {
    struct Light {
      const OnnxNode* pointwise;
      ConvNorm depthwise;
    };
    std::vector<Light> lights;
    const OnnxNode* next = &start;
    std::string end;
    while (next != nullptr) {
      if (lights.size() == 4)
        Fail("a stream of block {} has more than 4 light convolutions", prefix);
      const ConvNorm pointwise = TakeConv(*next, {});
      if (pointwise.norm != nullptr) Fail("{} is followed by a norm", Describe(*next));
      if (const Tensor* bias = OptionalWeight(*next, 2);
          bias != nullptr &&
          std::any_of(bias->values.begin(), bias->values.end(), [](float b) { return b != 0; })) {
        Fail("{} has a bias", Describe(*next));
      }
      const ConvNorm depthwise = TakeConv(Expect(pointwise.output, {"Conv"}), {3, 1, true});
      lights.push_back({next, depthwise});
      end = Relu(depthwise.output);
      next = nullptr;
      if (const auto& after = Consumers(end); after.size() == 1 && after.front()->op_type == "Conv")
        next = after.front();
    }
    const size_t stream = lights.size() - 1;
    if (seen[stream])
      Fail("two streams of block {} have {} light convolutions", prefix, lights.size());
    seen[stream] = true;
    for (size_t i = 0; i < lights.size(); ++i) {
      const std::string light =
          OsnetLightConvPrefix(kind_, prefix, static_cast<int>(stream), static_cast<int>(i));
      Emit(light + ".conv1.weight", Weight(*lights[i].pointwise, 1));
      const Tensor& weight = Weight(*lights[i].depthwise.conv, 1);
      Emit(light + ".conv2.weight", weight);
      if (lights[i].depthwise.HasInstanceNorm())
        Fail("{} is an instance norm", Describe(*lights[i].depthwise.norm));
      EmitBatchNorm(light + ".bn", lights[i].depthwise.norm,
                    OptionalWeight(*lights[i].depthwise.conv, 2), weight.shape[0]);
    }
    return end;
  }

  static bool IsMean(const OnnxNode& node) {
    return node.op_type == "GlobalAveragePool" || node.op_type == "ReduceMean";
  }

  bool SameWeights(const OnnxNode& a, const OnnxNode& b) const {
    for (const size_t index : {1u, 2u}) {
      if (Input(a, index) == Input(b, index)) continue;
      const Tensor& left = Weight(a, index);
      const Tensor& right = Weight(b, index);
      if (left.shape != right.shape || left.values != right.values) return false;
    }
    return true;
  }

  // The gate that all streams of a block share. Returns the gated value.
  std::string Gate(const std::string& value, const std::string& prefix, const OnnxNode*& fc1,
                   const OnnxNode*& fc2) {
    const OnnxNode* mean = nullptr;
    const OnnxNode* product = nullptr;
    for (const OnnxNode* node : Consumers(value)) {
      if (IsMean(*node)) mean = node;
      if (node->op_type == "Mul") product = node;
    }
    if (mean == nullptr || product == nullptr)
      Fail("'{}' in block {} does not go through a gate", Printable(value), prefix);
    const ConvNorm first = TakeConv(Expect(Output(*mean), {"Conv"}), {});
    const ConvNorm second = TakeConv(Expect(Relu(first.output), {"Conv"}), {});
    const std::string& factor = Output(Expect(second.output, {"Sigmoid"}));
    if (&Consumer(factor, "a gate") != product)
      Fail("the gate of block {} does not multiply its own input", prefix);
    if (fc1 == nullptr) {
      fc1 = first.conv;
      fc2 = second.conv;
      for (const auto& [node, name] : {std::pair(fc1, "fc1"), std::pair(fc2, "fc2")}) {
        Emit(fmt::format("{}.gate.{}.weight", prefix, name), Weight(*node, 1));
        Emit(fmt::format("{}.gate.{}.bias", prefix, name), Weight(*node, 2));
      }
    } else if (!SameWeights(*fc1, *first.conv) || !SameWeights(*fc2, *second.conv)) {
      Fail("the streams of block {} have different gates; OSNet shares one", prefix);
    }
    return Output(*product);
  }

  std::string Sum(std::string value) const {
    for (int i = 0; i < 4; ++i) {
      const OnnxNode& node = Expect(value, {"Add", "Sum", "Conv"});
      if (node.op_type == "Conv") return value;
      value = Output(node);
    }
    Fail("the sum of streams at '{}' is longer than 4", Printable(value));
  }

  void Head(const std::string& features) {
    const OnnxNode& mean = Consumer(features, "the last feature map");
    if (!IsMean(mean))
      Fail("after '{}' stands {}, expected a mean over space", Printable(features), Describe(mean));
    std::string x = Output(mean);
    const OnnxNode* node = &Consumer(x, "the mean");
    for (int i = 0; i < 4 && (node->op_type == "Flatten" || node->op_type == "Reshape" ||
                              node->op_type == "Squeeze");
         ++i) {
      x = Output(*node);
      node = &Consumer(x, "the mean");
    }
    Tensor weight;
    Tensor bias;
    x = Linear(*node, weight, bias);
    const int64_t dimension = weight.shape[0];
    const OnnxNode* norm = nullptr;
    if (const auto& next = Consumers(x);
        next.size() == 1 && next.front()->op_type == "BatchNormalization") {
      norm = next.front();
      x = Output(*norm);
    }
    EmitBatchNorm("fc.1", norm, nullptr, dimension);
    Emit("fc.0.weight", std::move(weight));
    Emit("fc.0.bias", std::move(bias));
    x = Relu(x);

    std::vector<std::string> rest;
    for (const OnnxNode* after : Consumers(x)) {
      if (after->op_type == "Gemm" || after->op_type == "MatMul") {
        Tensor classifier_weight;
        Tensor classifier_bias;
        Linear(*after, classifier_weight, classifier_bias);
        Emit("classifier.weight", std::move(classifier_weight));
        Emit("classifier.bias", std::move(classifier_bias));
      } else {
        rest.push_back(Describe(*after));
      }
    }
    if (!rest.empty()) {
      notes_.push_back(
          fmt::format("the graph goes on after OSNet's features with {}; that is left out",
                      JoinText(rest, ", ")));
    }
    if (num_folded_ > 0) {
      notes_.push_back(fmt::format(
          "{} batch norms were folded by the exporter; they are identities with the folded bias",
          num_folded_));
    }
  }

  // A fully connected layer as Gemm, or as MatMul and Add. Returns its output; `weight` becomes
  // [out, in].
  std::string Linear(const OnnxNode& node, Tensor& weight, Tensor& bias) const {
    bool transposed = false;
    std::string output = Output(node);
    if (node.op_type == "Gemm") {
      const auto flag = [&](std::string_view name) {
        const auto at = node.attributes.find(name);
        return at != node.attributes.end() && at->second.integer != 0;
      };
      for (const std::string_view scale : {"alpha", "beta"}) {
        const auto at = node.attributes.find(scale);
        if (at != node.attributes.end() && at->second.real != 1)
          Fail("{} has {} other than 1", Describe(node), scale);
      }
      if (flag("transA")) Fail("{} transposes its input", Describe(node));
      transposed = flag("transB");
      if (const Tensor* stored = OptionalWeight(node, 2)) bias = *stored;
    } else if (node.op_type == "MatMul") {
      if (const auto& next = Consumers(output);
          next.size() == 1 && next.front()->op_type == "Add") {
        const OnnxNode& add = *next.front();
        bias = Weight(add, Input(add, 0) == output ? 1 : 0);
        output = Output(add);
      }
    } else {
      Fail("expected a fully connected layer, found {}", Describe(node));
    }
    const Tensor& stored = Weight(node, 1);
    if (stored.values.empty() || stored.shape.size() != 2)
      Fail("{} has weights of shape {}", Describe(node), ShapeText(stored.shape));
    if (transposed) {
      weight = stored;
    } else {
      const auto in = static_cast<size_t>(stored.shape[0]);
      const auto out = static_cast<size_t>(stored.shape[1]);
      weight.shape = {stored.shape[1], stored.shape[0]};
      weight.values.resize(stored.values.size());
      for (size_t i = 0; i < in; ++i) {
        for (size_t o = 0; o < out; ++o) weight.values[o * in + i] = stored.values[i * out + o];
      }
    }
    if (bias.values.empty()) {
      bias = {{weight.shape[0]}, std::vector<float>(static_cast<size_t>(weight.shape[0]), 0.0F)};
    }
    return output;
  }

  const Checkpoint& checkpoint_;
  const OnnxGraph& graph_;
  std::vector<std::string>& notes_;
  OutputBudget budget_;
  std::map<std::string, std::string> aliases_;
  std::map<std::string, std::vector<const OnnxNode*>> consumers_;
  int num_instance_norms_ = 0;
  int num_folded_ = 0;
  OsnetKind kind_ = OsnetKind::kPlain;
  std::map<std::string, Tensor> out_;
};

}  // namespace

std::map<std::string, Tensor> OsnetTensorsOfOnnx(const Checkpoint& checkpoint,
                                                 std::vector<std::string>& notes) {
  return OnnxWalker(checkpoint, notes).Walk();
}

}  // namespace reidbench
