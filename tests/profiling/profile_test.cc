#include "reidbench/profiling/profile.h"

#include <gtest/gtest.h>

#include "support/machine_profile.h"

namespace reidbench {
namespace {

TEST(AddSharesOfPeak, TakesTheRoofOfAsManyThreads) {
  MachineProfile profile = RoundProfile();
  AddSharesOfPeak(&profile);
  EXPECT_DOUBLE_EQ(*profile.stages[4].share_of_peak, 190.0 / 380);
  EXPECT_FALSE(profile.stages[0].share_of_peak.has_value());  // nothing known of its work
  profile.stages[4].gb_per_s = 27;
  AddSharesOfPeak(&profile);
  EXPECT_DOUBLE_EQ(*profile.stages[4].share_of_peak, 27.0 / 36);
  // bf16 is held against its own roof where that was measured.
  profile.stages[4].gb_per_s.reset();
  profile.stages[4].variant.words.back().second = "bf16";
  profile.peaks[1].bf16_gflops = 760;
  AddSharesOfPeak(&profile);
  EXPECT_DOUBLE_EQ(*profile.stages[4].share_of_peak, 0.25);
}

TEST(StageVariant, PrintsWordsThenNumbers) {
  const StageVariant variant = RoundProfile().stages[4].variant;
  EXPECT_EQ(variant.ToString(),
            "architecture=osnet_x0_25 engine=onednn precision=fp32 batch=1 threads=4");
  EXPECT_EQ(variant.Word("absent"), "");
  EXPECT_EQ(variant.Number("absent"), std::nullopt);
}

}  // namespace
}  // namespace reidbench
