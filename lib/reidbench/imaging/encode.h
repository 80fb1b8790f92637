// RGB pictures to JPEG and PNG files in memory. The same picture and options give the same bytes in
// every run and on every number of threads with the same libjpeg-turbo, libpng and zlib; PNG keeps
// the pixels exactly on any version.
#pragma once

#include <cstdint>
#include <vector>

#include "reidbench/imaging/image.h"

namespace reidbench {

enum class ChromaSampling {
  k420,  // colour at half the resolution of brightness in both directions: Pillow's and most
         // cameras' default
  k444,  // full resolution
};

// A baseline JFIF file. `quality` is 1..100 on libjpeg's scale (Pillow's default is 75).
// Throws Error(kUsage) for another quality and for an image that is empty or above 65,500 px a side
// (JPEG's limit).
std::vector<uint8_t> EncodeJpeg(const RgbImage& image, int quality,
                                ChromaSampling chroma = ChromaSampling::k420);

// An 8-bit RGB PNG without ancillary chunks. `compression` is zlib's level 0..9; the pixels do not
// depend on it. Throws Error(kUsage) for another level and for an image that is empty or above
// 1,000,000 px a side.
std::vector<uint8_t> EncodePng(const RgbImage& image, int compression = 6);

}  // namespace reidbench
