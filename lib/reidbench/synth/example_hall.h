// A hall with a camera and a crowd: for looking at synthetic people, for timing how they are drawn,
// and for pictures of people where any will do.
#pragma once

#include <Eigen/Geometry>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <vector>

#include "reidbench/core/random.h"
#include "reidbench/synth/renderer.h"

namespace reidbench {

// At `position_m`, looking at `target_m`, upright.
inline SynthCamera CameraLookingAt(const Eigen::Vector3d& position_m,
                                   const Eigen::Vector3d& target_m) {
  SynthCamera camera;
  camera.position_m = position_m;
  const Eigen::Vector3d forward = (target_m - position_m).normalized();
  const Eigen::Vector3d right = forward.cross(Eigen::Vector3d::UnitZ()).normalized();
  camera.camera_from_world.row(0) = right;
  camera.camera_from_world.row(1) = forward.cross(right);
  camera.camera_from_world.row(2) = forward;
  return camera;
}

// A hall of 16 m x 12 m with a few obstacles.
inline SynthScenery HallScenery(uint64_t seed) {
  SynthScenery scenery;
  scenery.min_m = {0, 0};
  scenery.max_m = {16, 12};
  scenery.look_seed = seed;
  scenery.light_direction = {-0.35, 0.1, -0.93};
  scenery.obstacles.push_back({{5, 6}, {0.3, 0.3}, 0.3, 3.5, seed + 1});
  scenery.obstacles.push_back({{11, 8}, {0.35, 0.35}, 0, 3.5, seed + 2});
  scenery.obstacles.push_back({{9, 3.2}, {1.0, 0.4}, 0.2, 1.1, seed + 3});
  scenery.obstacles.push_back({{3, 10.5}, {1.2, 0.35}, 0, 2.0, seed + 4});
  return scenery;
}

// The hall's camera: in a corner under the ceiling.
inline SynthCamera HallCamera() {
  SynthCamera camera = CameraLookingAt({0.5, 0.5, 3.2}, {9, 7, 0.6});
  camera.focal_px = 760;
  return camera;
}

inline std::vector<SynthFigure> HallCrowd(uint64_t seed, int count) {
  Rng rng(seed, 5);
  std::vector<SynthFigure> figures;
  for (int i = 0; i < count; ++i) {
    SynthFigure figure;
    figure.identity = i;
    figure.position_m = {rng.Uniform(3.5, 14), rng.Uniform(2, 11.5)};
    figure.heading_rad = rng.Uniform(0, 2 * std::numbers::pi);
    figure.speed_mps = rng.Uniform() < 0.2 ? 0 : rng.Uniform(0.8, 1.6);
    figure.gait_phase = rng.Uniform();
    figures.push_back(figure);
  }
  return figures;
}

}  // namespace reidbench
