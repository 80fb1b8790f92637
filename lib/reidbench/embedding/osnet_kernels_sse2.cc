#include "reidbench/embedding/osnet_kernels_common.h"

#if REIDBENCH_X86

#include <emmintrin.h>

namespace reidbench {
namespace osnet_sse2 {
namespace {

constexpr int kRegisters = 16;

struct Wide {
  using Register = __m128;
  static constexpr int kLanes = 4;
  static REIDBENCH_INLINE __m128 Zero() { return _mm_setzero_ps(); }
  static REIDBENCH_INLINE __m128 Load(const float* p) { return _mm_loadu_ps(p); }
  static REIDBENCH_INLINE void Store(float* p, __m128 x) { _mm_storeu_ps(p, x); }
  static REIDBENCH_INLINE __m128 Set(float x) { return _mm_set1_ps(x); }
  static REIDBENCH_INLINE __m128 Add(__m128 a, __m128 b) { return _mm_add_ps(a, b); }
  static REIDBENCH_INLINE __m128 Mul(__m128 a, __m128 b) { return _mm_mul_ps(a, b); }
  static REIDBENCH_INLINE __m128 MulAdd(__m128 a, __m128 b, __m128 sum) {
    return _mm_add_ps(_mm_mul_ps(a, b), sum);
  }
  // The second operand where one is NaN.
  static REIDBENCH_INLINE __m128 Max(__m128 a, __m128 b) { return _mm_max_ps(a, b); }
  static REIDBENCH_INLINE float Sum(__m128 x) {
    const __m128 pairs = _mm_add_ps(x, _mm_movehl_ps(x, x));
    return _mm_cvtss_f32(_mm_add_ss(pairs, _mm_shuffle_ps(pairs, pairs, 1)));
  }
  static REIDBENCH_INLINE __m128 Widen(__m128 x) { return x; }
  static REIDBENCH_INLINE __m128 Lower(__m128 x) { return x; }
};
using Narrow = Wide;
constexpr bool kHasHalf = false;

#include "reidbench/embedding/osnet_kernels.inl"

}  // namespace
}  // namespace osnet_sse2

std::unique_ptr<GraphRunner> MakeOsnetRunnerSse2(const OsnetBlocks& network) {
  return std::make_unique<osnet_sse2::OsnetRunner<osnet_sse2::Fp32>>(network);
}

}  // namespace reidbench

#endif
