// What ground truth says about the decisions of a correction. The person of a box is the one that
// it is matched to in its frame (IoU >= 0.5, largest sum of IoU); the person of a stretch of a
// track is that of most of its matched boxes, and nobody when most of its boxes match nobody.
//
// A link is right when the stretches on its two sides are of one person, wrong when they are of
// two. A split is right when they are of two persons, wrong when of one. A swap is right when both
// persons go on under one identity and wrong when one of them does not (persons known on both
// sides). With nobody on a side a decision is neutral. A refused decision is right when taking it
// would have been wrong, and the other way round. Stretches reach to the next cut of their track by
// an accepted decision.
#pragma once

#include <vector>

#include "reidbench/core/tracks.h"
#include "reidbench/jobs/relink/relink.h"
#include "reidbench/mot_metrics/benchmark.h"
#include "reidbench/relinking/relink.h"

namespace reidbench {

struct RelinkTruth {
  MotCounts plain;
  MotCounts corrected;
  std::vector<DecisionTruth> decisions;
};

// Overlaps with the ground truth are computed once, only ids change. Runs in parallel over
// decisions. `truth` and `tracks` as PrepareSequence wants them but for the scored frames, which
// are restricted here.
RelinkTruth JudgeRelinking(TrackSet truth, const TrackSet& tracks, const RelinkResult& result,
                           const MotBenchmark& benchmark);

}  // namespace reidbench
