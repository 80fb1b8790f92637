#include "reidbench/imaging/decode.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "golden_images.h"
#include "reidbench/core/error.h"
#include "support/expect_error.h"

namespace reidbench {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// The message of the Error(kInput) that decoding throws; "" when it succeeds. Anything else fails
// the test.
std::string InputError(std::span<const uint8_t> bytes, std::string_view name = "x.img") {
  RgbImage image;
  try {
    DecodeImage(bytes, name, ExifOrientation::kApply, &image);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput) << error.what();
    EXPECT_THAT(error.what(), StartsWith(std::string(name) + ": "));
    return error.what();
  }
  EXPECT_EQ(image.pixels.size(), size_t{3} * image.width * image.height);
  return {};
}

std::vector<uint8_t> GoldenBytes(std::string_view name) {
  return ReadFileBytes(GoldenImagePath(name));
}

class GoldenDecode : public testing::TestWithParam<GoldenImage> {};

TEST_P(GoldenDecode, IsPillowsRgbWithAndWithoutExifTranspose) {
  const RgbImage image =
      DecodeImageFile(GoldenImagePath(GetParam().name), ExifOrientation::kIgnore);
  EXPECT_EQ(image.width, GetParam().width);
  EXPECT_EQ(image.height, GetParam().height);
  EXPECT_EQ(HashOf(image.pixels), GetParam().rgb);
  const RgbImage upright =
      DecodeImageFile(GoldenImagePath(GetParam().name), ExifOrientation::kApply);
  EXPECT_EQ(HashOf(upright.pixels), GetParam().rgb_exif);
}

INSTANTIATE_TEST_SUITE_P(All, GoldenDecode, testing::ValuesIn(ReadGoldenImages()), GoldenTestName);

TEST(DecodeImage, EveryTruncationIsAnErrorAndSilent) {
  testing::internal::CaptureStderr();
  testing::internal::CaptureStdout();
  for (const GoldenImage& golden : ReadGoldenImages()) {
    const std::vector<uint8_t> bytes = GoldenBytes(golden.name);
    // A TIFF or WebP may end in bytes that the picture does not need.
    const bool to_the_end = !EndsWith(golden.name, ".tif") && !EndsWith(golden.name, ".webp");
    const size_t end = to_the_end ? bytes.size() : bytes.size() * 8 / 10;
    for (size_t length = 0; length < end; length += std::max<size_t>(1, bytes.size() / 300)) {
      EXPECT_NE(InputError(std::span(bytes).first(length)), "")
          << golden.name << ", first " << length << " bytes";
    }
    if (to_the_end) {
      EXPECT_NE(InputError(std::span(bytes).first(bytes.size() - 1)), "")
          << golden.name << " without its last byte";
    }
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
}

TEST(DecodeImage, DamageIsAnErrorOrAnotherPictureAndSilent) {
  Rng rng(7);
  testing::internal::CaptureStderr();
  for (const GoldenImage& golden : ReadGoldenImages()) {
    const std::vector<uint8_t> bytes = GoldenBytes(golden.name);
    for (int trial = 0; trial < 60; ++trial) {
      std::vector<uint8_t> damaged = bytes;
      // Headers are where lies are dangerous: half of the damage goes there.
      const uint64_t range = trial % 2 == 0 ? std::min<uint64_t>(bytes.size(), 64) : bytes.size();
      for (int i = 0; i <= trial % 4; ++i)
        damaged[rng.Below(range)] = static_cast<uint8_t>(rng.Below(256));
      InputError(damaged);
    }
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(DecodeImage, ReusesTheStorageOfLargerPictures) {
  RgbImage image;
  DecodeImage(GoldenBytes("png_rgb.png"), "a", ExifOrientation::kIgnore, &image);
  DecodeImage(GoldenBytes("jpg_3x5_8.jpg"), "b", ExifOrientation::kIgnore, &image);
  EXPECT_EQ(image.width, 3);
  EXPECT_EQ(image.pixels.size(), 45U);
}

TEST(DecodeImage, ApplyTurnsTheOrientationSixImage) {
  const RgbImage stored =
      DecodeImageFile(GoldenImagePath("exif_rotated.jpg"), ExifOrientation::kIgnore);
  const RgbImage upright =
      DecodeImageFile(GoldenImagePath("exif_rotated.jpg"), ExifOrientation::kApply);
  EXPECT_EQ(stored.width, 128);
  EXPECT_EQ(stored.height, 64);
  EXPECT_EQ(upright.width, 64);
  EXPECT_EQ(upright.height, 128);
}

RgbImage DecodeText(const std::string& bytes) {
  RgbImage image;
  DecodeImage({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()}, "x.ppm",
              ExifOrientation::kApply, &image);
  return image;
}

std::string PnmError(const std::string& bytes) {
  return InputError({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
}

TEST(DecodeImage, ReadsPgmAndPpm) {
  const RgbImage color =
      DecodeText("P6 # a comment\n2 1\n255\n" + std::string("\x01\x02\x03\x04\x05\x06"));
  EXPECT_EQ(color.width, 2);
  EXPECT_EQ(color.height, 1);
  EXPECT_THAT(color.pixels, testing::ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(DecodeText("P3 1 1 15 0 7 15").pixels, testing::ElementsAre(0, 119, 255));
  EXPECT_THAT(DecodeText("P2\n2 1\n255\n9 255").pixels,
              testing::ElementsAre(9, 9, 9, 255, 255, 255));
  EXPECT_THAT(DecodeText("P5 1 2 255\n" + std::string("\x0A\x20")).pixels,
              testing::ElementsAre(10, 10, 10, 32, 32, 32));
  EXPECT_THAT(DecodeText("P5 1 1 65535\n" + std::string("\x80\x00", 2)).pixels,
              testing::ElementsAre(128, 128, 128));
}

TEST(DecodeImage, BrokenPgmAndPpmAreErrors) {
  EXPECT_THAT(PnmError("P6 2 1 255\n12345"), HasSubstr("file ends early"));
  EXPECT_THAT(PnmError("P6 200 100 255\n12345"), HasSubstr("cannot hold"));
  EXPECT_THAT(PnmError("P2 2 1 255 9        "), HasSubstr("corrupt PGM or PPM: file ends early"));
  EXPECT_THAT(PnmError("P2 2 1 7 9 1"), HasSubstr("a sample above the largest"));
  EXPECT_THAT(PnmError("P6 2 1 0\n123456"), HasSubstr("largest sample is not"));
  EXPECT_THAT(PnmError("P6 0 1 255\n"), HasSubstr("empty image"));
  EXPECT_THAT(PnmError("P6 99999999999 1 255\n"), HasSubstr("a number is too long"));
  EXPECT_THAT(PnmError("P6 a 1 255\n"), HasSubstr("expected a number"));
  EXPECT_THAT(PnmError("P6 999999 999999 255\n"), HasSubstr("image too large"));
}

TEST(DecodeImage, SaysWhatIsNotAnImage) {
  EXPECT_EQ(InputError({}), "x.img: empty file (0 bytes), expected an image");
  const std::string html = "<!DOCTYPE html>";
  EXPECT_EQ(InputError({reinterpret_cast<const uint8_t*>(html.data()), html.size()}),
            "x.img: not an image (first bytes 3c 21 44 4f 43 54 59 50), expected JPEG, PNG, BMP, "
            "TIFF, WebP, PGM or PPM");
  const std::string gif = "GIF89a....";
  EXPECT_THAT(InputError({reinterpret_cast<const uint8_t*>(gif.data()), gif.size()}),
              HasSubstr("GIF is not supported, convert it to PNG"));
}

TEST(DecodeImage, MissingFileIsAnIoError) {
  EXPECT_THAT(
      MessageOf(ErrorKind::kIo,
                [&] { DecodeImageFile(GoldenImagePath("absent.jpg"), ExifOrientation::kIgnore); }),
      HasSubstr("absent.jpg"));
}

TEST(DecodeJpeg, HalfAPictureNamesTheReason) {
  std::vector<uint8_t> bytes = GoldenBytes("jpg_64x128_0.jpg");
  bytes.resize(bytes.size() / 2);
  EXPECT_THAT(InputError(bytes), StartsWith("x.img: corrupt JPEG: premature end"));
  // The same with an end-of-image marker, which libjpeg and Pillow take without complaint.
  bytes.push_back(0xFF);
  bytes.push_back(0xD9);
  EXPECT_THAT(InputError(bytes), StartsWith("x.img: corrupt JPEG: premature end"));
}

TEST(DecodeJpeg, BytesAfterTheEndAndStrayBytesBetweenMarkersAreHarmless) {
  std::vector<uint8_t> bytes = GoldenBytes("jpg_64x128_0.jpg");
  bytes.insert(bytes.end(), {1, 2, 3});
  EXPECT_EQ(InputError(bytes), "");
  bytes = GoldenBytes("jpg_64x128_0.jpg");
  bytes.insert(bytes.end() - 2, {0, 0, 0, 0});  // between the last scan and the end-of-image marker
  EXPECT_EQ(InputError(bytes), "");
}

TEST(DecodeJpeg, RefusesTwoComponents) {
  EXPECT_EQ(InputError(GoldenBytes("jpg_two_components.jpg")),
            "x.img: JPEG with 2 components, expected 1, 3 or 4");
}

// Offset of the frame header's height field, which is followed by the width.
size_t JpegSizeOffset(const std::vector<uint8_t>& bytes) {
  for (size_t at = 2; at + 9 < bytes.size();
       at += 2 + (size_t{bytes[at + 2]} << 8 | bytes[at + 3])) {
    if (bytes[at + 1] == 0xC0 || bytes[at + 1] == 0xC2) return at + 5;
  }
  ADD_FAILURE() << "no frame header";
  return 0;
}

void SetBigEndian(std::vector<uint8_t>& bytes, size_t at, int size, uint32_t value) {
  for (int i = 0; i < size; ++i)
    bytes[at + i] = static_cast<uint8_t>(value >> (8 * (size - 1 - i)));
}

TEST(DecodeJpeg, RefusesAbsurdSizesBeforeAllocating) {
  for (const char* name : {"jpg_64x128_0.jpg", "jpg_progressive.jpg"}) {
    std::vector<uint8_t> bytes = GoldenBytes(name);
    const size_t at = JpegSizeOffset(bytes);
    SetBigEndian(bytes, at, 2, 65500);
    SetBigEndian(bytes, at + 2, 2, 65500);
    EXPECT_EQ(InputError(bytes),
              "x.img: image too large: 65500 x 65500 px, at most 178,956,970 pixels are accepted");
    SetBigEndian(bytes, at, 2, 13000);
    SetBigEndian(bytes, at + 2, 2, 13000);
    EXPECT_THAT(InputError(bytes), HasSubstr("truncated or corrupt"));
    SetBigEndian(bytes, at, 2, 0);
    EXPECT_NE(InputError(bytes), "");
  }
}

TEST(DecodePng, RefusesAbsurdSizesBeforeAllocating) {
  std::vector<uint8_t> bytes = GoldenBytes("png_rgb.png");
  // Width, height and the checksum of IHDR (computed with zlib's crc32).
  const auto set_size = [&](uint32_t width, uint32_t height, uint32_t crc) {
    SetBigEndian(bytes, 16, 4, width);
    SetBigEndian(bytes, 20, 4, height);
    SetBigEndian(bytes, 29, 4, crc);
  };
  set_size(100000, 100000, 0x27309C9F);
  EXPECT_EQ(InputError(bytes),
            "x.img: image too large: 100000 x 100000 px, at most 178,956,970 pixels are accepted");
  set_size(13000, 13000, 0x6DC07F6F);
  EXPECT_THAT(InputError(bytes), HasSubstr("truncated or corrupt"));
}

TEST(DecodePng, EveryWrongChecksumIsAnError) {
  for (const char* name :
       {"png_rgb.png", "png_palette_trns.png", "png_gamma_profile.png", "png_interlaced_rgb.png"}) {
    const std::vector<uint8_t> bytes = GoldenBytes(name);
    for (size_t at = 8; at + 12 <= bytes.size();) {
      const size_t length = size_t{bytes[at]} << 24 | size_t{bytes[at + 1]} << 16 |
                            size_t{bytes[at + 2]} << 8 | bytes[at + 3];
      std::vector<uint8_t> damaged = bytes;
      damaged[at + 8 + length] ^= 1;  // first byte of this chunk's checksum
      EXPECT_THAT(InputError(damaged), HasSubstr("corrupt PNG")) << name << " chunk at " << at;
      at += 12 + length;
    }
  }
}

TEST(DecodeBmp, RefusesLyingHeaders) {
  const std::vector<uint8_t> bytes = GoldenBytes("bmp_8.bmp");
  const auto with = [&](size_t at, std::vector<uint8_t> values) {
    std::vector<uint8_t> changed = bytes;
    std::copy(values.begin(), values.end(), changed.begin() + static_cast<ptrdiff_t>(at));
    return InputError(changed);
  };
  EXPECT_THAT(with(18, {0xFF, 0xFF, 0xFF, 0x7F}), HasSubstr("image too large"));
  EXPECT_THAT(with(18, {0x00, 0x20, 0, 0}), HasSubstr("corrupt BMP: file ends early"));
  EXPECT_THAT(with(22, {0, 0, 0, 0x80}), HasSubstr("image too large"));  // height INT_MIN
  EXPECT_THAT(with(22, {0, 0, 0, 0}), HasSubstr("empty image"));
  EXPECT_THAT(with(28, {7}), HasSubstr("7 bits per pixel"));
  EXPECT_THAT(with(30, {1}), HasSubstr("run-length coded"));
  EXPECT_THAT(with(30, {4}), HasSubstr("compression 4"));
  EXPECT_THAT(with(46, {0xFF, 0xFF}), HasSubstr("palette of 65535 colours"));
  EXPECT_THAT(with(14, {41}), HasSubstr("header of 41 bytes"));
  EXPECT_THAT(with(10, {0xFF, 0xFF, 0xFF, 0xFF}), HasSubstr("file ends early"));
}

TEST(DecodeWebp, RefusesAbsurdSizesBeforeAllocating) {
  // VP8L: after the signature byte, 14 bits of width - 1 and 14 of height - 1.
  std::vector<uint8_t> bytes = GoldenBytes("webp_lossless.webp");
  ASSERT_EQ(bytes[20], 0x2F);
  const auto set_size = [&](uint32_t width, uint32_t height) {
    const uint32_t packed = (width - 1) | (height - 1) << 14 | (uint32_t{bytes[24]} >> 4 << 28);
    for (int i = 0; i < 4; ++i) bytes[21 + i] = static_cast<uint8_t>(packed >> (8 * i));
  };
  set_size(16383, 16383);
  EXPECT_THAT(InputError(bytes), HasSubstr("image too large: 16383 x 16383 px"));
  set_size(10000, 10000);
  EXPECT_THAT(InputError(bytes), HasSubstr("10000 x 10000 px in"));
}

TEST(DecodeTiff, RefusesWhatWouldDifferFromPillow) {
  std::vector<uint8_t> bytes = GoldenBytes("tiff_l_raw.tif");
  // Find the orientation-free directory's BitsPerSample (258) and set it to 16.
  const size_t directory = bytes[4] | size_t{bytes[5]} << 8 | size_t{bytes[6]} << 16;
  const size_t entries = bytes[directory];
  bool found = false;
  for (size_t i = 0; i < entries; ++i) {
    const size_t at = directory + 2 + 12 * i;
    if ((bytes[at] | bytes[at + 1] << 8) == 258) {
      bytes[at + 8] = 16;
      found = true;
    }
  }
  ASSERT_TRUE(found);
  EXPECT_EQ(InputError(bytes),
            "x.img: TIFF with 16 bits per sample is not supported, convert it to PNG");
}

}  // namespace
}  // namespace reidbench
