#include "reidbench/mot_metrics/clear.h"

#include <gtest/gtest.h>

#include <cmath>

#include "mot_metrics/hand_support.h"

namespace reidbench {
namespace {

TEST(Clear, HandComputed) {
  // gt 1 in frames 1..4: tracked by 7, 7, missed, 8 (one switch, one fragment). gt 2 in
  // frames 1..4: tracked by 9 always. Tracker 5 in frame 1 is nowhere near anything.
  const MotSequence s = Prepared(
      {{1, 1, 0}, {2, 1, 0}, {3, 1, 0}, {4, 1, 0}, {1, 2, 1}, {2, 2, 1}, {3, 2, 1}, {4, 2, 1}},
      {{1, 7, 0}, {2, 7, 0}, {4, 8, 0, 2}, {1, 9, 1}, {2, 9, 1}, {3, 9, 1}, {4, 9, 1}, {1, 5, 3}},
      4);
  const ClearSummary r = Summarize(CountClear(s));
  EXPECT_EQ(r.counts.tp, 7);
  EXPECT_EQ(r.counts.fn, 1);
  EXPECT_EQ(r.counts.fp, 1);
  EXPECT_EQ(r.counts.id_switches, 1);
  EXPECT_EQ(r.counts.fragmentations, 1);
  EXPECT_EQ(r.counts.mostly_tracked, 1);
  EXPECT_EQ(r.counts.partly_tracked, 1);  // 3 of 4
  EXPECT_EQ(r.counts.mostly_lost, 0);
  EXPECT_DOUBLE_EQ(r.mota, (7.0 - 1 - 1) / 8);
  EXPECT_DOUBLE_EQ(r.motp, (6 + 80.0 / 120.0) / 7);
  EXPECT_DOUBLE_EQ(r.moda, 6.0 / 8);
  EXPECT_DOUBLE_EQ(r.recall, 7.0 / 8);
  EXPECT_DOUBLE_EQ(r.precision, 7.0 / 8);
  EXPECT_DOUBLE_EQ(r.motal, 6.0 / 8);  // log10(1) = 0
  EXPECT_DOUBLE_EQ(r.fp_per_frame, 0.25);
}

TEST(Clear, KeepsTheMatchOfThePreviousFrameAgainstABetterOverlap) {
  // In frame 2 tracker 8 lies exactly on the ground truth, tracker 7 two pixels off: 7 keeps it.
  const MotSequence s = Prepared({{1, 1, 0}, {2, 1, 0}}, {{1, 7, 0}, {2, 8, 0}, {2, 7, 0, 2}}, 2);
  EXPECT_EQ(CountClear(s).id_switches, 0);
  // With a processed frame in between in which 7 is away, 8 wins.
  const MotSequence gap = Prepared({{1, 1, 0}, {2, 1, 0}, {3, 1, 0}},
                                   {{1, 7, 0}, {2, 6, 5}, {3, 8, 0}, {3, 7, 0, 2}}, 3);
  EXPECT_EQ(CountClear(gap).id_switches, 1);
  // An empty tracker frame is not processed: continuity survives it, and it makes no fragment.
  const MotSequence hole =
      Prepared({{1, 1, 0}, {2, 1, 0}, {3, 1, 0}}, {{1, 7, 0}, {3, 8, 0}, {3, 7, 0, 2}}, 3);
  EXPECT_EQ(CountClear(hole).id_switches, 0);
  EXPECT_EQ(CountClear(hole).fragmentations, 0);
}

TEST(Clear, CountsBothSwitchesOfABA) {
  const MotSequence s =
      Prepared({{1, 1, 0}, {2, 1, 0}, {3, 1, 0}}, {{1, 7, 0}, {2, 8, 0}, {3, 7, 0}}, 3);
  EXPECT_EQ(CountClear(s).id_switches, 2);
}

TEST(Clear, OneEmptySideIsARowOfItsOwnButAddsUp) {
  const ClearCounts empty = CountClear(Prepared({{1, 1, 0}, {2, 1, 0}}, {}, 2));
  EXPECT_EQ(Summarize(empty).mostly_lost_ratio, 1);
  EXPECT_EQ(Summarize(empty).mota, 0);
  EXPECT_EQ(empty.frames, 0);
  const ClearCounts only_false = CountClear(Prepared({}, {{1, 1, 0}}, 2));
  EXPECT_EQ(Summarize(only_false).mota, 0);
  ClearCounts sum;
  sum += empty;
  sum += only_false;
  EXPECT_DOUBLE_EQ(Summarize(sum).mota, -1.0 / 2);
}

TEST(Clear, BlocksAddUpToTheWhole) {
  const MotSequence s = Prepared({{1, 1, 0}, {2, 1, 0}, {3, 1, 0}, {5, 1, 0}},
                                 {{1, 7, 0}, {2, 8, 0}, {3, 7, 0}, {4, 7, 0}}, 5);
  const ClearCounts whole = CountClear(s);
  const std::vector<ClearCounts> blocks = CountClearBlocks(s, 2);
  ASSERT_EQ(blocks.size(), 3u);
  ClearCounts sum;
  for (const ClearCounts& b : blocks) sum += b;
  EXPECT_EQ(sum.tp, whole.tp);
  EXPECT_EQ(sum.fn, whole.fn);
  EXPECT_EQ(sum.fp, whole.fp);
  EXPECT_EQ(sum.id_switches, whole.id_switches);
  EXPECT_EQ(sum.frames, whole.frames);
  EXPECT_EQ(blocks[0].id_switches, 1);
  EXPECT_EQ(blocks[1].fp, 1);
  EXPECT_EQ(blocks[2].frames, 1);
}

}  // namespace
}  // namespace reidbench
