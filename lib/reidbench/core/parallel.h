// Threads: one limit for the whole process, and loops whose results do not depend on it.
#pragma once

#include <tbb/blocked_range.h>
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>

#include <cstdint>

#ifdef __SANITIZE_THREAD__
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>
#endif

namespace reidbench {

// 0 means "all processors this process may use" (affinity and cgroup aware through TBB).
int ResolveThreads(int requested);

// Limits TBB to `threads` workers (0 = all) for as long as it lives. Make one in main, before any
// parallel work.
class ThreadLimit {
 public:
  explicit ThreadLimit(int threads)
      : control_(tbb::global_control::max_allowed_parallelism,
                 static_cast<size_t>(ResolveThreads(threads))) {}

 private:
  tbb::global_control control_;
};

// Calls body(i) for i in [0, n) in any order on any thread. For equal results on any number of
// threads let body(i) write only to slots of its own index, and combine the slots in index order
// afterwards.
template <typename Body>
void ParallelFor(int64_t n, const Body& body) {
#ifdef __SANITIZE_THREAD__
  // Debian compiles TBB without ThreadSanitizer, which then takes every hand-over for a race. Plain
  // threads show it the races of the bodies, which are ours.
  std::atomic<int64_t> next = 0;
  std::exception_ptr error;
  std::mutex error_mutex;
  const auto work = [&] {
    for (int64_t i = next.fetch_add(1); i < n; i = next.fetch_add(1)) {
      try {
        body(i);
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
  tbb::parallel_for(tbb::blocked_range<int64_t>(0, n, 1),
                    [&](const tbb::blocked_range<int64_t>& range) {
                      for (int64_t i = range.begin(); i != range.end(); ++i) body(i);
                    });
#endif
}

// Calls body(begin, end) for fixed chunks of `chunk` items (the last may be shorter): the chunk
// borders depend on n and chunk alone, so floating-point sums per chunk are the same on any number
// of threads.
template <typename Body>
void ParallelChunks(int64_t n, int64_t chunk, const Body& body) {
  ParallelFor((n + chunk - 1) / chunk, [&](int64_t c) {
    const int64_t begin = c * chunk;
    body(begin, begin + chunk < n ? begin + chunk : n);
  });
}

}  // namespace reidbench
