#include "profiling/queueing.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"

namespace reidbench {

double ErlangC(int servers, double load) {
  REIDBENCH_CHECK(servers >= 1 && load >= 0 && load < servers);
  // Erlang's B by recursion: no factorials that overflow.
  double blocked = 1;
  for (int k = 1; k <= servers; ++k) blocked = load * blocked / (k + load * blocked);
  const double utilisation = load / servers;
  return blocked / (1 - utilisation * (1 - blocked));
}

double PeriodicStreamsVariation(double streams, double utilisation) {
  const double idle = 1 - std::clamp(utilisation, 0.0, 1.0);
  const double weight = 1 / (1 + 4 * idle * idle * (std::max(streams, 1.0) - 1));
  // The asymptotic method gives 0 for clocks, the stationary-interval method 1 for many of them.
  return 1 - weight;
}

Waiting WaitingFor(const QueueInput& input) {
  REIDBENCH_CHECK(input.servers >= 1 && input.arrivals_per_s >= 0 && input.service_s >= 0);
  Waiting waiting;
  const double load = input.arrivals_per_s * input.service_s;
  waiting.utilisation = load / input.servers;
  if (load <= 0 || waiting.utilisation >= 1) return waiting;
  waiting.probability = ErlangC(input.servers, load);
  const double erlang_s = waiting.probability * input.service_s / (input.servers - load);
  waiting.mean_s = erlang_s * (input.arrival_variation + input.service_variation) / 2;
  return waiting;
}

double ResponsePercentile(const Waiting& waiting, std::span<const ServiceClass> classes,
                          double percent) {
  REIDBENCH_CHECK(!classes.empty() && percent > 0 && percent < 100);
  const double beyond = 1 - percent / 100;
  // Mean wait of those that wait.
  const double scale = waiting.probability > 0 ? waiting.mean_s / waiting.probability : 0;
  double shares = 0, longest = 0;
  for (const ServiceClass& c : classes) {
    shares += c.share;
    if (c.share > 0) longest = std::max(longest, c.service_s);
  }
  const auto exceed = [&](double t) {
    double sum = 0;
    for (const ServiceClass& c : classes) {
      const double rest = t - c.service_s;
      if (rest < 0) {
        sum += c.share;
      } else if (scale > 0) {
        sum += c.share * waiting.probability * std::exp(-rest / scale);
      }
    }
    return sum / shares;
  };
  double low = 0, high = longest + 60 * scale + 1e-12;
  for (int i = 0; i < 100; ++i) {
    const double middle = (low + high) / 2;
    (exceed(middle) > beyond ? low : high) = middle;
  }
  return high;
}

}  // namespace reidbench
