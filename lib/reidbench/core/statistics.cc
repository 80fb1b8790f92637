#include "reidbench/core/statistics.h"

#include <algorithm>
#include <cmath>

#include "reidbench/core/error.h"
#include "reidbench/core/parallel.h"
#include "reidbench/core/random.h"

namespace reidbench {
namespace {

// v[index] + fraction (v[index + 1] - v[index])
struct Rank {
  size_t index = 0;
  double fraction = 0;
};

Rank RankOf(size_t count, double q, QuantileRule rule) {
  REIDBENCH_CHECK(count > 0 && q >= 0 && q <= 1);
  if (rule == QuantileRule::kNearestRank) {
    // A share like 0.95 is a little off: what it leaves over must not take the next value.
    const double rank = std::ceil(q * static_cast<double>(count) - 1e-9);
    return {std::max<size_t>(static_cast<size_t>(rank), 1) - 1, 0};
  }
  const double at = q * static_cast<double>(count - 1);
  const auto below = static_cast<size_t>(at);
  const double fraction = at - static_cast<double>(below);
  if (rule == QuantileRule::kInterpolated) return {below, fraction};
  return {rule == QuantileRule::kHigher && fraction > 0 ? below + 1 : below, 0};
}

}  // namespace

double QuantileOfSorted(std::span<const double> ascending, double q, QuantileRule rule) {
  const Rank rank = RankOf(ascending.size(), q, rule);
  const double low = ascending[rank.index];
  if (rank.fraction == 0) return low;
  return low + rank.fraction * (ascending[rank.index + 1] - low);
}

double Quantile(std::vector<double> values, double q, QuantileRule rule) {
  const Rank rank = RankOf(values.size(), q, rule);
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(rank.index);
  std::nth_element(values.begin(), at, values.end());
  if (rank.fraction == 0) return *at;
  return *at + rank.fraction * (*std::min_element(at + 1, values.end()) - *at);
}

std::vector<std::string> BootstrapOptions::Validate() const {
  std::vector<std::string> violations;
  if (resamples < 0 || (resamples > 0 && resamples < 100) || resamples > 10'000'000) {
    violations.push_back(fmt::format(
        "resamples: {} is out of range; expected 0 (no interval) or 100 to 10000000", resamples));
  }
  if (!(confidence > 0 && confidence < 1)) {
    violations.push_back(fmt::format(
        "confidence: {} is out of range; expected more than 0 and less than 1", confidence));
  }
  return violations;
}

ResampledValues Bootstrap(
    size_t units, const BootstrapOptions& options, Drawing drawing,
    const std::function<std::vector<double>(std::span<const size_t>)>& statistic) {
  ResampledValues values(static_cast<size_t>(options.resamples));
  const uint64_t step = drawing == Drawing::kInterleavedStreams ? 2 : 1;
  ParallelFor(options.resamples, [&](int64_t r) {
    Rng rng(options.seed, step * static_cast<uint64_t>(r));
    std::vector<size_t> drawn(units);
    for (size_t& unit : drawn) unit = rng.Below(units);
    values[static_cast<size_t>(r)] = statistic(drawn);
  });
  return values;
}

std::optional<ConfidenceInterval> PercentileInterval(const ResampledValues& resampled, size_t value,
                                                     double confidence) {
  std::vector<double> column;
  column.reserve(resampled.size());
  for (const std::vector<double>& row : resampled) {
    if (std::isnan(row[value])) return std::nullopt;
    column.push_back(row[value]);
  }
  if (column.empty()) return std::nullopt;
  std::sort(column.begin(), column.end());
  const double tail = (1 - confidence) / 2;
  return ConfidenceInterval{QuantileOfSorted(column, tail, QuantileRule::kInterpolated),
                            QuantileOfSorted(column, 1 - tail, QuantileRule::kInterpolated)};
}

double Permutations::PValue(size_t value, double observed, double rounding) const {
  const double least = std::abs(observed) - rounding;
  const auto as_large = static_cast<double>(
      std::count_if(values.begin(), values.end(),
                    [&](const std::vector<double>& row) { return std::abs(row[value]) >= least; }));
  const auto count = static_cast<double>(values.size());
  // Drawn arrangements are without the observed one, which counts as well.
  return exact ? as_large / count : (1 + as_large) / (1 + count);
}

Permutations Permute(
    size_t units, const BootstrapOptions& options, Drawing drawing, bool exact_if_few,
    const std::function<std::vector<double>(std::span<const uint8_t>)>& statistic) {
  Permutations result;
  result.exact = exact_if_few && units < 31 && (int64_t{1} << units) <= options.resamples;
  const int64_t count = result.exact ? int64_t{1} << units : options.resamples;
  result.values.resize(static_cast<size_t>(count));
  ParallelFor(count, [&](int64_t r) {
    const auto number = static_cast<uint64_t>(r);
    std::vector<uint8_t> swapped(units);
    if (result.exact) {
      for (size_t k = 0; k < units; ++k) swapped[k] = (number >> k) & 1;
    } else if (drawing == Drawing::kInterleavedStreams) {
      Rng rng(options.seed, 2 * number + 1);
      for (uint8_t& side : swapped) side = rng.Below(2) != 0;
    } else {
      Rng rng(options.seed, static_cast<uint64_t>(options.resamples) + number);
      uint64_t word = 0;
      for (size_t k = 0; k < units; ++k) {
        if (k % 64 == 0) word = rng.Next();
        swapped[k] = (word >> (k % 64)) & 1;
      }
    }
    result.values[static_cast<size_t>(r)] = statistic(swapped);
  });
  return result;
}

}  // namespace reidbench
