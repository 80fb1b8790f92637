// Pictures of synthetic people in a calibrated camera, with exact silhouettes.
//
// Everything is drawn with 2 x 2 samples a pixel, each with its depth. A pixel belongs to a
// figure's silhouette when at least two of its samples show the figure; of several figures in one
// pixel the one with most samples owns it, of two equal ones the nearer.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "reidbench/synth/appearance.h"
#include "reidbench/synth/scene.h"

namespace reidbench {

// Renders frames of one camera; floor, walls and obstacles are drawn once, when constructed.
// Thread-safe: Render may be called from several threads.
class SynthRenderer {
 public:
  SynthRenderer(const SynthCamera& camera, const SynthScenery& scenery);
  ~SynthRenderer();
  // `looks[i]` belongs to `figures[i]`. The same arguments give the same bytes. `frame_seed` draws
  // the sensor's noise. Order of the figures does not matter. Not drawn: figures less than 0.5 m
  // from the lens, and those with a part within 0.25 m. Throws Error(kInternal) when the sizes of
  // `figures` and `looks` differ.
  SynthFrame Render(std::span<const SynthFigure> figures,
                    std::span<const SynthAppearance* const> looks, uint64_t frame_seed) const;

 private:
  struct Impl;
  std::unique_ptr<const Impl> impl_;
};

}  // namespace reidbench
