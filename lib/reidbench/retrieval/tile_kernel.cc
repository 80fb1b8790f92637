#include "reidbench/retrieval/tile_kernel.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "reidbench/core/error.h"
#include "reidbench/core/parallel.h"

// GCC warns about vector types as template arguments, which Eigen's packets always are.
#pragma GCC diagnostic ignored "-Wignored-attributes"

namespace reidbench {
namespace {

using Packet = Eigen::internal::packet_traits<float>::type;

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
      const auto row = features.row(i).cast<double>();
      const double squared = row.squaredNorm();
      out[i] = metric == Metric::kEuclidean
                   ? static_cast<float>(squared)
                   : std::max(static_cast<float>(std::sqrt(squared)), kMinLength);
    }
  });
  // Distances of finite norms below a quarter of the range cannot overflow.
  for (int64_t i = 0; i < n; ++i) {
    if (out[i] <= std::numeric_limits<float>::max() / 8) continue;
    if (!features.row(i).allFinite()) {
      ThrowInput("{} feature row {} holds NaN or infinity; extract the features again", name, i);
    }
    ThrowInput(
        "{} feature row {} is too long: its squared length overflows single precision; normalise "
        "the features",
        name, i);
  }
}

// kLanes rows, transposed into columns [0, kLanes) of a panel.
void PackLanes(const float* const* source, const float* divisors, int64_t dim, float* panel) {
  int64_t k = 0;
  Eigen::internal::PacketBlock<Packet, kLanes> block;
  for (; k + kLanes <= dim; k += kLanes) {
    for (int lane = 0; lane < kLanes; ++lane) {
      const Packet values = Eigen::internal::ploadu<Packet>(source[lane] + k);
      block.packet[lane] =
          divisors == nullptr
              ? values
              : Eigen::internal::pdiv(values, Eigen::internal::pset1<Packet>(divisors[lane]));
    }
    Eigen::internal::ptranspose(block);
    for (int lane = 0; lane < kLanes; ++lane) {
      Eigen::internal::pstore(panel + (k + lane) * kPanelColumns, block.packet[lane]);
    }
  }
  for (; k < dim; ++k) {
    for (int lane = 0; lane < kLanes; ++lane) {
      panel[k * kPanelColumns + lane] =
          divisors == nullptr ? source[lane][k] : source[lane][k] / divisors[lane];
    }
  }
}

void PackPanel(const FeatureRows& rows, std::span<const int32_t> ids, float* panel, float* norms,
               const float* zeros) {
  for (int half = 0; half < 2; ++half) {
    const float* source[kLanes];
    float divisors[kLanes];
    for (int lane = 0; lane < kLanes; ++lane) {
      const size_t at = static_cast<size_t>(half * kLanes + lane);
      const bool present = at < ids.size();
      source[lane] = present ? rows.row(ids[at]) : zeros;
      divisors[lane] = present ? rows.norm(ids[at]) : 1;
      norms[at] = present ? rows.norm(ids[at]) : 0;
    }
    PackLanes(source, rows.metric() == Metric::kCosine ? divisors : nullptr, rows.dim(),
              panel + half * kLanes);
  }
}

void PrepareRight(const FeatureRows& rows, std::span<const int32_t> ids, PackedRows* out) {
  const int64_t padded = RoundUp(static_cast<int64_t>(ids.size()), kPanelColumns);
  out->count = static_cast<int64_t>(ids.size());
  out->dim = rows.dim();
  out->values.resize(static_cast<size_t>(padded * rows.dim()));
  out->norms.resize(static_cast<size_t>(padded));
}

void PackOnePanel(const FeatureRows& rows, std::span<const int32_t> ids, const float* zeros,
                  int64_t panel, PackedRows* out) {
  const size_t begin = static_cast<size_t>(panel * kPanelColumns);
  const size_t count = std::min(ids.size() - begin, static_cast<size_t>(kPanelColumns));
  PackPanel(rows, ids.subspan(begin, count),
            out->values.data() + panel * kPanelColumns * rows.dim(), out->norms.data() + begin,
            zeros);
}

// [kBlockRows x kPanelColumns] += a^T b over `depth`; the first slice of the depth starts from
// zero.
template <bool kFirst>
void MicroKernel(const float* a, const float* b, int64_t depth, float* c, int64_t stride) {
  using Eigen::internal::padd;
  using Eigen::internal::pload;
  using Eigen::internal::pmadd;
  using Eigen::internal::pset1;
  using Eigen::internal::pstore;
  Packet low[kBlockRows];
  Packet high[kBlockRows];
#pragma GCC unroll 16
  for (int r = 0; r < kBlockRows; ++r) low[r] = high[r] = pset1<Packet>(0.0f);
  for (int64_t k = 0; k < depth; ++k) {
    const Packet b_low = pload<Packet>(b);
    const Packet b_high = pload<Packet>(b + kLanes);
#pragma GCC unroll 16
    for (int r = 0; r < kBlockRows; ++r) {
      const Packet value = pset1<Packet>(a[r]);
      low[r] = pmadd(value, b_low, low[r]);
      high[r] = pmadd(value, b_high, high[r]);
    }
    a += kBlockRows;
    b += kPanelColumns;
  }
#pragma GCC unroll 16
  for (int r = 0; r < kBlockRows; ++r) {
    float* row = c + r * stride;
    if constexpr (kFirst) {
      pstore(row, low[r]);
      pstore(row + kLanes, high[r]);
    } else {
      pstore(row, padd(pload<Packet>(row), low[r]));
      pstore(row + kLanes, padd(pload<Packet>(row + kLanes), high[r]));
    }
  }
}

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
  const int64_t padded = RoundUp(static_cast<int64_t>(ids.size()), kBlockRows);
  const int64_t dim = rows.dim();
  out->count = static_cast<int64_t>(ids.size());
  out->dim = dim;
  out->values.resize(static_cast<size_t>(padded * dim));
  out->norms.resize(static_cast<size_t>(padded));
  for (int64_t i = 0; i < padded; ++i) {
    float* target = out->values.data() + i / kBlockRows * kBlockRows * dim + i % kBlockRows;
    if (i >= out->count) {
      for (int64_t k = 0; k < dim; ++k) target[k * kBlockRows] = 0;
      out->norms[static_cast<size_t>(i)] = 0;
      continue;
    }
    const int32_t id = ids[static_cast<size_t>(i)];
    const float* source = rows.row(id);
    const float norm = rows.norm(id);
    out->norms[static_cast<size_t>(i)] = norm;
    if (rows.metric() == Metric::kCosine) {
      for (int64_t k = 0; k < dim; ++k) target[k * kBlockRows] = source[k] / norm;
    } else {
      for (int64_t k = 0; k < dim; ++k) target[k * kBlockRows] = source[k];
    }
  }
}

void PackRight(const FeatureRows& rows, std::span<const int32_t> ids, PackedRows* out) {
  PrepareRight(rows, ids, out);
  const AlignedFloats zeros(static_cast<size_t>(rows.dim()), 0.0f);
  const int64_t panels = RoundUp(out->count, kPanelColumns) / kPanelColumns;
  for (int64_t panel = 0; panel < panels; ++panel)
    PackOnePanel(rows, ids, zeros.data(), panel, out);
}

void PackRightParallel(const FeatureRows& rows, std::span<const int32_t> ids, PackedRows* out) {
  PrepareRight(rows, ids, out);
  const AlignedFloats zeros(static_cast<size_t>(rows.dim()), 0.0f);
  const int64_t panels = RoundUp(out->count, kPanelColumns) / kPanelColumns;
  ParallelFor(panels, [&](int64_t panel) { PackOnePanel(rows, ids, zeros.data(), panel, out); });
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
  REIDBENCH_CHECK(left.dim == right.dim && row_begin % kBlockRows == 0 &&
                  column_begin % kPanelColumns == 0 && stride % kPanelColumns == 0);
  const int64_t dim = left.dim;
  for (int64_t column = column_begin; column < column_end; column += kPanelColumns) {
    const float* panel = right.values.data() + column * dim;
    float* out_panel = out + (column - column_begin);
    // The slice of the panel stays in the first-level cache while all rows pass by.
    for (int64_t k = 0; k < dim; k += kDepth) {
      const int64_t depth = std::min<int64_t>(kDepth, dim - k);
      for (int64_t row = row_begin; row < row_end; row += kBlockRows) {
        const float* a = left.values.data() + row * dim + k * kBlockRows;
        const float* b = panel + k * kPanelColumns;
        float* c = out_panel + (row - row_begin) * stride;
        if (k == 0) {
          MicroKernel<true>(a, b, depth, c, stride);
        } else {
          MicroKernel<false>(a, b, depth, c, stride);
        }
      }
    }
    const float* column_norms = right.norms.data() + column;
    for (int64_t row = row_begin; row < row_end; ++row) {
      float* c = out_panel + (row - row_begin) * stride;
      if (metric == Metric::kEuclidean) {
        const float row_norm = left.norms[static_cast<size_t>(row)];
        for (int j = 0; j < kPanelColumns; ++j) c[j] = (row_norm + column_norms[j]) - 2 * c[j];
      } else {
        for (int j = 0; j < kPanelColumns; ++j) c[j] = 1 - c[j];
      }
    }
  }
}

}  // namespace reidbench
