#include "reidbench/core/files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <thread>

#include "reidbench/core/error.h"
#include "support/temp_folder.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;

TEST(ReadFileTest, SaysWhyItCannotRead) {
  const TempFolder folder;
  EXPECT_THROW(ReadFileBytes(folder.path() / "absent"), Error);
  EXPECT_THROW(ReadFileBytes(folder.path()), Error);
}

TEST(ReadFileTest, ReadsAPipeToItsEnd) {
  const TempFolder folder;
  const fs::path pipe = folder.path() / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  std::thread writer([&] { std::ofstream(pipe) << std::string(200'000, 'x'); });
  EXPECT_EQ(ReadFileText(pipe), std::string(200'000, 'x'));
  writer.join();
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
