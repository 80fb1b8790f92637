#include "reidbench/synth/sketch.h"

#include <gtest/gtest.h>

#include <cmath>

#include "reidbench/synth/appearance.h"
#include "reidbench/synth/cameras.h"

namespace reidbench {
namespace {

SynthFigure At(int64_t identity, double x, double y) {
  SynthFigure figure;
  figure.identity = identity;
  figure.position_m = {x, y};
  return figure;
}

double Cosine(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (size_t k = 0; k < a.size(); ++k) sum += static_cast<double>(a[k]) * b[k];
  return sum;
}

TEST(SketchTargets, ABoxIsTheProjectedBodyAndNearPeopleHideFarOnes) {
  const SynthCamera camera = LookAt({0, 0, 2}, {10, 0, 1}, 700, 960, 540);
  const std::vector<SynthFigure> figures = {At(1, 10, 0), At(2, 6, 0), At(3, 10, 4), At(4, -5, 0)};
  const std::vector<double> heights(4, 1.8);
  const std::vector<SynthTarget> targets = SketchTargets(camera, {}, figures, heights);
  ASSERT_EQ(targets.size(), 3u);  // the fourth is behind the camera
  const SynthTarget& far = targets[0];
  EXPECT_NEAR(far.box.top + far.box.height, camera.Project({10, 0, 0}).y(), 1e-6);
  EXPECT_NEAR(far.box.top, camera.Project({10, 0, 1.8}).y(), 1e-6);
  EXPECT_NEAR(far.box.left + far.box.width / 2, 480, 1e-6);
  EXPECT_LT(far.visibility, 0.5);
  EXPECT_GT(targets[1].visibility, 0.95);
  EXPECT_GT(targets[2].visibility, 0.95);
}

TEST(SketchTargets, ObstaclesHide) {
  const SynthCamera camera = LookAt({0, 0, 2}, {10, 0, 1}, 700, 960, 540);
  SynthObstacle kiosk;
  kiosk.center_m = {8, 0};
  kiosk.half_size_m = {0.2, 1};
  kiosk.height_m = 1;
  const std::vector<SynthFigure> figures = {At(1, 10, 0)};
  const std::vector<double> heights = {1.8};
  const double free = SketchTargets(camera, {}, figures, heights).front().visibility;
  const SynthTarget hidden = SketchTargets(camera, std::span(&kiosk, 1), figures, heights).front();
  EXPECT_LT(hidden.visibility, free - 0.25);
  EXPECT_GT(hidden.visibility, 0.2);
  // What is seen is the upper part.
  EXPECT_NEAR(hidden.visible_box.top, hidden.box.top, 1e-6);
  EXPECT_LT(hidden.visible_box.height, 0.8 * hidden.box.height);
}

TEST(SketchEmbedding, OnePersonIsNearerThanTwoAndCamerasDiffer) {
  SynthOptions options;
  options.hard_negatives = 0;
  SynthCamera first, second;
  first.id = 1;
  second.id = 2;
  double same = 0, same_camera = 0, other = 0;
  constexpr int kPeople = 40;
  for (int64_t p = 0; p < kPeople; ++p) {
    const auto a = SketchEmbedding(options, first, {.identity = p, .moment = 1}, 10 * p);
    const auto b = SketchEmbedding(options, first, {.identity = p, .moment = 9}, 10 * p + 1);
    const auto c = SketchEmbedding(options, second, {.identity = p, .moment = 1}, 10 * p + 2);
    const auto d = SketchEmbedding(options, second, {.identity = p + 1, .moment = 1}, 10 * p + 3);
    EXPECT_NEAR(Cosine(a, a), 1, 1e-5);
    same_camera += Cosine(a, b) / kPeople;
    same += Cosine(a, c) / kPeople;
    other += Cosine(a, d) / kPeople;
  }
  EXPECT_GT(same_camera, same + 0.1);
  EXPECT_GT(same, other + 0.2);
  // The same arguments give the same crop.
  EXPECT_EQ(SketchEmbedding(options, first, {.identity = 3}, 5),
            SketchEmbedding(options, first, {.identity = 3}, 5));
}

TEST(SketchEmbedding, LookAlikesAreNear) {
  SynthOptions options;
  options.hard_negatives = 1;
  const SynthCamera camera;
  int64_t identity = 5;
  const int64_t like =
      SynthHardNegativeOf(options.seed, identity, {.hard_negatives = options.hard_negatives});
  ASSERT_GE(like, 0);
  const auto a = SketchEmbedding(options, camera, {.identity = identity}, 1);
  const auto b = SketchEmbedding(options, camera, {.identity = like}, 2);
  options.hard_negatives = 0;
  const auto c = SketchEmbedding(options, camera, {.identity = identity}, 1);
  const auto d = SketchEmbedding(options, camera, {.identity = like}, 2);
  EXPECT_GT(Cosine(a, b), Cosine(c, d) + 0.15);
}

}  // namespace
}  // namespace reidbench
