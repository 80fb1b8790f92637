// Pictures of synthetic people in a calibrated camera, with exact silhouettes.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "synth/appearance.h"
#include "synth/scene.h"

namespace reidbench {

// Renders frames of one camera; floor, walls and obstacles are drawn once, when constructed.
// Thread-safe: Render may be called from several threads.
class SynthRenderer {
 public:
  SynthRenderer(const SynthCamera& camera, const SynthScenery& scenery);
  ~SynthRenderer();
  // `looks[i]` belongs to `figures[i]`. The same arguments give the same bytes. `frame_seed` draws
  // the sensor's noise.
  SynthFrame Render(std::span<const SynthFigure> figures,
                    std::span<const SynthAppearance* const> looks, uint64_t frame_seed) const;

 private:
  struct Impl;
  std::unique_ptr<const Impl> impl_;
};

}  // namespace reidbench
