#include "reidbench/training/augmentation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "reidbench/imaging/preprocess.h"

namespace reidbench {
namespace {

RgbImage Gradient(int width, int height) {
  RgbImage image{width, height, {}};
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      image.pixels.push_back(static_cast<uint8_t>(40 + 5 * x));
      image.pixels.push_back(static_cast<uint8_t>(30 + 3 * y));
      image.pixels.push_back(100);
    }
  }
  return image;
}

AugmentOptions Nothing() {
  AugmentOptions options;
  options.flip_probability = options.shift_probability = options.erase_probability = 0;
  options.brightness = options.contrast = 0;
  return options;
}

std::vector<float> Augmented(const RgbImage& image, const AugmentOptions& options, uint64_t seed) {
  Rng rng(seed);
  std::vector<float> hwc(image.pixels.size());
  Augment(image, options, &rng, hwc);
  return hwc;
}

TEST(Augmentation, WithNothingOnItIsThePreprocessing) {
  const RgbImage image = Gradient(16, 32);
  PreprocessOptions preprocess;
  preprocess.width = 16;
  preprocess.height = 32;
  std::vector<float> chw(image.pixels.size());
  Preprocessor(preprocess).Run(image, chw.data());
  const std::vector<float> hwc = Augmented(image, Nothing(), 1);
  for (size_t i = 0; i < hwc.size(); ++i)
    EXPECT_NEAR(hwc[i], chw[i % 3 * 16 * 32 + i / 3], 2e-6) << i;
}

TEST(Augmentation, FlipSwapsLeftAndRight) {
  AugmentOptions options = Nothing();
  options.flip_probability = 1;
  const RgbImage image = Gradient(16, 8);
  const std::vector<float> plain = Augmented(image, Nothing(), 1);
  const std::vector<float> flipped = Augmented(image, options, 1);
  for (size_t y = 0; y < 8; ++y) {
    for (size_t x = 0; x < 16; ++x)
      EXPECT_EQ(flipped[3 * (y * 16 + x)], plain[3 * (y * 16 + 15 - x)]);
  }
}

TEST(Augmentation, ShiftMovesAndFillsWithTheMean) {
  AugmentOptions options = Nothing();
  options.shift_probability = 1;
  options.shift_extent = 0.25;
  const RgbImage image = Gradient(16, 32);
  const std::vector<float> plain = Augmented(image, Nothing(), 1);
  int moved = 0;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const std::vector<float> shifted = Augmented(image, options, seed);
    bool found = false;
    for (int dy = -8; dy <= 8 && !found; ++dy) {
      for (int dx = -4; dx <= 4 && !found; ++dx) {
        bool equal = true;
        for (int y = 0; y < 32 && equal; ++y) {
          for (int x = 0; x < 16 && equal; ++x) {
            const int from_x = x + dx;
            const int from_y = y + dy;
            const bool inside = from_x >= 0 && from_x < 16 && from_y >= 0 && from_y < 32;
            for (int c = 0; c < 3; ++c) {
              const float expected =
                  inside ? plain[static_cast<size_t>(3 * (from_y * 16 + from_x) + c)] : 0.0f;
              if (std::abs(shifted[static_cast<size_t>(3 * (y * 16 + x) + c)] - expected) > 1e-5)
                equal = false;
            }
          }
        }
        found = equal;
        if (equal && (dx != 0 || dy != 0)) ++moved;
      }
    }
    EXPECT_TRUE(found) << seed;
  }
  EXPECT_GT(moved, 15);
}

TEST(Augmentation, ErasesARectangleOfTheGivenSize) {
  AugmentOptions options = Nothing();
  options.erase_probability = 1;
  options.erase_area_low = 0.1;
  options.erase_area_high = 0.3;
  // No pixel of this picture is near the mean by itself.
  RgbImage image{32, 64, std::vector<uint8_t>(3 * 32 * 64, 250)};
  for (uint64_t seed = 0; seed < 50; ++seed) {
    const std::vector<float> hwc = Augmented(image, options, seed);
    int left = 32, right = -1, top = 64, bottom = -1, erased = 0;
    for (int y = 0; y < 64; ++y) {
      for (int x = 0; x < 32; ++x) {
        if (hwc[static_cast<size_t>(3 * (y * 32 + x))] != 0) continue;
        ++erased;
        left = std::min(left, x);
        right = std::max(right, x);
        top = std::min(top, y);
        bottom = std::max(bottom, y);
      }
    }
    EXPECT_EQ(erased, (right - left + 1) * (bottom - top + 1)) << seed;
    EXPECT_GE(erased, 0.08 * 32 * 64) << seed;
    EXPECT_LE(erased, 0.33 * 32 * 64) << seed;
  }
}

TEST(Augmentation, JitterStaysWithinItsLimits) {
  AugmentOptions options = Nothing();
  options.brightness = 0.2;
  const RgbImage image{8, 8, std::vector<uint8_t>(3 * 64, 100)};
  const PreprocessOptions torchreid;
  double lowest = 255;
  double highest = 0;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const std::vector<float> hwc = Augmented(image, options, seed);
    const double value = 255 * (hwc[0] * torchreid.std[0] + torchreid.mean[0]);
    lowest = std::min(lowest, value);
    highest = std::max(highest, value);
  }
  EXPECT_GE(lowest, 80 - 1e-3);
  EXPECT_LT(lowest, 84);
  EXPECT_LE(highest, 120 + 1e-3);
  EXPECT_GT(highest, 116);
}

TEST(Augmentation, TheSameStreamGivesTheSamePixels) {
  AugmentOptions options;
  options.saturation = options.white_balance = 0.3;
  options.degrade_probability = 0.5;
  const RgbImage image = Gradient(16, 32);
  EXPECT_EQ(Augmented(image, options, 5), Augmented(image, options, 5));
  EXPECT_NE(Augmented(image, options, 5), Augmented(image, options, 6));
}

TEST(Augmentation, ValidateNamesEveryViolation) {
  AugmentOptions options;
  EXPECT_TRUE(options.Validate().empty());
  options.flip_probability = 1.5;
  options.erase_area_high = 0.01;
  options.brightness = std::nan("");
  EXPECT_THAT(options.Validate(),
              testing::ElementsAre(testing::HasSubstr("flip probability is 1.5"),
                                   testing::HasSubstr("highest erased area is 0.01"),
                                   testing::HasSubstr("brightness is nan")));
}

}  // namespace
}  // namespace reidbench
