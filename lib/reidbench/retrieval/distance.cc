#include "reidbench/retrieval/distance.h"

#include <tbb/enumerable_thread_specific.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "reidbench/core/error.h"
#include "reidbench/core/interrupt.h"
#include "reidbench/core/parallel.h"
#include "reidbench/retrieval/tile_kernel.h"

namespace reidbench {
namespace {

constexpr int64_t kTileRows = 96;
constexpr int64_t kTileColumns = 512;

// Names the first place of a value that is no number.
void RequireFinite(FeatureView matrix, std::string_view what) {
  std::vector<int64_t> bad_column(static_cast<size_t>(matrix.rows()), -1);
  ParallelChunks(matrix.rows(), 64, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const std::span<const float> values = matrix.row(row);
      const auto bad =
          std::find_if(values.begin(), values.end(), [](float v) { return !std::isfinite(v); });
      if (bad != values.end()) bad_column[static_cast<size_t>(row)] = bad - values.begin();
    }
  });
  for (size_t row = 0; row < bad_column.size(); ++row) {
    const int64_t column = bad_column[row];
    if (column < 0) continue;
    ThrowInput("{}: expected finite numbers, found {} in row {}, column {} (counted from 0)", what,
               matrix(static_cast<int64_t>(row), column), row, column);
  }
}

}  // namespace

std::string_view MetricName(Metric metric) {
  return metric == Metric::kEuclidean ? "euclidean" : "cosine";
}

std::optional<Metric> ParseMetric(std::string_view name) {
  for (const Metric metric : {Metric::kEuclidean, Metric::kCosine}) {
    if (name == MetricName(metric)) return metric;
  }
  return std::nullopt;
}

struct FeatureDistances::Impl {
  Impl(FeatureView query, FeatureView gallery, Metric metric)
      : rows(query, gallery, metric), num_queries(query.rows()), num_gallery(gallery.rows()) {}

  FeatureRows rows;
  int64_t num_queries;
  int64_t num_gallery;
};

FeatureDistances::FeatureDistances(FeatureView query, FeatureView gallery, Metric metric)
    : impl_(std::make_unique<Impl>(query, gallery, metric)) {}
FeatureDistances::~FeatureDistances() = default;

int64_t FeatureDistances::num_queries() const { return impl_->num_queries; }
int64_t FeatureDistances::num_gallery() const { return impl_->num_gallery; }

void FeatureDistances::Rows(std::span<const int32_t> queries,
                            float* distance_query_by_gallery) const {
  const FeatureRows& rows = impl_->rows;
  const int64_t num_gallery = impl_->num_gallery;
  std::vector<int32_t> right_ids(static_cast<size_t>(num_gallery));
  std::iota(right_ids.begin(), right_ids.end(), static_cast<int32_t>(impl_->num_queries));
  PackedRows left;
  PackLeft(rows, queries, &left);
  PackedRows right;
  tbb::enumerable_thread_specific<AlignedFloats> buffers(
      [] { return AlignedFloats(kTileRows * kTileColumns); });
  const int64_t slab = SlabColumns(rows.dim());
  for (int64_t slab_begin = 0; slab_begin < num_gallery; slab_begin += slab) {
    if (InterruptRequested()) throw Interrupted("interrupted while computing distances");
    const int64_t slab_end = std::min(num_gallery, slab_begin + slab);
    PackRightParallel(
        rows,
        std::span<const int32_t>(right_ids).subspan(static_cast<size_t>(slab_begin),
                                                    static_cast<size_t>(slab_end - slab_begin)),
        &right);
    const int64_t row_tiles = RoundUp(left.count, kTileRows) / kTileRows;
    const int64_t column_tiles = RoundUp(right.count, kTileColumns) / kTileColumns;
    ParallelFor(row_tiles * column_tiles, [&](int64_t task) {
      const int64_t row_begin = task / column_tiles * kTileRows;
      const int64_t row_end = std::min(left.count, row_begin + kTileRows);
      const int64_t column_begin = task % column_tiles * kTileColumns;
      const int64_t column_end = std::min(right.count, column_begin + kTileColumns);
      float* tile = buffers.local().data();
      DistanceTile(left, row_begin, row_end, right, column_begin, column_end, rows.metric(), tile,
                   kTileColumns);
      for (int64_t row = row_begin; row < row_end; ++row) {
        const float* source = tile + (row - row_begin) * kTileColumns;
        std::copy(source, source + (column_end - column_begin),
                  distance_query_by_gallery + row * num_gallery + slab_begin + column_begin);
      }
    });
  }
}

MatrixDistances::MatrixDistances(FeatureView distance_query_by_gallery)
    : distances_(distance_query_by_gallery) {
  if (distances_.rows() == 0 || distances_.cols() == 0) {
    ThrowInput("distances: expected queries and gallery images, found {} x {}", distances_.rows(),
               distances_.cols());
  }
  RequireFinite(distances_, "distances");
}

void MatrixDistances::Rows(std::span<const int32_t> queries,
                           float* distance_query_by_gallery) const {
  for (const int32_t query : queries) {
    const std::span<const float> row = distances_.row(query);
    distance_query_by_gallery = std::copy(row.begin(), row.end(), distance_query_by_gallery);
  }
}

FeatureMatrix DistanceMatrix(FeatureView query, FeatureView gallery, Metric metric) {
  const FeatureDistances distances(query, gallery, metric);
  FeatureMatrix result(query.rows(), gallery.rows());
  std::vector<int32_t> queries(static_cast<size_t>(query.rows()));
  std::iota(queries.begin(), queries.end(), 0);
  distances.Rows(queries, result.data());
  return result;
}

}  // namespace reidbench
