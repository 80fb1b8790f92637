// What a synthetic world hands to its renderer: cameras, scenery, and where each figure stands in
// one frame. World frame: metres, x and y on the ground, z up, ground at z = 0.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <string>
#include <vector>

#include "reidbench/imaging/image.h"

namespace reidbench {

// A calibrated pinhole camera and how its pictures look.
struct SynthCamera {
  int id = 1;
  std::string name;
  int width_px = 960;
  int height_px = 540;
  double focal_px = 700;  // principal point in the middle, square pixels, no distortion
  Eigen::Vector3d position_m{0, 0, 3};
  Eigen::Matrix3d camera_from_world;       // rows: right, down, forward
  double frame_rate = 25;                  // frames per second
  double clock_offset_s = 0;               // the world's time of its first frame
  double clock_rate = 1;                   // the world's seconds that its second takes
  double exposure_ev = 0;                  // stops
  Eigen::Vector3d white_balance{1, 1, 1};  // gains of R, G, B
  double blur_sigma_px = 0.6;
  double noise_sigma = 3;  // of 255
  int jpeg_quality = 85;

  double TimeOf(int64_t frame) const {  // from 1; the world's
    return clock_offset_s + clock_rate * static_cast<double>(frame - 1) / frame_rate;
  }
  // (u, v) in px and depth in m of a world point; depth <= 0 is behind the camera.
  Eigen::Vector3d Project(const Eigen::Vector3d& world_m) const;
};

// An upright box that people walk around and that hides them: pillar, kiosk, shelf, wall.
struct SynthObstacle {
  Eigen::Vector2d center_m{0, 0};
  Eigen::Vector2d half_size_m{0.25, 0.25};
  double yaw_rad = 0;
  double height_m = 3;
  uint64_t look_seed = 0;
};

struct SynthScenery {
  Eigen::Vector2d min_m{0, 0};  // the walkable rectangle; walls stand around it
  Eigen::Vector2d max_m{20, 10};
  std::vector<SynthObstacle> obstacles;
  Eigen::Vector3d light_direction{0.3, 0.2, -0.93};  // from the light
  double ambient = 0.45;                             // 0..1
  uint64_t look_seed = 0;                            // textures of floor and walls
};

// One figure in one frame. `identity` selects its appearance.
struct SynthFigure {
  int64_t identity = 0;
  Eigen::Vector2d position_m{0, 0};
  double heading_rad = 0;  // 0 = along x
  double speed_mps = 0;    // stride follows from it; 0 = standing
  double gait_phase = 0;   // 0..1, one full cycle of both legs; 0 = the left heel strikes
  double opacity = 1;      // below 1: a reflection in glass
};

// What a camera sees of a figure; pixels are counted in the picture that is written.
struct SynthSilhouette {
  size_t figure = 0;  // index into the figures given
  // Of the whole silhouette as if nothing stood in front of it, before cutting at the picture's
  // border: left, top, width, height.
  double left = 0, top = 0, width = 0, height = 0;
  int64_t whole_px = 0;    // of that silhouette, outside the picture too
  int64_t visible_px = 0;  // of those, inside and not hidden
  double depth_m = 0;
};

struct SynthFrame {
  RgbImage picture;
  std::vector<SynthSilhouette> silhouettes;  // of figures with a silhouette pixel in the picture
  std::vector<int32_t> owner;  // [height x width] index of the visible figure, -1 = none
};

}  // namespace reidbench
