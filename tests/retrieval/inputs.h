// What the tests of several files rank.
#pragma once

#include "reidbench/core/embedding_set.h"
#include "reidbench/core/random.h"
#include "reidbench/retrieval/ranking.h"

namespace reidbench {

inline FeatureMatrix Gaussian(int64_t rows, int64_t cols, uint64_t seed) {
  Rng rng(seed);
  FeatureMatrix result(rows, cols);
  for (int64_t i = 0; i < result.size(); ++i) result.data()[i] = static_cast<float>(rng.Normal());
  return result;
}

// Without the bootstrap.
inline RankingOptions Quick() {
  RankingOptions options;
  options.bootstrap.resamples = 0;
  return options;
}

}  // namespace reidbench
