#include "reidbench/detection/frame_input.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "reidbench/imaging/resize_linear.h"

namespace reidbench {

BoxLtwh FramePlacement::ToPicture(const CornerBox& box) const {
  const double x = (box.left - left) / scale_x, y = (box.top - top) / scale_y;
  return {x, y, (box.right - left) / scale_x - x, (box.bottom - top) / scale_y - y};
}

FramePlacement PlaceFrame(int picture_width, int picture_height, const DetectorInput& input) {
  FramePlacement place;
  if (input.fit == FrameFit::kStretch) {
    place.width = input.width;
    place.height = input.height;
    place.scale_x = static_cast<double>(input.width) / picture_width;
    place.scale_y = static_cast<double>(input.height) / picture_height;
    return place;
  }
  const double ratio = std::min(static_cast<double>(input.width) / picture_width,
                                static_cast<double>(input.height) / picture_height);
  const auto side = [&](int of_picture, int most) {
    const double exact = of_picture * ratio;
    const double whole =
        input.round == SizeRounding::kFloor ? std::floor(exact) : std::nearbyint(exact);
    return std::clamp(static_cast<int>(whole), 1, most);
  };
  place.scale_x = place.scale_y = ratio;
  place.width = side(picture_width, input.width);
  place.height = side(picture_height, input.height);
  if (input.align == Alignment::kCentre) {
    place.left = (input.width - place.width) / 2;
    place.top = (input.height - place.height) / 2;
  }
  return place;
}

void FillInput(const RgbImage& picture, const FramePlacement& placement, const DetectorInput& input,
               RgbImage* scratch, float* chw) {
  ResizeLikeOpenCv(picture, placement.width, placement.height, scratch);
  const auto plane = static_cast<size_t>(input.width) * static_cast<size_t>(input.height);
  for (size_t c = 0; c < 3; ++c) {
    const size_t from = input.color == ColorOrder::kRgb ? c : 2 - c;
    // Of every value that a pixel can have, in double precision once.
    std::array<float, 256> value;
    for (size_t v = 0; v < value.size(); ++v)
      value[v] =
          static_cast<float>((static_cast<double>(v) * input.scale - input.mean[c]) / input.std[c]);
    float* const to = chw + c * plane;
    const bool covers = placement.width == input.width && placement.height == input.height;
    if (!covers) std::fill(to, to + plane, value[static_cast<size_t>(input.pad)]);
    for (int y = 0; y < placement.height; ++y) {
      const uint8_t* const row = scratch->Row(y) + from;
      float* const out = to +
                         static_cast<size_t>(y + placement.top) * static_cast<size_t>(input.width) +
                         static_cast<size_t>(placement.left);
      for (int x = 0; x < placement.width; ++x) out[x] = value[row[3 * x]];
    }
  }
}

}  // namespace reidbench
