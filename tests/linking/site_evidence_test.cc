#include "reidbench/linking/site_evidence.h"

#include <gtest/gtest.h>

#include "linking/small_site.h"

namespace reidbench {
namespace {

TEST(TransitionTimes, WhatWasSeenIsLikelyAndTheRestIsNot) {
  TransitionTimes times(2, {0.1, 0.1});
  const double before = times.LogOdds(0, 1, 10.5);
  for (int k = 0; k < 40; ++k) times.Count(0, 1, 10.5);
  EXPECT_EQ(times.Seen(0, 1), 40);
  EXPECT_NEAR(times.Median_s(0, 1), 11, 1);
  EXPECT_GT(times.LogOdds(0, 1, 10.5), before + 2);
  EXPECT_LT(times.LogOdds(0, 1, 300), before);
  EXPECT_LT(times.LogOdds(0, 0, 10.5), times.LogOdds(0, 1, 10.5) - 2);
  // Nothing is impossible.
  EXPECT_GT(times.LogOdds(0, 0, 5000), -40);
  EXPECT_EQ(times.Median_s(1, 0), -1);
}

TEST(TransitionTimes, BusyCamerasNeedMore) {
  const TransitionTimes quiet(1, {0.01});
  const TransitionTimes busy(1, {1});
  EXPECT_NEAR(quiet.LogOdds(0, 0, 3) - busy.LogOdds(0, 0, 3), std::log(100.0), 1e-9);
}

TEST(GroundPassage, NobodyRunsThroughWalls) {
  SmallSite site(2);
  const auto east = [](double t) { return std::pair(1.2 * t, 0.0); };
  site.Add(0, 0, 0, 10, east);
  site.Add(0, 1, 12, 20, east);
  site.Add(1, 1, 12, 20, [](double t) { return std::pair(80 - t, 0.0); });
  const SiteGround ground = CalibrateGround(site.input.tracklets, site.input.cameras, 0);
  double there = 0, elsewhere = 0;
  EXPECT_TRUE(GroundPassage(site.input.tracklets[0], site.input.tracklets[1], ground, &there));
  EXPECT_GT(there, 0.2);
  EXPECT_FALSE(GroundPassage(site.input.tracklets[0], site.input.tracklets[2], ground, &elsewhere));
}

TEST(CalibrateSiteAppearance, FindsTheMiddleBetweenOneAndTwo) {
  SmallSite site(3);
  site.Corridor(40, 3, 7, 5, 12);
  const SiteGround ground = CalibrateGround(site.input.tracklets, site.input.cameras, 0);
  const auto together = FindTogether(site.input.tracklets, ground);
  const SiteAppearance looks =
      CalibrateSiteAppearance(site.input.tracklets, site.input.sums, together, 3, "");
  ASSERT_TRUE(looks.usable) << looks.note;
  EXPECT_GT(looks.separation, 0.95);
  EXPECT_GT(looks.LogRatio(looks.same_mean, 5), 2);
  EXPECT_LT(looks.LogRatio(looks.other_mean, 5), -2);
  EXPECT_EQ(looks.LogRatio(looks.same_mean, 0), 0);
}

TEST(FindTogether, OneCamerasFrameHoldsTwoPeople) {
  SmallSite site(2);
  site.Add(0, 0, 0, 5, nullptr);
  site.Add(1, 0, 4, 9, nullptr);
  site.Add(0, 1, 20, 25, nullptr);
  const SiteGround ground = CalibrateGround(site.input.tracklets, site.input.cameras, 0);
  const auto together = FindTogether(site.input.tracklets, ground);
  ASSERT_EQ(together[0].size(), 1u);
  EXPECT_EQ(together[0][0].other, 1);
  EXPECT_TRUE(together[0][0].apart);
  EXPECT_TRUE(together[2].empty());
}

}  // namespace
}  // namespace reidbench
