// Two rules by which SORT's descendants pick pairs out of a matrix of scores.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "reidbench/matching/assignment.h"
#include "reidbench/matching/sparse_scores.h"

namespace reidbench {

// Where no row and no column has two scores above the threshold there is nothing to decide, and the
// pairs above it are taken without regard to anything else. `partner` then holds the column of each
// row, or kUnassigned. False where there is something to decide, and where no score is above the
// threshold (a pair exactly at it counts unless there are better ones: the programs' rule).
class UncontestedPairs {
 public:
  bool Find(const SparseScoresView& scores, double threshold) {
    partner_.assign(static_cast<size_t>(scores.rows), kUnassigned);
    taken_.assign(static_cast<size_t>(scores.cols), 0);
    bool any = scores.rows == 0 || scores.cols == 0;
    for (int32_t r = 0; r < scores.rows; ++r) {
      for (uint32_t k = scores.row_begin[r]; k < scores.row_begin[r + 1]; ++k) {
        if (!(scores.value[k] > threshold)) continue;
        const int32_t c = scores.col[k];
        if (partner_[r] != kUnassigned || taken_[c] != 0) return false;
        partner_[r] = c;
        taken_[c] = 1;
        any = true;
      }
    }
    return any;
  }
  const std::vector<int32_t>& partner() const { return partner_; }

 private:
  std::vector<int32_t> partner_;
  std::vector<uint8_t> taken_;
};

// Pairs of the assignment with the largest sum of scores whose own score is not below the
// threshold; none when no score is above it.
class BestPairs {
 public:
  struct Pair {
    int32_t row;
    int32_t col;
  };
  // Valid until the next call.
  const std::vector<Pair>& Find(const SparseScoresView& scores, double threshold) {
    pairs_.clear();
    if (scores.rows == 0 || scores.cols == 0) return pairs_;
    const double* const end = scores.value + scores.row_begin[scores.rows];
    if (std::none_of(scores.value, end, [&](double score) { return score > threshold; }))
      return pairs_;
    const std::span<const int32_t> assigned = assigner_.MaximiseLikeScipy(scores);
    for (int32_t r = 0; r < scores.rows; ++r) {
      if (assigned[r] == kUnassigned) continue;
      const int32_t* const row_end = scores.col + scores.row_begin[r + 1];
      const auto at =
          std::lower_bound(scores.col + scores.row_begin[r], row_end, assigned[r]) - scores.col;
      if (scores.value[at] >= threshold) pairs_.push_back({r, assigned[r]});
    }
    return pairs_;
  }

 private:
  SparseAssigner assigner_;
  std::vector<Pair> pairs_;
};

}  // namespace reidbench
