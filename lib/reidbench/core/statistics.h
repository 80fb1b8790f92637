// Quantiles, and what random resampling of units says: percentile intervals (bootstrap) and
// p-values (permutation test); Davison & Hinkley 1997, ch. 2 to 5. A unit is whatever is
// independent of the others: a person's queries, a sequence, a block of frames. Everything is
// seeded and the same on any number of threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace reidbench {

// What a quantile between two values is; of n values, in ascending order v[0]..v[n-1].
enum class QuantileRule {
  kInterpolated,  // between v[floor(q (n-1))] and the next: numpy's default, for intervals
  kNearestRank,   // v[ceil(q n) - 1], the smallest that a share q does not exceed: for latencies
  kLower,         // v[floor(q (n-1))]: a value that was seen, for thresholds
  kHigher,        // v[ceil(q (n-1))]: likewise; the median of an even number is the upper one
};

// Of at least one value in ascending order; q in 0..1.
double QuantileOfSorted(std::span<const double> ascending, double q, QuantileRule rule);
// In any order.
double Quantile(std::vector<double> values, double q, QuantileRule rule);

struct BootstrapOptions {
  int resamples = 1000;      // 0 = no interval and no test; 100 to 10 million otherwise
  double confidence = 0.95;  // in (0, 1)
  uint64_t seed = 0;

  std::vector<std::string> Validate() const;  // one sentence per violation
};

struct ConfidenceInterval {
  double low = 0;
  double high = 0;
};

// Which random numbers decide, of the two ways there have been: published numbers depend on it.
enum class Drawing {
  // Resample r takes stream r of the seed, permutation r stream resamples + r, in which a word
  // decides for 64 units. For scores of queries.
  kConsecutiveStreams,
  // Resample r takes stream 2r, permutation r stream 2r + 1, in which every unit has a word. For
  // scores of tracks.
  kInterleavedStreams,
};

// [resample][value]
using ResampledValues = std::vector<std::vector<double>>;

// The values of `statistic` for resamples of `units` units, drawn with replacement; it is called
// from several threads.
ResampledValues Bootstrap(
    size_t units, const BootstrapOptions& options, Drawing drawing,
    const std::function<std::vector<double>(std::span<const size_t>)>& statistic);

// Column `value` of resamples: the percentile interval. Nullopt when there are none, or one is NaN.
std::optional<ConfidenceInterval> PercentileInterval(const ResampledValues& resampled, size_t value,
                                                     double confidence);

// The values of `statistic` when units change sides (1) or stay (0), which are equally likely if
// there is no difference between the sides.
struct Permutations {
  ResampledValues values;
  bool exact = false;  // all 2^units arrangements, not some drawn

  // The two-sided p-value: how often column `value` is at least `observed` away from 0. `rounding`
  // is how much less counts as that, because sums in another order round differently.
  double PValue(size_t value, double observed, double rounding) const;
};
// `exact_if_few`: all arrangements when these are not more than the resamples.
Permutations Permute(size_t units, const BootstrapOptions& options, Drawing drawing,
                     bool exact_if_few,
                     const std::function<std::vector<double>(std::span<const uint8_t>)>& statistic);

}  // namespace reidbench
