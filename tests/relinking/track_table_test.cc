#include "reidbench/relinking/track_table.h"

#include <gtest/gtest.h>

#include "reidbench/core/error.h"

namespace reidbench {
namespace {

TEST(MakeTrackTable, OrdersTracksByTimeAndPlaceNotById) {
  TrackSet set;
  const auto add = [&](int64_t frame, int64_t id, double left) {
    set.boxes.push_back({FrameIndex(frame), TrackId(id), {left, 10, 20, 40}});
  };
  add(5, 1, 100);
  add(3, 9, 300);
  add(4, 9, 301);
  add(3, 4, 200);
  add(2, 9, 299);
  const TrackTable table = MakeTrackTable(set);
  ASSERT_EQ(table.tracks.size(), 3);
  EXPECT_EQ(table.tracks[0].id, TrackId(9));  // begins in frame 2
  EXPECT_EQ(table.tracks[0].boxes, (std::vector<int32_t>{4, 1, 2}));
  EXPECT_EQ(table.tracks[1].id, TrackId(4));
  EXPECT_EQ(table.tracks[2].id, TrackId(1));
  EXPECT_EQ(table.index_of.at(TrackId(4)), 1);
}

TEST(MakeTrackTable, RefusesAnIdTwiceInAFrame) {
  TrackSet set;
  set.boxes.push_back({FrameIndex(1), TrackId(1), {0, 0, 10, 20}});
  set.boxes.push_back({FrameIndex(1), TrackId(1), {50, 0, 10, 20}});
  EXPECT_THROW(MakeTrackTable(set), Error);
}

}  // namespace
}  // namespace reidbench
