#include "reidbench/synth/noise.h"

#include <cmath>
#include <vector>

#include "reidbench/core/random.h"

namespace reidbench {
namespace {

constexpr int kSide = 512;   // samples of the table a side
constexpr int kPerUnit = 8;  // samples per unit
constexpr float kUnits = static_cast<float>(kSide) / kPerUnit;

std::vector<float> MakeTable() {
  std::vector<float> table(static_cast<size_t>(kSide) * kSide, 0.0f);
  Rng rng(20240229);
  float weight = 0.6f;
  for (int cell = kPerUnit; cell >= 2; cell /= 2, weight *= 0.5f) {
    const int cells = kSide / cell;
    std::vector<float> corners(static_cast<size_t>(cells) * cells);
    for (float& corner : corners) corner = static_cast<float>(rng.Uniform());
    const auto at = [&](int x, int y) {
      return corners[static_cast<size_t>(y % cells) * cells + x % cells];
    };
    for (int y = 0; y < kSide; ++y) {
      for (int x = 0; x < kSide; ++x) {
        float fx = static_cast<float>(x % cell) / static_cast<float>(cell);
        float fy = static_cast<float>(y % cell) / static_cast<float>(cell);
        fx = fx * fx * (3 - 2 * fx);
        fy = fy * fy * (3 - 2 * fy);
        const int cx = x / cell;
        const int cy = y / cell;
        const float upper = at(cx, cy) + fx * (at(cx + 1, cy) - at(cx, cy));
        const float lower = at(cx, cy + 1) + fx * (at(cx + 1, cy + 1) - at(cx, cy + 1));
        table[static_cast<size_t>(y) * kSide + x] += weight * (upper + fy * (lower - upper));
      }
    }
  }
  for (float& value : table) value = (value - 0.525f) * 1.1f + 0.5f;
  return table;
}

}  // namespace

float SmoothNoise(float x, float y) {
  static const std::vector<float> table = MakeTable();
  x = (x / kUnits - std::floor(x / kUnits)) * kSide;
  y = (y / kUnits - std::floor(y / kUnits)) * kSide;
  // Neither is negative: the conversion rounds down.
  const int whole_x = static_cast<int>(x);
  const int whole_y = static_cast<int>(y);
  const int x0 = whole_x & (kSide - 1);
  const int y0 = whole_y & (kSide - 1);
  const int x1 = (x0 + 1) & (kSide - 1);
  const int y1 = (y0 + 1) & (kSide - 1);
  const float fx = x - static_cast<float>(whole_x);
  const float fy = y - static_cast<float>(whole_y);
  const float* upper = table.data() + static_cast<size_t>(y0) * kSide;
  const float* lower = table.data() + static_cast<size_t>(y1) * kSide;
  const float a = upper[x0] + fx * (upper[x1] - upper[x0]);
  const float b = lower[x0] + fx * (lower[x1] - lower[x0]);
  return a + fy * (b - a);
}

float HashUnit(uint32_t a, uint32_t b, uint32_t c) {
  uint64_t state =
      (static_cast<uint64_t>(a) << 32 | b) ^ (static_cast<uint64_t>(c) * 0x9e3779b97f4a7c15ULL);
  SplitMix64(state);
  return static_cast<float>(SplitMix64(state) >> 40) * 0x1.0p-24f;
}

}  // namespace reidbench
