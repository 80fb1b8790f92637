#include "reidbench/retrieval/tile_kernel.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "reidbench/core/eigen_views.h"
#include "reidbench/core/error.h"
#include "reidbench/core/isa.h"
#include "reidbench/core/parallel.h"

namespace reidbench {
namespace {

constexpr float kMinLength = 1e-12f;

void CheckShape(FeatureView features, const std::string& name) {
  if (features.rows() == 0 || features.cols() == 0) {
    ThrowInput("{} features are empty ({} x {}): nothing to rank", name, features.rows(),
               features.cols());
  }
  if (features.rows() > std::numeric_limits<int32_t>::max() / 4) {
    ThrowInput("{} features have {} rows, more than is supported", name, features.rows());
  }
}

// Squared lengths in double: exact enough that the float result does not depend on the order of the
// sum in practice.
void AppendNorms(FeatureView features, Metric metric, const std::string& name,
                 std::vector<float>* norms) {
  const size_t offset = norms->size();
  const int64_t n = features.rows();
  norms->resize(offset + static_cast<size_t>(n));
  float* out = norms->data() + offset;
  ParallelChunks(n, 256, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const auto row = EigenRow(features, i).cast<double>();
      const double squared = row.squaredNorm();
      out[i] = metric == Metric::kEuclidean
                   ? static_cast<float>(squared)
                   : std::max(static_cast<float>(std::sqrt(squared)), kMinLength);
    }
  });
  // Distances of finite norms below a quarter of the range cannot overflow.
  for (int64_t i = 0; i < n; ++i) {
    if (out[i] <= std::numeric_limits<float>::max() / 8) continue;
    if (!EigenRow(features, i).allFinite()) {
      ThrowInput("{} feature row {} holds NaN or infinity; extract the features again", name, i);
    }
    ThrowInput(
        "{} feature row {} is too long: its squared length overflows single precision; normalise "
        "the features",
        name, i);
  }
}

// Rows `ids`, at most kCount, as one block or panel.
template <int kCount>
void PackSome(const FeatureRows& rows, std::span<const int32_t> ids, float* packed, float* norms) {
  const float* sources[kCount] = {};
  float divisors[kCount];
  for (size_t i = 0; i < kCount; ++i) {
    if (i < ids.size()) sources[i] = rows.row(ids[i]);
    norms[i] = i < ids.size() ? rows.norm(ids[i]) : 0;
    divisors[i] = norms[i];
  }
  PackRows<kCount>(sources, rows.metric() == Metric::kCosine ? divisors : nullptr, rows.dim(),
                   packed);
}

// Calls for_each(number of blocks, pack) to pack all blocks or panels of kCount rows.
template <int kCount, typename ForEach>
void Pack(const FeatureRows& rows, std::span<const int32_t> ids, const ForEach& for_each,
          PackedRows* out) {
  const int64_t padded = RoundUp(static_cast<int64_t>(ids.size()), kCount);
  out->count = static_cast<int64_t>(ids.size());
  out->dim = rows.dim();
  out->values.resize(static_cast<size_t>(padded * rows.dim()));
  out->norms.resize(static_cast<size_t>(padded));
  for_each(padded / kCount, [&](int64_t block) {
    const size_t begin = static_cast<size_t>(block * kCount);
    PackSome<kCount>(rows,
                     ids.subspan(begin, std::min(ids.size() - begin, static_cast<size_t>(kCount))),
                     out->values.data() + block * kCount * rows.dim(), out->norms.data() + begin);
  });
}

constexpr auto kInOrder = [](int64_t count, const auto& body) {
  for (int64_t i = 0; i < count; ++i) body(i);
};

}  // namespace

FeatureRows::FeatureRows(FeatureView features, Metric metric, const std::string& name)
    : first_(features), second_(nullptr, 0, features.cols()), metric_(metric) {
  CheckShape(features, name);
  AppendNorms(features, metric, name, &norms_);
}

FeatureRows::FeatureRows(FeatureView query, FeatureView gallery, Metric metric)
    : first_(query), second_(gallery), metric_(metric) {
  CheckShape(query, "query");
  CheckShape(gallery, "gallery");
  if (query.cols() != gallery.cols()) {
    ThrowInput(
        "query features have {} dimensions, gallery features {}: they come from different models",
        query.cols(), gallery.cols());
  }
  AppendNorms(query, metric, "query", &norms_);
  AppendNorms(gallery, metric, "gallery", &norms_);
}

void PackLeft(const FeatureRows& rows, std::span<const int32_t> ids, PackedRows* out) {
  Pack<kBlockRows>(rows, ids, kInOrder, out);
}

void PackRight(const FeatureRows& rows, std::span<const int32_t> ids, PackedRows* out) {
  Pack<kPanelColumns>(rows, ids, kInOrder, out);
}

void PackRightParallel(const FeatureRows& rows, std::span<const int32_t> ids, PackedRows* out) {
  Pack<kPanelColumns>(
      rows, ids, [](int64_t count, const auto& body) { ParallelFor(count, body); }, out);
}

int64_t SlabColumns(int64_t dim) {
  constexpr int64_t kSlabFloats = int64_t{2} << 20;
  return std::max<int64_t>(kSlabFloats / dim / 512 * 512, 512);
}

std::vector<int32_t> IdRange(int64_t begin, int64_t end) {
  std::vector<int32_t> ids(static_cast<size_t>(end - begin));
  std::iota(ids.begin(), ids.end(), static_cast<int32_t>(begin));
  return ids;
}

void DistanceTile(const PackedRows& left, int64_t row_begin, int64_t row_end,
                  const PackedRows& right, int64_t column_begin, int64_t column_end, Metric metric,
                  float* out, int64_t stride) {
  REIDBENCH_CHECK(left.dim == right.dim);
  ProductTile(left.values.data(), right.values.data(), left.dim,
              {row_begin, row_end, column_begin, column_end}, out, stride);
  const int64_t columns = RoundUp(column_end - column_begin, kPanelColumns);
  const float* const column_norms = right.norms.data() + column_begin;
  ForActiveIsa([&]() REIDBENCH_ALWAYS_INLINE {
    for (int64_t row = row_begin; row < row_end; ++row) {
      float* const c = out + (row - row_begin) * stride;
      if (metric == Metric::kEuclidean) {
        const float row_norm = left.norms[static_cast<size_t>(row)];
        for (int64_t j = 0; j < columns; ++j) c[j] = (row_norm + column_norms[j]) - 2 * c[j];
      } else {
        for (int64_t j = 0; j < columns; ++j) c[j] = 1 - c[j];
      }
    }
  });
}

float Least(const float* distances, int64_t count) {
  return ForActiveIsa([=]() REIDBENCH_ALWAYS_INLINE {
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    Float4 lanes[4];
    for (Float4& lane : lanes) lane = Float4{kInfinity, kInfinity, kInfinity, kInfinity};
    int64_t i = 0;
    for (; i + 16 <= count; i += 16) {
#pragma GCC unroll 4
      for (int v = 0; v < 4; ++v) {
        const Float4 d = *reinterpret_cast<const Float4*>(distances + i + 4 * v);
        lanes[v] = d < lanes[v] ? d : lanes[v];
      }
    }
    float least = kInfinity;
    for (const Float4& lane : lanes) {
      for (int k = 0; k < 4; ++k) least = std::min(least, lane[k]);
    }
    for (; i < count; ++i) least = std::min(least, distances[i]);
    return least;
  });
}

}  // namespace reidbench
