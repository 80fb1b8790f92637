#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "formats/row_text.h"
#include "reidbench/formats/format_parts.h"
#include "support/expect_error.h"

namespace reidbench {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

BoxTable Named(std::string_view text, const BoxReadOptions& options = {}) {
  BoxTable table;
  ParseNamedRows(text, "S.csv", options, table.Sequence("S"), &table);
  return table;
}

// supervision's CSVSink: frames from enumerate() count from 0, other columns are the user's.
TEST(NamedRows, ReadSupervisionsSink) {
  const BoxTable table = Named(
      "x_min,y_min,x_max,y_max,class_id,confidence,tracker_id,class_name,frame_index,zone\n"
      "10.1,20,40.3,60,0,0.5,7,person,0,\"a, \"\"b\"\"\"\n"
      "1,2,4,6,2,0.25,,car,3,\n");
  EXPECT_THAT(RowTexts(table),
              ElementsAre("S 1 id=7 0:person [10.1 20 30.2 40] score=0.5 zone=a, \"b\"",
                          "S 4 2:car [1 2 3 4] score=0.25"));
  EXPECT_THAT(table.notes, ElementsAre(HasSubstr("frames count from 0")));
}

TEST(NamedRows, ReadTheJsonOfTheSink) {
  EXPECT_THAT(RowTexts(Named(R"([{"x_min": 1, "y_min": "2.5", "x_max": 4, "y_max": 6, "class_id": 0,
                                  "confidence": 0.5, "tracker_id": 3, "frame_index": 1}])")),
              ElementsAre("S 1 id=3 0: [1 2.5 3 3.5] score=0.5"));
}

TEST(NamedRows, ReadMotColumnsInAnyOrder) {
  EXPECT_THAT(RowTexts(Named(";id;frame;cx;cy;w;h;conf;class;visibility\n"
                             "0;7;2;25;40;30;40;0.5;car;-1\n")),
              ElementsAre("S 2 id=7 car [10 20 30 40] score=0.5"));
}

TEST(NamedRows, NameTheColumnOfWhatIsWrong) {
  const auto refused = [](std::string_view text) {
    return MessageOf(ErrorKind::kInput, [&] { Named(text); });
  };
  const std::string header = "frame,id,x1,y1,x2,y2\n";
  EXPECT_THAT(refused("1,2,3,4,5,6,7\n"), HasSubstr("S.csv:1: expected names of columns"));
  EXPECT_THAT(refused(header + "1,1,5,5,9\n"),
              HasSubstr("S.csv:2: expected 6 columns, as there are names, found 5"));
  EXPECT_THAT(refused(header + "1,1,5,5,x,9\n"),
              HasSubstr("S.csv:2: expected a number in column 'x2', found x"));
  EXPECT_THAT(refused(header + "1,1,5,5,1,9\n"), HasSubstr("found -4 x 4"));
  EXPECT_THAT(refused(header + "1,1.5,5,5,9,9\n"), HasSubstr("in column 'id', found 1.5"));
  EXPECT_THAT(refused(header + "1700000000000,1,5,5,9,9\n"), HasSubstr("in column 'frame'"));
  EXPECT_THAT(refused(header + ",1,5,5,9,9\n"), HasSubstr("in column 'frame', found nothing"));
}

}  // namespace
}  // namespace reidbench
