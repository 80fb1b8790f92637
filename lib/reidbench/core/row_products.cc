#include "reidbench/core/row_products.h"

#include <algorithm>

#include "reidbench/core/error.h"
#include "reidbench/core/isa.h"

#if REIDBENCH_X86
#include <immintrin.h>
#endif

namespace reidbench {
namespace {

// NAME<kFirst>: [kBlockRows x kPanelColumns] += a^T b over `depth`, in pieces of ROWS rows and two
// registers, so many sums as fill the registers; the first slice of the depth starts from zero. A
// macro, because neither the attribute nor the intrinsics can depend on a template's parameters.
// NOLINTBEGIN(bugprone-macro-parentheses): types and names stand without them.
#define REIDBENCH_PRODUCT_BLOCK(NAME, ATTRIBUTE, VECTOR, ROWS, MULTIPLY_ADD)                 \
  template <bool kFirst>                                                                     \
  ATTRIBUTE void NAME(const float* left, const float* right, int64_t depth, float* out,      \
                      int64_t stride) {                                                      \
    constexpr int kLanes = static_cast<int>(sizeof(VECTOR) / sizeof(float));                 \
    for (int column = 0; column < kPanelColumns; column += 2 * kLanes) {                     \
      for (int first = 0; first < kBlockRows; first += ROWS) {                               \
        const float* a = left + first;                                                       \
        const float* b = right + column;                                                     \
        VECTOR low[ROWS];                                                                    \
        VECTOR high[ROWS];                                                                   \
        _Pragma("GCC unroll 16") for (int r = 0; r < ROWS; ++r) low[r] = high[r] = VECTOR{}; \
        for (int64_t k = 0; k < depth; ++k, a += kBlockRows, b += kPanelColumns) {           \
          const VECTOR b_low = *reinterpret_cast<const VECTOR*>(b);                          \
          const VECTOR b_high = *reinterpret_cast<const VECTOR*>(b + kLanes);                \
          _Pragma("GCC unroll 16") for (int r = 0; r < ROWS; ++r) {                          \
            low[r] = MULTIPLY_ADD(a[r], b_low, low[r]);                                      \
            high[r] = MULTIPLY_ADD(a[r], b_high, high[r]);                                   \
          }                                                                                  \
        }                                                                                    \
        _Pragma("GCC unroll 16") for (int r = 0; r < ROWS; ++r) {                            \
          VECTOR* const c = reinterpret_cast<VECTOR*>(out + (first + r) * stride + column);  \
          c[0] = kFirst ? low[r] : c[0] + low[r];                                            \
          c[1] = kFirst ? high[r] : c[1] + high[r];                                          \
        }                                                                                    \
      }                                                                                      \
    }                                                                                        \
  }
// NOLINTEND(bugprone-macro-parentheses)

#define REIDBENCH_MULTIPLY_ADD(a, b, sum) ((sum) + (a) * (b))
REIDBENCH_PRODUCT_BLOCK(BlockBaseline, , Float4, 6, REIDBENCH_MULTIPLY_ADD)
#if REIDBENCH_X86
#define REIDBENCH_MULTIPLY_ADD_256(a, b, sum) _mm256_fmadd_ps(_mm256_set1_ps(a), b, sum)
#define REIDBENCH_MULTIPLY_ADD_512(a, b, sum) _mm512_fmadd_ps(_mm512_set1_ps(a), b, sum)
REIDBENCH_PRODUCT_BLOCK(BlockAvx2, REIDBENCH_TARGET_AVX2, __m256, 6, REIDBENCH_MULTIPLY_ADD_256)
REIDBENCH_PRODUCT_BLOCK(BlockAvx512, REIDBENCH_TARGET_AVX512, __m512, 12,
                        REIDBENCH_MULTIPLY_ADD_512)
#endif

// NAME(a, b, n): Dot with 64 sums side by side, halved until one is left.
#define REIDBENCH_DOT(NAME, ATTRIBUTE, VECTOR, MULTIPLY_ADD)                             \
  ATTRIBUTE float NAME(const float* a, const float* b, int64_t n) {                      \
    constexpr int kSums = 64;                                                            \
    constexpr int kRegisters = static_cast<int>(kSums * sizeof(float) / sizeof(VECTOR)); \
    VECTOR sums[kRegisters] = {};                                                        \
    int64_t k = 0;                                                                       \
    for (; k + kSums <= n; k += kSums) {                                                 \
      _Pragma("GCC unroll 16") for (int v = 0; v < kRegisters; ++v) {                    \
        sums[v] = MULTIPLY_ADD(reinterpret_cast<const VECTOR*>(a + k)[v],                \
                               reinterpret_cast<const VECTOR*>(b + k)[v], sums[v]);      \
      }                                                                                  \
    }                                                                                    \
    for (int half = kRegisters / 2; half >= kRegisters / 4; half /= 2) {                 \
      for (int v = 0; v < half; ++v) sums[v] += sums[v + half];                          \
    }                                                                                    \
    const Float4* const h = reinterpret_cast<const Float4*>(sums);                       \
    const Float4 sum = (h[0] + h[2]) + (h[1] + h[3]);                                    \
    float total = (sum[0] + sum[2]) + (sum[1] + sum[3]);                                 \
    for (; k < n; ++k) total += a[k] * b[k];                                             \
    return total;                                                                        \
  }

REIDBENCH_DOT(DotBaseline, , Float4, REIDBENCH_MULTIPLY_ADD)
#if REIDBENCH_X86
using Float8 __attribute__((vector_size(32), may_alias, aligned(4))) = float;
using Float16 __attribute__((vector_size(64), may_alias, aligned(4))) = float;
REIDBENCH_DOT(DotAvx2, REIDBENCH_TARGET_AVX2, Float8, _mm256_fmadd_ps)
REIDBENCH_DOT(DotAvx512, REIDBENCH_TARGET_AVX512, Float16, _mm512_fmadd_ps)
#endif

template <bool kFirst>
auto ActiveBlock() {
#if REIDBENCH_X86
  const Isa isa = ActiveIsa();
  if (isa >= Isa::kAvx512) return BlockAvx512<kFirst>;
  if (isa >= Isa::kAvx2) return BlockAvx2<kFirst>;
#endif
  return BlockBaseline<kFirst>;
}

// Values k to k + 3 of four rows as columns of `out`.
REIDBENCH_ALWAYS_INLINE inline void Transpose4(const float* const* rows, int64_t k, float* out,
                                               int64_t stride) {
  Float4 row[4];
  for (int i = 0; i < 4; ++i) row[i] = *reinterpret_cast<const Float4*>(rows[i] + k);
  const Float4 low01 = __builtin_shufflevector(row[0], row[1], 0, 4, 1, 5);
  const Float4 low23 = __builtin_shufflevector(row[2], row[3], 0, 4, 1, 5);
  const Float4 high01 = __builtin_shufflevector(row[0], row[1], 2, 6, 3, 7);
  const Float4 high23 = __builtin_shufflevector(row[2], row[3], 2, 6, 3, 7);
  const Float4 column[4] = {__builtin_shufflevector(low01, low23, 0, 1, 4, 5),
                            __builtin_shufflevector(low01, low23, 2, 3, 6, 7),
                            __builtin_shufflevector(high01, high23, 0, 1, 4, 5),
                            __builtin_shufflevector(high01, high23, 2, 3, 6, 7)};
  for (int i = 0; i < 4; ++i) *reinterpret_cast<Float4*>(out + i * stride) = column[i];
}

// All of `rows` in blocks or panels of kCount.
template <int kCount>
AlignedFloats Packed(FeatureView rows) {
  const int64_t dim = rows.cols();
  AlignedFloats packed(static_cast<size_t>(RoundUp(rows.rows(), kCount) * dim));
  const float* sources[kCount];
  for (int64_t begin = 0; begin < rows.rows(); begin += kCount) {
    for (int64_t i = 0; i < kCount; ++i)
      sources[i] = begin + i < rows.rows() ? rows.data() + (begin + i) * dim : nullptr;
    PackRows<kCount>(sources, nullptr, dim, packed.data() + begin * dim);
  }
  return packed;
}

}  // namespace

template <int kCount>
void PackRows(const float* const* rows, const float* divisors, int64_t dim, float* packed) {
  constexpr int64_t kStrip = 64;
  static_assert(kCount % 4 == 0);
  ForActiveIsa([=]() REIDBENCH_ALWAYS_INLINE {
    alignas(64) float strips[4][kStrip] = {};
    for (int64_t begin = 0; begin < dim; begin += kStrip) {
      const int64_t length = std::min(kStrip, dim - begin);
      for (int first = 0; first < kCount; first += 4) {
        const float* sources[4];
        for (int i = 0; i < 4; ++i) {
          const float* const row = rows[first + i];
          sources[i] = row != nullptr && divisors == nullptr ? row + begin : strips[i];
          if (row == nullptr) {
            for (float& value : strips[i]) value = 0;
          } else if (divisors != nullptr) {
            const float divisor = divisors[first + i];
            for (int64_t k = 0; k < length; ++k) strips[i][k] = row[begin + k] / divisor;
          }
        }
        float* const out = packed + begin * kCount + first;
        int64_t k = 0;
        for (; k + 4 <= length; k += 4) Transpose4(sources, k, out + k * kCount, kCount);
        for (; k < length; ++k) {
          for (int i = 0; i < 4; ++i) out[k * kCount + i] = sources[i][k];
        }
      }
    }
  });
}
template void PackRows<kBlockRows>(const float* const*, const float*, int64_t, float*);
template void PackRows<kPanelColumns>(const float* const*, const float*, int64_t, float*);

void ProductTile(const float* left, const float* right, int64_t dim, const TileRange& range,
                 float* out, int64_t stride) {
  REIDBENCH_CHECK(range.row_begin % kBlockRows == 0 && range.column_begin % kPanelColumns == 0 &&
                  stride % kPanelColumns == 0);
  const auto first = ActiveBlock<true>();
  const auto next = ActiveBlock<false>();
  for (int64_t column = range.column_begin; column < range.column_end; column += kPanelColumns) {
    // The slice of the panel stays in the first-level cache while all rows pass by.
    for (int64_t k = 0; k < dim; k += kDepth) {
      const int64_t depth = std::min<int64_t>(kDepth, dim - k);
      for (int64_t row = range.row_begin; row < range.row_end; row += kBlockRows) {
        (k == 0 ? first : next)(
            left + row * dim + k * kBlockRows, right + column * dim + k * kPanelColumns, depth,
            out + (row - range.row_begin) * stride + (column - range.column_begin), stride);
      }
    }
  }
}

RightFactor::RightFactor(FeatureView rows)
    : rows_(rows.rows()), dim_(rows.cols()), packed_(Packed<kPanelColumns>(rows)) {}

FeatureMatrix RightFactor::LeftTimes(FeatureView left) const {
  REIDBENCH_CHECK(left.cols() == dim_);
  constexpr int64_t kColumns = 512;
  constexpr int64_t kRows = 8 * kBlockRows;
  const AlignedFloats packed = Packed<kBlockRows>(left);
  FeatureMatrix result(left.rows(), rows_);
  AlignedFloats tile(kRows * kColumns);
  for (int64_t column = 0; column < rows_; column += kColumns) {
    const int64_t columns = std::min(kColumns, rows_ - column);
    for (int64_t row = 0; row < left.rows(); row += kRows) {
      const int64_t row_end = std::min(left.rows(), row + kRows);
      ProductTile(packed.data(), packed_.data(), dim_, {row, row_end, column, column + columns},
                  tile.data(), kColumns);
      for (int64_t r = row; r < row_end; ++r) {
        std::copy_n(tile.data() + (r - row) * kColumns, columns,
                    result.data() + r * rows_ + column);
      }
    }
  }
  return result;
}

float Dot(const float* a, const float* b, int64_t n) {
#if REIDBENCH_X86
  const Isa isa = ActiveIsa();
  if (isa >= Isa::kAvx512) return DotAvx512(a, b, n);
  if (isa >= Isa::kAvx2) return DotAvx2(a, b, n);
#endif
  return DotBaseline(a, b, n);
}

void AddScaled(float factor, const float* x, int64_t n, float* y) {
  ForActiveIsa([=]() REIDBENCH_ALWAYS_INLINE {
    for (int64_t i = 0; i < n; ++i) y[i] += factor * x[i];
  });
}

}  // namespace reidbench
