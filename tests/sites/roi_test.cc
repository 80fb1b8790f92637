#include "reidbench/sites/roi.h"

#include <gtest/gtest.h>

#include "support/temp_folder.h"

namespace reidbench {
namespace {

TEST(RoiMask, ExcludesPixelsThatAreNotWhite) {
  const TempFolder folder;
  // 2 x 2: white, 254 / black, white.
  const RoiMask mask =
      ReadRoiMask(folder.Write("m.pgm", std::string("P5\n2 2\n255\n\xff\xfe\0\xff", 15)));
  EXPECT_FALSE(mask.Excludes(0, 0));
  EXPECT_TRUE(mask.Excludes(1, 0));
  EXPECT_TRUE(mask.Excludes(0.9, 1.9));
  EXPECT_FALSE(mask.Excludes(1.2, 1.2));
  // Corners outside the picture are not asked.
  EXPECT_FALSE(mask.Excludes(-0.1, 1));
  EXPECT_FALSE(mask.Excludes(2, 0));
  EXPECT_FALSE(mask.Excludes(1e300, 0));
  EXPECT_FALSE(mask.ExcludesEverything());
  EXPECT_FALSE(mask.colour);
}

TEST(RoiMask, ColoursBecomeGrey) {
  const TempFolder folder;
  const RoiMask mask =
      ReadRoiMask(folder.Write("m.ppm", std::string("P6\n2 1\n255\n\xff\0\0\xff\xff\xff", 17)));
  EXPECT_TRUE(mask.colour);
  EXPECT_EQ(mask.grey[0], 76);  // 0.299 of red
  EXPECT_EQ(mask.grey[1], 255);
}

TEST(InPolygon, TakesTheEdge) {
  const std::vector<ImagePoint> square{{0, 0}, {10, 0}, {10, 10}, {0, 10}};
  EXPECT_TRUE(InPolygon(square, {5, 5}));
  EXPECT_TRUE(InPolygon(square, {10, 3}));
  EXPECT_TRUE(InPolygon(square, {0, 0}));
  EXPECT_FALSE(InPolygon(square, {10.5, 3}));
  EXPECT_FALSE(InPolygon(square, {-1, 0}));
  // A notch: the ray through its tip crosses twice.
  const std::vector<ImagePoint> notched{{0, 0}, {10, 0}, {5, 5}, {10, 10}, {0, 10}};
  EXPECT_TRUE(InPolygon(notched, {4, 5}));
  EXPECT_FALSE(InPolygon(notched, {9, 5}));
}

}  // namespace
}  // namespace reidbench
