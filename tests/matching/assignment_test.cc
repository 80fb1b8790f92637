#include "reidbench/matching/assignment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <numeric>
#include <string>

#include "reidbench/core/random.h"

namespace reidbench {
namespace {

using ::testing::ElementsAre;

SparseScores FromDense(int32_t rows, int32_t cols, const std::vector<double>& dense) {
  SparseScores scores;
  scores.Clear(cols);
  for (int32_t r = 0; r < rows; ++r) {
    for (int32_t c = 0; c < cols; ++c) {
      if (dense[static_cast<size_t>(r) * cols + c] > 0)
        scores.Add(c, dense[static_cast<size_t>(r) * cols + c]);
    }
    scores.EndRow();
  }
  return scores;
}

double SumOf(int32_t cols, const std::vector<double>& dense, std::span<const int32_t> match) {
  double sum = 0;
  for (size_t r = 0; r < match.size(); ++r) {
    if (match[r] != kUnassigned) sum += dense[r * cols + match[r]];
  }
  return sum;
}

// Best sum by trying every permutation.
double BruteForce(int32_t rows, int32_t cols, const std::vector<double>& dense) {
  std::vector<int32_t> columns(std::max(rows, cols));
  std::iota(columns.begin(), columns.end(), 0);
  double best = 0;
  do {
    double sum = 0;
    for (int32_t r = 0; r < rows; ++r) {
      if (columns[r] < cols) sum += dense[static_cast<size_t>(r) * cols + columns[r]];
    }
    best = std::max(best, sum);
  } while (std::next_permutation(columns.begin(), columns.end()));
  return best;
}

// Problems and answers of scipy 1.10.1 on tie-heavy matrices of small integers, one a line: rows
// cols scores.. columns..
TEST(LinearSumAssignment, EqualsScipyOnTies) {
  std::ifstream stream(REIDBENCH_TEST_DATA "/matching/scipy_ties.txt");
  ASSERT_TRUE(stream.good());
  int32_t rows = 0, cols = 0;
  int problems = 0;
  SparseAssigner assigner;
  while (stream >> rows >> cols) {
    std::vector<double> scores(static_cast<size_t>(rows) * cols), cost;
    for (double& s : scores) stream >> s;
    std::vector<int32_t> wanted(rows), wanted_pairs(rows);
    for (int32_t& c : wanted) stream >> c;
    for (const double s : scores) cost.push_back(-s);
    EXPECT_EQ(LinearSumAssignment(rows, cols, cost), wanted) << "problem " << problems;
    for (int32_t r = 0; r < rows; ++r) {  // pairs of score 0 are not reported
      const bool counts =
          wanted[r] != kUnassigned && scores[static_cast<size_t>(r) * cols + wanted[r]] > 0;
      wanted_pairs[r] = counts ? wanted[r] : kUnassigned;
    }
    const SparseScores sparse = FromDense(rows, cols, scores);
    EXPECT_THAT(assigner.MaximiseLikeScipy(sparse.View()),
                ::testing::ElementsAreArray(wanted_pairs))
        << "problem " << problems;
    EXPECT_THAT(assigner.MaximiseDenseOrder(sparse.View()),
                ::testing::ElementsAreArray(wanted_pairs))
        << "problem " << problems;
    ++problems;
  }
  EXPECT_GE(problems, 1000);
}

TEST(LinearSumAssignment, TakesNegativeCostsAndTallMatrices) {
  // Best: row 1 to column 0 (-5), row 2 to column 1 (-4).
  EXPECT_THAT(LinearSumAssignment(3, 2, std::vector<double>{1, 2, -5, 0, 3, -4}),
              ElementsAre(kUnassigned, 0, 1));
  EXPECT_TRUE(LinearSumAssignment(0, 5, {}).empty());
  EXPECT_THAT(LinearSumAssignment(2, 0, {}), ElementsAre(kUnassigned, kUnassigned));
}

TEST(SparseAssigner, FindsTheBestSum) {
  Rng rng(1);
  SparseAssigner assigner;
  for (int trial = 0; trial < 2000; ++trial) {
    const auto rows = static_cast<int32_t>(1 + rng.Below(6)),
               cols = static_cast<int32_t>(1 + rng.Below(6));
    std::vector<double> dense(static_cast<size_t>(rows) * cols);
    const bool integers = trial % 2 == 0;
    for (double& s : dense) {
      if (rng.Below(3) == 0) continue;
      s = integers ? static_cast<double>(rng.Below(4)) : rng.Uniform();
    }
    const SparseScores scores = FromDense(rows, cols, dense);
    const double best = BruteForce(rows, cols, dense);
    EXPECT_NEAR(SumOf(cols, dense, assigner.Maximise(scores.View())), best, 1e-12);
    EXPECT_NEAR(SumOf(cols, dense, assigner.MaximiseLikeScipy(scores.View())), best, 1e-12);
  }
}

TEST(SparseAssigner, SparseAndDenseOrderAgreeOnLargeProblemsWithFewTies) {
  Rng rng(2);
  SparseAssigner assigner;
  for (int trial = 0; trial < 60; ++trial) {
    const auto rows = static_cast<int32_t>(20 + rng.Below(80)),
               cols = static_cast<int32_t>(20 + rng.Below(80));
    SparseScores scores;
    scores.Clear(cols);
    for (int32_t r = 0; r < rows; ++r) {
      for (int32_t c = 0; c < cols; ++c) {
        if (rng.Below(12) != 0) continue;
        // Some trials on a coarse grid: sums tie now and then.
        scores.Add(c, trial % 3 == 0 ? (1.0 + static_cast<double>(rng.Below(50))) / 50
                                     : rng.Uniform(0.01, 1));
      }
      scores.EndRow();
    }
    const std::span<const int32_t> like = assigner.MaximiseLikeScipy(scores.View());
    const std::vector<int32_t> kept(like.begin(), like.end());
    EXPECT_THAT(assigner.MaximiseDenseOrder(scores.View()), ::testing::ElementsAreArray(kept))
        << trial;
  }
}

TEST(SparseAssigner, UsesTheDenseOrderOnlyForTies) {
  SparseAssigner assigner;
  // Two rows, two columns, distinct scores: one best assignment.
  assigner.MaximiseLikeScipy(FromDense(2, 2, {0.9, 0.2, 0.3, 0.8}).View());
  EXPECT_EQ(assigner.dense_solves(), 0);
  // Either row may have the only column.
  assigner.MaximiseLikeScipy(FromDense(2, 1, {0.5, 0.5}).View());
  EXPECT_EQ(assigner.dense_solves(), 1);
  // Swapping the columns changes nothing: .6 + .5 = .7 + .4.
  assigner.MaximiseLikeScipy(FromDense(2, 2, {0.6, 0.7, 0.4, 0.5}).View());
  EXPECT_EQ(assigner.dense_solves(), 2);
  // One row, two equal columns.
  assigner.MaximiseLikeScipy(FromDense(1, 2, {0.5, 0.5}).View());
  EXPECT_EQ(assigner.dense_solves(), 3);
}

TEST(SparseAssigner, AnswersEmptyProblems) {
  SparseAssigner assigner;
  EXPECT_THAT(assigner.MaximiseLikeScipy(FromDense(3, 0, {}).View()),
              ElementsAre(kUnassigned, kUnassigned, kUnassigned));
  EXPECT_TRUE(assigner.MaximiseLikeScipy(FromDense(0, 3, {}).View()).empty());
  EXPECT_THAT(assigner.MaximiseLikeScipy(FromDense(2, 2, {0, 0, 0, 0}).View()),
              ElementsAre(kUnassigned, kUnassigned));
}

}  // namespace
}  // namespace reidbench
