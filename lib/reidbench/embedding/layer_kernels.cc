#include "reidbench/embedding/layer_kernels.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "reidbench/core/error.h"
#include "reidbench/core/isa.h"

namespace reidbench {
namespace {

// Keeps NaN, unlike std::max(x, 0.0f): a broken network must not turn into plausible zeros.
REIDBENCH_ALWAYS_INLINE inline float AtLeastOf(float least, float x) {
  return least > x ? least : x;
}

// What a layer with or without a ReLU holds its output above.
float Floor(bool relu) { return relu ? 0.0f : -std::numeric_limits<float>::infinity(); }

// Finds infinities and NaN without a branch per value: 0 * x is 0 for every finite x and NaN
// otherwise. Independent lanes let the compiler vectorise the sum.
class FiniteCheck {
 public:
  static constexpr int64_t kLanes = 16;
  REIDBENCH_ALWAYS_INLINE void Add(int64_t lane, float x) { sum_[lane] += 0.0f * x; }
  bool ok() const {
    return std::all_of(sum_.begin(), sum_.end(), [](float s) { return s == 0.0f; });
  }

 private:
  std::array<float, kLanes> sum_{};
};

// Calls body(index, lane) for [0, count) in blocks whose inner loop has a fixed length.
template <typename Body>
REIDBENCH_ALWAYS_INLINE inline void ForLanes(int64_t count, const Body& body) {
  constexpr int64_t kLanes = FiniteCheck::kLanes;
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (int64_t lane = 0; lane < kLanes; ++lane) body(i + lane, lane);
  }
  for (; i < count; ++i) body(i, 0);
}

// Sums f(value, channel) per channel. Partial sums over kBlock pixels are float32 (a vector add
// each), their totals float64: a plain float32 sum over the 8192 pixels of the stem would lose
// three digits.
template <typename F>
void SumPerChannel(const float* in, int64_t pixels, int64_t channels, const F& f, double* totals) {
  constexpr int64_t kBlock = 64;
  std::vector<float> partial(static_cast<size_t>(channels));
  float* const sum = partial.data();
  std::fill_n(totals, channels, 0.0);
  ForActiveIsa([&]() REIDBENCH_ALWAYS_INLINE {
    for (int64_t begin = 0; begin < pixels; begin += kBlock) {
      const int64_t end = std::min(begin + kBlock, pixels);
      std::fill_n(sum, channels, 0.0f);
      int64_t p = begin;
      for (; p + 4 <= end; p += 4) {
        const float* const r0 = in + p * channels;
        const float* const r1 = r0 + channels;
        const float* const r2 = r1 + channels;
        const float* const r3 = r2 + channels;
        for (int64_t c = 0; c < channels; ++c) {
          sum[c] += (f(r0[c], c) + f(r1[c], c)) + (f(r2[c], c) + f(r3[c], c));
        }
      }
      for (; p < end; ++p) {
        for (int64_t c = 0; c < channels; ++c) sum[c] += f(in[p * channels + c], c);
      }
      for (int64_t c = 0; c < channels; ++c) totals[c] += sum[c];
    }
  });
}

REIDBENCH_ALWAYS_INLINE inline void MaxInto(const float* __restrict in, int64_t channels,
                                            float* __restrict out) {
  for (int64_t c = 0; c < channels; ++c) out[c] = in[c] < out[c] ? out[c] : in[c];
}

// Calls f(out, first row, end row, first column, end column) for every output pixel of a window,
// the rows and columns that are inside the image; with a dilation every dilation-th of them.
template <typename F>
REIDBENCH_ALWAYS_INLINE inline void ForWindows(const MapSize& size, const Window& w,
                                               const MapSize& out_size, float* out, const F& f) {
  const auto begin = [](int64_t at, int64_t dilation) {
    return at >= 0 ? at : at + (-at + dilation - 1) / dilation * dilation;
  };
  for (int64_t oy = 0; oy < out_size.height; ++oy) {
    const int64_t top = oy * w.stride[0] - w.padding[0];
    const int64_t bottom = std::min(top + (w.kernel[0] - 1) * w.dilation[0] + 1, size.height);
    for (int64_t ox = 0; ox < out_size.width; ++ox) {
      const int64_t left = ox * w.stride[1] - w.padding[1];
      const int64_t right = std::min(left + (w.kernel[1] - 1) * w.dilation[1] + 1, size.width);
      f(out, begin(top, w.dilation[0]), bottom, begin(left, w.dilation[1]), right, oy, ox);
      out += size.channels;
    }
  }
}

template <int kTerms, bool kScaled>
REIDBENCH_ALWAYS_INLINE inline void Sum(const ScaledTerm* terms, float least, int64_t pixels,
                                        int64_t channels, FiniteCheck& finite, float* out) {
  for (int64_t p = 0; p < pixels; ++p) {
    ForLanes(channels, [&](int64_t c, int64_t lane) REIDBENCH_ALWAYS_INLINE {
      const int64_t i = p * channels + c;
      float sum = kScaled ? terms[0].x[i] * terms[0].factors[c] : terms[0].x[i];
      for (int t = 1; t < kTerms; ++t)
        sum += kScaled ? terms[t].x[i] * terms[t].factors[c] : terms[t].x[i];
      finite.Add(lane, sum);
      out[i] = AtLeastOf(least, sum);
    });
  }
}

template <bool kScaled>
void Sum(std::span<const ScaledTerm> terms, float least, int64_t pixels, int64_t channels,
         FiniteCheck& finite, float* out) {
  ForActiveIsa([&]() REIDBENCH_ALWAYS_INLINE {
    switch (terms.size()) {
      case 1:
        return Sum<1, kScaled>(terms.data(), least, pixels, channels, finite, out);
      case 2:
        return Sum<2, kScaled>(terms.data(), least, pixels, channels, finite, out);
      case 3:
        return Sum<3, kScaled>(terms.data(), least, pixels, channels, finite, out);
      default:
        return Sum<4, kScaled>(terms.data(), least, pixels, channels, finite, out);
    }
  });
}

}  // namespace

bool Interleave(const float* chw, int64_t channels, int64_t pixels, float* hwc) {
  FiniteCheck finite;
  ForActiveIsa([&]() REIDBENCH_ALWAYS_INLINE {
    ForLanes(channels * pixels,
             [&](int64_t i, int64_t lane) REIDBENCH_ALWAYS_INLINE { finite.Add(lane, chw[i]); });
  });
  for (int64_t p = 0; p < pixels; ++p) {
    for (int64_t c = 0; c < channels; ++c) hwc[channels * p + c] = chw[c * pixels + p];
  }
  return finite.ok();
}

void Deinterleave(const float* hwc, int64_t channels, int64_t pixels, float* chw) {
  for (int64_t c = 0; c < channels; ++c) {
    for (int64_t p = 0; p < pixels; ++p) chw[c * pixels + p] = hwc[channels * p + c];
  }
}

void MaxPool(const float* in, const MapSize& size, const Window& window, const MapSize& out_size,
             float* out) {
  ForActiveIsa([&]() REIDBENCH_ALWAYS_INLINE {
    ForWindows(size, window, out_size, out,
               [&](float* o, int64_t top, int64_t bottom, int64_t left, int64_t right, int64_t,
                   int64_t) REIDBENCH_ALWAYS_INLINE {
                 std::fill_n(o, size.channels, -std::numeric_limits<float>::infinity());
                 for (int64_t y = top; y < bottom; y += window.dilation[0]) {
                   for (int64_t x = left; x < right; x += window.dilation[1])
                     MaxInto(in + (y * size.width + x) * size.channels, size.channels, o);
                 }
               });
  });
}

void AveragePool(const float* in, const MapSize& size, const Window& window,
                 const MapSize& out_size, float* out) {
  // Zeros of the padding count, but not what the last window of `ceil` sees beyond them.
  const auto counted = [&](size_t axis, int64_t at, int64_t begin, int64_t end) {
    const int64_t length = axis == 0 ? size.height : size.width;
    if (!window.count_padding)
      return (end - begin + window.dilation[axis] - 1) / window.dilation[axis];
    const int64_t first = at * window.stride[axis] - window.padding[axis];
    return std::min(window.kernel[axis], length + window.padding[axis + 2] - first);
  };
  ForActiveIsa([&]() REIDBENCH_ALWAYS_INLINE {
    ForWindows(size, window, out_size, out,
               [&](float* __restrict o, int64_t top, int64_t bottom, int64_t left, int64_t right,
                   int64_t oy, int64_t ox) REIDBENCH_ALWAYS_INLINE {
                 std::fill_n(o, size.channels, 0.0f);
                 for (int64_t y = top; y < bottom; y += window.dilation[0]) {
                   for (int64_t x = left; x < right; x += window.dilation[1]) {
                     const float* const from = in + (y * size.width + x) * size.channels;
                     for (int64_t c = 0; c < size.channels; ++c) o[c] += from[c];
                   }
                 }
                 const float scale = 1.0f / static_cast<float>(counted(0, oy, top, bottom) *
                                                               counted(1, ox, left, right));
                 for (int64_t c = 0; c < size.channels; ++c) o[c] *= scale;
               });
  });
}

void ChannelMeans(const float* in, int64_t pixels, int64_t channels, float* means) {
  std::vector<double> totals(static_cast<size_t>(channels));
  SumPerChannel(
      in, pixels, channels, [](float x, int64_t) REIDBENCH_ALWAYS_INLINE { return x; },
      totals.data());
  for (int64_t c = 0; c < channels; ++c) means[c] = static_cast<float>(totals[c] / pixels);
}

void Dense(std::span<const float> weight, std::span<const float> bias, bool relu,
           int64_t in_channels, int64_t out_channels, const float* in, float* out) {
  const float least = Floor(relu);
  for (int64_t o = 0; o < out_channels; ++o) {
    float sum = bias.empty() ? 0.0f : bias[o];
    for (int64_t i = 0; i < in_channels; ++i) sum += weight[o * in_channels + i] * in[i];
    out[o] = AtLeastOf(least, sum);
  }
}

void Sigmoid(const float* in, int64_t count, float* out) {
  for (int64_t i = 0; i < count; ++i) out[i] = 1.0f / (1.0f + std::exp(-in[i]));
}

void Relu(const float* in, int64_t count, float* out) {
  for (int64_t i = 0; i < count; ++i) out[i] = AtLeastOf(0.0f, in[i]);
}

bool ScaledSum(std::span<const ScaledTerm> terms, bool relu, int64_t pixels, int64_t channels,
               float* out) {
  constexpr size_t kAtOnce = 4;
  const bool scaled =
      std::any_of(terms.begin(), terms.end(), [](const ScaledTerm& t) { return t.factors; });
  const std::vector<float> ones(scaled ? static_cast<size_t>(channels) : 0, 1.0f);
  std::vector<ScaledTerm> now;
  FiniteCheck finite;
  for (size_t done = 0; done < terms.size();) {
    now.clear();
    if (done > 0) now.push_back({out, nullptr});
    while (now.size() < kAtOnce && done < terms.size()) now.push_back(terms[done++]);
    const float least = Floor(relu && done == terms.size());
    if (scaled) {
      for (ScaledTerm& term : now) {
        if (term.factors == nullptr) term.factors = ones.data();
      }
      Sum<true>(now, least, pixels, channels, finite, out);
    } else {
      Sum<false>(now, least, 1, pixels * channels, finite, out);
    }
  }
  return finite.ok();
}

bool InstanceNorm(std::span<const float> weight, std::span<const float> bias, double epsilon,
                  const float* y, bool relu, int64_t pixels, int64_t channels, const float* x,
                  float* out) {
  const auto count = static_cast<size_t>(channels);
  std::vector<float> means(count), scale(count), shift(count);
  std::vector<double> squares(count);
  ChannelMeans(x, pixels, channels, means.data());
  SumPerChannel(
      x, pixels, channels,
      [m = means.data()](float value, int64_t c) REIDBENCH_ALWAYS_INLINE {
        const float centred = value - m[c];
        return centred * centred;
      },
      squares.data());
  for (size_t c = 0; c < count; ++c) {
    scale[c] = static_cast<float>((weight.empty() ? 1.0f : weight[c]) /
                                  std::sqrt(squares[c] / static_cast<double>(pixels) + epsilon));
    if (!bias.empty()) shift[c] = bias[c];
  }
  const float least = Floor(relu);
  FiniteCheck finite;
  ForActiveIsa([&]() REIDBENCH_ALWAYS_INLINE {
    for (int64_t p = 0; p < pixels; ++p) {
      const float* const row = x + p * channels;
      const float* const other = y == nullptr ? nullptr : y + p * channels;
      float* const to = out + p * channels;
      ForLanes(channels, [&](int64_t c, int64_t lane) REIDBENCH_ALWAYS_INLINE {
        float value = (row[c] - means[c]) * scale[c] + shift[c];
        if (other != nullptr) value += other[c];
        finite.Add(lane, value);
        to[c] = AtLeastOf(least, value);
      });
    }
  });
  return finite.ok();
}

void Affine(const float* x, const float* scale, const float* shift, int64_t pixels,
            int64_t channels, float* out) {
  for (int64_t p = 0; p < pixels; ++p) {
    for (int64_t c = 0; c < channels; ++c)
      out[p * channels + c] = x[p * channels + c] * scale[c] + shift[c];
  }
}

void L2Normalize(const float* in, int64_t pixels, int64_t channels, double epsilon, float* out) {
  for (int64_t p = 0; p < pixels; ++p, in += channels, out += channels) {
    double squares = 0;
    for (int64_t c = 0; c < channels; ++c) squares += static_cast<double>(in[c]) * in[c];
    const double norm = std::max(std::sqrt(squares), epsilon);
    for (int64_t c = 0; c < channels; ++c) out[c] = static_cast<float>(in[c] / norm);
  }
}

bool NeedsLibrary(const Layer& layer, const MapSize& in) {
  // What a primitive costs to start is more than a gate's whole work.
  constexpr int64_t kFew = 1 << 13;
  if (layer.op != LayerOp::kConvolution && layer.op != LayerOp::kLinear) return false;
  const bool single = in.pixels() == 1 && layer.groups == 1 && layer.window == Window();
  return !single || in.channels * layer.channels > kFew;
}

bool ComputeLayer(const Layer& layer, std::span<const MapView> inputs,
                  std::span<const std::span<const float>> tensors, const MapView& out) {
  const MapView& in = inputs.front();
  const auto tensor = [&](size_t i) {
    return i < tensors.size() ? tensors[i] : std::span<const float>();
  };
  switch (layer.op) {
    case LayerOp::kConvolution:
    case LayerOp::kLinear:
      Dense(tensor(0), tensor(1), layer.relu, in.channels, out.channels, in.data, out.data);
      return true;
    case LayerOp::kInstanceNorm:
      return InstanceNorm(tensor(0), tensor(1), layer.epsilon,
                          inputs.size() > 1 ? inputs[1].data : nullptr, layer.relu, in.pixels(),
                          in.channels, in.data, out.data);
    case LayerOp::kAdd: {
      std::vector<ScaledTerm> terms;
      for (size_t i = 0; i < layer.inputs.size(); ++i) {
        const bool scaled = i < layer.factors.size() && layer.factors[i] >= 0;
        terms.push_back({inputs[i].data, scaled ? inputs[layer.inputs.size() + i].data : nullptr});
      }
      return ScaledSum(terms, layer.relu, out.pixels(), out.channels, out.data);
    }
    case LayerOp::kMultiply:
      for (int64_t i = 0; i < out.size(); ++i) out.data[i] = in.data[i] * inputs[1].data[i];
      return true;
    case LayerOp::kConcat: {
      float* to = out.data;
      for (const MapView& part : inputs) {
        for (int64_t p = 0; p < out.pixels(); ++p)
          std::copy_n(part.data + p * part.channels, part.channels, to + p * out.channels);
        to += part.channels;
      }
      return true;
    }
    case LayerOp::kMaxPool:
      MaxPool(in.data, in, layer.window, out, out.data);
      return true;
    case LayerOp::kAveragePool:
      AveragePool(in.data, in, layer.window, out, out.data);
      return true;
    case LayerOp::kGlobalAveragePool:
      ChannelMeans(in.data, in.pixels(), in.channels, out.data);
      return true;
    case LayerOp::kFlatten:
      if (in.data != out.data) Deinterleave(in.data, in.channels, in.pixels(), out.data);
      return true;
    case LayerOp::kRelu:
      Relu(in.data, in.size(), out.data);
      return true;
    case LayerOp::kSigmoid:
      Sigmoid(in.data, in.size(), out.data);
      return true;
    case LayerOp::kBatchNorm: {
      std::vector<float> scale, shift;
      for (size_t c = 0; c < tensor(0).size(); ++c) {
        const double factor = tensor(0)[c] / std::sqrt(tensor(3)[c] + layer.epsilon);
        scale.push_back(static_cast<float>(factor));
        shift.push_back(static_cast<float>(tensor(1)[c] - tensor(2)[c] * factor));
      }
      Affine(in.data, scale.data(), shift.data(), in.pixels(), in.channels, out.data);
      return true;
    }
    case LayerOp::kL2Normalize:
      L2Normalize(in.data, in.pixels(), in.channels, layer.epsilon, out.data);
      return true;
    default:  // of values of any number of axes: tensor_kernels.h
      break;
  }
  REIDBENCH_CHECK(false);
}

}  // namespace reidbench
