#include "reidbench/core/parallel.h"

#include <tbb/blocked_range.h>
#include <tbb/global_control.h>
#include <tbb/info.h>
#include <tbb/parallel_for.h>

#ifdef __SANITIZE_THREAD__
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>
#endif

#include "reidbench/core/error.h"

namespace reidbench {

int ResolveThreads(int requested) {
  if (requested < 0) ThrowUsage("--threads {}: expected 0 (all) or a positive number", requested);
  return requested == 0 ? tbb::info::default_concurrency() : requested;
}

struct ThreadLimit::Control {
  tbb::global_control limit;
};

ThreadLimit::ThreadLimit(int threads)
    : control_(new Control{{tbb::global_control::max_allowed_parallelism,
                            static_cast<size_t>(ResolveThreads(threads))}}) {}

ThreadLimit::~ThreadLimit() = default;

namespace internal {

void ParallelRanges(int64_t n, void (*run)(const void* body, int64_t begin, int64_t end),
                    const void* body) {
#ifdef __SANITIZE_THREAD__
  // Debian compiles TBB without ThreadSanitizer, which then takes every hand-over for a race. Plain
  // threads show it the races of the bodies, which are ours.
  std::atomic<int64_t> next = 0;
  std::exception_ptr error;
  std::mutex error_mutex;
  const auto work = [&] {
    for (int64_t i = next.fetch_add(1); i < n; i = next.fetch_add(1)) {
      try {
        run(body, i, i + 1);
      } catch (...) {
        const std::lock_guard lock(error_mutex);
        if (!error) error = std::current_exception();
        next = n;
      }
    }
  };
  const auto limit = static_cast<int64_t>(
      tbb::global_control::active_value(tbb::global_control::max_allowed_parallelism));
  std::vector<std::thread> threads;
  for (int64_t t = 1; t < limit && t < n; ++t) threads.emplace_back(work);
  work();
  for (std::thread& thread : threads) thread.join();
  if (error) std::rethrow_exception(error);
#else
  tbb::parallel_for(
      tbb::blocked_range<int64_t>(0, n, 1),
      [&](const tbb::blocked_range<int64_t>& range) { run(body, range.begin(), range.end()); });
#endif
}

}  // namespace internal
}  // namespace reidbench
