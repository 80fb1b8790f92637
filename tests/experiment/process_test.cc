#include "reidbench/experiment/process.h"

#include <gtest/gtest.h>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "support/temp_folder.h"

namespace reidbench {
namespace {

TEST(ChildProcess, KeepsOutputExitCodeAndUsage) {
  const TempFolder folder;
  const ProcessResult result =
      RunProcess({"/bin/sh", "-c", "echo said; echo complained >&2; exit 7"}, folder.path() / "out",
                 folder.path() / "err");
  EXPECT_EQ(result.exit_code, 7);
  EXPECT_EQ(ReadFileText(folder.path() / "out"), "said\n");
  EXPECT_EQ(ReadFileText(folder.path() / "err"), "complained\n");
  EXPECT_GT(result.peak_rss_bytes, 100'000);
  EXPECT_GT(result.wall_s, 0);
}

TEST(ChildProcess, ArgumentsDoNotPassThroughAShell) {
  const TempFolder folder;
  RunProcess({"/bin/echo", "a b", "$HOME", "'"}, folder.path() / "out", folder.path() / "err");
  EXPECT_EQ(ReadFileText(folder.path() / "out"), "a b $HOME '\n");
}

TEST(ChildProcess, EndsWhenAskedAndWhenForgotten) {
  const TempFolder folder;
  {
    ChildProcess child({"/bin/sleep", "60"}, folder.path() / "out", folder.path() / "err");
    EXPECT_FALSE(child.Poll().has_value());
    child.RequestEnd();
    EXPECT_EQ(child.Wait().exit_code, 128 + 15);
    EXPECT_EQ(child.Wait().exit_code, 128 + 15);  // again: the same answer
  }
  const ChildProcess forgotten({"/bin/sleep", "60"}, folder.path() / "out", folder.path() / "err");
}

TEST(ChildProcess, MissingProgramAndFolder) {
  const TempFolder folder;
  EXPECT_EQ(
      RunProcess({"/no/such/program"}, folder.path() / "out", folder.path() / "err").exit_code,
      127);
  EXPECT_THROW(RunProcess({"/bin/true"}, folder.path() / "no/out", folder.path() / "err"), Error);
}

}  // namespace
}  // namespace reidbench
