#include "reidbench/tracking/pair_selection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace reidbench {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

SparseScores ScoresOf(const std::vector<std::vector<double>>& rows) {
  SparseScores scores;
  scores.Clear(static_cast<int32_t>(rows[0].size()));
  for (const auto& row : rows) {
    for (size_t c = 0; c < row.size(); ++c) {
      if (row[c] > 0) scores.Add(static_cast<int32_t>(c), row[c]);
    }
    scores.EndRow();
  }
  return scores;
}

TEST(UncontestedPairs, TakesOneToOnePairs) {
  UncontestedPairs pairs;
  EXPECT_TRUE(pairs.Find(ScoresOf({{0.1, 0.8}, {0, 0.2}, {0.5, 0}}).View(), 0.3));
  EXPECT_THAT(pairs.partner(), ElementsAre(1, kUnassigned, 0));
}

TEST(UncontestedPairs, RefusesCompetitionAndNothingAtAll) {
  UncontestedPairs pairs;
  EXPECT_FALSE(pairs.Find(ScoresOf({{0.8, 0.4}}).View(), 0.3));
  EXPECT_FALSE(pairs.Find(ScoresOf({{0.8}, {0.4}}).View(), 0.3));
  EXPECT_FALSE(pairs.Find(ScoresOf({{0.3}}).View(), 0.3));  // exactly at it: not above
  SparseScores none;
  none.Clear(4);
  EXPECT_TRUE(pairs.Find(none.View(), 0.3));
}

TEST(BestPairs, TakesTheLargestSumAndDropsWhatIsBelow) {
  BestPairs best;
  const SparseScores competing = ScoresOf({{0.9, 0.8}, {0.8, 0.1}});
  const auto& pairs = best.Find(competing.View(), 0.3);
  ASSERT_THAT(pairs, SizeIs(2));
  EXPECT_EQ(pairs[0].col, 1);
  EXPECT_EQ(pairs[1].col, 0);
  EXPECT_THAT(best.Find(ScoresOf({{0.3}}).View(), 0.3), IsEmpty());
  const SparseScores mixed = ScoresOf({{0.9, 0}, {0, 0.3}, {0, 0.2}});
  EXPECT_THAT(best.Find(mixed.View(), 0.3),
              SizeIs(2));  // at the threshold counts beside better ones
}

}  // namespace
}  // namespace reidbench
