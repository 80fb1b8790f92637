// A matrix of scores of which only the positive entries are stored, row by row: what two sets of
// boxes that mostly do not overlap look like. Everything absent is 0.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace reidbench {

// A view of `rows` consecutive rows of compressed-row storage. Columns ascend within a row; values
// are > 0.
struct SparseScoresView {
  int32_t rows = 0;
  int32_t cols = 0;
  const uint32_t* row_begin = nullptr;  // [rows + 1], offsets into `col` and `value`
  const int32_t* col = nullptr;
  const double* value = nullptr;
};

// Owning storage, reusable between frames.
struct SparseScores {
  int32_t cols = 0;
  std::vector<uint32_t> row_begin{0};
  std::vector<int32_t> col;
  std::vector<double> value;

  void Clear(int32_t new_cols) {
    cols = new_cols;
    row_begin.assign(1, 0);
    col.clear();
    value.clear();
  }
  void Add(int32_t column, double score) {
    col.push_back(column);
    value.push_back(score);
  }
  void EndRow() { row_begin.push_back(static_cast<uint32_t>(col.size())); }
  SparseScoresView View() const {
    return {static_cast<int32_t>(row_begin.size() - 1), cols, row_begin.data(), col.data(),
            value.data()};
  }
};

}  // namespace reidbench
