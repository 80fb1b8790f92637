// The matrix product of feature rows, left x right^T, that all distances and similarities come
// from. The dot product of a pair is one fixed sequence of operations (multiply-adds along the
// dimension, folded every kDepth), whatever tile the pair stands in, so equal pairs have equal bits
// for any number of threads; with AVX2 and with AVX-512 they are the same, the baseline rounds
// products and sums apart. Layout after Goto & van de Geijn, "Anatomy of High-Performance Matrix
// Multiplication", ACM TOMS 2008.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "reidbench/core/embedding_set.h"

namespace reidbench {

inline constexpr int kPanelColumns = 32;  // right rows of one packed panel
inline constexpr int kBlockRows = 12;     // left rows of one packed block
inline constexpr int kDepth = 128;        // longest chain of multiply-adds before folding

inline int64_t RoundUp(int64_t n, int64_t unit) { return (n + unit - 1) / unit * unit; }

// Interleaves rows of length `dim`: value k of row i to packed[k * kCount + i], divided by
// divisors[i] where there are divisors. Rows that are missing in the last block or panel are null
// and become zeros. kCount: kBlockRows or kPanelColumns.
template <int kCount>
void PackRows(const float* const* rows, const float* divisors, int64_t dim, float* packed);

// Products of packed left rows [row_begin, row_end) and packed right rows [column_begin,
// column_end), counted from the first that `left` and `right` hold, into `out`: row r of the range
// at out + (r - row_begin) * stride. The begins must be multiples of kBlockRows and kPanelColumns;
// whole blocks and panels are written, so `out` needs RoundUp(rows, kBlockRows) rows and a stride
// of at least RoundUp(columns, kPanelColumns); `out` 64-byte aligned, the stride a multiple of
// kPanelColumns.
struct TileRange {
  int64_t row_begin = 0, row_end = 0;
  int64_t column_begin = 0, column_end = 0;
};
void ProductTile(const float* left, const float* right, int64_t dim, const TileRange& range,
                 float* out, int64_t stride);

// A matrix as right factor of many products.
class RightFactor {
 public:
  explicit RightFactor(FeatureView rows);
  // left x rows^T, [left.rows() x rows.rows()], on the calling thread.
  FeatureMatrix LeftTimes(FeatureView left) const;

 private:
  int64_t rows_, dim_;
  AlignedFloats packed_;
};

// Of vectors of n values: the dot product, in an order of its own, and y += factor * x.
float Dot(const float* a, const float* b, int64_t n);
void AddScaled(float factor, const float* x, int64_t n, float* y);

}  // namespace reidbench
