#include "reidbench/synth/world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "reidbench/core/error.h"
#include "reidbench/core/random.h"
#include "support/expect_error.h"

namespace reidbench {
namespace {

SynthOptions Small() {
  SynthOptions options = SynthSceneDefaults("mall");
  options.image_width = 320;
  options.image_height = 180;
  options.cameras = 2;
  return options;
}

std::vector<SynthFigure> Scattered(const SynthOptions& options, int count) {
  Rng rng(5);
  std::vector<SynthFigure> figures;
  for (int k = 1; k <= count; ++k) {
    SynthFigure figure;
    figure.identity = k;
    figure.position_m = {rng.Uniform(1, options.hall_width_m - 1),
                         rng.Uniform(1, options.hall_depth_m - 1)};
    figure.heading_rad = rng.Uniform(-3, 3);
    figure.speed_mps = 1.2;
    figure.gait_phase = rng.Uniform();
    figures.push_back(figure);
  }
  return figures;
}

// Boxes and visibility against masks: every person drawn alone for the whole, the picture of all
// for what is seen.
TEST(SynthWorld, TruthFitsTheSilhouettes) {
  SynthOptions options = Small();
  options.density = 0.2;
  const SynthWorld world(options);
  const std::vector<SynthFigure> figures = Scattered(options, 60);
  int checked = 0, hidden = 0;
  for (size_t camera = 0; camera < world.cameras().size(); ++camera) {
    const SynthShot shot = world.Shoot(camera, figures, 1);
    const int width = shot.frame.picture.width, height = shot.frame.picture.height;
    // For people alone in an empty hall, with the picture three times as large around the same
    // view, so that nothing hides or cuts the silhouette.
    SynthCamera wide = world.cameras()[camera];
    wide.width_px *= 3;
    wide.height_px *= 3;
    SynthScenery empty = world.plan().scenery;
    empty.obstacles.clear();
    const SynthRenderer wide_renderer(wide, empty);
    for (size_t t = 0; t < shot.targets.size(); ++t) {
      const SynthTarget& target = shot.targets[t];
      const auto index = static_cast<int32_t>(shot.frame.silhouettes[t].figure);
      int64_t visible = 0;
      int left = width, right = -1, top = height, bottom = -1;
      for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) {
          if (shot.frame.owner[static_cast<size_t>(y * width + x)] != index) continue;
          ++visible;
          left = std::min(left, x);
          right = std::max(right, x);
          top = std::min(top, y);
          bottom = std::max(bottom, y);
        }
      }
      const SynthAppearance look = world.Look(target.identity);
      const SynthAppearance* borrowed = &look;
      const SynthFigure& figure = shot.figures[static_cast<size_t>(index)];
      if (++checked > 20 && target.visibility == 1) continue;  // the rest costs time
      const SynthFrame alone = wide_renderer.Render({&figure, 1}, {&borrowed, 1}, 1);
      int64_t whole = 0;
      int whole_left = wide.width_px, whole_right = -1, whole_top = wide.height_px,
          whole_bottom = -1;
      for (int y = 0; y < wide.height_px; ++y) {
        for (int x = 0; x < wide.width_px; ++x) {
          if (alone.owner[static_cast<size_t>(y * wide.width_px + x)] != 0) continue;
          ++whole;
          whole_left = std::min(whole_left, x - width);
          whole_right = std::max(whole_right, x - width);
          whole_top = std::min(whole_top, y - height);
          whole_bottom = std::max(whole_bottom, y - height);
        }
      }
      ASSERT_GT(whole, 0);
      EXPECT_NEAR(target.visibility, static_cast<double>(visible) / static_cast<double>(whole),
                  0.01);
      EXPECT_NEAR(target.box.left, whole_left, 1);
      EXPECT_NEAR(target.box.top, whole_top, 1);
      EXPECT_NEAR(target.box.left + target.box.width, whole_right + 1, 1);
      EXPECT_NEAR(target.box.top + target.box.height, whole_bottom + 1, 1);
      if (visible > 0) {
        EXPECT_EQ(target.visible_box.left, left);
        EXPECT_EQ(target.visible_box.top, top);
        EXPECT_EQ(target.visible_box.width, right - left + 1);
        EXPECT_EQ(target.visible_box.height, bottom - top + 1);
      } else {
        ++hidden;
      }
    }
  }
  EXPECT_GT(checked, 20);
  EXPECT_GT(hidden, 0);
}

TEST(SynthWorld, NobodyInThePictureIsLeftOut) {
  const SynthOptions options = Small();
  const SynthWorld world(options);
  const std::vector<SynthFigure> figures = Scattered(options, 80);
  for (size_t camera = 0; camera < world.cameras().size(); ++camera) {
    const SynthRenderer renderer(world.cameras()[camera], world.plan().scenery);
    const SynthShot shot = world.Shoot(camera, figures, 1);
    EXPECT_LT(shot.figures.size(), figures.size());
    for (const SynthFigure& figure : figures) {
      if (MayBeSeen(world.cameras()[camera], figure.position_m)) continue;
      const SynthAppearance look = world.Look(figure.identity);
      const SynthAppearance* borrowed = &look;
      EXPECT_TRUE(renderer.Render({&figure, 1}, {&borrowed, 1}, 1).silhouettes.empty());
    }
  }
}

TEST(SynthWorld, BrokenRulesAreNamedTogether) {
  SynthOptions options;
  options.camera_height_m = -2;
  options.entrances = 0;
  EXPECT_THAT(
      MessageOf(ErrorKind::kConfig, [&] { const SynthWorld world(options); }),
      testing::AllOf(testing::HasSubstr("above the ground"), testing::HasSubstr("entrances")));
}

}  // namespace
}  // namespace reidbench
