#include "reidbench/core/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <vector>

namespace reidbench {
namespace {

TEST(RngTest, SeedAndStreamDecideTheNumbers) {
  Rng a(7);
  Rng b(7);
  Rng other_seed(8);
  Rng other_stream(7, 1);
  const uint64_t first = a.Next();
  EXPECT_EQ(first, b.Next());
  EXPECT_NE(first, other_seed.Next());
  EXPECT_NE(first, other_stream.Next());
}

TEST(RngTest, BelowIsUniformAndInRange) {
  Rng rng(1);
  std::array<int, 5> counts{};
  constexpr int kDraws = 50'000;
  for (int i = 0; i < kDraws; ++i) ++counts[rng.Below(5)];
  // Standard deviation of each count: sqrt(50000 * 0.2 * 0.8) = 89; five of them either way.
  for (int count : counts) EXPECT_NEAR(count, kDraws / 5, 450);
}

TEST(RngTest, NormalHasMeanZeroAndVarianceOne) {
  Rng rng(2);
  constexpr int kDraws = 100'000;
  double sum = 0;
  double squares = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double x = rng.Normal();
    sum += x;
    squares += x * x;
  }
  EXPECT_NEAR(sum / kDraws, 0, 0.02);
  EXPECT_NEAR(squares / kDraws, 1, 0.03);
}

TEST(RngTest, ShuffleKeepsEveryItem) {
  std::vector<int> items(100);
  std::iota(items.begin(), items.end(), 0);
  std::vector<int> shuffled = items;
  Rng(3).Shuffle(std::span(shuffled));
  EXPECT_NE(shuffled, items);
  std::sort(shuffled.begin(), shuffled.end());
  EXPECT_EQ(shuffled, items);
}

}  // namespace
}  // namespace reidbench
