#include "reidbench/experiment/fingerprint.h"

#include <gtest/gtest.h>

#include <chrono>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/hash.h"
#include "support/temp_folder.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;

TEST(Fingerprints, OfAFileIsItsSha256) {
  const TempFolder folder;
  Fingerprints fingerprints("");
  const InputHash hash = fingerprints.Of(folder.Write("a", "abc"));
  EXPECT_EQ(hash.sha256, Sha256Hex("abc"));
  EXPECT_EQ(hash.bytes, 3);
  EXPECT_EQ(hash.files, 1);
  EXPECT_THROW(fingerprints.Of(folder.path() / "none"), Error);
}

TEST(Fingerprints, OfAFolderIsOfNamesAndContents) {
  const TempFolder folder;
  folder.Write("a/x/1.jpg", "one");
  folder.Write("a/2.jpg", "two");
  folder.Write("b/x/1.jpg", "one");
  folder.Write("b/2.jpg", "two");
  const auto of = [&](const char* name) { return Fingerprints("").Of(folder.path() / name); };
  const InputHash a = of("a");
  EXPECT_EQ(a.files, 2);
  EXPECT_EQ(a.bytes, 6);
  EXPECT_EQ(a.sha256, of("b").sha256);  // wherever it lies
  folder.Write("b/2.jpg", "tow");
  EXPECT_NE(a.sha256, of("b").sha256);
  folder.Write("b/2.jpg", "two");
  EXPECT_EQ(a.sha256, of("b").sha256);
  fs::rename(folder.path() / "b/2.jpg", folder.path() / "b/3.jpg");
  EXPECT_NE(a.sha256, of("b").sha256);
}

// Without a rule, two links to "." are 2^40 paths.
TEST(Fingerprints, EntersNoFolderTwice) {
  const TempFolder folder;
  folder.Write("data/a/1.jpg", "one");
  folder.Write("beside/2.jpg", "two");
  const auto link = [&](const char* to, const char* name) {
    fs::create_directory_symlink(to, folder.path() / "data" / name);
  };
  const auto of = [&] { return Fingerprints("").Of(folder.path() / "data"); };
  const InputHash plain = of();
  EXPECT_EQ(plain.files, 1);
  link(".", "self");
  link(".", "again");
  link("..", "above");  // what lies beside the data is not of it
  link("../data", "a/round");
  EXPECT_EQ(of().files, 1);
  // A link to a folder that is not there yet is entered, and one way to it is enough.
  link("../beside", "beside");
  const InputHash one = of();
  EXPECT_EQ(one.files, 2);
  link("../beside", "once_more");
  const InputHash two = of();
  EXPECT_EQ(two.files, 2);
  EXPECT_NE(two.sha256, one.sha256);
  folder.Write("beside/2.jpg", "tow");
  EXPECT_NE(of().sha256, two.sha256);
}

TEST(Fingerprints, RemembersBySizeAndTimeAndForgetsDamage) {
  const TempFolder folder;
  const fs::path file = folder.Write("data", "first");
  const fs::path memory = folder.path() / "memory";
  const auto old = fs::file_time_type::clock::now() - std::chrono::hours(1);
  fs::last_write_time(file, old);
  {
    Fingerprints fingerprints(memory);
    fingerprints.Of(file);
    fingerprints.Save();
  }
  // The same size and time: taken from memory, which shows that it is used.
  folder.Write("data", "tampe");
  fs::last_write_time(file, old);
  EXPECT_EQ(Fingerprints(memory).Of(file).sha256, Sha256Hex("first"));
  // Another time: read again.
  fs::last_write_time(file, old + std::chrono::seconds(1));
  EXPECT_EQ(Fingerprints(memory).Of(file).sha256, Sha256Hex("tampe"));
  // Damage is no error.
  folder.Write("memory", "rubbish\n\n0 0 0\n");
  EXPECT_EQ(Fingerprints(memory).Of(file).sha256, Sha256Hex("tampe"));
}

TEST(Fingerprints, FreshFilesAreNotRemembered) {
  const TempFolder folder;
  const fs::path file = folder.Write("data", "first");
  const fs::path memory = folder.path() / "memory";
  Fingerprints fingerprints(memory);
  fingerprints.Of(file);
  fingerprints.Save();
  EXPECT_EQ(ReadFileText(memory), "");
}

}  // namespace
}  // namespace reidbench
