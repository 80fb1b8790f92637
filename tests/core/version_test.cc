#include "reidbench/core/version.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/expect_error.h"
#include "support/scoped_variable.h"
#include "support/temp_folder.h"

namespace reidbench {
namespace {

using ::testing::HasSubstr;

TEST(DataDir, ThatOfTheProgramGoesBeforeTheEnvironment) {
  const TempFolder folder;
  folder.Write("environment/datasets/a.yaml");
  folder.Write("program/datasets/a.yaml");
  const ScopedVariable variable("REIDBENCH_DATA_DIR", (folder.path() / "environment").string());
  EXPECT_EQ(DataDir(), folder.path() / "environment");
  SetDataDir(folder.path() / "program");
  EXPECT_EQ(DataDir(), folder.path() / "program");
  SetDataDir(folder.path() / "nowhere");
  EXPECT_THAT(MessageOf(ErrorKind::kIo, [] { DataDir(); }),
              HasSubstr("nowhere: no folder 'datasets' in it"));
  SetDataDir({});
  EXPECT_EQ(DataDir(), folder.path() / "environment");
}

TEST(DataDir, IsTheTreeOfABuild) {
  EXPECT_TRUE(std::filesystem::equivalent(DataDir(), REIDBENCH_SOURCE_DIR));
}

}  // namespace
}  // namespace reidbench
