#include "reidbench/imaging/resample.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "reidbench/core/error.h"
#include "reidbench/core/isa.h"

#if REIDBENCH_X86
#include <immintrin.h>
#endif

namespace reidbench {
namespace {

constexpr int kPrecisionBits = 22;
constexpr int kLowBits = 12;

// Rows that the horizontal pass handles together; 8 rows of RGB and a spare byte are one AVX2
// register.
constexpr int kBlockRows = 8;
constexpr int kPixelBytes = 4;
constexpr int kColumnBytes = kBlockRows * kPixelBytes;

double FilterSupport(ResizeFilter filter) { return filter == ResizeFilter::kBilinear ? 1.0 : 2.0; }

double FilterValue(ResizeFilter filter, double x) {
  x = std::abs(x);
  if (filter == ResizeFilter::kBilinear) return x < 1.0 ? 1.0 - x : 0.0;
  // Keys' cubic with a = -1/2, in Horner form: the order of operations decides the last bit.
  constexpr double kA = -0.5;
  if (x < 1.0) return ((kA + 2.0) * x - (kA + 3.0)) * x * x + 1.0;
  if (x < 2.0) return (((x - 5.0) * x + 8.0) * x - 4.0) * kA;
  return 0.0;
}

int32_t ToFixedPoint(double weight) {
  const double scaled = weight * (1 << kPrecisionBits);
  return static_cast<int32_t>(weight < 0 ? scaled - 0.5 : scaled + 0.5);
}

AxisWeights::TapPair PackPair(int32_t first, int32_t second) {
  constexpr uint32_t kLowMask = (1U << kLowBits) - 1;
  const auto pack = [](uint32_t a, uint32_t b) {
    return static_cast<int32_t>((a & 0xFFFF) | b << 16);
  };
  return {
      pack(static_cast<uint32_t>(first) & kLowMask, static_cast<uint32_t>(second) & kLowMask),
      pack(static_cast<uint32_t>(first >> kLowBits), static_cast<uint32_t>(second >> kLowBits))};
}

// The first (index 0) or second weight of a pair.
int32_t WeightOf(const AxisWeights::TapPair& pair, int index) {
  const uint32_t low = static_cast<uint32_t>(pair.low) >> (16 * index) & 0xFFFF;
  const auto high = static_cast<int16_t>(static_cast<uint32_t>(pair.high) >> (16 * index));
  return high * (1 << kLowBits) + static_cast<int32_t>(low);
}

#if REIDBENCH_X86

// 32-bit sums wrap like the portable code's, so low and high parts combine exactly at the end.
REIDBENCH_TARGET_AVX2 inline __m256i AddProductsAvx2(__m256i sum, __m256i values, __m256i weights) {
  return _mm256_add_epi32(sum, _mm256_madd_epi16(values, weights));
}

REIDBENCH_TARGET_AVX2 inline __m256i CombineAndShiftAvx2(__m256i low, __m256i high) {
  const __m256i half = _mm256_set1_epi32(1 << (kPrecisionBits - 1));
  const __m256i sum =
      _mm256_add_epi32(_mm256_add_epi32(low, half), _mm256_slli_epi32(high, kLowBits));
  return _mm256_srai_epi32(sum, kPrecisionBits);
}

// WeightedSum for 32 bytes.
REIDBENCH_TARGET_AVX2 inline void WeightedSum32Avx2(const uint8_t* src, ptrdiff_t stride,
                                                    const AxisWeights::TapPair* pairs, int taps,
                                                    uint8_t* dst) {
  const __m256i zero = _mm256_setzero_si256();
  __m256i low[4] = {zero, zero, zero, zero};
  __m256i high[4] = {zero, zero, zero, zero};
  for (int k = 0; k < taps; k += 2, ++pairs, src += 2 * stride) {
    const __m256i a = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(src));
    const __m256i b =
        k + 1 < taps ? _mm256_loadu_si256(reinterpret_cast<const __m256i*>(src + stride)) : zero;
    const __m256i weights_low = _mm256_set1_epi32(pairs->low);
    const __m256i weights_high = _mm256_set1_epi32(pairs->high);
    const __m256i ab_low = _mm256_unpacklo_epi8(a, b);
    const __m256i ab_high = _mm256_unpackhi_epi8(a, b);
    const __m256i values[4] = {
        _mm256_unpacklo_epi8(ab_low, zero), _mm256_unpackhi_epi8(ab_low, zero),
        _mm256_unpacklo_epi8(ab_high, zero), _mm256_unpackhi_epi8(ab_high, zero)};
    for (int i = 0; i < 4; ++i) {
      low[i] = AddProductsAvx2(low[i], values[i], weights_low);
      high[i] = AddProductsAvx2(high[i], values[i], weights_high);
    }
  }
  // Unpacking went by 128-bit lanes, packing does too: the bytes come out in order.
  const __m256i words_low = _mm256_packs_epi32(CombineAndShiftAvx2(low[0], high[0]),
                                               CombineAndShiftAvx2(low[1], high[1]));
  const __m256i words_high = _mm256_packs_epi32(CombineAndShiftAvx2(low[2], high[2]),
                                                CombineAndShiftAvx2(low[3], high[3]));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(dst), _mm256_packus_epi16(words_low, words_high));
}

REIDBENCH_TARGET_AVX2 void WeightedSumAvx2(const uint8_t* src, ptrdiff_t stride,
                                           const AxisWeights::TapPair* pairs, int taps,
                                           uint8_t* dst, ptrdiff_t length) {
  ptrdiff_t i = 0;
  for (; i + 32 <= length; i += 32) WeightedSum32Avx2(src + i, stride, pairs, taps, dst + i);
  // The tail again with the last 32 bytes: the same values are written twice.
  if (i < length) WeightedSum32Avx2(src + length - 32, stride, pairs, taps, dst + length - 32);
}

REIDBENCH_TARGET_AVX2 void SumColumnsAvx2(const uint8_t* in, const AxisWeights& axis,
                                          uint8_t* out) {
  static_assert(kColumnBytes == 32);
  for (const AxisWeights::Span& span : axis.spans) {
    WeightedSum32Avx2(in + ptrdiff_t{kColumnBytes} * span.first, kColumnBytes,
                      axis.pairs.data() + span.pair, span.count, out);
    out += kColumnBytes;
  }
}

#endif  // REIDBENCH_X86

// The horizontal pass over kBlockRows rows that stand as columns.
void SumColumns(const uint8_t* in, const AxisWeights& axis, uint8_t* out) {
#if REIDBENCH_X86
  if (ActiveIsa() >= Isa::kAvx2) return SumColumnsAvx2(in, axis, out);
#endif
  for (const AxisWeights::Span& span : axis.spans) {
    WeightedSumPortable(in + ptrdiff_t{kColumnBytes} * span.first, kColumnBytes,
                        axis.pairs.data() + span.pair, span.count, out, kColumnBytes);
    out += kColumnBytes;
  }
}

// Rows [y, y + rows) of `in` as columns of kBlockRows four-byte pixels; unused rows keep what was
// there.
void GatherColumns(const RgbImage& in, int y, int rows, uint8_t* columns) {
  for (int r = 0; r < rows; ++r) {
    const uint8_t* row = in.Row(y + r);
    uint8_t* to = columns + r * kPixelBytes;
    // Four bytes at a time; the last pixel alone, because nothing may follow it.
    for (int x = 0; x + 1 < in.width; ++x)
      std::memcpy(to + size_t{kColumnBytes} * x, row + size_t{3} * x, 4);
    std::memcpy(to + size_t{kColumnBytes} * (in.width - 1), row + size_t{3} * (in.width - 1), 3);
  }
}

void ScatterColumns(const uint8_t* columns, int y, int rows, RgbImage* out) {
  for (int r = 0; r < rows; ++r) {
    uint8_t* row = out->Row(y + r);
    const uint8_t* from = columns + r * kPixelBytes;
    // The fourth byte lands on the next pixel, which is written after it.
    for (int x = 0; x + 1 < out->width; ++x) {
      std::memcpy(row + size_t{3} * x, from + size_t{kColumnBytes} * x, 4);
    }
    std::memcpy(row + size_t{3} * (out->width - 1), from + size_t{kColumnBytes} * (out->width - 1),
                3);
  }
}

void SetSize(int width, int height, RgbImage* image) {
  image->width = width;
  image->height = height;
  image->pixels.resize(size_t{3} * width * height);
}

void UpdateWeights(int in, int out, ResizeFilter filter, AxisWeights* weights) {
  if (weights->in == in && weights->out == out && weights->filter == filter) return;
  *weights = MakeAxisWeights(in, out, filter);
}

}  // namespace

AxisWeights MakeAxisWeights(int in, int out, ResizeFilter filter) {
  AxisWeights axis;
  axis.in = in;
  axis.out = out;
  axis.filter = filter;
  axis.spans.reserve(static_cast<size_t>(out));
  const double scale = static_cast<double>(in) / out;
  const double filter_scale = std::max(scale, 1.0);
  const double support = FilterSupport(filter) * filter_scale;
  const double inverse = 1.0 / filter_scale;
  std::vector<double> weights;
  std::vector<int32_t> fixed;
  for (int i = 0; i < out; ++i) {
    const double center = (i + 0.5) * scale;
    // Pillow's rounding, which is not lround's for negative numbers.
    // NOLINTBEGIN(bugprone-incorrect-roundings)
    const int low = std::max(static_cast<int>(center - support + 0.5), 0);
    const int high = std::min(static_cast<int>(center + support + 0.5), in);
    // NOLINTEND(bugprone-incorrect-roundings)
    weights.clear();
    double sum = 0;
    for (int j = low; j < high; ++j) {
      weights.push_back(FilterValue(filter, (j - center + 0.5) * inverse));
      sum += weights.back();
    }
    fixed.clear();
    for (const double weight : weights)
      fixed.push_back(ToFixedPoint(sum != 0 ? weight / sum : weight));
    // Inputs of weight zero at either end add nothing: enlarging has one for most outputs.
    AxisWeights::Span span{low, static_cast<int>(fixed.size()), axis.pairs.size()};
    while (span.count > 1 && fixed[static_cast<size_t>(span.count) - 1] == 0) --span.count;
    int skip = 0;
    while (span.count - skip > 1 && fixed[static_cast<size_t>(skip)] == 0) ++skip;
    span.first += skip;
    span.count -= skip;
    for (int k = skip; k < skip + span.count; k += 2) {
      axis.pairs.push_back(
          PackPair(fixed[static_cast<size_t>(k)],
                   k + 1 < skip + span.count ? fixed[static_cast<size_t>(k) + 1] : 0));
    }
    axis.spans.push_back(span);
  }
  return axis;
}

void WeightedSumPortable(const uint8_t* src, ptrdiff_t stride, const AxisWeights::TapPair* pairs,
                         int taps, uint8_t* dst, ptrdiff_t length) {
  constexpr ptrdiff_t kChunk = 64;
  for (ptrdiff_t begin = 0; begin < length; begin += kChunk) {
    const ptrdiff_t count = std::min(kChunk, length - begin);
    // Unsigned: an absurd reduction could overflow, and then must wrap as in the vector code.
    uint32_t sums[kChunk];
    std::fill_n(sums, kChunk, 1U << (kPrecisionBits - 1));
    for (int k = 0; k < taps; ++k) {
      const auto weight = static_cast<uint32_t>(WeightOf(pairs[k / 2], k % 2));
      const uint8_t* row = src + k * stride + begin;
      for (ptrdiff_t i = 0; i < count; ++i) sums[i] += weight * row[i];
    }
    for (ptrdiff_t i = 0; i < count; ++i) {
      dst[begin + i] =
          static_cast<uint8_t>(std::clamp(static_cast<int32_t>(sums[i]) >> kPrecisionBits, 0, 255));
    }
  }
}

void WeightedSum(const uint8_t* src, ptrdiff_t stride, const AxisWeights::TapPair* pairs, int taps,
                 uint8_t* dst, ptrdiff_t length) {
#if REIDBENCH_X86
  if (length >= 32 && ActiveIsa() >= Isa::kAvx2)
    return WeightedSumAvx2(src, stride, pairs, taps, dst, length);
#endif
  WeightedSumPortable(src, stride, pairs, taps, dst, length);
}

void Resampler::Resize(const RgbImage& in, int width, int height, ResizeFilter filter,
                       RgbImage* out) {
  REIDBENCH_CHECK(in.width > 0 && in.height > 0 && width > 0 && height > 0);
  REIDBENCH_CHECK(in.pixels.size() == size_t{3} * in.width * in.height && &in != out);
  const bool horizontal = width != in.width;
  const bool vertical = height != in.height;
  if (!horizontal && !vertical) {
    *out = in;
    return;
  }
  SetSize(width, height, out);
  const RgbImage* source = &in;
  if (horizontal) {
    UpdateWeights(in.width, width, filter, &horizontal_);
    RgbImage* target = out;
    if (vertical) {
      SetSize(width, in.height, &between_);
      target = &between_;
    }
    columns_in_.resize(size_t{kColumnBytes} * in.width);
    columns_out_.resize(size_t{kColumnBytes} * width);
    for (int y = 0; y < in.height; y += kBlockRows) {
      const int rows = std::min(kBlockRows, in.height - y);
      GatherColumns(in, y, rows, columns_in_.data());
      SumColumns(columns_in_.data(), horizontal_, columns_out_.data());
      ScatterColumns(columns_out_.data(), y, rows, target);
    }
    source = target;
  }
  if (vertical) {
    UpdateWeights(in.height, height, filter, &vertical_);
    const ptrdiff_t row_bytes = ptrdiff_t{3} * width;
    for (int y = 0; y < height; ++y) {
      const AxisWeights::Span& span = vertical_.spans[static_cast<size_t>(y)];
      WeightedSum(source->Row(span.first), row_bytes, vertical_.pairs.data() + span.pair,
                  span.count, out->Row(y), row_bytes);
    }
  }
}

}  // namespace reidbench
