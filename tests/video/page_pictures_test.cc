#include "reidbench/video/page_pictures.h"

#include <gtest/gtest.h>

#include <string>

#include "reidbench/imaging/decode.h"
#include "reidbench/imaging/encode.h"
#include "support/temp_folder.h"

namespace reidbench {
namespace {

// Left half red, right half blue.
RgbImage Halves(int width, int height) {
  RgbImage image{.width = width, .height = height, .pixels = {}};
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const bool left = x < width / 2;
      image.pixels.insert(image.pixels.end(),
                          {uint8_t(left ? 250 : 5), uint8_t{10}, uint8_t(left ? 5 : 250)});
    }
  }
  return image;
}

void WriteFrame(const TempFolder& folder, const std::string& name) {
  const std::vector<uint8_t> png = EncodePng(Halves(100, 60));
  folder.Write(name, std::string(png.begin(), png.end()));
}

std::vector<uint8_t> FromBase64(const std::string& uri) {
  const std::string digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::vector<uint8_t> bytes;
  uint32_t group = 0;
  int bits = 0;
  for (const char c : uri.substr(uri.find(',') + 1)) {
    if (c == '=') break;
    group = (group << 6) | static_cast<uint32_t>(digits.find(c));
    bits += 6;
    if (bits >= 8) bytes.push_back(static_cast<uint8_t>(group >> (bits -= 8)));
  }
  return bytes;
}

TEST(PagePictures, UriHoldsTheJpeg) {
  for (const int width : {8, 9, 10}) {  // with 0, 1 and 2 bytes over in some of them
    const RgbImage image = Halves(width, 8);
    EXPECT_EQ(FromBase64(JpegDataUri(image, 80)), EncodeJpeg(image, 80)) << width;
  }
}

TEST(PagePictures, CutsASquareAroundTheBoxInsideTheFrame) {
  const TempFolder folder;
  WriteFrame(folder, "v/000001.png");
  const std::vector<Picture> pictures =
      CutPictures(folder.path() / "v",
                  {{.frame = 1, .box_px = {85, 10, 10, 20}, .margin = 2, .marked = true},
                   {.frame = 1, .box_px = {0, 0, 10, 20}, .margin = 1, .marked = false},
                   {.frame = 2, .box_px = {0, 0, 10, 20}, .margin = 1, .marked = true}},
                  32, 90);
  ASSERT_EQ(pictures.size(), 3u);
  // 40 px wide, so moved left to 60: the box starts 25 px into it.
  ASSERT_TRUE(pictures[0].box);
  EXPECT_EQ(*pictures[0].box, (std::array<double, 4>{0.625, 0.25, 0.25, 0.5}));
  RgbImage image;
  DecodeImage(FromBase64(pictures[0].uri), "right", ExifOrientation::kIgnore, &image);
  EXPECT_EQ(image.width, 32);
  EXPECT_GT(image.pixels[2], 200);  // blue
  DecodeImage(FromBase64(pictures[1].uri), "left", ExifOrientation::kIgnore, &image);
  EXPECT_GT(image.pixels[0], 200);  // red
  EXPECT_FALSE(pictures[1].box);
  EXPECT_TRUE(pictures[2].uri.empty());
  EXPECT_EQ(pictures[2].frame, 2);
}

}  // namespace
}  // namespace reidbench
