// HOTA: Luiten et al., "HOTA: A Higher Order Metric for Evaluating Multi-Object Tracking", IJCV
// 2021. Numbers equal those of TrackEval 12c8791b: counts exactly, ratios within rounding.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "reidbench/mot_metrics/sequence.h"

namespace reidbench {

inline constexpr int kAlphas = 19;
using AlphaCounts = std::array<int64_t, kAlphas>;
using AlphaValues = std::array<double, kAlphas>;

// Localisation thresholds 0.05, 0.10, .. 0.95 with the rounding of numpy.arange(0.05, 0.99, 0.05),
// which is not that of (i + 1) * 0.05.
const AlphaValues& HotaAlphas();

// Additive over sequences. The association sums are over true positives: A(c) of each, not yet
// divided by TP.
struct HotaCounts {
  AlphaCounts tp{}, fn{}, fp{};
  AlphaValues ass_a_sum{}, ass_re_sum{}, ass_pr_sum{}, similarity_sum{};

  HotaCounts& operator+=(const HotaCounts& other);
};

struct HotaSummary {
  AlphaValues hota{}, det_a{}, ass_a{}, det_re{}, det_pr{}, ass_re{}, ass_pr{}, loc_a{}, owta{};
  HotaCounts counts;
};

// For each ground truth box the index of the pair (into MotSequence::pair_iou) it is matched with,
// kNoPair without one; the same match serves all alphas.
std::vector<uint32_t> MatchForHota(const MotSequence& sequence);

HotaCounts CountHota(const MotSequence& sequence);
// The counts of CountHota split by frames: entry b holds frames numbered b*block_frames+1 ..
// (b+1)*block_frames. Association is that of the whole sequence, so the entries add up to the whole
// (within rounding).
std::vector<HotaCounts> CountHotaBlocks(const MotSequence& sequence, int64_t block_frames);

HotaSummary Summarize(const HotaCounts& counts);

// Mean over the alphas, the figure that is reported.
double MeanOverAlphas(const AlphaValues& values);

}  // namespace reidbench
