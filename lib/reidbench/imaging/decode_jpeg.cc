#include <cctype>
#include <csetjmp>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

// jpeglib.h needs the types of stddef.h and stdio.h before it.
#include <jpeglib.h>
// Message numbers, to tell lost picture data from harmless oddities.
#include <jerror.h>

#include "reidbench/core/error.h"
#include "reidbench/imaging/decode_formats.h"

namespace reidbench {
namespace {

// A progressive file may repeat tiny scans over a large picture for ever; real ones have about ten.
constexpr int kMaxScans = 500;

struct JpegDecoder {
  jpeg_decompress_struct info{};
  jpeg_error_mgr error{};
  jpeg_progress_mgr progress{};
  std::jmp_buf escape{};
  char message[JMSG_LENGTH_MAX]{};

  JpegDecoder() = default;
  ~JpegDecoder() { jpeg_destroy_decompress(&info); }  // a no-op before jpeg_create_decompress
  JpegDecoder(const JpegDecoder&) = delete;
  JpegDecoder& operator=(const JpegDecoder&) = delete;
};

JpegDecoder& DecoderOf(j_common_ptr info) { return *static_cast<JpegDecoder*>(info->client_data); }

[[noreturn]] void Escape(j_common_ptr info) {
  JpegDecoder& decoder = DecoderOf(info);
  info->err->format_message(info, decoder.message);
  std::longjmp(decoder.escape, 1);
}

// A warning (level < 0) by which picture data is lost or guessed is an error. Oddities that leave
// the picture whole, and that Pillow ignores as well, pass.
void OnMessage(j_common_ptr info, int level) {
  if (level >= 0) return;
  switch (info->err->msg_code) {
    case JWRN_EXTRANEOUS_DATA:
    case JWRN_ADOBE_XFORM:
    case JWRN_JFIF_MAJOR:
    case JWRN_BOGUS_ICC:
      return;
    default:
      Escape(info);
  }
}

void OnProgress(j_common_ptr info) {
  JpegDecoder& decoder = DecoderOf(info);
  if (decoder.info.input_scan_number <= kMaxScans) return;
  std::snprintf(decoder.message, sizeof decoder.message, "more than %d scans", kMaxScans);
  std::longjmp(decoder.escape, 1);
}

// The functions that call setjmp hold no object with a destructor and change no local variable
// after it.

bool ReadJpegHeader(JpegDecoder& decoder, const uint8_t* bytes, size_t size) {
  decoder.info.err = jpeg_std_error(&decoder.error);
  decoder.error.error_exit = Escape;
  decoder.error.emit_message = OnMessage;
  decoder.error.output_message = [](j_common_ptr) {};
  decoder.progress.progress_monitor = OnProgress;
  decoder.info.client_data = &decoder;
  if (setjmp(decoder.escape) != 0) return false;
  jpeg_create_decompress(&decoder.info);  // keeps err and client_data
  decoder.info.progress = &decoder.progress;
  jpeg_mem_src(&decoder.info, bytes, size);
  jpeg_read_header(&decoder.info, TRUE);
  return true;
}

// Pillow's CMYK to RGB on the samples as libjpeg gives them; Pillow takes every CMYK JPEG to be
// inverted, as Adobe's are.
void ConvertCmykRow(const uint8_t* cmyk, int width, uint8_t* rgb) {
  for (int x = 0; x < width; ++x) {
    const int white = cmyk[4 * x + 3];
    for (int c = 0; c < 3; ++c) {
      const int t = (255 - cmyk[4 * x + c]) * white + 128;
      const int ink = ((t >> 8) + t) >> 8;  // product / 255, rounded
      rgb[3 * x + c] = static_cast<uint8_t>(white > ink ? white - ink : 0);
    }
  }
}

// `cmyk_row` holds one row of four components, or is null for a grey or colour image.
bool ReadPixels(JpegDecoder& decoder, RgbImage* image, uint8_t* cmyk_row) {
  if (setjmp(decoder.escape) != 0) return false;
  decoder.info.out_color_space = cmyk_row != nullptr ? JCS_CMYK : JCS_RGB;
  jpeg_start_decompress(&decoder.info);
  while (decoder.info.output_scanline < decoder.info.output_height) {
    uint8_t* const rgb_row = image->Row(static_cast<int>(decoder.info.output_scanline));
    JSAMPROW row = cmyk_row != nullptr ? cmyk_row : rgb_row;
    jpeg_read_scanlines(&decoder.info, &row, 1);
    if (cmyk_row != nullptr) ConvertCmykRow(cmyk_row, image->width, rgb_row);
  }
  jpeg_finish_decompress(&decoder.info);
  return true;
}

[[noreturn]] void ThrowCorruptJpeg(const JpegDecoder& decoder, std::string_view name) {
  // Not "corrupt JPEG: Corrupt JPEG data: premature end of data segment"; and in lower case but for
  // abbreviations.
  std::string reason = decoder.message;
  constexpr std::string_view kPrefix = "Corrupt JPEG data: ";
  if (reason.starts_with(kPrefix)) reason.erase(0, kPrefix.size());
  if (reason.size() > 1 && std::islower(static_cast<unsigned char>(reason[1]))) {
    reason[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(reason[0])));
  }
  ThrowInput("{}: corrupt JPEG: {}", name, reason);
}

}  // namespace

void DecodeJpeg(std::span<const uint8_t> file_bytes, std::string_view name, RgbImage* image) {
  JpegDecoder decoder;
  if (!ReadJpegHeader(decoder, file_bytes.data(), file_bytes.size()))
    ThrowCorruptJpeg(decoder, name);
  const jpeg_decompress_struct& info = decoder.info;
  if (info.num_components != 1 && info.num_components != 3 && info.num_components != 4) {
    ThrowInput("{}: JPEG with {} components, expected 1, 3 or 4", name, info.num_components);
  }
  if (info.arith_code) {
    ThrowInput("{}: arithmetic-coded JPEG is not supported, convert it to PNG", name);
  }
  RequireSaneSize(info.image_width, info.image_height, name);
  // Huffman coding spends at least one bit on each block of 8 x 8 pixels of the component with the
  // highest resolution.
  const uint64_t blocks =
      uint64_t{(info.image_width + 7) / 8} * uint64_t{(info.image_height + 7) / 8};
  RequireEnoughBytes(file_bytes.size(), blocks, 8, name);

  AllocateImage(static_cast<int>(info.image_width), static_cast<int>(info.image_height), image);
  std::vector<uint8_t> cmyk_row(info.num_components == 4 ? size_t{4} * info.image_width : 0);
  if (!ReadPixels(decoder, image, cmyk_row.empty() ? nullptr : cmyk_row.data())) {
    ThrowCorruptJpeg(decoder, name);
  }
}

}  // namespace reidbench
