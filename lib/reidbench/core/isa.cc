#include "reidbench/core/isa.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <string>

#include "reidbench/core/error.h"

namespace reidbench {
namespace {

constexpr const char* kVariable = "REIDBENCH_ISA";

// The names, and how the same cap is called elsewhere. oneDNN's first step beyond SSE is SSE4.1,
// which every processor with AVX2 has; LibTorch knows no AVX512_BF16.
struct Names {
  std::string_view name;
  const char* onednn;
  const char* libtorch;
};
constexpr Names kNames[] = {{"baseline", "SSE41", "default"},
                            {"avx2", "AVX2", "avx2"},
                            {"avx512", "AVX512_CORE", "avx512"},
                            {"avx512_bf16", "AVX512_CORE_BF16", "avx512"}};

// What the environment says, read once.
struct Environment {
  std::optional<Isa> cap;
  std::string unknown;  // a value that is no name

  Environment() {
    const char* const value = std::getenv(kVariable);
    if (value == nullptr || *value == '\0') return;
    cap = ParseIsa(value);
    if (!cap) {
      unknown = value;
      return;
    }
    const Names& names = kNames[static_cast<int>(*cap)];
    ::setenv("DNNL_MAX_CPU_ISA", names.onednn, /*replace=*/0);
    ::setenv("ATEN_CPU_CAPABILITY", names.libtorch, /*replace=*/0);
  }
};

// Before main(), where no other thread reads the environment and no library has been called.
const Environment environment;

}  // namespace

std::string_view IsaName(Isa isa) { return kNames[static_cast<int>(isa)].name; }

std::optional<Isa> ParseIsa(std::string_view name) {
  for (const Isa isa : kAllIsas) {
    if (IsaName(isa) == name) return isa;
  }
  return std::nullopt;
}

Isa DetectedIsa() {
#if REIDBENCH_X86
  static const Isa detected = [] {
    __builtin_cpu_init();
    // What libgcc reports, the operating system saves as well.
    if (!(__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
          __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") &&
          __builtin_cpu_supports("popcnt"))) {
      return Isa::kBaseline;
    }
    if (!(__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512cd") &&
          __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
          __builtin_cpu_supports("avx512vl"))) {
      return Isa::kAvx2;
    }
    return __builtin_cpu_supports("avx512bf16") ? Isa::kAvx512Bf16 : Isa::kAvx512;
  }();
  return detected;
#else
  return Isa::kBaseline;
#endif
}

namespace isa_internal {

constinit std::atomic<int> active = -1;

Isa Resolve() {
  if (!environment.unknown.empty()) {
    ThrowUsage(
        "environment variable {}: expected baseline, avx2, avx512 or avx512_bf16, found '{}'",
        kVariable, environment.unknown);
  }
  const Isa isa = std::min(DetectedIsa(), environment.cap.value_or(Isa::kAvx512Bf16));
  active = static_cast<int>(isa);
  return isa;
}

}  // namespace isa_internal

bool IsaIsCapped() { return ActiveIsa() < DetectedIsa(); }

ScopedIsaCap::ScopedIsaCap(Isa cap) : previous_(ActiveIsa()) {
  isa_internal::active = static_cast<int>(std::min(cap, previous_));
}
ScopedIsaCap::~ScopedIsaCap() { isa_internal::active = static_cast<int>(previous_); }

}  // namespace reidbench
