// The tracking metrics as data: one row a field of TrackEval's, with what kind of number it is,
// which way it is better, and how it is read from a summary. Tables, files, sweeps, intervals and
// the report page go over this table, so that a new metric is its computation and one row here.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "reidbench/core/better.h"
#include "reidbench/mot_metrics/scores.h"

namespace reidbench {

struct MotValue {
  std::optional<double> value;  // of a field over the alphas: their mean
  AlphaValues alphas{};         // of those only
};

struct MotField {
  enum class Kind {
    kRatio,  // fraction of 1; tables show percent
    kRate,   // quotient that is no fraction
    kCount,  // whole number that adds up
    kSum,    // other number that adds up
  };

  std::string_view name;    // TrackEval's
  std::string_view title;   // for people: "Association accuracy"
  std::string_view family;  // "HOTA", "CLEAR", "Identity", "VACE", "Count"
  Kind kind = Kind::kRatio;
  Better better = Better::kHigher;
  // HOTA's thresholds have a value each.
  bool over_alphas = false;
  // Says how well identities are kept, so that its share of a ceiling of re-linking means
  // something.
  bool of_identities = false;
  // False: belongs to whole tracks, so blocks of frames (CountMotBlocks) tell nothing about it.
  bool adds_over_blocks = true;
  // Not in TrackEval's summary of its family.
  bool is_detail = false;
  // False: TrackEval does not have it, so the files that its users' scripts read do not either.
  bool in_trackeval = true;

  MotValue (*get)(const MotSummary&) = nullptr;
  // The inverse, into counts whose plain counts are restored already; null for what follows from
  // other fields.
  void (*put)(const MotValue&, MotCounts*) = nullptr;

  bool is_count() const { return kind == Kind::kCount; }
};

// In TrackEval's order: families together.
std::span<const MotField> MotFields();

// Throws Error(kUsage) with the nearest name for an unknown one.
const MotField& FindMotField(std::string_view name);

// Of all MotFields(), in their order.
using MotValues = std::vector<MotValue>;
MotValues ListValues(const MotSummary& summary);

// Counts of one sequence from their values: Summarize and ListValues give the same values again,
// within rounding.
MotCounts RestoreCounts(std::span<const MotValue> values);

// TrackEval's class average ("cls_comb_cls_av"): ratios and rates are means over the classes that
// have a value, counts are sums. Its detection average ("cls_comb_det_av") is Combine() over the
// classes.
MotValues AverageClasses(std::span<const MotValues> classes);

// The value of one field ("HOTA" is the mean over the alphas); nullopt for an undefined value.
// Throws as FindMotField.
std::optional<double> FieldValue(const MotSummary& summary, std::string_view name);

}  // namespace reidbench
