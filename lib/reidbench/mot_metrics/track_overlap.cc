#include "reidbench/mot_metrics/track_overlap.h"

namespace reidbench {

std::vector<int64_t> SharedFrames(const MotSequence& sequence, double threshold) {
  std::vector<int64_t> shared(sequence.track_pairs.size(), 0);
  for (size_t k = 0; k < sequence.pair_iou.size(); ++k) {
    if (sequence.pair_iou[k] >= threshold) ++shared[sequence.pair_tracks[k]];
  }
  return shared;
}

}  // namespace reidbench
