#include "reidbench/mot_metrics/frame_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mot_metrics/hand_support.h"

namespace reidbench {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(FrameRows, KeepTheOrderOfTheFileWithinAFrame) {
  const TrackSet tracks = Tracks({{7, 1, 0}, {2, 9, 1}, {7, 3, 2}, {2, 4, 3}, {900000, 5, 0}}, 0);
  const FrameRows rows = GroupByFrame(tracks.boxes);
  EXPECT_THAT(rows.number, ElementsAre(2, 7, 900000));
  EXPECT_THAT(rows.Of(2), ElementsAre(1, 3));
  EXPECT_THAT(rows.Of(7), ElementsAre(0, 2));
  EXPECT_THAT(rows.Of(900000), ElementsAre(4));
  EXPECT_THAT(rows.Of(3), IsEmpty());
  EXPECT_THAT(GroupByFrame({}).Of(1), IsEmpty());
}

TEST(FrameRows, FindABoxByFrameAndId) {
  const TrackSet tracks = Tracks({{1, 1, 0}, {2, 1, 4}, {2, 2, 5}}, 2);
  const FrameRows rows = GroupByFrame(tracks.boxes);
  EXPECT_EQ(FindBox(tracks.boxes, rows, 2, 1), &tracks.boxes[1]);
  EXPECT_EQ(FindBox(tracks.boxes, rows, 1, 2), nullptr);
  EXPECT_EQ(FindBox(tracks.boxes, rows, 3, 1), nullptr);
}

}  // namespace
}  // namespace reidbench
