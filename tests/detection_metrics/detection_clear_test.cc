#include "reidbench/detection_metrics/detection_clear.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "detection_metrics/hand_pictures.h"

namespace reidbench {
namespace {

struct Counted {
  ClearDetectionCounts counts;
  RecallTables tables;
};
Counted CountClear(const std::vector<DetectionPicture>& pictures) {
  Counted out;
  DetectionAssigner assigner;
  for (const DetectionPicture& picture : pictures)
    CountClear(picture, &assigner, &out.counts, &out.tables);
  return out;
}

TEST(DetectionClear, ByHand) {
  // A found with IoU 0.8, B missed, one on nobody; then a picture with nobody and a box.
  const ClearDetectionCounts c =
      CountClear({MakePicture({Person(kA), Person(kB)}, {{{0, 0, 40, 80}, 0.1}, {kC, 0.9}}),
                  MakePicture({}, {{kC, 0.5}})})
          .counts;
  EXPECT_EQ(c.tp, 1);
  EXPECT_EQ(c.fp, 2);
  EXPECT_EQ(c.fn, 1);
  EXPECT_EQ(c.truth(), 2);
  EXPECT_EQ(c.pictures, 2);
  EXPECT_DOUBLE_EQ(*c.recall(), 1.0 / 2);
  EXPECT_DOUBLE_EQ(*c.precision(), 1.0 / 3);
  EXPECT_DOUBLE_EQ(*c.f1(), 2.0 / 5);
  EXPECT_DOUBLE_EQ(*c.moda(), 1 - 3.0 / 2);  // below 0
  EXPECT_DOUBLE_EQ(*c.modp(), 0.8);
  EXPECT_DOUBLE_EQ(*c.false_per_picture(), 1);
}

TEST(DetectionClear, IsUndefinedWhereThereIsNothingToDivideBy) {
  const ClearDetectionCounts c = CountClear({MakePicture({}, {{kC, 0.5}})}).counts;
  EXPECT_EQ(c.moda(), std::nullopt);
  EXPECT_EQ(c.recall(), std::nullopt);
  EXPECT_EQ(c.modp(), std::nullopt);
  EXPECT_EQ(c.precision(), 0);
  EXPECT_EQ(ClearDetectionCounts().precision(), std::nullopt);
  EXPECT_EQ(ClearDetectionCounts().false_per_picture(), std::nullopt);
}

// By score the better detection would take the person between, and leave the other without one.
TEST(DetectionClear, MatchesAllAtOnceNotByScore) {
  const BoxLtwh left{0, 0, 10, 10}, right{4, 0, 10, 10};
  const DetectionPicture picture =
      MakePicture({Person(left), Person(right)}, {{{1, 0, 10, 10}, 0.9}, {{-3, 0, 10, 10}, 0.2}});
  // IoU: with the left one 9/11 and 7/13; with the right one 7/13 and 3/17.
  const ClearDetectionCounts c = CountClear({picture}).counts;
  EXPECT_EQ(c.tp, 2);
  EXPECT_DOUBLE_EQ(c.overlap_sum, 7.0 / 13 + 7.0 / 13);
}

// 0.49999999999999994, whose distance from 1 is 0.5 in doubles.
TEST(DetectionClear, ThresholdsAreOfDistances) {
  const ClearDetectionCounts c =
      CountClear({MakePicture({Person({34.3, 32.5, 6.5, 8.2})}, {{{34.3, 32.5, 6.5, 4.1}, 0.9}})})
          .counts;
  EXPECT_EQ(c.tp, 1);
  EXPECT_LT(c.overlap_sum, 0.5);
  EXPECT_EQ(CountClear({MakePicture({Person(kA)}, {{{0, 0, 40, 49.999}, 0.9}})}).counts.tp, 0);
}

TEST(DetectionClear, RegionsForgiveWhatIsOnNobody) {
  const ClearDetectionCounts c =
      CountClear({MakePicture({Person(kA), Region({200, 0, 300, 100})},
                              {{kA, 0.9}, {kB, 0.8}, {kC, 0.7}, {{480, 0, 41, 100}, 0.6}})})
          .counts;
  EXPECT_EQ(c.tp, 1);
  EXPECT_EQ(c.fp, 1);  // the last lies in it by 20 of 41
  EXPECT_EQ(c.truth(), 1);
}

TEST(DetectionClear, TablesSayWhoIsFound) {
  TruthBox hidden = Person({0, 0, 20, 49});
  hidden.visibility = 0.1F;
  TruthBox half = Person({10, 0, 20, 49});  // IoU with the first 1/3
  half.visibility = 0.5F;
  TruthBox large = Person({500, 0, 100, 400});
  large.visibility = 1;
  const RecallTables t =
      CountClear({MakePicture({hidden, half, large, Person(kB)}, {{half.box, 0.5}, {kB, 0.5}})})
          .tables;
  EXPECT_EQ(t.height[0].truth, 2);
  EXPECT_EQ(t.height[0].found, 1);
  EXPECT_EQ(t.height[2].truth, 1);  // 100 px
  EXPECT_EQ(t.height[2].found, 1);
  EXPECT_EQ(t.height[4].truth, 1);
  EXPECT_EQ(t.height[4].found, 0);
  EXPECT_EQ(t.visibility[0].truth, 1);
  EXPECT_EQ(t.visibility[2].found, 1);
  EXPECT_EQ(t.visibility[4].truth, 1);
  EXPECT_EQ(t.crowding[0].truth, 2);
  EXPECT_EQ(t.crowding[2].truth, 2);
  EXPECT_EQ(t.crowding[2].found, 1);
}

}  // namespace
}  // namespace reidbench
