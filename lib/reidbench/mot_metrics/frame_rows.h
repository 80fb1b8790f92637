// The rows of a TrackSet by frame, in the order of the file within a frame: that order decides ties
// of the assignment.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "reidbench/core/tracks.h"

namespace reidbench {

struct FrameRows {
  std::vector<uint32_t> order;  // rows, frame by frame
  std::vector<int64_t> number;  // of each frame that has boxes, ascending
  std::vector<uint32_t> begin;  // into order, [frames + 1]

  // Rows of one frame; empty when it has none.
  std::span<const uint32_t> Of(int64_t frame) const;
};

FrameRows GroupByFrame(const std::vector<TrackBox>& boxes);

// The row of `id` in `frame`, nullptr without one.
const TrackBox* FindBox(const std::vector<TrackBox>& boxes, const FrameRows& rows, int64_t frame,
                        int64_t id);

}  // namespace reidbench
