#include "reidbench/synth/solid.h"

#include <gtest/gtest.h>

#include <cmath>

namespace reidbench {
namespace {

// At the origin, looking along +y; right is +x, down is -z; 100 px per m at 10 m.
RasterCamera LevelRaster() {
  RasterCamera camera;
  camera.camera_from_world << 1, 0, 0, 0, 0, -1, 0, 1, 0;
  camera.position = {0, 0, 0};
  camera.focal = 1000;
  camera.center_x = 50;
  camera.center_y = 40;
  return camera;
}

// A person who looks at the camera: front is -y, left is +x.
SynthPart Upright(const Eigen::Vector3f& a, const Eigen::Vector3f& b) {
  SynthPart part;
  part.a = a;
  part.b = b;
  part.axis = {0, 0, 1};
  part.front = {0, -1, 0};
  part.lateral = {1, 0, 0};
  part.rings = 2;
  return part;
}

TEST(Solid, CylinderByHand) {
  // 0.4 m tall, 0.1 m to the sides and 0.05 m to the front, 10 m away: 40 px tall, 20 px wide.
  SynthPart part = Upright({0, 10, -0.2f}, {0, 10, 0.2f});
  part.half_width.fill(0.1f);
  part.half_depth.fill(0.05f);
  const Solid solid(part, LevelRaster(), SynthHair::kShort);
  ASSERT_FALSE(solid.behind());
  EXPECT_NEAR(solid.left(), 40, 1e-3);
  EXPECT_NEAR(solid.right(), 60, 1e-3);
  EXPECT_NEAR(solid.top(), 20, 1e-3);
  EXPECT_NEAR(solid.bottom(), 60, 1e-3);
  EXPECT_NEAR(solid.Depth(50, 40), 9.95, 1e-4);
  // At 60 % of the half width the ellipse is 80 % as deep.
  EXPECT_NEAR(solid.Depth(56, 40), 9.96, 1e-4);
  EXPECT_EQ(solid.Depth(60.5, 40), Solid::kMiss);
  EXPECT_EQ(solid.Depth(50, 19.5), Solid::kMiss);
  SurfacePoint point;
  ASSERT_TRUE(solid.Surface(56, 30, &point));
  EXPECT_NEAR(point.local.x(), 0.6, 1e-4);  // to the left
  EXPECT_NEAR(point.local.y(), 0.8, 1e-4);  // and the front
  EXPECT_NEAR(point.local.z(), 0.75, 1e-4);
  // Normal of the ellipse: (0.6 / 0.1, 0.8 / 0.05) = (6, 16), normalised.
  EXPECT_NEAR(point.normal.x(), 6 / std::hypot(6, 16), 1e-4);
  EXPECT_NEAR(point.normal.z(), -16 / std::hypot(6, 16), 1e-4);
  EXPECT_FALSE(solid.Surface(39, 30, &point));
}

TEST(Solid, SeenFromBehindTheBackShows) {
  SynthPart part = Upright({0, 10, -0.2f}, {0, 10, 0.2f});
  part.front = {0, 1, 0};
  part.lateral = {-1, 0, 0};
  part.half_width.fill(0.1f);
  part.half_depth.fill(0.1f);
  const Solid solid(part, LevelRaster(), SynthHair::kShort);
  SurfacePoint point;
  ASSERT_TRUE(solid.Surface(50, 40, &point));
  EXPECT_NEAR(point.local.y(), -1, 1e-3);
  ASSERT_TRUE(solid.Surface(56, 40, &point));
  EXPECT_NEAR(point.local.x(), -0.6, 1e-4);  // the picture's right is the person's right
}

TEST(Solid, EllipsoidByHand) {
  SynthPart part = Upright({0, 10, 0}, {0, 10, 0});
  part.ellipsoid = true;
  part.half_width[0] = 0.1f;
  part.half_depth[0] = 0.3f;
  part.cap_b = 0.2f;
  const Solid solid(part, LevelRaster(), SynthHair::kShort);
  EXPECT_NEAR(solid.right() - solid.left(), 20, 1e-3);
  EXPECT_NEAR(solid.bottom() - solid.top(), 40, 1e-3);
  EXPECT_NEAR(solid.Depth(50, 40), 9.7, 1e-4);
  EXPECT_NEAR(solid.Depth(56, 40), 10 - 0.8 * 0.3, 1e-4);
  EXPECT_NEAR(solid.Depth(50, 24), 10 - 0.6 * 0.3, 1e-4);  // 80 % up
  EXPECT_EQ(solid.Depth(58, 24), Solid::kMiss);            // 0.8^2 + 0.8^2 > 1
}

TEST(Solid, OpenEllipsoidShowsItsInside) {
  // A bowl turned over, seen from below.
  SynthPart part = Upright({0, 10, 2}, {0, 10, 2});
  part.ellipsoid = true;
  part.half_width[0] = part.half_depth[0] = part.cap_b = 0.5f;
  part.cut = 0.1f;
  const Solid solid(part, LevelRaster(), SynthHair::kShort);
  SurfacePoint point;
  const float center_y = 40 - 1000 * 2.0f / 10;
  ASSERT_TRUE(solid.Surface(50, center_y - 4, &point));
  EXPECT_TRUE(point.inside);
  EXPECT_GE(point.local.z(), 0.1f);
  EXPECT_EQ(solid.Depth(50, center_y + 40), Solid::kMiss);
}

TEST(Solid, BehindTheCamera) {
  SynthPart part = Upright({0, -1, 0}, {0, -1, 1});
  part.half_width.fill(0.1f);
  part.half_depth.fill(0.1f);
  EXPECT_TRUE(Solid(part, LevelRaster(), SynthHair::kShort).behind());
}

}  // namespace
}  // namespace reidbench
