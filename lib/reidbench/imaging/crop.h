// Crops of detections from video frames, as trackers cut them out for their re-ID network.
#pragma once

#include <optional>

#include "reidbench/core/box.h"
#include "reidbench/imaging/image.h"

namespace reidbench {

// Whole pixels [left, right) x [top, bottom) of an image.
struct PixelRect {
  int left = 0;
  int top = 0;
  int right = 0;
  int bottom = 0;

  friend bool operator==(const PixelRect&, const PixelRect&) = default;
};

// The pixels that `box_px` covers in an image of width x height: left, top, left + width and top +
// height each truncated towards zero as by numpy's astype(int), then clipped to the image. nullopt
// when nothing is left (a box outside the image, thinner than a pixel, or not finite). DeepSORT's
// and StrongSORT's crops clip to width - 1 and height - 1 and so lose the last column and row of
// boxes that touch the border; these do not.
std::optional<PixelRect> CropRect(const BoxLtwh& box_px, int width, int height);

// Copies the pixels of CropRect into `crop`, reusing its storage; `crop` must not alias `image`.
// Returns false, and leaves `crop` empty (0 x 0), when there are none.
[[nodiscard]] bool CropImage(const RgbImage& image, const BoxLtwh& box_px, RgbImage* crop);

}  // namespace reidbench
