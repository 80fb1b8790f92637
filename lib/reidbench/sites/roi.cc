#include "reidbench/sites/roi.h"

#include <algorithm>
#include <cmath>

#include "reidbench/imaging/decode.h"

namespace reidbench {

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
  const RgbImage image = DecodeImageFile(path, ExifOrientation::kIgnore);
  RoiMask mask{image.width, image.height, {}, false};
  mask.grey.resize(static_cast<size_t>(image.width) * image.height);
  for (size_t k = 0; k < mask.grey.size(); ++k) {
    const uint32_t red = image.pixels[3 * k], green = image.pixels[3 * k + 1],
                   blue = image.pixels[3 * k + 2];
    mask.colour = mask.colour || red != green || green != blue;
    // ITU-R 601-2 in 16-bit fixed point: a grey pixel keeps its value.
    mask.grey[k] =
        static_cast<uint8_t>((red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16);
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
