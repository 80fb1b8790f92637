// Inside of lib/reidbench/retrieval: packing of feature rows with what the metric needs, and tiles
// of distances. Equal pairs have equal bits, whatever tile they stand in (core/row_products.h).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "reidbench/core/embedding_set.h"
#include "reidbench/core/row_products.h"
#include "reidbench/retrieval/distance.h"

namespace reidbench {

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

// Distances between left rows [row_begin, row_end) and right rows [column_begin, column_end) into
// `out`, laid out as by ProductTile.
void DistanceTile(const PackedRows& left, int64_t row_begin, int64_t row_end,
                  const PackedRows& right, int64_t column_begin, int64_t column_end, Metric metric,
                  float* out, int64_t stride);

// The least of `count` distances, none of them NaN; infinity without any.
float Least(const float* distances, int64_t count);

}  // namespace reidbench
