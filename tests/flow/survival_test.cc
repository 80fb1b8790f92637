#include "reidbench/flow/survival.h"

#include <gtest/gtest.h>

namespace reidbench {
namespace {

// Kaplan and Meier by hand: 1, 2+, 3, 4, 5+ (+ lost): 4/5, then 2/3 of it, then 1/2 of that.
TEST(Survival, ProductLimitByHand) {
  const Stay stays[] = {{3, true}, {1, true}, {2, false}, {5, false}, {4, true}};
  const auto curve = SurvivalCurve(stays);
  ASSERT_EQ(curve.size(), 3u);
  EXPECT_DOUBLE_EQ(curve[0].share, 4.0 / 5);
  EXPECT_DOUBLE_EQ(curve[1].share, 8.0 / 15);
  EXPECT_DOUBLE_EQ(curve[2].share, 4.0 / 15);
  EXPECT_EQ(SurvivalQuantile(curve, 0.5), 4);
  EXPECT_FALSE(SurvivalQuantile(curve, 0.9).has_value());
  // 1 x 1 + 2 x 4/5 + 1 x 8/15 + 1 x 4/15
  EXPECT_NEAR(RestrictedMean(curve, 5), 1 + 1.6 + 8.0 / 15 + 4.0 / 15, 1e-12);
}

TEST(Survival, WithoutLossIsTheOrdinaryMean) {
  const Stay stays[] = {{2, true}, {4, true}, {9, true}};
  EXPECT_NEAR(RestrictedMean(SurvivalCurve(stays), 9), 5, 1e-12);
}

TEST(Survival, LostStaysRaiseTheMedian) {
  std::vector<Stay> stays;
  for (int k = 1; k <= 100; ++k) stays.push_back({static_cast<double>(k), k % 3 != 0});
  BootstrapOptions options;
  options.resamples = 200;
  const StayStatistics s = Summarize(stays, options);
  EXPECT_EQ(s.count, 100u);
  EXPECT_EQ(s.ended, 67u);
  EXPECT_DOUBLE_EQ(*s.median, 50.5);
  EXPECT_GT(*s.km_median, *s.median);
  ASSERT_TRUE(s.median_interval.has_value());
  EXPECT_LT(s.median_interval->low, 50.5);
  EXPECT_GT(s.median_interval->high, 50.5);
}

TEST(Survival, NobodyHasNoStatistics) {
  const StayStatistics s = Summarize({}, {});
  EXPECT_EQ(s.count, 0u);
  EXPECT_FALSE(s.mean.has_value());
  EXPECT_FALSE(s.km_median.has_value());
}

}  // namespace
}  // namespace reidbench
