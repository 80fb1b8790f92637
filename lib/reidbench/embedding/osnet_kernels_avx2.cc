#include "reidbench/embedding/osnet_kernels_common.h"

#if REIDBENCH_X86

#include <immintrin.h>

#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#endif

namespace reidbench {
namespace osnet_avx2 {
namespace {

constexpr int kRegisters = 16;

struct Wide {
  using Register = __m256;
  static constexpr int kLanes = 8;
  static REIDBENCH_INLINE __m256 Zero() { return _mm256_setzero_ps(); }
  static REIDBENCH_INLINE __m256 Load(const float* p) { return _mm256_loadu_ps(p); }
  static REIDBENCH_INLINE void Store(float* p, __m256 x) { _mm256_storeu_ps(p, x); }
  static REIDBENCH_INLINE __m256 Set(float x) { return _mm256_set1_ps(x); }
  static REIDBENCH_INLINE __m256 Add(__m256 a, __m256 b) { return _mm256_add_ps(a, b); }
  static REIDBENCH_INLINE __m256 Mul(__m256 a, __m256 b) { return _mm256_mul_ps(a, b); }
  static REIDBENCH_INLINE __m256 MulAdd(__m256 a, __m256 b, __m256 sum) {
    return _mm256_fmadd_ps(a, b, sum);
  }
  // The second operand where one is NaN.
  static REIDBENCH_INLINE __m256 Max(__m256 a, __m256 b) { return _mm256_max_ps(a, b); }
  static REIDBENCH_INLINE float Sum(__m256 x) {
    const __m128 halves = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    const __m128 pairs = _mm_add_ps(halves, _mm_movehl_ps(halves, halves));
    return _mm_cvtss_f32(_mm_add_ss(pairs, _mm_shuffle_ps(pairs, pairs, 1)));
  }
  static REIDBENCH_INLINE __m256 Widen(__m256 x) { return x; }
  static REIDBENCH_INLINE __m256 Lower(__m256 x) { return x; }
};
using Narrow = Wide;
constexpr bool kHasHalf = false;

#include "reidbench/embedding/osnet_kernels.inl"

}  // namespace
}  // namespace osnet_avx2

#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

std::unique_ptr<GraphRunner> MakeOsnetRunnerAvx2(const OsnetBlocks& network) {
  return std::make_unique<osnet_avx2::OsnetRunner<osnet_avx2::Fp32>>(network);
}

}  // namespace reidbench

#endif
