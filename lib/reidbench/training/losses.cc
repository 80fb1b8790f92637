#include "reidbench/training/losses.h"

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

at::Tensor SupervisedContrastiveLoss(const at::Tensor& features, const at::Tensor& label,
                                     double temperature) {
  const at::Tensor unit = features / features.norm(2, {1}, /*keepdim=*/true).clamp_min(1e-12);
  const at::Tensor self = at::eye(features.size(0), features.options()).to(at::kBool);
  const double infinity = std::numeric_limits<double>::infinity();
  const at::Tensor similarity = (unit.matmul(unit.t()) / temperature).masked_fill(self, -infinity);
  const at::Tensor log_probability = similarity - similarity.logsumexp(1, /*keepdim=*/true);
  const at::Tensor positive = label.unsqueeze(0).eq(label.unsqueeze(1)).logical_and(~self);
  const at::Tensor count = positive.sum(1);
  // The row's own similarity is minus infinity: masked before it is multiplied.
  const at::Tensor mean = log_probability.masked_fill(~positive, 0).sum(1) / count.clamp_min(1);
  return -mean.sum() / count.gt(0).sum().clamp_min(1);
}

}  // namespace reidbench
