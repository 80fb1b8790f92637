#include "reidbench/matching/merging.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <utility>

namespace reidbench {
namespace {

using ::testing::ElementsAre;
using Merged = std::vector<std::pair<int32_t, int32_t>>;

// Scores of groups that stay what their first member says.
struct Fixed {
  std::map<std::pair<int32_t, int32_t>, float> score;
  Merged merged;

  void Run(int32_t groups, float least, std::pair<int32_t, int32_t> refused = {-1, -1}) {
    std::vector<ScoredPair> pairs;
    for (const auto& [pair, value] : score) pairs.push_back({pair.first, pair.second, value});
    MergeBestFirst(
        groups, least, pairs,
        [&](int32_t a, int32_t b) {
          if (std::pair(a, b) == refused) return false;
          merged.emplace_back(a, b);
          return true;
        },
        [&](int32_t a, const auto& emit) {
          for (int32_t c = 0; c < groups; ++c) {
            const auto found = score.find(std::minmax(a, c));
            if (found != score.end()) emit(c, found->second);
          }
        });
  }
};

TEST(MergeBestFirst, TakesTheBestPairThenWhatIsLeftOfTheGroups) {
  Fixed fixed{{{{0, 1}, 2}, {{1, 2}, 5}, {{0, 2}, 4}, {{2, 3}, 9}, {{0, 3}, 1}}, {}};
  fixed.Run(4, 1.5F);
  // 3 goes into 2 and 2 into 1; then 0 and 1 are left with what 1 was worth to 0.
  EXPECT_THAT(fixed.merged, ElementsAre(std::pair(2, 3), std::pair(1, 2), std::pair(0, 1)));
}

TEST(MergeBestFirst, EqualScoresGoBySmallerNumbers) {
  Fixed fixed{{{{2, 3}, 5}, {{0, 3}, 5}, {{0, 2}, 5}}, {}};
  fixed.Run(4, 5);
  EXPECT_THAT(fixed.merged, ElementsAre(std::pair(0, 2), std::pair(0, 3)));
}

TEST(MergeBestFirst, StopsBelowTheLeast) {
  Fixed fixed{{{{0, 1}, 2}, {{2, 3}, 1.9F}}, {}};
  fixed.Run(4, 2);
  EXPECT_THAT(fixed.merged, ElementsAre(std::pair(0, 1)));
}

TEST(MergeBestFirst, WhatIsRefusedIsAskedAgainOnlyWhenAGroupHasGrown) {
  Fixed alone{{{{0, 1}, 5}}, {}};
  alone.Run(2, 1, {0, 1});
  EXPECT_TRUE(alone.merged.empty());
  int asked = 0;
  MergeBestFirst(
      3, 1, {{0, 1, 5}, {0, 2, 3}},
      [&](int32_t a, int32_t b) {
        EXPECT_EQ(a, 0);
        return b != 1 || ++asked > 1;
      },
      [&](int32_t a, const auto& emit) {
        if (a == 0) emit(1, 4);
      });
  EXPECT_EQ(asked, 2);
}

}  // namespace
}  // namespace reidbench
