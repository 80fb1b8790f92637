// Threads: one limit for the whole process, and loops whose results do not depend on it.
#pragma once

#include <cstdint>
#include <memory>

namespace reidbench {

// 0 means "all processors this process may use" (affinity and cgroup aware through TBB).
int ResolveThreads(int requested);

// Limits TBB to `threads` workers (0 = all) for as long as it lives. Make one in main, before any
// parallel work.
class ThreadLimit {
 public:
  explicit ThreadLimit(int threads);
  ~ThreadLimit();

 private:
  struct Control;
  std::unique_ptr<Control> control_;
};

namespace internal {
// Calls run(body, begin, end, &at) for ranges that cover [0, n); `at` is the index being worked on.
void ParallelRanges(int64_t n,
                    void (*run)(const void* body, int64_t begin, int64_t end, int64_t* at),
                    const void* body);
}  // namespace internal

// Calls body(i) for i in [0, n) in any order on any thread. For equal results on any number of
// threads let body(i) write only to slots of its own index, and combine the slots in index order
// afterwards. Of several that throw, the exception of the smallest i goes on; those after it may
// not have been called.
template <typename Body>
void ParallelFor(int64_t n, const Body& body) {
  internal::ParallelRanges(
      n,
      [](const void* erased, int64_t begin, int64_t end, int64_t* at) {
        const Body& typed = *static_cast<const Body*>(erased);
        for (int64_t i = begin; i != end; ++i) {
          *at = i;
          typed(i);
        }
      },
      &body);
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
