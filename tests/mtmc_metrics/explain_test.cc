#include "reidbench/mtmc_metrics/explain.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "mtmc_metrics/hand_site.h"

namespace reidbench {
namespace {

const SiteRuleEffect& EffectOf(const Explanation& explanation, const std::string& part) {
  const auto found = std::find_if(
      explanation.effects.begin(), explanation.effects.end(),
      [&](const SiteRuleEffect& effect) { return effect.rule.find(part) != std::string::npos; });
  EXPECT_NE(found, explanation.effects.end()) << part;
  return *found;
}

TEST(Explain, AppliesEveryRuleAlone) {
  SiteTracks site = PerfectSite();
  for (SiteBox& box : site.cameras[1].results) box.id += 10;
  const Explanation explanation = ExplainSite(site);
  EXPECT_DOUBLE_EQ(explanation.idf1, 0.5);
  const SiteRuleEffect& single = EffectOf(explanation, "ids in one camera alone");
  EXPECT_EQ(single.removed, 16);
  EXPECT_EQ(single.idf1, 0);
  EXPECT_EQ(EffectOf(explanation, "counts are pooled").idf1, 1);
  EXPECT_LT(*EffectOf(explanation, "views are taken in turn").mota, explanation.mota);
  EXPECT_GT(*EffectOf(explanation, "on one ground").idf1, 0.5);
}

TEST(Explain, LeavesOutRulesWithNothingToDo) {
  for (const SiteRuleEffect& effect : ExplainSite(PerfectSite()).effects) {
    EXPECT_EQ(effect.rule.find("polygon"), std::string::npos);
    EXPECT_EQ(effect.rule.find("mask"), std::string::npos);
  }
}

}  // namespace
}  // namespace reidbench
