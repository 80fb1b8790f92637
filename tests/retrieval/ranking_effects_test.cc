#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reidbench/core/error.h"
#include "reidbench/retrieval/ranking.h"
#include "retrieval/golden.h"
#include "retrieval/inputs.h"

namespace reidbench {
namespace {

TEST(ExplainRules, ShowsWhatEachRuleMoves) {
  const LabelledFeatures set = ReadLabelled(GoldenFile("ranking/euclidean.h5"));
  const RankingResult base = Rank(set.Input(), Quick());
  const std::vector<RuleEffect> effects = ExplainRules(set.Input(), Quick(), base);
  const auto find = [&](const std::string& rule) -> const RuleEffect& {
    for (const RuleEffect& effect : effects) {
      if (effect.rule == rule) return effect;
    }
    throw std::runtime_error("no rule " + rule);
  };
  EXPECT_EQ(find("AP: step").mean_ap_change, 0.0);
  EXPECT_NEAR(find("AP: trapezoid").mean_ap_change.value(),
              0.38806871962550055 - 0.40977325471607773, 1e-9);
  EXPECT_GT(find("distractors (person 0) left out").mean_ap_change.value(), 0);
  RankingOptions cosine = Quick();
  cosine.metric = Metric::kCosine;
  EXPECT_EQ(find("metric: cosine").score.mean_ap, Rank(set.Input(), cosine).mean_ap);
  EXPECT_EQ(ExplainRules(set.Input(), Quick(), base, false).size(), effects.size() - 1);
}

TEST(CompareRankings, NeedsTheSameQueries) {
  const LabelledFeatures set = ReadLabelled(GoldenFile("ranking/euclidean.h5"));
  RankingOptions options = Quick();
  const RankingResult a = Rank(set.Input(), options);
  options.metric = Metric::kCosine;
  const RankingResult b = Rank(set.Input(), options);
  const PairedScores scores = CompareRankings(a, b, set.query_person, BootstrapOptions{});
  EXPECT_NEAR(scores.mean_ap.difference, *b.mean_ap - *a.mean_ap, 1e-12);
  EXPECT_NEAR(scores.rank1.difference, b.cmc[0] - a.cmc[0], 1e-12);
  EXPECT_LT(scores.mean_ap.interval->low, scores.mean_ap.difference);
  EXPECT_GT(scores.mean_ap.interval->high, scores.mean_ap.difference);

  const LabelledFeatures other = ReadLabelled(GoldenFile("ranking/ties.h5"));
  const RankingResult c = Rank(other.Input(), Quick());
  EXPECT_THROW(CompareRankings(a, c, set.query_person, BootstrapOptions{}), Error);
  RankingResult d = b;
  d.queries[3].num_positives += 1;
  EXPECT_THROW(CompareRankings(a, d, set.query_person, BootstrapOptions{}), Error);
}

}  // namespace
}  // namespace reidbench
