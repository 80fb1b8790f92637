#include "reidbench/core/output.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "support/expect_error.h"
#include "support/temp_folder.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Runs `work` in a child that is killed in the middle of it, as kill -9 or the lack of power would
// do.
template <typename Work>
void Killed(const Work& work) {
  const pid_t child = ::fork();
  if (child == 0) {
    work();
    ::raise(SIGKILL);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_TRUE(WIFSIGNALED(status));
}

std::vector<std::string> AllNames(const fs::path& folder) {
  std::vector<std::string> names = ListFileNames(folder);
  for (const std::string& name : ListFolderNames(folder)) names.push_back(name);
  return names;
}

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
  EXPECT_THAT(AllNames(folder.path()), ElementsAre("result.txt"));
}

TEST(AtomicFileTest, WritesIntoADeviceAndNeverReplacesIt) {
  RequireWritable("/dev/null", false);
  WriteFileAtomically("/dev/null", "gone");
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
}

TEST(AtomicFileTest, WritesIntoAPipe) {
  const TempFolder folder;
  const fs::path pipe = folder.path() / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  std::string got;
  std::thread reader([&] { got = ReadFileText(pipe); });
  RequireWritable(pipe, false);
  WriteFileAtomically(pipe, "through the pipe");
  reader.join();
  EXPECT_EQ(got, "through the pipe");
  EXPECT_TRUE(fs::is_fifo(pipe));
}

// An error, as a full disk is; not a signal that ends the command without a word.
TEST(AtomicFileTest, AReaderThatGoesAwayIsAnError) {
  const TempFolder folder;
  const fs::path pipe = folder.path() / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  std::thread reader([&] {
    const int descriptor = ::open(pipe.c_str(), O_RDONLY | O_CLOEXEC);
    char byte = 0;
    EXPECT_EQ(::read(descriptor, &byte, 1), 1);
    ::close(descriptor);
  });
  EXPECT_THAT(
      MessageOf(ErrorKind::kIo, [&] { WriteFileAtomically(pipe, std::string(1 << 22, 'x')); }),
      HasSubstr("Broken pipe"));
  reader.join();
  EXPECT_TRUE(fs::is_fifo(pipe));
  EXPECT_TRUE(AllNames(folder.path()).empty());
}

TEST(AtomicFileTest, FollowsLinksAndLeavesThem) {
  const TempFolder folder;
  fs::create_directory(folder.path() / "there");
  const fs::path target = folder.Write("there/result.txt", "old");
  const fs::path link = folder.path() / "link.txt";
  fs::create_symlink("there/result.txt", link);
  EXPECT_THROW(RequireWritable(link, false), Error);
  WriteFileAtomically(link, "new");
  EXPECT_TRUE(fs::is_symlink(link));
  EXPECT_EQ(ReadFileText(target), "new");
  // A link to what does not exist yet makes it.
  fs::create_symlink("there/later.txt", folder.path() / "early.txt");
  WriteFileAtomically(folder.path() / "early.txt", "now");
  EXPECT_EQ(ReadFileText(folder.path() / "there" / "later.txt"), "now");
}

TEST(AtomicFileTest, KeepsTheEndingForEncoders) {
  const TempFolder folder;
  const AtomicFile file(folder.path() / "clip.mp4");
  EXPECT_EQ(file.temporary_path().extension(), ".mp4");
  EXPECT_TRUE(IsFile(file.temporary_path()));
}

// Also where a link leads to a name without it, or to a device.
TEST(AtomicFileTest, KeepsTheEndingOfTheNameThatWasGiven) {
  const TempFolder folder;
  fs::create_symlink("/dev/null", folder.path() / "device.mp4");
  fs::create_symlink("plain", folder.path() / "link.mp4");
  for (const char* name : {"device.mp4", "link.mp4"})
    EXPECT_EQ(AtomicFile(folder.path() / name).temporary_path().extension(), ".mp4") << name;
  EXPECT_THAT(AllNames(folder.path()), ::testing::IsEmpty());
}

TEST(AtomicFileTest, TakesLongNames) {
  const TempFolder folder;
  const fs::path path = folder.path() / (std::string(250, 'n') + ".txt");
  WriteFileAtomically(path, "x");
  EXPECT_EQ(ReadFileText(path), "x");
}

TEST(AtomicFileTest, LeftoversOfAKilledCommandGoAtTheNextAndOthersStay) {
  const TempFolder folder;
  const fs::path path = folder.path() / "result.txt";
  Killed([&] {
    auto* file = new AtomicFile(path);
    file->Write("half");
  });
  ASSERT_EQ(AllNames(folder.path()).size(), 1U);
  folder.Write(".result.txt.reidbench-notours.txt", "somebody's");
  const AtomicFile living(path);
  RequireWritable(path, false);
  EXPECT_THAT(AllNames(folder.path()),
              ::testing::UnorderedElementsAre(living.temporary_path().filename().string(),
                                              ".result.txt.reidbench-notours.txt"));
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

TEST(AtomicFolderTest, BecomesTheTargetInPlaceOfAnOlderOne) {
  const TempFolder folder;
  const fs::path target = folder.path() / "world";
  folder.Write("world/old.txt");
  // Names that look like ours but are somebody's are left alone.
  folder.Write("world.replaced/precious.txt");
  folder.Write("world.partial/precious.txt");
  {
    AtomicFolder made(target);
    WriteFileAtomically(made.path() / "new.txt", "x");
    EXPECT_TRUE(IsFile(target / "old.txt"));
    made.Commit();
  }
  EXPECT_THAT(ListFileNames(target), ElementsAre("new.txt"));
  EXPECT_THAT(ListFolderNames(folder.path()),
              ElementsAre("world", "world.partial", "world.replaced"));
  EXPECT_TRUE(ListFileNames(folder.path()).empty());
  { const AtomicFolder dropped(target); }
  EXPECT_THAT(ListFileNames(target), ElementsAre("new.txt"));
}

// Exchanged with a folder, as root /dev/null would be gone.
TEST(AtomicFolderTest, NeverReplacesWhatIsNoFolder) {
  const TempFolder folder;
  folder.Write("file", "mine");
  for (const fs::path& target : {fs::path("/dev/null"), folder.path() / "file"}) {
    EXPECT_THAT(MessageOf(ErrorKind::kUsage, [&] { AtomicFolder made(target); }),
                HasSubstr("expected a folder"));
  }
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
  EXPECT_THAT(AllNames(folder.path()), ElementsAre("file"));
}

TEST(AtomicFolderTest, OneAtATimeWritesATarget) {
  const TempFolder folder;
  const AtomicFolder first(folder.path() / "world");
  try {
    const AtomicFolder second(folder.path() / "world");
    FAIL() << "two write one target";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    EXPECT_THAT(error.what(), HasSubstr("another reidbench is writing"));
  }
}

TEST(AtomicFolderTest, LeftoversOfAKilledCommandGoAtTheNext) {
  const TempFolder folder;
  Killed([&] {
    auto* made = new AtomicFolder(folder.path() / "world");
    WriteFileAtomically(made->path() / "half.txt", "x");
  });
  EXPECT_EQ(ListFolderNames(folder.path()).size(), 1U);
  { AtomicFolder(folder.path() / "world").Commit(); }
  EXPECT_THAT(AllNames(folder.path()), ElementsAre("world"));
}

TEST(ScratchFolderTest, LeftoversGoButLivingOnesStay) {
  const TempFolder folder;
  Killed([&] { new ScratchFolder(folder.path()); });
  EXPECT_EQ(ListFolderNames(folder.path()).size(), 1U);
  const ScratchFolder first(folder.path());
  const ScratchFolder second(folder.path());
  EXPECT_EQ(ListFolderNames(folder.path()).size(), 2U);
}

TEST(TemporaryFolderTest, NamesAMissingOne) {
  const char* before = std::getenv("TMPDIR");
  const std::string kept = before != nullptr ? before : "";
  ::setenv("TMPDIR", "/no/such/folder", 1);
  try {
    TemporaryFolder();
    ADD_FAILURE() << "a folder that is not there";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kIo);
    EXPECT_THAT(error.what(), HasSubstr("/no/such/folder"));
  }
  before != nullptr ? ::setenv("TMPDIR", kept.c_str(), 1) : ::unsetenv("TMPDIR");
}

}  // namespace
}  // namespace reidbench
