// Which vector instructions the library's loops use: chosen when the program runs, so that one
// program serves every x86-64 processor. The environment variable REIDBENCH_ISA caps the choice
// (as DNNL_MAX_CPU_ISA does oneDNN's), to repeat a result of another machine or to test its path.
#pragma once

#include <array>
#include <atomic>
#include <optional>
#include <string_view>

namespace reidbench {

// Each contains the one before.
enum class Isa {
  kBaseline,    // what the program was compiled for: SSE2 on x86-64; all that other processors have
  kAvx2,        // AVX2, FMA, BMI2: Intel since Haswell, AMD since Zen
  kAvx512,      // AVX-512 F, CD, BW, DQ, VL: Intel since Skylake-X, AMD since Zen 4
  kAvx512Bf16,  // AVX512_BF16: Intel since Cooper Lake, AMD since Zen 4
};

inline constexpr std::array kAllIsas = {Isa::kBaseline, Isa::kAvx2, Isa::kAvx512, Isa::kAvx512Bf16};

std::string_view IsaName(Isa isa);  // "baseline", "avx2", "avx512", "avx512_bf16"
std::optional<Isa> ParseIsa(std::string_view name);

// The best that this processor and its operating system support.
Isa DetectedIsa();
// What to compute with: DetectedIsa(), or the cap where that is lower. Throws Error(kUsage) when
// REIDBENCH_ISA is set to no name. With REIDBENCH_ISA, the variables by which oneDNN and LibTorch
// are capped are set before main() to agree with it, unless they are set already.
Isa ActiveIsa();
// Whether something caps ActiveIsa() below what the processor has.
bool IsaIsCapped();

// For tests: lowers ActiveIsa() to at most `cap` while it lives. Not while other threads compute.
class ScopedIsaCap {
 public:
  explicit ScopedIsaCap(Isa cap);
  ~ScopedIsaCap();
  ScopedIsaCap(const ScopedIsaCap&) = delete;
  ScopedIsaCap& operator=(const ScopedIsaCap&) = delete;

 private:
  Isa previous_;
};

#if defined(__x86_64__) && defined(__GNUC__)
#define REIDBENCH_X86 1
// Attribute of a function that is called only where ActiveIsa() reaches that far.
#define REIDBENCH_TARGET_AVX2 __attribute__((target("avx2,fma,bmi,bmi2,popcnt")))
#define REIDBENCH_TARGET_AVX512 \
  __attribute__((target("avx2,fma,bmi,bmi2,popcnt,avx512f,avx512cd,avx512bw,avx512dq,avx512vl")))
#else
#define REIDBENCH_X86 0
#endif

#ifdef __GNUC__
// Of a lambda for ForActiveIsa, and of the functions that must be compiled with it.
#define REIDBENCH_ALWAYS_INLINE __attribute__((always_inline))
#else
#define REIDBENCH_ALWAYS_INLINE
#endif

#ifdef __GNUC__
// 16 bytes in a register, which every processor has. Within ForActiveIsa for sums side by side,
// which the compiler does not vectorise on its own: only wider types would be cut into pieces
// there.
using Float4 __attribute__((vector_size(16), may_alias, aligned(4))) = float;
using Double2 __attribute__((vector_size(16))) = double;
#endif

namespace isa_internal {
extern std::atomic<int> active;  // -1 until the first call
Isa Resolve();
#if REIDBENCH_X86
template <typename Body>
REIDBENCH_TARGET_AVX2 auto RunAvx2(const Body& body) {
  return body();
}
template <typename Body>
REIDBENCH_TARGET_AVX512 auto RunAvx512(const Body& body) {
  return body();
}
#endif
}  // namespace isa_internal

inline Isa ActiveIsa() {
  const int active = isa_internal::active.load(std::memory_order_relaxed);
  return active >= 0 ? static_cast<Isa>(active) : isa_internal::Resolve();
}

// Compiles `body` once for each instruction set, vectorised by the compiler, and runs the version
// of ActiveIsa(). `body` must be REIDBENCH_ALWAYS_INLINE and what it calls inline; what is not
// inlined stays baseline code, which is slower and still right. All versions give the same bits,
// because the compiler may neither reorder sums nor contract (-ffp-contract=off).
//   ForActiveIsa([&]() REIDBENCH_ALWAYS_INLINE { for (int i = 0; i < n; ++i) y[i] += x[i]; });
template <typename Body>
auto ForActiveIsa(const Body& body) {
#if REIDBENCH_X86
  const Isa isa = ActiveIsa();
  if (isa >= Isa::kAvx512) return isa_internal::RunAvx512(body);
  if (isa >= Isa::kAvx2) return isa_internal::RunAvx2(body);
#endif
  return body();
}

}  // namespace reidbench
