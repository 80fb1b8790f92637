#include "reidbench/synth/backdrop.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace reidbench {
namespace {

constexpr int kWidth = 80;
constexpr int kHeight = 60;

// At (0, 0, 1.5), looking along +y.
SynthCamera LevelCamera() {
  SynthCamera camera;
  camera.width_px = kWidth;
  camera.height_px = kHeight;
  camera.focal_px = 100;
  camera.position_m = {0, 0, 1.5};
  camera.camera_from_world << 1, 0, 0, 0, 0, -1, 0, 1, 0;
  return camera;
}

SynthScenery Room() {
  SynthScenery scenery;
  scenery.min_m = {-5, -1};
  scenery.max_m = {5, 12};
  return scenery;
}

float DepthAt(const Backdrop& backdrop, int x, int y) {
  return backdrop.depth[static_cast<size_t>(y) * kSynthSamples * kWidth * kSynthSamples +
                        static_cast<size_t>(x) * kSynthSamples];
}

TEST(Backdrop, WallAndFloorByHand) {
  const Backdrop backdrop = DrawBackdrop(LevelCamera(), Room());
  // The wall stands 0.12 m behind the border. The floor hides nobody.
  EXPECT_NEAR(DepthAt(backdrop, kWidth / 2, kHeight / 2), 12.12, 1e-4);
  EXPECT_TRUE(std::isinf(DepthAt(backdrop, kWidth / 2, kHeight - 1)));
  EXPECT_EQ(backdrop.is_floor[(kHeight - 1) * kWidth + kWidth / 2], 1);
  EXPECT_EQ(backdrop.is_floor[kHeight / 2 * kWidth + kWidth / 2], 0);
  // Its foot: 1.5 m below the axis at 12.12 m is 12.4 px under the middle.
  EXPECT_EQ(backdrop.is_floor[(kHeight / 2 + 11) * kWidth + kWidth / 2], 0);
  EXPECT_EQ(backdrop.is_floor[(kHeight / 2 + 13) * kWidth + kWidth / 2], 1);
}

TEST(Backdrop, ObstacleStandsInFront) {
  SynthScenery scenery = Room();
  // Faces the camera at 6 - 0.5 m, 1 m wide: 100 / 5.5 px, 18.2 px wide around the middle.
  scenery.obstacles.push_back({{0, 6}, {0.5, 0.5}, 0, 3, 1});
  const Backdrop backdrop = DrawBackdrop(LevelCamera(), scenery);
  EXPECT_NEAR(DepthAt(backdrop, 40, 30), 5.5, 1e-4);
  EXPECT_NEAR(DepthAt(backdrop, 40 - 9, 30), 5.5, 1e-4);
  EXPECT_NEAR(DepthAt(backdrop, 40 + 8, 30), 5.5, 1e-4);
  EXPECT_NEAR(DepthAt(backdrop, 40 - 11, 30), 12.12, 1e-4);
  EXPECT_NEAR(DepthAt(backdrop, 40 + 10, 30), 12.12, 1e-4);
  // A quarter turn of a square changes nothing.
  scenery.obstacles[0].yaw_rad = std::acos(0.0);
  EXPECT_NEAR(DepthAt(DrawBackdrop(LevelCamera(), scenery), 40, 30), 5.5, 1e-4);
  // Half of a person's height hides less.
  scenery.obstacles[0].height_m = 0.9;
  EXPECT_NEAR(DepthAt(DrawBackdrop(LevelCamera(), scenery), 40, 30), 12.12, 1e-4);
}

TEST(Backdrop, ObstaclesShadeTheFloor) {
  SynthScenery scenery = Room();
  scenery.light_direction = {0.5, 0, -0.85};  // shadows fall to the right
  const Backdrop without = DrawBackdrop(LevelCamera(), scenery);
  scenery.obstacles.push_back({{-1, 6}, {0.3, 0.3}, 0, 3, 1});
  const Backdrop with = DrawBackdrop(LevelCamera(), scenery);
  // A floor point 0.5 m to the right of the obstacle.
  const int x = 40 + static_cast<int>(100 * -0.2 / 6);
  const int y = 30 + static_cast<int>(100 * 1.5 / 6);
  const size_t pixel = 3 * (static_cast<size_t>(y) * kWidth + static_cast<size_t>(x));
  EXPECT_LT(with.linear_rgb[pixel], 0.7 * without.linear_rgb[pixel]);
  EXPECT_GT(with.linear_rgb[pixel], 0.1 * without.linear_rgb[pixel]);
}

TEST(Backdrop, LooksFollowTheSeed) {
  SynthScenery other = Room();
  other.look_seed = 1;
  const Backdrop a = DrawBackdrop(LevelCamera(), Room());
  EXPECT_EQ(a.linear_rgb, DrawBackdrop(LevelCamera(), Room()).linear_rgb);
  EXPECT_NE(a.linear_rgb, DrawBackdrop(LevelCamera(), other).linear_rgb);
  for (const float value : a.linear_rgb) {
    ASSERT_TRUE(std::isfinite(value));
    ASSERT_GE(value, 0);
  }
}

}  // namespace
}  // namespace reidbench
