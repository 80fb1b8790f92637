#include "reidbench/core/isa.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <string>

#include "support/run_program.h"
#include "support/scoped_variable.h"

namespace reidbench {
namespace {

TEST(ReidbenchIsa, AWrongNameIsOneUsageError) {
  const ScopedVariable variable("REIDBENCH_ISA", "avx3");
  for (const char* command : {"rank", "score", "track"}) {
    std::vector<std::string> words = {command};
    if (words[0] == "rank") words.push_back("features.h5");
    const ProgramResult result = RunReidbench(words);
    EXPECT_EQ(result.code, 2) << command;
    EXPECT_THAT(result.err, testing::HasSubstr("error: environment variable REIDBENCH_ISA: "
                                               "expected baseline, avx2, avx512 or avx512_bf16, "
                                               "found 'avx3'"));
    EXPECT_EQ(result.out, "");
  }
}

TEST(ReidbenchIsa, HelpNeedsNoRightName) {
  const ScopedVariable variable("REIDBENCH_ISA", "avx3");
  EXPECT_EQ(RunReidbench({"rank", "--help"}).code, 0);
}

}  // namespace
}  // namespace reidbench
