// Layers on values of any number of axes, in float32 and plain loops that the compiler vectorises.
// What can be known beforehand - strides, which axes are one - is worked out when a network is
// planned, so that a call only computes. On one image and one thread.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "reidbench/networks/graph.h"

namespace reidbench {

// How a value lies in memory: numbers in the order of its axes, the last fastest; or, of a map
// [channels, height, width], with the channels last.
struct TensorLayout {
  ValueShape shape;
  bool channels_last = false;

  ValueShape Physical() const;           // the sizes in the order in which they lie
  std::vector<int64_t> Strides() const;  // of each axis of `shape`, in numbers
  int64_t Axis(int64_t axis) const;      // where that axis is in Physical()
};

// Computes one layer of one image: the inputs' numbers in the order of the layer's inputs.
using TensorKernel = std::function<void(std::span<const float* const> inputs, float* out)>;

// Of kFunction, kBinary, kReduce, kSoftmax, kLayerNorm, kTranspose (also between layouts), kSlice,
// kPad, kGather, kConcat and kResize; kRelu, kSigmoid, kMultiply and kAdd without factors too.
// `tensors`: the layer's, which must outlive the kernel. The kernel has memory of its own: one
// thread at a time may call it.
TensorKernel PlanTensorKernel(const Layer& layer, const std::vector<TensorLayout>& inputs,
                              std::vector<std::span<const float>> tensors, const TensorLayout& out);

// out = function(in), number by number; `out` may be `in`.
void ApplyFunction(Function function, double alpha, double beta, const float* in, int64_t count,
                   float* out);

}  // namespace reidbench
