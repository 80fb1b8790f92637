#include "reidbench/results/rank.h"

#include <gtest/gtest.h>

#include "reidbench/results/json_values.h"

namespace reidbench {
namespace {

// Scores are held against published ones to the digit.
TEST(RenderRankJson, KeepsEveryDigitOfADouble) {
  RankStageResult result;
  result.ranking.mean_ap = 2.0 / 3;
  result.ranking.mean_inp = 1.0 / 3;
  result.ranking.mean_ap_worst = result.ranking.mean_ap_best = 5.0 / 7;
  const Json json = Json::parse(RenderRankJson(result));
  EXPECT_EQ(json["mAP"], 2.0 / 3);
  EXPECT_EQ(json["mINP"], 1.0 / 3);
  EXPECT_EQ(json["dialects"]["step"], 2.0 / 3);
}

}  // namespace
}  // namespace reidbench
