// All metric families of one tracker together: counts that add up over sequences, and summaries
// that divide. mot_metrics/fields.h lists the same values under TrackEval's names.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "reidbench/mot_metrics/clear.h"
#include "reidbench/mot_metrics/hota.h"
#include "reidbench/mot_metrics/identity.h"
#include "reidbench/mot_metrics/sequence.h"
#include "reidbench/mot_metrics/vace.h"

namespace reidbench {

// Boxes and ids after the benchmark's rules were applied. Additive.
struct BoxCounts {
  int64_t tracker_boxes = 0, gt_boxes = 0, tracker_ids = 0, gt_ids = 0, frames = 0;

  BoxCounts& operator+=(const BoxCounts& other);
};

struct MotCounts {
  HotaCounts hota;
  ClearCounts clear;
  IdentityCounts identity;
  VaceCounts vace;
  BoxCounts boxes;

  MotCounts& operator+=(const MotCounts& other);
};

struct MotSummary {
  HotaSummary hota;
  ClearSummary clear;
  IdentitySummary identity;
  VaceSummary vace;
  BoxCounts boxes;
};

// One sequence. Runs in parallel within the sequence; the result does not depend on the number of
// threads.
MotCounts CountMot(const MotSequence& sequence);

// The same split into blocks of `block_frames` frames (the last may be shorter) under the
// association of the whole sequence: HOTA, Identity and CLEAR's TP, FN, FP, IDSW and IoU sum add up
// to the whole; VACE and what belongs to whole tracks is 0.
std::vector<MotCounts> CountMotBlocks(const MotSequence& sequence, int64_t block_frames);

// COMBINED: the sum, which as such is never a single sequence's row.
MotCounts Combine(std::span<const MotCounts> sequences);

MotSummary Summarize(const MotCounts& counts);

}  // namespace reidbench
