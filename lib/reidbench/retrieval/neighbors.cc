#include "reidbench/retrieval/neighbors.h"

#include <tbb/enumerable_thread_specific.h>

#include <algorithm>
#include <array>
#include <limits>

#include "reidbench/core/error.h"
#include "reidbench/core/interrupt.h"
#include "reidbench/core/isa.h"
#include "reidbench/core/parallel.h"

namespace reidbench {
namespace {

constexpr int64_t kListRows = 96;
constexpr int64_t kListColumns = 512;
constexpr int64_t kScan = kPanelColumns;           // what DistanceTile fills up
constexpr int64_t kLeftFloats = int64_t{4} << 20;  // 16 MiB of packed rows at once

// What a row of a tile needs looking at.
struct RowScan {
  float greatest = 0;
  std::array<int32_t, kListColumns / kScan> near{};  // some of kScan distances is at most `limit`
};

RowScan ScanRow(const float* distances, int64_t count, float limit) {
  return ForActiveIsa([=]() REIDBENCH_ALWAYS_INLINE {
    RowScan scan;
    for (int64_t begin = 0; begin < count; begin += kScan) {
      int32_t near = 0;
      for (int64_t i = 0; i < kScan; ++i)
        near |= static_cast<int32_t>(distances[begin + i] <= limit);
      scan.near[static_cast<size_t>(begin / kScan)] = near;
    }
    const float d0 = distances[0];
    Float4 lanes[4] = {{d0, d0, d0, d0}, {d0, d0, d0, d0}, {d0, d0, d0, d0}, {d0, d0, d0, d0}};
    int64_t i = 0;
    for (; i + 16 <= count; i += 16) {
#pragma GCC unroll 4
      for (int v = 0; v < 4; ++v) {
        const Float4 d = *reinterpret_cast<const Float4*>(distances + i + 4 * v);
        lanes[v] = d > lanes[v] ? d : lanes[v];
      }
    }
    scan.greatest = d0;
    for (const Float4& lane : lanes) {
      for (int k = 0; k < 4; ++k) scan.greatest = std::max(scan.greatest, lane[k]);
    }
    for (; i < count; ++i) scan.greatest = std::max(scan.greatest, distances[i]);
    return scan;
  });
}

}  // namespace

NeighborLists FindNeighbors(const FeatureRows& rows, int64_t k,
                            std::span<const int32_t> first_of_picture) {
  const int64_t n = rows.rows();
  NeighborLists lists;
  const auto is_copy = [&](int64_t row) {
    return !first_of_picture.empty() && first_of_picture[static_cast<size_t>(row)] != row;
  };
  int64_t candidates = n;
  for (int64_t row = 0; row < n; ++row) candidates -= is_copy(row) ? 1 : 0;
  lists.k = std::min(k, candidates);
  // Heaps with the farthest on top, full of placeholders at first.
  constexpr float kNone = std::numeric_limits<float>::infinity();
  lists.nearest.assign(static_cast<size_t>(n * lists.k),
                       {kNone, std::numeric_limits<int32_t>::max()});
  lists.farthest.assign(static_cast<size_t>(n), -kNone);
  tbb::enumerable_thread_specific<AlignedFloats> buffers(
      [] { return AlignedFloats(kListRows * kListColumns); });
  const int64_t left_rows = std::max(kLeftFloats / rows.dim() / kListRows, int64_t{4}) * kListRows;
  const int64_t slab = SlabColumns(rows.dim());
  PackedRows left;
  PackedRows right;
  for (int64_t left_begin = 0; left_begin < n; left_begin += left_rows) {
    PackLeft(rows, IdRange(left_begin, std::min(n, left_begin + left_rows)), &left);
    for (int64_t slab_begin = 0; slab_begin < n; slab_begin += slab) {
      if (InterruptRequested()) throw Interrupted("interrupted while searching neighbours");
      PackRightParallel(rows, IdRange(slab_begin, std::min(n, slab_begin + slab)), &right);
      ParallelFor((left.count + kListRows - 1) / kListRows, [&](int64_t task) {
        const int64_t row_begin = task * kListRows;
        const int64_t row_end = std::min(left.count, row_begin + kListRows);
        float* tile = buffers.local().data();
        for (int64_t column = 0; column < right.count; column += kListColumns) {
          const int64_t count = std::min(kListColumns, right.count - column);
          DistanceTile(left, row_begin, row_end, right, column, column + count, rows.metric(), tile,
                       kListColumns);
          for (int64_t row = row_begin; row < row_end; ++row) {
            const float* distances = tile + (row - row_begin) * kListColumns;
            const int64_t id = left_begin + row;
            float& farthest = lists.farthest[static_cast<size_t>(id)];
            Neighbor* heap = lists.nearest.data() + id * lists.k;
            const RowScan scan = ScanRow(distances, count, heap->distance);
            farthest = std::max(farthest, scan.greatest);
            for (int64_t begin = 0; begin < count; begin += kScan) {
              if (scan.near[static_cast<size_t>(begin / kScan)] == 0) continue;
              for (int64_t i = begin; i < std::min(begin + kScan, count); ++i) {
                const Neighbor candidate{distances[i],
                                         static_cast<int32_t>(slab_begin + column + i)};
                if (!(candidate < *heap) || is_copy(candidate.row)) continue;
                std::pop_heap(heap, heap + lists.k);
                heap[lists.k - 1] = candidate;
                std::push_heap(heap, heap + lists.k);
              }
            }
          }
        }
      });
    }
  }
  ParallelChunks(n, 256, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      std::sort_heap(lists.nearest.begin() + row * lists.k,
                     lists.nearest.begin() + (row + 1) * lists.k);
    }
  });
  for (int64_t row = 0; row < n; ++row) {
    if (!is_copy(row)) continue;
    const int64_t first = first_of_picture[static_cast<size_t>(row)];
    std::copy_n(lists.nearest.begin() + first * lists.k, lists.k,
                lists.nearest.begin() + row * lists.k);
  }
  return lists;
}

}  // namespace reidbench
