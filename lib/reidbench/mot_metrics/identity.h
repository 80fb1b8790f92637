// Identity metrics (IDF1): Ristani et al., "Performance Measures and a Data Set for Multi-Target,
// Multi-Camera Tracking", 2016, as TrackEval 12c8791b computes them: one global one-to-one match of
// ground truth ids to tracker ids.
#pragma once

#include <cstdint>
#include <vector>

#include "reidbench/mot_metrics/sequence.h"

namespace reidbench {

// Additive over sequences.
struct IdentityCounts {
  int64_t tp = 0, fn = 0, fp = 0;

  IdentityCounts& operator+=(const IdentityCounts& other);
};

struct IdentitySummary {
  double f1 = 0, recall = 0, precision = 0;
  IdentityCounts counts;
};

inline constexpr double kIdentityThreshold =
    0.5;  // compared without tolerance, unlike CLEAR and HOTA

IdentityCounts CountIdentity(const MotSequence& sequence);
// The same split by frames, under the match of the whole sequence.
std::vector<IdentityCounts> CountIdentityBlocks(const MotSequence& sequence, int64_t block_frames);
// The tracker id matched with each ground truth id (dense ids), -1 without one.
std::vector<int32_t> MatchIdentities(const MotSequence& sequence);

IdentitySummary Summarize(const IdentityCounts& counts);

}  // namespace reidbench
