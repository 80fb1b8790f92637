// How sure is a mean over queries? Queries of one person are not independent, so whole persons are
// the units of core/statistics.h (cluster bootstrap; Davison & Hinkley 1997, ch. 3.8).
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "reidbench/core/ids.h"
#include "reidbench/core/statistics.h"

namespace reidbench {

// Percentile interval of the mean of `values` (one a query) when the persons are drawn with
// replacement. Nullopt when resamples is 0 or fewer than two persons have values. `person` has one
// entry per value.
std::optional<ConfidenceInterval> BootstrapMean(std::span<const double> values,
                                                std::span<const PersonId> person,
                                                const BootstrapOptions& options);

struct PairedDifference {
  double mean_a = 0;
  double mean_b = 0;
  double difference = 0;                       // mean_b - mean_a
  std::optional<ConfidenceInterval> interval;  // paired cluster bootstrap of the difference
  std::optional<double> p_value;               // two-sided; nullopt like the interval
  int64_t num_queries = 0;
  int64_t num_persons = 0;
};

// Compares two models on the same queries: values_a[i] and values_b[i] belong to query i of
// person[i] (AP, or 1/0 for rank-1). The p-value is that of the sign-flip permutation test by
// person: under "no difference" each person's summed difference is as likely to be negated; p = (1
// + #{|permuted| >= |observed|}) / (1 + resamples). Throws Error(kInput) when the lengths differ or
// there are no values.
PairedDifference ComparePaired(std::span<const double> values_a, std::span<const double> values_b,
                               std::span<const PersonId> person, const BootstrapOptions& options);

}  // namespace reidbench
