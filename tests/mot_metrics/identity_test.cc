#include "reidbench/mot_metrics/identity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mot_metrics/hand_support.h"

namespace reidbench {
namespace {

TEST(Identity, HandComputed) {
  // gt 1 is followed by 7 for three frames and by 8 for two; gt 2 by 7 for one. Best: 1-7 (3), 2
  // unmatched; or 1-8, 2-7: 3 as well. Either way IDTP = 3.
  const MotSequence s =
      Prepared({{1, 1, 0}, {2, 1, 0}, {3, 1, 0}, {4, 1, 0}, {5, 1, 0}, {6, 2, 1}},
               {{1, 7, 0}, {2, 7, 0}, {3, 7, 0}, {4, 8, 0}, {5, 8, 0}, {6, 7, 1}}, 6);
  const IdentitySummary r = Summarize(CountIdentity(s));
  EXPECT_EQ(r.counts.tp, 3);
  EXPECT_EQ(r.counts.fn, 3);
  EXPECT_EQ(r.counts.fp, 3);
  EXPECT_DOUBLE_EQ(r.f1, 0.5);
  EXPECT_DOUBLE_EQ(r.recall, 0.5);
  EXPECT_DOUBLE_EQ(r.precision, 0.5);
}

TEST(Identity, ChoosesTheBestMatchOverAll) {
  // Greedy would give 1 to 7 (3 frames) and leave 2 with nothing (total 3); the best total is 1-8
  // (2) + 2-7 (2).
  const MotSequence s =
      Prepared({{1, 1, 0}, {2, 1, 0}, {3, 1, 0}, {4, 1, 0}, {5, 1, 0}, {6, 2, 1}, {7, 2, 1}},
               {{1, 7, 0}, {2, 7, 0}, {3, 7, 0}, {4, 8, 0}, {5, 8, 0}, {6, 7, 1}, {7, 7, 1}}, 7);
  EXPECT_EQ(CountIdentity(s).tp, 4);
  EXPECT_THAT(MatchIdentities(s), ::testing::ElementsAre(1, 0));
}

TEST(Identity, BlocksAddUpToTheWhole) {
  const MotSequence s = Prepared({{1, 1, 0}, {2, 1, 0}, {3, 1, 0}, {5, 2, 1}},
                                 {{1, 7, 0}, {2, 8, 0}, {3, 7, 0}, {5, 8, 1}}, 5);
  IdentityCounts sum;
  for (const IdentityCounts& block : CountIdentityBlocks(s, 2)) sum += block;
  const IdentityCounts whole = CountIdentity(s);
  EXPECT_EQ(sum.tp, whole.tp);
  EXPECT_EQ(sum.fn, whole.fn);
  EXPECT_EQ(sum.fp, whole.fp);
}

}  // namespace
}  // namespace reidbench
