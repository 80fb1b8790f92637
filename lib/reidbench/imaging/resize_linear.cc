#include "reidbench/imaging/resize_linear.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

#include "reidbench/core/error.h"

namespace reidbench {
namespace {

constexpr int kOne = 1 << 11;  // weights are whole numbers of this

// The two inputs of an output along one axis.
struct LinearTap {
  int first = 0, second = 0;
  int first_weight = kOne, second_weight = 0;
};

std::vector<LinearTap> LinearTaps(int in, int out, bool clamped_weights) {
  std::vector<LinearTap> taps(static_cast<size_t>(out));
  const double scale = 1.0 / (static_cast<double>(out) / in);
  for (int i = 0; i < out; ++i) {
    auto at = static_cast<float>((i + 0.5) * scale - 0.5);
    int first = static_cast<int>(std::floor(at));
    at -= static_cast<float>(first);
    // Horizontally the border's pixel counts whole; vertically it counts twice, with both weights.
    if (clamped_weights && (first < 0 || first >= in - 1)) {
      at = 0;
      first = std::clamp(first, 0, in - 1);
    }
    LinearTap& tap = taps[static_cast<size_t>(i)];
    tap.first = std::clamp(first, 0, in - 1);
    tap.second = std::clamp(first + 1, 0, in - 1);
    tap.first_weight = static_cast<int>(std::lrint((1.F - at) * kOne));
    tap.second_weight = static_cast<int>(std::lrint(at * kOne));
  }
  return taps;
}

void Halve(const RgbImage& in, RgbImage* out) {
  for (int y = 0; y < out->height; ++y) {
    const uint8_t* const above = in.Row(2 * y);
    const uint8_t* const below = in.Row(2 * y + 1);
    uint8_t* const to = out->Row(y);
    for (int x = 0; x < out->width; ++x) {
      for (int c = 0; c < 3; ++c) {
        const int at = 6 * x + c;
        to[3 * x + c] =
            static_cast<uint8_t>((above[at] + above[at + 3] + below[at] + below[at + 3] + 2) >> 2);
      }
    }
  }
}

}  // namespace

void ResizeLikeOpenCv(const RgbImage& in, int width, int height, RgbImage* out) {
  REIDBENCH_CHECK(in.width > 0 && in.height > 0 && width > 0 && height > 0);
  out->width = width;
  out->height = height;
  out->pixels.resize(size_t{3} * static_cast<size_t>(width) * static_cast<size_t>(height));
  if (in.width == width && in.height == height) {
    out->pixels = in.pixels;
    return;
  }
  if (in.width == 2 * width && in.height == 2 * height) {
    Halve(in, out);
    return;
  }
  const std::vector<LinearTap> columns = LinearTaps(in.width, width, true);
  const std::vector<LinearTap> rows = LinearTaps(in.height, height, false);
  const size_t length = 3 * static_cast<size_t>(width);
  // Rows of the input, resized horizontally: the last two that were needed.
  std::array<std::vector<int>, 2> memory = {std::vector<int>(length), std::vector<int>(length)};
  std::array<int, 2> held = {-1, -1};
  const auto resized = [&](int row, int other) -> const int* {
    for (size_t k = 0; k < 2; ++k) {
      if (held[k] == row) return memory[k].data();
    }
    const size_t k = held[0] == other ? 1 : 0;
    held[k] = row;
    const uint8_t* const from = in.Row(row);
    int* to = memory[k].data();
    for (const LinearTap& tap : columns) {
      const uint8_t* const first = from + size_t{3} * static_cast<size_t>(tap.first);
      const uint8_t* const second = from + size_t{3} * static_cast<size_t>(tap.second);
      for (int c = 0; c < 3; ++c)
        *to++ = first[c] * tap.first_weight + second[c] * tap.second_weight;
    }
    return memory[k].data();
  };
  for (int y = 0; y < height; ++y) {
    const LinearTap& tap = rows[static_cast<size_t>(y)];
    const int* const first = resized(tap.first, tap.second);
    const int* const second = resized(tap.second, tap.first);
    uint8_t* const to = out->Row(y);
    for (size_t i = 0; i < length; ++i) {
      const int sum = ((tap.first_weight * (first[i] >> 4)) >> 16) +
                      ((tap.second_weight * (second[i] >> 4)) >> 16);
      to[i] = static_cast<uint8_t>((sum + 2) >> 2);
    }
  }
}

}  // namespace reidbench
