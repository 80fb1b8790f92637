#include "reidbench/datasets/mot_header.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/expect_error.h"

namespace reidbench {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::optional<MotHeader> HeaderOf(std::string_view line, MotFileKind kind = MotFileKind::kResult) {
  return ReadMotHeader(line, kind, "t.csv", 1);
}

std::string HeaderError(std::string_view line, MotFileKind kind = MotFileKind::kResult) {
  return MessageOf(ErrorKind::kInput, [&] { HeaderOf(line, kind); });
}

TEST(MotHeader, FindsColumnsInAnyOrder) {
  const MotHeader header = HeaderOf("team,Score,Track-ID,x2,y2,X1,y_1,Frame No.").value();
  EXPECT_THAT(header.field, ElementsAre(7, 2, 5, 6, 3, 4, 1, -1, -1));
  EXPECT_EQ(header.horizontal, MotHeader::Box::kCorners);
  EXPECT_THAT(header.ignored, ElementsAre("team"));
  EXPECT_FALSE(header.in_mot_order);
  EXPECT_EQ(header.DescribeBox(), "left=X1, width=x2-X1, top=y_1, height=y2-y_1");
  EXPECT_EQ(HeaderOf("frame,id,cx,cy,w,h").value().DescribeBox(),
            "left=cx-w/2, width=w, top=cy-h/2, height=h");
}

TEST(MotHeader, KnowsMotsOwnOrder) {
  EXPECT_TRUE(HeaderOf("frame,id,bb_left,bb_top,bb_width,bb_height,conf")->in_mot_order);
  EXPECT_TRUE(HeaderOf("frame,id,x,y,w,h,score,class,visibility")->in_mot_order);
  EXPECT_FALSE(HeaderOf("frame,id,x,y,w,h,score,team")->in_mot_order);
  EXPECT_FALSE(HeaderOf("frame,id,x,y,w,h,team,score")->in_mot_order);
  EXPECT_FALSE(HeaderOf("frame,id,x1,y1,x2,y2,score")->in_mot_order);
}

TEST(MotHeader, IsNotEveryLineOfWords) {
  EXPECT_FALSE(HeaderOf("a,b,c,d,e,f,g"));
  EXPECT_FALSE(HeaderOf("results of my tracker"));
  EXPECT_FALSE(HeaderOf("the id of a frame"));
  EXPECT_FALSE(HeaderOf(""));
}

TEST(MotHeader, NamesTheColumnThatIsMissing) {
  EXPECT_THAT(HeaderError("id,x1,y1,x2,y2"),
              AllOf(HasSubstr("t.csv:1: expected a column of the frame numbers"),
                    HasSubstr("found the columns id, x1, y1, x2, y2")));
  EXPECT_THAT(HeaderError("frame,x1,y1,x2,y2"),
              AllOf(HasSubstr("expected a column of ids"), HasSubstr("run a tracker")));
  EXPECT_TRUE(HeaderOf("frame,x1,y1,x2,y2", MotFileKind::kDetections));
  EXPECT_THAT(HeaderError("frame,id,x1,y1,y2"), HasSubstr("expected a column of widths"));
  EXPECT_THAT(HeaderError("frame,id,y1,x2,y2"), HasSubstr("expected a column of left edges"));
}

TEST(MotHeader, NamesTheColumnsThatContradict) {
  EXPECT_THAT(HeaderError("frame,id,track_id,x1,y1,x2,y2"),
              HasSubstr("expected one column of id, found 'id' and 'track_id'"));
  EXPECT_THAT(HeaderError("frame,id,x1,y1,x2,y2,w,h"), HasSubstr("found both 'x2' and 'w'"));
  EXPECT_THAT(HeaderError("frame,id,x1,y1,w,y2"), HasSubstr("found 'w' and 'y2'"));
  EXPECT_THAT(HeaderError("frame,id,left,cx,top,w,h"), HasSubstr("found both 'left' and 'cx'"));
  EXPECT_THAT(HeaderError("frame,frame,id,x1,y1,x2,y2"),
              HasSubstr("expected one column of frame, found 'frame' and 'frame'"));
}

TEST(MotHeader, PrefersTheMoreExactName) {
  // Official MOT names end with places in the world; class names stand beside class numbers.
  const MotHeader world = HeaderOf("frame,id,bb_left,bb_top,bb_width,bb_height,conf,x,y,z").value();
  EXPECT_EQ(world.field[kLeftColumn], 2);
  EXPECT_TRUE(world.ignored.empty());
  EXPECT_EQ(HeaderOf("class_name,class_id,frame,id,x,y,w,h")->field[kClassColumn], 1);
  EXPECT_EQ(HeaderOf("timestamp,frame,id,x,y,w,h")->field[kFrameColumn], 1);
  EXPECT_EQ(HeaderOf("timestamp,id,x,y,w,h")->field[kFrameColumn], 0);
  const MotHeader corners = HeaderOf("frame,id,x0,y0,x1,y1").value();
  EXPECT_EQ(corners.field[kLeftColumn], 2);
  EXPECT_EQ(corners.field[kWidthColumn], 4);
}

TEST(SplitFields, UnderstandsQuotesAndBlanks) {
  std::vector<std::string_view> fields;
  SplitFields("1, 2 ,\"a, \"\"b\"\"\",4,", ',', &fields);
  ASSERT_EQ(fields.size(), 4u);
  EXPECT_EQ(UnquoteField(fields[1]), "2");
  EXPECT_EQ(fields[2], "\"a, \"\"b\"\"\"");
  SplitFields("  1   2\t3 ", ' ', &fields);
  EXPECT_THAT(fields, ElementsAre("1", "2", "3"));
  SplitFields(",1", ',', &fields);
  EXPECT_THAT(fields, ElementsAre("", "1"));
  SplitFields("\"1,2", ',', &fields);  // never closed
  EXPECT_THAT(fields, ElementsAre("\"1,2"));
}

}  // namespace
}  // namespace reidbench
