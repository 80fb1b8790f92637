#include "reidbench/synth/ground_shadow.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "reidbench/core/isa.h"

namespace reidbench {
namespace {

using Eigen::Vector3f;

constexpr float kPatch = 0.34f;  // m, of the patch under the body
constexpr float kSole = 0.13f;   // m, of the patch under a foot
constexpr float kReach = 0.75f;  // m from the body within which its patches are felt

// Parts that add nothing to the outline of a soft shadow.
bool IsDetail(SynthSurface surface) {
  switch (surface) {
    case SynthSurface::kFaceBump:
    case SynthSurface::kHair:
    case SynthSurface::kHairTail:
    case SynthSurface::kHand:
    case SynthSurface::kHandle:
    case SynthSurface::kHat:
    case SynthSurface::kHatBrim:
    case SynthSurface::kHood:
    case SynthSurface::kNeck:
    case SynthSurface::kShoulder:
      return true;
    default:
      return false;
  }
}

}  // namespace

GroundShadow::GroundShadow(const SynthBody& body, const Vector3f& light_direction, float direct,
                           float opacity)
    : foot_x_(body.pelvis.x()),
      foot_y_(body.pelvis.y()),
      direct_(direct),
      opacity_(opacity),
      low_x_(foot_x_ - kReach),
      low_y_(foot_y_ - kReach),
      high_x_(foot_x_ + kReach),
      high_y_(foot_y_ + kReach) {
  // A light near the horizon would cast shadows without end.
  const float down = std::max(0.25f, -light_direction.z());
  const float slope_x = light_direction.x() / down;
  const float slope_y = light_direction.y() / down;
  for (const SynthPart& part : body.parts) {
    if (IsDetail(part.surface)) continue;
    if (part.surface == SynthSurface::kFoot) {
      const Vector3f middle = 0.5f * (part.a + part.b);
      soles_.push_back({middle.x(), middle.y(), 0.55f * std::exp(-middle.z() / 0.07f)});
    }
    Segment s;
    s.ax = part.a.x() + slope_x * part.a.z();
    s.ay = part.a.y() + slope_y * part.a.z();
    s.dx = part.b.x() + slope_x * part.b.z() - s.ax;
    s.dy = part.b.y() + slope_y * part.b.z() - s.ay;
    const float length2 = s.dx * s.dx + s.dy * s.dy;
    s.inverse2 = length2 > 1e-8f ? 1 / length2 : 0;
    s.radius_a = part.half_width[0];
    s.radius_b = part.ellipsoid ? s.radius_a : part.half_width[part.rings - 1];
    if (part.surface == SynthSurface::kTorso) s.radius_a = s.radius_b = 0.8f * part.half_width[3];
    s.soft_a = 0.02f + 0.11f * part.a.z();
    s.soft_b = 0.02f + 0.11f * part.b.z();
    const float pad = std::max(s.radius_a + s.soft_a, s.radius_b + s.soft_b);
    low_x_ = std::min({low_x_, s.ax - pad, s.ax + s.dx - pad});
    high_x_ = std::max({high_x_, s.ax + pad, s.ax + s.dx + pad});
    low_y_ = std::min({low_y_, s.ay - pad, s.ay + s.dy - pad});
    high_y_ = std::max({high_y_, s.ay + pad, s.ay + s.dy + pad});
    segments_.push_back(s);
  }
}

std::array<Vector3f, 4> GroundShadow::Corners() const {
  return {Vector3f(low_x_, low_y_, 0), Vector3f(low_x_, high_y_, 0), Vector3f(high_x_, low_y_, 0),
          Vector3f(high_x_, high_y_, 0)};
}

float GroundShadow::LightLeft(float x_m, float y_m) const {
  const float covered = ForActiveIsa([=,
                                      segments = std::span(segments_)]() REIDBENCH_ALWAYS_INLINE {
    float most = 0;
    for (const Segment& s : segments) {
      const float px = x_m - s.ax;
      const float py = y_m - s.ay;
      const float t = std::clamp((px * s.dx + py * s.dy) * s.inverse2, 0.0f, 1.0f);
      const float ex = px - t * s.dx;
      const float ey = py - t * s.dy;
      const float radius = s.radius_a + t * (s.radius_b - s.radius_a);
      const float soft = s.soft_a + t * (s.soft_b - s.soft_a);
      const float gap2 = ex * ex + ey * ey;
      if (gap2 >= (radius + soft) * (radius + soft)) continue;
      const float share = std::min(1.0f, (radius + soft - std::sqrt(gap2)) / (2 * soft));
      // A thin limb high above the floor hides only part of a wide lamp.
      most = std::max(most, share * share * (3 - 2 * share) * std::min(1.0f, 1.4f * radius / soft));
    }
    return most;
  });
  float left = 1 - opacity_ * direct_ * 0.9f * covered;
  const float dx = x_m - foot_x_;
  const float dy = y_m - foot_y_;
  const float near2 = dx * dx + dy * dy;
  if (near2 > kReach * kReach) return left;
  left *= 1 - opacity_ * 0.32f * std::exp(-near2 / (kPatch * kPatch));
  for (const Sole& sole : soles_) {
    const float sx = x_m - sole.x;
    const float sy = y_m - sole.y;
    const float gap2 = sx * sx + sy * sy;
    if (gap2 > 6 * kSole * kSole) continue;
    left *= 1 - opacity_ * sole.strength * std::exp(-gap2 / (kSole * kSole));
  }
  return left;
}

}  // namespace reidbench
