#include "reidbench/mtmc_metrics/mvmhat.h"

#include <gtest/gtest.h>

#include "mtmc_metrics/hand_site.h"

namespace reidbench {
namespace {

MvmhatScore TwoViews(const CameraTracks& a, const CameraTracks& b) {
  const CameraTracks* cameras[] = {&a, &b};
  return ScoreMvmhat(cameras);
}

TEST(Mvmhat, AgreesInEveryFrame) {
  const SiteTracks site = PerfectSite();
  const MvmhatScore s = TwoViews(site.cameras[0], site.cameras[1]);
  EXPECT_EQ(s.frames, 4);
  EXPECT_DOUBLE_EQ(*s.f1, 1);
  EXPECT_DOUBLE_EQ(*s.mvma, 1);
}

TEST(Mvmhat, AveragesOverFramesAndForgetsBetweenThem) {
  // Frame 1 agrees on 11, frame 2 on 12: no error. Frame 3 disagrees.
  const MvmhatScore s = TwoViews(
      HandCamera("a", {{1, 1, 0}, {2, 1, 0}, {3, 1, 0}}, {{1, 11, 0}, {2, 12, 0}, {3, 11, 0}}),
      HandCamera("b", {{1, 1, 0}, {2, 1, 0}, {3, 1, 0}}, {{1, 11, 0}, {2, 12, 0}, {3, 12, 0}}));
  EXPECT_DOUBLE_EQ(*s.precision, 2.0 / 3);
  EXPECT_DOUBLE_EQ(*s.recall, 2.0 / 3);
}

TEST(Mvmhat, LinksAboveHalfAlone) {
  // A box of half the height: IoU 0.5 exactly.
  CameraTracks half = HandCamera("a", {{1, 1, 0}}, {{1, 11, 0}});
  half.results.front().box.height = 5;
  const MvmhatScore s = TwoViews(half, half);
  EXPECT_EQ(s.f1, std::nullopt);
}

}  // namespace
}  // namespace reidbench
