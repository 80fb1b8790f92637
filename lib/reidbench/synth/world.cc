#include "reidbench/synth/world.h"

#include <algorithm>
#include <cmath>

#include "reidbench/core/error.h"
#include "reidbench/core/text.h"
#include "reidbench/synth/cameras.h"
#include "reidbench/synth/sketch.h"

namespace reidbench {
namespace {

const SynthOptions& Checked(const SynthOptions& options) {
  const std::vector<std::string> broken = options.Validate();
  if (!broken.empty()) ThrowConfig("{}", JoinText(broken, "\n"));
  return options;
}

SynthFloorPlan PlanFor(const SynthOptions& options, const std::vector<SynthCamera>& cameras) {
  std::vector<Eigen::Vector2d> feet;
  for (const SynthCamera& camera : cameras) feet.emplace_back(camera.position_m.head<2>());
  return MakeSynthFloorPlan(options, feet);
}

// Bounding boxes of each figure's visible pixels.
std::vector<BoxLtwh> VisibleBoxes(const SynthFrame& frame, size_t figures) {
  struct Bounds {
    int left = 1 << 30, top = 1 << 30, right = -1, bottom = -1;
  };
  std::vector<Bounds> bounds(figures);
  const int width = frame.picture.width;
  for (int y = 0; y < frame.picture.height; ++y) {
    const int32_t* row = frame.owner.data() + static_cast<size_t>(y) * static_cast<size_t>(width);
    for (int x = 0; x < width; ++x) {
      if (row[x] < 0) continue;
      Bounds& b = bounds[static_cast<size_t>(row[x])];
      b.left = std::min(b.left, x);
      b.right = std::max(b.right, x);
      b.top = std::min(b.top, y);
      b.bottom = y;
    }
  }
  std::vector<BoxLtwh> boxes(figures);
  for (size_t k = 0; k < figures; ++k) {
    const Bounds& b = bounds[k];
    if (b.right < 0) continue;
    boxes[k] = {static_cast<double>(b.left), static_cast<double>(b.top),
                static_cast<double>(b.right - b.left + 1),
                static_cast<double>(b.bottom - b.top + 1)};
  }
  return boxes;
}

}  // namespace

bool MayBeSeen(const SynthCamera& camera, const Eigen::Vector2d& position_m) {
  // A sphere round the body, an umbrella included.
  constexpr double kRadius = 1.25;
  const Eigen::Vector3d middle(position_m.x(), position_m.y(), 1.0);
  const Eigen::Vector3d in_camera = camera.camera_from_world * (middle - camera.position_m);
  if (in_camera.z() < -kRadius) return false;
  const auto within = [&](double value, double half_px) {
    const double slope = half_px / camera.focal_px;
    return std::abs(value) - kRadius * std::sqrt(1 + slope * slope) <= slope * in_camera.z();
  };
  return within(in_camera.x(), 0.5 * camera.width_px) &&
         within(in_camera.y(), 0.5 * camera.height_px);
}

SynthWorld::SynthWorld(const SynthOptions& options)
    : options_(Checked(options)),
      cameras_(PlaceSynthCameras(options_)),
      plan_(PlanFor(options_, cameras_)) {
  if (options_.sketch) return;
  for (const SynthCamera& camera : cameras_)
    renderers_.push_back(std::make_unique<SynthRenderer>(camera, plan_.scenery));
}

SynthWorld::~SynthWorld() = default;

bool SynthWorld::IsMannequin(int64_t identity) const {
  const int64_t index = identity - kSynthFirstFixedIdentity;
  return index >= 0 && (index >= static_cast<int64_t>(plan_.fixed.size()) ||
                        plan_.fixed[static_cast<size_t>(index)].mannequin);
}

SynthAppearance SynthWorld::Look(int64_t identity) const {
  if (IsMannequin(identity)) return MakeSynthMannequin(options_.seed, identity);
  return MakeSynthAppearance(options_.seed, identity, {.hard_negatives = options_.hard_negatives});
}

SynthShot SynthWorld::Shoot(size_t index, std::span<const SynthFigure> figures,
                            uint64_t frame_seed) const {
  SynthShot shot;
  for (const SynthFigure& figure : figures) {
    if (MayBeSeen(cameras_[index], figure.position_m)) shot.figures.push_back(figure);
  }
  std::vector<SynthAppearance> looks;
  for (const SynthFigure& figure : shot.figures) looks.push_back(Look(figure.identity));
  std::vector<const SynthAppearance*> borrowed;
  for (const SynthAppearance& look : looks) borrowed.push_back(&look);
  shot.frame = renderers_[index]->Render(shot.figures, borrowed, frame_seed);
  const std::vector<BoxLtwh> visible = VisibleBoxes(shot.frame, shot.figures.size());
  for (const SynthSilhouette& s : shot.frame.silhouettes) {
    SynthTarget target;
    target.identity = shot.figures[s.figure].identity;
    target.box = {s.left, s.top, s.width, s.height};
    target.visible_box = visible[s.figure];
    target.visibility =
        s.whole_px > 0 ? static_cast<double>(s.visible_px) / static_cast<double>(s.whole_px) : 0;
    target.person = !IsMannequin(target.identity);
    shot.targets.push_back(target);
  }
  return shot;
}

std::vector<SynthTarget> SynthWorld::Sketch(size_t index,
                                            std::span<const SynthFigure> figures) const {
  std::vector<SynthFigure> near;
  std::vector<double> heights;
  for (const SynthFigure& figure : figures) {
    if (!MayBeSeen(cameras_[index], figure.position_m)) continue;
    near.push_back(figure);
    heights.push_back(Look(figure.identity).height_m);
  }
  std::vector<SynthTarget> targets =
      SketchTargets(cameras_[index], plan_.scenery.obstacles, near, heights);
  for (SynthTarget& target : targets) target.person = !IsMannequin(target.identity);
  return targets;
}

}  // namespace reidbench
