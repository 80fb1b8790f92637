// From a picture to a detector's input, and from its boxes back to the picture.
#pragma once

#include "reidbench/core/box.h"
#include "reidbench/detection/description.h"
#include "reidbench/imaging/image.h"

namespace reidbench {

// Where the picture is in the input. Input = picture * scale + offset.
struct FramePlacement {
  int width = 0, height = 0;  // px that the picture takes
  int left = 0, top = 0;      // px of padding before it
  double scale_x = 1, scale_y = 1;

  // Of a box in the input's pixels, in those of the picture.
  BoxLtwh ToPicture(const CornerBox& box) const;
};

// Letterbox: r = min(input / picture), sides r times the picture's, rounded as the description
// says; in the centre the odd pixel is below and to the right. Boxes go back by r itself, as in
// YOLOX and ultralytics, not by the rounded sides. Stretch: by each side.
FramePlacement PlaceFrame(int picture_width, int picture_height, const DetectorInput& input);

// Writes float32 [3 x height x width]. `scratch` keeps its memory between calls.
void FillInput(const RgbImage& picture, const FramePlacement& placement, const DetectorInput& input,
               RgbImage* scratch, float* chw);

}  // namespace reidbench
