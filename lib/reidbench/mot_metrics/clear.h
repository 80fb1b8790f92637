// CLEAR MOT: Bernardin and Stiefelhagen, "Evaluating Multiple Object Tracking Performance: The
// CLEAR MOT Metrics", 2008, with the rules of TrackEval 12c8791b: a match of the previous processed
// frame is kept where possible, then IoU is maximised.
#pragma once

#include <cstdint>
#include <vector>

#include "reidbench/mot_metrics/sequence.h"

namespace reidbench {

// Additive over sequences.
struct ClearCounts {
  int64_t tp = 0, fn = 0, fp = 0;
  int64_t id_switches = 0;
  int64_t mostly_tracked = 0, partly_tracked = 0, mostly_lost = 0;
  int64_t fragmentations = 0;
  int64_t frames = 0;
  double similarity_sum = 0;  // IoU of the matches
  // The row of a single sequence in which one side has no boxes: TrackEval then reports MLR 1 and
  // every other ratio 0. Such a sequence enters a sum like any other.
  bool one_side_empty = false;

  ClearCounts& operator+=(const ClearCounts& other);
};

struct ClearSummary {
  double mota = 0, motp = 0, moda = 0, recall = 0, precision = 0;
  double mostly_tracked_ratio = 0, partly_tracked_ratio = 0, mostly_lost_ratio = 0;
  double soft_mota = 0, f1 = 0, fp_per_frame = 0, motal = 0;
  ClearCounts counts;
};

inline constexpr double kClearThreshold = 0.5;

// For each ground truth box the index of the pair (into MotSequence::pair_iou) it is matched with,
// kNoPair without one.
std::vector<uint32_t> MatchForClear(const MotSequence& sequence);

ClearCounts CountClear(const MotSequence& sequence);
// The same split by frames (entry b: frames b*block_frames+1 .. (b+1)*block_frames). What belongs
// to whole tracks (mostly tracked, fragmentations) is left 0.
std::vector<ClearCounts> CountClearBlocks(const MotSequence& sequence, int64_t block_frames);

ClearSummary Summarize(const ClearCounts& counts);

}  // namespace reidbench
