// OpenCV's bilinear resize, with which detectors are trained, exported and measured.
#pragma once

#include "reidbench/imaging/image.h"

namespace reidbench {

// What cv::resize(INTER_LINEAR) of OpenCV 4.6 gives for 8-bit pictures, byte for byte: two pixels
// along each axis whatever the scale, weights of 11 bits, and the mean of four where both sides are
// halved. Pillow's, which re-ID networks expect, looks at all pixels instead (ResizeLikePillow).
// `in` and the size are at least 1 x 1; `out` is resized and must not alias `in`.
void ResizeLikeOpenCv(const RgbImage& in, int width, int height, RgbImage* out);

}  // namespace reidbench
