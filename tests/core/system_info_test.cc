#include "reidbench/core/system_info.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/temp_folder.h"

namespace reidbench {
namespace {

using ::testing::MatchesRegex;

TEST(UtcNow, IsIso8601) {
  EXPECT_THAT(UtcNow(), MatchesRegex("20[0-9]+-[0-9]+-[0-9]+T[0-9]+:[0-9]+:[0-9]+Z"));
  EXPECT_THAT(UtcNow(true), MatchesRegex("20[0-9]+T[0-9]+Z"));
}

TEST(SystemValue, TakesTheFirstLineOfAKey) {
  const TempFolder folder;
  folder.Write("info", "model : x\nmodel name\t: A CPU: fast\nmodel name\t: B\nNAME=\"Debian\"\n");
  const std::filesystem::path file = folder.path() / "info";
  EXPECT_EQ(SystemValue(file, "model name", ':'), "A CPU: fast");
  EXPECT_EQ(SystemValue(file, "NAME", '='), "Debian");
  EXPECT_EQ(SystemValue(file, "other", ':'), "");
  EXPECT_EQ(SystemValue(folder.path() / "absent", "NAME", '='), "");
}

TEST(GitCommit, IsAHashOrNothing) {
  EXPECT_THAT(GitCommit(), MatchesRegex("|[0-9a-f]+( with local changes)?"));
}

TEST(Machine, IsKnown) {
  EXPECT_GT(MemoryBytes(), 100'000'000);
  EXPECT_FALSE(LibraryVersions().empty());
  for (const auto& [name, version] : LibraryVersions()) EXPECT_FALSE(version.empty()) << name;
}

}  // namespace
}  // namespace reidbench
