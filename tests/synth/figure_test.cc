#include "reidbench/synth/figure.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace reidbench {
namespace {

SynthFigure Walking(double phase, double speed = 1.4) {
  SynthFigure figure;
  figure.position_m = {3, 2};
  figure.heading_rad = 0.5;
  figure.speed_mps = speed;
  figure.gait_phase = phase;
  return figure;
}

SynthAppearance Plain() {
  SynthAppearance looks;
  looks.height_m = 1.8;
  looks.hair = SynthHair::kBald;
  return looks;
}

const SynthPart& Find(const SynthBody& body, SynthSurface surface, bool left = false) {
  return *std::find_if(body.parts.begin(), body.parts.end(), [&](const SynthPart& part) {
    return part.surface == surface && part.left == left;
  });
}

float LowestOfFeet(const SynthBody& body) {
  float lowest = 1e9f;
  for (const SynthPart& part : body.parts) {
    if (part.surface != SynthSurface::kFoot) continue;
    lowest = std::min(
        {lowest, part.a.z() - part.half_depth[0], part.b.z() - part.half_depth[part.rings - 1]});
  }
  return lowest;
}

TEST(PoseSynthBody, StandsOnTheGroundAtEveryPhase) {
  for (int i = 0; i < 40; ++i) {
    const SynthBody body = PoseSynthBody(Walking(i / 40.0), Plain());
    EXPECT_NEAR(LowestOfFeet(body), 0, 0.012) << "phase " << i / 40.0;
    // The pelvis stays over the figure's place and bobs by a few centimetres.
    EXPECT_NEAR(body.pelvis.x(), 3, 1e-5);
    EXPECT_NEAR(body.pelvis.y(), 2, 1e-5);
    EXPECT_GT(body.pelvis.z(), 0.47 * 1.8);
    EXPECT_LT(body.pelvis.z(), 0.56 * 1.8);
  }
}

TEST(PoseSynthBody, IsAsTallAsItsAppearance) {
  const SynthBody body = PoseSynthBody(Walking(0, 0), Plain());
  const SynthPart& head = Find(body, SynthSurface::kHead);
  EXPECT_NEAR(head.a.z() + head.cap_b, 1.8, 0.03);
}

TEST(PoseSynthBody, BonesKeepTheirLength) {
  const auto thigh = [](const SynthBody& body, bool left) {
    const SynthPart& part = Find(body, SynthSurface::kThigh, left);
    return (part.b - part.a).norm();
  };
  for (int i = 0; i < 8; ++i) {
    const SynthBody body = PoseSynthBody(Walking(i / 8.0), Plain());
    EXPECT_NEAR(thigh(body, true), 0.245 * 1.8, 1e-4);
    EXPECT_NEAR(thigh(body, false), 0.245 * 1.8, 1e-4);
  }
}

TEST(PoseSynthBody, HalfACycleLaterTheLegsHaveChangedPlaces) {
  const auto forward = [](const SynthBody& body, bool left) {
    const SynthPart& shin = Find(body, SynthSurface::kShin, left);
    return (shin.b - body.pelvis).dot(Eigen::Vector3f(std::cos(0.5f), std::sin(0.5f), 0));
  };
  const SynthBody start = PoseSynthBody(Walking(0.1), Plain());
  const SynthBody later = PoseSynthBody(Walking(0.6), Plain());
  EXPECT_NEAR(forward(start, true), forward(later, false), 1e-4);
  EXPECT_NEAR(forward(start, false), forward(later, true), 1e-4);
  // At heel strike the left foot is in front by most of a step.
  const SynthBody strike = PoseSynthBody(Walking(0), Plain());
  EXPECT_GT(forward(strike, true) - forward(strike, false), 0.5);
  EXPECT_LT(forward(strike, true) - forward(strike, false), 1.0);
  // The arm swings against the leg of its side.
  const auto hand = [](const SynthBody& body, bool left) {
    return (Find(body, SynthSurface::kHand, left).b - body.pelvis)
        .dot(Eigen::Vector3f(std::cos(0.5f), std::sin(0.5f), 0));
  };
  EXPECT_LT(hand(strike, true), hand(strike, false) - 0.2);
}

TEST(PoseSynthBody, FasterStridesAreLonger) {
  const auto spread = [](double speed) {
    const SynthBody body = PoseSynthBody(Walking(0, speed), Plain());
    return (Find(body, SynthSurface::kShin, true).b - Find(body, SynthSurface::kShin, false).b)
        .norm();
  };
  EXPECT_LT(spread(0), 0.35);
  EXPECT_LT(spread(0), spread(0.8));
  EXPECT_LT(spread(0.8), spread(1.6));
}

TEST(PoseSynthBody, MannequinsDoNotMove) {
  SynthAppearance looks = Plain();
  looks.mannequin = true;
  const SynthBody a = PoseSynthBody(Walking(0.1), looks);
  const SynthBody b = PoseSynthBody(Walking(0.7), looks);
  ASSERT_EQ(a.parts.size(), b.parts.size());
  for (size_t i = 0; i < a.parts.size(); ++i) EXPECT_EQ(a.parts[i].b, b.parts[i].b);
}

TEST(PoseSynthBody, SkirtsCoverTheLegsInEveryStride) {
  SynthAppearance looks = Plain();
  looks.lower = SynthLower::kSkirt;
  for (int i = 0; i < 20; ++i) {
    const SynthBody body = PoseSynthBody(Walking(i / 20.0), looks);
    const SynthPart& skirt = Find(body, SynthSurface::kSkirt);
    const float hem = std::min(skirt.a.z(), skirt.b.z());
    for (const bool left : {true, false}) {
      const SynthPart& thigh = Find(body, SynthSurface::kThigh, left);
      // Where the thigh passes the hem it lies within the hem's depth.
      const float share = (thigh.a.z() - hem) / (thigh.a.z() - thigh.b.z());
      const Eigen::Vector3f at = thigh.a + (thigh.b - thigh.a) * std::clamp(share, 0.0f, 1.0f);
      EXPECT_LT(std::abs((at - skirt.a).dot(skirt.front)), skirt.half_depth[0]) << i;
    }
  }
}

}  // namespace
}  // namespace reidbench
