// Distances between rows of two feature matrices, computed tile by tile: no distance matrix is ever
// held unless asked for. A pair's distance has the same float bits wherever and in whatever tile it
// is computed, and Distance(a, b) = Distance(b, a). Definitions are those of torchreid: "euclidean"
// is the squared distance, "cosine" is 1 - cos.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "reidbench/core/embedding_set.h"

namespace reidbench {

enum class Metric {
  kEuclidean,  // |a|^2 + |b|^2 - 2ab, as torchreid and fast-reid; may come out a little below 0
  kCosine,     // 1 - ab / (max(|a|, 1e-12) max(|b|, 1e-12))
};

std::string_view MetricName(Metric metric);  // "euclidean", "cosine"
std::optional<Metric> ParseMetric(std::string_view name);

// Rows of a [queries x gallery] distance matrix that is made on demand. What is ranked is a
// DistanceSource: plain feature distances (FeatureDistances) or re-ranked ones
// (MakeRerankedDistances in retrieval/reranking.h).
class DistanceSource {
 public:
  virtual ~DistanceSource() = default;
  virtual int64_t num_queries() const = 0;
  virtual int64_t num_gallery() const = 0;
  // Distances of the given queries (rows, any order) to every gallery row into
  // `distance_query_by_gallery` [queries.size() x num_gallery()], row-major. Runs in parallel
  // inside. The same bytes for any number of threads and whichever queries are asked for together.
  virtual void Rows(std::span<const int32_t> queries, float* distance_query_by_gallery) const = 0;
};

// Distances straight from features. Holds views: the features must outlive it, nothing is copied
// but the norms. Throws Error(kInput): no rows, dimensions that differ, NaN or infinity (names the
// row), values whose squares overflow.
class FeatureDistances : public DistanceSource {
 public:
  FeatureDistances(FeatureView query, FeatureView gallery, Metric metric);
  ~FeatureDistances() override;
  int64_t num_queries() const override;
  int64_t num_gallery() const override;
  void Rows(std::span<const int32_t> queries, float* distance_query_by_gallery) const override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Distances that somebody else computed: rows of a matrix [queries x gallery], which must outlive
// it. Throws Error(kInput): no rows or columns, NaN or infinity (names the place).
class MatrixDistances : public DistanceSource {
 public:
  explicit MatrixDistances(FeatureView distance_query_by_gallery);
  int64_t num_queries() const override { return distances_.rows(); }
  int64_t num_gallery() const override { return distances_.cols(); }
  void Rows(std::span<const int32_t> queries, float* distance_query_by_gallery) const override;

 private:
  FeatureView distances_;
};

// The whole matrix [query.rows() x gallery.rows()]; for small sets and tests. Throws as
// FeatureDistances.
FeatureMatrix DistanceMatrix(FeatureView query, FeatureView gallery, Metric metric);

}  // namespace reidbench
