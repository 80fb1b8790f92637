#include "reidbench/mtmc_metrics/frame_index.h"

#include <algorithm>
#include <numeric>

namespace reidbench {

FrameIndexOfBoxes::FrameIndexOfBoxes(const std::vector<SiteBox>& boxes) : order_(boxes.size()) {
  std::iota(order_.begin(), order_.end(), 0);
  const auto earlier = [&](uint32_t a, uint32_t b) { return boxes[a].frame < boxes[b].frame; };
  // Most files are in order, and looking costs less than sorting.
  if (!std::is_sorted(order_.begin(), order_.end(), earlier))
    std::stable_sort(order_.begin(), order_.end(), earlier);
  for (size_t k = 0; k < order_.size(); ++k) {
    const int64_t frame = boxes[order_[k]].frame;
    if (!frame_.empty() && frame_.back() == frame) continue;
    frame_.push_back(frame);
    begin_.push_back(static_cast<uint32_t>(k));
  }
  begin_.push_back(static_cast<uint32_t>(order_.size()));
}

std::span<const uint32_t> FrameIndexOfBoxes::Of(int64_t frame) const {
  const auto found = std::lower_bound(frame_.begin(), frame_.end(), frame);
  if (found == frame_.end() || *found != frame) return {};
  const size_t k = static_cast<size_t>(found - frame_.begin());
  return std::span(order_).subspan(begin_[k], begin_[k + 1] - begin_[k]);
}

}  // namespace reidbench
