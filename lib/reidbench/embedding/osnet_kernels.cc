#include "reidbench/embedding/osnet_kernels.h"

#include "reidbench/core/error.h"
#include "reidbench/core/isa.h"
#include "reidbench/embedding/osnet_kernels_common.h"

namespace reidbench {

#if REIDBENCH_X86

bool OsnetKernelsAvailable(OsnetPrecision precision) {
  return precision == OsnetPrecision::kFp32 || ActiveIsa() >= Isa::kAvx512Bf16;
}

std::string_view OsnetKernelsName() {
  const Isa isa = ActiveIsa();
  return isa >= Isa::kAvx512 ? "AVX-512" : isa >= Isa::kAvx2 ? "AVX2" : "SSE2";
}

std::unique_ptr<GraphRunner> MakeOsnetRunner(const OsnetBlocks& network, OsnetPrecision precision) {
  REIDBENCH_CHECK(OsnetKernelsAvailable(precision));
  const Isa isa = ActiveIsa();
  if (isa >= Isa::kAvx512) return MakeOsnetRunnerAvx512(network, precision);
  if (isa >= Isa::kAvx2) return MakeOsnetRunnerAvx2(network);
  return MakeOsnetRunnerSse2(network);
}

#elif defined(__aarch64__) && defined(__GNUC__)

bool OsnetKernelsAvailable(OsnetPrecision precision) { return precision == OsnetPrecision::kFp32; }

std::string_view OsnetKernelsName() { return "NEON"; }

std::unique_ptr<GraphRunner> MakeOsnetRunner(const OsnetBlocks& network, OsnetPrecision precision) {
  REIDBENCH_CHECK(OsnetKernelsAvailable(precision));
  return MakeOsnetRunnerNeon(network);
}

#else  // another processor

bool OsnetKernelsAvailable(OsnetPrecision) { return false; }

std::string_view OsnetKernelsName() { return "none"; }

std::unique_ptr<GraphRunner> MakeOsnetRunner(const OsnetBlocks&, OsnetPrecision) {
  REIDBENCH_CHECK(false);
}

#endif

}  // namespace reidbench
