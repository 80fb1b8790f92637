#include "embedding/network_zoo.h"

#include <algorithm>

namespace reidbench {
namespace {

using Zoo = NetworkBuilder;
using ZooValue = NetworkBuilder::Value;

int64_t CountOf(const std::vector<int64_t>& shape) {
  int64_t count = 1;
  for (const int64_t size : shape) count *= size;
  return count;
}

class RandomGraph {
 public:
  explicit RandomGraph(uint64_t seed) : net_(seed) {}

  std::string Make() {
    values_.push_back(net_.Image(Pick(6, 20), Pick(6, 20)));
    const int64_t nodes = Pick(8, 24);
    for (int64_t i = 0; i < nodes; ++i) {
      // Mostly what was computed last, so that graphs are deep.
      const size_t from =
          Pick(0, 2) > 0 ? values_.size() - 1
                         : static_cast<size_t>(Pick(0, static_cast<int64_t>(values_.size()) - 1));
      const ZooValue next = Next(ZooValue(values_[from]));
      if (CountOf(next.shape) <= 20000) values_.push_back(next);
    }
    net_.Output(values_.back());
    const int64_t more = Pick(0, 2);
    for (int64_t i = 0; i < more; ++i) {
      const auto at = static_cast<size_t>(Pick(1, static_cast<int64_t>(values_.size()) - 1));
      if (std::find(outputs_.begin(), outputs_.end(), at) == outputs_.end() &&
          at + 1 < values_.size()) {
        outputs_.push_back(at);
        net_.Output(values_[at]);
      }
    }
    return net_.Model(13);
  }

 private:
  int64_t Pick(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(net_.rng().Uniform(0, 1) *
                                      static_cast<double>(high - low + 1) * 0.999999);
  }
  bool Coin() { return Pick(0, 1) == 1; }

  ZooValue Next(const ZooValue& x) {
    switch (Pick(0, 5)) {
      case 0:
        return Activation(x);
      case 1:
        return Binary(x);
      case 2:
        return Move(x);
      default:
        return x.shape.size() == 4 ? OfMap(x) : OfRows(x);
    }
  }

  ZooValue Activation(const ZooValue& x) {
    const auto real = [](const char* name, float value) {
      return OnnxWriter::RealAttribute(name, value);
    };
    switch (Pick(0, 17)) {
      case 0:
        return net_.Apply("Relu", x);
      case 1:
        return net_.With("Mul", x, net_.Apply("Sigmoid", x).name);
      case 2:
        return net_.Node("Clip", {x.name, net_.Number(-1), net_.Number(1.5F)}, x.shape);
      case 3:
        return net_.Apply("LeakyRelu", x, {real("alpha", 0.1F)});
      case 4:
        return net_.With(
            "Mul", x,
            net_.Apply("HardSigmoid", x, {real("alpha", 1.0F / 6), real("beta", 0.5F)}).name);
      case 5:
        return net_.Apply("HardSigmoid", x);
      case 6: {
        const ZooValue gate =
            net_.With("Add", net_.Apply("Erf", net_.With("Div", x, net_.Number(std::sqrt(2.0F)))),
                      net_.Number(1));
        return net_.With("Mul", net_.With("Mul", x, net_.Number(0.5F)), gate.name);
      }
      case 7:
        return net_.Apply("Tanh", x);
      case 8:
        return net_.Apply("Exp", net_.Apply("Tanh", x));
      case 9:
        return net_.Apply("Log", net_.With("Add", net_.Apply("Sigmoid", x), net_.Number(0.5F)));
      case 10:
        return net_.Apply("Sqrt", net_.With("Add", net_.Apply("Abs", x), net_.Number(0.1F)));
      case 11:
        return net_.Apply("Elu", x, {real("alpha", 0.7F)});
      case 12:
        return net_.Apply("Softplus", x);
      case 13:
        return net_.Apply("Reciprocal",
                          net_.With("Add", net_.Apply("Sigmoid", x), net_.Number(0.5F)));
      case 14:
        return net_.With("Pow",
                         net_.Node("Clip", {x.name, net_.Number(0.1F), net_.Number(3)}, x.shape),
                         net_.Number(Coin() ? 3.0F : 1.0F / 3));
      case 15: {
        const ZooValue clipped = net_.Node(
            "Clip", {net_.With("Add", x, net_.Number(3)).name, net_.Number(0), net_.Number(6)},
            x.shape);
        return net_.With("Div", net_.With("Mul", x, clipped.name), net_.Number(6));
      }
      case 16:
        return net_.Apply("Softmax", x,
                          {OnnxWriter::IntegerAttribute(
                              "axis", Pick(1, static_cast<int64_t>(x.shape.size()) - 1))});
      default:
        return net_.Apply("Neg", x);
    }
  }

  // With a constant of some of the axes, or another value of the same shape.
  ZooValue Binary(const ZooValue& x) {
    static const char* const kOps[] = {"Add", "Sub", "Mul", "Max", "Min"};
    const std::string op = kOps[Pick(0, 4)];
    for (size_t i = values_.size(); i-- > 0 && Coin();) {
      if (values_[i].shape == x.shape && values_[i].name != x.name)
        return net_.With(op, x, values_[i].name);
    }
    std::vector<int64_t> shape = x.shape;
    for (int64_t& size : shape) size = Coin() ? size : 1;
    shape.front() = 1;
    if (Coin())
      shape.erase(shape.begin(), shape.begin() + Pick(0, static_cast<int64_t>(shape.size())));
    const std::string constant = net_.Weights(shape, 0.5, 1.5);
    if (Pick(0, 3) == 0) return net_.With("Div", x, constant);
    if (Pick(0, 3) == 0) return net_.Node(op, {constant, x.name}, x.shape);
    return net_.With(op, x, constant);
  }

  // Order, shape and parts.
  ZooValue Move(const ZooValue& x) {
    const auto rank = static_cast<int64_t>(x.shape.size());
    const int64_t axis = Pick(1, rank - 1);
    const auto at = static_cast<size_t>(axis);
    const auto along = OnnxWriter::IntegerAttribute("axis", axis);
    std::vector<int64_t> shape = x.shape;
    switch (Pick(0, 8)) {
      case 0: {
        std::vector<int64_t> order;
        for (int64_t i = 1; i < rank; ++i) order.push_back(i);
        for (size_t i = order.size(); i-- > 1;)
          std::swap(order[i], order[static_cast<size_t>(Pick(0, static_cast<int64_t>(i)))]);
        order.insert(order.begin(), 0);
        return net_.Transpose(x, order);
      }
      case 1: {  // two axes as one
        if (rank < 3) return net_.Reshape(x, {1, shape[1], 1});
        shape.erase(shape.begin() + rank - 1);
        shape.back() *= x.shape.back();
        return net_.Reshape(x, shape);
      }
      case 2: {  // one as two
        int64_t part = 1;
        for (const int64_t size : {2, 3, 5}) part = shape[at] % size == 0 ? size : part;
        if (rank > 4) return net_.Apply("Identity", x);
        shape[at] /= part;
        shape.insert(shape.begin() + axis, part);
        return net_.Reshape(x, shape);
      }
      case 3: {
        const int64_t begin = Pick(0, shape[at] - 1), end = Pick(begin + 1, shape[at]),
                      step = Pick(1, 2);
        shape[at] = (end - begin + step - 1) / step;
        return net_.Node("Slice",
                         {x.name, net_.Integers({begin}), net_.Integers({end}),
                          net_.Integers({axis}), net_.Integers({step})},
                         shape);
      }
      case 4: {
        shape[at] *= 2;
        return net_.Node("Concat", {x.name, net_.Apply("Neg", x).name}, shape, {along});
      }
      case 5: {
        if (shape[at] < 2) return net_.Apply("Identity", x);
        const int64_t first = Pick(1, shape[at] - 1);
        const std::vector<std::string> outs = {net_.NewName(), net_.NewName()};
        net_.writer().Node("Split", {x.name, net_.Integers({first, shape[at] - first})}, outs,
                           {along});
        const size_t chosen = Coin() ? 1 : 0;
        shape[at] = chosen == 0 ? first : shape[at] - first;
        return {outs[chosen], shape};
      }
      case 6: {
        std::vector<int64_t> indices;
        for (int64_t i = Pick(1, 4); i > 0; --i) indices.push_back(Pick(-shape[at], shape[at] - 1));
        const ZooValue y = net_.Node("Gather", {x.name, net_.Integers(indices)}, {}, {along});
        shape[at] = static_cast<int64_t>(indices.size());
        return {y.name, shape};
      }
      case 7: {
        static const char* const kOps[] = {"ReduceMean", "ReduceMax", "ReduceMin", "ReduceL2"};
        const bool keeps = Coin() || rank < 3;
        shape[at] = 1;
        if (!keeps) shape.erase(shape.begin() + axis);
        return net_.Node(kOps[Pick(0, 3)], {x.name}, shape,
                         {OnnxWriter::IntegersAttribute("axes", {axis}),
                          OnnxWriter::IntegerAttribute("keepdims", keeps ? 1 : 0)});
      }
      default: {
        std::vector<int64_t> pads(static_cast<size_t>(2 * rank), 0);
        pads[at] = Pick(0, 2);
        pads[static_cast<size_t>(rank + axis)] = Pick(0, 2);
        shape[at] += pads[at] + pads[static_cast<size_t>(rank + axis)];
        return net_.Node("Pad", {x.name, net_.Integers(pads), net_.Number(Coin() ? 0.0F : 0.5F)},
                         shape);
      }
    }
  }

  ZooValue OfMap(const ZooValue& x) {
    const int64_t c = x.shape[1], h = x.shape[2], w = x.shape[3];
    switch (Pick(0, 8)) {
      case 0:
      case 1:
      case 2:
        return Convolution(x);
      case 3:
        return net_.BatchNorm(x);
      case 4:
        if (h * w < 4) return net_.BatchNorm(x);
        return net_.Node("InstanceNormalization",
                         {x.name, net_.Weights({c}, 0.5, 1.5), net_.Weights({c}, -0.5, 0.5)},
                         x.shape);
      case 5: {
        const int64_t kernel = Pick(2, 3), stride = Pick(1, 2);
        if (std::min(h, w) < kernel) return net_.Node("GlobalAveragePool", {x.name}, {1, c, 1, 1});
        const std::vector<int64_t> pads = {Pick(0, 1), Pick(0, 1), Pick(0, 1), Pick(0, 1)};
        const auto size = [&](int64_t s, size_t axis) {
          return (s + pads[axis] + pads[axis + 2] - kernel) / stride + 1;
        };
        const std::vector<int64_t> shape = {1, c, size(h, 0), size(w, 1)};
        std::vector<std::string> attributes = {
            OnnxWriter::IntegersAttribute("kernel_shape", {kernel, kernel}),
            OnnxWriter::IntegersAttribute("strides", {stride, stride}),
            OnnxWriter::IntegersAttribute("pads", pads)};
        if (Coin()) return net_.Node("MaxPool", {x.name}, shape, attributes);
        attributes.push_back(OnnxWriter::IntegerAttribute("count_include_pad", Pick(0, 1)));
        return net_.Node("AveragePool", {x.name}, shape, attributes);
      }
      case 6:
        return Resize(x);
      case 7: {  // squeeze and excitation
        const ZooValue mean = net_.Node("GlobalAveragePool", {x.name}, {1, c, 1, 1});
        const ZooValue gate = net_.Apply("Sigmoid", net_.Convolution(mean, c, 1));
        return net_.With("Mul", x, gate.name);
      }
      default: {  // a residual
        const ZooValue y = net_.Convolution(x, c, 3);
        return net_.With("Add", Coin() ? net_.Apply("Relu", y) : y, x.name);
      }
    }
  }

  ZooValue Convolution(const ZooValue& x) {
    const int64_t c = x.shape[1], h = x.shape[2], w = x.shape[3];
    int64_t groups = Pick(0, 2) == 0 ? c : 1;
    if (c > 40) groups = 1;
    const int64_t out = groups == 1 ? Pick(1, 24) : groups * Pick(1, 2);
    const int64_t kh = std::min<int64_t>(h, Pick(1, 3)), kw = std::min<int64_t>(w, Pick(1, 5));
    const std::vector<int64_t> strides = {Pick(1, 2), Pick(1, 2)};
    const std::vector<int64_t> dilations = {h >= 2 * kh ? Pick(1, 2) : 1,
                                            w >= 2 * kw ? Pick(1, 2) : 1};
    const std::vector<int64_t> pads = {Pick(0, 2), Pick(0, 2), Pick(0, 2), Pick(0, 2)};
    const auto size = [&](int64_t s, int64_t k, size_t axis) {
      return (s + pads[axis] + pads[axis + 2] - dilations[axis] * (k - 1) - 1) / strides[axis] + 1;
    };
    const double bound = std::sqrt(6.0 / static_cast<double>(c / groups * kh * kw));
    std::vector<std::string> inputs = {x.name,
                                       net_.Weights({out, c / groups, kh, kw}, -bound, bound)};
    if (Coin()) inputs.push_back(net_.Weights({out}, -0.3, 0.3));
    return net_.Node("Conv", inputs, {1, out, size(h, kh, 0), size(w, kw, 1)},
                     {OnnxWriter::IntegersAttribute("kernel_shape", {kh, kw}),
                      OnnxWriter::IntegersAttribute("strides", strides),
                      OnnxWriter::IntegersAttribute("dilations", dilations),
                      OnnxWriter::IntegersAttribute("pads", pads),
                      OnnxWriter::IntegerAttribute("group", groups)});
  }

  ZooValue Resize(const ZooValue& x) {
    static const char* const kPlaces[] = {"half_pixel", "pytorch_half_pixel", "asymmetric",
                                          "align_corners"};
    static const char* const kRoundings[] = {"round_prefer_floor", "round_prefer_ceil", "floor",
                                             "ceil"};
    const bool linear = Coin();
    std::vector<std::string> attributes = {
        OnnxWriter::TextAttribute("mode", linear ? "linear" : "nearest"),
        OnnxWriter::TextAttribute("coordinate_transformation_mode", kPlaces[Pick(0, 3)])};
    if (!linear)
      attributes.push_back(OnnxWriter::TextAttribute("nearest_mode", kRoundings[Pick(0, 3)]));
    std::vector<int64_t> shape = x.shape;
    if (Coin()) {
      const std::string scales = "s" + net_.NewName();
      net_.writer().Floats(scales, {4}, {1, 1, 2, 2});
      shape[2] *= 2;
      shape[3] *= 2;
      return net_.Node("Resize", {x.name, "", scales}, shape, attributes);
    }
    shape[2] = Pick(1, 12);
    shape[3] = Pick(1, 12);
    return net_.Node("Resize", {x.name, "", "", net_.Integers(shape)}, shape, attributes);
  }

  ZooValue OfRows(const ZooValue& x) {
    const auto rank = static_cast<int64_t>(x.shape.size());
    const int64_t last = x.shape.back();
    switch (Pick(0, 5)) {
      case 0:
        return net_.Linear(x, Pick(1, 24), Coin());
      case 1: {  // attention of the rows to each other
        if (rank < 3) return net_.Linear(x, Pick(1, 24));
        std::vector<int64_t> order;
        for (int64_t i = 0; i < rank; ++i) order.push_back(i);
        std::swap(order[static_cast<size_t>(rank - 1)], order[static_cast<size_t>(rank - 2)]);
        std::vector<int64_t> shape = x.shape;
        shape.back() = x.shape[static_cast<size_t>(rank - 2)];
        if (CountOf(shape) > 20000) return net_.Linear(x, 4);
        ZooValue weights = net_.Node("MatMul", {x.name, net_.Transpose(x, order).name}, shape);
        weights = net_.With("Mul", weights, net_.Number(0.2F / static_cast<float>(last)));
        weights = net_.Apply("Softmax", weights, {OnnxWriter::IntegerAttribute("axis", rank - 1)});
        return net_.Node("MatMul", {weights.name, x.name}, x.shape);
      }
      case 2: {  // a layer norm in parts
        if (last < 4) return net_.Linear(x, Pick(4, 24));
        std::vector<int64_t> shape = x.shape;
        shape.back() = 1;
        const auto mean = [&](const ZooValue& v) {
          return net_.Node("ReduceMean", {v.name}, shape,
                           {OnnxWriter::IntegersAttribute("axes", {-1})});
        };
        const ZooValue centred = net_.With("Sub", x, mean(x).name);
        const ZooValue variance = mean(net_.With("Pow", centred, net_.Number(2)));
        const ZooValue root = net_.Apply("Sqrt", net_.With("Add", variance, net_.Number(1e-2F)));
        const ZooValue y = net_.With("Div", centred, root.name);
        return net_.With("Add", net_.With("Mul", y, net_.Weights({last}, 0.5, 1.5)),
                         net_.Weights({last}, -0.5, 0.5));
      }
      case 3: {
        if (rank != 2) return net_.Linear(x, Pick(1, 24));
        const int64_t out = Pick(1, 24);
        return net_.Node(
            "Gemm", {x.name, net_.Weights({out, last}, -0.5, 0.5), net_.Weights({out}, -0.5, 0.5)},
            {1, out}, {OnnxWriter::IntegerAttribute("transB", 1)});
      }
      case 4: {
        if (rank != 3) return net_.Linear(x, Pick(1, 24));
        std::vector<int64_t> shape = x.shape;
        shape.insert(shape.begin() + 2, 1);
        return net_.Node("Unsqueeze", {x.name, net_.Integers({2})}, shape);
      }
      default: {
        std::vector<int64_t> shape = x.shape;
        return net_.Node("MatMul", {x.name, net_.Weights({last, 3}, -1, 1)},
                         (shape.back() = 3, shape));
      }
    }
  }

  Zoo net_;
  std::vector<ZooValue> values_;
  std::vector<size_t> outputs_;
};

}  // namespace

std::string RandomModel(uint64_t seed) { return RandomGraph(seed).Make(); }

}  // namespace reidbench
