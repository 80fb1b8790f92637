// A folded network as a library of primitives computes it: what surrounds a convolution or a linear
// layer becomes part of it.
#pragma once

#include "reidbench/networks/network.h"

namespace reidbench {

// `folded` as FoldForInference gives it. With the same numbers up to rounding:
// - x sigmoid(x), x hardsigmoid(x), GELU and layer norms that exporters took apart become one
// layer;
// - factors and summands that are constant, one or one a channel, go into weights and biases;
// - functions of the output of a convolution or linear layer become its `activation`, and a value
//   that is added to it its second input.
// Only engines that know these read the result.
Network FuseForPrimitives(const Network& folded);

}  // namespace reidbench
