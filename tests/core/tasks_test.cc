#include "reidbench/core/tasks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <vector>

#include "reidbench/core/error.h"

namespace reidbench {
namespace {

TEST(Tasks, AllRunOnce) {
  std::vector<int> runs(1000, 0);
  RunTasks(runs.size(), "testing", [&](size_t i) { ++runs[i]; });
  EXPECT_EQ(runs, std::vector<int>(1000, 1));
  RunTasks(0, "testing", [&](size_t) { ADD_FAILURE(); });
}

TEST(Tasks, AllErrorsAreToldInOrderAndTheOthersStillRun) {
  std::vector<int> runs(5, 0);
  try {
    RunTasks(5, "testing", [&](size_t i) {
      ++runs[i];
      if (i == 1) ThrowIo("one");
      if (i == 3) ThrowInput("three");
      if (i == 4) ThrowInput("one");
    });
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "one\nthree");
    EXPECT_EQ(error.kind(), ErrorKind::kIo);
  }
  EXPECT_EQ(runs, std::vector<int>(5, 1));
}

}  // namespace
}  // namespace reidbench
