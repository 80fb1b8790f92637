#include "reidbench/profiling/peaks.h"

#include <gtest/gtest.h>

namespace reidbench {
namespace {

TEST(RunArithmetic, CountsWhatItDoes) {
  const double once = RunArithmetic(1);
  // 12 sums of at least 4 lanes, two operations each.
  EXPECT_GE(once, 96);
  EXPECT_EQ(RunArithmetic(1000), 1000 * once);
  const double bf16 = RunBf16Arithmetic(1);
  EXPECT_TRUE(bf16 == 0 || bf16 == 2 * 32 * 12) << bf16;
}

TEST(MeasurePeak, FindsAllRoofs) {
  HostContext host;
  PeakOptions options;
  options.seconds = 0.02;
  options.buffer_bytes = 1 << 20;
  const MachinePeak peak = MeasurePeak(2, host, options);
  EXPECT_EQ(peak.threads, 2);
  // Slower machines than this do not run the rest either.
  EXPECT_GT(peak.fp32_gflops, 0.1);
  EXPECT_GT(peak.read_gb_per_s, 0.05);
  EXPECT_GT(peak.copy_gb_per_s, 0.05);
  EXPECT_EQ(peak.bf16_gflops.has_value(), RunBf16Arithmetic(1) > 0);
}

}  // namespace
}  // namespace reidbench
