#include "reidbench/core/statistics.h"

#include <gtest/gtest.h>

#include <cmath>

#include "reidbench/core/random.h"

namespace reidbench {
namespace {

TEST(Quantile, EveryRule) {
  const std::vector<double> ascending = {15, 20, 35, 40, 50};
  const std::vector<double> shuffled = {40, 15, 50, 20, 35};
  const auto expect = [&](double q, QuantileRule rule, double value) {
    EXPECT_DOUBLE_EQ(QuantileOfSorted(ascending, q, rule), value) << q;
    EXPECT_DOUBLE_EQ(Quantile(shuffled, q, rule), value) << q;
  };
  expect(0, QuantileRule::kInterpolated, 15);
  expect(0.4, QuantileRule::kInterpolated, 29);  // numpy.quantile
  expect(0.95, QuantileRule::kInterpolated, 48);
  expect(1, QuantileRule::kInterpolated, 50);
  for (const auto& [q, value] :
       {std::pair{0.05, 15.0}, {0.3, 20.0}, {0.4, 20.0}, {0.5, 35.0}, {1.0, 50.0}})
    expect(q, QuantileRule::kNearestRank, value);
  expect(0.4, QuantileRule::kLower, 20);
  expect(0.95, QuantileRule::kLower, 40);
  expect(0.4, QuantileRule::kHigher, 35);
  expect(0.5, QuantileRule::kHigher, 35);
  EXPECT_EQ(Quantile({1, 2, 3, 4}, 0.5, QuantileRule::kHigher), 3);
  EXPECT_EQ(Quantile({1, 2, 3, 4}, 0.5, QuantileRule::kLower), 2);
  for (const QuantileRule rule : {QuantileRule::kInterpolated, QuantileRule::kNearestRank,
                                  QuantileRule::kLower, QuantileRule::kHigher})
    EXPECT_EQ(Quantile({7}, 0.99, rule), 7);
}

// Published intervals depend on which stream draws what.
TEST(Resampling, StreamsAreThoseOfTheDrawing) {
  BootstrapOptions options;
  options.resamples = 100;
  options.seed = 5;
  constexpr size_t kUnits = 70;  // more than the bits of a word
  for (const Drawing drawing : {Drawing::kConsecutiveStreams, Drawing::kInterleavedStreams}) {
    const bool interleaved = drawing == Drawing::kInterleavedStreams;
    const ResampledValues drawn =
        Bootstrap(kUnits, options, drawing, [](std::span<const size_t> units) {
          return std::vector<double>(units.begin(), units.end());
        });
    const Permutations permuted =
        Permute(kUnits, options, drawing, true, [](std::span<const uint8_t> swapped) {
          return std::vector<double>(swapped.begin(), swapped.end());
        });
    EXPECT_FALSE(permuted.exact);
    ASSERT_EQ(drawn.size(), 100u);
    ASSERT_EQ(permuted.values.size(), 100u);
    for (uint64_t r = 0; r < 100; ++r) {
      Rng draws(5, interleaved ? 2 * r : r);
      for (size_t k = 0; k < kUnits; ++k)
        ASSERT_EQ(drawn[r][k], static_cast<double>(draws.Below(kUnits)));
      Rng swaps(5, interleaved ? 2 * r + 1 : 100 + r);
      uint64_t word = 0;
      for (size_t k = 0; k < kUnits; ++k) {
        if (k % 64 == 0 && !interleaved) word = swaps.Next();
        const bool swap = interleaved ? swaps.Below(2) != 0 : ((word >> (k % 64)) & 1) != 0;
        ASSERT_EQ(permuted.values[r][k], swap ? 1 : 0);
      }
    }
  }
}

TEST(Resampling, FewUnitsArePermutedExactly) {
  BootstrapOptions options;
  options.resamples = 100;
  const auto sum = [](std::span<const uint8_t> swapped) -> std::vector<double> {
    double value = 0;
    for (const uint8_t side : swapped) value += side != 0 ? 1 : -1;
    return {value};
  };
  const Permutations all = Permute(5, options, Drawing::kInterleavedStreams, true, sum);
  EXPECT_TRUE(all.exact);
  EXPECT_EQ(all.values.size(), 32u);
  EXPECT_DOUBLE_EQ(all.PValue(0, 5, 1e-12), 2.0 / 32);
  EXPECT_DOUBLE_EQ(all.PValue(0, -3, 1e-12), 12.0 / 32);
  const Permutations drawn = Permute(5, options, Drawing::kInterleavedStreams, false, sum);
  EXPECT_FALSE(drawn.exact);
  // The observed arrangement counts, so that nothing is impossible.
  EXPECT_DOUBLE_EQ(drawn.PValue(0, 9, 0), 1.0 / 101);
}

TEST(Resampling, IntervalsNeedAValueInEveryResample) {
  ResampledValues rows;
  for (int i = 0; i <= 100; ++i) rows.push_back({100.0 - i, i == 3 ? std::nan("") : 1.0});
  const auto interval = PercentileInterval(rows, 0, 0.9);
  ASSERT_TRUE(interval.has_value());
  EXPECT_NEAR(interval->low, 5, 1e-12);
  EXPECT_NEAR(interval->high, 95, 1e-12);
  EXPECT_FALSE(PercentileInterval(rows, 1, 0.9).has_value());
  EXPECT_FALSE(PercentileInterval({}, 0, 0.9).has_value());
}

}  // namespace
}  // namespace reidbench
