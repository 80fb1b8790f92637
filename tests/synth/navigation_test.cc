#include "reidbench/synth/navigation.h"

#include <gtest/gtest.h>

#include <cmath>

namespace reidbench {
namespace {

using Eigen::Vector2d;

// An empty hall of 12 x 8 m with a wall across that leaves a gap in the north.
SynthFloorPlan WithAWall() {
  SynthFloorPlan plan;
  plan.scenery.max_m = {12, 8};
  SynthObstacle wall;
  wall.center_m = {6, 3};
  wall.half_size_m = {0.2, 3};
  plan.scenery.obstacles = {wall};
  return plan;
}

TEST(SynthNavigation, LeadsRoundAWallAndThenStraightOn) {
  const SynthFloorPlan plan = WithAWall();
  const SynthNavigation navigation(plan);
  const Vector2d start(2, 2), goal(10, 2);
  EXPECT_FALSE(navigation.IsStraight(start, goal));
  const SynthNavigation::Field field = navigation.DistancesTo(goal);
  // Over the wall's end (6, 6.3) and down: twice the way from there, on a grid a little longer.
  const double shortest = 2 * std::hypot(4, 4.4);
  EXPECT_GT(navigation.Distance(field, start), shortest - 0.5);
  EXPECT_LT(navigation.Distance(field, start), 1.12 * shortest);

  Vector2d at = start;
  double walked = 0;
  for (int k = 0; k < 500 && (at - goal).norm() > 0.3; ++k) {
    const Vector2d next = navigation.NextPoint(field, at, goal);
    EXPECT_GT(plan.ObstacleDistance(at), 0.2) << at.transpose();
    const Vector2d step = next - at;
    ASSERT_GT(step.norm(), 1e-9);
    at += step * std::min(1.0, 0.1 / step.norm());
    walked += std::min(0.1, step.norm());
  }
  EXPECT_LT((at - goal).norm(), 0.31);
  EXPECT_LT(walked, 1.12 * shortest);
  EXPECT_EQ(navigation.NextPoint(field, {8, 2}, goal), goal);
}

TEST(SynthNavigation, WallsAndObstaclesAreNotFree) {
  const SynthNavigation navigation(WithAWall());
  EXPECT_TRUE(navigation.IsFree({3, 3}));
  EXPECT_FALSE(navigation.IsFree({6, 3}));
  EXPECT_FALSE(navigation.IsFree({6.35, 3}));  // too close
  EXPECT_FALSE(navigation.IsFree({0.1, 3}));
  EXPECT_FALSE(navigation.IsFree({-1, 3}));  // there is no door
}

TEST(SynthNavigation, EveryDoorIsReachedFromEveryOther) {
  for (const std::string& scene : SynthScenes()) {
    const SynthFloorPlan plan = MakeSynthFloorPlan(SynthSceneDefaults(scene), {});
    const SynthNavigation navigation(plan);
    const auto field = navigation.DistancesTo(plan.entrances.front().At(-1.6));
    for (const auto* doors : {&plan.entrances, &plan.shops}) {
      for (const SynthDoor& door : *doors)
        EXPECT_LT(navigation.Distance(field, door.At(-1.4)), 100) << scene << " " << door.name;
    }
  }
}

}  // namespace
}  // namespace reidbench
