#include "reidbench/core/parallel.h"

#include <tbb/blocked_range.h>
#include <tbb/global_control.h>
#include <tbb/info.h>
#include <tbb/parallel_for.h>

#include <atomic>
#include <exception>
#include <mutex>
#ifdef __SANITIZE_THREAD__
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

void ParallelRanges(int64_t n,
                    void (*run)(const void* body, int64_t begin, int64_t end, int64_t* at),
                    const void* body) {
  // Every index below the first that threw is worked on, so that it is the same on any number of
  // threads.
  std::atomic<int64_t> first_bad = n;
  std::exception_ptr error;
  std::mutex error_mutex;
  const auto work = [&](int64_t begin, int64_t end) {
    if (begin >= first_bad) return;
    int64_t at = begin;
    try {
      run(body, begin, end, &at);
    } catch (...) {
      const std::lock_guard lock(error_mutex);
      if (at < first_bad) {
        first_bad = at;
        error = std::current_exception();
      }
    }
  };
#ifdef __SANITIZE_THREAD__
  // Debian compiles TBB without ThreadSanitizer, which then takes every hand-over for a race. Plain
  // threads show it the races of the bodies, which are ours.
  std::atomic<int64_t> next = 0;
  const auto work_all = [&] {
    for (int64_t i = next.fetch_add(1); i < n; i = next.fetch_add(1)) work(i, i + 1);
  };
  const auto limit = static_cast<int64_t>(
      tbb::global_control::active_value(tbb::global_control::max_allowed_parallelism));
  std::vector<std::thread> threads;
  for (int64_t t = 1; t < limit && t < n; ++t) threads.emplace_back(work_all);
  work_all();
  for (std::thread& thread : threads) thread.join();
#else
  tbb::parallel_for(
      tbb::blocked_range<int64_t>(0, n, 1),
      [&](const tbb::blocked_range<int64_t>& range) { work(range.begin(), range.end()); });
#endif
  if (error) std::rethrow_exception(error);
}

}  // namespace internal
}  // namespace reidbench
