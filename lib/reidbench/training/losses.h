// Loss functions on LibTorch tensors. Internal to lib/reidbench/training and its tests.
#pragma once

#include <ATen/ATen.h>

namespace reidbench {

// Triplet loss with the hardest positive and the hardest negative of the batch for every row
// (Hermans et al., "In Defense of the Triplet Loss", 2017): mean of max(0, d(positive) -
// d(negative)
// + margin), Euclidean distances. `features` [n x d], `label` int64 [n]. 0, with a gradient of 0,
// when all rows are of one person.
at::Tensor BatchHardTripletLoss(const at::Tensor& features, const at::Tensor& label, double margin);

// Supervised contrastive loss (Khosla et al., NeurIPS 2020): for every row, how badly a softmax
// over the cosine similarities to all other rows, divided by `temperature`, finds those of its own
// person. Unlike hard triplets it does not draw all features into one point when training starts
// from random weights. Rows without another of their person do not count.
at::Tensor SupervisedContrastiveLoss(const at::Tensor& features, const at::Tensor& label,
                                     double temperature);

}  // namespace reidbench
