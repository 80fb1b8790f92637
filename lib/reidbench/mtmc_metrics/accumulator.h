// CLEAR and Identity as py-motmetrics (commit 90aa1afd) counts them. What differs from TrackEval: a
// person keeps the last match ever, not only that of the previous frame; the rest is matched by the
// least distance; a person is mostly tracked from 0.8 on, included; a fragmentation is a miss
// between two matches.
#pragma once

#include <cstdint>
#include <optional>

#include "reidbench/mot_metrics/sequence.h"

namespace reidbench {

// Pairs of such a sequence are those that may match, and MotSequence::pair_iou holds
// kAccumulatorOffset - distance, which is positive.
inline constexpr double kAccumulatorOffset = 2;

struct AccumulatorCounts {
  int64_t frames = 0;  // with a box on either side
  int64_t objects = 0, predictions = 0, persons = 0;
  int64_t matches = 0;  // without the switches
  int64_t switches = 0, misses = 0, false_positives = 0;
  int64_t fragmentations = 0;
  int64_t mostly_tracked = 0, partly_tracked = 0, mostly_lost = 0;
  int64_t id_tp = 0, id_fp = 0, id_fn = 0;
  double distance_sum = 0;  // of matches and switches
};

// Nullopt where 0 is divided by 0.
struct AccumulatorSummary {
  std::optional<double> idf1, idp, idr, recall, precision, mota, motp;
  AccumulatorCounts counts;
};

AccumulatorCounts Accumulate(const MotSequence& sequence);
AccumulatorSummary Summarize(const AccumulatorCounts& counts);

// The pairs of an IoU sequence with 1 - IoU <= 0.5, as Accumulate wants them. An IoU of one ulp
// below 0.5 still passes that test.
MotSequence ForAccumulator(const MotSequence& iou);

}  // namespace reidbench
