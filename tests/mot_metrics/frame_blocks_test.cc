#include "reidbench/mot_metrics/frame_blocks.h"

#include <gtest/gtest.h>

#include "mot_metrics/hand_support.h"

namespace reidbench {
namespace {

TEST(FrameBlocks, AreConsecutiveFrames) {
  const MotSequence s = Prepared({{1, 1, 0}, {101, 1, 0}}, {{1, 1, 0}}, 101);
  const FrameBlocks blocks(s, 50);
  ASSERT_EQ(blocks.size(), 3u);
  EXPECT_EQ(blocks.Of(1), 0u);
  EXPECT_EQ(blocks.Of(50), 0u);
  EXPECT_EQ(blocks.Of(51), 1u);
  EXPECT_EQ(blocks.Of(101), 2u);
  EXPECT_EQ(blocks.Frames(0), 50);
  EXPECT_EQ(blocks.Frames(2), 1);
  EXPECT_EQ(FramesToDivide(s), 101);
  EXPECT_EQ(FrameBlocks(s, INT64_MAX).size(), 1u);
}

// 120 frames whose numbers are milliseconds.
MotSequence SequenceOfTimes(int64_t last_of_tracker) {
  std::vector<Spot> gt, tracker;
  for (int64_t k = 0; k < 120; ++k) {
    gt.push_back({1'700'000'000'000 + 40 * k, 1, 0});
    tracker.push_back({1'700'000'000'000 + 40 * k, k < 70 ? 7 : 8, 0});
  }
  tracker.push_back({last_of_tracker, 9, 3});
  return Prepared(gt, tracker, last_of_tracker);
}

TEST(FrameBlocks, FollowTheGroundTruthWhereFramesAreTimes) {
  const int64_t last = 1'700'000'009'000;
  const MotSequence s = SequenceOfTimes(last);
  EXPECT_EQ(FramesToDivide(s), 120);
  const FrameBlocks blocks(s, 50);
  ASSERT_EQ(blocks.size(), 3u);
  EXPECT_EQ(blocks.Of(5), 0u);
  EXPECT_EQ(blocks.Of(1'700'000'000'000 + 40 * 49), 0u);
  EXPECT_EQ(blocks.Of(1'700'000'000'000 + 40 * 50), 1u);
  EXPECT_EQ(blocks.Of(last), 2u);
  int64_t frames = 0;
  for (size_t b = 0; b < blocks.size(); ++b) frames += blocks.Frames(b);
  EXPECT_EQ(frames, last);
  // Whatever boxes another tracker has, its blocks are the same.
  EXPECT_EQ(FrameBlocks(SequenceOfTimes(last + 12'345), 50).size(), 3u);
}

TEST(FrameBlocks, AddUpToTheSequence) {
  const MotSequence s = SequenceOfTimes(1'700'000'009'000);
  const MotCounts whole = CountMot(s), sum = Combine(CountMotBlocks(s, 50));
  EXPECT_EQ(sum.clear.tp, whole.clear.tp);
  EXPECT_EQ(sum.clear.fp, whole.clear.fp);
  EXPECT_EQ(sum.clear.id_switches, 1);
  EXPECT_EQ(sum.clear.frames, whole.clear.frames);
  EXPECT_EQ(sum.identity.tp, whole.identity.tp);
  EXPECT_EQ(sum.hota.tp, whole.hota.tp);
}

TEST(FrameBlocks, WithoutGroundTruthAreOne) {
  EXPECT_EQ(FrameBlocks(Prepared({}, {{2'000'000'000, 1, 0}}, 2'000'000'000), 50).size(), 1u);
  EXPECT_EQ(FrameBlocks(Prepared({}, {}, 0), 50).size(), 0u);
}

}  // namespace
}  // namespace reidbench
