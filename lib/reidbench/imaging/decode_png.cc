#include <png.h>

#include <algorithm>
#include <csetjmp>
#include <cstdio>
#include <cstring>
#include <vector>

#include "reidbench/core/error.h"
#include "reidbench/imaging/decode_formats.h"

namespace reidbench {
namespace {

struct PngDecoder {
  png_structp png = nullptr;
  png_infop info = nullptr;
  const uint8_t* bytes = nullptr;
  size_t remaining = 0;
  char message[256]{};

  PngDecoder() = default;
  ~PngDecoder() { png_destroy_read_struct(&png, &info, nullptr); }
  PngDecoder(const PngDecoder&) = delete;
  PngDecoder& operator=(const PngDecoder&) = delete;
};

[[noreturn]] void OnPngError(png_structp png, png_const_charp text) {
  auto* decoder = static_cast<PngDecoder*>(png_get_error_ptr(png));
  std::snprintf(decoder->message, sizeof decoder->message, "%s", text);
  png_longjmp(png, 1);
}

// libpng's warnings are about ancillary chunks or surplus data; the picture is whole.
void OnPngWarning(png_structp, png_const_charp) {}

void OnPngRead(png_structp png, png_bytep out, size_t size) {
  auto* decoder = static_cast<PngDecoder*>(png_get_io_ptr(png));
  if (size > decoder->remaining) png_error(png, "file ends early");
  std::memcpy(out, decoder->bytes, size);
  decoder->bytes += size;
  decoder->remaining -= size;
}

// The functions that call setjmp hold no object with a destructor and change no local variable
// after it.

bool ReadPngHeader(PngDecoder& decoder) {
  decoder.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &decoder, OnPngError, OnPngWarning);
  if (decoder.png == nullptr) return false;
  decoder.info = png_create_info_struct(decoder.png);
  if (decoder.info == nullptr) return false;
  if (setjmp(png_jmpbuf(decoder.png)) != 0) return false;
  png_set_read_fn(decoder.png, &decoder, OnPngRead);
  png_set_crc_action(decoder.png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
  // Skip colour profiles, texts and the like: they do not touch the samples, and may unpack to any
  // size.
  png_set_keep_unknown_chunks(decoder.png, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);
  png_set_check_for_invalid_index(decoder.png, 0);
  png_read_info(decoder.png, decoder.info);
  png_set_packing(decoder.png);  // 1, 2 and 4 bits: one sample a byte, not scaled
  png_set_interlace_handling(decoder.png);
  png_read_update_info(decoder.png, decoder.info);
  return true;
}

// One call a row, in order; an interlaced file takes `rows` as a whole.
bool ReadRow(PngDecoder& decoder, uint8_t* row) {
  if (setjmp(png_jmpbuf(decoder.png)) != 0) return false;
  png_read_row(decoder.png, row, nullptr);
  return true;
}

bool ReadInterlaced(PngDecoder& decoder, uint8_t** rows) {
  if (setjmp(png_jmpbuf(decoder.png)) != 0) return false;
  png_read_image(decoder.png, rows);
  return true;
}

bool ReadEnd(PngDecoder& decoder) {
  if (setjmp(png_jmpbuf(decoder.png)) != 0) return false;
  png_read_end(decoder.png, nullptr);
  return true;
}

// How one row of samples becomes RGB.
struct RowFormat {
  int color_type = 0;
  int bit_depth = 0;  // of the file
  int sample_bytes = 1;
  int channels = 0;
  ColorTable palette = GreyRamp();

  void ToRgb(const uint8_t* raw, int width, uint8_t* rgb) const {
    const int step = channels * sample_bytes;
    if (color_type == PNG_COLOR_TYPE_PALETTE) {
      for (int x = 0; x < width; ++x) std::copy_n(palette[raw[x]].data(), 3, rgb + 3 * x);
    } else if (color_type & PNG_COLOR_MASK_COLOR) {
      for (int x = 0; x < width; ++x) {
        // Samples are big-endian: the first byte is the high one.
        for (int c = 0; c < 3; ++c) rgb[3 * x + c] = raw[x * step + c * sample_bytes];
      }
    } else {
      const int scale = bit_depth < 8 ? 255 / ((1 << bit_depth) - 1) : 1;
      // Pillow reads 16-bit grey as integers and clips them, but of grey with alpha it takes the
      // high byte.
      const bool clip = color_type == PNG_COLOR_TYPE_GRAY && bit_depth == 16;
      for (int x = 0; x < width; ++x) {
        const uint8_t* sample = raw + x * step;
        const int grey = clip && sample[0] != 0 ? 255 : sample[clip ? 1 : 0] * scale;
        std::fill_n(rgb + 3 * x, 3, static_cast<uint8_t>(grey));
      }
    }
  }
};

[[noreturn]] void ThrowCorruptPng(const PngDecoder& decoder, std::string_view name) {
  ThrowInput("{}: corrupt PNG: {}", name,
             decoder.message[0] != 0 ? decoder.message : "out of memory");
}

}  // namespace

void DecodePng(std::span<const uint8_t> file_bytes, std::string_view name, RgbImage* image) {
  PngDecoder decoder;
  decoder.bytes = file_bytes.data();
  decoder.remaining = file_bytes.size();
  if (!ReadPngHeader(decoder)) ThrowCorruptPng(decoder, name);
  const uint32_t width = png_get_image_width(decoder.png, decoder.info);
  const uint32_t height = png_get_image_height(decoder.png, decoder.info);
  RequireSaneSize(width, height, name);
  RowFormat format;
  format.color_type = png_get_color_type(decoder.png, decoder.info);
  format.channels = png_get_channels(decoder.png, decoder.info);
  format.sample_bytes = png_get_bit_depth(decoder.png, decoder.info) == 16 ? 2 : 1;
  format.bit_depth =
      file_bytes[24];  // of the file, which png_set_packing hides; ReadPngHeader has checked IHDR
  const size_t row_bytes = png_get_rowbytes(decoder.png, decoder.info);
  // Deflate shrinks at most by 1032.
  const uint64_t file_row_bytes = (uint64_t{width} * format.channels * format.bit_depth + 7) / 8;
  RequireEnoughBytes(file_bytes.size(), file_row_bytes * height, 1032, name);

  png_colorp palette = nullptr;
  int palette_size = 0;
  if (png_get_PLTE(decoder.png, decoder.info, &palette, &palette_size) != 0) {
    for (int i = 0; i < std::min(palette_size, 256); ++i) {
      format.palette[i] = {palette[i].red, palette[i].green, palette[i].blue};
    }
  }

  AllocateImage(static_cast<int>(width), static_cast<int>(height), image);
  const bool as_is = format.color_type == PNG_COLOR_TYPE_RGB && format.sample_bytes == 1;
  if (png_get_interlace_type(decoder.png, decoder.info) == PNG_INTERLACE_NONE) {
    std::vector<uint8_t> raw_row(as_is ? 0 : row_bytes);
    for (int y = 0; y < image->height; ++y) {
      uint8_t* const row = as_is ? image->Row(y) : raw_row.data();
      if (!ReadRow(decoder, row)) ThrowCorruptPng(decoder, name);
      if (!as_is) format.ToRgb(row, image->width, image->Row(y));
    }
  } else {
    std::vector<uint8_t> raw(as_is ? 0 : row_bytes * height);
    std::vector<uint8_t*> rows(height);
    for (uint32_t y = 0; y < height; ++y) {
      rows[y] = as_is ? image->Row(static_cast<int>(y)) : raw.data() + y * row_bytes;
    }
    if (!ReadInterlaced(decoder, rows.data())) ThrowCorruptPng(decoder, name);
    if (!as_is) {
      for (int y = 0; y < image->height; ++y) format.ToRgb(rows[y], image->width, image->Row(y));
    }
  }
  if (!ReadEnd(decoder)) ThrowCorruptPng(decoder, name);
}

}  // namespace reidbench
