#include "reidbench/mtmc_metrics/devkit_clear.h"

#include <gtest/gtest.h>

#include "mtmc_metrics/hand_site.h"
#include "reidbench/mot_metrics/clear.h"
#include "reidbench/mtmc_metrics/site_sequences.h"

namespace reidbench {
namespace {

MotSequence OneCamera(const std::vector<SiteSpot>& truth, const std::vector<SiteSpot>& results) {
  return CameraSequence(HandCamera("a", truth, results), 0);
}

TEST(DevkitClear, CountsByHand) {
  const DevkitClearCounts c = CountDevkitClear(
      OneCamera({{1, 1, 0}, {2, 1, 0}, {3, 1, 0}}, {{1, 7, 0}, {2, 8, 0, 2}, {3, 9, 4}}));
  EXPECT_EQ(c.tp, 2);
  EXPECT_EQ(c.fn, 1);
  EXPECT_EQ(c.fp, 1);
  EXPECT_EQ(c.id_switches, 1);
  EXPECT_DOUBLE_EQ(c.distance_sum, 4.0 / 12);
  EXPECT_DOUBLE_EQ(*c.mota(), 1 - 3.0 / 3);
  EXPECT_EQ(CountDevkitClear(OneCamera({}, {{1, 1, 0}})).mota(), std::nullopt);
}

TEST(DevkitClear, ForgivesAnotherIdAfterAnAbsence) {
  // Person 1 is away in frame 2: TrackEval counts a switch, the kit does not.
  const MotSequence absent = OneCamera({{1, 1, 0}, {3, 1, 0}}, {{1, 7, 0}, {3, 8, 0}});
  EXPECT_EQ(CountDevkitClear(absent).id_switches, 0);
  EXPECT_EQ(CountClear(absent).id_switches, 1);
  // Present and missed: both count it.
  const MotSequence missed = OneCamera({{1, 1, 0}, {2, 1, 0}, {3, 1, 0}}, {{1, 7, 0}, {3, 8, 0}});
  EXPECT_EQ(CountDevkitClear(missed).id_switches, 1);
}

}  // namespace
}  // namespace reidbench
