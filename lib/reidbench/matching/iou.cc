#include "reidbench/matching/iou.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "reidbench/core/error.h"

namespace reidbench {
namespace {

constexpr double kEps = std::numeric_limits<double>::epsilon();

}  // namespace

BoxCorners CornersOf(const BoxLtwh& box) {
  BoxCorners c;
  c.left = box.left;
  c.top = box.top;
  c.right = box.left + box.width;
  c.bottom = box.top + box.height;
  c.area = (c.right - c.left) * (c.bottom - c.top);
  return c;
}

double Iou(const BoxCorners& a, const BoxCorners& b) {
  const double width = std::max(std::min(a.right, b.right) - std::max(a.left, b.left), 0.0);
  const double height = std::max(std::min(a.bottom, b.bottom) - std::max(a.top, b.top), 0.0);
  const double intersection = width * height;
  const double union_area = a.area + b.area - intersection;
  if (a.area <= kEps || b.area <= kEps || union_area <= kEps) return 0;
  return intersection / union_area;
}

double Iou(const BoxLtwh& a, const BoxLtwh& b) { return Iou(CornersOf(a), CornersOf(b)); }

void OverlapFinder::Append(std::span<const BoxCorners> rows, std::span<const BoxCorners> cols,
                           SparseScores* scores, size_t max_pairs) {
  const size_t n = cols.size();
  order_.resize(n);
  std::iota(order_.begin(), order_.end(), 0);
  std::sort(order_.begin(), order_.end(), [&](int32_t a, int32_t b) {
    return cols[a].left != cols[b].left ? cols[a].left < cols[b].left : a < b;
  });
  left_.resize(n);
  widest_right_.resize(n);
  sorted_.resize(n);
  candidates_.resize(n);
  double widest = -std::numeric_limits<double>::infinity();
  for (size_t k = 0; k < n; ++k) {
    sorted_[k] = cols[order_[k]];
    left_[k] = sorted_[k].left;
    widest = std::max(widest, sorted_[k].right);
    widest_right_[k] = widest;
  }

  for (const BoxCorners& row : rows) {
    // Columns before `begin` all end left of this box, those from `end` on start right of it.
    const size_t begin = std::upper_bound(widest_right_.begin(), widest_right_.end(), row.left) -
                         widest_right_.begin();
    const size_t end = std::lower_bound(left_.begin(), left_.end(), row.right) - left_.begin();
    size_t count = 0;
    for (size_t k = begin; k < end;
         ++k) {  // without branches: whether boxes meet is not predictable
      const BoxCorners& c = sorted_[k];
      candidates_[count] = static_cast<int32_t>(k);
      count += (c.right > row.left) & (c.top < row.bottom) & (c.bottom > row.top);
    }
    hits_.clear();
    for (size_t k = 0; k < count; ++k) {
      const double iou = Iou(row, sorted_[candidates_[k]]);
      if (iou > 0) hits_.push_back({order_[candidates_[k]], iou});
    }
    std::sort(hits_.begin(), hits_.end(), [](const Hit& a, const Hit& b) { return a.col < b.col; });
    if (scores->col.size() + hits_.size() > max_pairs) {
      ThrowInput(
          "more than {} overlapping pairs of boxes in a few frames: expected boxes spread over the "
          "image; check "
          "for rows that repeat one box",
          max_pairs);
    }
    for (const Hit& hit : hits_) scores->Add(hit.col, hit.iou);
    scores->EndRow();
  }
}

}  // namespace reidbench
