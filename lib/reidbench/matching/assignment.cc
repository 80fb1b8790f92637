#include "reidbench/matching/assignment.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "reidbench/core/error.h"

namespace reidbench {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// The shortest augmenting path method in the exact order of operations of scipy (protocol:
// assignment, ties included): rows in order, columns scanned in a list that starts descending, the
// last entry moved into the place of a removed one, among equal distances the first found unless a
// later one is unassigned. `row_cost(i)` gives the dense cost row of i; requires rows <= cols.
template <typename RowCost>
std::vector<int32_t> ShortestAugmentingPaths(int32_t rows, int32_t cols, RowCost&& row_cost) {
  std::vector<double> row_price(rows, 0.0), col_price(cols, 0.0), distance(cols);
  std::vector<int32_t> previous_row(cols, kUnassigned), col_of_row(rows, kUnassigned),
      row_of_col(cols, kUnassigned);
  std::vector<int32_t> open(cols), scanned_rows, scanned_cols;

  for (int32_t start = 0; start < rows; ++start) {
    int32_t open_count = cols;
    for (int32_t k = 0; k < cols; ++k) open[k] = cols - 1 - k;
    std::fill(distance.begin(), distance.end(), kInfinity);
    scanned_rows.clear();
    scanned_cols.clear();
    double minimum = 0;
    int32_t row = start;
    int32_t sink = kUnassigned;
    while (sink == kUnassigned) {
      scanned_rows.push_back(row);
      const double* const cost = row_cost(row);
      const double price = row_price[row];
      double lowest = kInfinity;
      int32_t best = 0;
      for (int32_t k = 0; k < open_count; ++k) {
        const int32_t col = open[k];
        // In this order: any other rounds differently, and the rounding decides near-ties.
        const double through_row = minimum + cost[col] - price - col_price[col];
        if (through_row < distance[col]) {
          distance[col] = through_row;
          previous_row[col] = row;
        }
        if (distance[col] < lowest || (distance[col] == lowest && row_of_col[col] == kUnassigned)) {
          lowest = distance[col];
          best = k;
        }
      }
      minimum = lowest;
      const int32_t col = open[best];
      scanned_cols.push_back(col);
      open[best] = open[--open_count];
      if (row_of_col[col] == kUnassigned) {
        sink = col;
      } else {
        row = row_of_col[col];
      }
    }
    row_price[start] += minimum;
    for (const int32_t r : scanned_rows) {
      if (r != start) row_price[r] += minimum - distance[col_of_row[r]];
    }
    for (const int32_t c : scanned_cols) col_price[c] -= minimum - distance[c];
    for (int32_t col = sink;;) {
      const int32_t r = previous_row[col];
      row_of_col[col] = r;
      std::swap(col_of_row[r], col);
      if (r == start) break;
    }
  }
  return col_of_row;
}

std::vector<int32_t> Inverse(const std::vector<int32_t>& forward, int32_t size) {
  std::vector<int32_t> inverse(size, kUnassigned);
  for (size_t i = 0; i < forward.size(); ++i) {
    if (forward[i] != kUnassigned) inverse[forward[i]] = static_cast<int32_t>(i);
  }
  return inverse;
}

}  // namespace

std::vector<int32_t> LinearSumAssignment(int32_t rows, int32_t cols, std::span<const double> cost) {
  REIDBENCH_CHECK(rows >= 0 && cols >= 0 &&
                  cost.size() == static_cast<size_t>(rows) * static_cast<size_t>(cols));
  for (const double c : cost) REIDBENCH_CHECK(std::isfinite(c));
  if (rows <= cols) {
    return ShortestAugmentingPaths(
        rows, cols, [&](int32_t i) { return cost.data() + static_cast<size_t>(i) * cols; });
  }
  std::vector<double> transposed(cost.size());
  for (int32_t i = 0; i < rows; ++i) {
    for (int32_t j = 0; j < cols; ++j) {
      transposed[static_cast<size_t>(j) * rows + i] = cost[static_cast<size_t>(i) * cols + j];
    }
  }
  return Inverse(
      ShortestAugmentingPaths(
          cols, rows, [&](int32_t j) { return transposed.data() + static_cast<size_t>(j) * rows; }),
      rows);
}

std::span<const int32_t> SparseAssigner::MaximiseLikeScipy(const SparseScoresView& scores) {
  SolveSparse(scores);
  double largest = 0;
  const uint32_t end = scores.rows > 0 ? scores.row_begin[scores.rows] : 0;
  for (uint32_t k = scores.rows > 0 ? scores.row_begin[0] : 0; k < end; ++k)
    largest = std::max(largest, scores.value[k]);
  // Both solvers round at about 1e-16 of the largest score per step; closer rivals than this count
  // as ties.
  if (!IsUnique(scores, 1e-11 * largest)) return MaximiseDenseOrder(scores);
  return col_of_row_;
}

std::span<const int32_t> SparseAssigner::Maximise(const SparseScoresView& scores) {
  SolveSparse(scores);
  return col_of_row_;
}

std::span<const int32_t> SparseAssigner::MaximiseDenseOrder(const SparseScoresView& scores) {
  ++dense_solves_;
  const bool transpose = scores.cols < scores.rows;
  SparseScoresView wide = scores;
  if (transpose) {
    std::vector<uint32_t> at(static_cast<size_t>(scores.cols) + 1, 0);
    const uint32_t first = scores.row_begin[0];
    const uint32_t last = scores.row_begin[scores.rows];
    for (uint32_t k = first; k < last; ++k) ++at[scores.col[k] + 1];
    for (int32_t c = 0; c < scores.cols; ++c) at[c + 1] += at[c];
    transposed_.row_begin = at;
    transposed_.cols = scores.rows;
    transposed_.col.resize(last - first);
    transposed_.value.resize(last - first);
    for (int32_t r = 0; r < scores.rows; ++r) {
      for (uint32_t k = scores.row_begin[r]; k < scores.row_begin[r + 1]; ++k) {
        const uint32_t to = at[scores.col[k]]++;
        transposed_.col[to] = r;
        transposed_.value[to] = scores.value[k];
      }
    }
    wide = transposed_.View();
  }
  // One dense row at a time: a frame of many boxes must not need rows x cols of memory.
  dense_row_.assign(wide.cols, 0.0);
  int32_t filled = kUnassigned;
  const auto row_cost = [&](int32_t row) {
    if (filled != kUnassigned) {
      for (uint32_t k = wide.row_begin[filled]; k < wide.row_begin[filled + 1]; ++k)
        dense_row_[wide.col[k]] = 0;
    }
    for (uint32_t k = wide.row_begin[row]; k < wide.row_begin[row + 1]; ++k)
      dense_row_[wide.col[k]] = -wide.value[k];
    filled = row;
    return dense_row_.data();
  };
  std::vector<int32_t> assigned = ShortestAugmentingPaths(wide.rows, wide.cols, row_cost);
  col_of_row_ = transpose ? Inverse(assigned, scores.rows) : std::move(assigned);
  for (int32_t r = 0; r < scores.rows; ++r) {
    const int32_t* const begin = scores.col + scores.row_begin[r];
    const int32_t* const end = scores.col + scores.row_begin[r + 1];
    if (!std::binary_search(begin, end, col_of_row_[r]))
      col_of_row_[r] = kUnassigned;  // a pair of score 0
  }
  return col_of_row_;
}

void SparseAssigner::SolveSparse(const SparseScoresView& scores) {
  col_of_row_.assign(scores.rows, kUnassigned);
  row_of_col_.assign(scores.cols, kUnassigned);
  row_price_.assign(scores.rows, 0.0);
  col_price_.assign(scores.cols, 0.0);
  if (seen_.size() < static_cast<size_t>(scores.cols)) {
    seen_.resize(scores.cols, 0);
    distance_.resize(scores.cols);
    previous_row_.resize(scores.cols);
  }
  // Each row takes its best column while that is free; only the losers need a search.
  for (int32_t r = 0; r < scores.rows; ++r) {
    int32_t best = kUnassigned;
    for (uint32_t k = scores.row_begin[r]; k < scores.row_begin[r + 1]; ++k) {
      if (scores.value[k] > row_price_[r]) {
        row_price_[r] = scores.value[k];
        best = scores.col[k];
      }
    }
    if (best != kUnassigned && row_of_col_[best] == kUnassigned) {
      row_of_col_[best] = r;
      col_of_row_[r] = best;
    }
  }
  for (int32_t r = 0; r < scores.rows; ++r) {
    if (col_of_row_[r] == kUnassigned && row_price_[r] > 0) Augment(scores, r);
  }
}

// Dijkstra over prices from an unassigned row to the cheapest end: a free column, or a row (this
// one or a displaced one) that stays unassigned.
void SparseAssigner::Augment(const SparseScoresView& scores, int32_t start) {
  if (++search_ == 0) {
    std::fill(seen_.begin(), seen_.end(), 0);
    search_ = 1;
  }
  const auto later = [](const Reached& a, const Reached& b) {
    return a.distance != b.distance ? a.distance > b.distance : a.col > b.col;
  };
  heap_.clear();
  settled_.clear();
  double end_distance = row_price_[start];
  int32_t end_row = start;
  int32_t end_col = kUnassigned;
  int32_t row = start;
  double row_distance = 0;
  for (;;) {
    for (uint32_t k = scores.row_begin[row]; k < scores.row_begin[row + 1]; ++k) {
      const int32_t col = scores.col[k];
      if (col == col_of_row_[row]) continue;
      const double slack = std::max(0.0, row_price_[row] + col_price_[col] - scores.value[k]);
      const double distance = row_distance + slack;
      if (distance >= end_distance || (seen_[col] == search_ && distance >= distance_[col]))
        continue;
      seen_[col] = search_;
      distance_[col] = distance;
      previous_row_[col] = row;
      if (row_of_col_[col] == kUnassigned) {
        end_distance = distance;
        end_row = kUnassigned;
        end_col = col;
      } else {
        heap_.push_back({distance, col});
        std::push_heap(heap_.begin(), heap_.end(), later);
      }
    }
    Reached nearest{kInfinity, kUnassigned};
    while (!heap_.empty()) {
      std::pop_heap(heap_.begin(), heap_.end(), later);
      nearest = heap_.back();
      heap_.pop_back();
      if (nearest.distance == distance_[nearest.col])
        break;  // not an entry that was improved later
      nearest = {kInfinity, kUnassigned};
    }
    if (nearest.col == kUnassigned || nearest.distance >= end_distance) break;
    settled_.push_back(nearest);
    row = row_of_col_[nearest.col];
    row_distance = nearest.distance;
    if (row_distance + row_price_[row] < end_distance) {
      end_distance = row_distance + row_price_[row];
      end_row = row;
      end_col = kUnassigned;
    }
  }

  row_price_[start] -= end_distance;
  for (const Reached& s : settled_) {
    row_price_[row_of_col_[s.col]] -= end_distance - s.distance;
    col_price_[s.col] += end_distance - s.distance;
  }
  int32_t col = end_col;
  if (end_row != kUnassigned) {
    row_price_[end_row] = 0;
    col = col_of_row_[end_row];
    col_of_row_[end_row] = kUnassigned;
    if (end_row == start) return;
  }
  for (;;) {
    const int32_t r = previous_row_[col];
    const int32_t freed = col_of_row_[r];
    row_of_col_[col] = r;
    col_of_row_[r] = col;
    if (r == start) return;
    col = freed;
  }
}

// The best assignment is unique if no sequence of exchanges along pairs without slack leads back to
// where it began. Nodes are the rows and one "outside" (index rows): a row has an arc to the row
// whose column it could take, and to the outside if it could take a free column or stay unassigned;
// the outside has an arc to each row that could give up its column, and to each unassigned row.
bool SparseAssigner::IsUnique(const SparseScoresView& scores, double tolerance) {
  const int32_t outside = scores.rows;
  tight_begin_.assign(1, 0);
  tight_to_.clear();
  for (int32_t r = 0; r < scores.rows; ++r) {
    const int32_t own = col_of_row_[r];
    bool may_leave = own != kUnassigned && row_price_[r] <= tolerance;
    for (uint32_t k = scores.row_begin[r]; k < scores.row_begin[r + 1]; ++k) {
      const int32_t col = scores.col[k];
      if (col == own || row_price_[r] + col_price_[col] - scores.value[k] > tolerance) continue;
      if (row_of_col_[col] == kUnassigned) {
        may_leave = true;
      } else {
        tight_to_.push_back(row_of_col_[col]);
      }
    }
    if (may_leave) tight_to_.push_back(outside);
    tight_begin_.push_back(static_cast<int32_t>(tight_to_.size()));
  }
  if (tight_to_.empty()) return true;
  for (int32_t r = 0; r < scores.rows; ++r) {
    const int32_t own = col_of_row_[r];
    if (own == kUnassigned || col_price_[own] <= tolerance) tight_to_.push_back(r);
  }
  tight_begin_.push_back(static_cast<int32_t>(tight_to_.size()));

  enum : uint8_t { kNew, kOpen, kDone };
  state_.assign(static_cast<size_t>(outside) + 1, kNew);
  next_.assign(tight_begin_.begin(), tight_begin_.end() - 1);
  for (int32_t root = 0; root <= outside; ++root) {
    if (state_[root] != kNew) continue;
    stack_.assign(1, root);
    state_[root] = kOpen;
    while (!stack_.empty()) {
      const int32_t node = stack_.back();
      if (next_[node] == tight_begin_[node + 1]) {
        state_[node] = kDone;
        stack_.pop_back();
        continue;
      }
      const int32_t to = tight_to_[next_[node]++];
      if (state_[to] == kOpen) return false;
      if (state_[to] == kNew) {
        state_[to] = kOpen;
        stack_.push_back(to);
      }
    }
  }
  return true;
}

}  // namespace reidbench
