#include "reidbench/mot_metrics/sequence.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mot_metrics/hand_support.h"
#include "reidbench/core/error.h"

namespace reidbench {
namespace {

using ::testing::ElementsAre;

TEST(Sequence, HoldsDenseIdsAndOverlaps) {
  // Rows out of order; frames 2 and 4 are empty.
  const MotSequence s =
      Prepared({{3, 40, 0}, {1, 40, 0}, {1, 9, 1}}, {{1, 500, 1, 2}, {5, 7, 0}, {1, 7, 0}}, 5);
  EXPECT_EQ(s.frame_count, 5);
  ASSERT_EQ(s.frame_size(), 3u);
  EXPECT_EQ(s.frames[0].number, 1);
  EXPECT_EQ(s.frames[1].number, 3);
  EXPECT_EQ(s.frames[2].number, 5);
  EXPECT_THAT(s.gt_id_value, ElementsAre(9, 40));
  EXPECT_THAT(s.tracker_id_value, ElementsAre(7, 500));
  EXPECT_THAT(s.gt_id, ElementsAre(1, 0, 1));
  EXPECT_THAT(s.tracker_id, ElementsAre(1, 0, 0));
  EXPECT_THAT(s.pair_begin, ElementsAre(0, 1, 2, 2));
  EXPECT_THAT(s.pair_col, ElementsAre(1, 0));
  EXPECT_THAT(s.pair_iou, ElementsAre(1.0, 80.0 / 120.0));
}

TEST(Sequence, RemovesTrackerBoxesOnDistractorsOnly) {
  const std::vector<Spot> gt = {
      {1, 1, 0}, {1, 2, 1, 0, 7, 0}, {1, 3, 2, 0, 13, 0}, {1, 4, 3, 0, 1, 0}};
  const std::vector<Spot> tracker = {{1, 1, 0}, {1, 2, 1}, {1, 3, 2}, {1, 4, 3}};
  // Class 7 is forgiven; a crowd (13) and an ignored pedestrian are not.
  EXPECT_THAT(Prepared(gt, tracker, 1).tracker_id_value, ElementsAre(1, 3, 4));
  EXPECT_THAT(Prepared(gt, tracker, 1).gt_id_value, ElementsAre(1));
  MotBenchmark raw = PedestrianRules();
  raw.preprocess = false;
  EXPECT_THAT(Prepared(gt, tracker, 1, raw).tracker_id_value, ElementsAre(1, 2, 3, 4));
}

TEST(Sequence, RemovesTrackerBoxesInIgnoredRegions) {
  // Boxes are 10 wide. A region from 100 to 400, and a person in it at 300.
  TrackSet gt = Tracks({{1, 1, 0}, {1, 0, 1, 0, 0, 0}, {1, 2, 3}, {1, 0, 9, 0, 0, 0}}, 1);
  gt.boxes[1].box.width = 300;
  const TrackSet tracker = Tracks(
      {{1, 11, 0}, {1, 12, 1.5}, {1, 13, 3, 2}, {1, 14, 1, -4}, {1, 15, 1, -6}, {1, 16, 5}}, 1);
  MotBenchmark benchmark;
  benchmark.ignored_classes = {0};
  const auto kept = [&] {
    return PrepareSequence(gt, tracker, benchmark, benchmark.classes.front()).tracker_id_value;
  };
  // Who is matched stays (13), as does what lies inside by less than half (15, 4 of 10).
  EXPECT_THAT(kept(), ElementsAre(11, 13, 15, 16));
  benchmark.ignored_threshold = 0.3;
  EXPECT_THAT(kept(), ElementsAre(11, 13, 16));
  benchmark.distractor_classes = {7};
  EXPECT_THAT(kept(), ElementsAre(11, 13, 16));
  benchmark.preprocess = false;
  EXPECT_THAT(kept(), ElementsAre(11, 12, 13, 14, 15, 16));
}

TEST(Sequence, ScoresTheClassAskedFor) {
  MotBenchmark benchmark;
  benchmark.classes = {{"car", 3}, {"pedestrian", 1}};
  const TrackSet gt = Tracks({{1, 1, 0, 0, 3}, {1, 2, 1, 0, 1}}, 1);
  const TrackSet tracker = Tracks({{1, 5, 0, 0, 3}, {1, 6, 1, 0, 1}, {1, 7, 2, 0, -1}}, 1);
  const MotSequence cars = PrepareSequence(gt, tracker, benchmark, benchmark.classes[0]);
  EXPECT_THAT(cars.gt_id_value, ElementsAre(1));
  EXPECT_THAT(cars.tracker_id_value,
              ElementsAre(5, 7));  // a row without a class belongs to every class
}

TEST(Sequence, RefusesRepeatedIds) {
  EXPECT_THROW(Prepared({{1, 1, 0}, {1, 1, 1}}, {}, 1), Error);
  EXPECT_THROW(Prepared({}, {{1, 1, 0}, {1, 1, 1}}, 1), Error);
}

TEST(Sequence, MemoryDoesNotFollowIdsOrFrames) {
  const int64_t huge = 9007199254740992;
  const MotSequence s =
      Prepared({{1, huge, 0}, {2000000000, 1, 0}}, {{2000000000, huge, 0}}, 2000000000);
  EXPECT_EQ(s.frame_size(), 2u);
  EXPECT_THAT(s.gt_id_value, ElementsAre(1, huge));
}

}  // namespace
}  // namespace reidbench
