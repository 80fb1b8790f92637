// One synthetic world: its hall, its cameras, its population, and the pictures that the cameras
// take of it. Everything follows from the options; nothing depends on the number of threads.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "reidbench/synth/appearance.h"
#include "reidbench/synth/detector.h"
#include "reidbench/synth/floor_plan.h"
#include "reidbench/synth/options.h"
#include "reidbench/synth/renderer.h"
#include "reidbench/synth/scene.h"

namespace reidbench {

// What a camera's frame shows.
struct SynthShot {
  std::vector<SynthFigure> figures;  // those that may be in the picture
  SynthFrame frame;                  // its figure numbers count in `figures`
  std::vector<SynthTarget> targets;  // one for each silhouette of `frame`, in its order
};

class SynthWorld {
 public:
  // Throws Error(kConfig) with every rule that the options break.
  explicit SynthWorld(const SynthOptions& options);
  ~SynthWorld();

  const SynthOptions& options() const { return options_; }
  const std::vector<SynthCamera>& cameras() const { return cameras_; }
  const SynthFloorPlan& plan() const { return plan_; }

  bool IsMannequin(int64_t identity) const;
  // How somebody of the population, or a fixed figure, looks.
  SynthAppearance Look(int64_t identity) const;
  // A picture by camera `index` (from 0). `frame_seed` draws the sensor's noise. Thread-safe.
  // Not where the options say sketch.
  SynthShot Shoot(size_t index, std::span<const SynthFigure> figures, uint64_t frame_seed) const;
  // Who is seen how, without a picture. Thread-safe.
  std::vector<SynthTarget> Sketch(size_t index, std::span<const SynthFigure> figures) const;

 private:
  SynthOptions options_;
  std::vector<SynthCamera> cameras_;
  SynthFloorPlan plan_;
  std::vector<std::unique_ptr<SynthRenderer>> renderers_;
};

// Whether any part of a person who stands there may be in the camera's picture.
bool MayBeSeen(const SynthCamera& camera, const Eigen::Vector2d& position_m);

}  // namespace reidbench
