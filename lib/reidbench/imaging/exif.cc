#include "reidbench/imaging/exif.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

namespace reidbench {
namespace {

using Bytes = std::span<const uint8_t>;

constexpr uint32_t kOrientationTag = 0x0112;

// Bounds-checked integers of either byte order.
class Reader {
 public:
  Reader(Bytes bytes, bool big_endian) : bytes_(bytes), big_endian_(big_endian) {}

  std::optional<uint32_t> Read(size_t at, size_t size) const {
    if (at > bytes_.size() || size > bytes_.size() - at) return std::nullopt;
    uint32_t value = 0;
    for (size_t i = 0; i < size; ++i) {
      value = value << 8 | bytes_[at + (big_endian_ ? i : size - 1 - i)];
    }
    return value;
  }

 private:
  Bytes bytes_;
  bool big_endian_;
};

bool HasPrefix(Bytes bytes, std::string_view prefix) {
  return bytes.size() >= prefix.size() &&
         std::memcmp(bytes.data(), prefix.data(), prefix.size()) == 0;
}

// `bytes` is an Exif block: a TIFF header and directories, perhaps behind "Exif\0\0".
int OrientationOfBlock(Bytes bytes) {
  if (HasPrefix(bytes, std::string_view("Exif\0\0", 6))) bytes = bytes.subspan(6);
  const bool big_endian = HasPrefix(bytes, std::string_view("MM\0*", 4));
  if (!big_endian && !HasPrefix(bytes, std::string_view("II*\0", 4))) return 1;
  const Reader reader(bytes, big_endian);
  const std::optional<uint32_t> directory = reader.Read(4, 4);
  if (!directory) return 1;
  const uint32_t entries = reader.Read(*directory, 2).value_or(0);
  uint32_t orientation = 1;
  for (uint32_t i = 0; i < entries; ++i) {
    const size_t at = size_t{*directory} + 2 + size_t{i} * 12;
    const std::optional<uint32_t> tag = reader.Read(at, 2);
    if (!tag || !reader.Read(at, 12 - 4) || !reader.Read(at + 8, 4)) break;
    if (*tag != kOrientationTag || *reader.Read(at + 4, 4) != 1) continue;
    // Exif wants SHORT; LONG and the signed kinds occur and Pillow reads them. The last of several
    // tags counts, as there.
    const uint32_t type = *reader.Read(at + 2, 2);
    if (type == 3 || type == 8) orientation = *reader.Read(at + 8, 2);
    if (type == 4 || type == 9) orientation = *reader.Read(at + 8, 4);
  }
  return orientation >= 1 && orientation <= 8 ? static_cast<int>(orientation) : 1;
}

int OrientationOfJpeg(Bytes bytes) {
  const Reader reader(bytes, /*big_endian=*/true);
  size_t at = 2;
  while (true) {
    // 0xFF, any number of fill bytes 0xFF, the marker code.
    if (reader.Read(at, 1).value_or(0) != 0xFF) return 1;
    while (reader.Read(at, 1).value_or(0) == 0xFF) ++at;
    const std::optional<uint32_t> marker = reader.Read(at++, 1);
    if (!marker || *marker == 0xDA || *marker == 0xD9) return 1;  // start of scan, end of image
    if (*marker == 0x01 || (*marker >= 0xD0 && *marker <= 0xD8)) continue;  // no payload
    const std::optional<uint32_t> length = reader.Read(at, 2);
    if (!length || *length < 2 || *length > bytes.size() - at) return 1;
    const Bytes payload = bytes.subspan(at + 2, *length - 2);
    if (*marker == 0xE1 && HasPrefix(payload, std::string_view("Exif\0", 5))) {
      return OrientationOfBlock(payload);
    }
    at += *length;
  }
}

// The payload of the first chunk of type `wanted` among chunks that start at `at`. PNG: length,
// type, payload, checksum; RIFF: type, length, payload padded to even.
std::optional<Bytes> FindChunk(Bytes bytes, size_t at, std::string_view wanted, bool png) {
  const Reader reader(bytes, /*big_endian=*/png);
  while (true) {
    const std::optional<uint32_t> length = reader.Read(at + (png ? 0 : 4), 4);
    if (!length || bytes.size() - at < 8 || *length > bytes.size() - at - 8) return std::nullopt;
    if (HasPrefix(bytes.subspan(at + (png ? 4 : 0)), wanted)) return bytes.subspan(at + 8, *length);
    at += 8 + size_t{*length} + (png ? 4 : *length % 2);
  }
}

void MirrorRows(RgbImage* image) {
  for (int y = 0; y < image->height; ++y) {
    uint8_t* row = image->Row(y);
    for (int left = 0, right = image->width - 1; left < right; ++left, --right) {
      std::swap_ranges(row + left * 3, row + left * 3 + 3, row + right * 3);
    }
  }
}

void MirrorColumns(RgbImage* image) {
  for (int top = 0, bottom = image->height - 1; top < bottom; ++top, --bottom) {
    std::swap_ranges(image->Row(top), image->Row(top) + size_t{3} * image->width,
                     image->Row(bottom));
  }
}

void Transpose(RgbImage* image) {
  RgbImage turned;
  turned.width = image->height;
  turned.height = image->width;
  turned.pixels.resize(image->pixels.size());
  for (int y = 0; y < image->height; ++y) {
    const uint8_t* row = image->Row(y);
    for (int x = 0; x < image->width; ++x) {
      std::copy_n(row + size_t{3} * x, 3, turned.Row(x) + size_t{3} * y);
    }
  }
  *image = std::move(turned);
}

}  // namespace

int FindExifOrientation(Bytes file_bytes) {
  if (HasPrefix(file_bytes, "\xFF\xD8")) return OrientationOfJpeg(file_bytes);
  std::optional<Bytes> block;
  if (HasPrefix(file_bytes, "\x89PNG\r\n\x1A\n")) {
    block = FindChunk(file_bytes, 8, "eXIf", /*png=*/true);
  } else if (HasPrefix(file_bytes, "RIFF")) {
    block = FindChunk(file_bytes, 12, "EXIF", /*png=*/false);
  }
  return block ? OrientationOfBlock(*block) : 1;
}

void ApplyOrientation(int orientation, RgbImage* image) {
  // Any of the eight is a transposition, or none, followed by mirrorings.
  const bool transpose = orientation >= 5 && orientation <= 8;
  const bool mirror_rows =
      orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7;
  const bool mirror_columns =
      orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8;
  if (transpose) Transpose(image);
  if (mirror_rows) MirrorRows(image);
  if (mirror_columns) MirrorColumns(image);
}

}  // namespace reidbench
