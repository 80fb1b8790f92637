// All metric families of one tracker together: counts that add up over sequences, summaries that
// divide, and the same values as a list under TrackEval's names for tables and files.
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

// TrackEval's class average ("cls_comb_cls_av"): ratios are means over the classes, counts are
// sums. Its detection average
// ("cls_comb_det_av") is Combine() over the classes.
MotSummary AverageClasses(std::span<const MotSummary> classes);

// A value under TrackEval's field name.
struct MotField {
  enum class Kind {
    kCount,
    kRatio,
    kSum,
    kAlphaCounts,
    kAlphaRatios
  };  // kSum: a sum or rate that is no fraction
  std::string_view name;
  Kind kind = Kind::kRatio;
  std::optional<double> value;  // of kAlpha*: the mean over the alphas
  AlphaValues alphas{};         // of kAlpha*
};
struct MotFamily {
  std::string_view name;  // "HOTA", "CLEAR", "Identity", "VACE", "Count"
  std::vector<MotField> fields;
};

// In TrackEval's order of families and fields. "Frames" of Count is TrackEval's for single
// sequences; it is listed always.
std::vector<MotFamily> ListFields(const MotSummary& summary);

// Whether less of it is better: fields that count errors.
bool LowerIsBetter(std::string_view field);

// The value of one field of ListFields ("HOTA" is the mean over the alphas); nullopt for an
// undefined value. Throws Error(kUsage) with the nearest name for an unknown one.
std::optional<double> FieldValue(const MotSummary& summary, std::string_view name);

}  // namespace reidbench
