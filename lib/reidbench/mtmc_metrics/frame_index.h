// The rows of one camera by frame, in the order of the file.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "reidbench/sites/site_tracks.h"

namespace reidbench {

class FrameIndexOfBoxes {
 public:
  explicit FrameIndexOfBoxes(const std::vector<SiteBox>& boxes);

  // Rows of `boxes`; empty where the frame has none.
  std::span<const uint32_t> Of(int64_t frame) const;
  // Those with rows, ascending.
  const std::vector<int64_t>& frames() const { return frame_; }

 private:
  std::vector<uint32_t> order_;
  std::vector<int64_t> frame_;
  std::vector<uint32_t> begin_;  // into order_, [frames + 1]
};

}  // namespace reidbench
