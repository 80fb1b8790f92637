// The roofs over every stage: how much arithmetic and how many bytes a second this machine does at
// most, measured, not read from a data sheet. Williams, Waterman and Patterson, "Roofline: An
// Insightful Visual Performance Model", CACM 2009.
#pragma once

#include <cstdint>

#include "reidbench/profiling/profile.h"

namespace reidbench {

// `rounds` of fused multiply-adds in registers, in float32 and as wide as this processor has them;
// returns how many floating-point operations that were.
double RunArithmetic(int64_t rounds);
// The same by AVX512_BF16's dot products; 0 where the processor has none.
double RunBf16Arithmetic(int64_t rounds);

struct PeakOptions {
  double seconds = 0.15;     // for each of the four numbers
  int64_t buffer_bytes = 0;  // read and copied, all threads together; 0 = well beyond the caches
};

// With one thread and `threads` threads, the best of several short looks: what disturbs makes it
// only slower.
MachinePeak MeasurePeak(int threads, const HostContext& host, const PeakOptions& options);

}  // namespace reidbench
