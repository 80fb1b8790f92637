#include "reidbench/mtmc_metrics/site_sequences.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mtmc_metrics/hand_site.h"

namespace reidbench {
namespace {

using ::testing::ElementsAre;

std::vector<int64_t> Numbers(const MotSequence& s) {
  std::vector<int64_t> numbers;
  for (size_t f = 0; f < s.frame_size(); ++f) numbers.push_back(s.frames[f].number);
  return numbers;
}

// Camera a ends with result frame 5, camera b has frame 2 alone.
std::vector<MotSequence> TwoCameras() {
  return {CameraSequence(HandCamera("a", {{1, 1, 0}, {3, 1, 0}}, {{1, 7, 0}, {5, 7, 0}}), 0),
          CameraSequence(HandCamera("b", {{2, 1, 0}}, {{2, 7, 0}}), 0)};
}

TEST(SiteSequences, ConcatenateByTheLargestFrameOfBothSides) {
  const MotSequence s = Concatenate(TwoCameras());
  EXPECT_THAT(Numbers(s), ElementsAre(1, 3, 5, 7));
  EXPECT_EQ(s.frame_count, 7);
  EXPECT_THAT(s.gt_id_value, ElementsAre(1));  // one person in both
  EXPECT_THAT(Numbers(Concatenate(TwoCameras(), 1)), ElementsAre(2, 4, 6, 8));
}

TEST(SiteSequences, InterleaveViews) {
  EXPECT_THAT(Numbers(Interleave(TwoCameras())), ElementsAre(2, 5, 6, 10));
}

TEST(SiteSequences, OnTheGroundTheFirstCameraDecides) {
  const CameraTracks a = HandCamera("a", {{1, 1, 0}}, {{1, 7, 0}});
  const CameraTracks b = HandCamera("b", {{1, 1, 3}, {1, 2, 5}}, {});
  const CameraTracks* cameras[] = {&a, &b};
  const std::vector<GroundRow> rows = PoolGround(cameras, true);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].x, 0);
  EXPECT_EQ(rows[1].x, 5);
}

TEST(SiteSequences, OnTheGroundAMetreIsHalf) {
  const GroundRow truth[] = {{1, 1, 0, 0}};
  const GroundRow metre[] = {{1, 7, 0, 1}, {1, 8, 0, 2}};
  const MotSequence s = GroundSequence(truth, metre);
  ASSERT_EQ(s.pair_iou.size(), 1u);  // two metres are nothing
  EXPECT_EQ(s.pair_iou[0], 0.5);
  EXPECT_EQ(GroundSequenceForAccumulator(truth, metre).pair_iou.size(), 1u);
  const GroundRow elsewhere[] = {{2, 7, 0, 0}};
  EXPECT_EQ(GroundSequence(truth, elsewhere).frame_size(), 2u);
  EXPECT_EQ(GroundSequenceForAccumulator(truth, elsewhere).frame_size(), 1u);
}

}  // namespace
}  // namespace reidbench
