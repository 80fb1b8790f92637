// Colours of a body's surface: cloth with its print, skin, face and hair, and how light falls on
// them. Linear light. Used inside the module only.
#pragma once

#include <Eigen/Core>
#include <array>

#include "reidbench/synth/appearance.h"
#include "reidbench/synth/solid.h"

namespace reidbench {

// sRGB to linear light, 0..1.
float LinearFromSrgb(float value);
Eigen::Vector3f LinearFromSrgb(const SynthColor& color);

struct SceneLight {
  Eigen::Vector3f toward;  // unit, to the light, camera frame
  Eigen::Vector3f up;      // unit, camera frame
  float ambient = 0.45f;   // 0..1
};

// Light that a surface of this normal receives; white paper facing the light returns about 0.9 of
// it.
float Irradiance(const SceneLight& light, const Eigen::Vector3f& normal);

// Paints one person. `sample_m` is the width on the body between places that are shaded: finer
// prints fade into their mean.
class SkinAndCloth {
 public:
  SkinAndCloth(const SynthAppearance& looks, const SceneLight& light, float sample_m);

  // Light that leaves the surface, linear RGB.
  Eigen::Vector3f Shade(const SynthPart& part, const SurfacePoint& point) const;

 private:
  struct LinearCloth {
    SynthPattern pattern = SynthPattern::kPlain;
    Eigen::Vector3f color, second;
    float period = 0.08f;
    float level = 0.5f;
  };
  static LinearCloth ToLinear(const SynthCloth& cloth);
  Eigen::Vector3f Print(const LinearCloth& cloth, float u, float v) const;
  Eigen::Vector3f Torso(const SurfacePoint& point, const SynthPart& part, float* folds) const;
  Eigen::Vector3f Head(const SurfacePoint& point) const;
  Eigen::Vector3f Hair(const SurfacePoint& point) const;
  Eigen::Vector3f Lower(const SurfacePoint& point, float u, float v) const;
  // 1 inside, 0 outside, blended over about one sample around `edge`.
  float Step(float edge, float value) const;

  SynthAppearance looks_;
  SceneLight light_;
  float sample_m_;
  float height_;
  LinearCloth upper_, lower_;
  Eigen::Vector3f skin_, hair_, inner_, shoes_, soles_, bag_, hat_, umbrella_;
  float fold_x_ = 0, fold_y_ = 0;
};

}  // namespace reidbench
