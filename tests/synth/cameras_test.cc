#include "reidbench/synth/cameras.h"

#include <gtest/gtest.h>

#include <Eigen/LU>
#include <cmath>

namespace reidbench {
namespace {

using Eigen::Vector3d;

TEST(SynthCameras, LookAtPutsTheTargetInTheMiddle) {
  const SynthCamera camera = LookAt({1, 2, 4}, {6, 7, 1}, 700, 960, 540);
  const Vector3d middle = camera.Project({6, 7, 1});
  EXPECT_NEAR(middle.x(), 480, 1e-9);
  EXPECT_NEAR(middle.y(), 270, 1e-9);
  EXPECT_NEAR(middle.z(), std::sqrt(25 + 25 + 9), 1e-9);
  // What is above is higher in the picture, what is on the right (looking north-east: south) right.
  EXPECT_LT(camera.Project({6, 7, 2}).y(), 270);
  EXPECT_GT(camera.Project({7, 6, 1}).x(), 480);
  const Eigen::Matrix3d unit = camera.camera_from_world * camera.camera_from_world.transpose();
  EXPECT_NEAR((unit - Eigen::Matrix3d::Identity()).norm(), 0, 1e-12);
  EXPECT_NEAR(camera.camera_from_world.determinant(), 1, 1e-12);
}

// Share of the floor that exactly one, and that several cameras see.
std::pair<double, double> Coverage(const SynthOptions& options) {
  const std::vector<SynthCamera> cameras = PlaceSynthCameras(options);
  int once = 0, often = 0, all = 0;
  for (double x = 0.5; x < options.hall_width_m; x += 0.5) {
    for (double y = 0.5; y < options.hall_depth_m; y += 0.5) {
      int seen = 0;
      for (const SynthCamera& camera : cameras) {
        const Vector3d p = camera.Project({x, y, 0.9});
        if (p.z() > 1 && p.x() > 0 && p.x() < camera.width_px && p.y() > 0 &&
            p.y() < camera.height_px)
          ++seen;
      }
      ++all;
      once += seen == 1 ? 1 : 0;
      often += seen > 1 ? 1 : 0;
    }
  }
  return {static_cast<double>(once) / all, static_cast<double>(often) / all};
}

TEST(SynthCameras, HangInsideTheHallAndSeeIt) {
  for (const std::string& scene : SynthScenes()) {
    for (const int cameras : {1, 2, 3, 5}) {
      SynthOptions options = SynthSceneDefaults(scene);
      options.cameras = cameras;
      for (const SynthCamera& camera : PlaceSynthCameras(options)) {
        EXPECT_GT(camera.position_m.x(), 0.3);
        EXPECT_LT(camera.position_m.x(), options.hall_width_m - 0.3);
        EXPECT_GT(camera.position_m.y(), 0.3);
        EXPECT_LT(camera.position_m.y(), options.hall_depth_m - 0.3);
        EXPECT_GE(camera.position_m.z(), 0.5);
        EXPECT_GT(camera.jpeg_quality, 60);
        EXPECT_LE(camera.jpeg_quality, 100);
      }
      const auto [once, often] = Coverage(options);
      EXPECT_GT(once + often, cameras == 1 ? 0.2 : 0.45) << scene << " with " << cameras;
    }
  }
}

TEST(SynthCameras, OverlapShowsTheSameFloorToSeveral) {
  SynthOptions options = SynthSceneDefaults("mall");
  options.overlap = 0;
  const double apart = Coverage(options).second;
  options.overlap = 1;
  const double together = Coverage(options).second;
  EXPECT_GT(together, apart + 0.1);
}

TEST(SynthCameras, DifferInTheirLook) {
  SynthOptions options = SynthSceneDefaults("mall");
  const auto varied = PlaceSynthCameras(options);
  EXPECT_NE(varied[0].exposure_ev, varied[1].exposure_ev);
  EXPECT_NE(varied[0].white_balance, varied[1].white_balance);
  options.camera_variation = 0;
  const auto same = PlaceSynthCameras(options);
  EXPECT_EQ(same[0].exposure_ev, 0);
  EXPECT_EQ(same[0].white_balance, Vector3d(1, 1, 1));
  EXPECT_EQ(same[0].jpeg_quality, same[1].jpeg_quality);
}

}  // namespace
}  // namespace reidbench
