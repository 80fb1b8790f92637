#include "reidbench/embedding/histogram_engine.h"

#include <algorithm>
#include <cmath>

#include "reidbench/core/error.h"

namespace reidbench {
namespace {

constexpr int kStripes = 6;
constexpr int kHues = 8;
constexpr int kSaturations = 4;
constexpr int kValues = 4;
constexpr int kBins = kHues * kSaturations * kValues;

int Bin(float unit, int bins) {
  return std::clamp(static_cast<int>(unit * static_cast<float>(bins)), 0, bins - 1);
}

// HSV of a colour whose channels are 0..1, as a bin. Grey has hue 0.
int HsvBin(float r, float g, float b) {
  const float value = std::max({r, g, b});
  const float range = value - std::min({r, g, b});
  const float saturation = value > 0 ? range / value : 0;
  float hue = 0;  // 0..6, of which 0 is red
  if (range > 0) {
    if (value == r) {
      hue = (g - b) / range;
      if (hue < 0) hue += 6;
    } else if (value == g) {
      hue = 2 + (b - r) / range;
    } else {
      hue = 4 + (r - g) / range;
    }
  }
  return (Bin(hue / 6, kHues) * kSaturations + Bin(saturation, kSaturations)) * kValues +
         Bin(value, kValues);
}

class HistogramEngine : public Engine {
 public:
  HistogramEngine() {
    info_.engine = "histogram";
    info_.architecture = "hsv_stripes";
    info_.precision = "fp32";
    info_.device = "cpu";
    info_.dim = kStripes * kBins;
    info_.batch_size = 32;
  }

  const EmbedderInfo& info() const override { return info_; }

  void Run(const ImageBatch& images, float* embeddings) override {
    if (images.height < kStripes) {
      ThrowInput("{} needs images of at least {} rows, got {}", info_.architecture, kStripes,
                 images.height);
    }
    const size_t plane = static_cast<size_t>(images.height) * static_cast<size_t>(images.width);
    for (int n = 0; n < images.count; ++n) {
      RunImage(images.nchw + 3 * plane * static_cast<size_t>(n), images.height, images.width,
               embeddings + static_cast<ptrdiff_t>(n) * info_.dim);
    }
  }

 private:
  static void RunImage(const float* chw, int height, int width, float* embedding) {
    std::fill(embedding, embedding + kStripes * kBins, 0.0f);
    const ptrdiff_t plane = static_cast<ptrdiff_t>(height) * width;
    for (int stripe = 0; stripe < kStripes; ++stripe) {
      const int top = height * stripe / kStripes;
      const int bottom = height * (stripe + 1) / kStripes;
      float* const histogram = embedding + static_cast<ptrdiff_t>(stripe) * kBins;
      for (ptrdiff_t i = static_cast<ptrdiff_t>(top) * width;
           i < static_cast<ptrdiff_t>(bottom) * width; ++i) {
        histogram[HsvBin(chw[i], chw[i + plane], chw[i + 2 * plane])] += 1;
      }
      const auto pixels = static_cast<float>((bottom - top) * width);
      for (int bin = 0; bin < kBins; ++bin) histogram[bin] = std::sqrt(histogram[bin] / pixels);
    }
  }

  EmbedderInfo info_;
};

}  // namespace

std::unique_ptr<Engine> MakeHistogramEngine() { return std::make_unique<HistogramEngine>(); }

}  // namespace reidbench
