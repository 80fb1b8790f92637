#include "reidbench/profiling/peaks.h"

#include <gtest/gtest.h>

#include "support/each_isa.h"

namespace reidbench {
namespace {

using RunArithmeticTest = EachIsa;
INSTANTIATE_TEST_SUITE_P(Isa, RunArithmeticTest, testing::ValuesIn(kAllIsas), IsaOf);

TEST_P(RunArithmeticTest, CountsWhatItDoes) {
  const double once = RunArithmetic(1);
  // 12 sums of so many lanes, two operations each.
  const int lanes = GetParam() == Isa::kBaseline ? 4 : GetParam() == Isa::kAvx2 ? 8 : 16;
  EXPECT_EQ(once, 2 * 12 * lanes);
  EXPECT_EQ(RunArithmetic(1000), 1000 * once);
  EXPECT_EQ(RunBf16Arithmetic(1), GetParam() == Isa::kAvx512Bf16 ? 2 * 32 * 12 : 0);
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
