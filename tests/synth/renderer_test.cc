#include "reidbench/synth/renderer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <Eigen/Geometry>
#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <vector>

#include "reidbench/core/error.h"
#include "reidbench/core/parallel.h"

namespace reidbench {
namespace {

using ::testing::ElementsAre;

// At x = -8, 2.5 m high, looking along +x and a little down.
SynthCamera TestCamera() {
  SynthCamera camera;
  camera.width_px = 240;
  camera.height_px = 160;
  camera.focal_px = 300;
  camera.position_m = {-8, 0, 2.5};
  const Eigen::Vector3d forward = Eigen::Vector3d(8, 0, -1.6).normalized();
  const Eigen::Vector3d right = forward.cross(Eigen::Vector3d::UnitZ()).normalized();
  camera.camera_from_world.row(0) = right;
  camera.camera_from_world.row(1) = forward.cross(right);
  camera.camera_from_world.row(2) = forward;
  return camera;
}

SynthScenery TestScenery() {
  SynthScenery scenery;
  scenery.min_m = {-10, -6};
  scenery.max_m = {10, 6};
  return scenery;
}

SynthFigure Standing(int64_t identity, double x, double y, double heading = 0) {
  SynthFigure figure;
  figure.identity = identity;
  figure.position_m = {x, y};
  figure.heading_rad = heading;
  return figure;
}

struct Crowd {
  std::vector<SynthFigure> figures;
  std::vector<SynthAppearance> looks;

  explicit Crowd(std::vector<SynthFigure> the_figures) : figures(std::move(the_figures)) {
    for (const SynthFigure& figure : figures) {
      looks.push_back(MakeSynthAppearance(1, figure.identity, {}));
    }
  }
  SynthFrame Render(const SynthRenderer& renderer, uint64_t seed = 1) const {
    std::vector<const SynthAppearance*> pointers;
    for (const SynthAppearance& look : looks) pointers.push_back(&look);
    return renderer.Render(figures, pointers, seed);
  }
};

// Nine people, one behind the other and across each other, two beyond the border.
Crowd TestCrowd() {
  std::vector<SynthFigure> figures;
  for (int i = 0; i < 9; ++i) {
    SynthFigure figure = Standing(i, -2.0 + 0.6 * i, 0.35 * (i % 4) - 0.5, 0.7 * i);
    figure.speed_mps = i % 3 == 0 ? 0 : 1.3;
    figure.gait_phase = 0.13 * i;
    figures.push_back(figure);
  }
  figures.push_back(Standing(9, 0, 3.1));
  figures.push_back(Standing(10, 0, -3.3));
  return Crowd(figures);
}

int64_t Owned(const SynthFrame& frame, int32_t figure) {
  return std::count(frame.owner.begin(), frame.owner.end(), figure);
}

TEST(SynthCamera, ProjectsLikeAPinhole) {
  SynthCamera camera;
  camera.width_px = 100;
  camera.height_px = 80;
  camera.focal_px = 200;
  camera.position_m = {0, 0, 2};
  // Looks along +y: right is +x, down is -z.
  camera.camera_from_world << 1, 0, 0, 0, 0, -1, 0, 1, 0;
  // 1 m to the right and 0.5 m below the axis at 4 m: 50 + 200 / 4, 40 + 200 * 0.5 / 4.
  const Eigen::Vector3d at = camera.Project({1, 4, 1.5});
  EXPECT_DOUBLE_EQ(at.x(), 100);
  EXPECT_DOUBLE_EQ(at.y(), 65);
  EXPECT_DOUBLE_EQ(at.z(), 4);
  EXPECT_LT(camera.Project({0, -1, 2}).z(), 0);
}

TEST(SynthRenderer, SameBytesTwiceAndFromManyThreads) {
  const SynthRenderer renderer(TestCamera(), TestScenery());
  const SynthRenderer again(TestCamera(), TestScenery());
  const Crowd crowd = TestCrowd();
  constexpr int kFrames = 12;
  std::vector<SynthFrame> parallel(kFrames);
  const ThreadLimit limit(4);
  ParallelFor(kFrames,
              [&](int64_t i) { parallel[i] = crowd.Render(renderer, static_cast<uint64_t>(i)); });
  for (int i = 0; i < kFrames; ++i) {
    const SynthFrame frame = crowd.Render(again, static_cast<uint64_t>(i));
    ASSERT_EQ(frame.picture.pixels, parallel[i].picture.pixels) << i;
    ASSERT_EQ(frame.owner, parallel[i].owner) << i;
  }
  EXPECT_NE(parallel[0].picture.pixels, parallel[1].picture.pixels) << "noise of another frame";
}

TEST(SynthRenderer, OrderOfFiguresDoesNotMatter) {
  const SynthRenderer renderer(TestCamera(), TestScenery());
  const Crowd crowd = TestCrowd();
  Crowd reversed = crowd;
  std::reverse(reversed.figures.begin(), reversed.figures.end());
  std::reverse(reversed.looks.begin(), reversed.looks.end());
  EXPECT_EQ(crowd.Render(renderer).picture.pixels, reversed.Render(renderer).picture.pixels);
}

TEST(SynthRenderer, SilhouettesAreExact) {
  const SynthRenderer renderer(TestCamera(), TestScenery());
  const Crowd crowd = TestCrowd();
  const SynthFrame frame = crowd.Render(renderer);
  ASSERT_GE(frame.silhouettes.size(), 9U);
  int hidden = 0;
  for (const SynthSilhouette& silhouette : frame.silhouettes) {
    const auto index = static_cast<int32_t>(silhouette.figure);
    EXPECT_EQ(silhouette.visible_px, Owned(frame, index));
    // Alone in the scene every silhouette pixel in the picture is its own.
    const Crowd alone({crowd.figures[silhouette.figure]});
    const SynthFrame single = alone.Render(renderer);
    ASSERT_EQ(single.silhouettes.size(), 1U);
    EXPECT_EQ(single.silhouettes[0].whole_px, silhouette.whole_px);
    const int64_t inside = Owned(single, 0);
    EXPECT_EQ(single.silhouettes[0].visible_px, inside);
    EXPECT_LE(silhouette.visible_px, inside);
    hidden += silhouette.visible_px < inside ? 1 : 0;
    int left = 240, top = 160, right = -1, bottom = -1;
    for (int y = 0; y < 160; ++y) {
      for (int x = 0; x < 240; ++x) {
        if (frame.owner[y * 240 + x] == index) {
          EXPECT_EQ(single.owner[y * 240 + x], 0) << "visible only inside its silhouette";
        }
        if (single.owner[y * 240 + x] != 0) continue;
        left = std::min(left, x);
        right = std::max(right, x + 1);
        top = std::min(top, y);
        bottom = std::max(bottom, y + 1);
      }
    }
    if (inside == silhouette.whole_px) {
      EXPECT_THAT((std::vector<double>{silhouette.left, silhouette.top, silhouette.width,
                                       silhouette.height}),
                  ElementsAre(left, top, right - left, bottom - top));
    } else {
      EXPECT_LT(inside, silhouette.whole_px);
      EXPECT_TRUE(silhouette.left < 0 || silhouette.left + silhouette.width > 240 ||
                  silhouette.top < 0 || silhouette.top + silhouette.height > 160);
    }
  }
  EXPECT_GE(hidden, 3);
}

TEST(SynthRenderer, BoxHasTheSizeOfThePerson) {
  const SynthCamera camera = TestCamera();
  const SynthRenderer renderer(camera, TestScenery());
  Crowd crowd({Standing(0, 0, 0)});
  crowd.looks[0] = SynthAppearance{};
  crowd.looks[0].height_m = 1.8;
  crowd.looks[0].hair = SynthHair::kBald;
  const SynthSilhouette silhouette = crowd.Render(renderer).silhouettes.at(0);
  const Eigen::Vector3d foot = camera.Project({0, 0, 0});
  const Eigen::Vector3d head = camera.Project({0, 0, 1.8});
  EXPECT_NEAR(silhouette.top, head.y(), 2.5);
  EXPECT_NEAR(silhouette.top + silhouette.height, foot.y(), 3.5);  // toes reach below the ankle
  EXPECT_NEAR(silhouette.left + silhouette.width / 2, foot.x(), 3);
  EXPECT_NEAR(silhouette.depth_m, camera.Project({0, 0, 0.9}).z(), 1e-9);
  EXPECT_GT(silhouette.width / silhouette.height, 0.2);
  EXPECT_LT(silhouette.width / silhouette.height, 0.45);
}

TEST(SynthRenderer, NearerFigureHidesFarther) {
  const SynthRenderer renderer(TestCamera(), TestScenery());
  const Crowd crowd({Standing(0, 2, 0), Standing(1, 0, 0)});
  const SynthFrame frame = crowd.Render(renderer);
  ASSERT_EQ(frame.silhouettes.size(), 2U);
  const SynthSilhouette& far = frame.silhouettes[0];
  const SynthSilhouette& near = frame.silhouettes[1];
  EXPECT_GT(far.depth_m, near.depth_m);
  EXPECT_EQ(near.visible_px, near.whole_px);
  EXPECT_LT(far.visible_px, far.whole_px / 2);
}

TEST(SynthRenderer, ObstacleHidesWhoIsBehindAndOnlyThose) {
  SynthScenery scenery = TestScenery();
  scenery.obstacles.push_back({{0, 0}, {0.5, 0.6}, 0, 3, 5});
  const SynthRenderer renderer(TestCamera(), scenery);
  const Crowd crowd({Standing(0, 1.5, 0), Standing(1, -1.5, 0), Standing(2, 1.5, 0.85)});
  const SynthFrame frame = crowd.Render(renderer);
  ASSERT_EQ(frame.silhouettes.size(), 3U);
  EXPECT_EQ(frame.silhouettes[0].visible_px, 0);
  EXPECT_GT(frame.silhouettes[0].whole_px, 500);
  EXPECT_EQ(frame.silhouettes[1].visible_px, frame.silhouettes[1].whole_px);
  EXPECT_GT(frame.silhouettes[2].visible_px, 0);
  EXPECT_LT(frame.silhouettes[2].visible_px, frame.silhouettes[2].whole_px);
}

TEST(SynthRenderer, OutOfSightLeavesNoTrace) {
  const SynthRenderer renderer(TestCamera(), TestScenery());
  const Crowd crowd({Standing(0, -9, 0), Standing(1, 0, 5.5), Standing(2, -8, 0)});
  const SynthFrame frame = crowd.Render(renderer);
  EXPECT_TRUE(frame.silhouettes.empty());
  EXPECT_EQ(frame.owner, std::vector<int32_t>(240 * 160, -1));
}

// Mean absolute difference of the pixels of two pictures where either shows a figure.
double Difference(const SynthFrame& a, const SynthFrame& b) {
  double sum = 0;
  int count = 0;
  for (size_t i = 0; i < a.owner.size(); ++i) {
    if (a.owner[i] < 0 && b.owner[i] < 0) continue;
    for (int c = 0; c < 3; ++c) {
      sum += std::abs(a.picture.pixels[3 * i + c] - b.picture.pixels[3 * i + c]);
      ++count;
    }
  }
  return sum / count;
}

TEST(SynthRenderer, LooksAreAttachedToTheBody) {
  SynthCamera camera = TestCamera();
  camera.noise_sigma = 0;
  const SynthRenderer renderer(camera, TestScenery());
  constexpr double kPi = std::numbers::pi;
  Crowd front({Standing(0, 0, 0, kPi)});
  front.looks[0].upper = SynthUpper::kTShirt;
  front.looks[0].upper_cloth = {SynthPattern::kLogo, {0.1f, 0.1f, 0.1f}, {0.9f, 0.9f, 0.9f}};
  front.looks[0].hair = SynthHair::kLong;
  front.looks[0].bag = SynthBag::kNone;
  front.looks[0].umbrella = false;
  front.looks[0].standing_arms = 0;
  front.looks[0].lower = SynthLower::kTrousers;
  Crowd back = front;
  back.figures[0].heading_rad = 0;
  Crowd side = front;
  side.figures[0].heading_rad = kPi / 2;
  const SynthFrame seen_front = front.Render(renderer);
  const SynthFrame seen_back = back.Render(renderer);
  const SynthFrame seen_side = side.Render(renderer);
  EXPECT_GT(Difference(seen_front, seen_back), 5);
  EXPECT_GT(Difference(seen_front, seen_side), 5);
  EXPECT_LT(seen_side.silhouettes[0].width, 0.85 * seen_front.silhouettes[0].width);
  Crowd turned = front;
  turned.figures[0].heading_rad -= 2 * kPi;
  EXPECT_LT(Difference(seen_front, turned.Render(renderer)), 0.1);
}

TEST(SynthRenderer, WalkingMovesTheLimbs) {
  const SynthRenderer renderer(TestCamera(), TestScenery());
  Crowd crowd({Standing(0, 0, 0, std::numbers::pi / 2)});
  crowd.looks[0].lower = SynthLower::kTrousers;
  const double still = crowd.Render(renderer).silhouettes[0].width;
  crowd.figures[0].speed_mps = 1.4;
  crowd.figures[0].gait_phase = 0;  // heel strike: legs apart
  const double apart = crowd.Render(renderer).silhouettes[0].width;
  EXPECT_GT(apart, 1.5 * still);
  // Half a cycle later the other leg is in front and the outline nearly the same.
  crowd.figures[0].gait_phase = 0.5;
  EXPECT_NEAR(crowd.Render(renderer).silhouettes[0].width, apart, 4);
}

TEST(SynthRenderer, CameraLookChangesColours) {
  SynthCamera warm = TestCamera();
  warm.noise_sigma = 0;
  SynthCamera plain = warm;
  warm.white_balance = {1.2, 1, 0.8};
  warm.exposure_ev = -1;
  const Crowd crowd({Standing(0, 0, 0)});
  const auto mean = [&](const SynthCamera& camera) {
    const SynthFrame frame = crowd.Render(SynthRenderer(camera, TestScenery()));
    std::array<double, 3> sum = {0, 0, 0};
    for (size_t i = 0; i < frame.picture.pixels.size(); ++i) sum[i % 3] += frame.picture.pixels[i];
    return sum;
  };
  const auto a = mean(plain);
  const auto b = mean(warm);
  EXPECT_LT(b[1], 0.85 * a[1]);
  EXPECT_GT(b[0] / b[2], 1.1 * a[0] / a[2]);
}

TEST(SynthRenderer, NoiseHasTheGivenSpread) {
  SynthCamera camera = TestCamera();
  camera.noise_sigma = 5;
  SynthCamera clean = camera;
  clean.noise_sigma = 0;
  const Crowd nobody({});
  const SynthFrame noisy = nobody.Render(SynthRenderer(camera, TestScenery()));
  const SynthFrame plain = nobody.Render(SynthRenderer(clean, TestScenery()));
  double sum = 0;
  double squares = 0;
  int count = 0;
  for (size_t i = 0; i < plain.picture.pixels.size(); ++i) {
    if (plain.picture.pixels[i] > 225) continue;  // would clip
    const double difference = noisy.picture.pixels[i] - plain.picture.pixels[i];
    sum += difference;
    squares += difference * difference;
    ++count;
  }
  ASSERT_GT(count, 20000);
  EXPECT_NEAR(sum / count, 0, 0.2);
  EXPECT_NEAR(std::sqrt(squares / count), 5, 0.25);
}

TEST(SynthRenderer, ReflectionIsFaintButHasItsSilhouette) {
  SynthCamera camera = TestCamera();
  camera.noise_sigma = 0;
  const SynthRenderer renderer(camera, TestScenery());
  const Crowd solid({Standing(0, 0, 0)});
  Crowd faint = solid;
  faint.figures[0].opacity = 0.3;
  const SynthFrame nobody = Crowd({}).Render(renderer);
  const SynthFrame a = solid.Render(renderer);
  const SynthFrame b = faint.Render(renderer);
  EXPECT_EQ(a.owner, b.owner);
  EXPECT_LT(Difference(nobody, b), 0.6 * Difference(nobody, a));
  EXPECT_GT(Difference(nobody, b), 1);
}

TEST(SynthRenderer, LooksMustBelongToFigures) {
  const SynthRenderer renderer(TestCamera(), TestScenery());
  const SynthFigure figure;
  EXPECT_THROW(renderer.Render({&figure, 1}, {}, 1), Error);
}

}  // namespace
}  // namespace reidbench
