#include "reidbench/linking/ground_agreement.h"

#include <gtest/gtest.h>

#include "linking/small_site.h"

namespace reidbench {
namespace {

TEST(CompareGround, CamerasThatSeeTheSamePeopleAgree) {
  SmallSite site(2);
  site.Crowd(6, 2, 60, 8);
  const auto pairs = CompareGround(site.input.tracklets, 2, 5);
  ASSERT_EQ(pairs.size(), 1u);
  EXPECT_TRUE(pairs[0].shared);
  EXPECT_TRUE(pairs[0].usable);
  EXPECT_NEAR(pairs[0].clock_shift_s, 0, 0.05);
  EXPECT_NEAR(pairs[0].scale, 1, 0.02);
  EXPECT_GT(pairs[0].agreement, 2 * pairs[0].by_chance);
  EXPECT_LT(pairs[0].median_m, 0.4);
}

TEST(CompareGround, FindsHowFarAClockIsOff) {
  for (const double late_s : {1.37, -2.61}) {
    SmallSite site(2);
    // The second camera shows at t what happened at t + late_s: its clock is behind.
    site.Crowd(6, 2, 60, 8, late_s);
    const auto pairs = CompareGround(site.input.tracklets, 2, 5);
    EXPECT_TRUE(pairs[0].usable);
    EXPECT_NEAR(pairs[0].clock_shift_s, late_s, 0.04) << late_s;
    const std::vector<double> corrections = ClockCorrections(pairs, 2);
    EXPECT_EQ(corrections[0], 0);
    EXPECT_NEAR(corrections[1], late_s, 0.04);
  }
}

TEST(CompareGround, PeopleOfTwoPlacesAreNotTheSame) {
  SmallSite site(2);
  site.Crowd(6, 1, 60, 8);
  // Others, on the same ground.
  for (int64_t id = 20; id < 26; ++id) {
    for (double t = 0; t < 50; t += 9) site.Add(id, 1, t, t + 8, SmallSite::Circle(id + 3));
  }
  const auto pairs = CompareGround(site.input.tracklets, 2, 0);
  EXPECT_TRUE(pairs[0].shared);
  EXPECT_FALSE(pairs[0].usable);
}

TEST(CompareGround, MeasuresAWrongScale) {
  SmallSite site(2);
  site.Crowd(6, 2, 120, 8);
  for (SiteTracklet& tracklet : site.input.tracklets) {
    if (tracklet.camera != 1) continue;
    for (TrailPoint& point : tracklet.trail) {
      point.x *= 1.03F;
      point.y *= 1.03F;
    }
  }
  const auto pairs = CompareGround(site.input.tracklets, 2, 0);
  EXPECT_TRUE(pairs[0].usable);
  EXPECT_NEAR(pairs[0].scale, 1.03, 0.01);
  EXPECT_LT(pairs[0].scale_error, 0.005);
}

}  // namespace
}  // namespace reidbench
