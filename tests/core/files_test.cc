#include "reidbench/core/files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reidbench/core/error.h"
#include "support/temp_folder.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;

TEST(AtomicFileTest, NothingIsThereWithoutCommit) {
  const TempFolder folder;
  const fs::path path = folder.path() / "result.txt";
  {
    AtomicFile file(path);
    file.Write("half");
  }
  EXPECT_TRUE(fs::is_empty(folder.path()));
  WriteFileAtomically(path, "whole");
  EXPECT_EQ(ReadFileText(path), "whole");
  EXPECT_THAT(ListFileNames(folder.path()), ::testing::ElementsAre("result.txt"));
}

TEST(RequireWritableTest, RefusesToOverwriteAndNamesAMissingFolder) {
  const TempFolder folder;
  const fs::path path = folder.path() / "result.txt";
  RequireWritable(path, false);
  WriteFileAtomically(path, "x");
  EXPECT_THROW(RequireWritable(path, false), Error);
  RequireWritable(path, true);
  EXPECT_THROW(RequireWritable(folder.path(), true), Error);
  EXPECT_THROW(RequireWritable(folder.path() / "no" / "result.txt", false), Error);
}

TEST(ReadFileTest, SaysWhyItCannotRead) {
  const TempFolder folder;
  EXPECT_THROW(ReadFileBytes(folder.path() / "absent"), Error);
  EXPECT_THROW(ReadFileBytes(folder.path()), Error);
}

TEST(FolderNameTest, IgnoresTrailingSlashes) {
  EXPECT_EQ(FolderName("a/MOT17-02"), "MOT17-02");
  EXPECT_EQ(FolderName("a/MOT17-02/"), "MOT17-02");
  EXPECT_EQ(FolderName("a/b/.."), "a");
  EXPECT_FALSE(IsFolder("/no/such/folder"));
  EXPECT_FALSE(IsFile("/no/such/file"));
}

}  // namespace
}  // namespace reidbench
