#include "reidbench/mtmc_metrics/mcta.h"

#include <gtest/gtest.h>

#include "mtmc_metrics/hand_site.h"

namespace reidbench {
namespace {

TEST(Mcta, FollowsAPersonFromCameraToCamera) {
  // Person 1: camera a in frames 1, 2; camera b in 3, 4, where frame 4 has another id.
  const CameraTracks a = HandCamera("a", {{1, 1, 0}, {2, 1, 0}}, {{1, 7, 0}, {2, 7, 0}});
  const CameraTracks b = HandCamera("b", {{3, 1, 0}, {4, 1, 0}}, {{3, 7, 0}, {4, 8, 0}});
  const CameraTracks* cameras[] = {&a, &b};
  const MctaScore s = ScoreMcta(cameras);
  EXPECT_EQ(s.truepos_c, 2);  // the very first one, and the change of camera
  EXPECT_EQ(s.truepos_s, 2);
  EXPECT_EQ(s.mismatch_c, 0);
  EXPECT_EQ(s.mismatch_s, 1);
  EXPECT_DOUBLE_EQ(*s.mcta, 1 - 1.0 / 2);
}

TEST(Mcta, TakesCamerasInTheirOrder) {
  // A perfect result of cameras that overlap is full of mismatches: these rules know no overlap.
  const SiteTracks site = PerfectSite();
  const CameraTracks* cameras[] = {&site.cameras[0], &site.cameras[1]};
  const MctaScore s = ScoreMcta(cameras);
  EXPECT_EQ(s.mismatch_c, 6);
  EXPECT_EQ(s.truepos_c, 10);
  EXPECT_DOUBLE_EQ(*s.mcta, 0.4);
}

TEST(Mcta, IsUndefinedWithoutMatches) {
  const CameraTracks a = HandCamera("a", {{1, 1, 0}}, {});
  const CameraTracks* cameras[] = {&a};
  EXPECT_EQ(ScoreMcta(cameras).mcta, std::nullopt);
}

}  // namespace
}  // namespace reidbench
