#include "reidbench/flow/track_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reidbench/core/error.h"
#include "support/expect_error.h"
#include "support/temp_folder.h"

namespace reidbench {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class TrackRowsTest : public ::testing::Test {
 protected:
  std::vector<int64_t> Frames(const std::string& text, bool truth = false) {
    rows_.clear();
    std::vector<int64_t> frames;
    const auto path = folder_.Write("t.txt", text);
    summary_ = ReadFlowRows(path, {.truth = truth}, [&](int64_t frame, auto rows) {
      frames.push_back(frame);
      rows_.insert(rows_.end(), rows.begin(), rows.end());
    });
    return frames;
  }
  std::string Message(const std::string& text) {
    return MessageOf(ErrorKind::kInput, [&] { Frames(text); });
  }

  TempFolder folder_;
  std::vector<FlowRow> rows_;
  FlowRowSummary summary_;
};

TEST_F(TrackRowsTest, MotRowsFrameByFrame) {
  EXPECT_THAT(
      Frames(
          "1,7,10,20,30,40,0.9,-1,-1,-1\n1,8,1,2,3,4,0.5,-1,-1,-1\r\n3,7,11,20,30,40,1,-1,-1,-1"),
      ElementsAre(1, 3));
  ASSERT_EQ(rows_.size(), 3u);
  EXPECT_EQ(rows_[0].box, (BoxLtwh{10, 20, 30, 40}));
  EXPECT_FALSE(rows_[0].has_ground);
  EXPECT_EQ(summary_.step, 2);
}

TEST_F(TrackRowsTest, RowsByIdentityAreSorted) {
  EXPECT_THAT(Frames("1,7,0,0,1,1\n2,7,0,0,1,1\n1,8,0,0,1,1\n"), ElementsAre(1, 2));
  EXPECT_EQ(rows_[1].id, 8);
}

TEST_F(TrackRowsTest, PlacesStandInColumnsEightAndNine) {
  Frames("0,7,0,0,1,1,1,2.5,-3,0\n");
  EXPECT_TRUE(rows_[0].has_ground);
  EXPECT_EQ(rows_[0].ground, (PlanePoint{2.5, -3}));
  Frames("frame,time_s,identity,x_m,y_m\n1,0,4,1.5,2\n");
  EXPECT_FALSE(rows_[0].has_box);
  EXPECT_EQ(rows_[0].id, 4);
  EXPECT_EQ(rows_[0].ground, (PlanePoint{1.5, 2}));
  Frames("5 7 1 2\n");
  EXPECT_EQ(rows_[0].ground, (PlanePoint{1, 2}));
}

TEST_F(TrackRowsTest, MarksAndClassesLeaveRowsOut) {
  const std::string text = "1,1,0,0,1,1,1,1,0.5\n1,2,0,0,1,1,0,1,1\n1,3,0,0,1,1,0,8,1\n";
  EXPECT_THAT(Frames(text, true), ElementsAre(1));
  EXPECT_EQ(rows_.size(), 1u);
  EXPECT_EQ(summary_.left_out, 2);
  Frames(text);  // in results column 7 is a score
  EXPECT_EQ(rows_.size(), 2u);
}

TEST_F(TrackRowsTest, OtherNamesAreReadAsTheOtherCommandsDo) {
  Frames("id,frame,x1,y1,x2,y2\n7,1,100,50,141,132\n");
  ASSERT_EQ(rows_.size(), 1u);
  EXPECT_EQ(rows_[0].box, (BoxLtwh{100, 50, 41, 82}));
}

TEST_F(TrackRowsTest, RowsWithoutIdentityAreTold) {
  Frames("1,-1,0,0,1,1\n");
  EXPECT_EQ(summary_.nameless, 1);
  EXPECT_EQ(rows_.size(), 1u);
}

TEST_F(TrackRowsTest, MalformedRowsAreNamed) {
  EXPECT_THAT(Message("1,1,0,0,1,1\n2,1,nan,0,1,1\n"),
              HasSubstr("t.txt:2: expected a finite number in column 3"));
  EXPECT_THAT(Message("1,1,0,0,1\n"), HasSubstr("t.txt:1"));
  EXPECT_THAT(Message("1.5,1,0,0,1,1\n"), HasSubstr("a frame from 0"));
  EXPECT_THAT(Message("-1,1,0,0,1,1\n"), HasSubstr("a frame from 0"));
  EXPECT_THAT(Message("1,1,0,0,-1,1\n"), HasSubstr("a width and a height from 0, found '-1'"));
  EXPECT_THAT(Message("1,1,0,0,1,1\n2,1,0,x,1,1\n"), HasSubstr("t.txt:2"));
  EXPECT_THAT(Frames(""), IsEmpty());
}

}  // namespace
}  // namespace reidbench
