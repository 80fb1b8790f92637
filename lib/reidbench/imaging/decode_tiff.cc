#include <tiffio.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "reidbench/core/error.h"
#include "reidbench/imaging/decode_formats.h"

namespace reidbench {
namespace {

struct TiffSource {
  const uint8_t* bytes = nullptr;
  uint64_t size = 0;
  uint64_t at = 0;
  char message[256]{};
};

tmsize_t OnTiffRead(thandle_t handle, void* out, tmsize_t size) {
  auto* source = static_cast<TiffSource*>(handle);
  if (size <= 0 || source->at >= source->size) return 0;
  const uint64_t count = std::min<uint64_t>(static_cast<uint64_t>(size), source->size - source->at);
  std::memcpy(out, source->bytes + source->at, count);
  source->at += count;
  return static_cast<tmsize_t>(count);
}

tmsize_t OnWrite(thandle_t, void*, tmsize_t) { return 0; }

toff_t OnSeek(thandle_t handle, toff_t offset, int whence) {
  auto* source = static_cast<TiffSource*>(handle);
  if (whence == SEEK_CUR) offset += source->at;
  if (whence == SEEK_END) offset += source->size;
  return source->at = offset;
}

int OnClose(thandle_t) { return 0; }
toff_t OnSize(thandle_t handle) { return static_cast<TiffSource*>(handle)->size; }

// Keeps the first message: later ones are its consequences.
[[gnu::format(printf, 4, 0)]] int OnError(TIFF*, void* user, const char*, const char* format,
                                          va_list arguments) {
  auto* source = static_cast<TiffSource*>(user);
  if (source->message[0] == 0) {
    std::vsnprintf(source->message, sizeof source->message, format, arguments);
  }
  return 1;  // handled: do not print
}

int OnTiffWarning(TIFF*, void*, const char*, const char*, va_list) { return 1; }

struct CloseTiff {
  void operator()(TIFF* tiff) const { TIFFClose(tiff); }
};
using TiffFile = std::unique_ptr<TIFF, CloseTiff>;

TiffFile Open(TiffSource* source) {
  TIFFOpenOptions* options = TIFFOpenOptionsAlloc();
  if (options == nullptr) return nullptr;
  TIFFOpenOptionsSetErrorHandlerExtR(options, OnError, source);
  TIFFOpenOptionsSetWarningHandlerExtR(options, OnTiffWarning, source);
  // 'm': no memory mapping, which would need callbacks of its own.
  TiffFile file(TIFFClientOpenExt("", "rm", source, OnTiffRead, OnWrite, OnSeek, OnClose, OnSize,
                                  nullptr, nullptr, options));
  TIFFOpenOptionsFree(options);
  return file;
}

uint16_t Tag(TIFF* tiff, uint32_t tag) {
  uint16_t value = 0;
  TIFFGetFieldDefaulted(tiff, tag, &value);
  return value;
}

// Why this variety is refused, empty when it is supported.
std::string UnsupportedReason(TIFF* tiff) {
  const uint16_t photometric = Tag(tiff, TIFFTAG_PHOTOMETRIC);
  const uint16_t samples = Tag(tiff, TIFFTAG_SAMPLESPERPIXEL);
  const uint16_t compression = Tag(tiff, TIFFTAG_COMPRESSION);
  const uint16_t orientation = Tag(tiff, TIFFTAG_ORIENTATION);
  if (Tag(tiff, TIFFTAG_BITSPERSAMPLE) != 8) {
    return fmt::format("{} bits per sample", Tag(tiff, TIFFTAG_BITSPERSAMPLE));
  }
  if (Tag(tiff, TIFFTAG_SAMPLEFORMAT) != SAMPLEFORMAT_UINT)
    return "samples that are not unsigned integers";
  if (Tag(tiff, TIFFTAG_FILLORDER) != FILLORDER_MSB2LSB) return "reversed bits";
  if (samples > 1 && Tag(tiff, TIFFTAG_PLANARCONFIG) != PLANARCONFIG_CONTIG)
    return "separate planes";
  if (TIFFIsTiled(tiff)) return "tiles";
  if (orientation != ORIENTATION_TOPLEFT) return fmt::format("orientation {}", orientation);
  if (compression != COMPRESSION_NONE && compression != COMPRESSION_LZW &&
      compression != COMPRESSION_ADOBE_DEFLATE && compression != COMPRESSION_DEFLATE &&
      compression != COMPRESSION_PACKBITS) {
    return fmt::format("compression {}", compression);
  }
  const bool one_sample = photometric == PHOTOMETRIC_MINISBLACK ||
                          photometric == PHOTOMETRIC_MINISWHITE ||
                          photometric == PHOTOMETRIC_PALETTE;
  const bool colour = photometric == PHOTOMETRIC_RGB;
  if (!(one_sample && samples == 1) && !(colour && (samples == 3 || samples == 4))) {
    return fmt::format("photometric interpretation {} with {} samples per pixel", photometric,
                       samples);
  }
  uint16_t extra_count = 0;
  uint16_t* extra = nullptr;
  if (samples == 4 && TIFFGetField(tiff, TIFFTAG_EXTRASAMPLES, &extra_count, &extra) &&
      extra_count == 1 && extra[0] == EXTRASAMPLE_ASSOCALPHA) {
    return "premultiplied alpha";
  }
  return {};
}

// RGB of each value of a single-sample image.
ColorTable ValueColors(TIFF* tiff, const TiffSource& source, std::string_view name) {
  ColorTable colors = GreyRamp();
  const uint16_t photometric = Tag(tiff, TIFFTAG_PHOTOMETRIC);
  if (photometric == PHOTOMETRIC_PALETTE) {
    uint16_t* map[3] = {};
    if (!TIFFGetField(tiff, TIFFTAG_COLORMAP, &map[0], &map[1], &map[2])) {
      ThrowInput("{}: corrupt TIFF: no colour map {}", name, source.message);
    }
    for (int value = 0; value < 256; ++value) {
      for (int c = 0; c < 3; ++c) colors[value][c] = static_cast<uint8_t>(map[c][value] / 256);
    }
  } else if (photometric == PHOTOMETRIC_MINISWHITE) {
    std::reverse(colors.begin(), colors.end());
  }
  return colors;
}

}  // namespace

void DecodeTiff(std::span<const uint8_t> file_bytes, std::string_view name, RgbImage* image) {
  TiffSource source;
  source.bytes = file_bytes.data();
  source.size = file_bytes.size();
  const TiffFile file = Open(&source);
  if (file == nullptr) ThrowInput("{}: corrupt TIFF: {}", name, source.message);
  TIFF* const tiff = file.get();
  uint32_t width = 0;
  uint32_t height = 0;
  TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &width);
  TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &height);
  RequireSaneSize(width, height, name);
  const std::string reason = UnsupportedReason(tiff);
  if (!reason.empty()) {
    ThrowInput("{}: TIFF with {} is not supported, convert it to PNG", name, reason);
  }
  const int samples = Tag(tiff, TIFFTAG_SAMPLESPERPIXEL);
  // LZW, the best of the accepted codings, spends at least 9 bits on 4093 bytes.
  RequireEnoughBytes(file_bytes.size(), uint64_t{width} * height * samples, 4093, name);
  const int64_t row_bytes = TIFFScanlineSize64(tiff);
  if (row_bytes != int64_t{width} * samples) {
    ThrowInput("{}: corrupt TIFF: {} bytes per row, expected {}", name, row_bytes,
               int64_t{width} * samples);
  }

  ColorTable colors{};
  if (samples == 1) colors = ValueColors(tiff, source, name);
  AllocateImage(static_cast<int>(width), static_cast<int>(height), image);
  std::vector<uint8_t> row(static_cast<size_t>(row_bytes));
  for (int y = 0; y < image->height; ++y) {
    if (TIFFReadScanline(tiff, row.data(), static_cast<uint32_t>(y), 0) != 1 ||
        source.message[0] != 0) {
      ThrowInput("{}: corrupt TIFF: {}", name,
                 source.message[0] != 0 ? source.message : "unreadable row");
    }
    uint8_t* rgb = image->Row(y);
    for (int x = 0; x < image->width; ++x) {
      const uint8_t* from =
          samples == 1 ? colors[row[x]].data() : row.data() + size_t{1} * x * samples;
      std::copy_n(from, 3, rgb + 3 * x);
    }
  }
}

}  // namespace reidbench
