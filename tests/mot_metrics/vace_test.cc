#include "reidbench/mot_metrics/vace.h"

#include <gtest/gtest.h>

#include "mot_metrics/hand_support.h"

namespace reidbench {
namespace {

TEST(Vace, HandComputed) {
  // Track 7 covers frames 1 and 2 of gt 1 (frames 1..3) and frame 4, where the gt is absent: 2 / 4.
  const VaceSummary r = Summarize(CountVace(
      Prepared({{1, 1, 0}, {2, 1, 0}, {3, 1, 0}}, {{1, 7, 0}, {2, 7, 0, 2}, {4, 7, 0}}, 9)));
  EXPECT_EQ(r.counts.gt_ids, 1);
  EXPECT_EQ(r.counts.tracker_ids, 1);
  EXPECT_EQ(r.counts.non_empty_frames, 4);
  EXPECT_DOUBLE_EQ(r.counts.stda, 0.5);
  ASSERT_TRUE(r.ata.has_value());
  EXPECT_DOUBLE_EQ(*r.ata, 0.5);
  EXPECT_DOUBLE_EQ(r.counts.fda, 1 + 80.0 / 120);
  ASSERT_TRUE(r.sfda.has_value());
  EXPECT_DOUBLE_EQ(*r.sfda, (1 + 80.0 / 120) / 4);
}

TEST(Vace, IsUndefinedWithoutBoxes) {
  const VaceSummary r = Summarize(CountVace(Prepared({}, {}, 5)));
  EXPECT_FALSE(r.ata.has_value());
  EXPECT_FALSE(r.sfda.has_value());
}

}  // namespace
}  // namespace reidbench
