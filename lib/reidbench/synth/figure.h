// The posed body of a synthetic person: an articulated skeleton dressed in solids of simple shape.
// Proportions: Drillis and Contini, "Body Segment Parameters" (1966), as tabulated in Winter,
// "Biomechanics and Motor Control of Human Movement" (2009), figure 4.1. Joint angles of a stride
// follow the curves of normal gait there (chapter 7). Used inside the module only.
#pragma once

#include <Eigen/Core>
#include <array>
#include <vector>

#include "reidbench/synth/appearance.h"
#include "reidbench/synth/scene.h"

namespace reidbench {

// What a part is made of: which colours and prints its surface takes from an appearance.
enum class SynthSurface : uint8_t {
  kTorso,
  kShoulder,
  kUpperArm,
  kForearm,
  kHand,
  kThigh,
  kShin,
  kFoot,
  kNeck,
  kHead,
  kFaceBump,  // nose, ears
  kHair,
  kHairTail,
  kSkirt,
  kCoatTail,
  kHood,
  kBag,
  kHandle,
  kHat,
  kHatBrim,
  kCanopy,
};

// A solid around the axis a -> b with elliptic cross-sections, or an ellipsoid around a.
struct SynthPart {
  static constexpr int kMaxRings = 9;

  SynthSurface surface = SynthSurface::kTorso;
  bool left = false;
  bool ellipsoid = false;
  Eigen::Vector3f a, b;     // m, world
  Eigen::Vector3f lateral;  // unit, to the person's left in rest
  Eigen::Vector3f front;    // unit
  Eigen::Vector3f axis;     // unit, from a to b; of an ellipsoid its third semi-axis
  int rings = 2;            // evenly spaced from a to b
  std::array<float, kMaxRings> half_width;  // m, along `lateral`
  std::array<float, kMaxRings> half_depth;  // m, along `front`
  float cap_a = 0;                          // m that the rounded end reaches beyond a; 0: cut flat
  float cap_b = 0;  // the same beyond b; of an ellipsoid the third semi-axis
  float cut = -2;   // an ellipsoid is open below this axial coordinate (-1..1)
};

struct SynthBody {
  std::vector<SynthPart> parts;
  Eigen::Vector3f pelvis;  // m
};

// Poses `looks` as `figure` says; feet touch the ground z = 0.
SynthBody PoseSynthBody(const SynthFigure& figure, const SynthAppearance& looks);

}  // namespace reidbench
