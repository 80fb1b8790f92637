// Which images make the batches of an epoch. Identity-balanced batches hold P persons with K images
// each (Hermans et al., "In Defense of the Triplet Loss", 2017); torchreid's RandomIdentitySampler.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "reidbench/core/random.h"

namespace reidbench {

// Batches of image numbers for one epoch; `label` [images] counts persons from 0.
//
// images_per_person = K > 0: each batch has batch_size / K different persons (fewer where there are
// not as many) with K images each, one behind the other; a person with fewer than K images repeats
// some. A person takes part floor(images / K) times, at least once, and the epoch ends when too few
// persons are left for a batch.
// images_per_person = 0: all images once in random order; a last batch below half the size is left
// out unless it is the only one.
std::vector<std::vector<int64_t>> SampleEpoch(std::span<const int32_t> label, int batch_size,
                                              int images_per_person, Rng* rng);

}  // namespace reidbench
