#include "reidbench/core/files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <span>
#include <thread>

#include "reidbench/core/error.h"
#include "support/expect_error.h"
#include "support/temp_folder.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

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

// Neither the old content nor the new.
TEST(ReadFileTest, AFileThatIsWrittenToMeanwhileIsNoticed) {
  const TempFolder folder;
  const fs::path path = folder.Write("log", "one line\n");
  EXPECT_THAT(MessageOf(ErrorKind::kIo,
                        [&] {
                          FileChunks chunks(path);
                          EXPECT_EQ(chunks.Next(), "one line\n");
                          fs::resize_file(path, 8);
                          chunks.Next();
                        }),
              HasSubstr("log: changed while it was read"));
  std::vector<uint8_t> again;
  ReadFileInto(path, &again);
  EXPECT_EQ(again, ReadFileBytes(path));
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
