#include "reidbench/imaging/resize_linear.h"

#include <gtest/gtest.h>

#include <opencv2/imgproc.hpp>

#include "reidbench/core/random.h"

namespace reidbench {
namespace {

RgbImage NoisyImage(int width, int height) {
  Rng rng(static_cast<uint64_t>(width * 1000 + height));
  RgbImage image{width, height, {}};
  for (int i = 0; i < 3 * width * height; ++i)
    image.pixels.push_back(static_cast<uint8_t>(rng.Uniform(0, 256)));
  return image;
}

TEST(ResizeLinear, EqualsOpenCvByteForByte) {
  for (const auto& [w, h, to_w, to_h] : std::vector<std::array<int, 4>>{{192, 108, 86, 48},
                                                                        {192, 108, 96, 54},
                                                                        {192, 108, 64, 36},
                                                                        {64, 48, 200, 131},
                                                                        {31, 17, 31, 40},
                                                                        {5, 7, 1, 1},
                                                                        {1, 1, 9, 4},
                                                                        {2, 3, 7, 5},
                                                                        {100, 80, 50, 79}}) {
    const RgbImage in = NoisyImage(w, h);
    RgbImage out;
    ResizeLikeOpenCv(in, to_w, to_h, &out);
    const cv::Mat from(h, w, CV_8UC3, const_cast<uint8_t*>(in.pixels.data()));
    cv::Mat expected;
    cv::resize(from, expected, {to_w, to_h}, 0, 0, cv::INTER_LINEAR);
    ASSERT_EQ(out.pixels.size(), expected.total() * 3);
    for (int y = 0; y < to_h; ++y) {
      for (int x = 0; x < 3 * to_w; ++x) {
        ASSERT_EQ(out.Row(y)[x], expected.ptr(y)[x])
            << w << "x" << h << " to " << to_w << "x" << to_h << " at " << x << "," << y;
      }
    }
  }
}

TEST(ResizeLinear, TheSameSizeIsACopy) {
  const RgbImage in = NoisyImage(13, 9);
  RgbImage out;
  ResizeLikeOpenCv(in, 13, 9, &out);
  EXPECT_EQ(out.pixels, in.pixels);
}

}  // namespace
}  // namespace reidbench
