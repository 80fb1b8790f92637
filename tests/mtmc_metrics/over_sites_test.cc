#include "reidbench/mtmc_metrics/over_sites.h"

#include <gtest/gtest.h>

#include "mtmc_metrics/hand_site.h"

namespace reidbench {
namespace {

TEST(OverSites, PooledCountsAreNotTheMeanOfScores) {
  const std::string names[] = {"duke", "aicity2024_3d"};
  const SiteTracks whole = PerfectSite();
  SiteTracks half = PerfectSite();
  half.cameras.pop_back();
  half.cameras[0].results.clear();
  const auto a = ScoreDialects(whole, PrepareSite(whole), names);
  const auto b = ScoreDialects(half, PrepareSite(half), names);
  const NamedDialects sites[] = {{"whole", a}, {"half", b}};
  const OverSites over = CombineSites(sites);
  EXPECT_EQ(over.duke->scenes, 2);
  EXPECT_EQ(over.duke->identity.tp, 16);
  EXPECT_DOUBLE_EQ(Summarize(over.duke->identity).f1, 2 * 16.0 / (24 + 16));
  EXPECT_DOUBLE_EQ(over.duke->mean_idf1, 0.5);
  EXPECT_DOUBLE_EQ(over.aicity3d->hota, 0.5);
  EXPECT_FALSE(over.mvmhat);
}

}  // namespace
}  // namespace reidbench
