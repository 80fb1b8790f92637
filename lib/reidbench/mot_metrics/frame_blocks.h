// Blocks of frames of a sequence, the units that are resampled within it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "reidbench/mot_metrics/sequence.h"

namespace reidbench {

// Blocks of `block_frames` consecutive frames, the last of which may be shorter. Where frame
// numbers are times, there would be more blocks than rows could fill: then blocks are of as many
// frames that have ground truth. Two trackers' sequences of one ground truth have the same blocks.
class FrameBlocks {
 public:
  FrameBlocks(const MotSequence& sequence, int64_t block_frames);

  size_t size() const { return size_; }
  size_t Of(int64_t frame) const;      // a frame of the sequence, from 1
  int64_t Frames(size_t block) const;  // how many frames it has

 private:
  int64_t block_frames_;
  int64_t frame_count_;
  size_t size_ = 0;
  std::vector<int64_t> begin_;  // first frame of each block; empty when all are equally long
};

// The frames that `block_frames` of a FrameBlocks should be chosen for: those of the video, or
// those with ground truth where frame numbers are times.
int64_t FramesToDivide(const MotSequence& sequence);

}  // namespace reidbench
