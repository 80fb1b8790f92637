#include "reidbench/training/augmentation.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "reidbench/core/error.h"
#include "reidbench/imaging/preprocess.h"

namespace reidbench {
namespace {

// Luma of ITU-R BT.601, as Pillow's conversion to grey.
constexpr std::array<float, 3> kLuma = {0.299f, 0.587f, 0.114f};

float Gray(const float* rgb) { return kLuma[0] * rgb[0] + kLuma[1] * rgb[1] + kLuma[2] * rgb[2]; }

float Factor(double extent, Rng* rng) {
  return static_cast<float>(rng->Uniform(1 - extent, 1 + extent));
}

// Values 0..255, in place. Each jitter draws its numbers whether it is on or not, so that turning
// one off does not change the others.
void JitterColors(const AugmentOptions& options, Rng* rng, std::span<float> hwc) {
  const float brightness = Factor(options.brightness, rng);
  const float contrast = Factor(options.contrast, rng);
  const float saturation = Factor(options.saturation, rng);
  std::array<float, 3> gain;
  for (float& g : gain) g = brightness * Factor(options.white_balance, rng);
  double sum = 0;
  for (size_t i = 0; i < hwc.size(); i += 3) {
    float* const rgb = &hwc[i];
    for (size_t c = 0; c < 3; ++c) rgb[c] *= gain[c];
    const float gray = Gray(rgb);
    for (size_t c = 0; c < 3; ++c) rgb[c] = gray + (rgb[c] - gray) * saturation;
    sum += gray;
  }
  const auto mean = static_cast<float>(sum / (static_cast<double>(hwc.size()) / 3));
  for (float& value : hwc) value = std::clamp(mean + (value - mean) * contrast, 0.0f, 255.0f);
}

struct Rectangle {
  int left = 0;
  int top = 0;
  int width = 0;
  int height = 0;
};

// Empty when no shape that fits was drawn.
Rectangle DrawErased(const AugmentOptions& options, int width, int height, Rng* rng) {
  constexpr int kAttempts = 100;
  constexpr double kLowestAspect = 0.3;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const double area =
        rng->Uniform(options.erase_area_low, options.erase_area_high) * width * height;
    const double aspect = rng->Uniform(kLowestAspect, 1 / kLowestAspect);
    const int erased_height = static_cast<int>(std::lround(std::sqrt(area * aspect)));
    const int erased_width = static_cast<int>(std::lround(std::sqrt(area / aspect)));
    if (erased_height >= height || erased_width >= width) continue;
    return {static_cast<int>(rng->Below(static_cast<uint64_t>(width - erased_width))),
            static_cast<int>(rng->Below(static_cast<uint64_t>(height - erased_height))),
            erased_width, erased_height};
  }
  return {};
}

RgbImage Degrade(const RgbImage& image, const AugmentOptions& options, Rng* rng) {
  const double scale = rng->Uniform(options.degrade_lowest, 1.0);
  RgbImage small;
  RgbImage restored;
  ResizeLikePillow(image, std::max(4, static_cast<int>(image.width * scale)),
                   std::max(4, static_cast<int>(image.height * scale)), ResizeFilter::kBilinear,
                   &small);
  ResizeLikePillow(small, image.width, image.height, ResizeFilter::kBilinear, &restored);
  return restored;
}

}  // namespace

std::vector<std::string> AugmentOptions::Validate() const {
  std::vector<std::string> violations;
  const auto require = [&](const char* name, double value, double low, double high) {
    if (!(value >= low && value <= high))
      violations.push_back(fmt::format("{} is {}, expected {}..{}", name, value, low, high));
  };
  require("flip probability", flip_probability, 0, 1);
  require("shift probability", shift_probability, 0, 1);
  require("shift extent", shift_extent, 0, 0.5);
  require("erase probability", erase_probability, 0, 1);
  require("lowest erased area", erase_area_low, 0, 1);
  require("highest erased area", erase_area_high, erase_area_low, 1);
  require("brightness", brightness, 0, 1);
  require("contrast", contrast, 0, 1);
  require("saturation", saturation, 0, 1);
  require("white balance", white_balance, 0, 1);
  require("degrade probability", degrade_probability, 0, 1);
  require("degrade lowest", degrade_lowest, 0.1, 1);
  return violations;
}

void Augment(const RgbImage& image, const AugmentOptions& options, Rng* rng, std::span<float> hwc) {
  const int width = image.width;
  const int height = image.height;
  REIDBENCH_CHECK(hwc.size() == image.pixels.size());
  const PreprocessOptions torchreid;

  const bool flip = rng->Uniform() < options.flip_probability;
  int dx = 0;
  int dy = 0;
  if (rng->Uniform() < options.shift_probability) {
    const double extent = options.shift_extent;
    dx = static_cast<int>(std::lround(rng->Uniform(-extent, extent) * width));
    dy = static_cast<int>(std::lround(rng->Uniform(-extent, extent) * height));
  }
  const bool degrade = rng->Uniform() < options.degrade_probability;
  const RgbImage degraded = degrade ? Degrade(image, options, rng) : RgbImage{};
  const RgbImage& source = degrade ? degraded : image;
  for (int y = 0; y < height; ++y) {
    float* out = hwc.data() + static_cast<ptrdiff_t>(y) * width * 3;
    const int from_y = y + dy;
    for (int x = 0; x < width; ++x, out += 3) {
      const int shifted = x + dx;
      if (from_y < 0 || from_y >= height || shifted < 0 || shifted >= width) {
        for (size_t c = 0; c < 3; ++c) out[c] = 255 * torchreid.mean[c];
        continue;
      }
      const uint8_t* const in = source.Row(from_y) + 3 * (flip ? width - 1 - shifted : shifted);
      for (int c = 0; c < 3; ++c) out[c] = in[c];
    }
  }
  JitterColors(options, rng, hwc);
  for (size_t i = 0; i < hwc.size(); ++i) {
    const size_t c = i % 3;
    hwc[i] = (hwc[i] / 255 - torchreid.mean[c]) / torchreid.std[c];
  }
  if (rng->Uniform() < options.erase_probability) {
    const Rectangle erased = DrawErased(options, width, height, rng);
    for (int y = erased.top; y < erased.top + erased.height; ++y) {
      float* const row = hwc.data() + 3 * (static_cast<ptrdiff_t>(y) * width + erased.left);
      std::fill(row, row + 3 * static_cast<ptrdiff_t>(erased.width), 0.0f);
    }
  }
}

}  // namespace reidbench
