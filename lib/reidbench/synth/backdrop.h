// What a camera sees without people: floor, walls, ceiling and obstacles with their textures and
// shadows, by casting rays. Used inside the module only.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <vector>

#include "reidbench/synth/scene.h"

namespace reidbench {

// Samples per pixel and axis of everything that is drawn.
inline constexpr int kSynthSamples = 2;

struct Backdrop {
  int width = 0;
  int height = 0;
  std::vector<float> linear_rgb;  // [height x width x 3] linear light
  // m along the camera's axis of what hides people (obstacles, walls) per sample, infinity where
  // nothing does: [2 height x 2 width].
  std::vector<float> depth;
  std::vector<uint8_t> is_floor;  // [height x width] 1 where shadows fall
};

Backdrop DrawBackdrop(const SynthCamera& camera, const SynthScenery& scenery);

// Lamps are brighter here and weaker there: a factor around 1 at a place of the floor.
float SynthLampLight(const SynthScenery& scenery, float x_m, float y_m);

}  // namespace reidbench
