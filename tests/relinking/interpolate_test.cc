#include "reidbench/relinking/interpolate.h"

#include <gtest/gtest.h>

#include "reidbench/core/error.h"

namespace reidbench {
namespace {

TrackBox At(int64_t frame, int64_t id, double left, double score) {
  return {FrameIndex(frame), TrackId(id), {left, 10, 40, 100}, score};
}

TEST(Interpolate, FillsGapsOnAStraightLine) {
  TrackSet set{"S", 20, {At(4, 7, 40, 0.5), At(8, 7, 80, 0.9), At(9, 7, 90, 1)}};
  const Interpolation filled = InterpolateGaps(set, 3);
  ASSERT_EQ(filled.added.size(), 3u);
  EXPECT_EQ(filled.added[0].frame.value, 5);
  EXPECT_DOUBLE_EQ(filled.added[0].box.left, 50);
  EXPECT_DOUBLE_EQ(filled.added[0].confidence, 0.6);
  EXPECT_DOUBLE_EQ(filled.added[2].box.left, 70);
  EXPECT_DOUBLE_EQ(filled.added[2].box.height, 100);
  EXPECT_EQ(filled.added[1].id.value, 7);
  ASSERT_EQ(filled.gaps.size(), 1u);
  EXPECT_EQ(filled.gaps[0].frame_before, 4);
  EXPECT_EQ(filled.gaps[0].frame_after, 8);
}

TEST(Interpolate, LeavesLongerGapsAlone) {
  const TrackSet set{"S", 20, {At(4, 7, 40, 0.5), At(8, 7, 80, 0.9)}};
  EXPECT_TRUE(InterpolateGaps(set, 2).added.empty());
  EXPECT_TRUE(InterpolateGaps(set, 0).added.empty());
}

TEST(Interpolate, AddsByFrameInAnyOrderOfTheInput) {
  const TrackSet set{"S", 20, {At(5, 2, 0, 1), At(3, 1, 0, 1), At(3, 2, 0, 1), At(1, 1, 0, 1)}};
  const Interpolation filled = InterpolateGaps(set, 5);
  ASSERT_EQ(filled.added.size(), 2u);
  EXPECT_EQ(filled.added[0].frame.value, 2);
  EXPECT_EQ(filled.added[1].frame.value, 4);
  EXPECT_EQ(filled.added[1].id.value, 2);
}

}  // namespace
}  // namespace reidbench
