// Pillow's two-pass resampling (Resample.c of 9.4.0) in exact fixed point. Used inside the module
// by preprocess.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "reidbench/imaging/image.h"
#include "reidbench/imaging/preprocess.h"

namespace reidbench {

// Which inputs make an output along one axis, and their weights in units of 2^-22.
struct AxisWeights {
  struct Span {
    int first = 0;    // index of the first input
    int count = 0;    // number of inputs, at least 1
    size_t pair = 0;  // index of its first tap pair
  };
  // Two weights as 16-bit halves (first tap in the low half) of their low 12 and high 12 bits, for
  // multiply-and-add of pairs. The second weight of the last pair is 0 when `count` is odd.
  struct TapPair {
    int32_t low = 0;
    int32_t high = 0;
  };
  int in = 0;
  int out = 0;
  ResizeFilter filter = ResizeFilter::kBilinear;
  std::vector<Span> spans;  // [out]
  std::vector<TapPair> pairs;
};

AxisWeights MakeAxisWeights(int in, int out, ResizeFilter filter);

// dst[i] = clamp((sum over taps k of weight[k] * src[k * stride + i] + 2^21) >> 22, 0, 255) for i
// in [0, length). `taps` is the number of inputs, `pairs` the (taps + 1) / 2 weight pairs.
// WeightedSum is the fastest of this build; both give the same bytes.
void WeightedSum(const uint8_t* src, ptrdiff_t stride, const AxisWeights::TapPair* pairs, int taps,
                 uint8_t* dst, ptrdiff_t length);
void WeightedSumPortable(const uint8_t* src, ptrdiff_t stride, const AxisWeights::TapPair* pairs,
                         int taps, uint8_t* dst, ptrdiff_t length);

// Keeps scratch memory and the last weights between calls. One instance per thread.
class Resampler {
 public:
  // `out` must not alias `in`. Sizes are at least 1.
  void Resize(const RgbImage& in, int width, int height, ResizeFilter filter, RgbImage* out);

 private:
  AxisWeights horizontal_;
  AxisWeights vertical_;
  RgbImage between_;
  std::vector<uint8_t> columns_in_;
  std::vector<uint8_t> columns_out_;
};

}  // namespace reidbench
