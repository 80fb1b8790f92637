#include "reidbench/tracking/observations.h"

#include <gtest/gtest.h>

#include <numbers>

#include "tracking/scenes.h"

namespace reidbench {
namespace {

BoxCorners SquareAt(double x) { return CornersOf({x, 0, 10, 10}); }

TEST(DirectionAgreement, FromHalfToMinusHalf) {
  const Direction right{1, 0};
  EXPECT_NEAR(DirectionAgreement(right, {1, 0}), 0.5, 1e-12);
  EXPECT_NEAR(DirectionAgreement(right, {0, 1}), 0, 1e-12);
  EXPECT_NEAR(DirectionAgreement(right, {-1, 0}), -0.5, 1e-12);
  // Sums of directions are longer than 1: their product is cut off there.
  EXPECT_NEAR(DirectionAgreement({3, 0}, {0.5, 0}), 0.5, 1e-12);
}

TEST(ObservedBoxes, PreviousIsTheOldestOfTheLastFrames) {
  ObservedBoxes seen(3);
  EXPECT_EQ(seen.Previous(5), nullptr);
  for (int64_t age = 1; age <= 5; ++age) seen.Add(age, SquareAt(static_cast<double>(age)));
  EXPECT_EQ(seen.Previous(6)->age, 3);
  EXPECT_EQ(seen.Previous(7)->age, 4);
  EXPECT_EQ(seen.Previous(50)->age, 5);  // the last of all
  EXPECT_EQ(seen.At(6, 1)->age, 5);
  EXPECT_EQ(seen.At(6, 3)->age, 3);
  EXPECT_EQ(seen.At(8, 1), nullptr);
}

TEST(ObservedBoxes, TheNewestMovesTwiceWhileItIsNew) {
  for (const bool twice : {true, false}) {
    ObservedBoxes seen(3);
    seen.Add(1, SquareAt(0));
    seen.Add(2, SquareAt(100));
    const auto left = [&](int64_t age) { return seen.Previous(age)->box.left; };
    seen.Move(Shifted(5, 0), 2, twice);
    EXPECT_EQ(seen.At(3, 2)->box.left, 5);  // an older one moves once
    EXPECT_EQ(seen.last().box.left, twice ? 110 : 105);
    EXPECT_EQ(seen.At(3, 1)->box.left, seen.last().box.left);
    for (const int64_t age : {3, 4, 5}) seen.Move(Shifted(5, 0), age, twice);
    EXPECT_EQ(seen.last().box.left, twice ? 140 : 120);  // up to age 2 + 3
    seen.Move(Shifted(5, 0), 6, twice);
    EXPECT_EQ(seen.last().box.left, twice ? 145 : 125);
    EXPECT_EQ(left(9), seen.last().box.left);
  }
}

TEST(AreaRatioModel, TheWayOverAGapIsLinearInWidthAndHeight) {
  const auto from = AreaRatioModel::Measure(CornersOf({0, 0, 10, 20}));
  const auto to = AreaRatioModel::Measure(CornersOf({40, 0, 30, 60}));
  const auto half = AreaRatioModel::Between(from, to, 4, 2);
  EXPECT_NEAR(half.center_x, 30, 1e-9);
  EXPECT_NEAR(half.area, 20 * 40, 1e-3);
  EXPECT_NEAR(half.ratio, 0.5, 1e-6);
}

TEST(ScoredAreaModel, TheScoreGoesAlong) {
  const ScoredAreaModel::Measured from{AreaRatioModel::Measure(SquareAt(0)), 0.9};
  const ScoredAreaModel::Measured to{AreaRatioModel::Measure(SquareAt(10)), 0.5};
  EXPECT_NEAR(ScoredAreaModel::Between(from, to, 4, 1).score, 0.8, 1e-12);
  ScoredAreaModel model(from);
  for (int i = 0; i < 10; ++i) {
    model.Predict(false);
    model.Update({AreaRatioModel::Measure(SquareAt(0)), 0.7});
  }
  EXPECT_NEAR(model.score.Score(), 0.7, 0.03);
}

// Seen at 0 and 4, lost for 3 frames, seen at 20: the filter ends at 20 with the speed of the way.
template <typename Model>
void ExpectReRun(const Model& start) {
  ObservedFilter<Model> filter(start);
  filter.Predict();
  filter.Update(Model::Measure(SquareAt(4)), 0);
  for (int i = 0; i < 3; ++i) {
    filter.Predict();
    filter.Miss();
  }
  filter.Predict();
  filter.Update(Model::Measure(SquareAt(20)), 4);
  EXPECT_NEAR(filter.model().Box().left, 20, 1);
  filter.Predict();
  EXPECT_NEAR(filter.model().Box().left, 24, 1);
}

TEST(ObservedFilter, IsRunAgainOverAGap) {
  ExpectReRun(AreaRatioModel(AreaRatioModel::Measure(SquareAt(0))));
  ExpectReRun(SizeModel(SizeModel::Measure(SquareAt(0)), true));
  ExpectReRun(SizeModel(SizeModel::Measure(SquareAt(0)), false));
}

TEST(ObservedFilter, MovesWithTheCameraWhileLost) {
  for (const bool moved : {true, false}) {
    ObservedFilter<AreaRatioModel> filter(AreaRatioModel(AreaRatioModel::Measure(SquareAt(0))));
    for (int i = 0; i < 5; ++i) {
      filter.Predict();
      filter.Update(AreaRatioModel::Measure(SquareAt(0)), 1);
    }
    for (int i = 0; i < 3; ++i) {
      if (moved) filter.Move(Shifted(10, 0));
      filter.Predict();
      filter.Miss();
    }
    filter.Predict();
    // Nobody walked: the whole way is the camera's.
    filter.Update(AreaRatioModel::Measure(SquareAt(30)), 4);
    filter.Predict();
    EXPECT_EQ(filter.model().Box().left < 31, moved);
  }
}

}  // namespace
}  // namespace reidbench
