#include "reidbench/weights/zip_archive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "weights/files_for_test.h"

namespace reidbench {
namespace {

using ::testing::HasSubstr;

std::string ReadMember(const std::vector<uint8_t>& bytes, std::string_view name) {
  const ZipArchive archive(bytes, "test.zip");
  OutputBudget budget(bytes.size(), "test.zip");
  std::vector<uint8_t> storage;
  const ZipMember* member = archive.Find(name);
  if (member == nullptr) return "(absent)";
  const auto content = archive.Read(*member, storage, budget);
  return {content.begin(), content.end()};
}

// Position of the central directory's entry of a member.
size_t EntryOf(const std::vector<uint8_t>& bytes, std::string_view name) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return text.rfind(name) - 46;
}

TEST(ZipArchive, ReadsStoredAndDeflatedMembers) {
  EXPECT_EQ(ReadMember(GoldenBytes("small_zip.pth"), "small_zip/version"), "3\n");
  EXPECT_EQ(ReadMember(GoldenBytes("small_deflated.pth"), "small_zip/version"), "3\n");
  EXPECT_EQ(ReadMember(GoldenBytes("small_zip.pth"), "small_zip/data.pkl"),
            ReadMember(GoldenBytes("small_deflated.pth"), "small_zip/data.pkl"));
  EXPECT_EQ(ReadMember(GoldenBytes("small_zip.pth"), "data.pkl"), "(absent)");
}

TEST(ZipArchive, Zip64SizesStandInTheExtraField) {
  // One stored member "a" = "hello"; the directory says 0xffffffff and the extra field the truth.
  std::vector<uint8_t> bytes;
  const auto put = [&](uint64_t value, int size) {
    for (int i = 0; i < size; ++i)
      bytes.push_back(i < 8 ? static_cast<uint8_t>(value >> (8 * i)) : 0);
  };
  const auto text = [&](std::string_view content) {
    bytes.insert(bytes.end(), content.begin(), content.end());
  };
  text("PK\x03\x04");
  bytes.resize(26);
  put(1, 2), put(0, 2), text("a"), text("hello");
  const size_t directory = bytes.size();
  text("PK\x01\x02");
  put(0, 16);
  put(0xffffffff, 4), put(0xffffffff, 4);
  put(1, 2), put(28, 2), put(0, 2), put(0, 8), put(0xffffffff, 4);
  text("a");
  put(1, 2), put(24, 2), put(5, 8), put(5, 8), put(0, 8);
  const size_t end64 = bytes.size();
  text("PK\x06\x06");
  put(44, 8), put(0, 12), put(1, 8), put(1, 8), put(end64 - directory, 8), put(directory, 8);
  text("PK\x06\x07");
  put(0, 4), put(end64, 8), put(1, 4);
  text("PK\x05\x06");
  put(0, 4), put(0xffff, 2), put(0xffff, 2), put(0xffffffff, 4), put(0xffffffff, 4), put(0, 2);
  EXPECT_EQ(ReadMember(bytes, "a"), "hello");
}

TEST(ZipArchive, EveryPrefixIsRefused) {
  const std::vector<uint8_t> bytes = GoldenBytes("small_zip.pth");
  for (size_t size = 0; size < bytes.size(); ++size) {
    const std::vector<uint8_t> prefix(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(size));
    EXPECT_THAT(ModelError([&] { ReadMember(prefix, "small_zip/version"); }),
                HasSubstr("zip archive"))
        << size;
  }
}

TEST(ZipArchive, ChecksumsAreVerified) {
  std::vector<uint8_t> bytes = GoldenBytes("small_zip.pth");
  const ZipArchive archive(bytes, "test.zip");
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const size_t at = text.find("FloatStorage");
  ASSERT_NE(at, text.npos);
  bytes[at] ^= 1;
  EXPECT_THAT(ModelError([&] { ReadMember(bytes, "small_zip/data.pkl"); }), HasSubstr("checksum"));
  // 0 stands for "not computed".
  std::memset(bytes.data() + EntryOf(bytes, "small_zip/data.pkl") + 16, 0, 4);
  EXPECT_THAT(ReadMember(bytes, "small_zip/data.pkl"), HasSubstr("GloatStorage"));
}

TEST(ZipArchive, RefusesWhatItCannotRead) {
  const std::vector<uint8_t> good = GoldenBytes("small_zip.pth");
  const size_t entry = EntryOf(good, "small_zip/version");
  const auto changed = [&](size_t offset, uint8_t value) {
    std::vector<uint8_t> bytes = good;
    bytes[entry + offset] = value;
    return ModelError([&] { ReadMember(bytes, "small_zip/version"); });
  };
  EXPECT_THAT(changed(8, 1), HasSubstr("encrypted"));
  EXPECT_THAT(changed(10, 14), HasSubstr("compression method 14"));
  EXPECT_THAT(changed(20, 200), HasSubstr("damaged"));
  EXPECT_THAT(changed(45, 0x7f), HasSubstr("cut short"));
  EXPECT_THAT(changed(0, 0), HasSubstr("table of contents"));
}

TEST(ZipArchive, ACompressedMemberMayNotOutgrowTheBudget) {
  std::vector<uint8_t> bytes = GoldenBytes("small_deflated.pth");
  const size_t entry = EntryOf(bytes, "small_zip/version");
  // claims 2 GiB
  bytes[entry + 27] = 0x7f;
  EXPECT_THAT(ModelError([&] { ReadMember(bytes, "small_zip/version"); }), HasSubstr("16 times"));
}

}  // namespace
}  // namespace reidbench
