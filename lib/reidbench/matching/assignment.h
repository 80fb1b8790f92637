// One-to-one assignment of rows to columns. Two solvers: one that equals
// scipy.optimize.linear_sum_assignment (1.6 to 1.14) ties included, because TrackEval's numbers
// depend on which of several best assignments scipy returns; and a sparse one whose cost follows
// the stored scores. Reference: Crouse, "On implementing 2D rectangular assignment algorithms",
// 2016.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "reidbench/matching/sparse_scores.h"

namespace reidbench {

inline constexpr int32_t kUnassigned = -1;

// Minimises the sum of `cost` ([rows x cols], row-major, finite) over assignments of min(rows,
// cols) pairs. The answer is scipy's, also among several that are equally good. Returns the column
// of each row, kUnassigned for rows left over.
std::vector<int32_t> LinearSumAssignment(int32_t rows, int32_t cols, std::span<const double> cost);

// Solvers for sparse scores. Keeps its buffers between calls; one object per thread.
class SparseAssigner {
 public:
  // Maximises the sum of the scores, with scipy's choice among ties (as if run on the whole dense
  // matrix with zeros): solved sparsely when the best assignment is unique beyond rounding, in
  // scipy's order otherwise. Pairs without a stored score are not reported. The span has one entry
  // per row and is valid until the next call.
  std::span<const int32_t> MaximiseLikeScipy(const SparseScoresView& scores);

  // Maximises the sum of the scores; which of several best assignments is not defined.
  std::span<const int32_t> Maximise(const SparseScoresView& scores);

  // Always in scipy's order, O(rows * cols) at least: for ties, and to test the above.
  std::span<const int32_t> MaximiseDenseOrder(const SparseScoresView& scores);

  // How often MaximiseLikeScipy had to use the dense order.
  int64_t dense_solves() const { return dense_solves_; }

 private:
  void SolveSparse(const SparseScoresView& scores);
  void Augment(const SparseScoresView& scores, int32_t start);
  bool IsUnique(const SparseScoresView& scores, double tolerance);

  int64_t dense_solves_ = 0;
  std::vector<int32_t> col_of_row_;
  std::vector<int32_t> row_of_col_;
  // Dual prices: row_price + col_price >= score everywhere, equality on assigned pairs.
  std::vector<double> row_price_;
  std::vector<double> col_price_;
  // Shortest path search of Augment.
  struct Reached {
    double distance;
    int32_t col;
  };
  std::vector<double> distance_;
  std::vector<int32_t> previous_row_;
  std::vector<uint32_t> seen_;
  uint32_t search_ = 0;
  std::vector<Reached> heap_;
  std::vector<Reached> settled_;
  // Cycle search of IsUnique.
  std::vector<int32_t> tight_begin_;
  std::vector<int32_t> tight_to_;
  std::vector<uint8_t> state_;
  std::vector<int32_t> stack_;
  std::vector<int32_t> next_;
  // The dense order.
  SparseScores transposed_;
  std::vector<double> dense_row_;
};

}  // namespace reidbench
