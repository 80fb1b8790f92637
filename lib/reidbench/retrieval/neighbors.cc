#include "reidbench/retrieval/neighbors.h"

#include <tbb/enumerable_thread_specific.h>

#include <algorithm>
#include <limits>

#include "reidbench/core/error.h"
#include "reidbench/core/interrupt.h"
#include "reidbench/core/parallel.h"

namespace reidbench {
namespace {

constexpr int64_t kListRows = 96;
constexpr int64_t kListColumns = 512;
constexpr int64_t kScan = 32;
constexpr int64_t kLeftFloats = int64_t{4} << 20;  // 16 MiB of packed rows at once

}  // namespace

NeighborLists FindNeighbors(const FeatureRows& rows, int64_t k) {
  const int64_t n = rows.rows();
  NeighborLists lists;
  lists.k = std::min(k, n);
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
            farthest =
                std::max(farthest, Eigen::Map<const Eigen::ArrayXf>(distances, count).maxCoeff());
            Neighbor* heap = lists.nearest.data() + id * lists.k;
            for (int64_t begin = 0; begin < count; begin += kScan) {
              const int64_t size = std::min(kScan, count - begin);
              if (Eigen::Map<const Eigen::ArrayXf>(distances + begin, size).minCoeff() >
                  heap->distance)
                continue;
              for (int64_t i = begin; i < begin + size; ++i) {
                const Neighbor candidate{distances[i],
                                         static_cast<int32_t>(slab_begin + column + i)};
                if (!(candidate < *heap)) continue;
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
  return lists;
}

}  // namespace reidbench
