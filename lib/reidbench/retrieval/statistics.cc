#include "reidbench/retrieval/statistics.h"

#include <cmath>
#include <map>
#include <vector>

#include "reidbench/core/error.h"

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

// Interval of statistic(cluster) summed over drawn clusters, divided by their number of queries.
template <typename Statistic>
std::optional<ConfidenceInterval> IntervalOf(const std::vector<Cluster>& clusters,
                                             const BootstrapOptions& options,
                                             const Statistic& statistic) {
  if (clusters.size() < 2) return std::nullopt;
  const auto mean = [&](std::span<const size_t> drawn) -> std::vector<double> {
    double sum = 0;
    int64_t count = 0;
    for (const size_t unit : drawn) {
      sum += statistic(clusters[unit]);
      count += clusters[unit].count;
    }
    return {sum / static_cast<double>(count)};
  };
  return PercentileInterval(Bootstrap(clusters.size(), options, Drawing::kConsecutiveStreams, mean),
                            0, options.confidence);
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

std::optional<ConfidenceInterval> BootstrapMean(std::span<const double> values,
                                                std::span<const PersonId> person,
                                                const BootstrapOptions& options) {
  RequireLengths(values.size(), person.size());
  RequireValid(options);
  return IntervalOf(ClusterByPerson(values, {}, person), options,
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
      IntervalOf(clusters, options, [](const Cluster& c) { return c.sum_b - c.sum_a; });
  if (!result.interval) return result;

  double scale = 0;
  for (const Cluster& cluster : clusters) scale += std::abs(cluster.sum_b - cluster.sum_a);
  const Permutations permuted =
      Permute(clusters.size(), options, Drawing::kConsecutiveStreams, /*exact_if_few=*/false,
              [&](std::span<const uint8_t> swapped) -> std::vector<double> {
                double sum = 0;
                for (size_t i = 0; i < clusters.size(); ++i) {
                  const double difference = clusters[i].sum_b - clusters[i].sum_a;
                  sum += swapped[i] != 0 ? difference : -difference;
                }
                return {sum};
              });
  result.p_value = permuted.PValue(0, observed, 1e-12 * scale);
  return result;
}

}  // namespace reidbench
