#include <webp/decode.h>

#include "reidbench/core/error.h"
#include "reidbench/imaging/decode_formats.h"

namespace reidbench {
namespace {

// A flat WebP costs almost nothing however large it is, so that no size is impossible. Above this
// many pixels, one with more than kMaxPixelsPerByte is taken for an attack on memory; photographs
// have about 10 per byte.
constexpr uint64_t kTrustedPixels = 16'777'216;
constexpr uint64_t kMaxPixelsPerByte = 4096;

std::string_view StatusText(VP8StatusCode status) {
  switch (status) {
    case VP8_STATUS_NOT_ENOUGH_DATA:
    case VP8_STATUS_SUSPENDED:
      return "premature end of file";
    case VP8_STATUS_OUT_OF_MEMORY:
      return "out of memory";
    case VP8_STATUS_UNSUPPORTED_FEATURE:
      return "unsupported feature";
    default:
      return "damaged bitstream";
  }
}

}  // namespace

void DecodeWebp(std::span<const uint8_t> file_bytes, std::string_view name, RgbImage* image) {
  WebPDecoderConfig config;
  if (!WebPInitDecoderConfig(&config)) {
    throw Error(ErrorKind::kInternal,
                "libwebp found at run time does not fit the one compiled with");
  }
  VP8StatusCode status = WebPGetFeatures(file_bytes.data(), file_bytes.size(), &config.input);
  if (status == VP8_STATUS_OK) {
    if (config.input.has_animation) {
      ThrowInput("{}: animated WebP is not supported, extract a frame as PNG", name);
    }
    const auto width = static_cast<uint64_t>(config.input.width);
    const auto height = static_cast<uint64_t>(config.input.height);
    RequireSaneSize(width, height, name);
    if (width * height > kTrustedPixels && width * height / kMaxPixelsPerByte > file_bytes.size()) {
      ThrowInput("{}: {} x {} px in {} bytes: not a photograph, refused", name, width, height,
                 file_bytes.size());
    }
    AllocateImage(config.input.width, config.input.height, image);
    config.output.colorspace = MODE_RGB;
    config.output.is_external_memory = 1;
    config.output.u.RGBA.rgba = image->pixels.data();
    config.output.u.RGBA.stride = 3 * image->width;
    config.output.u.RGBA.size = image->pixels.size();
    status = WebPDecode(file_bytes.data(), file_bytes.size(), &config);
    WebPFreeDecBuffer(&config.output);
  }
  if (status != VP8_STATUS_OK) ThrowInput("{}: corrupt WebP: {}", name, StatusText(status));
}

}  // namespace reidbench
