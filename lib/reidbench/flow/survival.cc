#include "reidbench/flow/survival.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

namespace reidbench {

std::vector<SurvivalStep> SurvivalCurve(std::span<const Stay> stays) {
  std::vector<Stay> sorted(stays.begin(), stays.end());
  std::sort(sorted.begin(), sorted.end(),
            [](const Stay& a, const Stay& b) { return a.seconds < b.seconds; });
  std::vector<SurvivalStep> curve;
  double share = 1;
  for (size_t i = 0; i < sorted.size();) {
    const double seconds = sorted[i].seconds;
    const size_t at_risk = sorted.size() - i;
    size_t ended = 0;
    for (; i < sorted.size() && sorted[i].seconds == seconds; ++i) ended += sorted[i].ended ? 1 : 0;
    if (ended == 0) continue;
    share *= static_cast<double>(at_risk - ended) / static_cast<double>(at_risk);
    curve.push_back({seconds, share});
  }
  return curve;
}

std::optional<double> SurvivalQuantile(std::span<const SurvivalStep> curve, double q) {
  for (const SurvivalStep& step : curve) {
    // Products of fractions miss a share like 0.1 by their rounding.
    if (step.share <= 1 - q + 1e-12) return step.seconds;
  }
  return std::nullopt;
}

double RestrictedMean(std::span<const SurvivalStep> curve, double horizon) {
  double area = 0, since = 0, share = 1;
  for (const SurvivalStep& step : curve) {
    if (step.seconds >= horizon) break;
    area += share * (step.seconds - since);
    since = step.seconds;
    share = step.share;
  }
  return area + share * (horizon - since);
}

StayStatistics Summarize(std::span<const Stay> stays, const BootstrapOptions& options) {
  StayStatistics out;
  out.count = stays.size();
  if (stays.empty()) return out;
  std::vector<double> seconds;
  for (const Stay& stay : stays) {
    seconds.push_back(stay.seconds);
    out.ended += stay.ended ? 1 : 0;
  }
  const auto mean_of = [](std::span<const double> values) {
    double sum = 0;
    for (const double value : values) sum += value;
    return sum / static_cast<double>(values.size());
  };
  out.mean = mean_of(seconds);
  std::sort(seconds.begin(), seconds.end());
  out.median = QuantileOfSorted(seconds, 0.5, QuantileRule::kInterpolated);
  out.p90 = QuantileOfSorted(seconds, 0.9, QuantileRule::kInterpolated);
  out.most = out.horizon = seconds.back();
  const std::vector<SurvivalStep> curve = SurvivalCurve(stays);
  out.km_median = SurvivalQuantile(curve, 0.5);
  out.km_p90 = SurvivalQuantile(curve, 0.9);
  out.restricted_mean = RestrictedMean(curve, out.horizon);
  if (options.resamples == 0 || stays.size() < 2) return out;
  const ResampledValues resampled = Bootstrap(
      seconds.size(), options, Drawing::kInterleavedStreams, [&](std::span<const size_t> drawn) {
        // How often each of the ascending values was drawn orders them without a sort.
        std::vector<uint32_t> times(seconds.size(), 0);
        for (const size_t unit : drawn) ++times[unit];
        std::vector<double> values;
        values.reserve(drawn.size());
        for (size_t k = 0; k < times.size(); ++k) values.insert(values.end(), times[k], seconds[k]);
        return std::vector<double>{mean_of(values),
                                   QuantileOfSorted(values, 0.5, QuantileRule::kInterpolated),
                                   QuantileOfSorted(values, 0.9, QuantileRule::kInterpolated)};
      });
  out.mean_interval = PercentileInterval(resampled, 0, options.confidence);
  out.median_interval = PercentileInterval(resampled, 1, options.confidence);
  out.p90_interval = PercentileInterval(resampled, 2, options.confidence);
  return out;
}

}  // namespace reidbench
