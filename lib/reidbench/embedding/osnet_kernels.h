// The parts of OSNet that are not convolutions, on float32 NHWC data: pooling, the aggregation gate
// of Zhou et al. (ICCV 2019), residual sums and instance normalisation, each in one pass over
// memory where LibTorch takes several. Single-threaded.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace reidbench {

// [3 x height x width] -> [height x width x 3]. False when a value is infinite or NaN.
bool InterleaveRgb(const float* chw, int64_t height, int64_t width, float* hwc);

// 3x3, stride 2, padding 1: [h x w x c] -> [ceil(h/2) x ceil(w/2) x c].
void MaxPool3x3(const float* in, int64_t height, int64_t width, int64_t channels, float* out);

// 2x2, stride 2: [h x w x c] -> [floor(h/2) x floor(w/2) x c].
void AveragePool2x2(const float* in, int64_t height, int64_t width, int64_t channels, float* out);

// Mean over pixels of [pixels x c] -> [c].
void ChannelMeans(const float* in, int64_t pixels, int64_t channels, float* means);

// Two fully connected layers, ReLU between them and a sigmoid behind: channels -> hidden ->
// channels.
struct ChannelGate {
  std::span<const float> weight1;  // [hidden x channels]
  std::span<const float> bias1;    // [hidden]
  std::span<const float> weight2;  // [channels x hidden]
  std::span<const float> bias2;    // [channels]
};

// Sum of the four streams [pixels x c], each multiplied per channel by gate(mean over pixels of the
// stream).
void GatedSum(const std::array<const float*, 4>& streams, const ChannelGate& gate, int64_t pixels,
              int64_t channels, float* out);

// x = max(x + y, 0) over `count` values; NaN stays NaN. False when a result is infinite or NaN.
bool AddRelu(const float* y, int64_t count, float* x);

// Affine instance normalisation (biased variance, eps 1e-5) of x [pixels x c] in place, then `+ y`
// unless y is null, then max(., 0). False when a result is infinite or NaN.
bool InstanceNormRelu(std::span<const float> weight, std::span<const float> bias, const float* y,
                      int64_t pixels, float* x);

}  // namespace reidbench
