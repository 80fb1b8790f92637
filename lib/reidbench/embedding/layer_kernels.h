// The layers that are not convolutions, on float32 NHWC data, each in one pass over memory. All
// work on one image and on one thread; outputs may be their inputs where both have the same size.
#pragma once

#include <cstdint>
#include <span>

#include "reidbench/networks/graph.h"

namespace reidbench {

// [channels x height x width] -> [height x width x channels]. False when a value is infinite or
// NaN.
bool Interleave(const float* chw, int64_t channels, int64_t pixels, float* hwc);
// The way back.
void Deinterleave(const float* hwc, int64_t channels, int64_t pixels, float* chw);

// A value of one image in memory: [height x width x channels], 1 x 1 for vectors.
struct MapSize {
  explicit MapSize(const ValueShape& shape)
      : height(shape.size() == 3 ? shape[1] : 1),
        width(shape.size() == 3 ? shape[2] : 1),
        channels(shape[0]) {}
  MapSize(int64_t h, int64_t w, int64_t c) : height(h), width(w), channels(c) {}

  int64_t height, width, channels;
  int64_t pixels() const { return height * width; }
  int64_t size() const { return height * width * channels; }
};

// Through the window of a layer: `out_size` is what ShapesOf says.
void MaxPool(const float* in, const MapSize& size, const Window& window, const MapSize& out_size,
             float* out);
void AveragePool(const float* in, const MapSize& size, const Window& window,
                 const MapSize& out_size, float* out);

// Mean over pixels of [pixels x c] -> [c].
void ChannelMeans(const float* in, int64_t pixels, int64_t channels, float* means);

// A layer on a single pixel: weight [out x in], bias [out] or empty; ReLU keeps NaN.
void Dense(std::span<const float> weight, std::span<const float> bias, bool relu,
           int64_t in_channels, int64_t out_channels, const float* in, float* out);

// x [count] -> 1 / (1 + exp(-x)).
void Sigmoid(const float* in, int64_t count, float* out);

// max(x, 0) over `count` values; NaN stays NaN.
void Relu(const float* in, int64_t count, float* out);

// A term of a sum: a map [pixels x c], multiplied by one factor a channel unless that is null.
struct ScaledTerm {
  const float* x;
  const float* factors;
};
// Their sum, from left to right, then max(., 0) if `relu`; NaN stays NaN. False when a result is
// infinite or NaN.
bool ScaledSum(std::span<const ScaledTerm> terms, bool relu, int64_t pixels, int64_t channels,
               float* out);

// Instance normalisation (biased variance) of x [pixels x c], scaled and shifted unless `weight`
// and `bias` are empty, then `+ y` unless that is null, then max(., 0) if `relu`. False when a
// result is infinite or NaN.
bool InstanceNorm(std::span<const float> weight, std::span<const float> bias, double epsilon,
                  const float* y, bool relu, int64_t pixels, int64_t channels, const float* x,
                  float* out);

// x * scale + shift, both [c].
void Affine(const float* x, const float* scale, const float* shift, int64_t pixels,
            int64_t channels, float* out);

// Each pixel's vector of channels divided by max(its L2 norm, epsilon).
void L2Normalize(const float* in, int64_t pixels, int64_t channels, double epsilon, float* out);

// ---- a layer of a graph ----

struct MapView : MapSize {
  MapView(const MapSize& map_size, float* numbers) : MapSize(map_size), data(numbers) {}
  // The same of the n-th image of a batch that is stored image by image.
  MapView Of(int64_t n) const { return {*this, data + n * size()}; }

  float* data;
};

// Whether a layer has convolutions to compute that are work for a library: not so those of a single
// pixel that are done before a library has started, as in gates.
bool NeedsLibrary(const Layer& layer, const MapSize& in);

// Any layer but the input that does not need a library, of one image. `inputs` are those of the
// layer, then one for each of its `factors` (anything where that is -1); `tensors` are the layer's.
// False when a sum or norm gave a value that is infinite or NaN, which a ReLU behind may hide.
bool ComputeLayer(const Layer& layer, std::span<const MapView> inputs,
                  std::span<const std::span<const float>> tensors, const MapView& out);

}  // namespace reidbench
