#include "reidbench/imaging/decode.h"

#include <algorithm>
#include <string>
#include <vector>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/text.h"
#include "reidbench/imaging/decode_formats.h"
#include "reidbench/imaging/exif.h"

namespace reidbench {
namespace {

bool MatchesAt(std::span<const uint8_t> bytes, size_t at, std::string_view magic) {
  return bytes.size() >= at + magic.size() &&
         std::equal(magic.begin(), magic.end(), bytes.begin() + at,
                    [](char a, uint8_t b) { return static_cast<uint8_t>(a) == b; });
}

[[noreturn]] void ThrowNotAnImage(std::span<const uint8_t> bytes, std::string_view name) {
  if (bytes.empty()) ThrowInput("{}: empty file (0 bytes), expected an image", name);
  std::string first_bytes;
  for (size_t i = 0; i < std::min<size_t>(bytes.size(), 8); ++i) {
    first_bytes += fmt::format("{}{:02x}", i == 0 ? "" : " ", bytes[i]);
  }
  const char* hint = MatchesAt(bytes, 0, "GIF8") ? "; GIF is not supported, convert it to PNG" : "";
  ThrowInput("{}: not an image (first bytes {}), expected JPEG, PNG, BMP, TIFF, WebP, PGM or PPM{}",
             name, first_bytes, hint);
}

}  // namespace

void DecodeImage(std::span<const uint8_t> file_bytes, std::string_view name,
                 ExifOrientation orientation, RgbImage* image) {
  if (MatchesAt(file_bytes, 0, "\xFF\xD8\xFF")) {
    DecodeJpeg(file_bytes, name, image);
  } else if (MatchesAt(file_bytes, 0, "\x89PNG\r\n\x1A\n")) {
    DecodePng(file_bytes, name, image);
  } else if (MatchesAt(file_bytes, 0, "BM")) {
    DecodeBmp(file_bytes, name, image);
  } else if (MatchesAt(file_bytes, 0, std::string_view("II*\0", 4)) ||
             MatchesAt(file_bytes, 0, std::string_view("MM\0*", 4))) {
    DecodeTiff(file_bytes, name, image);
  } else if (MatchesAt(file_bytes, 0, "RIFF") && MatchesAt(file_bytes, 8, "WEBP")) {
    DecodeWebp(file_bytes, name, image);
  } else if (MatchesAt(file_bytes, 0, "P2") || MatchesAt(file_bytes, 0, "P3") ||
             MatchesAt(file_bytes, 0, "P5") || MatchesAt(file_bytes, 0, "P6")) {
    DecodePnm(file_bytes, name, image);
  } else {
    ThrowNotAnImage(file_bytes, name);
  }
  if (orientation == ExifOrientation::kApply) {
    ApplyOrientation(FindExifOrientation(file_bytes), image);
  }
}

RgbImage DecodeImageFile(const std::filesystem::path& path, ExifOrientation orientation) {
  const std::vector<uint8_t> bytes = ReadFileBytes(path);
  RgbImage image;
  DecodeImage(bytes, path.string(), orientation, &image);
  return image;
}

void RequireSaneSize(uint64_t width, uint64_t height, std::string_view name) {
  if (width == 0 || height == 0) ThrowInput("{}: empty image ({} x {} px)", name, width, height);
  if (width > kMaxImagePixels || height > kMaxImagePixels || width * height > kMaxImagePixels) {
    ThrowInput("{}: image too large: {} x {} px, at most {} pixels are accepted", name, width,
               height, WithThousands(kMaxImagePixels));
  }
}

void RequireEnoughBytes(uint64_t file_bytes, uint64_t raw_bytes, uint64_t best_ratio,
                        std::string_view name) {
  if (raw_bytes / best_ratio > file_bytes) {
    ThrowInput(
        "{}: truncated or corrupt: {} bytes cannot hold the {} bytes of samples its header "
        "declares",
        name, WithThousands(static_cast<int64_t>(file_bytes)),
        WithThousands(static_cast<int64_t>(raw_bytes)));
  }
}

ColorTable GreyRamp() {
  ColorTable table{};
  for (size_t value = 0; value < table.size(); ++value) {
    table[value].fill(static_cast<uint8_t>(value));
  }
  return table;
}

void AllocateImage(int width, int height, RgbImage* image) {
  image->width = width;
  image->height = height;
  image->pixels.resize(size_t{3} * width * height);
}

}  // namespace reidbench
