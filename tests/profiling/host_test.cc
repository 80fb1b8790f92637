#include "reidbench/profiling/host.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace reidbench {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(ReadHostContext, KnowsThisMachine) {
  const HostContext host = ReadHostContext();
  EXPECT_GE(host.logical_cores, 1);
  EXPECT_GE(host.physical_cores, 1);
  EXPECT_LE(host.physical_cores, host.logical_cores);
  EXPECT_GT(host.memory_bytes, 100'000'000);
  EXPECT_FALSE(host.governor.empty());
  EXPECT_FALSE(host.libraries.empty());
  for (const CacheInfo& cache : host.caches) {
    EXPECT_GE(cache.level, 1);
    EXPECT_GE(cache.bytes, 4096);
    EXPECT_GE(cache.shared_by, 1);
    EXPECT_FALSE(cache.type.empty());
  }
}

TEST(SpreadPercent, LooksPastSingleOutliers) {
  std::vector<double> times(100, 2.0);
  EXPECT_EQ(SpreadPercent(times), 0);
  times[5] = 50;
  EXPECT_EQ(SpreadPercent(times), 0);
  for (int i = 0; i < 20; ++i) times[i] = 3;
  EXPECT_DOUBLE_EQ(SpreadPercent(times), 50);
  EXPECT_EQ(SpreadPercent(std::vector<double>{1}), 0);
}

TEST(NoiseMeter, CallsALoadedMachineNoisy) {
  const NoiseMeter meter;  // no sample: nothing varies
  const HostNoise loaded = meter.Judge(1.9, 4);
  EXPECT_TRUE(loaded.noisy);
  EXPECT_THAT(loaded.note, HasSubstr("1.90 on 4 cores"));
  const HostNoise quiet = meter.Judge(0.9, 4);
  EXPECT_FALSE(quiet.noisy);
  EXPECT_THAT(quiet.note, IsEmpty());
}

TEST(NoiseMeter, TimesItsLoop) {
  NoiseMeter meter;
  meter.Sample();
  EXPECT_GE(meter.Judge(0, 1).spread_percent, 0);
}

}  // namespace
}  // namespace reidbench
