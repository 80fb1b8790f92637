#include "reidbench/mot_metrics/frame_blocks.h"

#include <algorithm>

#include "reidbench/core/error.h"

namespace reidbench {
namespace {

// Blocks of frames without boxes are units too, but no more than this and a few for each row.
constexpr int64_t kBlocksWithoutRows = 16'384;
constexpr int64_t kUsualBlockFrames = 50;

int64_t MostBlocks(const MotSequence& s) {
  return kBlocksWithoutRows + 4 * static_cast<int64_t>(s.gt_id.size());
}

std::vector<int64_t> FramesWithGroundTruth(const MotSequence& s) {
  std::vector<int64_t> frames;
  for (size_t f = 0; f < s.frame_size(); ++f) {
    if (s.GtBoxes(f) > 0) frames.push_back(s.frames[f].number);
  }
  return frames;
}

}  // namespace

FrameBlocks::FrameBlocks(const MotSequence& sequence, int64_t block_frames)
    : block_frames_(block_frames), frame_count_(sequence.frame_count) {
  REIDBENCH_CHECK(block_frames > 0);
  const int64_t blocks = frame_count_ / block_frames + (frame_count_ % block_frames == 0 ? 0 : 1);
  if (blocks <= MostBlocks(sequence)) {
    size_ = static_cast<size_t>(blocks);
    return;
  }
  const std::vector<int64_t> frames = FramesWithGroundTruth(sequence);
  begin_.push_back(1);
  for (size_t k = static_cast<size_t>(block_frames); k < frames.size();
       k += static_cast<size_t>(block_frames))
    begin_.push_back(frames[k]);
  size_ = begin_.size();
}

size_t FrameBlocks::Of(int64_t frame) const {
  if (begin_.empty()) return static_cast<size_t>((frame - 1) / block_frames_);
  return static_cast<size_t>(std::upper_bound(begin_.begin(), begin_.end(), frame) -
                             begin_.begin()) -
         1;
}

int64_t FrameBlocks::Frames(size_t block) const {
  if (begin_.empty()) {
    return std::min(block_frames_, frame_count_ - static_cast<int64_t>(block) * block_frames_);
  }
  return (block + 1 == begin_.size() ? frame_count_ + 1 : begin_[block + 1]) - begin_[block];
}

int64_t FramesToDivide(const MotSequence& sequence) {
  if (sequence.frame_count / kUsualBlockFrames < MostBlocks(sequence)) return sequence.frame_count;
  return static_cast<int64_t>(FramesWithGroundTruth(sequence).size());
}

}  // namespace reidbench
