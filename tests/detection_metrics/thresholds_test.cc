#include "reidbench/detection_metrics/thresholds.h"

#include <gtest/gtest.h>

namespace reidbench {
namespace {

ScoredMatches Matches(std::vector<ScoredMatch> rows, int64_t truth) {
  ScoredMatches out;
  out.rows = std::move(rows);
  out.truth = truth;
  out.pictures = 1;
  return out;
}

std::optional<BestThreshold> Best(const std::vector<ScoredMatches>& parts, ThresholdGoal goal) {
  std::vector<const ScoredMatches*> pointers;
  for (const ScoredMatches& part : parts) pointers.push_back(&part);
  return FindBestThreshold(pointers, goal);
}

// Four people. F1 behind each row: 2/5, 4/6, 4/7, 6/8, 6/9; MODA: 1/4, 2/4, 1/4, 2/4, 1/4.
TEST(Thresholds, BestByHand) {
  const std::vector<ScoredMatches> parts = {
      Matches({{0.9, true}, {0.8, true}, {0.7, false}, {0.6, true}, {0.5, false}}, 4)};
  const auto f1 = Best(parts, ThresholdGoal::kF1);
  EXPECT_EQ(f1->threshold, 0.6);
  EXPECT_DOUBLE_EQ(f1->value, 6.0 / 8);
  EXPECT_EQ(f1->held_out, std::nullopt);
  const auto moda = Best(parts, ThresholdGoal::kModa);
  EXPECT_EQ(moda->threshold, 0.8);  // of equal ones the higher
  EXPECT_DOUBLE_EQ(moda->value, 2.0 / 4);
}

// Nobody can cut between equal scores, though it would be better here.
TEST(Thresholds, EqualScoresStayTogether) {
  const auto best = Best({Matches({{0.9, true}, {0.8, true}, {0.8, false}, {0.8, false}}, 2)},
                         ThresholdGoal::kModa);
  EXPECT_EQ(best->threshold, 0.9);
  EXPECT_DOUBLE_EQ(best->value, 1.0 / 2);
}

// The first video's scores are higher: what is best for the second lets all false ones of the first
// through, and the other way round all of the second is lost.
TEST(Thresholds, HeldOutIsWhatTheOthersChose) {
  const std::vector<ScoredMatches> parts = {Matches({{0.9, true}, {0.7, false}}, 1),
                                            Matches({{0.6, true}, {0.3, false}}, 1)};
  const auto moda = Best(parts, ThresholdGoal::kModa);
  // On both: 0.9 gives 1/2, 0.6 gives (2 - 1) / 2.
  EXPECT_EQ(moda->threshold, 0.9);
  EXPECT_DOUBLE_EQ(moda->value, 0.5);
  // The first is cut at 0.6 (one of each), the second at 0.9 (nothing): (1 - 1) / 2.
  EXPECT_DOUBLE_EQ(*moda->held_out, 0);
  const auto f1 = Best(parts, ThresholdGoal::kF1);
  EXPECT_DOUBLE_EQ(f1->value, 4.0 / 5);
  EXPECT_DOUBLE_EQ(*f1->held_out, 2.0 / 4);
}

TEST(Thresholds, NothingToChooseBy) {
  EXPECT_EQ(Best({Matches({}, 3)}, ThresholdGoal::kF1), std::nullopt);
  EXPECT_EQ(Best({Matches({{0.5, false}}, 0)}, ThresholdGoal::kF1), std::nullopt);
  // The other video has nobody.
  const auto best = Best({Matches({{0.5, true}}, 1), Matches({}, 0)}, ThresholdGoal::kF1);
  EXPECT_DOUBLE_EQ(best->value, 1);
  EXPECT_EQ(best->held_out, std::nullopt);
}

TEST(Thresholds, CurveHasPointsThatCanBeCutAt) {
  const std::vector<CurvePoint> curve =
      PrecisionRecallCurve(Matches({{0.9, true}, {0.8, false}, {0.8, true}, {0.5, false}}, 4));
  ASSERT_EQ(curve.size(), 3u);
  EXPECT_EQ(curve[0].score, 0.9);
  EXPECT_DOUBLE_EQ(curve[0].recall, 0.25);
  EXPECT_DOUBLE_EQ(curve[0].precision, 1);
  EXPECT_EQ(curve[1].score, 0.8);
  EXPECT_DOUBLE_EQ(curve[1].recall, 0.5);
  EXPECT_DOUBLE_EQ(curve[1].precision, 2.0 / 3);
  EXPECT_DOUBLE_EQ(curve[2].precision, 0.5);  // the last one
  EXPECT_TRUE(PrecisionRecallCurve(Matches({{0.9, false}}, 0)).empty());
}

}  // namespace
}  // namespace reidbench
