// How long people stay when not every stay was seen to its end: the product-limit estimate (Kaplan
// and Meier, J. Am. Stat. Assoc. 53, 1958), its quantiles, and the mean up to a horizon.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "reidbench/core/statistics.h"

namespace reidbench {

struct Stay {
  double seconds = 0;
  bool ended = true;  // false: longer than that, by how much is not known
};

struct SurvivalStep {
  double seconds = 0;
  double share = 1;  // who stay longer
};

// The steps down, by time; stays that end and are lost at one time count as lost after.
std::vector<SurvivalStep> SurvivalCurve(std::span<const Stay> stays);
// The first time when at most a share 1 - q stays longer; nullopt when the curve does not come down
// so far.
std::optional<double> SurvivalQuantile(std::span<const SurvivalStep> curve, double q);
// The area below the curve up to `horizon`.
double RestrictedMean(std::span<const SurvivalStep> curve, double horizon);

struct StayStatistics {
  size_t count = 0;
  size_t ended = 0;
  // Of the seconds as they are, whoever was lost.
  std::optional<double> mean, median, p90, most;
  // With lost stays as such.
  std::optional<double> km_median, km_p90, restricted_mean;
  double horizon = 0;  // of the restricted mean: the longest stay
  std::optional<ConfidenceInterval> mean_interval, median_interval, p90_interval;
};

// Intervals by bootstrap over stays; none when options.resamples is 0 or fewer than two stays.
StayStatistics Summarize(std::span<const Stay> stays, const BootstrapOptions& options);

}  // namespace reidbench
