#include "training/losses.h"

#include <limits>

namespace reidbench {

at::Tensor BatchHardTripletLoss(const at::Tensor& features, const at::Tensor& label,
                                double margin) {
  const at::Tensor squares = features.pow(2).sum(1, /*keepdim=*/true);
  // Clamped above 0: the square root has no gradient there.
  const at::Tensor distance =
      (squares + squares.t() - 2 * features.matmul(features.t())).clamp_min(1e-12).sqrt();
  const at::Tensor same = label.unsqueeze(0).eq(label.unsqueeze(1));
  if (same.all().item<bool>()) return features.sum() * 0;
  const double infinity = std::numeric_limits<double>::infinity();
  const at::Tensor positive = distance.masked_fill(~same, -infinity).amax(1);
  const at::Tensor negative = distance.masked_fill(same, infinity).amin(1);
  return (positive - negative + margin).clamp_min(0).mean();
}

}  // namespace reidbench
