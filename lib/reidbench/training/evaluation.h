// How well a network in training finds persons again: the scores of `extract` and `rank` without
// files between them.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "reidbench/core/ids.h"
#include "reidbench/imaging/image.h"
#include "reidbench/networks/network.h"

namespace reidbench {

// Queries first, then the gallery.
struct EvaluationImages {
  int64_t num_queries = 0;
  std::vector<PersonId> person;
  std::vector<CameraId> camera;
  // Decodes image `item`. Called from several threads at once. May throw Error.
  std::function<void(int64_t item, RgbImage* image)> load;
};

struct EvaluationScores {
  int64_t num_queries = 0;        // that could be scored
  std::optional<double> mean_ap;  // 0..1; absent when no query could be scored
  std::optional<double> rank1;
};

// Market-1501's protocol, squared Euclidean distances, images of height x width pixels. The same
// for any number of threads. Throws as Embedder and Rank do.
EvaluationScores EvaluateRetrieval(const Network& weights, const EvaluationImages& images,
                                   int height, int width, const std::string& device);

}  // namespace reidbench
