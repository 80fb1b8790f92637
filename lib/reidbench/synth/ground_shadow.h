// The soft shadow of a body on the floor: its axes cast along the light, wider and fainter with
// height, and dark patches where body and soles keep the room's light away. Used inside the module
// only.
#pragma once

#include <Eigen/Core>
#include <array>
#include <vector>

#include "reidbench/synth/figure.h"

namespace reidbench {

class GroundShadow {
 public:
  // `light_direction` is a unit vector from the light; `direct` the share of light that comes from
  // there; `opacity` that of the figure.
  GroundShadow(const SynthBody& body, const Eigen::Vector3f& light_direction, float direct,
               float opacity);

  // Corners of the part of the floor that it can darken, m.
  std::array<Eigen::Vector3f, 4> Corners() const;
  // Share of the light that is left at a place of the floor, 0..1.
  float LightLeft(float x_m, float y_m) const;

 private:
  // A limb's axis on the floor: from a by d; radius and half the width of the soft edge at its
  // ends.
  struct Segment {
    float ax, ay, dx, dy, inverse2, radius_a, radius_b, soft_a, soft_b;
  };
  struct Sole {
    float x, y, strength;
  };
  std::vector<Segment> segments_;
  std::vector<Sole> soles_;
  float foot_x_, foot_y_;
  float direct_, opacity_;
  float low_x_, low_y_, high_x_, high_y_;
};

}  // namespace reidbench
