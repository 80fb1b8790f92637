#include "reidbench/synth/appearance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "reidbench/core/error.h"

namespace reidbench {
namespace {

double Difference(const SynthColor& a, const SynthColor& b) {
  return std::abs(a.r - b.r) + std::abs(a.g - b.g) + std::abs(a.b - b.b);
}

bool SameLooks(const SynthAppearance& a, const SynthAppearance& b) {
  return a.height_m == b.height_m && a.girth == b.girth && a.skin == b.skin && a.hair == b.hair &&
         a.hair_color == b.hair_color && a.upper == b.upper &&
         a.upper_cloth.color == b.upper_cloth.color &&
         a.upper_cloth.pattern == b.upper_cloth.pattern && a.lower == b.lower &&
         a.lower_cloth.color == b.lower_cloth.color && a.shoes == b.shoes && a.bag == b.bag &&
         a.hat == b.hat && a.folds_seed == b.folds_seed;
}

TEST(SynthAppearance, DependsOnlyOnSeedAndIdentity) {
  const SynthAppearance last = MakeSynthAppearance(7, 40, {});
  for (int64_t i = 0; i < 40; ++i) MakeSynthAppearance(7, i, {});
  EXPECT_TRUE(SameLooks(last, MakeSynthAppearance(7, 40, {})));
  EXPECT_FALSE(SameLooks(last, MakeSynthAppearance(8, 40, {})));
  EXPECT_FALSE(SameLooks(last, MakeSynthAppearance(7, 41, {})));
}

TEST(SynthAppearance, HardNegativesWearNearlyTheSame) {
  constexpr SynthAppearanceOptions kOptions{.hard_negatives = 0.3};
  int count = 0;
  double same = 0;
  double others = 0;
  for (int64_t i = 1; i < 400; ++i) {
    const int64_t model = SynthHardNegativeOf(3, i, kOptions);
    if (model < 0) continue;
    ASSERT_LT(model, i);
    const SynthAppearance a = MakeSynthAppearance(3, i, kOptions);
    const SynthAppearance b = MakeSynthAppearance(3, model, kOptions);
    EXPECT_EQ(a.upper, b.upper);
    EXPECT_EQ(a.lower, b.lower);
    EXPECT_EQ(a.upper_cloth.pattern, b.upper_cloth.pattern);
    EXPECT_EQ(a.open_front, b.open_front);
    EXPECT_LT(Difference(a.upper_cloth.color, b.upper_cloth.color), 0.6);
    EXPECT_FALSE(a.upper_cloth.color == b.upper_cloth.color);
    EXPECT_NE(a.folds_seed, b.folds_seed);  // nevertheless another person
    same += Difference(a.upper_cloth.color, b.upper_cloth.color);
    others +=
        Difference(a.upper_cloth.color, MakeSynthAppearance(4, i, kOptions).upper_cloth.color);
    ++count;
  }
  // 399 draws at 0.3: 120 +- 9.
  EXPECT_GT(count, 80);
  EXPECT_LT(count, 160);
  EXPECT_LT(same, 0.3 * others);
}

TEST(SynthAppearance, KnobEndsAreReached) {
  for (int64_t i = 1; i < 50; ++i) {
    EXPECT_EQ(SynthHardNegativeOf(3, i, {.hard_negatives = 0}), -1);
    EXPECT_GE(SynthHardNegativeOf(3, i, {.hard_negatives = 1}), 0);
  }
  EXPECT_EQ(SynthHardNegativeOf(3, 0, {.hard_negatives = 1}), -1);
  // Everybody copies somebody: all wear what the first does.
  EXPECT_EQ(MakeSynthAppearance(3, 5000, {.hard_negatives = 1}).lower,
            MakeSynthAppearance(3, 0, {.hard_negatives = 1}).lower);
}

TEST(SynthAppearance, PopulationIsVariedAndInRange) {
  std::set<SynthUpper> uppers;
  std::set<SynthHair> hairs;
  std::set<SynthPattern> patterns;
  std::set<SynthBag> bags;
  double height = 0;
  int muted = 0;
  constexpr int kPeople = 600;
  for (int64_t i = 0; i < kPeople; ++i) {
    const SynthAppearance looks = MakeSynthAppearance(11, i, {.hard_negatives = 0});
    uppers.insert(looks.upper);
    hairs.insert(looks.hair);
    patterns.insert(looks.upper_cloth.pattern);
    bags.insert(looks.bag);
    EXPECT_GE(looks.height_m, 1.45);
    EXPECT_LE(looks.height_m, 1.98);
    EXPECT_GT(looks.girth, 0.8);
    for (const SynthColor& color :
         {looks.skin, looks.hair_color, looks.upper_cloth.color, looks.lower_cloth.color}) {
      for (const float value : {color.r, color.g, color.b}) {
        EXPECT_GE(value, 0);
        EXPECT_LE(value, 1);
      }
    }
    const SynthColor& c = looks.upper_cloth.color;
    muted += std::max({c.r, c.g, c.b}) - std::min({c.r, c.g, c.b}) < 0.2 ? 1 : 0;
    height += looks.height_m / kPeople;
  }
  EXPECT_EQ(uppers.size(), 7U);
  EXPECT_EQ(hairs.size(), 8U);
  EXPECT_EQ(patterns.size(), 8U);
  EXPECT_EQ(bags.size(), 4U);
  EXPECT_NEAR(height, 1.70, 0.03);
  // Blacks, greys and whites dominate the street.
  EXPECT_GT(muted, kPeople * 0.45);
  EXPECT_LT(muted, kPeople * 0.8);
}

TEST(SynthAppearance, MannequinsHaveNoHairAndCarryNothing) {
  const SynthAppearance looks = MakeSynthMannequin(5, 3);
  EXPECT_TRUE(looks.mannequin);
  EXPECT_EQ(looks.hair, SynthHair::kBald);
  EXPECT_EQ(looks.bag, SynthBag::kNone);
  EXPECT_FALSE(looks.umbrella);
}

TEST(SynthAppearance, NegativeIdentityIsRefused) {
  EXPECT_THROW(MakeSynthAppearance(1, -1, {}), Error);
}

}  // namespace
}  // namespace reidbench
