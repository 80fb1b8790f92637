#include "reidbench/synth/scene.h"

namespace reidbench {

Eigen::Vector3d SynthCamera::Project(const Eigen::Vector3d& world_m) const {
  const Eigen::Vector3d camera_m = camera_from_world * (world_m - position_m);
  const double scale = camera_m.z() != 0 ? focal_px / camera_m.z() : 0;
  return {0.5 * width_px + scale * camera_m.x(), 0.5 * height_px + scale * camera_m.y(),
          camera_m.z()};
}

}  // namespace reidbench
