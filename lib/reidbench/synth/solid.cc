#include "reidbench/synth/solid.h"

#include <Eigen/Geometry>
#include <algorithm>
#include <cmath>

namespace reidbench {
namespace {

using Eigen::Vector3f;

constexpr float kNear = 0.25f;  // m; nearer parts are not drawn

// How the position in the picture changes when a point at `at` moves along `direction`.
std::array<float, 2> Slide(const Vector3f& at, const Vector3f& direction) {
  return {direction.x() - at.x() / at.z() * direction.z(),
          direction.y() - at.y() / at.z() * direction.z()};
}

float SmoothStep(float low, float high, float x) {
  const float t = std::clamp((x - low) / (high - low), 0.0f, 1.0f);
  return t * t * (3 - 2 * t);
}

}  // namespace

Solid::Solid(const SynthPart& part, const RasterCamera& camera, SynthHair hair)
    : part_(&part), hair_(hair) {
  lateral_ = camera.camera_from_world * part.lateral;
  front_ = camera.camera_from_world * part.front;
  axis_ = camera.camera_from_world * part.axis;
  if (part.ellipsoid) {
    ProjectEllipsoid(camera);
  } else {
    ProjectLathe(camera);
  }
}

void Solid::ProjectLathe(const RasterCamera& camera) {
  const Vector3f a = camera.ToCamera(part_->a);
  const Vector3f b = camera.ToCamera(part_->b);
  if (a.z() < kNear || b.z() < kNear) {
    behind_ = true;
    return;
  }
  const Vector3f middle = 0.5f * (a + b);
  view_ = -middle.normalized();
  origin_x_ = camera.center_x + camera.focal * a.x() / a.z();
  origin_y_ = camera.center_y + camera.focal * a.y() / a.z();
  const float end_x = camera.center_x + camera.focal * b.x() / b.z();
  const float end_y = camera.center_y + camera.focal * b.y() / b.z();
  float dx = end_x - origin_x_;
  float dy = end_y - origin_y_;
  length_px_ = std::hypot(dx, dy);
  if (length_px_ < 1e-2f) {
    const auto slide = Slide(middle, axis_);
    dx = slide[0];
    dy = slide[1];
  }
  const float norm = std::hypot(dx, dy);
  along_x_ = norm > 1e-6f ? dx / norm : 0.0f;
  along_y_ = norm > 1e-6f ? dy / norm : 1.0f;
  inverse_length_ = length_px_ > 1e-2f ? 1 / length_px_ : 0.0f;
  depth_a_ = a.z();
  depth_slope_ = b.z() - a.z();

  // Across the axis as seen, and the direction towards the camera at right angles to the axis.
  Vector3f across = axis_.cross(view_);
  const float along_view = axis_.dot(view_);
  if (across.norm() < 1e-3f) across = lateral_;
  across.normalize();
  Vector3f toward = view_ - axis_ * along_view;
  if (toward.norm() < 1e-3f) toward = front_ - axis_ * front_.dot(axis_);
  toward.normalize();
  const auto slide = Slide(middle, across);
  across_x_ = -along_y_;
  across_y_ = along_x_;
  if (across_x_ * slide[0] + across_y_ * slide[1] < 0) {
    across_x_ = -across_x_;
    across_y_ = -across_y_;
  }
  const float lateral_across = lateral_.dot(across);
  const float front_across = front_.dot(across);
  const float lateral_toward = lateral_.dot(toward);
  const float front_toward = front_.dot(toward);
  // At the middle of the outline the surface lies `turn_` quarter turns from the edge.
  turn_ = lateral_toward * front_across - front_toward * lateral_across > 0 ? 1.0f : -1.0f;
  const float sin_view = std::sqrt(std::max(0.0f, 1 - along_view * along_view));
  // Of a part that points at the camera one sees the rounded end: its normals turn to the viewer.
  const float end_on = SmoothStep(0.6f, 0.95f, std::abs(along_view));
  view_ = (toward * (1 - end_on) + view_ * end_on).normalized();
  cap_axis_ = axis_ - view_ * axis_.dot(view_);
  if (cap_axis_.norm() < 1e-3f) cap_axis_ = axis_;
  cap_axis_.normalize();

  float reach = 0;
  for (int i = 0; i < part_->rings; ++i) {
    const float t =
        part_->rings > 1 ? static_cast<float>(i) / static_cast<float>(part_->rings - 1) : 0;
    const float scale = camera.focal / (depth_a_ + t * depth_slope_);
    Ring& ring = rings_[i];
    ring.width = part_->half_width[i];
    ring.depth = part_->half_depth[i];
    const float s = ring.width * lateral_across;
    const float c = ring.depth * front_across;
    const float half = std::sqrt(s * s + c * c);
    ring.half_px = std::max(half * scale, 1e-3f);
    ring.sine = half > 0 ? s / half : 0;
    ring.cosine = half > 0 ? c / half : 1;
    ring.toward_sine = ring.width * lateral_toward;
    ring.toward_cosine = ring.depth * front_toward;
    reach = std::max(reach, ring.half_px);
  }
  const int last = part_->rings - 1;
  const auto cap_px = [&](float cap, const Ring& ring, float depth) {
    if (cap <= 0) return 0.0f;
    const float scale = camera.focal / depth;
    const float thickness = std::min(ring.width, ring.depth);
    return std::hypot(cap * scale * sin_view, thickness * scale * along_view);
  };
  cap_a_px_ = cap_px(part_->cap_a, rings_[0], a.z());
  cap_b_px_ = cap_px(part_->cap_b, rings_[last], b.z());
  // The outline's corners; rings are widest across the axis.
  const float from_x = origin_x_ - along_x_ * cap_a_px_;
  const float from_y = origin_y_ - along_y_ * cap_a_px_;
  const float to_x = origin_x_ + along_x_ * (length_px_ + cap_b_px_);
  const float to_y = origin_y_ + along_y_ * (length_px_ + cap_b_px_);
  left_ = std::min(from_x, to_x) - reach * std::abs(across_x_);
  right_ = std::max(from_x, to_x) + reach * std::abs(across_x_);
  top_ = std::min(from_y, to_y) - reach * std::abs(across_y_);
  bottom_ = std::max(from_y, to_y) + reach * std::abs(across_y_);
}

float Solid::LatheDepth(float x, float y, SurfacePoint* point) const {
  const float rx = x - origin_x_;
  const float ry = y - origin_y_;
  float along = rx * along_x_ + ry * along_y_;
  const float c = rx * across_x_ + ry * across_y_;
  float over = 0;
  float t = 0;
  if (along < 0) {
    if (along <= -cap_a_px_) return kMiss;
    over = along / cap_a_px_;
  } else if (along > length_px_) {
    if (along >= length_px_ + cap_b_px_) return kMiss;
    over = (along - length_px_) / cap_b_px_;
    t = 1;
  } else {
    t = along * inverse_length_;
  }
  const float place = t * static_cast<float>(part_->rings - 1);
  const int ring = std::min(static_cast<int>(place), std::max(part_->rings - 2, 0));
  const float w = place - static_cast<float>(ring);
  const Ring& r0 = rings_[ring];
  const Ring& r1 = rings_[std::min(ring + 1, part_->rings - 1)];
  const float half = r0.half_px + w * (r1.half_px - r0.half_px);
  const float k = c / half;
  const float shrink = 1 - over * over;  // squared radius of the cap's ring
  const float q = shrink - k * k;
  if (q <= 0) return kMiss;
  const float m = std::sqrt(q);
  const float sine_edge = r0.sine + w * (r1.sine - r0.sine);
  const float cosine_edge = r0.cosine + w * (r1.cosine - r0.cosine);
  // Scaled by the radius of the cap's ring.
  const float sine = sine_edge * k + turn_ * cosine_edge * m;
  const float cosine = cosine_edge * k - turn_ * sine_edge * m;
  const float toward = sine * (r0.toward_sine + w * (r1.toward_sine - r0.toward_sine)) +
                       cosine * (r0.toward_cosine + w * (r1.toward_cosine - r0.toward_cosine));
  if (point != nullptr) {
    const float width = r0.width + w * (r1.width - r0.width);
    const float depth = r0.depth + w * (r1.depth - r0.depth);
    const float radius = std::sqrt(shrink);
    Vector3f normal;
    if (over == 0) {
      normal = lateral_ * (sine * depth) + front_ * (cosine * width);
      normal.normalize();
    } else {
      normal = lateral_ * (sine * depth) + front_ * (cosine * width);
      normal = normal.normalized() * radius + cap_axis_ * over;
      normal.normalize();
    }
    point->normal = normal;
    const float inverse = radius > 1e-4f ? 1 / radius : 0.0f;
    point->local = {sine * inverse, cosine * inverse, t};
    point->facing = m;
    point->inside = false;
  }
  return depth_a_ + t * depth_slope_ - toward;
}

void Solid::ProjectEllipsoid(const RasterCamera& camera) {
  const Vector3f center = camera.ToCamera(part_->a);
  if (center.z() < kNear) {
    behind_ = true;
    return;
  }
  view_ = -center.normalized();
  const float scale = camera.focal / center.z();
  origin_x_ = camera.center_x + camera.focal * center.x() / center.z();
  origin_y_ = camera.center_y + camera.focal * center.y() / center.z();
  Vector3f right = Vector3f::UnitX() - view_ * view_.x();
  right.normalize();
  const Vector3f down = right.cross(view_);
  const Vector3f down_in_picture = down.y() < 0 ? Vector3f(-down) : down;
  depth_a_ = center.z();
  const float width = part_->half_width[0];
  const float depth = part_->half_depth[0];
  const float height = part_->cap_b;
  const auto to_unit = [&](const Vector3f& v) {
    return Vector3f(v.dot(lateral_) / width, v.dot(front_) / depth, v.dot(axis_) / height);
  };
  unit_x_ = to_unit(right) / scale;
  unit_y_ = to_unit(down_in_picture) / scale;
  unit_view_ = to_unit(view_);
  view_norm2_ = unit_view_.squaredNorm();
  view_depth_ = -view_.z();
  const auto reach = [&](const Vector3f& direction) {
    const float l = width * lateral_.dot(direction);
    const float f = depth * front_.dot(direction);
    const float u = height * axis_.dot(direction);
    return std::sqrt(l * l + f * f + u * u) * scale;
  };
  const float reach_x = reach(right);
  const float reach_y = reach(down_in_picture);
  left_ = origin_x_ - reach_x;
  right_ = origin_x_ + reach_x;
  top_ = origin_y_ - reach_y;
  bottom_ = origin_y_ + reach_y;
}

bool Solid::IsHair(const Vector3f& unit) const {
  const float front = unit.y();
  float lowest;
  switch (hair_) {
    case SynthHair::kBob:
    case SynthHair::kLong:
    case SynthHair::kCurly:
      lowest = front < 0.15f ? -0.92f : -0.92f + 1.4f * std::min((front - 0.15f) / 0.4f, 1.0f);
      break;
    default:
      lowest = front < 0 ? -0.12f + 0.5f * front : -0.12f + 0.66f * std::min(front / 0.45f, 1.0f);
      break;
  }
  return unit.z() > lowest;
}

float Solid::EllipsoidDepth(float x, float y, SurfacePoint* point) const {
  const Vector3f from = unit_x_ * (x - origin_x_) + unit_y_ * (y - origin_y_);
  const float half_b = from.dot(unit_view_);
  const float c = from.squaredNorm() - 1;
  const float discriminant = half_b * half_b - view_norm2_ * c;
  if (discriminant <= 0) return kMiss;
  const float root = std::sqrt(discriminant);
  float step = (-half_b + root) / view_norm2_;
  Vector3f unit = from + unit_view_ * step;
  bool inside = false;
  if (part_->surface == SynthSurface::kHair) {
    if (!IsHair(unit)) return kMiss;
  } else if (unit.z() < part_->cut) {
    step = (-half_b - root) / view_norm2_;
    unit = from + unit_view_ * step;
    if (unit.z() < part_->cut) return kMiss;
    inside = true;
  }
  if (point != nullptr) {
    Vector3f normal = lateral_ * (unit.x() / part_->half_width[0]) +
                      front_ * (unit.y() / part_->half_depth[0]) +
                      axis_ * (unit.z() / part_->cap_b);
    normal.normalize();
    if (inside) normal = -normal;
    point->normal = normal;
    point->local = unit;
    point->facing = std::max(0.0f, normal.dot(view_));
    point->inside = inside;
  }
  return depth_a_ - step * view_depth_;
}

}  // namespace reidbench
