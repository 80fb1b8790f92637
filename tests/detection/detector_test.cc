#include "reidbench/detection/detector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "detection/tiny_detectors.h"
#include "reidbench/core/error.h"
#include "reidbench/core/parallel.h"
#include "support/expect_error.h"
#include "support/temp_folder.h"

namespace reidbench {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

// Red, green and blue of every pixel differ: 204 / 255 = 0.8 of the first.
RgbImage PlainPicture(int width, int height) {
  RgbImage picture{width, height, {}};
  for (int i = 0; i < width * height; ++i)
    picture.pixels.insert(picture.pixels.end(), {204, 51, 1});
  return picture;
}

struct DetectorCase {
  std::string preset;  // that is recognised
  std::vector<TinyOutput> outputs;
  double score = 0.8;
  TinyOptions options = {};
};

// In all of them the person is at 16, 8 to 32, 40 of the input.
const std::vector<float> kCentreForm = {24, 24, 16, 32};
const std::vector<float> kCornerForm = {16, 8, 32, 40};
const std::vector<float> kCornerShares = {0.25F, 0.125F, 0.5F, 0.625F};
const std::vector<float> kCentreShares = {0.375F, 0.375F, 0.25F, 0.5F};

std::vector<TinyOutput> RawLevels(const std::string& scores, const std::string& sides, bool maps) {
  std::vector<TinyOutput> outputs;
  for (const int64_t stride : {8, 16, 32}) {
    const int64_t across = kTinySide / stride, cells = across * across;
    const std::string at = std::to_string(stride);
    TinyTable score = maps ? TinyTable(scores + at, {1, 1, across, across}, -9)
                           : TinyTable(scores + at, {1, cells, 1});
    TinyTable side = maps ? TinyTable(sides + at, {1, 4, across, across}, 1)
                          : TinyTable(sides + at, {1, cells, 32});
    if (stride == 8 && maps) {  // cell 27 is at 24, 24
      score.Set(27, {0}).Score(27);
      side.Set(27, {8, 16, 8, 16}, 64);
    } else if (stride == 8) {  // cell 26 is at 19.5, 27.5 with strides of 8: 0.4375, ...
      score.Score(26);
      side.Set(26 * 32 + 0, {0});
    }
    outputs.push_back(score);
    outputs.push_back(side);
  }
  return outputs;
}

std::vector<DetectorCase> DetectorCases() {
  constexpr size_t kAnchors = 3 * kTinyCells;
  const auto rows = [](int64_t count, int64_t columns) {
    return TinyTable("output", {1, count, columns});
  };
  std::vector<DetectorCase> cases;
  cases.push_back({"yolox", {TinyYolox()}, 1 - 0});
  // YOLOX's pixels are not scaled: 1 is blue, the first channel of its order.
  cases.push_back(
      {"yolov5", {rows(kAnchors, 7).Set(7 * 5, kCentreForm).Set(7 * 5 + 4, {1}).Score(7 * 5 + 5)}});
  cases.push_back({"yolov8",
                   {TinyTable("output0", {1, 6, kTinyCells})
                        .Set(7, kCentreForm, kTinyCells)
                        .Score(4 * kTinyCells + 7)}});
  cases.push_back({"yolov10", {rows(300, 6).Set(6 * 3, kCornerForm).Score(6 * 3 + 4)}});
  cases.push_back(
      {"rtdetr_ultralytics", {rows(300, 7).Set(7 * 3, kCentreShares).Score(7 * 3 + 4)}});
  cases.push_back({"detection_output",
                   {TinyTable("out", {1, 1, 200, 7}, -1)
                        .Set(0, {0, 1, 0, 0.25F, 0.125F, 0.5F, 0.625F})
                        .Score(2)},
                   1});
  cases.push_back({"rtdetr",
                   {TinyTable("labels", {1, 300}, 1).Set(2, {0}),
                    TinyTable("boxes", {1, 300, 4}).Set(8, {32, 16, 64, 80}),
                    TinyTable("scores", {1, 300}).Score(2)},
                   0.8,
                   {"orig_target_sizes"}});
  cases.push_back({"rtmdet",
                   {TinyTable("boxes", {1, 40, 4}).Set(8, kCornerForm).Set(12, {17, 9, 32, 40}),
                    TinyTable("scores", {1, 1, 40}).Set(2, {0.75F}).Set(3, {0.5F})},
                   0.75,
                   {"", true}});
  return cases;
}

class DetectorLayouts : public ::testing::TestWithParam<DetectorCase> {};

TEST_P(DetectorLayouts, IsRecognisedAndFindsItsPerson) {
  const DetectorCase& tested = GetParam();
  const TempFolder folder;
  DetectorOptions options;
  options.weights = folder.Write("tiny.onnx", TinyDetector(tested.outputs, tested.options));
  options.engine = "reference";
  const Detector detector(options);
  EXPECT_THAT(detector.recognised(), StartsWith(tested.preset + ":"));
  EXPECT_EQ(detector.description().name, tested.preset);
  DecodeSigns signs;
  const std::vector<Detection> found = detector.Detect(PlainPicture(128, 128), &signs);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_NEAR(found.front().box_px.left, 32, 1e-4);
  EXPECT_NEAR(found.front().box_px.top, 16, 1e-4);
  EXPECT_NEAR(found.front().box_px.width, 32, 1e-4);
  EXPECT_NEAR(found.front().box_px.height, 64, 1e-4);
  EXPECT_NEAR(found.front().score, tested.score, 1e-6);
  EXPECT_EQ(signs.pictures, 1);

  options.engine = "onednn";
  try {
    DecodeSigns others;
    const std::vector<Detection> fast = Detector(options).Detect(PlainPicture(128, 128), &others);
    ASSERT_EQ(fast.size(), 1U);
    EXPECT_NEAR(fast.front().box_px.left, 32, 1e-4);
    EXPECT_NEAR(fast.front().score, tested.score, 1e-6);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage) << error.what();  // a build without oneDNN
  }
}

INSTANTIATE_TEST_SUITE_P(All, DetectorLayouts, ::testing::ValuesIn(DetectorCases()),
                         [](const auto& tested) { return tested.param.preset; });

DetectorOptions TinyFile(const TempFolder& folder, const std::vector<TinyOutput>& outputs,
                         const std::string& config = "", const TinyOptions& more = {}) {
  DetectorOptions options;
  options.weights = folder.Write("tiny.onnx", TinyDetector(outputs, more));
  options.engine = "reference";
  options.config = config;
  return options;
}

TEST(Detector, MapsOfLevels) {
  const TempFolder folder;
  // (204 - 123.675) / 58.395 for the third channel, red; the first is blue, 1.
  const double logit = (1 - 103.53) / 57.375;
  DetectorOptions options = TinyFile(folder, RawLevels("y", "z", true));
  const Detector detector(options);
  EXPECT_THAT(detector.recognised(), StartsWith("rtmdet_raw:"));
  DecodeSigns signs;
  const std::vector<Detection> found = detector.Detect(PlainPicture(128, 128), &signs);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found.front().box_px, (BoxLtwh{32, 16, 32, 64}));
  EXPECT_NEAR(found.front().score, 1 / (1 + std::exp(-logit)), 1e-5);
}

TEST(Detector, NanoDetsNamesAndBinsAreRecognised) {
  const TempFolder folder;
  const Detector detector(
      TinyFile(folder, RawLevels("cls_pred_stride_", "dis_pred_stride_", false)));
  EXPECT_THAT(detector.recognised(), StartsWith("nanodet:"));
  EXPECT_EQ(detector.description().output.box_names.front(), "dis_pred_stride_8");
  const Detector plus(TinyFile(folder, {TinyTable("output", {1, 85, 33})}));
  EXPECT_THAT(plus.recognised(), StartsWith("nanodet_plus:"));
}

TEST(Detector, ADetrIsBoundByNameNotByOrder) {
  const TempFolder folder;
  const TinyTable boxes = TinyTable("dets", {1, 300, 4}).Set(4, kCentreShares);
  const TinyTable logits = TinyTable("labels", {1, 300, 4}, -9).Set(4 + 1, {2});
  for (const bool turned : {false, true}) {
    const Detector detector(TinyFile(folder, turned ? std::vector<TinyOutput>{logits, boxes}
                                                    : std::vector<TinyOutput>{boxes, logits}));
    EXPECT_THAT(detector.recognised(), StartsWith("rfdetr:"));
    DecodeSigns signs;
    const std::vector<Detection> found = detector.Detect(PlainPicture(128, 128), &signs);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found.front().box_px, (BoxLtwh{32, 16, 32, 64}));
    EXPECT_NEAR(found.front().score, 1 / (1 + std::exp(-2.0)), 1e-6);
  }
}

TEST(Detector, TheExporterSaysWhichClassPeopleAre) {
  const TempFolder folder;
  TinyOptions more;
  more.metadata = {{"author", "Ultralytics"}, {"names", "{0: 'car', 1: 'person', 2: 'dog'}"}};
  const Detector detector(TinyFile(folder, {TinyTable("output0", {1, 7, kTinyCells})}, "", more));
  EXPECT_EQ(detector.description().output.person, std::vector<int>{1});
  EXPECT_THAT(detector.recognised(), HasSubstr("calls class 1 person"));
}

TEST(Detector, AConfigurationDecidesOverWhatIsRecognised) {
  const TempFolder folder;
  const auto config = folder
                          .Write("mine.yaml",
                                 "preset: yolox\ninput: {color: rgb, scale: 0.00390625}\n"
                                 "output: {person: [0]}\n")
                          .string();
  const Detector detector(TinyFile(folder, {TinyYolox()}, config));
  DecodeSigns signs;
  const std::vector<Detection> found = detector.Detect(PlainPicture(128, 128), &signs);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_NEAR(found.front().score, 204 / 256.0, 1e-6);
  EXPECT_THAT(MessageOf(ErrorKind::kConfig,
                        [&] { Detector wrong(TinyFile(folder, {TinyYolox()}, "nanodet_plus")); }),
              AllOf(HasSubstr("expected 85 rows"), HasSubstr("'output' [1, 84, 6]")));
}

TEST(Detector, BoxesEndAtTheBorderAndNobodyIsOutside) {
  const TempFolder folder;
  const TinyTable rows = TinyTable("output", {1, 300, 6})
                             .Set(0, {-8, 8, 32, 80, 0.5F, 0})
                             .Set(6, {-30, -30, -10, -10, 0.75F, 0});
  DetectorOptions options = TinyFile(folder, {rows});
  DecodeSigns signs;
  std::vector<Detection> found = Detector(options).Detect(PlainPicture(128, 128), &signs);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found.front().box_px, (BoxLtwh{0, 16, 64, 112}));
  options.config = folder.Write("free.yaml", "preset: yolov10\noutput: {clip: false}\n");
  found = Detector(options).Detect(PlainPicture(128, 128), &signs);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found.front().box_px, (BoxLtwh{-16, 16, 80, 144}));
}

TEST(Detector, WhatIsNoDetectorIsRefusedWithItsOutputs) {
  const TempFolder folder;
  EXPECT_THAT(MessageOf(ErrorKind::kConfig,
                        [&] {
                          Detector none(TinyFile(folder, {TinyTable("embedding", {1, 512})}));
                        }),
              AllOf(HasSubstr("tiny.onnx"), HasSubstr("'embedding' [1, 512]"),
                    HasSubstr("--detector-config")));
  DetectorOptions torch;
  torch.weights = folder.Write("no.onnx", "no network");
  EXPECT_THROW(Detector none(torch), Error);
  EXPECT_THAT(
      MessageOf(ErrorKind::kConfig,
                [&] { Detector none(TinyFile(folder, {TinyYolox()}, "", {"orig_target_sizes"})); }),
      HasSubstr("input.size_input"));
}

TEST(Detector, ThreadsDoNotChangeWhatIsFound) {
  const TempFolder folder;
  const Detector detector(TinyFile(folder, {TinyTable("output0", {1, 6, kTinyCells})
                                                .Set(7, kCentreForm, kTinyCells)
                                                .Score(4 * kTinyCells + 7)}));
  std::vector<std::vector<Detection>> found(8);
  ParallelFor(8, [&](int64_t i) {
    DecodeSigns signs;
    found[static_cast<size_t>(i)] =
        detector.Detect(PlainPicture(100 + 10 * static_cast<int>(i % 2), 90), &signs);
  });
  EXPECT_EQ(found[0].size(), 1U);
  EXPECT_NE(found[0], found[1]) << "the padding counts";
  for (size_t i = 2; i < found.size(); ++i) EXPECT_EQ(found[i], found[i % 2]);
}

}  // namespace
}  // namespace reidbench
