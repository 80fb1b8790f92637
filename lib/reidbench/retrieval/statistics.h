// How sure is a mean over queries? Queries of one person are not independent, so whole persons are
// resampled (cluster bootstrap; Davison & Hinkley 1997, ch. 2 and 3.8) or have their signs flipped
// (permutation test by cluster). Everything is seeded and the same on any number of threads.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "reidbench/core/ids.h"

namespace reidbench {

struct BootstrapOptions {
  int resamples = 1000;      // 0 = no interval; at least 100 otherwise
  double confidence = 0.95;  // in (0, 1)
  uint64_t seed = 0;

  std::vector<std::string> Validate() const;
};

struct ConfidenceInterval {
  double low = 0;
  double high = 0;
};

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
