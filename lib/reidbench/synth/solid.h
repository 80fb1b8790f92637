// Parts of bodies as a camera sees them: which pixels a part covers, how far away, and which point
// of its surface. Parts are small against their distance, so each is projected with the scale of
// its own ends (weak perspective). Used inside the module only.
#pragma once

#include <Eigen/Core>
#include <array>
#include <limits>

#include "reidbench/synth/figure.h"

namespace reidbench {

// A pinhole camera in single precision; pixels of the raster that is drawn into.
struct RasterCamera {
  Eigen::Matrix3f camera_from_world;
  Eigen::Vector3f position;
  float focal = 700;
  float center_x = 480;
  float center_y = 270;

  Eigen::Vector3f ToCamera(const Eigen::Vector3f& world) const {
    return camera_from_world * (world - position);
  }
};

struct SurfacePoint {
  Eigen::Vector3f normal;  // unit, camera frame
  // An ellipsoid: the point on the unit sphere along (lateral, front, axis). Others: sine and
  // cosine of the angle around the axis (0 = front, 90 degrees = left), and the place along it, 0
  // at a, 1 at b.
  Eigen::Vector3f local;
  float facing = 1;     // cosine between normal and line of sight, roughly
  bool inside = false;  // the inner side of an open ellipsoid
};

class Solid {
 public:
  // `hair` cuts the face out of a shell of hair.
  Solid(const SynthPart& part, const RasterCamera& camera, SynthHair hair);

  // Nothing of it can be seen: behind the camera or nearly in its lens.
  bool behind() const { return behind_; }
  float left() const { return left_; }
  float right() const { return right_; }
  float top() const { return top_; }
  float bottom() const { return bottom_; }

  static constexpr float kMiss = std::numeric_limits<float>::infinity();
  // Depth (m along the camera's axis) of the surface at a point of the picture; kMiss beside it.
  float Depth(float x, float y) const {
    return part_->ellipsoid ? EllipsoidDepth(x, y, nullptr) : LatheDepth(x, y, nullptr);
  }
  // The surface there; false beside it.
  bool Surface(float x, float y, SurfacePoint* point) const {
    return (part_->ellipsoid ? EllipsoidDepth(x, y, point) : LatheDepth(x, y, point)) != kMiss;
  }
  const SynthPart& part() const { return *part_; }

 private:
  void ProjectLathe(const RasterCamera& camera);
  void ProjectEllipsoid(const RasterCamera& camera);
  float LatheDepth(float x, float y, SurfacePoint* point) const;
  float EllipsoidDepth(float x, float y, SurfacePoint* point) const;
  bool IsHair(const Eigen::Vector3f& unit) const;

  const SynthPart* part_;
  SynthHair hair_;
  bool behind_ = false;
  float left_ = 0, right_ = 0, top_ = 0, bottom_ = 0;

  float origin_x_ = 0, origin_y_ = 0;  // of a, or the centre
  float depth_a_ = 0, depth_slope_ = 0;

  // Lathes. Directions in the picture along the axis and across it.
  float along_x_ = 0, along_y_ = 1, across_x_ = 1, across_y_ = 0;
  float length_px_ = 0, inverse_length_ = 0;
  float cap_a_px_ = 0, cap_b_px_ = 0;
  // Per ring: half the projected width in px, angle of the outline (sine, cosine), and how far the
  // surface comes towards the camera in m for sine and cosine of the angle around the axis.
  struct Ring {
    float half_px = 0;
    float sine = 0, cosine = 1;
    float toward_sine = 0, toward_cosine = 0;
    float width = 1, depth = 1;
  };
  std::array<Ring, SynthPart::kMaxRings> rings_;
  float turn_ = 1;                          // which way round the visible side lies
  Eigen::Vector3f lateral_, front_, axis_;  // camera frame
  Eigen::Vector3f view_;                    // unit, towards the camera
  Eigen::Vector3f cap_axis_;                // axis for the normals of caps

  // Ellipsoids: offset in the picture and line of sight to unit-sphere coordinates.
  Eigen::Vector3f unit_x_, unit_y_, unit_view_;
  float view_norm2_ = 1;
  float view_depth_ = 1;  // depth gained per m towards the camera
};

}  // namespace reidbench
