#include "reidbench/synth/cameras.h"

#include <fmt/core.h>

#include <Eigen/Geometry>
#include <algorithm>
#include <cmath>
#include <numbers>

#include "reidbench/core/error.h"
#include "reidbench/core/random.h"

namespace reidbench {
namespace {

using Eigen::Vector2d;
using Eigen::Vector3d;

constexpr double kFromWall = 0.35;  // m
constexpr double kRadians = std::numbers::pi / 180;

double Mix(double a, double b, double part) { return a + (b - a) * part; }

void ChooseLook(const SynthOptions& options, int index, SynthCamera* camera) {
  Rng rng(options.seed, 0x43414d00 + static_cast<uint64_t>(index));
  const double v = options.camera_variation;
  camera->exposure_ev = std::clamp(0.38 * v * rng.Normal(), -0.9, 0.9);
  // Warm to cold along the light's colour, and a little green or magenta.
  const double warm = std::clamp(0.11 * v * rng.Normal(), -0.3, 0.3);
  const double green = std::clamp(0.035 * v * rng.Normal(), -0.1, 0.1);
  camera->white_balance = {1 + warm, 1 + green, 1 - warm};
  camera->blur_sigma_px = std::max(0.3, 0.65 + 0.25 * v * rng.Uniform(-1, 1));
  camera->noise_sigma = std::max(0.0, 3 + 1.6 * v * rng.Uniform(-1, 1));
  camera->jpeg_quality =
      static_cast<int>(std::lround(86 + 8 * std::min(v, 1.5) * rng.Uniform(-1, 1)));
}

// What part of the hall a camera watches, along its longer side.
struct Watch {
  double aim_u = 0, u = 0, span = 0;
  double most_view = 74 * kRadians;
};

// So much of an area is watched; the rest is unseen ground between areas.
constexpr double kWatched = 0.72;
// Narrow views look at the far side: near people would not fit into them.
constexpr double kFarAim = 0.75;

// Areas lie one after the other; the cameras of one look straight across it, from both sides and
// from places of their own, so that no other area is in their pictures.
Watch WatchArea(const SynthOptions& options, int k, double length, double across) {
  const int area = k % options.areas;
  const double strip = length / options.areas;
  const int place = k / options.areas / 2;  // among those on its side of the area
  Watch watch;
  watch.aim_u = (area + 0.5) * strip;
  watch.span = kWatched * strip;
  watch.u = watch.aim_u + (place % 2 == 0 ? 0.12 : -0.12) * (1 + place / 2) * watch.span;
  watch.most_view = 2 * std::atan(0.5 * watch.span / (across - kFromWall));
  return watch;
}

void SetClock(const SynthOptions& options, int index, SynthCamera* camera) {
  if (index == 0) return;  // the site's clock
  Rng rng(options.seed, 0x434c4b00 + static_cast<uint64_t>(index));
  camera->clock_offset_s = options.clock_offset_s * rng.Uniform(0.3, 1);
  camera->clock_rate = 1 + 1e-6 * options.clock_drift_ppm * rng.Uniform(-1, 1);
}

}  // namespace

SynthCamera LookAt(const Vector3d& position_m, const Vector3d& target_m, double focal_px,
                   int width_px, int height_px) {
  SynthCamera camera;
  camera.position_m = position_m;
  camera.focal_px = focal_px;
  camera.width_px = width_px;
  camera.height_px = height_px;
  const Vector3d forward = (target_m - position_m).normalized();
  REIDBENCH_CHECK(std::abs(forward.z()) < 0.999);
  const Vector3d right = forward.cross(Vector3d::UnitZ()).normalized();
  camera.camera_from_world.row(0) = right;
  camera.camera_from_world.row(1) = forward.cross(right);
  camera.camera_from_world.row(2) = forward;
  return camera;
}

std::vector<SynthCamera> PlaceSynthCameras(const SynthOptions& options) {
  // u runs along the longer side of the hall, v across.
  const bool along_x = options.hall_width_m >= options.hall_depth_m;
  const double length = along_x ? options.hall_width_m : options.hall_depth_m;
  const double across = along_x ? options.hall_depth_m : options.hall_width_m;
  const auto world = [&](double u, double v, double z) {
    return along_x ? Vector3d(u, v, z) : Vector3d(v, u, z);
  };
  const bool corridor = length > 3.2 * across;
  const int n = options.cameras;
  // Lower cameras see people hide each other more.
  const double factor = options.occlusion < 0.5 ? Mix(1.5, 1, 2 * options.occlusion)
                                                : Mix(1, 0.45, 2 * options.occlusion - 1);
  std::vector<SynthCamera> cameras;
  for (int k = 0; k < n; ++k) {
    Rng rng(options.seed, 0x504c4300 + static_cast<uint64_t>(k));
    const double strip = length / n;
    const double strip_middle = (k + 0.5) * strip;
    const double aim_u = Mix(strip_middle, 0.5 * length, options.overlap);
    const double aim_v = 0.5 * across;
    const double side = k % 2 == 0 ? kFromWall : across - kFromWall;
    double u = 0;
    if (corridor) {
      // Looks along the corridor from before its part; every other one the other way.
      const double back = 0.5 * strip + 3.5;
      u = k % 2 == 0 ? aim_u - back : aim_u + back;
    } else {
      // Diagonally across its part; where all look at the middle, from the corners in turn.
      const double turn = (k / 2) % 2 == (k % 2) ? 1 : -1;
      const double in_strip = strip_middle - turn * 0.42 * strip;
      const double corner = turn > 0 ? 0.06 * length : 0.94 * length;
      u = Mix(in_strip, corner, options.overlap);
    }
    double aim = aim_u;
    double most_view = 74 * kRadians;
    double side_v = side;
    double reach_v = aim_v;
    if (options.areas > 0) {
      const Watch watch = WatchArea(options, k, length, across);
      u = watch.u;
      aim = watch.aim_u;
      most_view = std::min(most_view, watch.most_view);
      const bool near = (k / options.areas) % 2 == 0;
      side_v = near ? kFromWall : across - kFromWall;
      reach_v = near ? kFarAim * across : (1 - kFarAim) * across;
    }
    u = std::clamp(u, kFromWall, length - kFromWall);
    const double height =
        std::clamp(options.camera_height_m * factor * rng.Uniform(0.92, 1.08), 0.5, 20.0);
    const Vector3d position = world(u, side_v, height);
    const double distance = std::hypot(aim - u, reach_v - side_v);
    // Wide enough for its part of the hall, and for people at the far end to be 30 px or taller.
    const double span = Mix(strip, 0.7 * length, options.overlap);
    double view = corridor ? 58 * kRadians : 2 * std::atan(0.55 * span / std::max(1.0, distance));
    view = std::min(std::clamp(view, 50 * kRadians, 74 * kRadians), most_view);
    const double focal = 0.5 * options.image_width / std::tan(0.5 * view);
    SynthCamera camera = LookAt(position, world(aim, reach_v, corridor ? 0.7 : 0.8), focal,
                                options.image_width, options.image_height);
    camera.id = k + 1;
    camera.name = fmt::format("c{}", k + 1);
    camera.frame_rate = options.FrameRate(k);
    SetClock(options, k, &camera);
    ChooseLook(options, k, &camera);
    cameras.push_back(std::move(camera));
  }
  return cameras;
}

}  // namespace reidbench
