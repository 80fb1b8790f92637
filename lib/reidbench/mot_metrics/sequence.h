// One video ready to be scored: dense ids per frame and the IoU of the pairs that overlap. Metrics
// see this, never boxes or files. Preparing follows TrackEval's preprocessing of MOTChallenge
// (commit 12c8791b).
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "reidbench/core/tracks.h"
#include "reidbench/matching/sparse_scores.h"
#include "reidbench/mot_metrics/benchmark.h"

namespace reidbench {

// Slack of comparisons of an IoU with a threshold, as TrackEval has it.
inline constexpr double kEps = std::numeric_limits<double>::epsilon();
// Frames that one task of a parallel loop takes.
inline constexpr int64_t kFramesPerTask = 64;

struct MotSequence {
  struct Frame {
    int64_t number = 0;          // as in the files, from 1
    uint32_t gt_begin = 0;       // first box in gt_id and pair_begin
    uint32_t tracker_begin = 0;  // first box in tracker_id
  };
  struct TrackPair {
    int32_t gt = 0;
    int32_t tracker = 0;
  };

  std::string name;
  int64_t frame_count = 0;     // of the video, with or without boxes
  std::vector<Frame> frames;   // those with boxes, ascending, and one past the end
  std::vector<int32_t> gt_id;  // of each box, 0..gt_id_value.size()-1
  std::vector<int32_t> tracker_id;
  std::vector<int64_t> gt_id_value;  // the file's id of each dense id, ascending
  std::vector<int64_t> tracker_id_value;
  // Overlaps of each ground truth box, by column (the tracker box's place in its frame).
  std::vector<uint32_t> pair_begin{0};  // [gt boxes + 1]
  std::vector<int32_t> pair_col;
  std::vector<double> pair_iou;        // > 0
  std::vector<uint32_t> pair_tracks;   // index into track_pairs
  std::vector<TrackPair> track_pairs;  // each pair of ids that ever overlap, once

  size_t frame_size() const { return frames.empty() ? 0 : frames.size() - 1; }
  int32_t GtBoxes(size_t f) const {
    return static_cast<int32_t>(frames[f + 1].gt_begin - frames[f].gt_begin);
  }
  int32_t TrackerBoxes(size_t f) const {
    return static_cast<int32_t>(frames[f + 1].tracker_begin - frames[f].tracker_begin);
  }
  // IoU of one frame, [GtBoxes x TrackerBoxes].
  SparseScoresView Similarity(size_t f) const {
    return {GtBoxes(f), TrackerBoxes(f), pair_begin.data() + frames[f].gt_begin, pair_col.data(),
            pair_iou.data()};
  }
};

// Stands for "no pair" where a pair is named by its index into MotSequence::pair_iou.
inline constexpr uint32_t kNoPair = UINT32_MAX;

// Applies the benchmark's rules for one of its classes. Frames must already be restricted
// (KeepFrames) and valid (ids once a frame, 1..frame_count): the reader in datasets/mot_files.h
// sees to it. The frame count is the larger of the two. Throws Error(kInput) for a repeated id or
// an absurd number of overlaps.
MotSequence PrepareSequence(const TrackSet& ground_truth, const TrackSet& results,
                            const MotBenchmark& benchmark, const MotClass& scored);

// Puts a sequence together frame by frame, for similarities that PrepareSequence does not compute:
// distances on the ground, several cameras one after the other.
class SequenceBuilder {
 public:
  explicit SequenceBuilder(std::string name) { sequence_.name = std::move(name); }

  // Numbers ascend. `similarity` is [gt_ids x tracker_ids]. A frame without ids is left out.
  void AddFrame(int64_t number, std::span<const int64_t> gt_ids,
                std::span<const int64_t> tracker_ids, const SparseScoresView& similarity);

  // Once, after the last frame. Throws Error(kInput) for an id that is twice in a frame.
  MotSequence Finish(int64_t frame_count);

 private:
  MotSequence sequence_;
  std::vector<int64_t> gt_id_, tracker_id_;  // as in the files
};

}  // namespace reidbench
