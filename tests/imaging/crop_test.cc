#include "reidbench/imaging/crop.h"

#include <gtest/gtest.h>

#include <limits>

#include "golden_images.h"

namespace reidbench {
namespace {

TEST(CropRect, TruncatesCornersNotSizes) {
  // Right = 10.6 + 5.6 = 16.2 -> 16, not 10 + 5.
  EXPECT_EQ(CropRect({10.6, 20.2, 5.6, 8.9}, 100, 100), (PixelRect{10, 20, 16, 29}));
  EXPECT_EQ(CropRect({0, 0, 100, 50}, 100, 50), (PixelRect{0, 0, 100, 50}));
}

TEST(CropRect, ClipsToTheImage) {
  EXPECT_EQ(CropRect({-5.5, -0.5, 10, 10}, 100, 80), (PixelRect{0, 0, 4, 9}));
  EXPECT_EQ(CropRect({95, 70, 10, 20}, 100, 80), (PixelRect{95, 70, 100, 80}));
  EXPECT_EQ(CropRect({-1e300, -1e300, 2e300, 2e300}, 100, 80), (PixelRect{0, 0, 100, 80}));
}

TEST(CropRect, NothingLeft) {
  EXPECT_EQ(CropRect({10, 10, 0, 5}, 100, 80), std::nullopt);
  EXPECT_EQ(CropRect({10.1, 10, 0.8, 5}, 100, 80), std::nullopt);  // within one column
  EXPECT_EQ(CropRect({10.9, 10, 0.2, 5}, 100, 80), (PixelRect{10, 10, 11, 15}));
  EXPECT_EQ(CropRect({10, 10, -5, 5}, 100, 80), std::nullopt);
  EXPECT_EQ(CropRect({100, 10, 5, 5}, 100, 80), std::nullopt);
  EXPECT_EQ(CropRect({-10, 10, 10.9, 5}, 100, 80), std::nullopt);  // right = 0.9 -> 0
  EXPECT_EQ(CropRect({0, 0, 10, 10}, 0, 0), std::nullopt);
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  constexpr double kInf = std::numeric_limits<double>::infinity();
  EXPECT_EQ(CropRect({kNan, 0, 10, 10}, 100, 80), std::nullopt);
  EXPECT_EQ(CropRect({0, 0, 10, kInf}, 100, 80), std::nullopt);
  EXPECT_EQ(CropRect({-kInf, 0, kInf, 10}, 100, 80), std::nullopt);
}

TEST(CropImage, CopiesThePixels) {
  const RgbImage image = RandomImage(30, 20, 4);
  RgbImage crop = RandomImage(50, 50, 5);
  ASSERT_TRUE(CropImage(image, {3.7, -2, 7, 8.5}, &crop));
  ASSERT_EQ(crop.width, 7);   // 3 .. 10
  ASSERT_EQ(crop.height, 6);  // 0 .. 6
  ASSERT_EQ(crop.pixels.size(), 3U * 7 * 6);
  for (int y = 0; y < crop.height; ++y) {
    for (int x = 0; x < 3 * crop.width; ++x) ASSERT_EQ(crop.Row(y)[x], image.Row(y)[9 + x]);
  }
}

TEST(CropImage, EmptyResultIsExplicit) {
  RgbImage crop = RandomImage(5, 5, 5);
  EXPECT_FALSE(CropImage(RandomImage(30, 20, 4), {40, 0, 5, 5}, &crop));
  EXPECT_EQ(crop.width, 0);
  EXPECT_EQ(crop.height, 0);
  EXPECT_TRUE(crop.pixels.empty());
}

}  // namespace
}  // namespace reidbench
