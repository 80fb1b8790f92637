// Decoded pictures and the network input made from them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace reidbench {

// 8-bit RGB, rows top to bottom, pixels interleaved (R, G, B), no padding: pixels.size() == 3 *
// width * height.
struct RgbImage {
  int width = 0;
  int height = 0;
  std::vector<uint8_t> pixels;

  const uint8_t* Row(int y) const { return pixels.data() + static_cast<size_t>(y) * width * 3; }
  uint8_t* Row(int y) { return pixels.data() + static_cast<size_t>(y) * width * 3; }
};

// A batch ready for a network, borrowed: float32 [count x 3 x height x width], contiguous.
struct ImageBatch {
  const float* nchw = nullptr;
  int count = 0;
  int height = 0;
  int width = 0;
  // [count], of networks that take it beside the image: the camera that took it, counted as in
  // training. Null: not given.
  const float* cameras = nullptr;
};

}  // namespace reidbench
