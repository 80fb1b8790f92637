// The measuring loop: calls something again and again on some threads and says how fast it is.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "reidbench/profiling/profile.h"

namespace reidbench {

double WallSeconds();        // monotonic
double ProcessCpuSeconds();  // of all threads of this process

// Median, 95th and 99th by nearest rank; all infinite of no values: what never ends.
LatencyPercentiles PercentilesOf(std::span<const double> ascending_ms);

struct MeasureOptions {
  int threads = 1;
  double seconds = 0.4;         // of timed calls, > 0
  int64_t min_calls = 3;        // of each thread, however long they take
  int64_t max_calls = 200'000;  // of each thread: their times are kept
};

struct Measurement {
  int64_t items = 0;
  double items_per_s = 0;  // of wall time, all threads together
  double cpu_ms_per_item = 0;
  LatencyPercentiles latency_ms;  // of a call
  int64_t calls = 0;
};

// Does the work of one call and returns how many items that were.
using TimedCall = std::function<int64_t()>;

// `make(thread)` prepares the call of a thread, on that thread and outside the measured time; each
// is called once before the clock starts, then until the time is over. What a call throws ends the
// measurement and is thrown on.
Measurement MeasureCalls(const std::function<TimedCall(int thread)>& make,
                         const MeasureOptions& options);

}  // namespace reidbench
