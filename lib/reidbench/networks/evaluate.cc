#include "reidbench/networks/evaluate.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "reidbench/core/error.h"
#include "reidbench/weights/byte_reader.h"

namespace reidbench {
namespace {

using Tensors = std::span<const std::span<const float>>;

std::span<const float> TensorAt(Tensors tensors, size_t index) {
  return index < tensors.size() ? tensors[index] : std::span<const float>();
}

// ---- maps ----

// A value as [channels x height x width]; vectors are maps of one pixel.
template <typename Numbers>
struct MapOf {
  int64_t c, h, w;
  Numbers* v;

  MapOf(const ValueShape& shape, Numbers* numbers)
      : c(shape[0]), h(shape.size() == 3 ? shape[1] : 1), w(1), v(numbers) {
    if (shape.size() == 3) w = shape[2];
    if (shape.size() == 2) w = shape[1];
  }
  int64_t pixels() const { return h * w; }
  Numbers* plane(int64_t channel) const { return v + channel * h * w; }
};
using Map = MapOf<double>;
using InputMap = MapOf<const double>;

// Positions of the output, [begin, end), at which tap `tap` of a window is inside the input.
struct Inside {
  int64_t begin, end, shift;
  Inside(const Window& w, size_t axis, int64_t tap, int64_t size, int64_t outputs)
      : shift(tap * w.dilation[axis] - w.padding[axis]) {
    const int64_t stride = w.stride[axis];
    begin = shift >= 0 ? 0 : (stride - 1 - shift) / stride;
    end = size - shift <= 0 ? 0 : std::min(outputs, (size - shift - 1) / stride + 1);
  }
};

// Calls f(output value, input value) for each pair that tap (dy, dx) of the window joins.
template <typename F>
void ForTap(const Window& w, int64_t dy, int64_t dx, const InputMap& in, int64_t in_channel,
            const Map& out, int64_t out_channel, const F& f) {
  const Inside rows(w, 0, dy, in.h, out.h), columns(w, 1, dx, in.w, out.w);
  for (int64_t y = rows.begin; y < rows.end; ++y) {
    const double* const from =
        in.plane(in_channel) + (y * w.stride[0] + rows.shift) * in.w + columns.shift;
    double* const to = out.plane(out_channel) + y * out.w;
    for (int64_t x = columns.begin; x < columns.end; ++x) f(to[x], from[x * w.stride[1]]);
  }
}

void Convolve(const Layer& layer, Tensors tensors, const InputMap& in, const Map& out) {
  const Window& w = layer.window;
  const auto weight = TensorAt(tensors, 0), bias = TensorAt(tensors, 1);
  const int64_t group_in = in.c / layer.groups, group_out = out.c / layer.groups;
  size_t at = 0;
  for (int64_t o = 0; o < out.c; ++o) {
    if (!bias.empty()) std::fill_n(out.plane(o), out.pixels(), bias[static_cast<size_t>(o)]);
    for (int64_t i = 0; i < group_in; ++i) {
      for (int64_t dy = 0; dy < w.kernel[0]; ++dy) {
        for (int64_t dx = 0; dx < w.kernel[1]; ++dx) {
          const double factor = weight[at++];
          ForTap(w, dy, dx, in, o / group_out * group_in + i, out, o,
                 [factor](double& sum, double value) { sum += factor * value; });
        }
      }
    }
  }
}

void Pool(const Layer& layer, const InputMap& in, const Map& out) {
  const Window& w = layer.window;
  const bool is_max = layer.op == LayerOp::kMaxPool;
  const auto size = static_cast<size_t>(out.c * out.pixels());
  std::vector<double> numbers(size);
  const Map counts({out.c, out.h, out.w}, numbers.data());
  if (is_max) std::fill_n(out.v, size, -std::numeric_limits<double>::infinity());
  for (int64_t c = 0; c < in.c; ++c) {
    for (int64_t dy = 0; dy < w.kernel[0]; ++dy) {
      for (int64_t dx = 0; dx < w.kernel[1]; ++dx) {
        ForTap(w, dy, dx, in, c, out, c, [is_max](double& result, double value) {
          result = is_max ? std::max(result, value) : result + value;
        });
        ForTap(w, dy, dx, in, c, counts, c, [](double& count, double) { ++count; });
      }
    }
  }
  if (is_max) return;
  // Padding counts as far as it goes, but not what a last window of `ceil` sees beyond it.
  const auto taps = [&w](size_t axis, int64_t at, int64_t length) {
    const int64_t begin = at * w.stride[axis] - w.padding[axis];
    return std::min(w.kernel[axis], length + w.padding[axis + 2] - begin);
  };
  for (int64_t c = 0; c < out.c; ++c) {
    for (int64_t y = 0; y < out.h; ++y) {
      for (int64_t x = 0; x < out.w; ++x) {
        const int64_t p = y * out.w + x;
        out.plane(c)[p] /= w.count_padding
                               ? static_cast<double>(taps(0, y, in.h) * taps(1, x, in.w))
                               : counts.plane(c)[p];
      }
    }
  }
}

std::vector<double> Means(const InputMap& x) {
  std::vector<double> means;
  for (int64_t c = 0; c < x.c; ++c) {
    double sum = 0;
    for (int64_t p = 0; p < x.pixels(); ++p) sum += x.plane(c)[p];
    means.push_back(sum / static_cast<double>(x.pixels()));
  }
  return means;
}

void Normalize(const Layer& layer, Tensors tensors, const InputMap& x,
               const std::vector<double>& mean, const std::vector<double>& variance,
               const Map& out) {
  const auto weight = TensorAt(tensors, 0), bias = TensorAt(tensors, 1);
  for (int64_t c = 0; c < x.c; ++c) {
    const auto i = static_cast<size_t>(c);
    for (int64_t p = 0; p < x.pixels(); ++p) {
      out.plane(c)[p] = (x.plane(c)[p] - mean[i]) / std::sqrt(variance[i] + layer.epsilon) *
                            (weight.empty() ? 1.0 : weight[i]) +
                        (bias.empty() ? 0.0 : bias[i]);
    }
  }
}

void NormalizeByItself(const Layer& layer, Tensors tensors, const InputMap& x, const Map& out) {
  const std::vector<double> means = Means(x);
  std::vector<double> squares;
  for (int64_t c = 0; c < x.c; ++c) {
    for (int64_t p = 0; p < x.pixels(); ++p) {
      const double centred = x.plane(c)[p] - means[static_cast<size_t>(c)];
      squares.push_back(centred * centred);
    }
  }
  Normalize(layer, tensors, x, means, Means(InputMap({x.c, x.h, x.w}, squares.data())), out);
}

void Resize(const Layer& layer, const InputMap& in, const Map& out) {
  const std::vector<SampleTap> rows = SampleTaps(layer.sampling, 0, in.h, out.h);
  const std::vector<SampleTap> columns = SampleTaps(layer.sampling, 1, in.w, out.w);
  double* to = out.v;
  for (int64_t c = 0; c < out.c; ++c) {
    for (const SampleTap& row : rows) {
      const double* const above = in.plane(c) + row.first * in.w;
      const double* const below = in.plane(c) + row.second * in.w;
      for (const SampleTap& column : columns) {
        const double upper =
            above[column.first] * (1 - column.share) + above[column.second] * column.share;
        const double lower =
            below[column.first] * (1 - column.share) + below[column.second] * column.share;
        *to++ = upper * (1 - row.share) + lower * row.share;
      }
    }
  }
}

// ---- values of any number of axes ----

// The place of each number of a value, axis by axis, in the order in which they lie.
class Places {
 public:
  explicit Places(const ValueShape& shape) : shape_(shape), at_(shape.size()) {}
  const std::vector<int64_t>& at() const { return at_; }
  void Next() {
    for (size_t axis = shape_.size(); axis-- > 0;) {
      if (++at_[axis] < shape_[axis]) return;
      at_[axis] = 0;
    }
  }

 private:
  const ValueShape& shape_;
  std::vector<int64_t> at_;
};

// Where in a value of this shape the number at a place is; a place has as many axes or more in
// front, and axes of size 1 go on.
size_t IndexOf(const ValueShape& shape, const std::vector<int64_t>& place) {
  const size_t more = place.size() - shape.size();
  size_t index = 0;
  for (size_t axis = 0; axis < shape.size(); ++axis) {
    index = index * static_cast<size_t>(shape[axis]) +
            static_cast<size_t>(shape[axis] == 1 ? 0 : place[more + axis]);
  }
  return index;
}

// Calls f(number of the output, its place).
template <typename F>
void ForEach(Value& out, const F& f) {
  Places places(out.shape);
  for (double& number : out.numbers) {
    f(number, places.at());
    places.Next();
  }
}

void Reduce(const Layer& layer, const Value& x, Value& out) {
  const Function function = layer.function;
  const bool is_least = function == Function::kMinimum;
  const bool is_most = function == Function::kMaximum;
  const double none = is_least                         ? std::numeric_limits<double>::infinity()
                      : is_most                        ? -std::numeric_limits<double>::infinity()
                      : function == Function::kProduct ? 1.0
                                                       : 0.0;
  std::fill(out.numbers.begin(), out.numbers.end(), none);
  Places places(x.shape);
  for (const double number : x.numbers) {
    double& sum = out.numbers[IndexOf(out.shape, places.at())];
    places.Next();
    if (is_least || is_most) {
      sum = is_least ? std::min(sum, number) : std::max(sum, number);
    } else if (function == Function::kProduct) {
      sum *= number;
    } else if (function == Function::kSumSquares || function == Function::kNormL2) {
      sum += number * number;
    } else {
      sum += function == Function::kNormL1 ? std::abs(number) : number;
    }
  }
  const auto count =
      static_cast<double>(x.numbers.size()) / static_cast<double>(out.numbers.size());
  for (double& number : out.numbers) {
    if (function == Function::kMean) number /= count;
    if (function == Function::kNormL2) number = std::sqrt(number);
  }
}

// Softmax and norms work on rows of numbers `step` apart.
template <typename F>
void ForRows(const ValueShape& shape, size_t axis, const F& f) {
  const int64_t length = shape[axis];
  const int64_t step = NumElements(std::span(shape).subspan(axis + 1));
  const int64_t outer = NumElements(std::span(shape).first(axis));
  for (int64_t o = 0; o < outer; ++o) {
    for (int64_t i = 0; i < step; ++i) f(o * length * step + i, length, step);
  }
}

void Softmax(const Layer& layer, const Value& x, Value& out) {
  ForRows(x.shape, static_cast<size_t>(layer.axis),
          [&](int64_t begin, int64_t length, int64_t step) {
            const double* const from = x.numbers.data() + begin;
            double* const to = out.numbers.data() + begin;
            double most = -std::numeric_limits<double>::infinity(), sum = 0;
            for (int64_t i = 0; i < length; ++i) most = std::max(most, from[i * step]);
            for (int64_t i = 0; i < length; ++i) sum += std::exp(from[i * step] - most);
            for (int64_t i = 0; i < length; ++i)
              to[i * step] = std::exp(from[i * step] - most) / sum;
          });
}

void LayerNorm(const Layer& layer, Tensors tensors, const Value& x, Value& out) {
  const auto weight = TensorAt(tensors, 0), bias = TensorAt(tensors, 1);
  const auto length =
      static_cast<size_t>(NumElements(std::span(x.shape).subspan(static_cast<size_t>(layer.axis))));
  for (size_t begin = 0; begin < x.numbers.size(); begin += length) {
    double mean = 0, variance = 0;
    for (size_t i = 0; i < length; ++i) mean += x.numbers[begin + i];
    mean /= static_cast<double>(length);
    for (size_t i = 0; i < length; ++i)
      variance += (x.numbers[begin + i] - mean) * (x.numbers[begin + i] - mean);
    variance /= static_cast<double>(length);
    for (size_t i = 0; i < length; ++i) {
      out.numbers[begin + i] = (x.numbers[begin + i] - mean) / std::sqrt(variance + layer.epsilon) *
                                   (weight.empty() ? 1.0 : weight[i]) +
                               (bias.empty() ? 0.0 : bias[i]);
    }
  }
}

void MatMul(const Value& a, const Value& b, Value& out) {
  const int64_t inner = a.shape.back(), columns = b.shape.back();
  const ValueShape a_outer(a.shape.begin(), a.shape.end() - 1);
  ValueShape b_outer(b.shape.begin(), b.shape.end() - 1);
  b_outer.back() = 1;
  const ValueShape rows(out.shape.begin(), out.shape.end() - 1);
  Places places(rows);
  for (size_t to = 0; to < out.numbers.size(); to += static_cast<size_t>(columns)) {
    const double* const left =
        a.numbers.data() + IndexOf(a_outer, places.at()) * static_cast<size_t>(inner);
    const double* right =
        b.numbers.data() + IndexOf(b_outer, places.at()) * static_cast<size_t>(inner * columns);
    places.Next();
    for (int64_t i = 0; i < inner; ++i, right += columns) {
      for (int64_t j = 0; j < columns; ++j)
        out.numbers[to + static_cast<size_t>(j)] += left[i] * right[j];
    }
  }
}

void Linear(const Layer& layer, Tensors tensors, const Value& x, Value& out) {
  const auto weight = TensorAt(tensors, 0), bias = TensorAt(tensors, 1);
  const auto in = static_cast<size_t>(x.shape.back()), outs = static_cast<size_t>(layer.channels);
  for (size_t i = 0; i < out.numbers.size(); ++i) {
    const double* const row = x.numbers.data() + i / outs * in;
    double sum = bias.empty() ? 0.0 : bias[i % outs];
    for (size_t k = 0; k < in; ++k) sum += row[k] * weight[i % outs * in + k];
    out.numbers[i] = sum;
  }
}

void Concat(const Layer& layer, std::span<const Value* const> inputs, Value& out) {
  const auto axis = static_cast<size_t>(layer.axis);
  ForEach(out, [&](double& number, std::vector<int64_t> place) {
    for (const Value* const part : inputs) {
      if (place[axis] < part->shape[axis]) {
        // Sizes of 1 along the axis are indexed as 0, which IndexOf does.
        number = part->numbers[IndexOf(part->shape, place)];
        return;
      }
      place[axis] -= part->shape[axis];
    }
  });
}

void Gather(const Layer& layer, const Value& x, const Value& indices, Value& out) {
  const auto axis = static_cast<size_t>(layer.axis);
  const int64_t size = x.shape[axis];
  const size_t rank = indices.shape.size();
  ForEach(out, [&](double& number, const std::vector<int64_t>& place) {
    const auto from = place.begin() + layer.axis;
    const double index =
        indices.numbers[IndexOf(indices.shape, {from, from + static_cast<int64_t>(rank)})];
    // An index that comes from outside and is none must be seen, not hidden.
    const double wrapped = index < 0 ? index + static_cast<double>(size) : index;
    if (!(wrapped >= 0 && wrapped < static_cast<double>(size))) {
      number = std::numeric_limits<double>::quiet_NaN();
      return;
    }
    std::vector<int64_t> source(place.begin(), from);
    source.push_back(static_cast<int64_t>(wrapped));
    source.insert(source.end(), from + static_cast<int64_t>(rank), place.end());
    size_t at = 0;
    for (size_t i = 0; i < source.size(); ++i)
      at = at * static_cast<size_t>(x.shape[i]) + static_cast<size_t>(source[i]);
    number = x.numbers[at];
  });
}

}  // namespace

double Evaluate(Function function, double alpha, double beta, double x) {
  const auto hard_sigmoid = [&] { return std::max(0.0, std::min(1.0, alpha * x + beta)); };
  const auto sigmoid = [](double v) { return 1 / (1 + std::exp(-v)); };
  const auto softplus = [](double v) {
    return std::max(v, 0.0) + std::log1p(std::exp(-std::abs(v)));
  };
  switch (function) {
    case Function::kRelu:
      return std::max(x, 0.0);
    case Function::kSigmoid:
      return sigmoid(x);
    case Function::kAbsolute:
      return std::abs(x);
    case Function::kNegative:
      return -x;
    case Function::kReciprocal:
      return 1 / x;
    case Function::kExponential:
      return std::exp(x);
    case Function::kLogarithm:
      return std::log(x);
    case Function::kSquareRoot:
      return std::sqrt(x);
    case Function::kErf:
      return std::erf(x);
    case Function::kTanh:
      return std::tanh(x);
    case Function::kFloor:
      return std::floor(x);
    case Function::kCeil:
      return std::ceil(x);
    case Function::kRound:
      return std::nearbyint(x);
    case Function::kSign:
      return x > 0 ? 1 : x < 0 ? -1 : 0;
    case Function::kClip:
      return std::max(alpha, std::min(beta, x));
    case Function::kLeakyRelu:
      return x < 0 ? alpha * x : x;
    case Function::kElu:
      return x < 0 ? alpha * std::expm1(x) : x;
    case Function::kHardSigmoid:
      return hard_sigmoid();
    case Function::kHardSwish:
      return x * hard_sigmoid();
    case Function::kSilu:
      return x * sigmoid(x);
    case Function::kGelu:
      return x / 2 * (1 + std::erf(x / std::numbers::sqrt2));
    case Function::kGeluTanh:
      return x / 2 * (1 + std::tanh(std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x)));
    case Function::kSoftplus:
      return softplus(x);
    case Function::kMish:
      return x * std::tanh(softplus(x));
    case Function::kScale:
      return alpha * x + beta;
    default:
      REIDBENCH_CHECK(false);
  }
}

double Evaluate(Function function, double a, double b) {
  switch (function) {
    case Function::kAdd:
      return a + b;
    case Function::kSubtract:
      return a - b;
    case Function::kMultiply:
      return a * b;
    case Function::kDivide:
      return a / b;
    case Function::kPower:
      return std::pow(a, b);
    case Function::kMinimum:
      return std::min(a, b);
    case Function::kMaximum:
      return std::max(a, b);
    case Function::kModulo:
      return a - std::floor(a / b) * b;
    case Function::kPRelu:
      return a < 0 ? a * b : a;
    case Function::kEqual:
      return a == b ? 1 : 0;
    case Function::kLess:
      return a < b ? 1 : 0;
    case Function::kLessOrEqual:
      return a <= b ? 1 : 0;
    case Function::kGreater:
      return a > b ? 1 : 0;
    case Function::kGreaterOrEqual:
      return a >= b ? 1 : 0;
    case Function::kAnd:
      return a != 0 && b != 0 ? 1 : 0;
    case Function::kOr:
      return a != 0 || b != 0 ? 1 : 0;
    default:
      REIDBENCH_CHECK(false);
  }
}

Value EvaluateLayer(const Layer& layer, std::span<const Value* const> inputs, Tensors tensors,
                    const ValueShape& shape) {
  Value out{shape, std::vector<double>(static_cast<size_t>(NumElements(shape)))};
  if (layer.op == LayerOp::kConstant) {
    std::copy(tensors[0].begin(), tensors[0].end(), out.numbers.begin());
    return out;
  }
  const Value& x = *inputs.front();
  const auto map = [](const Value& value) { return InputMap(value.shape, value.numbers.data()); };
  const auto out_map = [&] { return Map(out.shape, out.numbers.data()); };
  const auto each = [&](Function function) {
    std::transform(x.numbers.begin(), x.numbers.end(), out.numbers.begin(), [&](double number) {
      return Evaluate(function, layer.alpha, layer.beta, number);
    });
  };
  const auto of_two = [&](Function function) {
    const Value& y = *inputs[1];
    ForEach(out, [&](double& number, const std::vector<int64_t>& place) {
      number = Evaluate(function, x.numbers[IndexOf(x.shape, place)],
                        y.numbers[IndexOf(y.shape, place)]);
    });
  };
  switch (layer.op) {
    case LayerOp::kConvolution:
      Convolve(layer, tensors, map(x), out_map());
      break;
    case LayerOp::kLinear:
      Linear(layer, tensors, x, out);
      break;
    case LayerOp::kBatchNorm: {
      const auto mean = TensorAt(tensors, 2), variance = TensorAt(tensors, 3);
      ValueShape planes = {x.shape[0], static_cast<int64_t>(x.numbers.size()) / x.shape[0], 1};
      Normalize(layer, tensors, InputMap(planes, x.numbers.data()), {mean.begin(), mean.end()},
                {variance.begin(), variance.end()}, Map(planes, out.numbers.data()));
      break;
    }
    case LayerOp::kInstanceNorm:
      NormalizeByItself(layer, tensors, map(x), out_map());
      break;
    case LayerOp::kRelu:
      each(Function::kRelu);
      break;
    case LayerOp::kSigmoid:
      each(Function::kSigmoid);
      break;
    case LayerOp::kFunction:
      each(layer.function);
      break;
    case LayerOp::kAdd:
      for (const Value* const term : inputs) {
        for (size_t i = 0; i < out.numbers.size(); ++i) out.numbers[i] += term->numbers[i];
      }
      break;
    case LayerOp::kMultiply:
      of_two(Function::kMultiply);
      break;
    case LayerOp::kBinary:
      of_two(layer.function);
      break;
    case LayerOp::kConcat:
      Concat(layer, inputs, out);
      break;
    case LayerOp::kMaxPool:
    case LayerOp::kAveragePool:
      Pool(layer, map(x), out_map());
      break;
    case LayerOp::kGlobalAveragePool:
      out.numbers = Means(map(x));
      break;
    case LayerOp::kFlatten:
    case LayerOp::kReshape:
      out.numbers = x.numbers;
      break;
    case LayerOp::kL2Normalize: {
      const size_t rest = x.numbers.size() / static_cast<size_t>(x.shape[0]);
      for (size_t p = 0; p < rest; ++p) {
        double squares = 0;
        for (size_t i = p; i < x.numbers.size(); i += rest) squares += x.numbers[i] * x.numbers[i];
        const double norm = std::max(std::sqrt(squares), layer.epsilon);
        for (size_t i = p; i < x.numbers.size(); i += rest) out.numbers[i] = x.numbers[i] / norm;
      }
      break;
    }
    case LayerOp::kReduce:
      Reduce(layer, x, out);
      break;
    case LayerOp::kSoftmax:
      Softmax(layer, x, out);
      break;
    case LayerOp::kLayerNorm:
      LayerNorm(layer, tensors, x, out);
      break;
    case LayerOp::kMatMul:
      MatMul(x, *inputs[1], out);
      break;
    case LayerOp::kTranspose:
      ForEach(out, [&](double& number, const std::vector<int64_t>& place) {
        std::vector<int64_t> source(place.size());
        for (size_t i = 0; i < place.size(); ++i)
          source[static_cast<size_t>(layer.axes[i])] = place[i];
        number = x.numbers[IndexOf(x.shape, source)];
      });
      break;
    case LayerOp::kSlice:
      ForEach(out, [&](double& number, std::vector<int64_t> place) {
        for (size_t i = 0; i < place.size(); ++i)
          place[i] = layer.begins[i] + place[i] * layer.steps[i];
        number = x.numbers[IndexOf(x.shape, place)];
      });
      break;
    case LayerOp::kPad:
      ForEach(out, [&](double& number, std::vector<int64_t> place) {
        for (size_t i = 0; i < place.size(); ++i) {
          place[i] -= layer.begins[i];
          if (place[i] < 0 || place[i] >= x.shape[i]) {
            number = layer.alpha;
            return;
          }
        }
        number = x.numbers[IndexOf(x.shape, place)];
      });
      break;
    case LayerOp::kGather:
      Gather(layer, x, *inputs[1], out);
      break;
    case LayerOp::kResize:
      Resize(layer, map(x), out_map());
      break;
    case LayerOp::kInput:
    case LayerOp::kSideInput:
    case LayerOp::kConstant:
      REIDBENCH_CHECK(false);
  }
  return out;
}

}  // namespace reidbench
