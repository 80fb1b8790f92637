#include "reidbench/detection/nms.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "reidbench/core/random.h"

namespace reidbench {
namespace {

// In plain loops: each box in the order of scores goes when one that stays overlaps it.
std::vector<ScoredBox> SuppressPlainly(const std::vector<ScoredBox>& boxes,
                                       const NmsOptions& options) {
  const double more = options.plus_one ? 1 : 0;
  const auto area = [&](const CornerBox& b) {
    return (b.right - b.left + more) * (b.bottom - b.top + more);
  };
  std::vector<ScoredBox> left = boxes, kept;
  while (!left.empty()) {
    size_t best = 0;
    for (size_t i = 1; i < left.size(); ++i) {
      if (left[i].score > left[best].score) best = i;
    }
    const ScoredBox chosen = left[best];
    kept.push_back(chosen);
    std::vector<ScoredBox> rest;
    for (size_t i = 0; i < left.size(); ++i) {
      if (i == best) continue;
      const CornerBox &a = chosen.box, &b = left[i].box;
      const double w = std::min(a.right, b.right) - std::max(a.left, b.left) + more;
      const double h = std::min(a.bottom, b.bottom) - std::max(a.top, b.top) + more;
      const double both = w > 0 && h > 0 ? w * h : 0;
      const bool same = options.agnostic || chosen.class_id == left[i].class_id;
      if (!same || !(both / (area(a) + area(b) - both) > options.iou)) rest.push_back(left[i]);
    }
    left = rest;
  }
  return kept;
}

std::vector<ScoredBox> RandomBoxes(uint64_t seed, int count) {
  Rng rng(seed);
  std::vector<ScoredBox> boxes;
  for (int i = 0; i < count; ++i) {
    // Whole numbers and few scores: ties and equal overlaps.
    const double x = std::floor(rng.Uniform(0, 60)), y = std::floor(rng.Uniform(0, 60));
    boxes.push_back(
        {{x, y, x + 1 + std::floor(rng.Uniform(0, 30)), y + 1 + std::floor(rng.Uniform(0, 30))},
         std::floor(rng.Uniform(0, 20)) / 20,
         static_cast<int32_t>(rng.Uniform(0, 3))});
  }
  return boxes;
}

TEST(Nms, EqualsPlainLoops) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    const std::vector<ScoredBox> boxes = RandomBoxes(seed, static_cast<int>(1 + seed * 3));
    for (const bool agnostic : {false, true}) {
      for (const bool plus_one : {false, true}) {
        for (const double iou : {0.0, 0.3, 0.5, 1.0}) {
          NmsOptions options;
          options.iou = iou;
          options.agnostic = agnostic;
          options.plus_one = plus_one;
          EXPECT_EQ(SuppressNonMaxima(boxes, options), SuppressPlainly(boxes, options))
              << "seed " << seed << " iou " << iou << agnostic << plus_one;
        }
      }
    }
  }
}

TEST(Nms, AnOverlapOfExactlyTheThresholdStays) {
  // 10 x 10 and its half: 50 / 100.
  const std::vector<ScoredBox> boxes = {{{0, 0, 10, 10}, 0.9, 0}, {{0, 0, 10, 5}, 0.8, 0}};
  NmsOptions options;
  options.iou = 0.5;
  EXPECT_EQ(SuppressNonMaxima(boxes, options).size(), 2U);
  options.iou = 0.499;
  EXPECT_EQ(SuppressNonMaxima(boxes, options).size(), 1U);
  // With "+1" 11 x 6 of 11 x 11: 66 / 121 is more.
  options.iou = 0.5;
  options.plus_one = true;
  EXPECT_EQ(SuppressNonMaxima(boxes, options).size(), 1U);
}

TEST(Nms, OfEqualScoresTheEarlierStays) {
  const std::vector<ScoredBox> boxes = {{{1, 0, 11, 10}, 0.5, 0}, {{0, 0, 10, 10}, 0.5, 0}};
  const std::vector<ScoredBox> kept = SuppressNonMaxima(boxes, {});
  ASSERT_EQ(kept.size(), 1U);
  EXPECT_EQ(kept.front().box.left, 1);
}

TEST(Nms, SoftOnesLowerScores) {
  // IoU 50 / 100.
  const std::vector<ScoredBox> boxes = {{{0, 0, 10, 5}, 0.8, 0}, {{0, 0, 10, 10}, 0.9, 0}};
  NmsOptions options;
  options.iou = 0.3;
  options.kind = NmsKind::kLinear;
  std::vector<ScoredBox> kept = SuppressNonMaxima(boxes, options);
  ASSERT_EQ(kept.size(), 2U);
  EXPECT_DOUBLE_EQ(kept[0].score, 0.9);
  EXPECT_DOUBLE_EQ(kept[1].score, 0.4);
  options.least_score = 0.41;
  EXPECT_EQ(SuppressNonMaxima(boxes, options).size(), 1U);
  options.least_score = 0;
  options.kind = NmsKind::kGaussian;
  kept = SuppressNonMaxima(boxes, options);
  EXPECT_DOUBLE_EQ(kept[1].score, 0.8 * std::exp(-0.25 / 0.5));
}

TEST(Nms, WithoutItBoxesAreSorted) {
  NmsOptions options;
  options.enabled = false;
  const std::vector<ScoredBox> boxes = {{{0, 0, 1, 1}, 0.1, 0}, {{0, 0, 1, 1}, 0.3, 0}};
  const std::vector<ScoredBox> kept = SuppressNonMaxima(boxes, options);
  ASSERT_EQ(kept.size(), 2U);
  EXPECT_EQ(kept[0].score, 0.3);
}

}  // namespace
}  // namespace reidbench
