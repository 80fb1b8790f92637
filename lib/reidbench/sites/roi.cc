#include "reidbench/sites/roi.h"

#include <algorithm>
#include <cmath>

#include "reidbench/core/files.h"
#include "reidbench/imaging/decode.h"

namespace reidbench {
namespace {

// Whether a PNG, JPEG or PPM file keeps more than one channel, whatever its pixels look like.
bool HasColourChannels(const std::vector<uint8_t>& file) {
  constexpr uint8_t kPngColour = 2;  // this bit of the colour type
  if (file.size() > 25 && file[0] == 0x89 && file[1] == 'P') return (file[25] & kPngColour) != 0;
  if (file.size() > 2 && file[0] == 'P') return file[1] == '3' || file[1] == '6';
  for (size_t at = 2; at + 9 < file.size() && file[at] == 0xff;) {
    const uint8_t marker = file[at + 1];
    // A start of frame; c4, c8 and cc are other segments with such numbers.
    if (marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc)
      return file[at + 9] > 1;
    at += 2 + (static_cast<size_t>(file[at + 2]) << 8 | file[at + 3]);
  }
  return false;
}

}  // namespace

bool RoiMask::Excludes(double x, double y) const {
  // A fraction belongs to the pixel that it lies in. Comparing before the cast keeps huge numbers
  // from overflowing.
  const double column = std::floor(x), row = std::floor(y);
  if (!(column >= 0 && column < width && row >= 0 && row < height)) return false;
  return grey[static_cast<size_t>(row) * width + static_cast<size_t>(column)] < 255;
}

bool RoiMask::ExcludesEverything() const {
  return std::none_of(grey.begin(), grey.end(), [](uint8_t value) { return value == 255; });
}

RoiMask ReadRoiMask(const std::filesystem::path& path) {
  const std::vector<uint8_t> file = ReadFileBytes(path);
  RgbImage image;
  DecodeImage(file, path.string(), ExifOrientation::kIgnore, &image);
  RoiMask mask{image.width, image.height, {}, HasColourChannels(file)};
  mask.grey.resize(static_cast<size_t>(image.width) * image.height);
  for (size_t k = 0; k < mask.grey.size(); ++k) {
    const uint32_t red = image.pixels[3 * k], green = image.pixels[3 * k + 1],
                   blue = image.pixels[3 * k + 2];
    // ITU-R 601-2 in 16-bit fixed point: a grey pixel keeps its value.
    mask.grey[k] = static_cast<uint8_t>((red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16);
  }
  return mask;
}

bool InPolygon(std::span<const ImagePoint> polygon, const ImagePoint& point) {
  bool inside = false;
  for (size_t i = 0, j = polygon.size() - 1; i < polygon.size(); j = i++) {
    const ImagePoint &a = polygon[j], &b = polygon[i];
    const double cross = (b.x - a.x) * (point.y - a.y) - (b.y - a.y) * (point.x - a.x);
    const bool within = std::min(a.x, b.x) <= point.x && point.x <= std::max(a.x, b.x) &&
                        std::min(a.y, b.y) <= point.y && point.y <= std::max(a.y, b.y);
    if (cross == 0 && within) return true;
    if ((a.y > point.y) != (b.y > point.y)) {
      const double at = a.x + (point.y - a.y) / (b.y - a.y) * (b.x - a.x);
      if (point.x < at) inside = !inside;
    }
  }
  return inside;
}

}  // namespace reidbench
