#include "reidbench/embedding/tensor_kernels.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <utility>

#include "reidbench/core/error.h"
#include "reidbench/core/isa.h"
#include "reidbench/weights/byte_reader.h"

namespace reidbench {
namespace {

using Strides = std::vector<int64_t>;

// exp(x) within 2e-7 of itself, in operations that the compiler vectorises: 2^n times a polynomial
// on [-ln 2 / 2, ln 2 / 2] (the Taylor series up to x^7, whose rest is 6e-9 there).
REIDBENCH_ALWAYS_INLINE inline float Exp(float x) {
  constexpr float kLeast = -87.0f, kMost = 88.72f;
  const float inside = x < kLeast ? kLeast : x > kMost ? kMost : x;
  constexpr float kShift = 12582912.0f;  // 1.5 * 2^23: adding it rounds to a whole number
  const float shifted = inside * 1.44269504f + kShift;
  const float n = shifted - kShift;
  const float r = (inside - n * 0.693359375f) + n * 2.12194440e-4f;
  float p = 1.0f / 5040;
  p = p * r + 1.0f / 720;
  p = p * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  const auto exponent = std::bit_cast<int32_t>(shifted) - std::bit_cast<int32_t>(kShift);
  // In two steps, because 2^128 is no float.
  const float half = std::bit_cast<float>(((exponent >> 1) + 127) << 23);
  const float rest = std::bit_cast<float>((exponent - (exponent >> 1) + 127) << 23);
  const float y = p * half * rest;
  return x > kMost ? std::numeric_limits<float>::infinity() : y;
}
REIDBENCH_ALWAYS_INLINE inline float Logistic(float x) { return 1.0f / (1.0f + Exp(-x)); }
REIDBENCH_ALWAYS_INLINE inline float Tanh(float x) {
  const float square = x * x;
  const float series =
      x * (1.0f + square * (-1.0f / 3 + square * (2.0f / 15 + square * (-17.0f / 315 +
                                                                        square * (62.0f / 2835)))));
  const float whole = 1.0f - 2.0f / (Exp(2.0f * x) + 1.0f);
  return square < 0.04f ? series : whole;
}
// Abramowitz and Stegun 7.1.26: within 2e-7.
REIDBENCH_ALWAYS_INLINE inline float Erf(float x) {
  const float size = x < 0 ? -x : x;
  const float t = 1.0f / (1.0f + 0.3275911f * size);
  const float p =
      t * (0.254829592f +
           t * (-0.284496736f + t * (1.421413741f + t * (-1.453152027f + t * 1.061405429f))));
  const float y = 1.0f - p * Exp(-size * size);
  return x < 0 ? -y : y;
}

template <typename F>
void EachNumber(const float* in, int64_t count, float* out, const F& f) {
  ForActiveIsa([&]() REIDBENCH_ALWAYS_INLINE {
    for (int64_t i = 0; i < count; ++i) out[i] = f(in[i]);
  });
}

// Calls use(f) with the function of two numbers.
template <typename Use>
void WithFunction(Function function, const Use& use) {
  switch (function) {
    case Function::kAdd:
      return use([](float a, float b) REIDBENCH_ALWAYS_INLINE { return a + b; });
    case Function::kSubtract:
      return use([](float a, float b) REIDBENCH_ALWAYS_INLINE { return a - b; });
    case Function::kMultiply:
      return use([](float a, float b) REIDBENCH_ALWAYS_INLINE { return a * b; });
    case Function::kDivide:
      return use([](float a, float b) REIDBENCH_ALWAYS_INLINE { return a / b; });
    case Function::kPower:
      return use([](float a, float b) { return std::pow(a, b); });
    // The first where it is NaN.
    case Function::kMinimum:
      return use([](float a, float b) REIDBENCH_ALWAYS_INLINE { return b < a ? b : a; });
    case Function::kMaximum:
      return use([](float a, float b) REIDBENCH_ALWAYS_INLINE { return b > a ? b : a; });
    case Function::kPRelu:
      return use([](float a, float b) REIDBENCH_ALWAYS_INLINE { return a < 0 ? a * b : a; });
    default:
      REIDBENCH_CHECK(false);
  }
}

// Axes of the same step in all operands as one, and none of size 1: fewer and longer loops.
struct Loops {
  std::vector<int64_t> sizes;
  std::vector<Strides> strides;  // of each operand

  Loops(const ValueShape& shape, const std::vector<Strides>& of_operands)
      : strides(of_operands.size()) {
    for (size_t i = 0; i < shape.size(); ++i) {
      if (shape[i] == 1) continue;
      bool joins = !sizes.empty();
      for (size_t o = 0; joins && o < strides.size(); ++o)
        joins = strides[o].back() == of_operands[o][i] * shape[i];
      if (joins) {
        sizes.back() *= shape[i];
        for (size_t o = 0; o < strides.size(); ++o) strides[o].back() = of_operands[o][i];
        continue;
      }
      sizes.push_back(shape[i]);
      for (size_t o = 0; o < strides.size(); ++o) strides[o].push_back(of_operands[o][i]);
    }
    if (sizes.empty()) {
      sizes.push_back(1);
      for (Strides& s : strides) s.push_back(0);
    }
  }

  // Calls f(offset of each operand) for every place of all but the last `inner` axes.
  template <size_t kOperands, typename F>
  void ForOuter(size_t inner, const F& f) const {
    std::array<int64_t, kOperands> offsets{};
    std::array<int64_t, 16> at{};
    const size_t outer = sizes.size() > inner ? sizes.size() - inner : 0;
    REIDBENCH_CHECK(outer <= at.size());
    for (;;) {
      f(offsets);
      size_t axis = outer;
      for (;;) {
        if (axis == 0) return;
        --axis;
        for (size_t o = 0; o < kOperands; ++o) offsets[o] += strides[o][axis];
        if (++at[axis] < sizes[axis]) break;
        for (size_t o = 0; o < kOperands; ++o) offsets[o] -= strides[o][axis] * sizes[axis];
        at[axis] = 0;
      }
    }
  }
};

// Copies a value into another of the same sizes and any strides.
class StridedCopy {
 public:
  StridedCopy(const ValueShape& shape, const Strides& from, const Strides& to)
      : loops_(shape, {from, to}) {}

  void operator()(const float* in, float* out) const {
    const size_t rank = loops_.sizes.size();
    const int64_t length = loops_.sizes[rank - 1];
    const int64_t from = loops_.strides[0][rank - 1], to = loops_.strides[1][rank - 1];
    if (from == 1 && to == 1) {
      loops_.ForOuter<2>(1, [&](const auto& offsets) {
        std::memcpy(out + offsets[1], in + offsets[0], static_cast<size_t>(length) * sizeof(float));
      });
      return;
    }
    if (rank >= 2) {
      // Tiles, so that both the lines read and those written stay in the cache.
      constexpr int64_t kTile = 16;
      const int64_t rows = loops_.sizes[rank - 2];
      const int64_t row_from = loops_.strides[0][rank - 2], row_to = loops_.strides[1][rank - 2];
      loops_.ForOuter<2>(2, [&](const auto& offsets) {
        for (int64_t r = 0; r < rows; r += kTile) {
          const int64_t r_end = std::min(rows, r + kTile);
          for (int64_t c = 0; c < length; c += kTile) {
            const int64_t c_end = std::min(length, c + kTile);
            for (int64_t i = r; i < r_end; ++i) {
              const float* const x = in + offsets[0] + i * row_from;
              float* const y = out + offsets[1] + i * row_to;
              for (int64_t j = c; j < c_end; ++j) y[j * to] = x[j * from];
            }
          }
        }
      });
      return;
    }
    for (int64_t i = 0; i < length; ++i) out[i * to] = in[i * from];
  }

 private:
  Loops loops_;
};

// Strides of a value read at the places of `shape`: 0 along what is repeated.
Strides RepeatedStrides(const TensorLayout& layout, const ValueShape& shape) {
  const Strides own = layout.Strides();
  const size_t more = shape.size() - own.size();
  Strides strides(shape.size(), 0);
  for (size_t i = 0; i < own.size(); ++i) {
    if (layout.shape[i] != 1) strides[more + i] = own[i];
  }
  return strides;
}

// Axes of a value in the order in which another lies in memory.
template <typename T>
std::vector<T> InOrderOf(const TensorLayout& layout, const std::vector<T>& by_axis) {
  if (!layout.channels_last) return by_axis;
  return {by_axis[1], by_axis[2], by_axis[0]};
}

TensorKernel PlanBinary(Function function, const std::vector<TensorLayout>& inputs,
                        const TensorLayout& out) {
  const ValueShape shape = out.Physical();
  const Loops loops(shape, {InOrderOf(out, RepeatedStrides(inputs[0], out.shape)),
                            InOrderOf(out, RepeatedStrides(inputs[1], out.shape)),
                            InOrderOf(out, out.Strides())});
  return [loops, function](std::span<const float* const> in, float* to) {
    const int64_t count = loops.sizes.back();
    const int64_t a_step = loops.strides[0].back(), b_step = loops.strides[1].back();
    WithFunction(function, [&](const auto& f) {
      ForActiveIsa([&]() REIDBENCH_ALWAYS_INLINE {
        loops.ForOuter<3>(1, [&](const std::array<int64_t, 3>& offsets) REIDBENCH_ALWAYS_INLINE {
          const float* const a = in[0] + offsets[0];
          const float* const b = in[1] + offsets[1];
          float* const y = to + offsets[2];
          if (a_step == 1 && b_step == 1) {
            for (int64_t i = 0; i < count; ++i) y[i] = f(a[i], b[i]);
          } else if (a_step == 1 && b_step == 0) {
            const float same = *b;
            for (int64_t i = 0; i < count; ++i) y[i] = f(a[i], same);
          } else if (a_step == 0 && b_step == 1) {
            const float same = *a;
            for (int64_t i = 0; i < count; ++i) y[i] = f(same, b[i]);
          } else {
            for (int64_t i = 0; i < count; ++i) y[i] = f(a[i * a_step], b[i * b_step]);
          }
        });
      });
    });
  };
}

TensorKernel PlanReduce(const Layer& layer, const TensorLayout& in, const TensorLayout& out) {
  const Function function = layer.function;
  const ValueShape shape = in.Physical();
  Strides to = RepeatedStrides(out, in.shape);
  const Loops loops(shape, {InOrderOf(in, in.Strides()), InOrderOf(in, to)});
  const auto outs = static_cast<size_t>(NumElements(out.shape));
  const double share = static_cast<double>(outs) / static_cast<double>(NumElements(in.shape));
  const bool is_most = function == Function::kMaximum, is_least = function == Function::kMinimum;
  const double none = is_most                          ? -std::numeric_limits<double>::infinity()
                      : is_least                       ? std::numeric_limits<double>::infinity()
                      : function == Function::kProduct ? 1.0
                                                       : 0.0;
  auto sums = std::make_shared<std::vector<double>>(outs);
  return [loops, function, share, none, sums](std::span<const float* const> inputs, float* result) {
    std::fill(sums->begin(), sums->end(), none);
    const int64_t count = loops.sizes.back();
    const int64_t step = loops.strides[0].back(), sum_step = loops.strides[1].back();
    const auto run = [&](const auto& join) {
      ForActiveIsa([&]() REIDBENCH_ALWAYS_INLINE {
        loops.ForOuter<2>(1, [&](const std::array<int64_t, 2>& offsets) REIDBENCH_ALWAYS_INLINE {
          const float* const x = inputs[0] + offsets[0];
          double* const sum = sums->data() + offsets[1];
          if (step == 1 && sum_step == 1) {
            for (int64_t i = 0; i < count; ++i) sum[i] = join(sum[i], x[i]);
          } else if (sum_step == 0) {
            double all = *sum;
            for (int64_t i = 0; i < count; ++i) all = join(all, x[i * step]);
            *sum = all;
          } else {
            for (int64_t i = 0; i < count; ++i)
              sum[i * sum_step] = join(sum[i * sum_step], x[i * step]);
          }
        });
      });
    };
    switch (function) {
      case Function::kMaximum:
        run([](double sum, float x) REIDBENCH_ALWAYS_INLINE { return sum > x ? sum : double{x}; });
        break;
      case Function::kMinimum:
        run([](double sum, float x) REIDBENCH_ALWAYS_INLINE { return sum < x ? sum : double{x}; });
        break;
      case Function::kProduct:
        run([](double sum, float x) REIDBENCH_ALWAYS_INLINE { return sum * x; });
        break;
      case Function::kSumSquares:
      case Function::kNormL2:
        run([](double sum, float x) REIDBENCH_ALWAYS_INLINE { return sum + double{x} * x; });
        break;
      case Function::kNormL1:
        run([](double sum, float x) REIDBENCH_ALWAYS_INLINE { return sum + (x < 0 ? -x : x); });
        break;
      default:
        run([](double sum, float x) REIDBENCH_ALWAYS_INLINE { return sum + x; });
        break;
    }
    for (size_t i = 0; i < sums->size(); ++i) {
      double sum = (*sums)[i];
      if (function == Function::kMean) sum *= share;
      if (function == Function::kNormL2) sum = std::sqrt(sum);
      result[i] = static_cast<float>(sum);
    }
  };
}

// exp(x - the largest) and their sum of a row; then divided by it.
REIDBENCH_ALWAYS_INLINE inline void SoftmaxRow(const float* x, int64_t length, float* y) {
  constexpr int64_t kLanes = 16;
  float most = x[0];
  for (int64_t i = 1; i < length; ++i) most = x[i] > most ? x[i] : most;
  std::array<float, kLanes> sums{};
  int64_t i = 0;
  for (; i + kLanes <= length; i += kLanes) {
    for (int64_t lane = 0; lane < kLanes; ++lane) {
      const float e = Exp(x[i + lane] - most);
      y[i + lane] = e;
      sums[static_cast<size_t>(lane)] += e;
    }
  }
  double sum = 0;
  for (; i < length; ++i) {
    y[i] = Exp(x[i] - most);
    sum += y[i];
  }
  for (const float lane : sums) sum += lane;
  const auto share = static_cast<float>(1 / sum);
  for (i = 0; i < length; ++i) y[i] *= share;
}

TensorKernel PlanSoftmax(const Layer& layer, const TensorLayout& in) {
  const ValueShape shape = in.Physical();
  const auto axis = static_cast<size_t>(in.Axis(layer.axis));
  const int64_t length = shape[axis];
  const int64_t step = NumElements(std::span(shape).subspan(axis + 1));
  const int64_t outer = NumElements(std::span(shape).first(axis));
  auto row = std::make_shared<std::vector<float>>(static_cast<size_t>(length));
  return [=](std::span<const float* const> inputs, float* out) {
    ForActiveIsa([&]() REIDBENCH_ALWAYS_INLINE {
      for (int64_t o = 0; o < outer; ++o) {
        const float* const x = inputs[0] + o * length * step;
        float* const y = out + o * length * step;
        if (step == 1) {
          SoftmaxRow(x, length, y);
          continue;
        }
        for (int64_t s = 0; s < step; ++s) {
          for (int64_t i = 0; i < length; ++i) (*row)[static_cast<size_t>(i)] = x[i * step + s];
          SoftmaxRow(row->data(), length, row->data());
          for (int64_t i = 0; i < length; ++i) y[i * step + s] = (*row)[static_cast<size_t>(i)];
        }
      }
    });
  };
}

TensorKernel PlanLayerNorm(const Layer& layer, const TensorLayout& in,
                           const std::vector<std::span<const float>>& tensors) {
  const int64_t length = NumElements(std::span(in.shape).subspan(static_cast<size_t>(layer.axis)));
  const int64_t rows = NumElements(in.shape) / length;
  const std::vector<float> ones(static_cast<size_t>(length), 1.0f);
  const std::vector<float> zeros(static_cast<size_t>(length), 0.0f);
  return [=, epsilon = layer.epsilon](std::span<const float* const> inputs, float* out) {
    const float* const weight = tensors.empty() ? ones.data() : tensors[0].data();
    const float* const bias = tensors.size() < 2 ? zeros.data() : tensors[1].data();
    ForActiveIsa([&]() REIDBENCH_ALWAYS_INLINE {
      constexpr int64_t kLanes = 16;
      for (int64_t r = 0; r < rows; ++r) {
        const float* const x = inputs[0] + r * length;
        float* const y = out + r * length;
        // Sums side by side, which the compiler would not reorder on its own.
        const auto sum = [&](const auto& f) REIDBENCH_ALWAYS_INLINE {
          std::array<float, kLanes> lanes{};
          int64_t i = 0;
          for (; i + kLanes <= length; i += kLanes) {
            for (int64_t lane = 0; lane < kLanes; ++lane)
              lanes[static_cast<size_t>(lane)] += f(x[i + lane]);
          }
          double all = 0;
          for (; i < length; ++i) all += f(x[i]);
          for (const float lane : lanes) all += lane;
          return all;
        };
        const auto mean = static_cast<float>(
            sum([](float v) REIDBENCH_ALWAYS_INLINE { return v; }) / static_cast<double>(length));
        const double squares =
            sum([mean](float v) REIDBENCH_ALWAYS_INLINE { return (v - mean) * (v - mean); });
        const auto scale =
            static_cast<float>(1 / std::sqrt(squares / static_cast<double>(length) + epsilon));
        for (int64_t i = 0; i < length; ++i) y[i] = (x[i] - mean) * scale * weight[i] + bias[i];
      }
    });
  };
}

TensorKernel PlanResize(const Layer& layer, const TensorLayout& in, const TensorLayout& out) {
  const std::vector<SampleTap> rows = SampleTaps(layer.sampling, 0, in.shape[1], out.shape[1]);
  const std::vector<SampleTap> columns = SampleTaps(layer.sampling, 1, in.shape[2], out.shape[2]);
  const int64_t channels = in.shape[0], width = in.shape[2];
  const bool linear = layer.sampling.linear;
  return [=](std::span<const float* const> inputs, float* to) {
    ForActiveIsa([&]() REIDBENCH_ALWAYS_INLINE {
      for (const SampleTap& row : rows) {
        const float* const above = inputs[0] + row.first * width * channels;
        const float* const below = inputs[0] + row.second * width * channels;
        const auto down = static_cast<float>(row.share);
        for (const SampleTap& column : columns) {
          const float* const a = above + column.first * channels;
          if (!linear) {
            for (int64_t c = 0; c < channels; ++c) to[c] = a[c];
          } else {
            const float* const b = above + column.second * channels;
            const float* const d = below + column.first * channels;
            const float* const e = below + column.second * channels;
            const auto right = static_cast<float>(column.share);
            for (int64_t c = 0; c < channels; ++c) {
              const float upper = a[c] + (b[c] - a[c]) * right;
              const float lower = d[c] + (e[c] - d[c]) * right;
              to[c] = upper + (lower - upper) * down;
            }
          }
          to += channels;
        }
      }
    });
  };
}

TensorKernel PlanGather(const Layer& layer, const std::vector<TensorLayout>& inputs) {
  const ValueShape& shape = inputs[0].shape;
  const auto axis = static_cast<size_t>(layer.axis);
  const int64_t size = shape[axis];
  const int64_t outer = NumElements(std::span(shape).first(axis));
  const int64_t inner = NumElements(std::span(shape).subspan(axis + 1));
  const int64_t count = NumElements(inputs[1].shape);
  return [=](std::span<const float* const> in, float* out) {
    for (int64_t o = 0; o < outer; ++o) {
      for (int64_t i = 0; i < count; ++i, out += inner) {
        float index = in[1][i];
        if (index < 0) index += static_cast<float>(size);
        if (!(index >= 0 && index < static_cast<float>(size))) {
          std::fill_n(out, inner, std::numeric_limits<float>::quiet_NaN());
          continue;
        }
        std::copy_n(in[0] + (o * size + static_cast<int64_t>(index)) * inner, inner, out);
      }
    }
  };
}

TensorKernel PlanConcat(const Layer& layer, const std::vector<TensorLayout>& inputs,
                        const TensorLayout& out) {
  std::vector<std::pair<StridedCopy, int64_t>> parts;
  const Strides to = out.Strides();
  int64_t begin = 0;
  for (const TensorLayout& part : inputs) {
    parts.emplace_back(
        StridedCopy(InOrderOf(out, part.shape), InOrderOf(out, part.Strides()), InOrderOf(out, to)),
        begin * to[static_cast<size_t>(layer.axis)]);
    begin += part.shape[static_cast<size_t>(layer.axis)];
  }
  return [parts](std::span<const float* const> in, float* result) {
    for (size_t i = 0; i < parts.size(); ++i) parts[i].first(in[i], result + parts[i].second);
  };
}

}  // namespace

ValueShape TensorLayout::Physical() const {
  return channels_last ? ValueShape{shape[1], shape[2], shape[0]} : shape;
}

std::vector<int64_t> TensorLayout::Strides() const {
  if (channels_last) return {1, shape[2] * shape[0], shape[0]};
  std::vector<int64_t> strides(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;) strides[i - 1] = strides[i] * shape[i];
  return strides;
}

int64_t TensorLayout::Axis(int64_t axis) const {
  if (!channels_last) return axis;
  return axis == 0 ? 2 : axis - 1;
}

void ApplyFunction(Function function, double alpha_given, double beta_given, const float* in,
                   int64_t count, float* out) {
  const auto alpha = static_cast<float>(alpha_given), beta = static_cast<float>(beta_given);
  const auto each = [&](const auto& f) { EachNumber(in, count, out, f); };
  const auto hard = [=](float x) REIDBENCH_ALWAYS_INLINE {
    const float y = alpha * x + beta;
    return y < 0.0f ? 0.0f : y > 1.0f ? 1.0f : y;
  };
  switch (function) {
    case Function::kRelu:  // NaN stays NaN
      return each([](float x) REIDBENCH_ALWAYS_INLINE { return 0.0f > x ? 0.0f : x; });
    case Function::kSigmoid:
      return each([](float x) REIDBENCH_ALWAYS_INLINE { return Logistic(x); });
    case Function::kAbsolute:
      return each([](float x) REIDBENCH_ALWAYS_INLINE { return x < 0 ? -x : x; });
    case Function::kNegative:
      return each([](float x) REIDBENCH_ALWAYS_INLINE { return -x; });
    case Function::kReciprocal:
      return each([](float x) REIDBENCH_ALWAYS_INLINE { return 1.0f / x; });
    case Function::kExponential:
      return each([](float x) REIDBENCH_ALWAYS_INLINE { return Exp(x); });
    case Function::kLogarithm:
      return each([](float x) { return std::log(x); });
    case Function::kSquareRoot:
      return each([](float x) { return std::sqrt(x); });
    case Function::kErf:
      return each([](float x) { return std::erf(x); });
    case Function::kTanh:
      return each([](float x) REIDBENCH_ALWAYS_INLINE { return Tanh(x); });
    case Function::kFloor:
      return each([](float x) { return std::floor(x); });
    case Function::kCeil:
      return each([](float x) { return std::ceil(x); });
    case Function::kRound:
      return each([](float x) { return std::nearbyint(x); });
    case Function::kSign:
      return each([](float x) { return x > 0 ? 1.0f : x < 0 ? -1.0f : x; });
    case Function::kClip:
      return each([=](float x) REIDBENCH_ALWAYS_INLINE {
        return x < alpha ? alpha : x > beta ? beta : x;
      });
    case Function::kLeakyRelu:
      return each([=](float x) REIDBENCH_ALWAYS_INLINE { return x < 0 ? alpha * x : x; });
    case Function::kElu:
      return each([=](float x) { return x < 0 ? alpha * std::expm1(x) : x; });
    case Function::kHardSigmoid:
      return each(hard);
    case Function::kHardSwish:
      return each([=](float x) REIDBENCH_ALWAYS_INLINE {
        const float y = alpha * x + beta;
        return x * (y < 0.0f ? 0.0f : y > 1.0f ? 1.0f : y);
      });
    case Function::kSilu:
      return each([](float x) REIDBENCH_ALWAYS_INLINE { return x * Logistic(x); });
    case Function::kGelu:
      return each([](float x)
                      REIDBENCH_ALWAYS_INLINE { return 0.5f * x * (1.0f + Erf(x * 0.70710678f)); });
    case Function::kGeluTanh:
      return each([](float x) REIDBENCH_ALWAYS_INLINE {
        return 0.5f * x * (1.0f + Tanh(0.79788456f * (x + 0.044715f * x * x * x)));
      });
    case Function::kSoftplus:
      return each([](float x) { return std::max(x, 0.0f) + std::log1p(std::exp(-std::abs(x))); });
    case Function::kMish:
      return each([](float x) {
        return x * std::tanh(std::max(x, 0.0f) + std::log1p(std::exp(-std::abs(x))));
      });
    case Function::kScale:
      return each([=](float x) REIDBENCH_ALWAYS_INLINE { return x * alpha + beta; });
    default:
      REIDBENCH_CHECK(false);
  }
}

TensorKernel PlanTensorKernel(const Layer& layer, const std::vector<TensorLayout>& inputs,
                              std::vector<std::span<const float>> tensors,
                              const TensorLayout& out) {
  const int64_t count = NumElements(out.shape);
  const auto function = [&](Function f, double alpha = 0, double beta = 0) -> TensorKernel {
    return [=](std::span<const float* const> in, float* to) {
      ApplyFunction(f, alpha, beta, in[0], count, to);
    };
  };
  switch (layer.op) {
    case LayerOp::kRelu:
      return function(Function::kRelu);
    case LayerOp::kSigmoid:
      return function(Function::kSigmoid);
    case LayerOp::kFunction:
      return function(layer.function, layer.alpha, layer.beta);
    case LayerOp::kBinary:
      return PlanBinary(layer.function, inputs, out);
    case LayerOp::kMultiply:
      return PlanBinary(Function::kMultiply, inputs, out);
    case LayerOp::kAdd: {
      const TensorKernel first = PlanBinary(Function::kAdd, inputs, out);
      const bool relu = layer.relu;
      const size_t terms = inputs.size();
      if (terms == 1) {
        return [=](std::span<const float* const> in, float* to) {
          relu ? ApplyFunction(Function::kRelu, 0, 0, in[0], count, to)
               : static_cast<void>(std::copy_n(in[0], count, to));
        };
      }
      return [=](std::span<const float* const> in, float* to) {
        first(in, to);
        for (size_t i = 2; i < terms; ++i) first(std::array<const float*, 2>{to, in[i]}, to);
        if (relu) ApplyFunction(Function::kRelu, 0, 0, to, count, to);
      };
    }
    case LayerOp::kReduce:
      return PlanReduce(layer, inputs[0], out);
    case LayerOp::kSoftmax:
      return PlanSoftmax(layer, inputs[0]);
    case LayerOp::kLayerNorm:
      return PlanLayerNorm(layer, inputs[0], tensors);
    case LayerOp::kResize:
      return PlanResize(layer, inputs[0], out);
    case LayerOp::kGather:
      return PlanGather(layer, inputs);
    case LayerOp::kConcat:
      return PlanConcat(layer, inputs, out);
    case LayerOp::kTranspose: {
      const Strides own = inputs[0].Strides();
      Strides from;
      for (const int64_t axis : layer.axes) from.push_back(own[static_cast<size_t>(axis)]);
      const StridedCopy copy(out.Physical(), InOrderOf(out, from), InOrderOf(out, out.Strides()));
      return [copy](std::span<const float* const> in, float* to) { copy(in[0], to); };
    }
    case LayerOp::kSlice: {
      Strides from = inputs[0].Strides();
      int64_t begin = 0;
      for (size_t i = 0; i < from.size(); ++i) {
        begin += from[i] * layer.begins[i];
        from[i] *= layer.steps[i];
      }
      const StridedCopy copy(out.Physical(), InOrderOf(out, from), InOrderOf(out, out.Strides()));
      return
          [copy, begin](std::span<const float* const> in, float* to) { copy(in[0] + begin, to); };
    }
    case LayerOp::kPad: {
      // Axes may also lose numbers: what is kept of each.
      ValueShape kept = inputs[0].shape;
      const Strides from = inputs[0].Strides(), to = out.Strides();
      int64_t read = 0, written = 0;
      for (size_t i = 0; i < kept.size(); ++i) {
        kept[i] += std::min<int64_t>(0, layer.begins[i]) + std::min<int64_t>(0, layer.ends[i]);
        read += from[i] * std::max<int64_t>(0, -layer.begins[i]);
        written += to[i] * std::max<int64_t>(0, layer.begins[i]);
      }
      const StridedCopy copy(InOrderOf(out, kept), InOrderOf(out, from), InOrderOf(out, to));
      const auto value = static_cast<float>(layer.alpha);
      return [=](std::span<const float* const> in, float* result) {
        std::fill_n(result, count, value);
        copy(in[0] + read, result + written);
      };
    }
    default:
      REIDBENCH_CHECK(false);
  }
}

}  // namespace reidbench
