// Intersection over union of boxes, bit for bit as TrackEval computes it (commit 12c8791b): plain
// doubles, areas recomputed after left + width, no fused multiply-add, no clipping, no "+1".
// Thresholds of the metrics depend on the last bit.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "reidbench/core/box.h"
#include "reidbench/matching/sparse_scores.h"

namespace reidbench {

struct BoxCorners {
  double left = 0;
  double top = 0;
  double right = 0;   // left + width
  double bottom = 0;  // top + height
  double area = 0;    // (right - left) * (bottom - top): not always width * height in doubles
};

BoxCorners CornersOf(const BoxLtwh& box);

// 0..1; 0 where either area or the union is at most 2.2e-16 (boxes of zero or negative size never
// match).
double Iou(const BoxCorners& a, const BoxCorners& b);
double Iou(const BoxLtwh& a, const BoxLtwh& b);

// All overlapping pairs of two sets of boxes, by a sweep over the left edges: the cost follows the
// overlaps, not the product of the sizes. Keeps its buffers between calls; one object per thread.
class OverlapFinder {
 public:
  // Appends one row per box of `rows` to `scores` (whose `cols` the caller has set): the IoU with
  // each box of `cols` it overlaps. Throws Error(kInput) when the pairs would pass `max_pairs` (a
  // frame of many boxes on one spot).
  void Append(std::span<const BoxCorners> rows, std::span<const BoxCorners> cols,
              SparseScores* scores, size_t max_pairs = kMaxPairs);

  static constexpr size_t kMaxPairs = 64'000'000;

 private:
  struct Hit {
    int32_t col;
    double iou;
  };
  std::vector<int32_t> order_;        // columns by left edge
  std::vector<double> left_;          // in that order
  std::vector<double> widest_right_;  // running maximum of the right edges, in that order
  std::vector<BoxCorners> sorted_;
  std::vector<int32_t> candidates_;
  std::vector<Hit> hits_;
};

}  // namespace reidbench
