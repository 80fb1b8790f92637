#include "reidbench/mtmc_metrics/moda.h"

#include <gtest/gtest.h>

namespace reidbench {
namespace {

TEST(Moda, CountsByHand) {
  // Frame 1: 10 cells off, and one at the reach; frame 2: nobody found, so it costs nothing; frame
  // 3: a detection of nobody.
  const ModaScores s =
      ScoreModa({{1, 0, 0}, {1, 100, 0}, {2, 5, 5}}, {{1, 6, 8}, {1, 100, 20}, {3, 0, 0}});
  EXPECT_EQ(s.matlab.frames, 2);
  EXPECT_EQ(s.matlab.gt, 2);
  EXPECT_EQ(s.matlab.tp, 2);
  EXPECT_EQ(s.matlab.fp, 1);
  EXPECT_EQ(s.matlab.pairs_at_reach, 1);
  EXPECT_DOUBLE_EQ(*s.matlab.moda, 50);
  EXPECT_DOUBLE_EQ(*s.matlab.modp, 25);  // (0.5 + 0) / 2
  // The port: the pair at the reach is no match, and frame 3 is behind the last one with people.
  EXPECT_EQ(s.python.tp, 1);
  EXPECT_EQ(s.python.fp, 1);
  EXPECT_DOUBLE_EQ(*s.python.moda, 0);  // 1 - 2 / 2
  EXPECT_DOUBLE_EQ(*s.python.modp, 50);
}

TEST(Moda, TakesThePairsThatAreMost) {
  // The nearest pair alone would leave the other two without a partner.
  const ModaScores s = ScoreModa({{1, 0, 0}, {1, 10, 0}}, {{1, 9, 0}, {1, 29, 0}});
  EXPECT_EQ(s.matlab.tp, 2);
}

TEST(Moda, IsUndefinedWithoutPeople) {
  const ModaScores s = ScoreModa({}, {{1, 0, 0}});
  EXPECT_EQ(s.matlab.moda, std::nullopt);
  EXPECT_EQ(s.python.moda, 0);
}

}  // namespace
}  // namespace reidbench
