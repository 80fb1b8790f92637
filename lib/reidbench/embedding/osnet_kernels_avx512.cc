#include "reidbench/embedding/osnet_kernels_common.h"

#if REIDBENCH_X86

#include <immintrin.h>

#ifdef __clang__
#pragma clang attribute push(                                                     \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,fma"))), \
    apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,fma")
#endif

namespace reidbench {
namespace osnet_avx512 {
namespace {

constexpr int kRegisters = 32;

using bf16 = uint16_t;  // the upper half of a float32

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
  static REIDBENCH_INLINE float Sum(__m512 x) { return _mm512_reduce_add_ps(x); }
  static REIDBENCH_INLINE __m512 Widen(__m512 x) { return x; }
};

struct Narrow {
  using Register = __m256;
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
  static REIDBENCH_INLINE float Sum(__m256 x) { return _mm512_reduce_add_ps(Widen(x)); }
  static REIDBENCH_INLINE __m512 Widen(__m256 x) {
    return _mm512_insertf32x8(_mm512_setzero_ps(), x, 0);
  }
  static REIDBENCH_INLINE __m256 Lower(__m512 x) { return _mm512_castps512_ps256(x); }
};

constexpr bool kHasHalf = true;

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
  static REIDBENCH_INLINE __m512 Multiply(__m512 sum, __m512 w, __m512 a) {
#ifdef __clang__  // Clang 16 recurses without end over casts to its bf16 vectors.
    asm("vdpbf16ps %2, %1, %0" : "+v"(sum) : "v"(w), "v"(a));
    return sum;
#else
    return _mm512_dpbf16_ps(sum, (__m512bh)w, (__m512bh)a);
#endif
  }
  static REIDBENCH_INLINE __m256 MultiplyHalf(__m256 sum, __m256 w, __m512 a) {
#ifdef __clang__
    asm("vdpbf16ps %2, %1, %0" : "+v"(sum) : "v"(w), "v"(_mm512_castps512_ps256(a)));
    return sum;
#else
    return _mm256_dpbf16_ps(sum, (__m256bh)w, (__m256bh)_mm512_castps512_ps256(a));
#endif
  }
};

#include "reidbench/embedding/osnet_kernels.inl"

}  // namespace
}  // namespace osnet_avx512

#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

std::unique_ptr<GraphRunner> MakeOsnetRunnerAvx512(const OsnetBlocks& network,
                                                   OsnetPrecision precision) {
  using namespace osnet_avx512;
  if (precision == OsnetPrecision::kBf16) return std::make_unique<OsnetRunner<Bf16>>(network);
  return std::make_unique<OsnetRunner<Fp32>>(network);
}

}  // namespace reidbench

#endif
