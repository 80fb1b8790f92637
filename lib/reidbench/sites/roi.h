// Which part of a camera's picture counts: a mask image or a polygon.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

namespace reidbench {

struct ImagePoint {
  double x = 0;  // px
  double y = 0;

  friend bool operator==(const ImagePoint&, const ImagePoint&) = default;
};

// Grey values, rows top to bottom; 255 counts, everything less does not.
struct RoiMask {
  int width = 0;
  int height = 0;
  std::vector<uint8_t> grey;  // [height x width]
  bool colour = false;        // the file has colour channels, which became grey

  // False for points outside the picture as well: those are not told.
  bool Excludes(double x, double y) const;
  bool ExcludesEverything() const;
};

// Any picture that imaging decodes; colours become grey by their luminance (Pillow's "L"). Throws
// what DecodeImage and ReadFileBytes throw.
RoiMask ReadRoiMask(const std::filesystem::path& path);

// Whether the point lies inside the polygon or on its edge. The polygon needs no closing point.
bool InPolygon(std::span<const ImagePoint> polygon, const ImagePoint& point);

}  // namespace reidbench
