// Log-average miss rate MR^-2 and the average precisions of the same matches. The two dialects read
// the curve differently: Caltech (Dollar's toolbox, bbGt compRoc and acfTest.m) takes the last
// point up to each rate of false positives, CrowdHuman (APMRToolkits) the first from it on.
#pragma once

#include <optional>

#include "reidbench/detection_metrics/greedy_match.h"

namespace reidbench {

// `pooled` is in the order of PoolMatches(). 0 is best; nullopt without ground truth or pictures. A
// detector that finds nothing has 1 (CrowdHuman's program divides by nothing there).
std::optional<double> MissRate(const ScoredMatches& pooled, MatchDialect dialect);

// The MOTChallenge devkit's: the mean of the precisions at the recalls 0, 0.1, .. 1, each of the
// first point of at least that recall; no envelope. 0 without detections; nullopt without ground
// truth.
std::optional<double> DevkitAveragePrecision(const ScoredMatches& pooled);

// CrowdHuman's: the area below the raw curve by trapezoids, from its first point on.
std::optional<double> CrowdHumanAveragePrecision(const ScoredMatches& pooled);

}  // namespace reidbench
