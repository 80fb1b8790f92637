#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "formats/row_text.h"
#include "reidbench/formats/format_parts.h"
#include "support/expect_error.h"

namespace reidbench {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

BoxTable Yolo(std::string_view text) {
  BoxTable table;
  const int32_t sequence = table.Sequence("S");
  table.sequences[0].size = {200, 100};
  ParseYoloFrame(text, "000003.txt", sequence, 3, &table);
  FinishYolo(&table);
  return table;
}

// 0.25 of 200 and 0.5 of 100 wide, around (100, 40).
TEST(Yolo, ReadsLabelsOfEveryForm) {
  EXPECT_THAT(RowTexts(Yolo("0 0.5 0.4 0.25 0.5\n")), ElementsAre("S 3 0: [75 15 50 50]"));
  EXPECT_THAT(RowTexts(Yolo("2 0.5 0.4 0.25 0.5 0.875\n")),
              ElementsAre("S 3 2: [75 15 50 50] score=0.875"));
  EXPECT_THAT(RowTexts(Yolo("2 0.5 0.4 0.25 0.5 0.875 12\n")),
              ElementsAre("S 3 id=12 2: [75 15 50 50] score=0.875"));
}

// save_txt without save_conf writes the id where the confidence would stand.
TEST(Yolo, TellsIdsFromConfidences) {
  const BoxTable ids = Yolo("0 0.5 0.4 0.25 0.5 1\n0 0.25 0.4 0.25 0.5 2\n");
  EXPECT_THAT(RowTexts(ids), ElementsAre("S 3 id=1 0: [75 15 50 50]", "S 3 id=2 0: [25 15 50 50]"));
  EXPECT_THAT(ids.notes, ElementsAre(HasSubstr("track ids, not confidences")));
  EXPECT_THAT(RowTexts(Yolo("0 0.5 0.4 0.25 0.5 1\n0 0.25 0.4 0.25 0.5 0.5\n")),
              ElementsAre("S 3 0: [75 15 50 50] score=1", "S 3 0: [25 15 50 50] score=0.5"));
}

TEST(Yolo, NamesTheLineOfWhatIsWrong) {
  const auto refused = [](std::string_view text) {
    return MessageOf(ErrorKind::kInput, [&] { Yolo(text); });
  };
  EXPECT_THAT(refused("0 0.1 0.1 0.2 0.1 0.2 0.2 0.1 0.2\n"), HasSubstr("outlines of segments"));
  EXPECT_THAT(refused("0 0.5 0.5 0.1 0.1\n0 640 0.5 0.1 0.1\n"),
              HasSubstr("000003.txt:2: expected a share of the picture in column 2, 0..1, found "
                        "640"));
  EXPECT_THAT(refused("person 0.5 0.5 0.1 0.1\n"), HasSubstr("(class), found person"));
  EXPECT_THAT(refused("0 0.5 0.5 -0.1 0.1\n"), HasSubstr("width and height of at least 0"));
}

std::string Placed(const std::vector<std::string>& stems) {
  std::string text;
  for (const YoloFrame& frame : PlaceYoloFiles("F", stems))
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", frame.sequence, frame.frame);
  return text;
}

TEST(PlaceYoloFiles, ByTheNumberThatEndsAName) {
  EXPECT_EQ(Placed({"000001", "000005"}), "F 1, F 5");
  EXPECT_EQ(Placed({"frame_0", "frame_2"}), "F 1, F 3");  // from 0: one is added
  EXPECT_EQ(Placed({"a_1", "a_2", "b-1"}), "a 1, a 2, b 1");
}

TEST(PlaceYoloFiles, ByOrderWhereNamesAreNoFrames) {
  EXPECT_EQ(Placed({"cat", "dog_7"}), "F 1, F 2");
  EXPECT_EQ(Placed({"000000000139", "000000581929"}), "F 1, F 2");  // COCO's ids of pictures
  EXPECT_EQ(Placed({"1", "01"}), "F 1, F 2");
}

}  // namespace
}  // namespace reidbench
