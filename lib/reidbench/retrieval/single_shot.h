// Inside of lib/reidbench/retrieval: the CMC when the gallery shows one image of each person
// ("cuhk03" of torchreid and open-reid), for one query: exact expectation over all choices of
// images, or the mean of seeded draws as the reference programs do.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "reidbench/core/random.h"

namespace reidbench {

// The gallery of one query in rank order, dropped images left out: persons as dense numbers 0 ..
// num_persons - 1.
struct SingleShotGallery {
  std::span<const int32_t> person;
  int32_t query_person = 0;
  int32_t num_persons = 0;
};

// Probability of a hit within the first k ranks, k = 1 .. max_rank. A chosen positive is beaten by
// person j with probability (images of j ahead of it) / (images of j), independently; the number of
// beating persons is Poisson-binomial. The query's person must occur.
std::vector<double> SingleShotExpectation(const SingleShotGallery& gallery, int max_rank);

// Share of `repeats` draws of one image per person with a hit within the first k ranks.
std::vector<double> SingleShotSampled(const SingleShotGallery& gallery, int max_rank, int repeats,
                                      Rng* rng);

}  // namespace reidbench
