#include "reidbench/profiling/peaks.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <memory>
#include <vector>

#include "reidbench/core/isa.h"
#include "reidbench/profiling/measure.h"

#if REIDBENCH_X86
#include <immintrin.h>
#endif

namespace reidbench {
namespace {

// Enough independent sums to hide the latency of two units.
constexpr int kChains = 12;

#if REIDBENCH_X86
// Keeps a value in a register and its computation alive.
#define REIDBENCH_KEEP(value) asm volatile("" : "+v"(value))

REIDBENCH_TARGET_AVX512 double Avx512(int64_t rounds) {
  __m512 sums[kChains];
  for (__m512& sum : sums) sum = _mm512_set1_ps(1.0F);
  const __m512 factor = _mm512_set1_ps(0.999F), addend = _mm512_set1_ps(0.001F);
  for (int64_t i = 0; i < rounds; ++i) {
#pragma GCC unroll 12
    for (__m512& sum : sums) sum = _mm512_fmadd_ps(sum, factor, addend);
  }
  for (__m512& sum : sums) REIDBENCH_KEEP(sum);
  return 2.0 * 16 * kChains * static_cast<double>(rounds);
}

REIDBENCH_TARGET_AVX2 double Avx2(int64_t rounds) {
  __m256 sums[kChains];
  for (__m256& sum : sums) sum = _mm256_set1_ps(1.0F);
  const __m256 factor = _mm256_set1_ps(0.999F), addend = _mm256_set1_ps(0.001F);
  for (int64_t i = 0; i < rounds; ++i) {
#pragma GCC unroll 12
    for (__m256& sum : sums) sum = _mm256_fmadd_ps(sum, factor, addend);
  }
  for (__m256& sum : sums) REIDBENCH_KEEP(sum);
  return 2.0 * 8 * kChains * static_cast<double>(rounds);
}

__attribute__((target("avx512f,avx512bf16"))) double Avx512Bf16(int64_t rounds) {
  __m512 sums[kChains];
  for (__m512& sum : sums) sum = _mm512_setzero_ps();
  const __m512bh one = _mm512_cvtne2ps_pbh(_mm512_set1_ps(1.0F), _mm512_set1_ps(1.0F));
  const __m512bh small = _mm512_cvtne2ps_pbh(_mm512_set1_ps(1e-6F), _mm512_set1_ps(1e-6F));
  for (int64_t i = 0; i < rounds; ++i) {
#pragma GCC unroll 12
    for (__m512& sum : sums) sum = _mm512_dpbf16_ps(sum, one, small);
  }
  for (__m512& sum : sums) REIDBENCH_KEEP(sum);
  return 2.0 * 32 * kChains * static_cast<double>(rounds);
}
#endif

// Any processor: as wide as the compiler makes it.
double Portable(int64_t rounds) {
  constexpr int kLanes = 4;
  float sums[kChains][kLanes];
  for (auto& sum : sums) std::fill_n(sum, kLanes, 1.0F);
  for (int64_t i = 0; i < rounds; ++i) {
    for (auto& sum : sums) {
      for (float& lane : sum) lane = lane * 0.999F + 0.001F;
    }
  }
  volatile float kept = sums[0][0];
  static_cast<void>(kept);
  return 2.0 * kLanes * kChains * static_cast<double>(rounds);
}

constexpr int kLooks = 5;

// The best rate of several looks at work that all threads do at the same time. `make` prepares a
// thread; its call returns operations or bytes.
double BestRate(int threads, double seconds, const std::function<TimedCall(int)>& make) {
  double best = 0;
  for (int look = 0; look < kLooks; ++look) {
    MeasureOptions options;
    options.threads = threads;
    options.seconds = seconds / kLooks;
    best = std::max(best, MeasureCalls(make, options).items_per_s);
  }
  return best;
}

// Not a vector: its pages are touched first by the thread that uses them.
std::unique_ptr<uint64_t[]> Buffer(size_t words) {
  std::unique_ptr<uint64_t[]> buffer(new uint64_t[words]);
  std::fill_n(buffer.get(), words, 1);
  return buffer;
}

int64_t MemoryBufferBytes(const HostContext& host) {
  int64_t cache = 0;
  for (const CacheInfo& info : host.caches) cache = std::max(cache, info.bytes);
  constexpr int64_t kLeast = 64 << 20, kMost = 512 << 20;
  const int64_t wanted = std::clamp(4 * cache, kLeast, kMost);
  return host.memory_bytes > 0 ? std::min(wanted, host.memory_bytes / 8) : wanted;
}

}  // namespace

double RunArithmetic(int64_t rounds) {
#if REIDBENCH_X86
  if (ActiveIsa() >= Isa::kAvx512) return Avx512(rounds);
  if (ActiveIsa() >= Isa::kAvx2) return Avx2(rounds);
#endif
  return Portable(rounds);
}

double RunBf16Arithmetic(int64_t rounds) {
#if REIDBENCH_X86
  if (ActiveIsa() >= Isa::kAvx512Bf16) return Avx512Bf16(rounds);
#endif
  static_cast<void>(rounds);
  return 0;
}

MachinePeak MeasurePeak(int threads, const HostContext& host, const PeakOptions& options) {
  constexpr int64_t kRounds = 20'000;
  MachinePeak peak;
  peak.threads = threads;
  peak.fp32_gflops = 1e-9 * BestRate(threads, options.seconds, [](int) -> TimedCall {
                       return [] { return static_cast<int64_t>(RunArithmetic(kRounds)); };
                     });
  if (RunBf16Arithmetic(1) > 0) {
    peak.bf16_gflops = 1e-9 * BestRate(threads, options.seconds, [](int) -> TimedCall {
                         return [] { return static_cast<int64_t>(RunBf16Arithmetic(kRounds)); };
                       });
  }
  const int64_t bytes =
      (options.buffer_bytes > 0 ? options.buffer_bytes : MemoryBufferBytes(host)) / threads;
  const size_t words = std::max<size_t>(static_cast<size_t>(bytes) / sizeof(uint64_t), 8);
  std::vector<std::unique_ptr<uint64_t[]>> from(threads), to(threads);
  peak.read_gb_per_s = 1e-9 * BestRate(threads, options.seconds, [&](int thread) -> TimedCall {
                         if (!from[thread]) from[thread] = Buffer(words);
                         return [data = from[thread].get(), words] {
                           uint64_t sums[8] = {};
                           for (size_t i = 0; i + 8 <= words; i += 8) {
                             for (size_t k = 0; k < 8; ++k) sums[k] += data[i + k];
                           }
                           volatile uint64_t kept = sums[0] + sums[3] + sums[7];
                           static_cast<void>(kept);
                           return static_cast<int64_t>(words * sizeof(uint64_t));
                         };
                       });
  peak.copy_gb_per_s = 1e-9 * BestRate(threads, options.seconds, [&](int thread) -> TimedCall {
                         if (!to[thread]) to[thread] = Buffer(words);
                         return [source = from[thread].get(), target = to[thread].get(), words] {
                           std::memcpy(target, source, words * sizeof(uint64_t));
                           volatile uint64_t kept = target[words - 1];
                           static_cast<void>(kept);
                           return static_cast<int64_t>(2 * words * sizeof(uint64_t));
                         };
                       });
  return peak;
}

}  // namespace reidbench
