#include "models/osnet_avx512.h"

#include "core/error.h"

#if defined(__x86_64__) && defined(__GNUC__)

#include <immintrin.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <mutex>
#include <new>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "models/osnet_kernels.h"

// Below the includes, so that no function of a header is compiled for AVX-512 and then shared with
// code that runs on older processors.
#ifdef __clang__
#pragma clang attribute push(                                                     \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,fma"))), \
    apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,fma")
#endif

namespace reidbench {
namespace {

#define REIDBENCH_INLINE inline __attribute__((always_inline))

using bf16 = uint16_t;  // the upper half of a float32

// 16 or 8 float32 channels in a register.
struct Wide {
  using Register = __m512;
  static constexpr int kLanes = 16;
  static REIDBENCH_INLINE __m512 Zero() { return _mm512_setzero_ps(); }
  static REIDBENCH_INLINE __m512 Load(const float* p) { return _mm512_loadu_ps(p); }
  static REIDBENCH_INLINE __m512 Load(const bf16* p) {
    const __m512i bits =
        _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
    return _mm512_castsi512_ps(_mm512_slli_epi32(bits, 16));
  }
  static REIDBENCH_INLINE void Store(float* p, __m512 x) { _mm512_storeu_ps(p, x); }
  static REIDBENCH_INLINE void Store(bf16* p, __m512 x) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), (__m256i)_mm512_cvtneps_pbh(x));
  }
  static REIDBENCH_INLINE __m512 Set(float x) { return _mm512_set1_ps(x); }
  static REIDBENCH_INLINE __m512 Add(__m512 a, __m512 b) { return _mm512_add_ps(a, b); }
  static REIDBENCH_INLINE __m512 Mul(__m512 a, __m512 b) { return _mm512_mul_ps(a, b); }
  static REIDBENCH_INLINE __m512 MulAdd(__m512 a, __m512 b, __m512 sum) {
    return _mm512_fmadd_ps(a, b, sum);
  }
  // The second operand where one is NaN.
  static REIDBENCH_INLINE __m512 Max(__m512 a, __m512 b) { return _mm512_max_ps(a, b); }
};

struct Narrow {
  using Register = __m256;
  static constexpr int kLanes = 8;
  static REIDBENCH_INLINE __m256 Zero() { return _mm256_setzero_ps(); }
  static REIDBENCH_INLINE __m256 Load(const float* p) { return _mm256_loadu_ps(p); }
  static REIDBENCH_INLINE __m256 Load(const bf16* p) {
    const __m256i bits =
        _mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
    return _mm256_castsi256_ps(_mm256_slli_epi32(bits, 16));
  }
  static REIDBENCH_INLINE void Store(float* p, __m256 x) { _mm256_storeu_ps(p, x); }
  static REIDBENCH_INLINE void Store(bf16* p, __m256 x) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p), (__m128i)_mm256_cvtneps_pbh(x));
  }
  static REIDBENCH_INLINE __m256 Set(float x) { return _mm256_set1_ps(x); }
  static REIDBENCH_INLINE __m256 Add(__m256 a, __m256 b) { return _mm256_add_ps(a, b); }
  static REIDBENCH_INLINE __m256 Mul(__m256 a, __m256 b) { return _mm256_mul_ps(a, b); }
  static REIDBENCH_INLINE __m256 MulAdd(__m256 a, __m256 b, __m256 sum) {
    return _mm256_fmadd_ps(a, b, sum);
  }
  static REIDBENCH_INLINE __m256 Max(__m256 a, __m256 b) { return _mm256_max_ps(a, b); }
};

// Calls f(Wide or Narrow, first channel) until all channels, a multiple of 8, are covered.
template <typename F>
REIDBENCH_INLINE void ForChannels(int64_t channels, const F& f) {
  int64_t c = 0;
  for (; c + 16 <= channels; c += 16) f(Wide(), c);
  if (c < channels) f(Narrow(), c);
}

// Arithmetic of the matrix products: `kPair` values of the inner dimension are multiplied in one
// step.
struct Fp32 {
  using Value = float;
  static constexpr int kPair = 1;
  static Value FromFloat(float x) { return x; }
  static REIDBENCH_INLINE __m512 Broadcast(const float* a) { return _mm512_set1_ps(*a); }
  static REIDBENCH_INLINE __m512 Weights(const float* w) { return _mm512_loadu_ps(w); }
  static REIDBENCH_INLINE __m256 HalfWeights(const float* w) { return _mm256_loadu_ps(w); }
  static REIDBENCH_INLINE __m512 Product(__m512 sum, __m512 w, __m512 a) {
    return _mm512_fmadd_ps(w, a, sum);
  }
  static REIDBENCH_INLINE __m256 Product(__m256 sum, __m256 w, __m512 a) {
    return _mm256_fmadd_ps(w, _mm512_castps512_ps256(a), sum);
  }
};

struct Bf16 {
  using Value = bf16;
  static constexpr int kPair = 2;
  // Rounds to nearest, ties to even; `x` is finite.
  static Value FromFloat(float x) {
    uint32_t bits;
    std::memcpy(&bits, &x, sizeof(bits));
    return static_cast<bf16>((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
  }
  static REIDBENCH_INLINE __m512 Broadcast(const bf16* a) {
    float pair;
    std::memcpy(&pair, a, sizeof(pair));
    return _mm512_set1_ps(pair);
  }
  static REIDBENCH_INLINE __m512 Weights(const bf16* w) { return _mm512_loadu_ps(w); }
  static REIDBENCH_INLINE __m256 HalfWeights(const bf16* w) {
    return _mm256_castsi256_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(w)));
  }
  static REIDBENCH_INLINE __m512 Product(__m512 sum, __m512 w, __m512 a) {
    return _mm512_dpbf16_ps(sum, (__m512bh)w, (__m512bh)a);
  }
  static REIDBENCH_INLINE __m256 Product(__m256 sum, __m256 w, __m512 a) {
    return _mm256_dpbf16_ps(sum, (__m256bh)w, (__m256bh)_mm512_castps512_ps256(a));
  }
};

struct FreeAligned {
  void operator()(void* p) const { std::free(p); }
};

// Uninitialised memory on a cache line.
template <typename T>
class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(int64_t count) : count_(count) {
    // Some room behind: whole registers are loaded at the end of short rows.
    const size_t bytes = (static_cast<size_t>(count) * sizeof(T) + 127) / 64 * 64;
    data_.reset(static_cast<T*>(std::aligned_alloc(64, bytes)));
    if (data_ == nullptr) throw std::bad_alloc();
  }
  T* data() const { return data_.get(); }
  void Clear() { std::memset(data_.get(), 0, static_cast<size_t>(count_) * sizeof(T)); }

 private:
  std::unique_ptr<T, FreeAligned> data_;
  int64_t count_ = 0;
};

// ---- matrix products ----

// Columns of a weight matrix that one pass computes: `vectors` registers of 16 and perhaps one
// of 8.
struct Panel {
  int vectors;
  bool half;
  int64_t channel;  // the first one
  int64_t offset;   // of its weights in Matrix::weights, which are [step][lane][pair]
  int64_t lanes() const { return 16 * vectors + (half ? 8 : 0); }
};

// Splits `channels`, a multiple of 8, into panels of about the same width, at most 3 registers.
std::vector<Panel> SplitChannels(int64_t channels, int64_t most) {
  const bool half = channels % 16 != 0;
  const int64_t vectors = channels / 16;
  // A panel with a half register holds at most 2 whole ones: 8 rows of them fill the registers.
  const int64_t count = std::max<int64_t>(1, (vectors + (half ? 1 : 0) + most - 1) / most);
  std::vector<Panel> panels;
  int64_t done = 0;
  for (int64_t i = 0; i < count; ++i) {
    // Later panels get what does not divide, the last one less for its half register.
    const int64_t end = (vectors + (half ? 1 : 0)) * (i + 1) / count;
    const bool last = i + 1 == count;
    const int64_t wide = std::min(end, vectors) - done;
    panels.push_back({static_cast<int>(wide), last && half, 16 * done, 0});
    done += wide;
  }
  return panels;
}

// Weights [steps x pair] x [channels], packed panel by panel.
template <typename P>
struct Matrix {
  std::vector<Panel> panels;
  Buffer<typename P::Value> weights;
  std::vector<float> bias;  // [channels]
  int64_t channels = 0;
  bool relu = false;

  Matrix() = default;
  // at(k, channel): weight of inner index k, 0 where the inner dimension is padded.
  template <typename At>
  Matrix(int64_t steps, int64_t channels_, int64_t most, const At& at)
      : panels(SplitChannels(channels_, most)),
        weights(steps * P::kPair * channels_),
        bias(static_cast<size_t>(channels_), 0.0f),
        channels(channels_) {
    typename P::Value* w = weights.data();
    for (Panel& panel : panels) {
      panel.offset = w - weights.data();
      for (int64_t step = 0; step < steps; ++step) {
        for (int64_t lane = 0; lane < panel.lanes(); ++lane) {
          for (int pair = 0; pair < P::kPair; ++pair) {
            *w++ = P::FromFloat(at(step * P::kPair + pair, panel.channel + lane));
          }
        }
      }
    }
  }
};

// `steps` consecutive steps of the inner dimension: those of pixel p start at a + p * stride.
template <typename P>
struct Operand {
  const typename P::Value* a;
  int64_t stride;
  int64_t steps;
};

// out[p][lane] = bias[lane] + sum over operands, for M pixels and one panel, then ReLU.
template <typename P, int M, int V, bool kHalf>
void Tile(std::span<const Operand<P>> operands, int64_t first, const typename P::Value* w,
          const float* bias, bool relu, float* out, int64_t out_stride) {
  constexpr int64_t kLanes = 16 * V + (kHalf ? 8 : 0);
  __m512 sum[M][V];
  __m256 half[M];
#pragma GCC unroll 16
  for (int i = 0; i < M; ++i) {
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) sum[i][v] = _mm512_loadu_ps(bias + 16 * v);
    if constexpr (kHalf) half[i] = _mm256_loadu_ps(bias + 16 * V);
  }
  for (const Operand<P>& operand : operands) {
    const int64_t stride = operand.stride;
    const typename P::Value* a = operand.a + first * stride;
    for (int64_t step = 0; step < operand.steps; ++step) {
      __m512 weights[V];
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) weights[v] = P::Weights(w + 16 * v * P::kPair);
      __m256 half_weights;
      if constexpr (kHalf) half_weights = P::HalfWeights(w + 16 * V * P::kPair);
#pragma GCC unroll 16
      for (int i = 0; i < M; ++i) {
        const __m512 value = P::Broadcast(a + i * stride);
#pragma GCC unroll 4
        for (int v = 0; v < V; ++v) sum[i][v] = P::Product(sum[i][v], weights[v], value);
        if constexpr (kHalf) half[i] = P::Product(half[i], half_weights, value);
      }
      a += P::kPair;
      w += kLanes * P::kPair;
    }
  }
  if (relu) {
#pragma GCC unroll 16
    for (int i = 0; i < M; ++i) {
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) sum[i][v] = _mm512_max_ps(_mm512_setzero_ps(), sum[i][v]);
      if constexpr (kHalf) half[i] = _mm256_max_ps(_mm256_setzero_ps(), half[i]);
    }
  }
#pragma GCC unroll 16
  for (int i = 0; i < M; ++i) {
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) _mm512_storeu_ps(out + i * out_stride + 16 * v, sum[i][v]);
    if constexpr (kHalf) _mm256_storeu_ps(out + i * out_stride + 16 * V, half[i]);
  }
}

template <typename P, int V, bool kHalf>
void Tiles(std::span<const Operand<P>> operands, int64_t pixels, const typename P::Value* w,
           const float* bias, bool relu, float* out, int64_t out_stride) {
  constexpr int kRows = V == 1 && !kHalf ? 16 : 8;
  int64_t p = 0;
  for (; p + kRows <= pixels; p += kRows) {
    Tile<P, kRows, V, kHalf>(operands, p, w, bias, relu, out + p * out_stride, out_stride);
  }
  if constexpr (kRows == 16) {
    if (p + 8 <= pixels) {
      Tile<P, 8, V, kHalf>(operands, p, w, bias, relu, out + p * out_stride, out_stride);
      p += 8;
    }
  }
  if (p + 4 <= pixels) {
    Tile<P, 4, V, kHalf>(operands, p, w, bias, relu, out + p * out_stride, out_stride);
    p += 4;
  }
  for (; p < pixels; ++p) {
    Tile<P, 1, V, kHalf>(operands, p, w, bias, relu, out + p * out_stride, out_stride);
  }
}

// One panel: writes panel.lanes() values for each pixel.
template <typename P>
void MultiplyPanel(const Matrix<P>& matrix, const Panel& panel,
                   std::span<const Operand<P>> operands, int64_t pixels, float* out,
                   int64_t out_stride) {
  const auto run = [&](auto tiles) {
    tiles(operands, pixels, matrix.weights.data() + panel.offset,
          matrix.bias.data() + panel.channel, matrix.relu, out, out_stride);
  };
  switch (2 * panel.vectors + (panel.half ? 1 : 0)) {
    case 2:
      return run(Tiles<P, 1, false>);
    case 3:
      return run(Tiles<P, 1, true>);
    case 4:
      return run(Tiles<P, 2, false>);
    case 5:
      return run(Tiles<P, 2, true>);
    case 6:
      return run(Tiles<P, 3, false>);
    default:
      REIDBENCH_CHECK(false);
  }
}

template <typename P>
void Multiply(const Matrix<P>& matrix, std::span<const Operand<P>> operands, int64_t pixels,
              float* out, int64_t out_stride) {
  for (const Panel& panel : matrix.panels) {
    MultiplyPanel(matrix, panel, operands, pixels, out + panel.channel, out_stride);
  }
}

// ---- depthwise 3x3 ----

// Two rows of output (or the first of them only, when `out1` is null) from four rows of input with
// a column of zeros at each end, for the channels of one register; ReLU behind. `weights` is
// [9][lane] with `stride` between the taps, then the bias. Adds the sum over pixels to `sums`
// unless it is null.
template <typename R, typename Value>
void DepthwiseRows(const std::array<const float*, 4>& rows, int64_t stride, int64_t width,
                   const float* weights, int64_t weights_stride, Value* out0, Value* out1,
                   int64_t out_stride, float* sums) {
  using Register = typename R::Register;
  Register w[9];
#pragma GCC unroll 9
  for (int i = 0; i < 9; ++i) w[i] = R::Load(weights + i * weights_stride);
  const Register bias = R::Load(weights + 9 * weights_stride);
  const float* const r0 = rows[0];
  const float* const r1 = rows[1];
  const float* const r2 = rows[2];
  const float* const r3 = rows[3];
  Register left[4] = {R::Load(r0), R::Load(r1), R::Load(r2), R::Load(r3)};
  Register middle[4] = {R::Load(r0 + stride), R::Load(r1 + stride), R::Load(r2 + stride),
                        R::Load(r3 + stride)};
  Register total = R::Zero();
  for (int64_t x = 0; x < width; ++x) {
    const int64_t next = (x + 2) * stride;
    const Register right[4] = {R::Load(r0 + next), R::Load(r1 + next), R::Load(r2 + next),
                               R::Load(r3 + next)};
    Register first = bias;
    Register second = bias;
#pragma GCC unroll 3
    for (int y = 0; y < 3; ++y) {
      first = R::MulAdd(w[3 * y], left[y], first);
      second = R::MulAdd(w[3 * y], left[y + 1], second);
      first = R::MulAdd(w[3 * y + 1], middle[y], first);
      second = R::MulAdd(w[3 * y + 1], middle[y + 1], second);
      first = R::MulAdd(w[3 * y + 2], right[y], first);
      second = R::MulAdd(w[3 * y + 2], right[y + 1], second);
    }
    first = R::Max(R::Zero(), first);
    R::Store(out0 + x * out_stride, first);
    total = R::Add(total, first);
    if (out1 != nullptr) {
      second = R::Max(R::Zero(), second);
      R::Store(out1 + x * out_stride, second);
      total = R::Add(total, second);
    }
#pragma GCC unroll 4
    for (int y = 0; y < 4; ++y) {
      left[y] = middle[y];
      middle[y] = right[y];
    }
  }
  if (sums != nullptr) R::Store(sums, R::Add(R::Load(sums), total));
}

// ---- the network ----

template <typename P>
struct LightConvolution {
  Matrix<P> pointwise;
  Buffer<float> depthwise;  // [10 x channels]: 9 taps, then the bias
};

template <typename P>
struct Block {
  Matrix<P> conv1;
  std::array<std::vector<LightConvolution<P>>, 4> streams;
  FoldedGate gate;
  Matrix<P> conv3;                      // with the residual's convolution as further inner steps
  std::optional<Matrix<P>> downsample;  // AIN with a residual convolution: apart
  bool fused_downsample = false;
  std::optional<FoldedInstanceNorm> norm;
  bool norm_before_sum = false;
};

template <typename P>
struct Stage {
  std::array<Block<P>, 2> blocks;
  std::optional<Matrix<P>> transition;
};

template <typename P>
Matrix<P> PackPointwise(const FoldedConvolution& conv, int64_t most) {
  Matrix<P> matrix(conv.in / P::kPair, conv.out, most,
                   [&](int64_t k, int64_t channel) { return conv.weight[channel * conv.in + k]; });
  matrix.bias = conv.bias;
  matrix.relu = conv.relu;
  return matrix;
}

constexpr int64_t kMost = 3;       // registers across of a matrix product
constexpr int64_t kMostLight = 2;  // of a light convolution: its weights stay in the L1 cache

template <typename P>
Block<P> PackBlock(const FoldedBlock& folded) {
  Block<P> block;
  block.conv1 = PackPointwise<P>(folded.conv1, kMost);
  for (int s = 0; s < 4; ++s) {
    for (const FoldedLightConvolution& layer : folded.streams[s]) {
      const int64_t channels = layer.depthwise.out;
      Buffer<float> depthwise(10 * channels);
      for (int64_t c = 0; c < channels; ++c) {
        for (int64_t tap = 0; tap < 9; ++tap) {
          depthwise.data()[tap * channels + c] = layer.depthwise.weight[c * 9 + tap];
        }
        depthwise.data()[9 * channels + c] = layer.depthwise.bias[c];
      }
      block.streams[s].push_back(
          {PackPointwise<P>(layer.pointwise, kMostLight), std::move(depthwise)});
    }
  }
  block.gate = folded.gate;
  block.norm = folded.norm;
  block.norm_before_sum = folded.norm_before_sum;
  const FoldedConvolution& conv3 = folded.conv3;
  if (!folded.downsample || folded.norm_before_sum) {
    block.conv3 = PackPointwise<P>(conv3, kMost);
    if (folded.downsample) block.downsample = PackPointwise<P>(*folded.downsample, kMost);
    return block;
  }
  const FoldedConvolution& residual = *folded.downsample;
  block.fused_downsample = true;
  block.conv3 = Matrix<P>(
      (conv3.in + residual.in) / P::kPair, conv3.out, kMost, [&](int64_t k, int64_t channel) {
        return k < conv3.in ? conv3.weight[channel * conv3.in + k]
                            : residual.weight[channel * residual.in + k - conv3.in];
      });
  for (int64_t c = 0; c < conv3.out; ++c) block.conv3.bias[c] = conv3.bias[c] + residual.bias[c];
  return block;
}

// Taps of a row of the stem that are multiplied together: 7, padded to pairs.
template <typename P>
constexpr int64_t kStemSteps = (7 + P::kPair - 1) / P::kPair;

template <typename P>
struct Network {
  Matrix<P> stem;
  std::optional<FoldedInstanceNorm> stem_norm;
  std::array<Stage<P>, 3> stages;
  Matrix<P> conv5;
  Matrix<Fp32> fc;

  explicit Network(const FoldedOsnet& folded) {
    constexpr int64_t kTaps = kStemSteps<P> * P::kPair;
    stem = Matrix<P>(21 * kStemSteps<P>, folded.stem.out, kMost, [&](int64_t k, int64_t channel) {
      const int64_t row = k / kTaps;  // 7 * colour + y
      const int64_t x = k % kTaps;
      return x < 7 ? folded.stem.weight[(channel * 21 + row) * 7 + x] : 0.0f;
    });
    stem.bias = folded.stem.bias;
    stem.relu = folded.stem.relu;
    stem_norm = folded.stem_norm;
    for (int s = 0; s < 3; ++s) {
      for (int b = 0; b < 2; ++b) stages[s].blocks[b] = PackBlock<P>(folded.stages[s].blocks[b]);
      if (folded.stages[s].transition) {
        stages[s].transition = PackPointwise<P>(*folded.stages[s].transition, kMost);
      }
    }
    conv5 = PackPointwise<P>(folded.conv5, kMost);
    fc = PackPointwise<Fp32>(folded.fc, kMost);
  }
};

// Pixels that are multiplied in one go: their operands and results stay in the caches while the
// weights stream past.
constexpr int64_t kStrip = 32;

// Memory to compute one image of one size, and the computation.
template <typename P>
class Worker {
 public:
  using Value = typename P::Value;

  explicit Worker(const Network<P>& network) : network_(network) {}

  // Features before the fully connected layer: float32 [conv5's channels]. False when a value on
  // the way was not finite.
  bool Run(const float* nchw, int64_t height, int64_t width, float* features) {
    Resize(height, width);
    finite_ = _mm512_setzero_ps();
    all_finite_ = true;
    PadImage(nchw);
    Stem();
    int64_t h = (stem_height_ + 1) / 2;
    int64_t w = (stem_width_ + 1) / 2;
    Value* x = x_.data();
    Value* y = y_.data();
    for (const Stage<P>& stage : network_.stages) {
      for (const Block<P>& block : stage.blocks) {
        RunBlock(block, x, h, w, y);
        std::swap(x, y);
      }
      if (!stage.transition) continue;
      Transition(*stage.transition, x, h, w, y);
      std::swap(x, y);
      h /= 2;
      w /= 2;
    }
    Conv5(x, h * w, features);
    return all_finite_ && _mm512_reduce_add_ps(finite_) == 0.0f;
  }

 private:
  void Resize(int64_t height, int64_t width) {
    if (height == height_ && width == width_) return;
    height_ = height;
    width_ = width;
    padded_width_ = width + 8;
    stem_height_ = (height + 1) / 2;
    stem_width_ = (width + 1) / 2;
    padded_ = Buffer<Value>(3 * (height + 6) * padded_width_);
    padded_.Clear();
    const int64_t stem_channels = network_.stem.channels;
    const int64_t stem_rows = network_.stem_norm ? stem_height_ : 3;
    stem_ = Buffer<float>(stem_rows * stem_width_ * stem_channels);
    int64_t h = (stem_height_ + 1) / 2;
    int64_t w = (stem_width_ + 1) / 2;
    int64_t wide = h * w * stem_channels;
    int64_t middle = 0;
    int64_t ring = 0;
    int64_t strip = 0;
    int64_t norm = 0;
    int64_t most = stem_channels;
    for (const Stage<P>& stage : network_.stages) {
      const Block<P>& block = stage.blocks[0];
      wide = std::max(wide, h * w * block.conv3.channels);
      middle = std::max(middle, h * w * block.conv1.channels);
      ring = std::max(ring, (w + 2) * block.conv1.channels);
      most = std::max({most, block.conv3.channels, network_.conv5.channels});
      if (stage.blocks[0].norm || stage.blocks[1].norm) {
        norm = std::max(norm, h * w * block.conv3.channels);
      }
      if (stage.transition) {
        strip = std::max(strip, 2 * w * stage.transition->channels);
        h /= 2;
        w /= 2;
      }
    }
    strip = std::max(strip, kStrip * most);
    x_ = Buffer<Value>(wide);
    y_ = Buffer<Value>(wide);
    x1_ = Buffer<Value>(middle);
    inner_ = Buffer<Value>(middle);
    for (auto& stream : streams_) stream = Buffer<Value>(middle);
    ring_ = Buffer<float>(5 * ring);
    strip_ = Buffer<float>(strip);
    gated_ = Buffer<Value>(kStrip * most);
    if (norm > 0) {
      norm_y_ = Buffer<float>(norm);
      norm_residual_ = Buffer<float>(norm);
    }
    sums_ = Buffer<float>(4 * most);
    factors_ = Buffer<float>(4 * most);
  }

  void WatchFinite(__m512 x) { finite_ = _mm512_fmadd_ps(_mm512_setzero_ps(), x, finite_); }
  void WatchFinite(__m256 x) { WatchFinite(_mm512_insertf32x8(_mm512_setzero_ps(), x, 0)); }

  void PadImage(const float* nchw) {
    for (int64_t colour = 0; colour < 3; ++colour) {
      for (int64_t y = 0; y < height_; ++y) {
        const float* const in = nchw + (colour * height_ + y) * width_;
        Value* const out = padded_.data() + (colour * (height_ + 6) + y + 3) * padded_width_ + 3;
        int64_t x = 0;
        for (; x + 16 <= width_; x += 16) {
          const __m512 v = _mm512_loadu_ps(in + x);
          WatchFinite(v);
          Wide::Store(out + x, v);
        }
        for (; x < width_; ++x) {
          if (!std::isfinite(in[x])) all_finite_ = false;
          out[x] = P::FromFloat(in[x]);
        }
      }
    }
  }

  // Row y of the stem's convolution.
  void StemRow(int64_t y, float* out) {
    std::array<Operand<P>, 21> operands;
    for (int64_t row = 0; row < 21; ++row) {
      const Value* const a =
          padded_.data() + (row / 7 * (height_ + 6) + 2 * y + row % 7) * padded_width_;
      operands[row] = {a, 2, kStemSteps<P>};
    }
    Multiply<P>(network_.stem, operands, stem_width_, out, network_.stem.channels);
  }

  // Convolution, norm, ReLU and max pooling into x_.
  void Stem() {
    const int64_t channels = network_.stem.channels;
    const int64_t row_size = stem_width_ * channels;
    const bool whole = network_.stem_norm.has_value();
    if (whole) {
      for (int64_t y = 0; y < stem_height_; ++y) StemRow(y, stem_.data() + y * row_size);
      if (!InstanceNormRelu(network_.stem_norm->weight, network_.stem_norm->bias, nullptr,
                            stem_height_ * stem_width_, stem_.data())) {
        all_finite_ = false;
      }
    }
    const auto row = [&](int64_t y) { return stem_.data() + (whole ? y : y % 3) * row_size; };
    const int64_t out_width = (stem_width_ + 1) / 2;
    int64_t done = whole ? stem_height_ : 0;
    for (int64_t y = 0; y < (stem_height_ + 1) / 2; ++y) {
      const int64_t last = std::min(2 * y + 1, stem_height_ - 1);
      for (; done <= last; ++done) StemRow(done, row(done));
      const float* const top = row(std::max<int64_t>(2 * y - 1, 0));
      MaxRows(top, row(2 * y), row(last), x_.data() + y * out_width * channels);
    }
  }

  // 3 wide, stride 2; values are at least 0 or NaN.
  void MaxRows(const float* top, const float* centre, const float* bottom, Value* out) {
    const int64_t channels = network_.stem.channels;
    ForChannels(channels, [&](auto r, int64_t c) {
      using R = decltype(r);
      const auto column = [&](int64_t x) {
        const int64_t i = x * channels + c;
        const auto middle = R::Load(centre + i);
        const auto below = R::Load(bottom + i);
        WatchFinite(middle);
        WatchFinite(below);
        return R::Max(R::Max(R::Load(top + i), middle), below);
      };
      auto left = R::Zero();
      for (int64_t x = 0; x < stem_width_; x += 2) {
        const auto here = column(x);
        const auto right = x + 1 < stem_width_ ? column(x + 1) : R::Zero();
        R::Store(out + x / 2 * channels + c, R::Max(R::Max(left, here), right));
        left = right;
      }
    });
  }

  // out = matrix x in over all pixels, as Values.
  void Pointwise(const Matrix<P>& matrix, const Value* in, int64_t in_channels, int64_t pixels,
                 Value* out) {
    for (int64_t p = 0; p < pixels; p += kStrip) {
      const int64_t count = std::min(kStrip, pixels - p);
      const std::array<Operand<P>, 1> operands = {
          {{in + p * in_channels, in_channels, in_channels / P::kPair}}};
      Value* const to = out + p * matrix.channels;
      if constexpr (std::is_same_v<Value, float>) {
        Multiply<P>(matrix, operands, count, to, matrix.channels);
      } else {
        Multiply<P>(matrix, operands, count, strip_.data(), matrix.channels);
        Convert(strip_.data(), count * matrix.channels, to);
      }
    }
  }

  static void Convert(const float* in, int64_t count, Value* out) {
    ForChannels(count, [&](auto r, int64_t i) {
      using R = decltype(r);
      R::Store(out + i, R::Load(in + i));
    });
  }

  // A light convolution panel by panel: a ring of four rows holds what the 1x1 convolution gave.
  void Light(const LightConvolution<P>& layer, const Value* in, int64_t height, int64_t width,
             Value* out, float* sums) {
    const int64_t channels = layer.pointwise.channels;
    for (const Panel& panel : layer.pointwise.panels) {
      const int64_t lanes = panel.lanes();
      const int64_t row_size = (width + 2) * lanes;
      float* const ring = ring_.data();
      float* const zeros = ring + 4 * row_size;
      std::memset(zeros, 0, static_cast<size_t>(row_size) * sizeof(float));
      for (int64_t slot = 0; slot < 4; ++slot) {
        std::memset(ring + slot * row_size, 0, static_cast<size_t>(lanes) * sizeof(float));
        std::memset(ring + (slot + 1) * row_size - lanes, 0,
                    static_cast<size_t>(lanes) * sizeof(float));
      }
      const auto row = [&](int64_t y) -> const float* {
        return y < 0 || y >= height ? zeros : ring + y % 4 * row_size;
      };
      int64_t done = 0;
      for (int64_t y = 0; y < height; y += 2) {
        for (; done < std::min(y + 3, height); ++done) {
          const std::array<Operand<P>, 1> operands = {
              {{in + done * width * channels, channels, channels / P::kPair}}};
          MultiplyPanel<P>(layer.pointwise, panel, operands, width,
                           ring + done % 4 * row_size + lanes, lanes);
        }
        const std::array<const float*, 4> rows = {row(y - 1), row(y), row(y + 1), row(y + 2)};
        Value* const out0 = out + y * width * channels + panel.channel;
        Value* const out1 = y + 1 < height ? out0 + width * channels : nullptr;
        ForChannels(lanes, [&](auto r, int64_t c) {
          const std::array<const float*, 4> at = {rows[0] + c, rows[1] + c, rows[2] + c,
                                                  rows[3] + c};
          DepthwiseRows<decltype(r)>(at, lanes, width, layer.depthwise.data() + panel.channel + c,
                                     channels, out0 + c, out1 == nullptr ? nullptr : out1 + c,
                                     channels,
                                     sums == nullptr ? nullptr : sums + panel.channel + c);
        });
      }
    }
  }

  // Factors of the gate from the sums over pixels.
  void Gate(const FoldedGate& gate, const float* sums, int64_t pixels, float* factors) const {
    const int64_t channels = static_cast<int64_t>(gate.bias2.size());
    const int64_t hidden = static_cast<int64_t>(gate.bias1.size());
    std::array<float, 64> inner{};
    REIDBENCH_CHECK(hidden <= static_cast<int64_t>(inner.size()));
    const float scale = 1.0f / static_cast<float>(pixels);
    for (int64_t h = 0; h < hidden; ++h) {
      float sum = 0;
      ForChannels(channels, [&](auto r, int64_t c) {
        using R = decltype(r);
        const auto product =
            R::Mul(R::Load(gate.weight1.data() + h * channels + c), R::Load(sums + c));
        if constexpr (R::kLanes == 16) {
          sum += _mm512_reduce_add_ps(product);
        } else {
          sum += _mm512_reduce_add_ps(_mm512_insertf32x8(_mm512_setzero_ps(), product, 0));
        }
      });
      sum = sum * scale + gate.bias1[h];
      inner[h] = 0.0f > sum ? 0.0f : sum;
    }
    for (int64_t c = 0; c < channels; ++c) {
      float sum = gate.bias2[c];
      for (int64_t h = 0; h < hidden; ++h) sum += gate.weight2[c * hidden + h] * inner[h];
      factors[c] = 1.0f / (1.0f + std::exp(-sum));
    }
  }

  // Pixels [begin, begin + count) of the gated sum of the streams, into gated_.
  void GateStrip(int64_t begin, int64_t count, int64_t channels) {
    const float* const factors = factors_.data();
    ForChannels(channels, [&](auto r, int64_t c) {
      using R = decltype(r);
      const auto f0 = R::Load(factors + c);
      const auto f1 = R::Load(factors + channels + c);
      const auto f2 = R::Load(factors + 2 * channels + c);
      const auto f3 = R::Load(factors + 3 * channels + c);
      for (int64_t p = 0; p < count; ++p) {
        const int64_t i = (begin + p) * channels + c;
        auto sum = R::Mul(R::Load(streams_[0].data() + i), f0);
        sum = R::MulAdd(R::Load(streams_[1].data() + i), f1, sum);
        sum = R::MulAdd(R::Load(streams_[2].data() + i), f2, sum);
        sum = R::MulAdd(R::Load(streams_[3].data() + i), f3, sum);
        R::Store(gated_.data() + p * channels + c, sum);
      }
    });
  }

  void RunBlock(const Block<P>& block, const Value* x, int64_t height, int64_t width, Value* y) {
    const int64_t pixels = height * width;
    const int64_t channels = block.conv1.channels;
    const int64_t in_channels = InputChannels(block);
    const int64_t out_channels = block.conv3.channels;
    Pointwise(block.conv1, x, in_channels, pixels, x1_.data());
    std::memset(sums_.data(), 0, static_cast<size_t>(4 * channels) * sizeof(float));
    for (int s = 0; s < 4; ++s) {
      const Value* from = x1_.data();
      const int layers = s + 1;
      for (int i = 0; i < layers; ++i) {
        // Alternately, so that the last one writes the stream.
        const bool even = (layers - 1 - i) % 2 == 0;
        Value* const to = even ? streams_[s].data() : inner_.data();
        Light(block.streams[s][i], from, height, width, to,
              i + 1 == layers ? sums_.data() + s * channels : nullptr);
        from = to;
      }
      Gate(block.gate, sums_.data() + s * channels, pixels, factors_.data() + s * channels);
    }
    for (int64_t p = 0; p < pixels; p += kStrip) {
      const int64_t count = std::min(kStrip, pixels - p);
      GateStrip(p, count, channels);
      const Value* const x_strip = x + p * in_channels;
      const std::array<Operand<P>, 2> operands = {{{gated_.data(), channels, channels / P::kPair},
                                                   {x_strip, in_channels, in_channels / P::kPair}}};
      const std::span<const Operand<P>> used(operands.data(), block.fused_downsample ? 2 : 1);
      float* const result = block.norm ? norm_y_.data() + p * out_channels : strip_.data();
      Multiply<P>(block.conv3, used, count, result, out_channels);
      if (block.norm) {
        Residual(block, x_strip, in_channels, count, result,
                 norm_residual_.data() + p * out_channels);
      } else {
        const Value* const residual = block.fused_downsample ? nullptr : x_strip;
        AddStrip(result, residual, count * out_channels, y + p * out_channels);
      }
    }
    if (!block.norm) return;
    if (!InstanceNormRelu(block.norm->weight, block.norm->bias,
                          block.norm_before_sum ? norm_residual_.data() : nullptr, pixels,
                          norm_y_.data())) {
      all_finite_ = false;
    }
    Convert(norm_y_.data(), pixels * out_channels, y);
  }

  int64_t InputChannels(const Block<P>& block) const {
    for (size_t s = 0; s < network_.stages.size(); ++s) {
      if (&block == &network_.stages[s].blocks[1])
        return network_.stages[s].blocks[0].conv3.channels;
      if (&block != &network_.stages[s].blocks[0]) continue;
      return s == 0 ? network_.stem.channels : network_.stages[s - 1].transition->channels;
    }
    REIDBENCH_CHECK(false);
  }

  // What a strip of a block with an instance norm adds: to `result` before the norm (IBN), or into
  // `residual` for after it (AIN).
  void Residual(const Block<P>& block, const Value* x, int64_t in_channels, int64_t count,
                float* result, float* residual) {
    const int64_t size = count * block.conv3.channels;
    if (block.norm_before_sum) {
      if (block.downsample) {
        const std::array<Operand<P>, 1> operands = {{{x, in_channels, in_channels / P::kPair}}};
        Multiply<P>(*block.downsample, operands, count, residual, block.conv3.channels);
        return;
      }
      ForChannels(size, [&](auto r, int64_t i) {
        using R = decltype(r);
        R::Store(residual + i, R::Load(x + i));
      });
    } else if (!block.fused_downsample) {
      ForChannels(size, [&](auto r, int64_t i) {
        using R = decltype(r);
        R::Store(result + i, R::Add(R::Load(result + i), R::Load(x + i)));
      });
    }
  }

  // y = max(result + residual, 0).
  void AddStrip(const float* result, const Value* residual, int64_t size, Value* y) {
    ForChannels(size, [&](auto r, int64_t i) {
      using R = decltype(r);
      auto sum = R::Load(result + i);
      if (residual != nullptr) sum = R::Add(sum, R::Load(residual + i));
      WatchFinite(sum);
      R::Store(y + i, R::Max(R::Zero(), sum));
    });
  }

  // 1x1 convolution with ReLU, then the mean of 2 x 2 pixels.
  void Transition(const Matrix<P>& matrix, const Value* x, int64_t height, int64_t width,
                  Value* y) {
    const int64_t channels = matrix.channels;
    const int64_t in_channels = channels;  // a transition keeps the number of channels
    for (int64_t row = 0; row < height / 2; ++row) {
      const std::array<Operand<P>, 1> operands = {
          {{x + 2 * row * width * in_channels, in_channels, in_channels / P::kPair}}};
      Multiply<P>(matrix, operands, 2 * width, strip_.data(), channels);
      for (int64_t column = 0; column < width / 2; ++column) {
        const float* const top = strip_.data() + 2 * column * channels;
        const float* const bottom = top + width * channels;
        ForChannels(channels, [&](auto r, int64_t c) {
          using R = decltype(r);
          const auto above = R::Add(R::Load(top + c), R::Load(top + channels + c));
          const auto below = R::Add(R::Load(bottom + c), R::Load(bottom + channels + c));
          R::Store(y + c, R::Mul(R::Add(above, below), R::Set(0.25f)));
        });
        y += channels;
      }
    }
  }

  // 1x1 convolution with ReLU, then the mean over all pixels.
  void Conv5(const Value* x, int64_t pixels, float* features) {
    const int64_t channels = network_.conv5.channels;
    std::fill_n(features, channels, 0.0f);
    for (int64_t p = 0; p < pixels; p += kStrip) {
      const int64_t count = std::min(kStrip, pixels - p);
      const std::array<Operand<P>, 1> operands = {
          {{x + p * channels, channels, channels / P::kPair}}};
      Multiply<P>(network_.conv5, operands, count, strip_.data(), channels);
      ForChannels(channels, [&](auto r, int64_t c) {
        using R = decltype(r);
        auto sum = R::Load(strip_.data() + c);
        for (int64_t i = 1; i < count; ++i) {
          sum = R::Add(sum, R::Load(strip_.data() + i * channels + c));
        }
        R::Store(features + c, R::Add(R::Load(features + c), sum));
      });
    }
    const float scale = 1.0f / static_cast<float>(pixels);
    for (int64_t c = 0; c < channels; ++c) features[c] *= scale;
  }

  const Network<P>& network_;
  int64_t height_ = 0, width_ = 0;
  int64_t padded_width_ = 0;
  int64_t stem_height_ = 0, stem_width_ = 0;
  Buffer<Value> padded_;  // [3 x (height + 6) x (width + 8)], the image at (3, 3)
  Buffer<float> stem_;    // three rows in turn, or all of them before an instance norm
  Buffer<Value> x_, y_;   // blocks' input and output
  Buffer<Value> x1_, inner_;
  std::array<Buffer<Value>, 4> streams_;
  Buffer<float> ring_;
  Buffer<float> strip_;
  Buffer<Value> gated_;
  Buffer<float> norm_y_, norm_residual_;
  Buffer<float> sums_, factors_;  // [4 streams x channels]
  __m512 finite_;                 // 0 as long as every value seen was finite, else NaN
  bool all_finite_ = true;
};

template <typename P>
class Avx512Runner : public OsnetRunner {
 public:
  explicit Avx512Runner(const FoldedOsnet& folded) : network_(folded) {}

  int batch_size() const override { return kBatch; }

  void Run(const ImageBatch& images, float* embeddings) override {
    const int64_t image_size = int64_t{3} * images.height * images.width;
    const int64_t dim = network_.fc.channels;
    const int64_t inner = network_.conv5.channels;
    std::unique_ptr<Scratch> scratch = Take();
    for (int64_t begin = 0; begin < images.count; begin += kBatch) {
      const int64_t count = std::min<int64_t>(kBatch, images.count - begin);
      std::array<bool, kBatch> finite{};
      float* const features = scratch->features.data();
      for (int64_t n = 0; n < count; ++n) {
        finite[n] = scratch->worker.Run(images.nchw + (begin + n) * image_size, images.height,
                                        images.width, features + n * inner);
      }
      const std::array<Operand<Fp32>, 1> operands = {{{features, inner, inner}}};
      float* const out = embeddings + begin * dim;
      Multiply<Fp32>(network_.fc, operands, count, out, dim);
      for (int64_t i = 0; i < count * dim; ++i) out[i] = 0.0f > out[i] ? 0.0f : out[i];
      for (int64_t n = 0; n < count; ++n) {
        if (!finite[n]) out[n * dim] = std::numeric_limits<float>::quiet_NaN();
      }
    }
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(scratch));
  }

 private:
  // The fully connected layer's megabyte of weights is read once for so many images.
  static constexpr int kBatch = 8;

  struct Scratch {
    explicit Scratch(const Network<P>& network)
        : worker(network), features(kBatch * network.conv5.channels) {}
    Worker<P> worker;
    Buffer<float> features;
  };

  std::unique_ptr<Scratch> Take() {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) return std::make_unique<Scratch>(network_);
    std::unique_ptr<Scratch> scratch = std::move(idle_.back());
    idle_.pop_back();
    return scratch;
  }

  const Network<P> network_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Scratch>> idle_;
};

}  // namespace

#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

bool Avx512Available(Avx512Precision precision) {
  const bool base = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                    __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
                    __builtin_cpu_supports("fma");
  return base && (precision == Avx512Precision::kFp32 || __builtin_cpu_supports("avx512bf16"));
}

std::unique_ptr<OsnetRunner> MakeAvx512Runner(const FoldedOsnet& network,
                                              Avx512Precision precision) {
  REIDBENCH_CHECK(Avx512Available(precision));
  if (precision == Avx512Precision::kBf16) return std::make_unique<Avx512Runner<Bf16>>(network);
  return std::make_unique<Avx512Runner<Fp32>>(network);
}

}  // namespace reidbench

#else  // another processor

namespace reidbench {

bool Avx512Available(Avx512Precision) { return false; }

std::unique_ptr<OsnetRunner> MakeAvx512Runner(const FoldedOsnet&, Avx512Precision) {
  REIDBENCH_CHECK(false);
}

}  // namespace reidbench

#endif
