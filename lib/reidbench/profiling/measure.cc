#include "reidbench/profiling/measure.h"

#include <time.h>

#include <algorithm>
#include <atomic>
#include <barrier>
#include <cmath>
#include <exception>
#include <limits>
#include <mutex>
#include <thread>

#include "reidbench/core/error.h"
#include "reidbench/core/statistics.h"

namespace reidbench {
namespace {

double Read(clockid_t clock) {
  timespec t{};
  ::clock_gettime(clock, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

}  // namespace

double WallSeconds() { return Read(CLOCK_MONOTONIC); }
double ProcessCpuSeconds() { return Read(CLOCK_PROCESS_CPUTIME_ID); }

LatencyPercentiles PercentilesOf(std::span<const double> ascending_ms) {
  constexpr double kNever = std::numeric_limits<double>::infinity();
  if (ascending_ms.empty()) return {kNever, kNever, kNever};
  const auto at = [&](double q) {
    return QuantileOfSorted(ascending_ms, q, QuantileRule::kNearestRank);
  };
  return {at(0.5), at(0.95), at(0.99)};
}

Measurement MeasureCalls(const std::function<TimedCall(int)>& make, const MeasureOptions& options) {
  REIDBENCH_CHECK(options.threads >= 1 && options.seconds > 0 && options.min_calls >= 1);
  struct Share {
    int64_t items = 0;
    double seconds = 0;
    std::vector<double> latency_ms;
  };
  std::vector<Share> shares(options.threads);
  std::exception_ptr error;
  std::mutex error_mutex;
  std::atomic<bool> unprepared = false;
  // The last to arrive reads the clocks: nothing of what comes before is counted.
  double wall_start = 0, cpu_start = 0;
  std::barrier start(options.threads, [&]() noexcept {
    cpu_start = ProcessCpuSeconds();
    wall_start = WallSeconds();
  });
  const auto work = [&](int thread) {
    TimedCall call;
    try {
      call = make(thread);
      call();
    } catch (...) {
      const std::lock_guard lock(error_mutex);
      error = std::current_exception();
      unprepared = true;
    }
    start.arrive_and_wait();
    if (unprepared) return;
    try {
      Share& share = shares[thread];
      double now = wall_start;
      for (int64_t calls = 0; calls < options.max_calls; ++calls) {
        if (calls >= options.min_calls && now - wall_start >= options.seconds) break;
        const double before = now;
        share.items += call();
        now = WallSeconds();
        share.latency_ms.push_back(1e3 * (now - before));
      }
      share.seconds = now - wall_start;
    } catch (...) {
      const std::lock_guard lock(error_mutex);
      error = std::current_exception();
    }
  };
  std::vector<std::thread> others;
  for (int t = 1; t < options.threads; ++t) others.emplace_back(work, t);
  work(0);
  for (std::thread& thread : others) thread.join();
  if (error) std::rethrow_exception(error);

  const double cpu_s = ProcessCpuSeconds() - cpu_start;
  Measurement result;
  std::vector<double> latency_ms;
  for (const Share& share : shares) {
    result.items += share.items;
    result.items_per_s += static_cast<double>(share.items) / share.seconds;
    latency_ms.insert(latency_ms.end(), share.latency_ms.begin(), share.latency_ms.end());
  }
  std::sort(latency_ms.begin(), latency_ms.end());
  result.calls = static_cast<int64_t>(latency_ms.size());
  result.cpu_ms_per_item = 1e3 * cpu_s / static_cast<double>(result.items);
  result.latency_ms = PercentilesOf(latency_ms);
  return result;
}

}  // namespace reidbench
