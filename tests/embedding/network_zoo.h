// Networks of the field with random weights, as exporters write them, and random graphs of all
// operators that are supported: what engines are held against engine "reference" with.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "embedding/onnx_writer.h"
#include "reidbench/core/random.h"
#include "reidbench/networks/network.h"
#include "reidbench/weights/checkpoint.h"

namespace reidbench {

inline Network ReadModel(const std::string& model, const NetworkReading& reading = {}) {
  return ToNetwork(
      ParseCheckpoint({reinterpret_cast<const uint8_t*>(model.data()), model.size()}, "test.onnx"),
      reading);
}

// Puts networks together node by node; a value is its name and its shape with the axis of images.
class NetworkBuilder {
 public:
  struct Value {
    std::string name;
    std::vector<int64_t> shape;
  };

  explicit NetworkBuilder(uint64_t seed) : rng_(seed) {}

  Value Image(int64_t height, int64_t width) {
    writer_.Input("images", {1, 3, height, width});
    return {"images", {1, 3, height, width}};
  }
  void Output(const Value& value) { writer_.Output(value.name, value.shape); }
  std::string Model(int64_t opset) const { return writer_.Model(opset); }
  OnnxWriter& writer() { return writer_; }
  Rng& rng() { return rng_; }

  std::string NewName() { return "v" + std::to_string(count_++); }
  std::string Weights(const std::vector<int64_t>& shape, double low, double high) {
    int64_t count = 1;
    for (const int64_t size : shape) count *= size;
    std::vector<float> values;
    for (int64_t i = 0; i < count; ++i)
      values.push_back(static_cast<float>(rng_.Uniform(low, high)));
    const std::string name = "w" + std::to_string(count_++);
    writer_.Floats(name, shape, values);
    return name;
  }
  std::string Number(float value) {
    const std::string name = "c" + std::to_string(count_++);
    writer_.Floats(name, {}, {value});
    return name;
  }
  std::string Integers(const std::vector<int64_t>& values) {
    const std::string name = "i" + std::to_string(count_++);
    writer_.Integers(name, values);
    return name;
  }
  Value Node(const std::string& op, const std::vector<std::string>& inputs,
             std::vector<int64_t> shape, const std::vector<std::string>& attributes = {}) {
    const std::string name = NewName();
    writer_.Node(op, inputs, name, attributes);
    return {name, std::move(shape)};
  }

  Value Convolution(const Value& x, int64_t out, int64_t kernel, int64_t stride = 1,
                    int64_t groups = 1, bool bias = true) {
    const int64_t in = x.shape[1] / groups, pad = kernel / 2;
    const double bound = std::sqrt(6.0 / static_cast<double>(in * kernel * kernel));
    std::vector<std::string> inputs = {x.name, Weights({out, in, kernel, kernel}, -bound, bound)};
    if (bias) inputs.push_back(Weights({out}, -0.2, 0.2));
    const auto size = [&](int64_t s) { return (s + 2 * pad - kernel) / stride + 1; };
    return Node("Conv", inputs, {1, out, size(x.shape[2]), size(x.shape[3])},
                {OnnxWriter::IntegersAttribute("kernel_shape", {kernel, kernel}),
                 OnnxWriter::IntegersAttribute("strides", {stride, stride}),
                 OnnxWriter::IntegersAttribute("pads", {pad, pad, pad, pad}),
                 OnnxWriter::IntegerAttribute("group", groups)});
  }
  Value BatchNorm(const Value& x) {
    const std::vector<int64_t> c = {x.shape[1]};
    return Node("BatchNormalization",
                {x.name, Weights(c, 0.7, 1.3), Weights(c, -0.3, 0.3), Weights(c, -0.3, 0.3),
                 Weights(c, 0.5, 1.5)},
                x.shape, {OnnxWriter::RealAttribute("epsilon", 1e-5F)});
  }
  Value Apply(const std::string& op, const Value& x,
              const std::vector<std::string>& attributes = {}) {
    return Node(op, {x.name}, x.shape, attributes);
  }
  Value With(const std::string& op, const Value& x, const std::string& other) {
    return Node(op, {x.name, other}, x.shape);
  }
  Value Linear(const Value& x, int64_t out, bool bias = true) {
    const int64_t in = x.shape.back();
    const double bound = std::sqrt(3.0 / static_cast<double>(in));
    std::vector<int64_t> shape = x.shape;
    shape.back() = out;
    const Value y = Node("MatMul", {x.name, Weights({in, out}, -bound, bound)}, shape);
    return bias ? With("Add", y, Weights({out}, -0.2, 0.2)) : y;
  }
  Value Reshape(const Value& x, const std::vector<int64_t>& shape) {
    return Node("Reshape", {x.name, Integers(shape)}, shape);
  }
  Value Transpose(const Value& x, const std::vector<int64_t>& order) {
    std::vector<int64_t> shape;
    for (const int64_t axis : order) shape.push_back(x.shape[static_cast<size_t>(axis)]);
    return Node("Transpose", {x.name}, shape, {OnnxWriter::IntegersAttribute("perm", order)});
  }

 private:
  OnnxWriter writer_;
  Rng rng_;
  int count_ = 0;
};

// fast-reid's: last stride 1, GeM pooling, the neck a batch norm of the features. `width`: channels
// of the first stage, 64 in ResNet-50.
inline std::string ResNetModel(int64_t width, const std::vector<int>& blocks, int64_t height,
                               int64_t breadth, bool gem = true) {
  NetworkBuilder net(1);
  using Value = NetworkBuilder::Value;
  const auto norm = [&](const Value& x) { return net.BatchNorm(x); };
  Value x = net.Image(height, breadth);
  x = net.Apply("Relu", norm(net.Convolution(x, width, 7, 2, 1, false)));
  x = net.Node("MaxPool", {x.name}, {1, width, (x.shape[2] + 1) / 2, (x.shape[3] + 1) / 2},
               {OnnxWriter::IntegersAttribute("kernel_shape", {3, 3}),
                OnnxWriter::IntegersAttribute("strides", {2, 2}),
                OnnxWriter::IntegersAttribute("pads", {1, 1, 1, 1})});
  for (size_t stage = 0; stage < blocks.size(); ++stage) {
    const int64_t inner = width << stage;
    for (int block = 0; block < blocks[stage]; ++block) {
      const int64_t stride = block == 0 && stage > 0 && stage < 3 ? 2 : 1;
      Value y = net.Apply("Relu", norm(net.Convolution(x, inner, 1, 1, 1, false)));
      y = net.Apply("Relu", norm(net.Convolution(y, inner, 3, stride, 1, false)));
      y = norm(net.Convolution(y, 4 * inner, 1, 1, 1, false));
      const Value shortcut =
          block == 0 ? norm(net.Convolution(x, 4 * inner, 1, stride, 1, false)) : x;
      x = net.Apply("Relu", net.With("Add", y, shortcut.name));
    }
  }
  const int64_t channels = x.shape[1];
  if (gem) {
    x = net.Node("Clip", {x.name, net.Number(1e-6F)}, x.shape);
    x = net.With("Pow", x, net.Number(3));
    x = net.Apply("GlobalAveragePool", x);
    x.shape = {1, channels, 1, 1};
    x = net.With("Pow", x, net.Number(1.0F / 3));
  } else {
    x = net.Apply("GlobalAveragePool", x);
  }
  x = net.Node("Flatten", {x.name}, {1, channels}, {OnnxWriter::IntegerAttribute("axis", 1)});
  net.Output(net.BatchNorm(x));
  return net.Model(12);
}

inline std::string MobileNetModel(int64_t height, int64_t width,
                                  const std::vector<std::array<int64_t, 4>>& stages) {
  NetworkBuilder net(2);
  using Value = NetworkBuilder::Value;
  const auto relu6 = [&](const Value& x) {
    return net.Node("Clip", {x.name, net.Number(0), net.Number(6)}, x.shape);
  };
  Value x = net.Image(height, width);
  x = relu6(net.Convolution(x, 32, 3, 2));
  for (const auto& [expansion, out, repeats, first_stride] : stages) {
    for (int64_t i = 0; i < repeats; ++i) {
      const int64_t stride = i == 0 ? first_stride : 1;
      const Value input = x;
      if (expansion > 1) x = relu6(net.Convolution(x, x.shape[1] * expansion, 1));
      x = relu6(net.Convolution(x, x.shape[1], 3, stride, x.shape[1]));
      x = net.Convolution(x, out, 1);
      if (stride == 1 && input.shape[1] == out) x = net.With("Add", input, x.name);
    }
  }
  x = relu6(net.Convolution(x, 1280, 1));
  x = net.Node(
      "ReduceMean", {x.name}, {1, x.shape[1]},
      {OnnxWriter::IntegersAttribute("axes", {2, 3}), OnnxWriter::IntegerAttribute("keepdims", 0)});
  net.Output(x);
  return net.Model(12);
}

// TransReID's ViT: patches, class token, position embedding, optionally one more of the camera.
// Layer norms and GELU in parts, as exporters before opset 17 write them.
inline std::string VitModel(int64_t height, int64_t width, int64_t patch, int64_t dim,
                            int64_t heads, int depth, bool camera) {
  NetworkBuilder net(3);
  using Value = NetworkBuilder::Value;
  Value x = net.Image(height, width);
  const int64_t rows = height / patch, columns = width / patch, tokens = rows * columns + 1;
  const double bound = std::sqrt(3.0 / static_cast<double>(3 * patch * patch));
  x = net.Node(
      "Conv",
      {x.name, net.Weights({dim, 3, patch, patch}, -bound, bound), net.Weights({dim}, -0.1, 0.1)},
      {1, dim, rows, columns},
      {OnnxWriter::IntegersAttribute("kernel_shape", {patch, patch}),
       OnnxWriter::IntegersAttribute("strides", {patch, patch})});
  x = net.Transpose(net.Reshape(x, {1, dim, rows * columns}), {0, 2, 1});
  const std::string token = net.Weights({1, 1, dim}, -1, 1);
  x = net.Node("Concat", {token, x.name}, {1, tokens, dim},
               {OnnxWriter::IntegerAttribute("axis", 1)});
  x = net.With("Add", x, net.Weights({1, tokens, dim}, -0.5, 0.5));
  if (camera) {
    net.writer().IntegerInput("camera", {1});
    const Value chosen = net.Node("Gather", {net.Weights({6, 1, dim}, -1, 1), "camera"},
                                  {1, 1, dim}, {OnnxWriter::IntegerAttribute("axis", 0)});
    const Value scaled = net.With("Mul", chosen, net.Number(3));
    x = net.With("Add", x, scaled.name);
  }
  const auto last_mean = [&](const Value& v) {
    std::vector<int64_t> shape = v.shape;
    shape.back() = 1;
    return net.Node("ReduceMean", {v.name}, shape, {OnnxWriter::IntegersAttribute("axes", {-1})});
  };
  const auto norm = [&](const Value& v) {
    const Value centred = net.With("Sub", v, last_mean(v).name);
    Value variance = last_mean(net.With("Pow", centred, net.Number(2)));
    variance = net.Apply("Sqrt", net.With("Add", variance, net.Number(1e-6F)));
    Value y = net.With("Div", centred, variance.name);
    y = net.With("Mul", y, net.Weights({dim}, 0.7, 1.3));
    return net.With("Add", y, net.Weights({dim}, -0.3, 0.3));
  };
  const int64_t each = dim / heads;
  for (int i = 0; i < depth; ++i) {
    const Value normed = norm(x);
    Value qkv = net.Reshape(net.Linear(normed, 3 * dim), {1, tokens, 3, heads, each});
    qkv = net.Transpose(qkv, {2, 0, 3, 1, 4});
    const auto part = [&](int64_t index) {
      const std::string at = "n" + net.NewName();
      net.writer().Integers(at, {}, {index});
      return net.Node("Gather", {qkv.name, at}, {1, heads, tokens, each},
                      {OnnxWriter::IntegerAttribute("axis", 0)});
    };
    const Value q = part(0), k = part(1), v = part(2);
    Value weights = net.Node("MatMul", {q.name, net.Transpose(k, {0, 1, 3, 2}).name},
                             {1, heads, tokens, tokens});
    weights = net.With("Mul", weights, net.Number(1 / std::sqrt(static_cast<float>(each))));
    weights = net.Apply("Softmax", weights, {OnnxWriter::IntegerAttribute("axis", 3)});
    Value y = net.Node("MatMul", {weights.name, v.name}, {1, heads, tokens, each});
    y = net.Reshape(net.Transpose(y, {0, 2, 1, 3}), {1, tokens, dim});
    x = net.With("Add", x, net.Linear(y, dim).name);
    const Value hidden = net.Linear(norm(x), 4 * dim);
    Value gate = net.Apply("Erf", net.With("Div", hidden, net.Number(std::sqrt(2.0F))));
    gate = net.With("Add", gate, net.Number(1));
    Value gelu = net.With("Mul", hidden, gate.name);
    gelu = net.With("Mul", gelu, net.Number(0.5F));
    x = net.With("Add", x, net.Linear(gelu, dim).name);
  }
  x = norm(x);
  const std::string first = "first";
  net.writer().Integers(first, {}, {0});
  net.Output(
      net.Node("Gather", {x.name, first}, {1, dim}, {OnnxWriter::IntegerAttribute("axis", 1)}));
  return net.Model(12);
}

// A graph of 8 to 24 nodes of the operators that are supported, with one to three outputs.
std::string RandomModel(uint64_t seed);

}  // namespace reidbench
