#include "reidbench/mot_metrics/frame_rows.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "reidbench/core/error.h"

namespace reidbench {

std::span<const uint32_t> FrameRows::Of(int64_t frame) const {
  const auto found = std::lower_bound(number.begin(), number.end(), frame);
  if (found == number.end() || *found != frame) return {};
  const size_t k = static_cast<size_t>(found - number.begin());
  return std::span(order).subspan(begin[k], begin[k + 1] - begin[k]);
}

FrameRows GroupByFrame(const std::vector<TrackBox>& boxes) {
  FrameRows out;
  const size_t n = boxes.size();
  REIDBENCH_CHECK(n < std::numeric_limits<uint32_t>::max());
  int64_t last = 0;
  bool sorted = true;
  for (size_t i = 0; i < n; ++i) {
    sorted = sorted && (i == 0 || boxes[i - 1].frame <= boxes[i].frame);
    last = std::max(last, boxes[i].frame.value);
  }
  out.order.resize(n);
  if (!sorted && last <= static_cast<int64_t>(4 * n + 4096)) {
    std::vector<uint32_t> at(static_cast<size_t>(last) + 2, 0);
    for (const TrackBox& box : boxes) ++at[box.frame.value + 1];
    for (size_t f = 1; f < at.size(); ++f) at[f] += at[f - 1];
    for (size_t i = 0; i < n; ++i) out.order[at[boxes[i].frame.value]++] = static_cast<uint32_t>(i);
  } else {
    std::iota(out.order.begin(), out.order.end(), 0);
    if (!sorted) {
      std::stable_sort(out.order.begin(), out.order.end(),
                       [&](uint32_t a, uint32_t b) { return boxes[a].frame < boxes[b].frame; });
    }
  }
  for (size_t k = 0; k < n; ++k) {
    const int64_t frame = boxes[out.order[k]].frame.value;
    if (out.number.empty() || out.number.back() != frame) {
      out.number.push_back(frame);
      out.begin.push_back(static_cast<uint32_t>(k));
    }
  }
  out.begin.push_back(static_cast<uint32_t>(n));
  return out;
}

const TrackBox* FindBox(const std::vector<TrackBox>& boxes, const FrameRows& rows, int64_t frame,
                        int64_t id) {
  for (const uint32_t row : rows.Of(frame)) {
    if (boxes[row].id.value == id) return &boxes[row];
  }
  return nullptr;
}

}  // namespace reidbench
