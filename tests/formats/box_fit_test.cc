#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "formats/row_text.h"
#include "reidbench/formats/box_format.h"
#include "support/expect_error.h"

namespace reidbench {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

BoxRow& AddBox(BoxTable* table, int32_t frame, int64_t id, int32_t number = -1,
               std::string_view name = "") {
  BoxRow row;
  row.sequence = table->Sequence("S");
  row.frame = frame;
  row.track_id = id;
  row.box_class = table->Class(number, name);
  row.box = {1, 2, 3, 4};
  return table->rows.emplace_back(row);
}

std::vector<std::string> LossTexts(const FittedBoxes& fitted) {
  std::vector<std::string> texts;
  for (const BoxLoss& loss : fitted.losses)
    texts.push_back(fmt::format("{} {}: {}", loss.count, loss.what, loss.why));
  return texts;
}

std::vector<std::string> ClassTexts(const FittedBoxes& fitted) {
  std::vector<std::string> texts;
  for (const ClassChange& change : fitted.classes) {
    texts.push_back(fmt::format("{}:{} > {}:{} ({})", change.read.number, change.read.name,
                                change.written.number, change.written.name, change.boxes));
  }
  return texts;
}

TEST(FitToFormat, CountsWhatHasNoPlace) {
  BoxTable table;
  for (int frame = 1; frame <= 3; ++frame) {
    BoxRow& row = AddBox(&table, frame, 5, 1, "pedestrian");
    row.score = 0.5;
    row.occluded = 0;
    if (frame == 1) row.visibility = 0.25;
    if (frame == 2) row.mark = 0;
    table.SetExtra("alpha", 0.5);
  }
  table.sequences[0].frame_count = 10;
  table.sequences[0].frame_rate = 25;
  const FittedBoxes fitted = FitToFormat({BoxFormat::kMot, MotRows::kGroundTruth, false}, &table);
  EXPECT_THAT(LossTexts(fitted),
              UnorderedElementsAre("3 scores: MOT ground truth has no score",
                                   "3 occlusions: MOT ground truth has none",
                                   "3 values of alpha: MOT ground truth has no such column"));
  EXPECT_THAT(fitted.notes, ElementsAre(HasSubstr("7 without boxes at the end"),
                                        "MOT ground truth has no frame rate"));
  EXPECT_THAT(RowTexts(table), ElementsAre("S 1 id=5 1:pedestrian [1 2 3 4] mark=1 visibility=0.25",
                                           "S 2 id=5 1:pedestrian [1 2 3 4] mark=0",
                                           "S 3 id=5 1:pedestrian [1 2 3 4] mark=1"));
}

TEST(FitToFormat, ChoosesTheRowsOfMotText) {
  const auto rows = [](int64_t id, double score) {
    BoxTable table;
    AddBox(&table, 1, id).score = score;
    return FitToFormat({BoxFormat::kMot, MotRows::kAuto, true}, &table).rows;
  };
  EXPECT_EQ(rows(kNoTrack, 0.5), MotRows::kDetections);
  EXPECT_EQ(rows(3, 0.5), MotRows::kResults);
  EXPECT_EQ(rows(3, kNoValue), MotRows::kGroundTruth);
}

TEST(FitToFormat, NotesWhatItMakesUp) {
  BoxTable table;
  AddBox(&table, 1, 8).score = 0.5;
  AddBox(&table, 2, kNoTrack);
  const FittedBoxes fitted = FitToFormat({BoxFormat::kMot, MotRows::kAuto, true}, &table);
  EXPECT_THAT(RowTexts(table),
              ElementsAre("S 1 id=8 [1 2 3 4] score=0.5", "S 2 id=9 [1 2 3 4] score=1"));
  EXPECT_THAT(fitted.notes, ElementsAre("score 1 for 1 boxes that state none",
                                        "a new track id for each of 1 boxes that state none"));
}

// Ignored regions are boxes that do not count.
TEST(FitToFormat, ClassesGetNumbersByTheirNames) {
  BoxTable table;
  AddBox(&table, 1, 1, -1, "Pedestrian");
  AddBox(&table, 1, 2, -1, "Car");
  AddBox(&table, 1, 3, -1, "Van");
  AddBox(&table, 1, kNoTrack, -1, "DontCare");
  AddBox(&table, 1, 5, 9, "");
  const FittedBoxes fitted = FitToFormat({BoxFormat::kMot, MotRows::kAuto, true}, &table);
  EXPECT_THAT(ClassTexts(fitted),
              ElementsAre("-1:Pedestrian > 1:pedestrian (1)", "-1:Car > 3:car (1)",
                          "-1:Van > 14: (1)", "-1:DontCare > 15: (1)", "9: > 9:occluder (1)"));
  EXPECT_THAT(LossTexts(fitted),
              ElementsAre("1 class name 'Van': MOT ground truth has numbers: it is 14",
                          "1 class name 'DontCare': MOT ground truth has numbers: it is 15"));
  EXPECT_THAT(RowTexts(table)[3], HasSubstr("id=6 15: [1 2 3 4] mark=0"));
}

TEST(FitToFormat, ClassesGetNamesByTheirNumbers) {
  BoxTable table;
  AddBox(&table, 1, 1, 1, "person");
  AddBox(&table, 1, 2, 7, "");
  AddBox(&table, 1, 3, 9, "two words");
  AddBox(&table, 1, 4);
  EXPECT_THAT(ClassTexts(FitToFormat({BoxFormat::kKitti, MotRows::kAuto, true}, &table)),
              ElementsAre("1:person > -1:Pedestrian (1)", "7: > -1:class_7 (1)",
                          "9:two words > -1:two_words (1)"));
  EXPECT_THAT(RowTexts(table)[3], HasSubstr("Pedestrian"));
}

TEST(FitToFormat, YoloNumbersItsListOfNames) {
  BoxTable table;
  table.sequences[static_cast<size_t>(table.Sequence("S"))].size = {10, 10};
  AddBox(&table, 1, 1, 3, "car");
  AddBox(&table, 1, 2, 1, "pedestrian");
  EXPECT_THAT(ClassTexts(FitToFormat({BoxFormat::kYolo, MotRows::kAuto, true}, &table)),
              ElementsAre("3:car > 1:car (1)", "1:pedestrian > 0:pedestrian (1)"));
  BoxTable numbers;
  numbers.sequences[static_cast<size_t>(numbers.Sequence("S"))].size = {10, 10};
  AddBox(&numbers, 1, 1, 5);
  EXPECT_THAT(ClassTexts(FitToFormat({BoxFormat::kYolo, MotRows::kAuto, true}, &numbers)),
              ElementsAre("5: > 5: (1)"));
}

TEST(FitToFormat, RefusesWhatCannotBeWritten) {
  const auto refused = [](ErrorKind kind, BoxFormat format, bool folder, BoxTable table) {
    return MessageOf(kind, [&] { FitToFormat({format, MotRows::kAuto, folder}, &table); });
  };
  BoxTable sizeless;
  AddBox(&sizeless, 1, kNoTrack);
  EXPECT_THAT(refused(ErrorKind::kUsage, BoxFormat::kYolo, true, sizeless),
              HasSubstr("--image-size"));
  EXPECT_THAT(refused(ErrorKind::kUsage, BoxFormat::kCvat, true, sizeless),
              HasSubstr("--image-size"));
  BoxTable two = sizeless;
  two.Sequence("T");
  EXPECT_THAT(refused(ErrorKind::kUsage, BoxFormat::kKitti, false, two),
              HasSubstr("2 sequences do not fit into one file"));
  BoxTable times;
  AddBox(&times, 1'700'000'000, 1);
  EXPECT_THAT(refused(ErrorKind::kInput, BoxFormat::kCoco, false, times),
              HasSubstr("are its frame numbers times?"));
  BoxTable alike = sizeless;
  alike.sequences[0].name = "a/b";
  alike.Sequence("a_b");
  EXPECT_THAT(refused(ErrorKind::kInput, BoxFormat::kKitti, true, alike),
              HasSubstr("two sequences are called a_b"));
}

}  // namespace
}  // namespace reidbench
