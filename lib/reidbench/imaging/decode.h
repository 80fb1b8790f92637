// Image files to RGB, byte for byte what Pillow 9.4 gives for Image.open(path).convert('RGB'):
// JPEG, PNG, BMP, TIFF, WebP, told apart by content. What would differ from Pillow is refused, not
// approximated; the varieties are listed in decode_formats.h.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>

#include "reidbench/imaging/image.h"

namespace reidbench {

enum class ExifOrientation {
  kIgnore,  // torchreid
  kApply,   // fast-reid: rotates and flips by the EXIF orientation tag
};

// Pillow's limit for "decompression bombs": larger images are refused before memory is taken for
// them.
inline constexpr uint64_t kMaxImagePixels = 178'956'970;

// Decodes a whole file's bytes into `image`, reusing its storage; after an error its contents are
// unspecified. `name` appears in messages. Throws Error(kInput): "NAME: corrupt JPEG: premature end
// ...", "NAME: not an image (first bytes ..)". A truncated file is an error, never a half-grey
// picture. Thread-safe, and prints nothing.
void DecodeImage(std::span<const uint8_t> file_bytes, std::string_view name,
                 ExifOrientation orientation, RgbImage* image);

// The same from a path. Throws Error(kIo) when the file cannot be read.
RgbImage DecodeImageFile(const std::filesystem::path& path, ExifOrientation orientation);

}  // namespace reidbench
