#include "reidbench/detection_metrics/error_kinds.h"

#include <gtest/gtest.h>

#include "detection_metrics/hand_pictures.h"

namespace reidbench {
namespace {

ErrorCounts CountKinds(const DetectionPicture& picture) {
  ErrorCounts counts;
  CountErrors(picture, MatchGreedily(picture, MatchDialect::kCaltech), &counts);
  return counts;
}

const ErrorShare& Of(const std::vector<ErrorShare>& shares, DetectionError error) {
  for (const ErrorShare& share : shares) {
    if (share.error == error) return share;
  }
  throw std::out_of_range("no such kind");
}

// A is found twice, B badly, C not at all; one box is on nobody.
DetectionPicture OneOfEach() {
  return MakePicture({Person(kA), Person(kB), Person(kC)},
                     {{kA, 0.9},
                      {{0, 0, 40, 90}, 0.8},       // a duplicate
                      {{200, 0, 40, 40}, 0.7},     // IoU 0.4 with B
                      {{900, 0, 40, 100}, 0.6}});  // background
}

TEST(ErrorKinds, EachErrorHasOneKind) {
  const ErrorCounts counts = CountKinds(OneOfEach());
  ASSERT_EQ(counts.rows.size(), 4u);
  EXPECT_EQ(counts.rows[0].error, DetectionError::kNone);
  EXPECT_EQ(counts.rows[1].error, DetectionError::kDuplicate);
  EXPECT_EQ(counts.rows[2].error, DetectionError::kLocalisation);
  EXPECT_TRUE(counts.rows[2].would_match);
  EXPECT_EQ(counts.rows[3].error, DetectionError::kBackground);
  EXPECT_EQ(counts.truth, 3);
  EXPECT_EQ(counts.missed, 1);      // C
  EXPECT_EQ(counts.mislocated, 1);  // B
  const ErrorCounts* part = &counts;
  const std::vector<ErrorShare> shares = SummarizeErrors({&part, 1});
  for (const DetectionError error : kDetectionErrors) {
    EXPECT_EQ(Of(shares, error).count, 1) << DetectionErrorName(error);
    EXPECT_EQ(Of(shares, error).share, 0.25);
  }
}

// AP50 is 34/101 (recalls 0 to 0.33). Mended localisation makes the third row a match: precisions
// 1, 1/2, 2/3, of 34 and of 33 recalls. Who is missed is not asked for: 51 of 101 recalls.
TEST(ErrorKinds, SayWhatMendingThemWouldWin) {
  const ErrorCounts counts = CountKinds(OneOfEach());
  const ErrorCounts* part = &counts;
  const std::vector<ErrorShare> shares = SummarizeErrors({&part, 1});
  EXPECT_NEAR(*Of(shares, DetectionError::kLocalisation).ap50, 33 * (2.0 / 3) / 101, 1e-12);
  EXPECT_NEAR(*Of(shares, DetectionError::kMissed).ap50, (51.0 - 34) / 101, 1e-12);
  EXPECT_NEAR(*Of(shares, DetectionError::kDuplicate).ap50, 0, 1e-12);  // it comes after the match
  EXPECT_NEAR(*Of(shares, DetectionError::kBackground).ap50, 0, 1e-12);
}

// The limits: IoU 0.5 is a match (or a duplicate), 0.1 is about somebody.
TEST(ErrorKinds, LimitsBelongToTheBetterKind) {
  const ErrorCounts counts = CountKinds(
      MakePicture({Person(kA)},
                  {{kA, 0.9}, {{0, 0, 40, 50}, 0.8}, {{0, 0, 40, 10}, 0.7}, {{0, 0, 40, 9}, 0.6}}));
  EXPECT_EQ(counts.rows[1].error, DetectionError::kDuplicate);
  EXPECT_EQ(counts.rows[2].error, DetectionError::kLocalisation);
  EXPECT_FALSE(counts.rows[2].would_match);  // A is found
  EXPECT_EQ(counts.rows[3].error, DetectionError::kBackground);
}

TEST(ErrorKinds, OnlyTheBestBadlyPlacedBoxWouldMatch) {
  const ErrorCounts counts =
      CountKinds(MakePicture({Person(kA)}, {{{0, 0, 40, 40}, 0.9}, {{0, 0, 40, 45}, 0.8}}));
  EXPECT_TRUE(counts.rows[0].would_match);
  EXPECT_FALSE(counts.rows[1].would_match);
  EXPECT_EQ(counts.missed, 0);
  EXPECT_EQ(counts.mislocated, 1);
}

TEST(ErrorKinds, RegionsAreNobody) {
  const ErrorCounts counts =
      CountKinds(MakePicture({Region({0, 0, 100, 100})}, {{kA, 0.9}, {{90, 0, 40, 100}, 0.8}}));
  ASSERT_EQ(counts.rows.size(), 1u);
  EXPECT_EQ(counts.rows[0].error, DetectionError::kBackground);
  EXPECT_EQ(counts.truth, 0);
  const ErrorCounts* part = &counts;
  EXPECT_EQ(Of(SummarizeErrors({&part, 1}), DetectionError::kBackground).ap50, std::nullopt);
}

TEST(ErrorKinds, WithoutErrorsThereAreNoShares) {
  const ErrorCounts counts = CountKinds(MakePicture({Person(kA)}, {{kA, 0.9}}));
  const ErrorCounts* part = &counts;
  EXPECT_EQ(Of(SummarizeErrors({&part, 1}), DetectionError::kMissed).share, std::nullopt);
}

}  // namespace
}  // namespace reidbench
