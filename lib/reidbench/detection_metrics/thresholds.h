// At which score to cut: the curve of precision over recall, and the threshold that is best by F1
// or by MODA, tuned on all videos and, for an honest number, on all but the one it is then used
// for.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "reidbench/detection_metrics/greedy_match.h"

namespace reidbench {

struct CurvePoint {
  double score = 0;  // detections of at least this
  double recall = 0;
  double precision = 0;
};
// The points where recall first reaches 0.01, 0.02, .. and the last one; empty without ground truth
// or detections. `pooled` is in the order of PoolMatches().
std::vector<CurvePoint> PrecisionRecallCurve(const ScoredMatches& pooled);

enum class ThresholdGoal { kF1, kModa };

struct BestThreshold {
  double threshold = 0;  // detections of at least this score are kept
  double value = 0;      // of all parts with it: the best there is, as it was chosen on them
  // Of all parts, each cut at the threshold that is best for the others; nullopt for one part, and
  // where no other has anything to choose by.
  std::optional<double> held_out;
};
// Of equally good thresholds the highest. nullopt without ground truth or detections.
std::optional<BestThreshold> FindBestThreshold(std::span<const ScoredMatches* const> parts,
                                               ThresholdGoal goal);

}  // namespace reidbench
