#include "reidbench/imaging/encode.h"

#include <png.h>

#include <csetjmp>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <span>
#include <utility>

// jpeglib.h needs the types of stddef.h and stdio.h before it.
#include <jpeglib.h>

#include "reidbench/core/error.h"

namespace reidbench {
namespace {

constexpr int kMaxPngSide =
    1'000'000;  // libpng's default limit, so that what is written can be read

void RequireEncodable(const RgbImage& image, int max_side, const char* format) {
  REIDBENCH_CHECK(image.pixels.size() == size_t{3} * image.width * image.height);
  if (image.width < 1 || image.height < 1 || image.width > max_side || image.height > max_side) {
    ThrowUsage("cannot write an image of {} x {} px as {}: each side must be 1..{} px", image.width,
               image.height, format, max_side);
  }
}

struct JpegEncoder {
  jpeg_compress_struct info{};
  jpeg_error_mgr error{};
  std::jmp_buf escape{};
  char message[JMSG_LENGTH_MAX]{};
  unsigned char* bytes = nullptr;  // grown by libjpeg with malloc
  unsigned long size = 0;          // NOLINT(google-runtime-int): libjpeg's type

  JpegEncoder() = default;
  ~JpegEncoder() {
    jpeg_destroy_compress(&info);
    std::free(bytes);
  }
  JpegEncoder(const JpegEncoder&) = delete;
  JpegEncoder& operator=(const JpegEncoder&) = delete;
};

// The functions that call setjmp hold no object with a destructor and change no local variable
// after it.

bool WriteJpeg(JpegEncoder& encoder, const RgbImage& image, int quality, ChromaSampling chroma) {
  jpeg_compress_struct& info = encoder.info;
  info.err = jpeg_std_error(&encoder.error);
  encoder.error.error_exit = [](j_common_ptr common) {
    auto* failed = static_cast<JpegEncoder*>(common->client_data);
    common->err->format_message(common, failed->message);
    std::longjmp(failed->escape, 1);
  };
  encoder.error.output_message = [](j_common_ptr) {};
  info.client_data = &encoder;
  if (setjmp(encoder.escape) != 0) return false;
  jpeg_create_compress(&info);  // keeps err and client_data
  jpeg_mem_dest(&info, &encoder.bytes, &encoder.size);
  info.image_width = static_cast<JDIMENSION>(image.width);
  info.image_height = static_cast<JDIMENSION>(image.height);
  info.input_components = 3;
  info.in_color_space = JCS_RGB;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, quality, TRUE);
  info.dct_method = JDCT_ISLOW;  // integers: the same bytes on every processor
  if (chroma == ChromaSampling::k444) {
    info.comp_info[0].h_samp_factor = 1;
    info.comp_info[0].v_samp_factor = 1;
  }
  jpeg_start_compress(&info, TRUE);
  while (info.next_scanline < info.image_height) {
    JSAMPROW row = const_cast<JSAMPROW>(image.Row(static_cast<int>(info.next_scanline)));
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  return true;
}

struct PngEncoder {
  png_structp png = nullptr;
  png_infop info = nullptr;
  std::vector<uint8_t> bytes;
  char message[256]{};

  PngEncoder() = default;
  ~PngEncoder() { png_destroy_write_struct(&png, &info); }
  PngEncoder(const PngEncoder&) = delete;
  PngEncoder& operator=(const PngEncoder&) = delete;

  // False when memory is short: no exception may pass through libpng.
  bool Append(std::span<const uint8_t> more) noexcept {
    try {
      bytes.insert(bytes.end(), more.begin(), more.end());
      return true;
    } catch (const std::bad_alloc&) {
      return false;
    }
  }
};

bool WritePng(PngEncoder& encoder, const RgbImage& image, int compression) {
  encoder.png = png_create_write_struct(
      PNG_LIBPNG_VER_STRING, &encoder,
      [](png_structp png, png_const_charp text) {
        auto* failed = static_cast<PngEncoder*>(png_get_error_ptr(png));
        std::snprintf(failed->message, sizeof failed->message, "%s", text);
        png_longjmp(png, 1);
      },
      [](png_structp, png_const_charp) {});
  if (encoder.png == nullptr) return false;
  encoder.info = png_create_info_struct(encoder.png);
  if (encoder.info == nullptr) return false;
  if (setjmp(png_jmpbuf(encoder.png)) != 0) return false;
  png_set_write_fn(
      encoder.png, &encoder,
      [](png_structp png, png_bytep data, size_t size) {
        auto* target = static_cast<PngEncoder*>(png_get_io_ptr(png));
        if (!target->Append({data, size})) png_error(png, "out of memory");
      },
      nullptr);
  png_set_compression_level(encoder.png, compression);
  png_set_IHDR(encoder.png, encoder.info, static_cast<png_uint_32>(image.width),
               static_cast<png_uint_32>(image.height), 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_write_info(encoder.png, encoder.info);
  for (int y = 0; y < image.height; ++y) png_write_row(encoder.png, image.Row(y));
  png_write_end(encoder.png, nullptr);
  return true;
}

}  // namespace

std::vector<uint8_t> EncodeJpeg(const RgbImage& image, int quality, ChromaSampling chroma) {
  RequireEncodable(image, JPEG_MAX_DIMENSION, "JPEG");
  if (quality < 1 || quality > 100) ThrowUsage("JPEG quality must be 1..100, is {}", quality);
  JpegEncoder encoder;
  if (!WriteJpeg(encoder, image, quality, chroma)) {
    throw Error(ErrorKind::kInternal, fmt::format("writing a JPEG failed: {}", encoder.message));
  }
  return {encoder.bytes, encoder.bytes + encoder.size};
}

std::vector<uint8_t> EncodePng(const RgbImage& image, int compression) {
  RequireEncodable(image, kMaxPngSide, "PNG");
  if (compression < 0 || compression > 9)
    ThrowUsage("PNG compression must be 0..9, is {}", compression);
  PngEncoder encoder;
  if (!WritePng(encoder, image, compression)) {
    throw Error(ErrorKind::kInternal, fmt::format("writing a PNG failed: {}", encoder.message));
  }
  return std::move(encoder.bytes);
}

}  // namespace reidbench
