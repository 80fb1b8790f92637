#include "reidbench/mot_metrics/identity.h"

#include <algorithm>

#include "reidbench/matching/assignment.h"
#include "reidbench/mot_metrics/frame_blocks.h"
#include "reidbench/mot_metrics/track_overlap.h"

namespace reidbench {
namespace {

struct IdentityMatch {
  std::vector<int32_t> tracker_of_gt;
  int64_t shared_boxes = 0;
};

IdentityMatch MatchTracks(const MotSequence& s) {
  const std::vector<int64_t> shared = SharedFrames(s, kIdentityThreshold);
  const SparseScores scores =
      TrackPairScores(s, [&](size_t pair) { return static_cast<double>(shared[pair]); });
  SparseAssigner assigner;
  const std::span<const int32_t> match = assigner.Maximise(scores.View());
  IdentityMatch out;
  out.tracker_of_gt.assign(match.begin(), match.end());
  for (size_t p = 0; p < s.track_pairs.size(); ++p) {
    if (out.tracker_of_gt[s.track_pairs[p].gt] == s.track_pairs[p].tracker)
      out.shared_boxes += shared[p];
  }
  return out;
}

}  // namespace

IdentityCounts& IdentityCounts::operator+=(const IdentityCounts& other) {
  tp += other.tp;
  fn += other.fn;
  fp += other.fp;
  return *this;
}

std::vector<int32_t> MatchIdentities(const MotSequence& sequence) {
  return MatchTracks(sequence).tracker_of_gt;
}

IdentityCounts CountIdentity(const MotSequence& s) {
  const int64_t tp = MatchTracks(s).shared_boxes;
  return {tp, static_cast<int64_t>(s.gt_id.size()) - tp,
          static_cast<int64_t>(s.tracker_id.size()) - tp};
}

std::vector<IdentityCounts> CountIdentityBlocks(const MotSequence& s, int64_t block_frames) {
  const std::vector<int32_t> tracker_of_gt = MatchTracks(s).tracker_of_gt;
  const FrameBlocks block_of(s, block_frames);
  std::vector<IdentityCounts> blocks(block_of.size());
  for (size_t f = 0; f < s.frame_size(); ++f) {
    IdentityCounts& block = blocks[block_of.Of(s.frames[f].number)];
    int64_t tp = 0;
    for (uint32_t k = s.pair_begin[s.frames[f].gt_begin];
         k < s.pair_begin[s.frames[f + 1].gt_begin]; ++k) {
      const MotSequence::TrackPair& pair = s.track_pairs[s.pair_tracks[k]];
      if (s.pair_iou[k] >= kIdentityThreshold && tracker_of_gt[pair.gt] == pair.tracker) ++tp;
    }
    block += {tp, s.GtBoxes(f) - tp, s.TrackerBoxes(f) - tp};
  }
  return blocks;
}

IdentitySummary Summarize(const IdentityCounts& c) {
  const auto tp = static_cast<double>(c.tp), fn = static_cast<double>(c.fn),
             fp = static_cast<double>(c.fp);
  IdentitySummary out;
  out.counts = c;
  out.recall = tp / std::max(1.0, tp + fn);
  out.precision = tp / std::max(1.0, tp + fp);
  out.f1 = tp / std::max(1.0, tp + 0.5 * fp + 0.5 * fn);
  return out;
}

}  // namespace reidbench
