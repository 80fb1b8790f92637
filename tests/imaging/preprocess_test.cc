#include "reidbench/imaging/preprocess.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "golden_images.h"
#include "reidbench/core/error.h"
#include "support/expect_error.h"

namespace reidbench {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<float> RunOnce(const PreprocessOptions& options, const RgbImage& image) {
  std::vector<float> chw(size_t{3} * options.height * options.width);
  Preprocessor(options).Run(image, chw.data());
  return chw;
}

class GoldenPreprocess : public testing::TestWithParam<GoldenImage> {};

TEST_P(GoldenPreprocess, IsPillowsTorchvisionsAndFastReidsBitForBit) {
  const RgbImage image =
      DecodeImageFile(GoldenImagePath(GetParam().name), ExifOrientation::kIgnore);
  RgbImage resized;
  ResizeLikePillow(image, 128, 256, ResizeFilter::kBilinear, &resized);
  EXPECT_EQ(HashOf(resized.pixels), GetParam().bilinear8);
  ResizeLikePillow(image, 128, 256, ResizeFilter::kBicubic, &resized);
  EXPECT_EQ(HashOf(resized.pixels), GetParam().bicubic8);
  EXPECT_EQ(HashOf(RunOnce(PreprocessPreset("torchreid"), image)), GetParam().chw);
  const PreprocessOptions fastreid = PreprocessPreset("fastreid");
  const RgbImage upright = DecodeImageFile(GoldenImagePath(GetParam().name), fastreid.exif);
  EXPECT_EQ(HashOf(RunOnce(fastreid, upright)), GetParam().chw_fastreid);
}

INSTANTIATE_TEST_SUITE_P(All, GoldenPreprocess, testing::ValuesIn(ReadGoldenImages()),
                         GoldenTestName);

TEST(Preprocessor, LayoutAndValuesByHand) {
  PreprocessOptions options;
  options.height = 1;
  options.width = 2;
  options.mean = {0.5f, 0.0f, 1.0f};
  options.std = {0.5f, 1.0f, 2.0f};
  RgbImage image;
  image.width = 2;
  image.height = 1;
  image.pixels = {0, 51, 255, 255, 0, 0};
  // Red plane, green plane, blue plane.
  EXPECT_THAT(RunOnce(options, image), ElementsAre(-1.0f, 1.0f, 51.0f / 255.0f, 0.0f, 0.0f, -0.5f));
  options.scale_to_unit = false;
  EXPECT_THAT(RunOnce(options, image), ElementsAre(-1.0f, 1.0f, 51.0f / 255.0f, 0.0f, 0.0f, -0.5f));
}

TEST(Preprocessor, ReuseDoesNotChangeResults) {
  const PreprocessOptions options = PreprocessPreset("fastreid");
  Preprocessor preprocessor(options);
  const int sizes[][2] = {{64, 128}, {300, 70}, {1, 1}, {128, 256}, {64, 128}, {129, 255}};
  std::vector<float> chw(size_t{3} * options.height * options.width);
  for (const auto& size : sizes) {
    const RgbImage image = RandomImage(size[0], size[1], 9);
    preprocessor.Run(image, chw.data());
    EXPECT_EQ(chw, RunOnce(options, image));
  }
}

TEST(PreprocessPreset, Fields) {
  const PreprocessOptions torchreid = PreprocessPreset("torchreid");
  EXPECT_EQ(torchreid.Describe(),
            "256x128 pillow-bilinear exif=ignore mean=0.485,0.456,0.406 std=0.229,0.224,0.225 "
            "(x/255-mean)/std");
  const PreprocessOptions fastreid = PreprocessPreset("fastreid");
  EXPECT_EQ(fastreid.Describe(),
            "256x128 pillow-bicubic exif=apply mean=0.485,0.456,0.406 std=0.229,0.224,0.225 "
            "(x-255*mean)/(255*std)");
  EXPECT_EQ(fastreid.preset, "fastreid");
  for (const std::string& name : PreprocessPresetNames()) {
    EXPECT_THAT(PreprocessPreset(name).Validate(), IsEmpty());
    EXPECT_EQ(PreprocessPreset(name).EffectivePreset(), name);
  }
}

TEST(PreprocessPreset, UnknownNameSuggests) {
  EXPECT_THAT(MessageOf(ErrorKind::kUsage, [&] { PreprocessPreset("torchried"); }),
              HasSubstr("torchreid"));
}

TEST(PreprocessOptions, DescribeTellsEveryFieldApart) {
  std::vector<std::string> lines = {PreprocessOptions().Describe()};
  const auto add = [&](auto change) {
    PreprocessOptions options;
    change(options);
    lines.push_back(options.Describe());
    EXPECT_EQ(options.EffectivePreset(), "custom");
  };
  add([](auto& o) { o.height = 384; });
  add([](auto& o) { o.width = 129; });
  add([](auto& o) { o.filter = ResizeFilter::kBicubic; });
  add([](auto& o) { o.exif = ExifOrientation::kApply; });
  add([](auto& o) { o.scale_to_unit = false; });
  for (size_t c = 0; c < 3; ++c) {
    add([&](auto& o) { o.mean[c] = std::nextafter(o.mean[c], 1.0f); });
    add([&](auto& o) { o.std[c] = std::nextafter(o.std[c], 1.0f); });
  }
  std::sort(lines.begin(), lines.end());
  EXPECT_EQ(std::adjacent_find(lines.begin(), lines.end()), lines.end());
  PreprocessOptions renamed;
  renamed.preset = "custom";
  EXPECT_EQ(renamed.Describe(), PreprocessOptions().Describe());
}

TEST(PreprocessOptions, ValidateListsEveryViolation) {
  PreprocessOptions options;
  options.height = 0;
  options.width = 9000;
  options.mean[1] = std::numeric_limits<float>::quiet_NaN();
  options.mean[2] = 104.0f;
  options.std = {0.0f, 0.2f, std::numeric_limits<float>::infinity()};
  EXPECT_THAT(
      options.Validate(),
      ElementsAre("height: must be 1..8192 px, is 0", "width: must be 1..8192 px, is 9000",
                  "std[R]: must be a finite number above 0, is 0",
                  "mean[G]: must be a finite number, is nan",
                  "mean[B]: must be in -1..1 where 1 is full white, is 104; divide it by 255",
                  "std[B]: must be a finite number above 0, is inf"));
  EXPECT_THAT(MessageOf(ErrorKind::kConfig, [&] { Preprocessor preprocessor(options); }),
              testing::AllOf(HasSubstr("height: must be"), HasSubstr("std[B]: must be")));
}

}  // namespace
}  // namespace reidbench
