#include "reidbench/detection/output_decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "reidbench/core/error.h"
#include "support/expect_error.h"

namespace reidbench {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

// An input of 64 x 32 pixels: 8 x 4 cells of 8, 4 x 2 of 16, 2 x 1 of 32.
DetectorDescription Small(OutputLayout layout) {
  DetectorDescription d;
  d.name = "small";
  d.input.width = 64;
  d.input.height = 32;
  d.output.layout = layout;
  d.score = 0.3;
  return d;
}

std::vector<ScoredBox> DecodeOf(const DetectorDescription& description,
                                const std::vector<OutputShape>& shapes,
                                const std::vector<std::vector<float>>& numbers,
                                DecodeSigns* signs = nullptr) {
  const OutputDecoder decoder(description, shapes);
  std::vector<const float*> outputs;
  for (const std::vector<float>& n : numbers) outputs.push_back(n.data());
  DecodeSigns own;
  return decoder.Decode(outputs, signs != nullptr ? signs : &own);
}

TEST(OutputDecoder, RowsWithObjectnessAndThoseOnTheirSide) {
  DetectorDescription d = Small(OutputLayout::kRows);
  d.output.objectness = true;
  d.output.person = {1};
  std::vector<float> rows;
  for (int i = 0; i < 9; ++i) rows.insert(rows.end(), {0, 0, 1, 1, 0, 0, 0});
  const std::vector<float> one = {20, 10, 8, 12, 0.5F, 1, 0.75F};
  std::copy(one.begin(), one.end(), rows.begin() + 14);
  const std::vector<ScoredBox> expected = {{{16, 4, 24, 16}, 0.375, 1}};
  EXPECT_EQ(DecodeOf(d, {{"out", {1, 9, 7}}}, {rows}), expected);
  std::vector<float> turned(rows.size());
  for (size_t r = 0; r < 9; ++r) {
    for (size_t c = 0; c < 7; ++c) turned[c * 9 + r] = rows[r * 7 + c];
  }
  EXPECT_EQ(DecodeOf(d, {{"out", {1, 7, 9}}}, {turned}), expected);
}

TEST(OutputDecoder, ACandidateIsOfItsBestClassWhereThatIsAsked) {
  DetectorDescription d = Small(OutputLayout::kRows);
  std::vector<float> rows(9 * 6);
  const std::vector<float> one = {20, 10, 8, 12, 0.5F, 0.6F};
  std::copy(one.begin(), one.end(), rows.begin());
  EXPECT_EQ(DecodeOf(d, {{"out", {1, 9, 6}}}, {rows}).size(), 1U);
  d.output.best_class = true;
  EXPECT_THAT(DecodeOf(d, {{"out", {1, 9, 6}}}, {rows}), IsEmpty());
  d.nms.agnostic = true;  // the other class may suppress people
  const std::vector<ScoredBox> found = DecodeOf(d, {{"out", {1, 9, 6}}}, {rows});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found.front().class_id, 1);
}

TEST(OutputDecoder, AGridCountsItsCells) {
  DetectorDescription d = Small(OutputLayout::kGrid);
  d.output.objectness = true;
  constexpr size_t kCells = 32 + 8 + 2;
  std::vector<float> rows(kCells * 6);
  const auto set = [&](size_t row, const std::vector<float>& values) {
    std::copy(values.begin(), values.end(), rows.begin() + static_cast<int64_t>(row * 6));
  };
  set(10, {0.5F, 0.25F, 0, 0, 1, 0.5F});               // stride 8: column 2, row 1
  set(32 + 7, {0, 0, std::log(2.F), 0, 0.5F, 0.75F});  // stride 16: column 3, row 1
  set(41, {0.5F, 0.5F, 0, 0, 1, 1});                   // stride 32: column 1
  const std::vector<ScoredBox> found = DecodeOf(d, {{"out", {1, kCells, 6}}}, {rows});
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0], (ScoredBox{{16, 6, 24, 14}, 0.5, 0}));
  EXPECT_NEAR(found[1].box.left, 48 - 16, 1e-5);
  EXPECT_NEAR(found[1].box.right, 48 + 16, 1e-5);
  EXPECT_DOUBLE_EQ(found[1].box.top, 8);
  EXPECT_DOUBLE_EQ(found[1].score, 0.375);
  EXPECT_EQ(found[2], (ScoredBox{{32, 0, 64, 32}, 1, 0}));
  EXPECT_THAT(MessageOf(ErrorKind::kConfig,
                        [&] {
                          DecodeOf(d, {{"out", {1, 43, 6}}}, {rows});
                        }),
              AllOf(HasSubstr("expected 42 rows"), HasSubstr("'out' [1, 43, 6]")));
}

TEST(OutputDecoder, FinishedRowsEndAtANegativeImage) {
  DetectorDescription d = Small(OutputLayout::kFinished);
  d.output.units = BoxUnits::kUnit;
  d.output.columns = {"image", "class", "score", "x1", "y1", "x2", "y2"};
  d.output.person = {1};
  const std::vector<float> rows = {0,  1, 0.5F, 0.25F, 0.5F, 0.5F, 1,  //
                                   0,  2, 0.9F, 0,     0,    1,    1,  // somebody else
                                   -1, 1, 0.9F, 0,     0,    1,    1, 0, 1, 0.9F, 0, 0, 1, 1};
  EXPECT_EQ(DecodeOf(d, {{"out", {1, 1, 4, 7}}}, {rows}),
            (std::vector<ScoredBox>{{{16, 16, 32, 32}, 0.5, 1}}));
}

TEST(OutputDecoder, LabelsStandApart) {
  DetectorDescription d = Small(OutputLayout::kFinished);
  const std::vector<float> rows = {1, 2, 3, 4, 0.5F, 5, 6, 7, 8, 0.5F, 0, 0, 9, 9, 0.9F};
  // The names say which is which, whatever the order; -1 is padding.
  EXPECT_EQ(DecodeOf(d, {{"labels", {1, 3}}, {"dets", {1, 3, 5}}}, {{0, 3, -1}, rows}),
            (std::vector<ScoredBox>{{{1, 2, 3, 4}, 0.5, 0}}));
}

TEST(OutputDecoder, BoxesAndScoresApart) {
  DetectorDescription d = Small(OutputLayout::kSeparate);
  d.output.boxes = BoxForm::kCornersYx;
  d.output.units = BoxUnits::kUnit;
  d.output.person = {1};
  const std::vector<float> boxes = {0, 0.25F, 0.5F, 0.5F, 0, 0, 1, 1, 0, 0, 1, 1};
  const std::vector<ScoredBox> expected = {{{16, 0, 32, 16}, 0.75, 1}};
  EXPECT_EQ(
      DecodeOf(d, {{"scores", {1, 3, 2}}, {"boxes", {1, 3, 4}}}, {{0, 0.75F, 0, 0, 1, 0}, boxes}),
      expected);
  // Classes first, as NonMaxSuppression wants them.
  EXPECT_EQ(
      DecodeOf(d, {{"scores", {1, 2, 3}}, {"boxes", {1, 3, 4}}}, {{0, 0, 1, 0.75F, 0, 0}, boxes}),
      expected);
  d.output.activation = Activation::kSoftmax;
  const std::vector<ScoredBox> soft =
      DecodeOf(d, {{"logits", {1, 3, 2}}, {"boxes", {1, 3, 4}}}, {{1, 2, 9, 0, 9, 0}, boxes});
  ASSERT_EQ(soft.size(), 1U);
  EXPECT_NEAR(soft.front().score, 1 / (1 + std::exp(-1.0)), 1e-12);
}

TEST(OutputDecoder, DetrTellsLabelsApartFromLogitsByTheirShape) {
  DetectorDescription d = Small(OutputLayout::kSeparate);
  d.output.boxes = BoxForm::kCentres;
  d.output.units = BoxUnits::kUnit;
  d.output.activation = Activation::kSigmoid;
  const std::vector<float> boxes = {0.5F, 0.5F, 0.25F, 0.5F, 0.5F, 0.5F, 1, 1};
  const std::vector<ScoredBox> found =
      DecodeOf(d, {{"labels", {1, 2, 3}}, {"dets", {1, 2, 4}}}, {{0, -9, -9, -9, 9, 9}, boxes});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found.front(), (ScoredBox{{24, 8, 40, 24}, 0.5, 0}));
}

TEST(OutputDecoder, LevelsAreMapsOfDistances) {
  DetectorDescription d = Small(OutputLayout::kLevels);
  d.output.activation = Activation::kSigmoid;
  d.output.strides = {16, 32};
  std::vector<float> scores16(8, -9), sides16(32), scores32(2, -9), sides32(8);
  scores16[5] = 0;  // column 1, row 1
  for (size_t side = 0; side < 4; ++side) sides16[side * 8 + 5] = static_cast<float>(side + 1);
  const std::vector<OutputShape> shapes = {
      {"d32", {1, 4, 1, 2}}, {"s16", {1, 1, 2, 4}}, {"s32", {1, 1, 1, 2}}, {"d16", {1, 4, 2, 4}}};
  const std::vector<std::vector<float>> numbers = {sides32, scores16, scores32, sides16};
  EXPECT_EQ(DecodeOf(d, shapes, numbers), (std::vector<ScoredBox>{{{15, 14, 19, 20}, 0.5, 0}}));
  d.output.point = CellPoint::kPixelCentre;
  d.output.in_strides = true;
  EXPECT_EQ(DecodeOf(d, shapes, numbers),
            (std::vector<ScoredBox>{{{23.5 - 16, 23.5 - 32, 23.5 + 48, 23.5 + 64}, 0.5, 0}}));
}

TEST(OutputDecoder, LevelsMayHaveBinsAndOneTable) {
  DetectorDescription d = Small(OutputLayout::kLevels);
  d.output.strides = {32};
  d.output.reg_max = 1;
  d.output.in_strides = true;
  // Two classes, then two bins a side: even bins are half a stride.
  std::vector<float> rows(2 * 10);
  rows[10] = 0.5F;
  rows[10 + 3] = 800;  // the second bin of the left side alone: one stride
  const std::vector<ScoredBox> found = DecodeOf(d, {{"out", {1, 2, 10}}}, {rows});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found.front(), (ScoredBox{{0, -16, 48, 16}, 0.5, 0}));
}

TEST(OutputDecoder, DoubtIsRefused) {
  DetectorDescription d = Small(OutputLayout::kRows);
  EXPECT_THAT(MessageOf(ErrorKind::kConfig,
                        [&] {
                          OutputDecoder(d, {{"a", {1, 9, 6}}, {"b", {1, 9, 6}}});
                        }),
              AllOf(HasSubstr("output.names.boxes"), HasSubstr("'a' [1, 9, 6], 'b' [1, 9, 6]")));
  d.output.box_names = {"c"};
  EXPECT_THAT(MessageOf(ErrorKind::kConfig,
                        [&] {
                          OutputDecoder(d, {{"a", {1, 9, 6}}});
                        }),
              HasSubstr("there is no output 'c'"));
  d.output.box_names = {"a"};
  d.output.person = {2};
  EXPECT_THAT(MessageOf(ErrorKind::kConfig,
                        [&] {
                          OutputDecoder(d, {{"a", {1, 9, 6}}});
                        }),
              HasSubstr("has 2 classes"));
  DetectorDescription levels = Small(OutputLayout::kLevels);
  levels.output.strides = {32};
  EXPECT_THAT(MessageOf(ErrorKind::kConfig,
                        [&] {
                          OutputDecoder(levels, {{"a", {1, 4, 1, 2}}, {"b", {1, 4, 1, 2}}});
                        }),
              HasSubstr("found 2 and 0"));
}

TEST(OutputDecoder, WrongScoresAreNamed) {
  DetectorDescription d = Small(OutputLayout::kRows);
  std::vector<float> rows(9 * 5);
  rows[4] = 7;
  EXPECT_THAT(MessageOf(ErrorKind::kConfig,
                        [&] {
                          DecodeOf(d, {{"out", {1, 9, 5}}}, {rows});
                        }),
              AllOf(HasSubstr("score 7, expected 0..1"), HasSubstr("activation: sigmoid")));
  rows[4] = -2;
  EXPECT_THAT(MessageOf(ErrorKind::kConfig,
                        [&] {
                          DecodeOf(d, {{"out", {1, 9, 5}}}, {rows});
                        }),
              HasSubstr("sigmoid"));
  rows[4] = NAN;
  EXPECT_THAT(MessageOf(ErrorKind::kModel,
                        [&] {
                          DecodeOf(d, {{"out", {1, 9, 5}}}, {rows});
                        }),
              HasSubstr("no number"));
}

TEST(OutputDecoder, WrongUnitsAndFormsAreNamed) {
  DetectorDescription d = Small(OutputLayout::kRows);
  d.output.boxes = BoxForm::kCorners;
  std::vector<float> pixels, shares, centres;
  for (int i = 0; i < 9; ++i) {
    pixels.insert(pixels.end(), {10, 10, 20, 30, 0.9F});
    shares.insert(shares.end(), {0.1F, 0.1F, 0.2F, 0.3F, 0.9F});
    centres.insert(centres.end(), {40, 20, 10, 30, 0.9F});
  }
  const std::vector<OutputShape> shapes = {{"out", {1, 9, 5}}};
  const auto refusal = [&](const std::vector<float>& numbers) {
    DecodeSigns signs;
    DecodeOf(d, shapes, {numbers}, &signs);
    return MessageOf(ErrorKind::kConfig, [&] { RequirePlausible(signs, d); });
  };
  EXPECT_THAT(refusal(shares), HasSubstr("output.units: unit"));
  EXPECT_THAT(refusal(centres), HasSubstr("end before they begin"));
  d.output.units = BoxUnits::kUnit;
  EXPECT_THAT(refusal(pixels), HasSubstr("output.units: input"));
  DecodeSigns fine;
  DecodeOf(d, shapes, {shares}, &fine);
  EXPECT_NO_THROW(RequirePlausible(fine, d));
  EXPECT_THAT(Suspicions(fine, d), IsEmpty());
}

TEST(OutputDecoder, ASecondSigmoidIsNamed) {
  DetectorDescription d = Small(OutputLayout::kRows);
  d.output.activation = Activation::kSigmoid;
  std::vector<float> rows(80 * 5, 0.25F);
  DecodeSigns signs;
  DecodeOf(d, {{"out", {1, 80, 5}}}, {rows}, &signs);
  EXPECT_THAT(MessageOf(ErrorKind::kConfig, [&] { RequirePlausible(signs, d); }),
              HasSubstr("activation: none"));
}

TEST(OutputDecoder, NobodyIsSuspicious) {
  const DetectorDescription d = Small(OutputLayout::kRows);
  std::vector<float> rows(9 * 5);
  rows[4] = 0.2F;
  DecodeSigns signs;
  for (int i = 0; i < 3; ++i) DecodeOf(d, {{"out", {1, 9, 5}}}, {rows}, &signs);
  const std::vector<std::string> found = Suspicions(signs, d);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_THAT(found.front(), AllOf(HasSubstr("nobody was found in 3 pictures"), HasSubstr("0.2"),
                                   HasSubstr("input.color")));
}

}  // namespace
}  // namespace reidbench
