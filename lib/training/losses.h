// Loss functions on LibTorch tensors. Internal to lib/training and its tests.
#pragma once

#include <ATen/ATen.h>

namespace reidbench {

// Triplet loss with the hardest positive and the hardest negative of the batch for every row
// (Hermans et al., "In Defense of the Triplet Loss", 2017): mean of max(0, d(positive) -
// d(negative)
// + margin), Euclidean distances. `features` [n x d], `label` int64 [n]. 0, with a gradient of 0,
// when all rows are of one person.
at::Tensor BatchHardTripletLoss(const at::Tensor& features, const at::Tensor& label, double margin);

}  // namespace reidbench
