#include <algorithm>
#include <array>
#include <bit>
#include <vector>

#include "reidbench/core/error.h"
#include "reidbench/imaging/decode_formats.h"

namespace reidbench {
namespace {

constexpr uint32_t kUncompressed = 0;
constexpr uint32_t kRunLength8 = 1;
constexpr uint32_t kRunLength4 = 2;
constexpr uint32_t kBitfields = 3;

constexpr size_t kFileHeaderBytes = 14;

struct BmpHeader {
  uint32_t header_bytes = 0;
  uint64_t width = 0;
  uint64_t height = 0;
  bool top_down = false;
  int bits = 0;  // per pixel
  size_t pixels_at = 0;
  uint32_t colors = 0;  // palette entries; 0 without a palette
  size_t palette_at = 0;
  size_t palette_entry_bytes = 4;   // blue, green, red, unused; OS/2 version 1 has 3
  std::array<uint32_t, 3> masks{};  // red, green, blue; for 16 and 32 bits
};

// Little-endian integers; a read past the end is an error of the file.
class BmpReader {
 public:
  BmpReader(std::span<const uint8_t> bytes, std::string_view name) : bytes_(bytes), name_(name) {}

  uint32_t Read(size_t at, size_t size) const {
    Require(at, size);
    uint32_t value = 0;
    for (size_t i = 0; i < size; ++i) value |= uint32_t{bytes_[at + i]} << (8 * i);
    return value;
  }
  const uint8_t* Require(size_t at, uint64_t size) const {
    if (at > bytes_.size() || size > bytes_.size() - at) {
      ThrowInput("{}: corrupt BMP: file ends early ({} bytes, {} more expected at byte {})", name_,
                 bytes_.size(), size, at);
    }
    return bytes_.data() + at;
  }

 private:
  std::span<const uint8_t> bytes_;
  std::string_view name_;
};

BmpHeader ReadBmpHeader(const BmpReader& reader, std::string_view name) {
  BmpHeader header;
  header.pixels_at = reader.Read(10, 4);
  header.header_bytes = reader.Read(14, 4);
  uint32_t compression = kUncompressed;
  if (header.header_bytes == 12) {  // OS/2 version 1
    header.width = reader.Read(18, 2);
    header.height = reader.Read(20, 2);
    header.bits = static_cast<int>(reader.Read(24, 2));
    header.palette_entry_bytes = 3;
  } else if (header.header_bytes == 40 || header.header_bytes == 52 || header.header_bytes == 56 ||
             header.header_bytes == 64 || header.header_bytes == 108 ||
             header.header_bytes == 124) {
    header.width = reader.Read(18, 4);
    const auto height = static_cast<int32_t>(reader.Read(22, 4));
    header.top_down = height < 0;
    header.height = static_cast<uint64_t>(height < 0 ? -int64_t{height} : int64_t{height});
    header.bits = static_cast<int>(reader.Read(28, 2));
    compression = reader.Read(30, 4);
    header.colors = reader.Read(46, 4);
  } else {
    ThrowInput("{}: BMP header of {} bytes is not supported, convert it to PNG", name,
               header.header_bytes);
  }
  RequireSaneSize(header.width, header.height, name);

  const int bits = header.bits;
  if (bits != 1 && bits != 4 && bits != 8 && bits != 16 && bits != 24 && bits != 32) {
    ThrowInput("{}: BMP with {} bits per pixel, expected 1, 4, 8, 16, 24 or 32", name, bits);
  }
  if (compression == kRunLength8 || compression == kRunLength4) {
    ThrowInput("{}: run-length coded BMP is not supported, convert it to PNG", name);
  }
  if (compression != kUncompressed && (compression != kBitfields || bits < 16)) {
    ThrowInput("{}: BMP compression {} with {} bits per pixel is not supported, convert it to PNG",
               name, compression, bits);
  }
  if (bits == 16) header.masks = {0x7C00, 0x3E0, 0x1F};
  if (bits == 32) header.masks = {0xFF0000, 0xFF00, 0xFF};
  if (compression == kBitfields && bits != 24) {
    // Behind a header of 40 bytes, inside a longer one: the same place.
    for (int c = 0; c < 3; ++c) header.masks[c] = reader.Read(kFileHeaderBytes + 40 + 4 * c, 4);
    for (uint32_t mask : header.masks) {
      const int width = std::popcount(mask);
      const bool contiguous = mask != 0 && (mask >> std::countr_zero(mask)) == (1ULL << width) - 1;
      if (!contiguous || width > 8) {
        ThrowInput("{}: BMP colour mask {:#x} is not supported, convert it to PNG", name, mask);
      }
    }
  }
  if (bits <= 8) {
    if (header.colors == 0) header.colors = 1U << bits;
    if (header.colors > 256) {
      ThrowInput("{}: BMP palette of {} colours, expected at most 256", name, header.colors);
    }
    header.palette_at = kFileHeaderBytes + header.header_bytes;
    // Some writers leave out the palette when they compute where the pixels start.
    const size_t palette_bytes = header.colors * header.palette_entry_bytes;
    if (header.pixels_at == header.palette_at) header.pixels_at += palette_bytes;
  } else {
    header.colors = 0;
  }
  return header;
}

}  // namespace

void DecodeBmp(std::span<const uint8_t> file_bytes, std::string_view name, RgbImage* image) {
  const BmpReader reader(file_bytes, name);
  const BmpHeader header = ReadBmpHeader(reader, name);
  const uint64_t row_bytes = (header.width * header.bits + 31) / 32 * 4;
  const uint8_t* const pixels = reader.Require(header.pixels_at, row_bytes * header.height);

  ColorTable palette = GreyRamp();
  for (uint32_t i = 0; i < header.colors; ++i) {
    const uint8_t* entry = reader.Require(header.palette_at + i * header.palette_entry_bytes,
                                          header.palette_entry_bytes);
    palette[i] = {entry[2], entry[1], entry[0]};
  }

  AllocateImage(static_cast<int>(header.width), static_cast<int>(header.height), image);
  for (int y = 0; y < image->height; ++y) {
    const uint8_t* row = pixels + row_bytes * (header.top_down ? y : image->height - 1 - y);
    uint8_t* rgb = image->Row(y);
    for (int x = 0; x < image->width; ++x, rgb += 3) {
      if (header.bits <= 8) {
        const int bit = x * header.bits;
        const int index = row[bit / 8] >> (8 - header.bits - bit % 8) & ((1 << header.bits) - 1);
        std::copy_n(palette[index].data(), 3, rgb);
      } else if (header.bits == 24) {
        rgb[0] = row[3 * x + 2];
        rgb[1] = row[3 * x + 1];
        rgb[2] = row[3 * x];
      } else {
        uint32_t pixel = 0;
        for (int i = header.bits / 8; i-- > 0;) pixel = pixel << 8 | row[x * (header.bits / 8) + i];
        for (int c = 0; c < 3; ++c) {
          const uint32_t mask = header.masks[c];
          const int shift = std::countr_zero(mask);
          rgb[c] = static_cast<uint8_t>(((pixel & mask) >> shift) * 255 / (mask >> shift));
        }
      }
    }
  }
}

}  // namespace reidbench
