// How sure is a tracking score, and is one tracker better than another? COMBINED scores are
// recomputed from the added counts of resampled units (core/statistics.h): whole sequences, or
// blocks of frames within them (Kuensch 1989).
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "reidbench/core/statistics.h"
#include "reidbench/mot_metrics/scores.h"

namespace reidbench {

struct MotBootstrapOptions : BootstrapOptions {
  // Names of MotFields to look at; those must be sums over units, which MT, Frag and VACE are not
  // when the units are blocks.
  std::vector<std::string> fields{"HOTA", "DetA", "AssA", "MOTA", "IDF1"};
};

struct MotInterval {
  std::string field;
  double value = 0;  // of all units
  // Percentile interval; nullopt with fewer than two units or without resampling.
  std::optional<double> low, high;
};

// `units` are the counts of sequences (CountMot) or of blocks (CountMotBlocks, of all sequences in
// one list). Throws Error(kUsage) for unknown fields.
std::vector<MotInterval> BootstrapScores(std::span<const MotCounts> units,
                                         const MotBootstrapOptions& options);

struct MotDifference {
  std::string field;
  double value_a = 0;
  double value_b = 0;
  double difference = 0;            // value_b - value_a
  std::optional<double> low, high;  // paired bootstrap: the same units are drawn for both
  // Two-sided permutation test: under "no difference" the trackers may be swapped within any unit.
  // Exact over all 2^n swaps when these are not more than the resamples, drawn otherwise.
  std::optional<double> p_value;
};

// The units of two trackers: unit i of both is the same sequence or block.
struct PairedUnits {
  std::vector<MotCounts> a, b;
};

// Unit i of both trackers is the same sequence or block. Throws Error(kInput) when the numbers of
// units differ.
std::vector<MotDifference> CompareScores(std::span<const MotCounts> units_a,
                                         std::span<const MotCounts> units_b,
                                         const MotBootstrapOptions& options);

// The same for the mean over several pairs, such as trackers before and after a correction. One
// resample draws the same units for all of them, one permutation swaps the same units of all: what
// is hard for one tracker is hard for the others. Throws Error(kInput) also when the pairs have
// different numbers of units.
std::vector<MotDifference> CompareMeanScores(std::span<const PairedUnits> pairs,
                                             const MotBootstrapOptions& options);

}  // namespace reidbench
