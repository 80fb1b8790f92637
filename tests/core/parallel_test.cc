#include "reidbench/core/parallel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "reidbench/core/error.h"

namespace reidbench {
namespace {

using ::testing::ThrowsMessage;

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

TEST(ParallelForTest, TheFirstExceptionIsTheSameOnAnyNumberOfThreads) {
  for (int threads : {1, 2, 4}) {
    const ThreadLimit limit(threads);
    for (int again = 0; again < 50; ++again) {
      std::vector<int> calls(64, 0);
      const auto body = [&](int64_t i) {
        ++calls[static_cast<size_t>(i)];
        // The later ones are quicker.
        if (i == 21) std::this_thread::sleep_for(std::chrono::microseconds(200));
        if (i >= 21 && i % 3 == 0) throw std::runtime_error(std::to_string(i));
      };
      EXPECT_THAT([&] { ParallelFor(64, body); }, ThrowsMessage<std::runtime_error>("21"));
      EXPECT_EQ(std::count(calls.begin(), calls.begin() + 22, 1), 22);
    }
  }
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
