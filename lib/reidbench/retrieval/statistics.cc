#include "reidbench/retrieval/statistics.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "reidbench/core/error.h"
#include "reidbench/core/parallel.h"
#include "reidbench/core/random.h"

namespace reidbench {
namespace {

struct Cluster {
  double sum_a = 0;
  double sum_b = 0;
  int64_t count = 0;
};

// By ascending person id; sums in query order.
std::vector<Cluster> ClusterByPerson(std::span<const double> a, std::span<const double> b,
                                     std::span<const PersonId> person) {
  std::map<PersonId, Cluster> clusters;
  for (size_t i = 0; i < a.size(); ++i) {
    Cluster& cluster = clusters[person[i]];
    cluster.sum_a += a[i];
    if (!b.empty()) cluster.sum_b += b[i];
    ++cluster.count;
  }
  std::vector<Cluster> result;
  result.reserve(clusters.size());
  for (const auto& [id, cluster] : clusters) result.push_back(cluster);
  return result;
}

// Quantile of sorted values with linear interpolation (numpy's default).
double Quantile(const std::vector<double>& sorted, double q) {
  const double at = q * static_cast<double>(sorted.size() - 1);
  const size_t low = static_cast<size_t>(at);
  const size_t high = std::min(low + 1, sorted.size() - 1);
  return sorted[low] + (sorted[high] - sorted[low]) * (at - static_cast<double>(low));
}

// Interval of statistic(cluster) summed over drawn clusters, divided by their number of queries.
template <typename Statistic>
std::optional<ConfidenceInterval> Bootstrap(const std::vector<Cluster>& clusters,
                                            const BootstrapOptions& options,
                                            const Statistic& statistic) {
  if (options.resamples == 0 || clusters.size() < 2) return std::nullopt;
  std::vector<double> means(static_cast<size_t>(options.resamples));
  ParallelFor(options.resamples, [&](int64_t resample) {
    Rng rng(options.seed, static_cast<uint64_t>(resample));
    double sum = 0;
    int64_t count = 0;
    for (size_t i = 0; i < clusters.size(); ++i) {
      const Cluster& drawn = clusters[rng.Below(clusters.size())];
      sum += statistic(drawn);
      count += drawn.count;
    }
    means[static_cast<size_t>(resample)] = sum / static_cast<double>(count);
  });
  std::sort(means.begin(), means.end());
  const double tail = (1 - options.confidence) / 2;
  return ConfidenceInterval{Quantile(means, tail), Quantile(means, 1 - tail)};
}

void RequireLengths(size_t values, size_t persons) {
  if (values != persons)
    ThrowInput("{} values but {} person ids: expected one id per value", values, persons);
}

void RequireValid(const BootstrapOptions& options) {
  if (const auto violations = options.Validate(); !violations.empty())
    ThrowConfig("{}", violations.front());
}

}  // namespace

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

std::optional<ConfidenceInterval> BootstrapMean(std::span<const double> values,
                                                std::span<const PersonId> person,
                                                const BootstrapOptions& options) {
  RequireLengths(values.size(), person.size());
  RequireValid(options);
  return Bootstrap(ClusterByPerson(values, {}, person), options,
                   [](const Cluster& c) { return c.sum_a; });
}

PairedDifference ComparePaired(std::span<const double> values_a, std::span<const double> values_b,
                               std::span<const PersonId> person, const BootstrapOptions& options) {
  if (values_a.size() != values_b.size()) {
    ThrowInput("cannot compare {} values with {}: both sides need the same queries",
               values_a.size(), values_b.size());
  }
  RequireLengths(values_a.size(), person.size());
  RequireValid(options);
  if (values_a.empty()) ThrowInput("nothing to compare: no query is valid");
  const std::vector<Cluster> clusters = ClusterByPerson(values_a, values_b, person);
  PairedDifference result;
  result.num_queries = static_cast<int64_t>(values_a.size());
  result.num_persons = static_cast<int64_t>(clusters.size());
  double observed = 0;
  for (const Cluster& cluster : clusters) {
    result.mean_a += cluster.sum_a;
    result.mean_b += cluster.sum_b;
    observed += cluster.sum_b - cluster.sum_a;
  }
  result.mean_a /= static_cast<double>(values_a.size());
  result.mean_b /= static_cast<double>(values_a.size());
  result.difference = observed / static_cast<double>(values_a.size());
  result.interval =
      Bootstrap(clusters, options, [](const Cluster& c) { return c.sum_b - c.sum_a; });
  if (!result.interval) return result;

  // Sums of rounded terms in another order must not count as smaller than the observed one.
  double scale = 0;
  for (const Cluster& cluster : clusters) scale += std::abs(cluster.sum_b - cluster.sum_a);
  const double bar = std::abs(observed) - 1e-12 * scale;
  std::vector<uint8_t> extreme(static_cast<size_t>(options.resamples));
  ParallelFor(options.resamples, [&](int64_t resample) {
    // Streams after those of the bootstrap.
    Rng rng(options.seed,
            static_cast<uint64_t>(options.resamples) + static_cast<uint64_t>(resample));
    double sum = 0;
    uint64_t bits = 0;
    for (size_t i = 0; i < clusters.size(); ++i) {
      if (i % 64 == 0) bits = rng.Next();
      const double difference = clusters[i].sum_b - clusters[i].sum_a;
      sum += (bits >> (i % 64)) & 1 ? difference : -difference;
    }
    extreme[static_cast<size_t>(resample)] = std::abs(sum) >= bar;
  });
  int64_t count = 0;
  for (const uint8_t e : extreme) count += e;
  result.p_value = static_cast<double>(1 + count) / static_cast<double>(1 + options.resamples);
  return result;
}

}  // namespace reidbench
