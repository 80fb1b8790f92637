#include "reidbench/imaging/crop.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "reidbench/core/error.h"

namespace reidbench {
namespace {

// Clips before converting, since a large double does not fit an int.
int TruncateAndClip(double value, int limit) {
  return static_cast<int>(std::clamp(std::trunc(value), 0.0, static_cast<double>(limit)));
}

}  // namespace

std::optional<PixelRect> CropRect(const BoxLtwh& box_px, int width, int height) {
  const double right = box_px.left + box_px.width;
  const double bottom = box_px.top + box_px.height;
  if (!std::isfinite(box_px.left) || !std::isfinite(box_px.top) || !std::isfinite(right) ||
      !std::isfinite(bottom)) {
    return std::nullopt;
  }
  const PixelRect rect{TruncateAndClip(box_px.left, width), TruncateAndClip(box_px.top, height),
                       TruncateAndClip(right, width), TruncateAndClip(bottom, height)};
  if (rect.left >= rect.right || rect.top >= rect.bottom) return std::nullopt;
  return rect;
}

bool CropImage(const RgbImage& image, const BoxLtwh& box_px, RgbImage* crop) {
  REIDBENCH_CHECK(&image != crop);
  const std::optional<PixelRect> rect = CropRect(box_px, image.width, image.height);
  crop->width = rect ? rect->right - rect->left : 0;
  crop->height = rect ? rect->bottom - rect->top : 0;
  crop->pixels.resize(size_t{3} * crop->width * crop->height);
  for (int y = 0; y < crop->height; ++y) {
    std::copy_n(image.Row(rect->top + y) + size_t{3} * rect->left, size_t{3} * crop->width,
                crop->Row(y));
  }
  return rect.has_value();
}

}  // namespace reidbench
