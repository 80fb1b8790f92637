#include "reidbench/relinking/evidence.h"

#include <gtest/gtest.h>

#include "relinking/street.h"

namespace reidbench {
namespace {

AppearanceModel Calibrate(const Street& street) {
  const RelinkInput input = street.Input();
  const Observations seen = Observe(input);
  return CalibrateAppearance(input, seen, CutPieces(input, seen, {}, {}), {});
}

TEST(CalibrateAppearance, FavoursOnePersonWhenAlikeAndTwoWhenNot) {
  const AppearanceModel model = Calibrate(Street(1));
  EXPECT_TRUE(model.calibration.appearance_usable);
  EXPECT_GT(model.calibration.positive_pairs, 20);
  EXPECT_GT(model.calibration.negative_pairs, 100);
  EXPECT_GT(model.LogRatio(0.05, 1), 3);
  EXPECT_LT(model.LogRatio(0.9, 1), -3);
  EXPECT_NEAR(model.LogRatio(model.midpoint, 1), 0, 1e-12);
  // Less is seen, less is said.
  EXPECT_LT(model.LogRatio(0.05, 0.05), model.LogRatio(0.05, 1));
  EXPECT_EQ(model.LogRatio(0.05, 0), 0);
}

TEST(CalibrateAppearance, SaysNothingWhenEmbeddingsAreNoise) {
  Street street(2);
  street.ReplaceEmbeddingsByNoise();
  const AppearanceModel model = Calibrate(street);
  EXPECT_FALSE(model.calibration.appearance_usable);
  EXPECT_FALSE(model.calibration.note.empty());
  EXPECT_EQ(model.LogRatio(0.05, 1), 0);
}

class OnTheStreet : public ::testing::Test {
 protected:
  OnTheStreet() : model_(CalibrateMotion(Observe(Street(3).Input()))) {
    tail_.x = 500;
    tail_.foot = 400;
    tail_.height = 100;
    tail_.width = 40;
    tail_.velocity_x = 75;
    head_ = Predict(tail_, 0.4);
  }
  MotionModel model_;
  Motion tail_, head_;
};

TEST_F(OnTheStreet, PredictionErrorGrowsWithTime) {
  double last = 0;
  for (const double lag : {0.1, 0.4, 1.6, 6.4}) {
    EXPECT_GE(model_.At(lag).place, last);
    last = model_.At(lag).place;
  }
  EXPECT_GT(model_.At(6.4).place, model_.At(0.1).place);
}

TEST_F(OnTheStreet, WhereOneIsExpectedSpeaksForOnePerson) {
  double residual = -1;
  EXPECT_NEAR(model_.LogRatio(tail_, head_, &residual), model_.cap, 1e-9);
  EXPECT_LT(residual, 0.05);
  EXPECT_NEAR(model_.Leap(tail_, head_), 0, 0.1);
  Motion away = head_;
  away.x += 300;
  EXPECT_LT(model_.LogRatio(tail_, away), -3);
  EXPECT_GT(model_.Leap(tail_, away), 3);
}

TEST_F(OnTheStreet, NobodyFliesOrGrows) {
  EXPECT_TRUE(model_.Reachable(tail_, head_));
  Motion away = head_;
  away.x += 600;
  EXPECT_FALSE(model_.Reachable(tail_, away));
  away.time_s += 10;
  EXPECT_TRUE(model_.Reachable(tail_, away));
  Motion tall = head_;
  tall.height = 400;
  EXPECT_FALSE(model_.Reachable(tail_, tall));
}

TEST_F(OnTheStreet, LeavesThePictureAtItsBorders) {
  EXPECT_FALSE(model_.Leaves(tail_, 5));  // no image size known
  model_.image_width = 1280;
  model_.image_height = 720;
  EXPECT_FALSE(model_.Leaves(tail_, 5));
  Motion right = tail_;
  right.x = 1262;  // its box ends at the border
  EXPECT_TRUE(model_.Leaves(right, 5));
  EXPECT_FALSE(model_.Leaves(right, 0.5));  // too short an absence
  right.velocity_x = -75;                   // walks inwards
  EXPECT_FALSE(model_.Leaves(right, 5));
  Motion fast = tail_;
  fast.x = 1150;
  fast.velocity_x = 300;  // half a picture away, but gone within two seconds
  EXPECT_TRUE(model_.Leaves(fast, 5));
}

}  // namespace
}  // namespace reidbench
