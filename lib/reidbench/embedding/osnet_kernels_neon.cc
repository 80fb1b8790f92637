#include "reidbench/embedding/osnet_kernels_common.h"

#if defined(__aarch64__) && defined(__GNUC__)

#include <arm_neon.h>

namespace reidbench {
namespace osnet_neon {
namespace {

constexpr int kRegisters = 32;

struct Wide {
  using Register = float32x4_t;
  static constexpr int kLanes = 4;
  static REIDBENCH_INLINE float32x4_t Zero() { return vdupq_n_f32(0.0f); }
  static REIDBENCH_INLINE float32x4_t Load(const float* p) { return vld1q_f32(p); }
  static REIDBENCH_INLINE void Store(float* p, float32x4_t x) { vst1q_f32(p, x); }
  static REIDBENCH_INLINE float32x4_t Set(float x) { return vdupq_n_f32(x); }
  static REIDBENCH_INLINE float32x4_t Add(float32x4_t a, float32x4_t b) { return vaddq_f32(a, b); }
  static REIDBENCH_INLINE float32x4_t Mul(float32x4_t a, float32x4_t b) { return vmulq_f32(a, b); }
  static REIDBENCH_INLINE float32x4_t MulAdd(float32x4_t a, float32x4_t b, float32x4_t sum) {
    return vfmaq_f32(sum, a, b);
  }
  // NaN where one is NaN.
  static REIDBENCH_INLINE float32x4_t Max(float32x4_t a, float32x4_t b) { return vmaxq_f32(a, b); }
  static REIDBENCH_INLINE float Sum(float32x4_t x) { return vaddvq_f32(x); }
  static REIDBENCH_INLINE float32x4_t Widen(float32x4_t x) { return x; }
  static REIDBENCH_INLINE float32x4_t Lower(float32x4_t x) { return x; }
};
using Narrow = Wide;
constexpr bool kHasHalf = false;

#include "reidbench/embedding/osnet_kernels.inl"

}  // namespace
}  // namespace osnet_neon

std::unique_ptr<GraphRunner> MakeOsnetRunnerNeon(const OsnetBlocks& network) {
  return std::make_unique<osnet_neon::OsnetRunner<osnet_neon::Fp32>>(network);
}

}  // namespace reidbench

#endif
