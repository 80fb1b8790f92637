#include "reidbench/detection_metrics/overlap.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "detection_metrics/hand_pictures.h"

namespace reidbench {
namespace {

using ::testing::ElementsAre;

TEST(Overlap, IsTheShareOfTheUnionAndInRegionsOfTheDetection) {
  EXPECT_EQ(OverlapOf({5, 0, 10, 10}, Person({0, 0, 10, 10})), 50.0 / 150.0);
  EXPECT_EQ(OverlapOf({5, 0, 10, 10}, Region({0, 0, 100, 100})), 1);
  EXPECT_EQ(OverlapOf({95, 0, 10, 10}, Region({0, 0, 100, 100})), 0.5);
  EXPECT_EQ(OverlapOf({10, 0, 10, 10}, Person({0, 0, 10, 10})), 0);  // touching
  EXPECT_EQ(OverlapOf({0, 0, 0, 10}, Person({0, 0, 0, 10})), 0);
}

// Corners would be rounded: the devkit's IoU of these is 0.49999999999999994
// (matching/iou_test.cc).
TEST(Overlap, TakesAreasFromWidthAndHeight) {
  EXPECT_NE(OverlapOf({34.3, 32.5, 6.5, 4.1}, Person({34.3, 32.5, 6.5, 8.2})), 0.5);
  EXPECT_DOUBLE_EQ(OverlapOf({34.3, 32.5, 6.5, 4.1}, Person({34.3, 32.5, 6.5, 8.2})), 0.5);
}

TEST(Overlap, EqualScoresStayInTheOrderOfTheFile) {
  const std::vector<DetectedBox> detections = {{{}, 0.5}, {{}, 0.9}, {{}, 0.5}, {{}, 0.9}};
  EXPECT_THAT(ByScore(detections), ElementsAre(1, 3, 0, 2));
}

TEST(Overlap, CrowdHumanClipsTheFirstCornerToTheLastPixel) {
  DetectionPicture picture;
  picture.width = 100;
  picture.height = 50;
  const ClippedBox in = ClipToPicture({-10, -10, 200, 200}, picture);
  EXPECT_EQ(in.left, 0);
  EXPECT_EQ(in.top, 0);
  EXPECT_EQ(in.right, 100);
  EXPECT_EQ(in.bottom, 50);
  const ClippedBox out = ClipToPicture({120, 60, 10, 10}, picture);
  EXPECT_EQ(out.left, 99);
  EXPECT_EQ(out.top, 49);
  EXPECT_EQ(out.right, 100);
  picture.width = 0;  // not known
  EXPECT_EQ(ClipToPicture({-10, -10, 200, 200}, picture).left, -10);
}

}  // namespace
}  // namespace reidbench
