// How a picture moved since the frame before.
#pragma once

#include <array>

namespace reidbench {

// A point (x, y) of the frame before is now at (a x + b y + c, d x + e y + f): [a, b, c, d, e, f],
// the 2x3 matrix row by row.
using Affine = std::array<double, 6>;

}  // namespace reidbench
