#include "reidbench/detection_metrics/miss_rate.h"

#include <gtest/gtest.h>

#include <cmath>

namespace reidbench {
namespace {

// Rows in the order of falling scores: '+' a match, '-' none.
ScoredMatches Rows(const std::string& rows, int64_t truth, int64_t pictures) {
  ScoredMatches out;
  for (size_t i = 0; i < rows.size(); ++i)
    out.rows.push_back({1 - 0.01 * static_cast<double>(i), rows[i] == '+'});
  out.truth = truth;
  out.pictures = pictures;
  return out;
}

// False positives a picture behind each row: 0, 0.01, 0.01, 0.02, 0.02. Caltech takes the last row
// up to a rate: at 0.01 and 0.0178 the third (2 of 4 found), from 0.0316 on the last (3 of 4).
// CrowdHuman the first row from it on: at 0.01 the second (1 of 4), at 0.0178 the fourth (2 of 4),
// then the last.
TEST(MissRate, ByHandInBothDialects) {
  const ScoredMatches rows = Rows("+-+-+", 4, 100);
  EXPECT_NEAR(*MissRate(rows, MatchDialect::kCaltech),
              std::exp((2 * std::log(0.5) + 7 * std::log(0.25)) / 9), 1e-15);
  EXPECT_NEAR(*MissRate(rows, MatchDialect::kCrowdHuman),
              std::exp((std::log(0.75) + std::log(0.5) + 7 * std::log(0.25)) / 9), 1e-15);
}

// One false positive in two pictures before any match: below a rate of 0.5 Caltech has found
// nobody, CrowdHuman reads the first row, which is the false one.
TEST(MissRate, BelowTheFirstFalsePositiveNobodyIsFound) {
  const ScoredMatches rows = Rows("-+", 2, 2);
  EXPECT_NEAR(*MissRate(rows, MatchDialect::kCaltech), std::exp(2 * std::log(0.5) / 9), 1e-15);
  EXPECT_NEAR(*MissRate(rows, MatchDialect::kCrowdHuman), std::exp(2 * std::log(0.5) / 9), 1e-15);
}

TEST(MissRate, ADetectorWithoutErrorsHasTheLeastThereIs) {
  const ScoredMatches rows = Rows("++", 2, 1);
  EXPECT_NEAR(*MissRate(rows, MatchDialect::kCaltech), 1e-10, 1e-20);
  // Its first rows are below every rate, so that the last is read at all of them.
  EXPECT_EQ(*MissRate(rows, MatchDialect::kCrowdHuman), 0);
}

TEST(MissRate, NothingFoundAndNothingToFind) {
  for (const MatchDialect dialect : {MatchDialect::kCaltech, MatchDialect::kCrowdHuman}) {
    EXPECT_EQ(MissRate(Rows("", 3, 10), dialect), 1);
    EXPECT_EQ(MissRate(Rows("--", 0, 10), dialect), std::nullopt);
    EXPECT_EQ(MissRate(Rows("", 0, 0), dialect), std::nullopt);
  }
}

// A rate of exactly 0.01 is reached by one false positive in 100 pictures.
TEST(MissRate, ARateThatIsMetExactlyCounts) {
  EXPECT_NEAR(*MissRate(Rows("-+", 2, 100), MatchDialect::kCaltech), 0.5, 1e-15);
  EXPECT_NEAR(*MissRate(Rows("-+", 2, 99), MatchDialect::kCaltech), std::exp(8 * std::log(0.5) / 9),
              1e-15);
}

// Recalls 1/4, 1/4, 1/2, 1/2, 3/4 with precisions 1, 1/2, 2/3, 1/2, 3/5: recalls 0, 0.1 and 0.2
// read 1, 0.3 to 0.5 2/3 without an envelope, 0.6 and 0.7 3/5, the rest is not reached.
TEST(MissRate, DevkitPrecisionHasNoEnvelope) {
  EXPECT_NEAR(*DevkitAveragePrecision(Rows("+-+-+", 4, 100)),
              (3 * 1.0 + 3 * 2.0 / 3 + 2 * 3.0 / 5) / 11, 1e-15);
  // Recall 0 reads the first row, whatever it is.
  EXPECT_EQ(DevkitAveragePrecision(Rows("-", 1, 1)), 0);
  EXPECT_NEAR(*DevkitAveragePrecision(Rows("-+", 1, 1)), 10 * 0.5 / 11, 1e-15);
  EXPECT_EQ(DevkitAveragePrecision(Rows("", 1, 1)), 0);
  EXPECT_EQ(DevkitAveragePrecision(Rows("+", 0, 1)), std::nullopt);
}

// MATLAB's third recall is 0.30000000000000004: 3 of 10 do not reach it, 7 of 10 reach 0.7.
TEST(MissRate, DevkitRecallsAreMatlabs) {
  EXPECT_NEAR(*DevkitAveragePrecision(Rows("+++", 10, 1)), 3.0 / 11, 1e-15);
  EXPECT_NEAR(*DevkitAveragePrecision(Rows("+++++++", 10, 1)), 8.0 / 11, 1e-15);
}

// From the first point on: (1/2 - 1/2) * .. + trapezoids of (1/2, 1), (1/2, 1/2), (1, 2/3).
TEST(MissRate, CrowdHumanPrecisionIsTrapezoids) {
  EXPECT_NEAR(*CrowdHumanAveragePrecision(Rows("+-+", 2, 1)), 0.5 * (0.5 + 2.0 / 3) / 2, 1e-15);
  EXPECT_EQ(CrowdHumanAveragePrecision(Rows("+", 1, 1)), 0);  // one point has no area
  EXPECT_EQ(CrowdHumanAveragePrecision(Rows("+", 0, 1)), std::nullopt);
}

}  // namespace
}  // namespace reidbench
