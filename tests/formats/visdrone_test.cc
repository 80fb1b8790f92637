#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "formats/row_text.h"
#include "reidbench/formats/format_parts.h"
#include "support/expect_error.h"

namespace reidbench {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

BoxTable Drone(std::string_view text) {
  BoxTable table;
  ParseVisDrone(text, "uav.txt", table.Sequence("uav"), &table);
  return table;
}

TEST(VisDrone, ReadsAnnotations) {
  EXPECT_THAT(RowTexts(Drone("1,0,593,43,174,190,0,0,0,0\n"
                             "2,17,10.5,20,30,40,1,4,1,2,\n")),
              ElementsAre("uav 1 id=0 0:ignored regions [593 43 174 190] mark=0 occluded=0 "
                          "truncated=0",
                          "uav 2 id=17 4:car [10.5 20 30 40] mark=1 occluded=2 truncated=1"));
}

TEST(VisDrone, ReadsResultsAndDetections) {
  EXPECT_THAT(RowTexts(Drone("1,3,1,2,3,4,0.25,1,-1,-1\n")),
              ElementsAre("uav 1 id=3 1:pedestrian [1 2 3 4] score=0.25"));
  EXPECT_THAT(RowTexts(Drone("1,-1,1,2,3,4,0.5,20\n")),
              ElementsAre("uav 1 20: [1 2 3 4] score=0.5"));
}

TEST(VisDrone, NamesTheLineOfWhatIsWrong) {
  const auto refused = [](std::string_view text) {
    return MessageOf(ErrorKind::kInput, [&] { Drone(text); });
  };
  EXPECT_THAT(refused("1,1,2,3,4,5,1,1,0,0\n1,1,2,3,4,5,1\n"),
              HasSubstr("uav.txt:2: expected 10 columns"));
  EXPECT_THAT(refused("0,1,2,3,4,5,1,1,0,0\n"), HasSubstr("(frame), found 0"));
  EXPECT_THAT(refused("1,1,2,3,-4,5,1,1,0,0\n"),
              HasSubstr("expected a width and height of at least 0, found -4 x 5"));
  EXPECT_THAT(refused("1,1,2,3,1e200,5,1,1,0,0\n"), HasSubstr("finite coordinates"));
}

}  // namespace
}  // namespace reidbench
