#include "reidbench/embedding/osnet_kernels.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "reidbench/core/error.h"
#include "reidbench/core/isa.h"

namespace reidbench {
namespace {

// Keeps NaN, unlike std::max(x, 0.0f): a broken network must not turn into plausible zeros.
REIDBENCH_ALWAYS_INLINE inline float Relu(float x) { return 0.0f > x ? 0.0f : x; }

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

}  // namespace

bool InterleaveRgb(const float* chw, int64_t height, int64_t width, float* hwc) {
  const int64_t pixels = height * width;
  FiniteCheck finite;
  ForActiveIsa([&]() REIDBENCH_ALWAYS_INLINE {
    ForLanes(3 * pixels,
             [&](int64_t i, int64_t lane) REIDBENCH_ALWAYS_INLINE { finite.Add(lane, chw[i]); });
    for (int64_t p = 0; p < pixels; ++p) {
      hwc[3 * p] = chw[p];
      hwc[3 * p + 1] = chw[pixels + p];
      hwc[3 * p + 2] = chw[2 * pixels + p];
    }
  });
  return finite.ok();
}

void MaxPool3x3(const float* in, int64_t height, int64_t width, int64_t channels, float* out) {
  const int64_t out_height = (height + 1) / 2;
  const int64_t out_width = (width + 1) / 2;
  ForActiveIsa([&]() REIDBENCH_ALWAYS_INLINE {
    for (int64_t oy = 0; oy < out_height; ++oy) {
      for (int64_t ox = 0; ox < out_width; ++ox) {
        float* const o = out + (oy * out_width + ox) * channels;
        std::fill_n(o, channels, -std::numeric_limits<float>::infinity());
        for (int64_t y = std::max<int64_t>(2 * oy - 1, 0); y < std::min(2 * oy + 2, height); ++y) {
          for (int64_t x = std::max<int64_t>(2 * ox - 1, 0); x < std::min(2 * ox + 2, width); ++x) {
            MaxInto(in + (y * width + x) * channels, channels, o);
          }
        }
      }
    }
  });
}

void AveragePool2x2(const float* in, int64_t height, int64_t width, int64_t channels, float* out) {
  ForActiveIsa([&]() REIDBENCH_ALWAYS_INLINE {
    for (int64_t oy = 0; oy < height / 2; ++oy) {
      for (int64_t ox = 0; ox < width / 2; ++ox) {
        const float* const top = in + (2 * oy * width + 2 * ox) * channels;
        const float* const bottom = top + width * channels;
        for (int64_t c = 0; c < channels; ++c) {
          out[c] = ((top[c] + top[c + channels]) + (bottom[c] + bottom[c + channels])) * 0.25f;
        }
        out += channels;
      }
    }
  });
}

void ChannelMeans(const float* in, int64_t pixels, int64_t channels, float* means) {
  std::vector<double> totals(static_cast<size_t>(channels));
  SumPerChannel(
      in, pixels, channels, [](float x, int64_t) REIDBENCH_ALWAYS_INLINE { return x; },
      totals.data());
  for (int64_t c = 0; c < channels; ++c) means[c] = static_cast<float>(totals[c] / pixels);
}

void GatedSum(const std::array<const float*, 4>& streams, const ChannelGate& gate, int64_t pixels,
              int64_t channels, float* out) {
  const int64_t hidden = static_cast<int64_t>(gate.bias1.size());
  std::vector<float> means(static_cast<size_t>(channels));
  std::vector<float> inner(static_cast<size_t>(hidden));
  std::vector<float> factors(static_cast<size_t>(4 * channels));
  for (int s = 0; s < 4; ++s) {
    ChannelMeans(streams[s], pixels, channels, means.data());
    for (int64_t h = 0; h < hidden; ++h) {
      float sum = gate.bias1[h];
      for (int64_t c = 0; c < channels; ++c) sum += gate.weight1[h * channels + c] * means[c];
      inner[h] = Relu(sum);
    }
    for (int64_t c = 0; c < channels; ++c) {
      float sum = gate.bias2[c];
      for (int64_t h = 0; h < hidden; ++h) sum += gate.weight2[c * hidden + h] * inner[h];
      factors[s * channels + c] = 1.0f / (1.0f + std::exp(-sum));
    }
  }
  const float* const fa = factors.data();
  const float* const fb = fa + channels;
  const float* const fc = fb + channels;
  const float* const fd = fc + channels;
  ForActiveIsa([&]() REIDBENCH_ALWAYS_INLINE {
    for (int64_t p = 0; p < pixels; ++p) {
      const float* const a = streams[0] + p * channels;
      const float* const b = streams[1] + p * channels;
      const float* const c = streams[2] + p * channels;
      const float* const d = streams[3] + p * channels;
      float* const __restrict o = out + p * channels;
      for (int64_t i = 0; i < channels; ++i)
        o[i] = ((a[i] * fa[i] + b[i] * fb[i]) + c[i] * fc[i]) + d[i] * fd[i];
    }
  });
}

bool AddRelu(const float* y, int64_t count, float* x) {
  FiniteCheck finite;
  ForActiveIsa([&]() REIDBENCH_ALWAYS_INLINE {
    ForLanes(count, [&](int64_t i, int64_t lane) REIDBENCH_ALWAYS_INLINE {
      const float sum = x[i] + y[i];
      finite.Add(lane, sum);
      x[i] = Relu(sum);
    });
  });
  return finite.ok();
}

bool InstanceNormRelu(std::span<const float> weight, std::span<const float> bias, const float* y,
                      int64_t pixels, float* x) {
  constexpr double kEpsilon = 1e-5;
  const int64_t channels = static_cast<int64_t>(weight.size());
  std::vector<float> means(weight.size());
  std::vector<double> squares(weight.size());
  ChannelMeans(x, pixels, channels, means.data());
  SumPerChannel(
      x, pixels, channels,
      [m = means.data()](float value, int64_t c) REIDBENCH_ALWAYS_INLINE {
        const float centred = value - m[c];
        return centred * centred;
      },
      squares.data());
  std::vector<float> scale(weight.size());
  for (int64_t c = 0; c < channels; ++c) {
    scale[c] = static_cast<float>(weight[c] / std::sqrt(squares[c] / pixels + kEpsilon));
  }
  FiniteCheck finite;
  ForActiveIsa([&]() REIDBENCH_ALWAYS_INLINE {
    for (int64_t p = 0; p < pixels; ++p) {
      float* const row = x + p * channels;
      if (y == nullptr) {
        ForLanes(channels, [&](int64_t c, int64_t lane) REIDBENCH_ALWAYS_INLINE {
          const float value = (row[c] - means[c]) * scale[c] + bias[c];
          finite.Add(lane, value);
          row[c] = Relu(value);
        });
      } else {
        const float* const other = y + p * channels;
        ForLanes(channels, [&](int64_t c, int64_t lane) REIDBENCH_ALWAYS_INLINE {
          const float value = (row[c] - means[c]) * scale[c] + bias[c] + other[c];
          finite.Add(lane, value);
          row[c] = Relu(value);
        });
      }
    }
  });
  return finite.ok();
}

}  // namespace reidbench
