#include "reidbench/imaging/encode.h"

#include <gtest/gtest.h>

#include <cmath>

#include "golden_images.h"
#include "reidbench/core/error.h"
#include "reidbench/imaging/decode.h"
#include "support/expect_error.h"

namespace reidbench {
namespace {

RgbImage Decoded(const std::vector<uint8_t>& bytes) {
  RgbImage image;
  DecodeImage(bytes, "encoded", ExifOrientation::kApply, &image);
  return image;
}

// A slope in each channel: what JPEG keeps well.
RgbImage SmoothImage(int width, int height) {
  RgbImage image = RandomImage(width, height, 0);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      uint8_t* pixel = image.Row(y) + 3 * x;
      pixel[0] = static_cast<uint8_t>(255 * x / width);
      pixel[1] = static_cast<uint8_t>(255 * y / height);
      pixel[2] = 128;
    }
  }
  return image;
}

double MeanDifference(const RgbImage& a, const RgbImage& b) {
  EXPECT_EQ(a.width, b.width);
  EXPECT_EQ(a.height, b.height);
  double sum = 0;
  for (size_t i = 0; i < a.pixels.size(); ++i) sum += std::abs(a.pixels[i] - b.pixels[i]);
  return sum / static_cast<double>(a.pixels.size());
}

TEST(EncodePng, KeepsEveryPixel) {
  for (const int compression : {0, 1, 6, 9}) {
    for (const auto& size : {std::pair(1, 1), std::pair(37, 91), std::pair(500, 3)}) {
      const RgbImage image = RandomImage(size.first, size.second, 3);
      const RgbImage back = Decoded(EncodePng(image, compression));
      EXPECT_EQ(back.width, image.width);
      EXPECT_EQ(back.height, image.height);
      EXPECT_EQ(back.pixels, image.pixels);
    }
  }
}

TEST(EncodeJpeg, IsCloseAndQualityMatters) {
  const RgbImage image = SmoothImage(61, 127);
  EXPECT_LT(MeanDifference(Decoded(EncodeJpeg(image, 95)), image), 1.5);
  EXPECT_LT(MeanDifference(Decoded(EncodeJpeg(image, 100, ChromaSampling::k444)), image), 0.8);
  EXPECT_LT(EncodeJpeg(image, 30).size(), EncodeJpeg(image, 95).size());
  EXPECT_LT(EncodeJpeg(image, 95).size(), EncodeJpeg(image, 95, ChromaSampling::k444).size());
}

TEST(Encode, TheSameBytesEachTime) {
  const RgbImage image = RandomImage(64, 128, 8);
  EXPECT_EQ(EncodeJpeg(image, 90), EncodeJpeg(image, 90));
  EXPECT_EQ(EncodePng(image), EncodePng(image));
}

void ExpectUsageError(const std::function<void()>& call, const std::string& message) {
  EXPECT_EQ(MessageOf(ErrorKind::kUsage, call), message);
}

TEST(Encode, RefusesWhatCannotBeWritten) {
  const RgbImage image = RandomImage(2, 2, 8);
  ExpectUsageError([&] { EncodeJpeg(image, 0); }, "JPEG quality must be 1..100, is 0");
  ExpectUsageError([&] { EncodeJpeg(image, 101); }, "JPEG quality must be 1..100, is 101");
  ExpectUsageError([&] { EncodePng(image, 10); }, "PNG compression must be 0..9, is 10");
  ExpectUsageError([&] { EncodePng({}); },
                   "cannot write an image of 0 x 0 px as PNG: each side must be 1..1000000 px");
  const RgbImage wide = RandomImage(65501, 1, 8);
  ExpectUsageError([&] { EncodeJpeg(wide, 90); },
                   "cannot write an image of 65501 x 1 px as JPEG: each side must be 1..65500 px");
}

}  // namespace
}  // namespace reidbench
