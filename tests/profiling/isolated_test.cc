#include "reidbench/profiling/isolated.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cstring>
#include <vector>

#include "reidbench/core/error.h"
#include "support/expect_error.h"

namespace reidbench {
namespace {

using ::testing::HasSubstr;

TEST(RunIsolated, BringsTheResultFromAnotherProcess) {
  int here = 1;
  const IsolatedResult result = RunIsolated([&] {
    here = 2;
    return std::string(200'000, 'x') + std::to_string(::getpid());
  });
  EXPECT_EQ(here, 1);
  EXPECT_EQ(result.output.substr(0, 200'000), std::string(200'000, 'x'));
  EXPECT_NE(result.output.substr(200'000), std::to_string(::getpid()));
}

TEST(RunIsolated, PeakMemoryIsThatOfTheWork) {
  constexpr size_t kBytes = 200 << 20;
  const auto touch = [](size_t bytes) {
    std::vector<char> memory(bytes);
    std::memset(memory.data(), 1, memory.size());
    return std::to_string(memory[bytes / 2]);
  };
  const int64_t large = RunIsolated([&] { return touch(kBytes); }).peak_rss_bytes;
  const int64_t small = RunIsolated([&] { return touch(1 << 10); }).peak_rss_bytes;
  EXPECT_GT(large, int64_t{kBytes});
  EXPECT_LT(small, large - int64_t{kBytes} / 2);  // what went before is not counted
}

TEST(RunIsolated, ThrowsOnWhatTheWorkThrows) {
  EXPECT_EQ(
      MessageOf(
          ErrorKind::kUsage,
          [&] { RunIsolated([]() -> std::string { ThrowUsage("engine {} is unknown", "x"); }); }),
      "engine x is unknown");
}

TEST(RunIsolated, SaysWhenTheProcessDies) {
  const auto reason = [](int signal) -> std::string {
    return MessageOf(ErrorKind::kModel, [&] {
      RunIsolated([signal]() -> std::string {
        ::raise(signal);
        return "not reached";
      });
    });
  };
  EXPECT_THAT(reason(SIGKILL), HasSubstr("out of memory"));
  EXPECT_THAT(reason(SIGTERM), HasSubstr("without a result"));
}

}  // namespace
}  // namespace reidbench
