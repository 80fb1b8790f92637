#include "reidbench/detection/frame_input.h"

#include <gtest/gtest.h>

#include <vector>

namespace reidbench {
namespace {

DetectorInput InputOf(int width, int height) {
  DetectorInput input;
  input.width = width;
  input.height = height;
  return input;
}

TEST(FrameInput, ALetterboxIsCentredWithTheOddPixelBehind) {
  // 1920 x 1081 into 640 x 640: a third; 360.33 rounds to 360, 280 above.
  DetectorInput input = InputOf(640, 640);
  FramePlacement place = PlaceFrame(1920, 1081, input);
  EXPECT_EQ(place.width, 640);
  EXPECT_EQ(place.height, 360);
  EXPECT_EQ(place.left, 0);
  EXPECT_EQ(place.top, 140);
  // 637 x 640: 3 columns are left, one before and two behind.
  place = PlaceFrame(637, 640, input);
  EXPECT_EQ(place.left, 1);
  EXPECT_EQ(place.scale_x, 1);
  const BoxLtwh box = place.ToPicture({11, 5, 21, 45});
  EXPECT_EQ(box, (BoxLtwh{10, 5, 10, 40}));
}

TEST(FrameInput, SidesAreRoundedOrCutOff) {
  // 1000 x 667 into 416: 277.47; 500 x 334 into 417: 278.56.
  DetectorInput input = InputOf(417, 417);
  input.align = Alignment::kTopLeft;
  input.round = SizeRounding::kFloor;
  EXPECT_EQ(PlaceFrame(500, 334, input).height, 278);
  input.round = SizeRounding::kRound;
  EXPECT_EQ(PlaceFrame(500, 334, input).height, 279);
  EXPECT_EQ(PlaceFrame(500, 334, input).top, 0);
  // Boxes go back by the ratio, not by the rounded side.
  EXPECT_DOUBLE_EQ(PlaceFrame(500, 334, input).ToPicture({0, 0, 417, 417}).height, 500);
}

TEST(FrameInput, StretchingHasTwoScales) {
  DetectorInput input = InputOf(864, 480);
  input.fit = FrameFit::kStretch;
  const FramePlacement place = PlaceFrame(1920, 1080, input);
  const BoxLtwh box = place.ToPicture({432, 240, 864, 480});
  EXPECT_DOUBLE_EQ(box.left, 960);
  EXPECT_DOUBLE_EQ(box.top, 540);
  EXPECT_DOUBLE_EQ(box.width, 960);
  EXPECT_DOUBLE_EQ(box.height, 540);
}

TEST(FrameInput, PixelsArePlanesInTheirOrderWithPadding) {
  const RgbImage picture{2, 1, {10, 20, 30, 40, 50, 60}};
  DetectorInput input = InputOf(2, 2);
  input.align = Alignment::kTopLeft;
  input.pad = 100;
  input.scale = 0.5;
  input.mean = {1, 2, 3};
  input.std = {1, 2, 4};
  input.color = ColorOrder::kBgr;
  RgbImage scratch;
  std::vector<float> chw(12);
  FillInput(picture, PlaceFrame(2, 1, input), input, &scratch, chw.data());
  // Blue first: (value / 2 - mean) / std, and 100 / 2 = 50 below.
  EXPECT_EQ(chw, (std::vector<float>{14, 29, 49, 49, 4, 11.5, 24, 24, 0.5, 4.25, 11.75, 11.75}));
}

}  // namespace
}  // namespace reidbench
