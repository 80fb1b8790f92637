#include "reidbench/detection/recognition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "detection/tiny_detectors.h"
#include "reidbench/core/error.h"
#include "support/expect_error.h"

namespace reidbench {
namespace {

using testing::HasSubstr;

Checkpoint ParsedModel(const std::string& model) {
  return ParseCheckpoint({reinterpret_cast<const uint8_t*>(model.data()), model.size()}, "t.onnx");
}

TEST(Recognition, SuppressionInTheFileIsCutOffBeforeTheChoiceOfTheBest) {
  OnnxWriter writer;
  writer.Input("images", {1, 3, 64, 64});
  writer.Integers("k", {5});
  writer.Integers("most", {100});
  writer.Floats("iou", {1}, {0.6F});
  writer.Floats("least", {1}, {0.0625F});
  writer.Node("Sigmoid", {"images"}, "all_scores");
  writer.Node("Sigmoid", {"images"}, "all_boxes");
  writer.Node("ReduceMax", {"all_scores"}, "best");
  writer.Node("TopK", {"best", "k"}, std::vector<std::string>{"values", "index"}, {});
  writer.Node("Gather", {"all_boxes", "index"}, "chosen");
  writer.Node("Reshape", {"chosen", "k"}, "boxes");
  writer.Node("Gather", {"all_scores", "index"}, "chosen_scores");
  writer.Node("Transpose", {"chosen_scores"}, "scores");
  writer.Node("NonMaxSuppression", {"boxes", "scores", "most", "iou", "least"}, "kept");
  writer.Output("kept", {0, 3});
  const std::string model = writer.Model();
  const GraphHints hints = LookAtGraph(ParsedModel(model));
  EXPECT_EQ(hints.nms_boxes, "all_boxes");
  EXPECT_EQ(hints.nms_scores, "all_scores");
  EXPECT_FLOAT_EQ(static_cast<float>(hints.nms_iou), 0.6F);
  EXPECT_DOUBLE_EQ(hints.nms_score, 0.0625);
  EXPECT_EQ(hints.nms_max, 100);
  EXPECT_EQ(hints.width, 64);

  // And behind it the best 20 of all classes, or as many as there are.
  writer.Integers("keep", {}, {20});
  writer.Node("Less", {"keep", "n"}, "fewer");
  writer.Node("Where", {"fewer", "keep", "n"}, "number");
  writer.Node("Reshape", {"number", "one"}, "numbers");
  writer.Node("TopK", {"kept", "numbers"}, std::vector<std::string>{"a", "b"}, {});
  EXPECT_EQ(LookAtGraph(ParsedModel(writer.Model())).nms_max, 20);
}

TEST(Recognition, WhatTheExporterSays) {
  TinyOptions options;
  options.metadata = {{"author", "Ultralytics"},
                      {"imgsz", "[384, 640]"},
                      {"names", "{0: 'bicycle', 12: 'person'}"}};
  GraphHints hints = LookAtGraph(ParsedModel(TinyDetector({TinyYolox()}, options)));
  EXPECT_EQ(hints.person, 12);
  EXPECT_EQ(hints.height, 64) << "the file's own size is what counts";
  options.metadata = {{"names", "{\"0\": \"person\"}"}};
  EXPECT_EQ(LookAtGraph(ParsedModel(TinyDetector({TinyYolox()}, options))).person, 0);
  options.metadata = {{"names", "{0: 'persons'}"}};
  EXPECT_EQ(LookAtGraph(ParsedModel(TinyDetector({TinyYolox()}, options))).person, -1);
}

TEST(Recognition, RowsOfCornersAreNotTakenForAGrid) {
  GraphHints hints;
  const std::vector<OutputShape> rows = {{"output", {1, 84, 6}}};
  EXPECT_EQ(RecogniseDetector(hints, rows, 64, 64).description.name, "yolox");
  hints.has_exponential = true;
  EXPECT_EQ(RecogniseDetector(hints, rows, 64, 64).description.output.layout, OutputLayout::kRows);
  hints.ends_in_corners = true;
  EXPECT_EQ(RecogniseDetector(hints, rows, 64, 64).description.name, "person_detection_0201");
  EXPECT_EQ(RecogniseDetector(hints, {{"output", {1, 999, 5}}}, 64, 64).description.name,
            "person_detection_0203");
}

TEST(Recognition, DetsAndLabelsAreOfTwoKinds) {
  EXPECT_EQ(RecogniseDetector({}, {{"dets", {1, 300, 4}}, {"labels", {1, 300, 91}}}, 64, 64)
                .description.name,
            "rfdetr");
  EXPECT_EQ(RecogniseDetector({}, {{"dets", {1, 100, 5}}, {"labels", {1, 100}}}, 64, 64)
                .description.output.layout,
            OutputLayout::kFinished);
}

TEST(Recognition, OthersAreRefused) {
  EXPECT_THAT(MessageOf(ErrorKind::kConfig,
                        [] {
                          RecogniseDetector({}, {{"y", {1, 1000}}}, 224, 224);
                        }),
              HasSubstr("'y' [1, 1000] are of no detector"));
}

}  // namespace
}  // namespace reidbench
