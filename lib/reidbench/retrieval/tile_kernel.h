// Inside of lib/reidbench/retrieval: packing of feature rows and the matrix product that all
// distances come from. The dot product of a pair is one fixed sequence of operations (multiply-adds
// along the dimension, folded every kDepth), whatever tile the pair stands in, so equal pairs have
// equal bits. Layout after Goto & van de Geijn, "Anatomy of High-Performance Matrix
// Multiplication", ACM TOMS 2008.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "reidbench/core/embedding_set.h"
#include "reidbench/retrieval/distance.h"

namespace reidbench {

using AlignedFloats = std::vector<float, Eigen::aligned_allocator<float>>;

inline constexpr int kLanes = Eigen::internal::packet_traits<float>::size;
inline constexpr int kPanelColumns = 2 * kLanes;  // columns of one packed panel
inline constexpr int kBlockRows =
    kLanes == 16 ? 12 : 6;          // rows of one packed block: accumulators fill the registers
inline constexpr int kDepth = 128;  // longest chain of multiply-adds before folding

// Rows of one matrix, or of two on top of each other, with what the metric needs to know of each.
class FeatureRows {
 public:
  // Throws Error(kInput) as FeatureDistances says; `name` ("query", "gallery") goes into the
  // message.
  FeatureRows(FeatureView features, Metric metric, const std::string& name);
  // Query rows first, then gallery rows. Throws Error(kInput) when the dimensions differ.
  FeatureRows(FeatureView query, FeatureView gallery, Metric metric);

  int64_t rows() const { return first_.rows() + second_.rows(); }
  int64_t dim() const { return first_.cols(); }
  Metric metric() const { return metric_; }
  const float* row(int64_t i) const {
    return i < first_.rows() ? first_.data() + i * dim()
                             : second_.data() + (i - first_.rows()) * dim();
  }
  // Euclidean: squared length. Cosine: length, at least 1e-12.
  float norm(int64_t i) const { return norms_[static_cast<size_t>(i)]; }

 private:
  FeatureView first_;
  FeatureView second_;
  Metric metric_;
  std::vector<float> norms_;
};

// Rows ready for the product, as left (blocks of kBlockRows) or right (panels of kPanelColumns)
// operand, padded with zeros; cosine: already divided by their length.
struct PackedRows {
  int64_t count = 0;
  int64_t dim = 0;
  AlignedFloats values;
  AlignedFloats norms;  // padded likewise
};

void PackLeft(const FeatureRows& rows, std::span<const int32_t> ids, PackedRows* out);
void PackRight(const FeatureRows& rows, std::span<const int32_t> ids, PackedRows* out);
// As PackRight, in parallel.
void PackRightParallel(const FeatureRows& rows, std::span<const int32_t> ids, PackedRows* out);

// Columns to pack at once so that they take about 8 MiB: a multiple of 512.
int64_t SlabColumns(int64_t dim);

// The ids begin, begin + 1, ..., end - 1.
std::vector<int32_t> IdRange(int64_t begin, int64_t end);

inline int64_t RoundUp(int64_t n, int64_t unit) { return (n + unit - 1) / unit * unit; }

// Distances between left rows [row_begin, row_end) and right rows [column_begin, column_end) into
// `out`, row r of the range at out + (r - row_begin) * stride. The begins must be multiples of
// kBlockRows and kPanelColumns; whole blocks and panels are written, so `out` needs RoundUp(rows,
// kBlockRows) rows and a stride of at least RoundUp(columns, kPanelColumns); `out` 64-byte aligned
// and the stride a multiple of kPanelColumns.
void DistanceTile(const PackedRows& left, int64_t row_begin, int64_t row_end,
                  const PackedRows& right, int64_t column_begin, int64_t column_end, Metric metric,
                  float* out, int64_t stride);

}  // namespace reidbench
