#include "reidbench/sites/site_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/expect_error.h"

namespace reidbench {
namespace {

using ::testing::HasSubstr;

std::string RowError(std::string_view text) {
  return MessageOf(ErrorKind::kInput,
                   [&] { ParseSiteRows(text, "c1/gt.txt", GroundColumns::kGuessed); });
}

TEST(SiteRows, TakeWhatProgramsWrite) {
  const SiteRows rows = ParseSiteRows(
      "\xEF\xBB\xBF"
      "3; 7; +1.5;2;30;60;1\r\n\n4;7;1;2;30;60;1;\n",
      "f", GroundColumns::kGuessed);
  ASSERT_EQ(rows.boxes.size(), 2u);
  EXPECT_EQ(rows.boxes[0].box.left, 1.5);
  EXPECT_EQ(ParseSiteRows("3 7  1.5\t2 30 60 1", "f", GroundColumns::kGuessed).boxes.size(), 1u);
}

TEST(SiteRows, KeepsOrderAndCountsZeroMarks) {
  const SiteRows rows =
      ParseSiteRows("0,7,1.5,2,30,60,0,4.25,-3,0\n1,8,2,2,30,60,1\n", "f", GroundColumns::kGuessed);
  ASSERT_EQ(rows.boxes.size(), 2u);
  EXPECT_EQ(rows.boxes[0].frame, 0);
  EXPECT_EQ(rows.boxes[0].id, 7);
  EXPECT_EQ(rows.boxes[0].box, (BoxLtwh{1.5, 2, 30, 60}));
  EXPECT_EQ(rows.boxes[0].ground, (GroundPoint{4.25, -3}));
  EXPECT_EQ(rows.boxes[1].ground, std::nullopt);
  EXPECT_EQ(rows.zero_marks, 1);
}

TEST(SiteRows, TakeOtherIdsAndKeepEveryOtherByte) {
  const auto with = [](std::string_view text, std::vector<int64_t> ids) {
    return WithOtherIds(text, "f", ids);
  };
  EXPECT_EQ(with("\xEF\xBB\xBF"
                 "3; 7; +1.5;2;30;60;1\r\n\n4;+8.0;1;2;30;60;1;\n",
                 {123, 4}),
            "\xEF\xBB\xBF"
            "3; 123; +1.5;2;30;60;1\r\n\n4;+4;1;2;30;60;1;\n");
  EXPECT_EQ(with("  3\t7  1.5\t2 30 60 1\n \n3 8 2 2 30 60 1", {1, 2}),
            "  3\t1  1.5\t2 30 60 1\n \n3 2 2 2 30 60 1");
  // What parts the first row's fields parts all.
  EXPECT_EQ(with("3,7,1.5,2,30,60,1,-1,-1,-1,a;b", {9}), "3,9,1.5,2,30,60,1,-1,-1,-1,a;b");
  EXPECT_EQ(with("", {}), "");
}

TEST(SiteRows, KnowWhatIsNoPlace) {
  const auto place = [](std::string_view row, GroundColumns ground) {
    return ParseSiteRows(row, "f", ground).boxes.front().ground.has_value();
  };
  EXPECT_FALSE(place("1,1,0,0,9,9,1,-1,-1,-1", GroundColumns::kTold));
  EXPECT_TRUE(place("1,1,0,0,9,9,1,-1,-1,0", GroundColumns::kTold));
  // Class and visibility of MOT17, unless somebody says otherwise.
  EXPECT_FALSE(place("1,1,0,0,9,9,1,1,0.5", GroundColumns::kGuessed));
  EXPECT_TRUE(place("1,1,0,0,9,9,1,1,0.5", GroundColumns::kTold));
  EXPECT_FALSE(place("1,1,0,0,9,9,1,1,0.5,0", GroundColumns::kNone));
}

TEST(AiCityRows, AreByCamera) {
  const auto rows =
      ParseAiCityRows("3 7 0 10 20 30 60 1.5 -2\n1 7 4 1 2 3 6\n3 8 1 0 0 9 9 -1 -1\n", "f");
  ASSERT_EQ(rows.size(), 2u);
  const SiteBox& box = rows.at(3).boxes[0];
  EXPECT_EQ(box.frame, 0);
  EXPECT_EQ(box.id, 7);
  EXPECT_EQ(box.box, (BoxLtwh{10, 20, 30, 60}));
  EXPECT_EQ(box.ground, (GroundPoint{1.5, -2}));
  EXPECT_EQ(rows.at(3).boxes[1].ground, std::nullopt);
  EXPECT_EQ(rows.at(1).boxes[0].frame, 4);
  EXPECT_THAT(MessageOf(ErrorKind::kInput, [] { ParseAiCityRows("c1 7 0 10 20 30 60\n", "f"); }),
              HasSubstr("f:1: expected a finite number in column 1"));
}

TEST(SiteRows, RefuseWhatCannotBeMeant) {
  EXPECT_THAT(RowError("1,1,0,0,9,9,1\n1,2,0,x,9,9,1\n1,3,0,nan,9,9,1\n"),
              HasSubstr("c1/gt.txt:2: expected a finite number in column 4, found '1,2,0,x,9,9,1' "
                        "(2 bad rows)"));
  EXPECT_THAT(RowError("1,1,0,0,9,9\n"), HasSubstr("expected at least 7 columns, found 6"));
  EXPECT_THAT(RowError("-1,1,0,0,9,9,1\n"), HasSubstr("whole frame number from 0, found -1"));
  EXPECT_THAT(RowError("1.5,1,0,0,9,9,1\n"), HasSubstr("found 1.5"));
  EXPECT_THAT(RowError("1,-1,0,0,9,9,1\n"), HasSubstr("-1 usually means that a box has no id"));
  EXPECT_THAT(RowError("1,1,0,0,-9,9,1\n"), HasSubstr("found -9 x 9"));
  EXPECT_THAT(RowError("1,1,0,0,9,9,1,1e300,0,0\n"), HasSubstr("a coordinate in column 8"));
}

}  // namespace
}  // namespace reidbench
