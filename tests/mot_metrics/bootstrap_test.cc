#include "reidbench/mot_metrics/bootstrap.h"

#include <gtest/gtest.h>

#include "mot_metrics/hand_support.h"
#include "reidbench/core/error.h"
#include "reidbench/core/parallel.h"

namespace reidbench {
namespace {

// A sequence of `frames` frames of which the tracker finds `found`.
MotCounts Unit(int frames, int found) {
  std::vector<Spot> gt, tracker;
  for (int f = 1; f <= frames; ++f) {
    gt.push_back({f, 1, 0});
    if (f <= found) tracker.push_back({f, 7, 0});
  }
  return CountMot(Prepared(gt, tracker, frames));
}

TEST(Bootstrap, IntervalHoldsTheValueAndVanishesWithoutSpread) {
  MotBootstrapOptions options;
  options.fields = {"MOTA"};
  std::vector<MotCounts> units;
  for (int k = 1; k <= 9; ++k) units.push_back(Unit(10, k));
  const MotInterval spread = BootstrapScores(units, options)[0];
  EXPECT_DOUBLE_EQ(spread.value, 45.0 / 90);
  EXPECT_LT(spread.low.value(), spread.value);
  EXPECT_GT(spread.high.value(), spread.value);
  // Nine equal sequences: standard error 0.
  const MotInterval none = BootstrapScores(std::vector<MotCounts>(9, Unit(10, 4)), options)[0];
  EXPECT_DOUBLE_EQ(none.low.value(), 0.4);
  EXPECT_DOUBLE_EQ(none.high.value(), 0.4);
}

TEST(Bootstrap, NeedsTwoUnitsAndKnownFields) {
  MotBootstrapOptions options;
  EXPECT_FALSE(BootstrapScores(std::vector<MotCounts>{Unit(3, 2)}, options)[0].low.has_value());
  options.fields = {"NOPE"};
  EXPECT_THROW(BootstrapScores(std::vector<MotCounts>{Unit(3, 2)}, options), Error);
  options = {};
  options.resamples = 5;
  EXPECT_THROW(BootstrapScores(std::vector<MotCounts>{Unit(3, 2)}, options), Error);
}

TEST(Bootstrap, PairedTestIsExactForFewSequences) {
  MotBootstrapOptions options;
  options.fields = {"MOTA"};
  // B is better by one frame in each of five sequences: only "none swapped" and "all swapped" are
  // as far apart, 2 of 32.
  std::vector<MotCounts> a, b;
  for (int k = 1; k <= 5; ++k) {
    a.push_back(Unit(10, k));
    b.push_back(Unit(10, k + 1));
  }
  const MotDifference result = CompareScores(a, b, options)[0];
  EXPECT_NEAR(result.difference, 0.1, 1e-15);
  EXPECT_DOUBLE_EQ(result.p_value.value(), 2.0 / 32);
  EXPECT_NEAR(result.low.value(), 0.1, 1e-12);
  EXPECT_NEAR(result.high.value(), 0.1, 1e-12);
  EXPECT_DOUBLE_EQ(CompareScores(a, a, options)[0].p_value.value(), 1);
  EXPECT_THROW(CompareScores(a, std::span(b).first(4), options), Error);
}

TEST(Bootstrap, ThreadsDoNotChangeIt) {
  std::vector<MotCounts> a, b;
  for (int k = 1; k <= 12; ++k) {
    a.push_back(Unit(12, k));
    b.push_back(Unit(12, (k * 5) % 12 + 1));
  }
  const MotBootstrapOptions options;
  std::vector<std::vector<MotDifference>> runs;
  for (const int threads : {1, 4}) {
    const ThreadLimit limit(threads);
    runs.push_back(CompareScores(a, b, options));
  }
  for (size_t f = 0; f < runs[0].size(); ++f) {
    EXPECT_EQ(runs[0][f].low, runs[1][f].low);
    EXPECT_EQ(runs[0][f].high, runs[1][f].high);
    EXPECT_EQ(runs[0][f].p_value, runs[1][f].p_value);
  }
}

}  // namespace
}  // namespace reidbench
