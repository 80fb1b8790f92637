#include "reidbench/profiling/measure.h"

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <stdexcept>
#include <vector>

namespace reidbench {
namespace {

TEST(MeasureCalls, CountsWhatIsTimedAndNotWhatWarmsUp) {
  MeasureOptions options;
  options.seconds = 1e-9;
  options.min_calls = 5;
  int made = 0, called = 0;
  const Measurement m = MeasureCalls(
      [&](int thread) -> TimedCall {
        EXPECT_EQ(thread, 0);
        ++made;
        return [&] {
          ++called;
          return 3;
        };
      },
      options);
  EXPECT_EQ(made, 1);
  EXPECT_EQ(called, 6);
  EXPECT_EQ(m.calls, 5);
  EXPECT_EQ(m.items, 15);
  EXPECT_GT(m.items_per_s, 0);
  EXPECT_GE(m.cpu_ms_per_item, 0);
  EXPECT_LE(m.latency_ms.p50, m.latency_ms.p95);
  EXPECT_LE(m.latency_ms.p95, m.latency_ms.p99);
}

TEST(MeasureCalls, StopsAtTheMostCalls) {
  MeasureOptions options;
  options.seconds = 100;
  options.max_calls = 4;
  EXPECT_EQ(MeasureCalls([](int) -> TimedCall { return [] { return 1; }; }, options).calls, 4);
}

TEST(MeasureCalls, EveryThreadHasItsOwnCall) {
  MeasureOptions options;
  options.threads = 3;
  options.seconds = 1e-9;
  options.min_calls = 2;
  std::atomic<int> threads = 0, calls = 0;
  const Measurement m = MeasureCalls(
      [&](int thread) -> TimedCall {
        threads += 1 << thread;
        return [&calls] {
          ++calls;
          return 1;
        };
      },
      options);
  EXPECT_EQ(threads, 1 + 2 + 4);
  EXPECT_EQ(m.calls, 6);
  EXPECT_EQ(calls, 9);
}

TEST(MeasureCalls, ThrowsOnWhatACallThrows) {
  MeasureOptions options;
  options.threads = 2;
  const auto bad = [](int thread) -> TimedCall {
    return [thread]() -> int64_t {
      if (thread == 1) throw std::runtime_error("broken");
      return 1;
    };
  };
  EXPECT_THROW(MeasureCalls(bad, options), std::runtime_error);
}

TEST(ProcessCpuSeconds, GrowsWithWork) {
  const double before = ProcessCpuSeconds();
  volatile double sum = 0;
  for (int i = 0; i < 10'000'000; ++i) sum = sum + i;
  EXPECT_GT(ProcessCpuSeconds(), before);
}

}  // namespace
}  // namespace reidbench
