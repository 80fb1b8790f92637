#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "formats/row_text.h"
#include "reidbench/formats/format_parts.h"
#include "support/expect_error.h"

namespace reidbench {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

BoxTable Kitti(std::string_view text) {
  BoxTable table;
  ParseKitti(text, "0000.txt", table.Sequence("0000"), &table);
  return table;
}

std::string RefusedKitti(std::string_view text) {
  return MessageOf(ErrorKind::kInput, [&] { Kitti(text); });
}

// After the devkit's readme: frame 0 is our frame 1, right and bottom are edges, -1, -10 and -1000
// say that a value is not known.
TEST(Kitti, ReadsLabelsAndResults) {
  EXPECT_THAT(RowTexts(Kitti("0 2 Pedestrian 0 1 -2.5 10.5 20 30.75 60 1.7 0.5 0.8 -4.5 1.8 13.4 "
                             "-2.1\n"
                             "3 -1 DontCare -1 -1 -10 219.31 188.49 245.5 218.56 -1000 -1000 -1000 "
                             "-10 -1 -1 -1\r\n")),
              ElementsAre("0000 1 id=2 Pedestrian [10.5 20 20.25 40] occluded=1 truncated=0 "
                          "alpha=-2.5 height_3d=1.7 width_3d=0.5 length_3d=0.8 x_3d=-4.5 y_3d=1.8 "
                          "z_3d=13.4 rotation_y=-2.1",
                          "0000 4 DontCare [219.31 188.49 26.19 30.07]"));
  EXPECT_THAT(RowTexts(Kitti("5 7 Car -1 -1 -10 0 0 4 3 -1 -1 -1 -1000 -1000 -1000 -10 0.75\n")),
              ElementsAre("0000 6 id=7 Car [0 0 4 3] score=0.75"));
}

TEST(Kitti, NamesTheLineOfWhatIsWrong) {
  EXPECT_THAT(RefusedKitti("1,2,3\n"), HasSubstr("0000.txt:1: expected 17 columns"));
  const std::string tail = " -1 -1 -1 -1000 -1000 -1000 -10\n";
  EXPECT_THAT(RefusedKitti("\n0 1 Car 0 0 0 10 20 5 60" + tail),
              HasSubstr("0000.txt:2: expected left <= right"));
  EXPECT_THAT(RefusedKitti("-1 1 Car 0 0 0 10 20 50 60" + tail),
              HasSubstr("expected a whole number 0..2147483646 in column 1 (frame), found -1"));
  EXPECT_THAT(RefusedKitti("0 1.5 Car 0 0 0 10 20 50 60" + tail), HasSubstr("(track id)"));
  EXPECT_THAT(RefusedKitti("0 1 Car 0 0 0 nan 20 50 60" + tail), HasSubstr("column 7 (left)"));
  EXPECT_THAT(RefusedKitti("0 1 Car 0 0 0 1 20 50 60" + tail +
                           "0 2 Car 0 0 0 1 2 5 6 -1 -1 -1 -1000 -1000 -1000 -10 0.5\n"),
              HasSubstr("0000.txt:2: expected 17 columns as in the first row, found 18"));
}

}  // namespace
}  // namespace reidbench
