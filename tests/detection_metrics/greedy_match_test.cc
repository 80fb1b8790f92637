#include "reidbench/detection_metrics/greedy_match.h"

#include <gtest/gtest.h>

#include "detection_metrics/hand_pictures.h"

namespace reidbench {
namespace {

const BoxLtwh kLeft{0, 0, 10, 10}, kRight{100, 0, 10, 10};

std::vector<MatchOutcome> Outcomes(const DetectionPicture& picture, MatchDialect dialect) {
  std::vector<MatchOutcome> out;
  for (const GreedyMatch& match : MatchGreedily(picture, dialect)) out.push_back(match.outcome);
  return out;
}
using Outcome = std::vector<MatchOutcome>;
constexpr auto kFalse = MatchOutcome::kFalse;
constexpr auto kMatched = MatchOutcome::kMatched;
constexpr auto kForgiven = MatchOutcome::kForgiven;

// An IoU of 0.5 exactly: Caltech's rule is >=, CrowdHuman's >.
TEST(GreedyMatch, DialectsDifferAtTheThreshold) {
  const DetectionPicture picture = MakePicture({Person(kLeft)}, {{{0, 0, 10, 5}, 0.9}});
  EXPECT_EQ(Outcomes(picture, MatchDialect::kCaltech), Outcome{kMatched});
  EXPECT_EQ(Outcomes(picture, MatchDialect::kCrowdHuman), Outcome{kFalse});
}

// Half of the detection in the region.
TEST(GreedyMatch, DialectsDifferAtTheThresholdOfRegions) {
  const DetectionPicture picture = MakePicture({Region({0, 0, 50, 50})}, {{{45, 0, 10, 10}, 0.9}});
  EXPECT_EQ(Outcomes(picture, MatchDialect::kCaltech), Outcome{kForgiven});
  EXPECT_EQ(Outcomes(picture, MatchDialect::kCrowdHuman), Outcome{kFalse});
}

TEST(GreedyMatch, TheBestScoreChoosesFirst) {
  const DetectionPicture picture =
      MakePicture({Person(kLeft)}, {{{0, 0, 10, 9}, 0.2}, {{0, 0, 10, 6}, 0.9}});
  for (const MatchDialect dialect : {MatchDialect::kCaltech, MatchDialect::kCrowdHuman}) {
    const std::vector<GreedyMatch> matches = MatchGreedily(picture, dialect);
    EXPECT_EQ(matches[0].detection, 1);
    EXPECT_EQ(matches[0].outcome, kMatched);
    EXPECT_EQ(matches[1].outcome, kFalse);
  }
}

// The first overlaps two people equally; who is left decides about the second.
TEST(GreedyMatch, OfEqualOverlapsCaltechTakesTheLaterAndCrowdHumanTheEarlier) {
  const DetectionPicture picture = MakePicture({Person({0, 0, 10, 10}), Person({2, 0, 10, 10})},
                                               {{{1, 0, 10, 10}, 0.9}, {{0, 0, 10, 10}, 0.8}});
  EXPECT_EQ(MatchGreedily(picture, MatchDialect::kCaltech)[0].truth, 1);
  EXPECT_EQ(MatchGreedily(picture, MatchDialect::kCaltech)[1].truth, 0);
  EXPECT_EQ(MatchGreedily(picture, MatchDialect::kCrowdHuman)[0].truth, 0);
  EXPECT_EQ(MatchGreedily(picture, MatchDialect::kCrowdHuman)[1].truth, 1);
}

TEST(GreedyMatch, RegionsForgiveAnyNumberAndPeopleComeFirst) {
  const DetectionPicture picture =
      MakePicture({Region({0, 0, 200, 50}), Person(kLeft)},
                  {{{0, 0, 10, 6}, 0.9}, {kRight, 0.8}, {kRight, 0.7}, {{300, 0, 10, 10}, 0.6}});
  for (const MatchDialect dialect : {MatchDialect::kCaltech, MatchDialect::kCrowdHuman})
    EXPECT_EQ(Outcomes(picture, dialect), (Outcome{kMatched, kForgiven, kForgiven, kFalse}));
}

TEST(GreedyMatch, WhatIsForgivenDoesNotCount) {
  const DetectionPicture picture =
      MakePicture({Region({0, 0, 200, 50}), Person(kLeft)}, {{kLeft, 0.9}, {kRight, 0.8}});
  ScoredMatches sum;
  AddMatches(picture, MatchGreedily(picture, MatchDialect::kCaltech), &sum);
  AddMatches(MakePicture({}, {}), {}, &sum);
  EXPECT_EQ(sum.truth, 1);
  EXPECT_EQ(sum.pictures, 2);
  ASSERT_EQ(sum.rows.size(), 1u);
  EXPECT_TRUE(sum.rows[0].is_match);
}

TEST(GreedyMatch, PoolingKeepsEqualScoresInOrder) {
  const ScoredMatches a{{{0.5, false}}, 1, 1}, b{{{0.9, true}, {0.5, true}}, 2, 3};
  const std::vector<const ScoredMatches*> parts = {&a, &b};
  const ScoredMatches pooled = PoolMatches(parts);
  EXPECT_EQ(pooled.truth, 3);
  EXPECT_EQ(pooled.pictures, 4);
  ASSERT_EQ(pooled.rows.size(), 3u);
  EXPECT_EQ(pooled.rows[0].score, 0.9);
  EXPECT_FALSE(pooled.rows[1].is_match);
  EXPECT_TRUE(pooled.rows[2].is_match);
}

// Outside the picture both are the same sliver.
TEST(GreedyMatch, CrowdHumanClipsToThePicture) {
  DetectionPicture picture = MakePicture({Person({-90, 0, 100, 10})}, {{{-10, 0, 20, 10}, 0.9}});
  EXPECT_EQ(Outcomes(picture, MatchDialect::kCrowdHuman), Outcome{kFalse});
  picture.width = 100;
  picture.height = 100;
  EXPECT_EQ(Outcomes(picture, MatchDialect::kCrowdHuman), Outcome{kMatched});
  EXPECT_EQ(Outcomes(picture, MatchDialect::kCaltech), Outcome{kFalse});
}

}  // namespace
}  // namespace reidbench
