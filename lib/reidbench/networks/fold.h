// A network as engines compute it: fewer and larger layers that give the same embeddings.
#pragma once

#include "reidbench/networks/network.h"

namespace reidbench {

// - Batch norms behind convolutions and linear layers are folded into them, in float64.
// - A product by one factor a channel becomes a sum of one term with `factors`, and sums of sums
//   become one (OSNet's four gated streams).
// - The residual that is added to an instance norm's output becomes its second input.
// - A ReLU becomes part of the convolution, instance norm or sum before it; not of a linear layer:
//   ReLU instructions turn NaN into 0 and would hide an overflow.
// Throws what RequireComplete throws, and Error(kModel) for batch norms that fold to something that
// is not finite.
Network FoldForInference(const Network& network);

}  // namespace reidbench
