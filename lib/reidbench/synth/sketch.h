// What cameras see, without drawing it: bodies as upright boards that are projected and hide each
// other, and embeddings that behave as those of a network do, with look-alikes, sides of a body,
// cameras of their own colours and crops of half hidden people. For worlds of many cameras and
// minutes, in which only identities matter.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "reidbench/synth/detector.h"
#include "reidbench/synth/options.h"
#include "reidbench/synth/scene.h"

namespace reidbench {

inline constexpr int kSketchDim = 128;

// Of every figure of which a part is inside the picture, in the order of `figures`; `heights_m` are
// theirs. The box is that of the whole body, visibility its share that neither people, obstacles
// nor the picture's border hide, in steps of a fiftieth.
std::vector<SynthTarget> SketchTargets(const SynthCamera& camera,
                                       std::span<const SynthObstacle> obstacles,
                                       std::span<const SynthFigure> figures,
                                       std::span<const double> heights_m);

// What a crop looks like.
struct SketchCrop {
  int64_t identity = -1;  // -1: nobody
  double facing_rad = 0;  // of the body, against the camera's line of sight
  double visibility = 1;
  int64_t hidden_by = -1;  // of whom the rest is; -1: of the scene
  int64_t moment = 0;      // crops of one person in one moment have more in common
};

// Of length one. Differs from crop to crop by `noise_seed`.
std::vector<float> SketchEmbedding(const SynthOptions& options, const SynthCamera& camera,
                                   const SketchCrop& crop, uint64_t noise_seed);

}  // namespace reidbench
