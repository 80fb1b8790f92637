#include "reidbench/imaging/exif.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <string>

#include "golden_images.h"

namespace reidbench {
namespace {

// Pixels labelled by a letter each, as rows of text: "ab|cd" is a over c, left of b over d.
RgbImage FromLetters(std::string_view rows) {
  RgbImage image;
  for (const std::string_view row : SplitText(rows, '|')) {
    image.width = static_cast<int>(row.size());
    ++image.height;
    for (const char c : row)
      image.pixels.insert(image.pixels.end(), {uint8_t(c), uint8_t(c + 1), uint8_t(c + 2)});
  }
  return image;
}

std::string ToLetters(const RgbImage& image) {
  std::string rows;
  for (int y = 0; y < image.height; ++y) {
    if (y > 0) rows += '|';
    for (int x = 0; x < image.width; ++x) {
      const uint8_t* pixel = image.Row(y) + 3 * x;
      EXPECT_EQ(pixel[1], pixel[0] + 1);
      EXPECT_EQ(pixel[2], pixel[0] + 2);
      rows += static_cast<char>(pixel[0]);
    }
  }
  return rows;
}

TEST(ApplyOrientation, AllEight) {
  // Stored picture: abc over def.
  const char* const upright[] = {"abc|def",  "abc|def",  "cba|fed",  "fed|cba",  "def|abc",
                                 "ad|be|cf", "da|eb|fc", "fc|eb|da", "cf|be|ad", "abc|def"};
  for (int orientation = 0; orientation <= 9; ++orientation) {
    RgbImage image = FromLetters("abc|def");
    ApplyOrientation(orientation, &image);
    EXPECT_EQ(ToLetters(image), upright[orientation]) << "orientation " << orientation;
  }
}

TEST(FindExifOrientation, OfTheGoldenFiles) {
  for (int orientation = 0; orientation <= 9; ++orientation) {
    const auto bytes = ReadFileBytes(GoldenImagePath(fmt::format("exif_{}.jpg", orientation)));
    EXPECT_EQ(FindExifOrientation(bytes), orientation >= 1 && orientation <= 8 ? orientation : 1);
  }
  EXPECT_EQ(FindExifOrientation(ReadFileBytes(GoldenImagePath("exif_rotated.jpg"))), 6);
  EXPECT_EQ(FindExifOrientation(ReadFileBytes(GoldenImagePath("png_exif6.png"))), 6);
  EXPECT_EQ(FindExifOrientation(ReadFileBytes(GoldenImagePath("webp_exif8.webp"))), 8);
  EXPECT_EQ(FindExifOrientation(ReadFileBytes(GoldenImagePath("png_rgb.png"))), 1);
  EXPECT_EQ(FindExifOrientation(ReadFileBytes(GoldenImagePath("bmp.bmp"))), 1);
  EXPECT_EQ(FindExifOrientation({}), 1);
}

// A JPEG that consists of one APP1 segment with a little-endian Exif block of these directory
// entries.
std::vector<uint8_t> JpegWithEntries(const std::vector<std::vector<uint8_t>>& entries,
                                     uint8_t declared) {
  std::vector<uint8_t> bytes = {0xFF, 0xD8, 0xFF, 0xFF, 0xE1, 0, 0, 'E', 'x', 'i', 'f', 0, 0};
  for (const int value : {int{'I'}, int{'I'}, int{'*'}, 0, 8, 0, 0, 0, int{declared}, 0})
    bytes.push_back(static_cast<uint8_t>(value));
  for (const std::vector<uint8_t>& entry : entries) {
    for (const uint8_t value : entry) bytes.push_back(value);
  }
  bytes[6] = static_cast<uint8_t>(bytes.size() - 5);  // of the segment, with its length field
  return bytes;
}

TEST(FindExifOrientation, TypesAndCounts) {
  const auto orientation = [](std::vector<uint8_t> type_count_value) {
    std::vector<uint8_t> entry = {0x12, 0x01};
    entry.insert(entry.end(), type_count_value.begin(), type_count_value.end());
    return FindExifOrientation(JpegWithEntries({entry}, 1));
  };
  EXPECT_EQ(orientation({3, 0, 1, 0, 0, 0, 6, 0, 0, 0}), 6);  // SHORT
  EXPECT_EQ(orientation({4, 0, 1, 0, 0, 0, 6, 0, 0, 0}), 6);  // LONG
  EXPECT_EQ(orientation({3, 0, 1, 0, 0, 0, 6, 0, 0xFF, 0xFF}),
            6);                                                 // bytes behind a SHORT do not count
  EXPECT_EQ(orientation({4, 0, 1, 0, 0, 0, 6, 0, 1, 0}), 1);    // 65542
  EXPECT_EQ(orientation({3, 0, 2, 0, 0, 0, 6, 0, 6, 0}), 1);    // two values
  EXPECT_EQ(orientation({2, 0, 1, 0, 0, 0, '6', 0, 0, 0}), 1);  // text
  EXPECT_EQ(orientation({3, 0, 1, 0, 0, 0, 9, 0, 0, 0}), 1);
}

TEST(FindExifOrientation, MalformedBlocksAreUpright) {
  const std::vector<uint8_t> six = {0x12, 1, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0};
  EXPECT_EQ(FindExifOrientation(JpegWithEntries({six}, 200)),
            6);  // more entries declared than there are
  EXPECT_EQ(FindExifOrientation(JpegWithEntries({six}, 0)), 1);
  std::vector<uint8_t> bytes = JpegWithEntries({six}, 1);
  bytes[7 + 6] = 'X';  // byte order
  EXPECT_EQ(FindExifOrientation(bytes), 1);
  bytes = JpegWithEntries({six}, 1);
  for (int i = 0; i < 4; ++i) bytes[7 + 10 + i] = 0xFF;  // directory offset
  EXPECT_EQ(FindExifOrientation(bytes), 1);
}

TEST(FindExifOrientation, NeverReadsOutside) {
  // With AddressSanitizer a read past the end of any prefix or damaged copy fails.
  for (const char* name : {"exif_6.jpg", "exif_7.jpg", "png_exif6.png", "webp_exif8.webp"}) {
    const auto bytes = ReadFileBytes(GoldenImagePath(name));
    for (size_t length = 0; length < std::min<size_t>(bytes.size(), 400); ++length) {
      const std::vector<uint8_t> prefix(bytes.begin(),
                                        bytes.begin() + static_cast<ptrdiff_t>(length));
      const int orientation = FindExifOrientation(prefix);
      EXPECT_TRUE(orientation >= 1 && orientation <= 8);
    }
    Rng rng(3);
    for (int trial = 0; trial < 2000; ++trial) {
      std::vector<uint8_t> damaged = bytes;
      for (int i = 0; i < 3; ++i) {
        damaged[rng.Below(std::min<size_t>(bytes.size(), 90))] =
            static_cast<uint8_t>(rng.Below(256));
      }
      const int orientation = FindExifOrientation(damaged);
      EXPECT_TRUE(orientation >= 1 && orientation <= 8);
    }
  }
}

}  // namespace
}  // namespace reidbench
