#include "reidbench/synth/floor_plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace reidbench {
namespace {

using Eigen::Vector2d;

TEST(SynthFloorPlan, ThingsStandFreeOfDoorsWallsAndEachOther) {
  for (const std::string& scene : SynthScenes()) {
    for (uint64_t seed = 0; seed < 5; ++seed) {
      SynthOptions options = SynthSceneDefaults(scene);
      options.seed = seed;
      const Vector2d camera(1, 1);
      const SynthFloorPlan plan = MakeSynthFloorPlan(options, {camera});
      EXPECT_EQ(plan.entrances.size(), static_cast<size_t>(options.entrances));
      EXPECT_EQ(plan.queue.empty(), options.queue_share == 0);
      for (const auto* doors : {&plan.entrances, &plan.shops}) {
        for (const SynthDoor& door : *doors) {
          EXPECT_GT(plan.ObstacleDistance(door.At(1)), 1.0) << scene << " " << door.name;
          EXPECT_EQ(plan.DoorAt(door.At(-1)), &door);
          EXPECT_EQ(plan.ZoneAt(door.At(-1)), 0);
          EXPECT_NE(plan.ZoneAt(door.At(1)), 0);
        }
      }
      for (const Vector2d& place : plan.queue) {
        EXPECT_GT(plan.ObstacleDistance(place), 0.4) << scene;
        EXPECT_EQ(plan.zones[static_cast<size_t>(plan.ZoneAt(place))], "queue");
      }
      for (size_t k = plan.queue.empty() ? 0 : 1; k < plan.scenery.obstacles.size(); ++k) {
        EXPECT_GT((plan.scenery.obstacles[k].center_m - camera).norm(), 3) << scene;
      }
      for (const SynthFixedFigure& fixed : plan.fixed)
        EXPECT_GT(plan.ObstacleDistance(fixed.figure.position_m), 0.3) << scene;
    }
  }
}

TEST(SynthFloorPlan, OcclusionPutsThingsInTheWay) {
  size_t before = 0;
  for (const double occlusion : {0.0, 0.5, 1.0}) {
    SynthOptions options = SynthSceneDefaults("mall");
    options.occlusion = occlusion;
    const size_t obstacles = MakeSynthFloorPlan(options, {}).scenery.obstacles.size();
    if (occlusion == 0) {
      EXPECT_EQ(obstacles, 0u);
    } else {
      EXPECT_GT(obstacles, before);
    }
    before = obstacles;
  }
}

TEST(SynthFloorPlan, DistanceToATurnedBox) {
  SynthFloorPlan plan;
  SynthObstacle box;
  box.center_m = {5, 5};
  box.half_size_m = {2, 1};
  box.yaw_rad = std::numbers::pi / 2;  // now 2 along y
  plan.scenery.obstacles = {box};
  Vector2d nearest;
  EXPECT_NEAR(plan.ObstacleDistance({5, 8}, &nearest), 1, 1e-12);
  EXPECT_NEAR((nearest - Vector2d(5, 7)).norm(), 0, 1e-12);
  EXPECT_NEAR(plan.ObstacleDistance({9, 5}, &nearest), 3, 1e-12);
  EXPECT_NEAR(plan.ObstacleDistance({5.25, 5}, &nearest), -0.75, 1e-12);
  EXPECT_NEAR((nearest - Vector2d(6, 5)).norm(), 0, 1e-12);
  EXPECT_NEAR(plan.ObstacleDistance({9, 10}), std::sqrt(18), 1e-12);
}

}  // namespace
}  // namespace reidbench
