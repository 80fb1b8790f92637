#include "reidbench/core/parallel.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <vector>

#include "reidbench/core/error.h"

namespace reidbench {
namespace {

TEST(ParallelForTest, CallsEveryIndexOnceOnAnyNumberOfThreads) {
  for (int threads : {1, 2, 4}) {
    const ThreadLimit limit(threads);
    std::vector<int> calls(1000, 0);
    ParallelFor(1000, [&](int64_t i) { ++calls[static_cast<size_t>(i)]; });
    EXPECT_EQ(calls, std::vector<int>(1000, 1));
  }
  ParallelFor(0, [](int64_t) { FAIL(); });
}

TEST(ParallelForTest, ExceptionsReachTheCaller) {
  EXPECT_THROW(ParallelFor(100,
                           [](int64_t i) {
                             if (i == 37) throw std::runtime_error("37");
                           }),
               std::runtime_error);
}

TEST(ParallelChunksTest, ChunksDependOnSizesOnly) {
  std::vector<std::pair<int64_t, int64_t>> chunks(3);
  ParallelChunks(10, 4, [&](int64_t begin, int64_t end) {
    chunks[static_cast<size_t>(begin / 4)] = {begin, end};
  });
  EXPECT_EQ(chunks, (std::vector<std::pair<int64_t, int64_t>>{{0, 4}, {4, 8}, {8, 10}}));
}

TEST(ResolveThreadsTest, ZeroIsAllAndNegativeIsRefused) {
  EXPECT_GE(ResolveThreads(0), 1);
  EXPECT_EQ(ResolveThreads(3), 3);
  EXPECT_THROW(ResolveThreads(-1), Error);
}

}  // namespace
}  // namespace reidbench
