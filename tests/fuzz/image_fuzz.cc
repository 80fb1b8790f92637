// Every image decoder on arbitrary bytes: a picture or an Error, nothing else.
#include <cstddef>
#include <cstdint>

#include "reidbench/core/error.h"
#include "reidbench/imaging/decode.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  reidbench::RgbImage image;
  try {
    reidbench::DecodeImage({data, size}, "fuzz", reidbench::ExifOrientation::kApply, &image);
  } catch (const reidbench::Error&) {
    return 0;
  }
  REIDBENCH_CHECK(image.width > 0 && image.height > 0);
  REIDBENCH_CHECK(image.pixels.size() == size_t{3} * image.width * image.height);
  return 0;
}
