// Random weights, and what engine "reference" makes of them: what the other engines are held
// against.
#pragma once

#include <cmath>
#include <string_view>
#include <utility>
#include <vector>

#include "reidbench/core/random.h"
#include "reidbench/embedding/reference_engine.h"
#include "reidbench/networks/osnet.h"

namespace reidbench {

// Weights of a size that keeps activations near 1, running statistics that matter, variances above
// 0.5.
inline OsnetWeights RandomOsnetWeights(std::string_view architecture, uint64_t seed) {
  OsnetWeights weights;
  weights.architecture = OsnetArchitectureByName(architecture);
  weights.path = "random";
  Rng rng(seed);
  for (const TensorSpec& spec : OsnetTensors(weights.architecture)) {
    Tensor tensor{spec.shape, {}};
    int64_t count = 1;
    for (const int64_t size : spec.shape) count *= size;
    const double fan_in = static_cast<double>(count) / static_cast<double>(spec.shape[0]);
    const bool vector = spec.shape.size() == 1;
    const bool variance = spec.name.ends_with("running_var");
    const bool scale = vector && spec.name.ends_with(".weight");
    for (int64_t i = 0; i < count; ++i) {
      const double value = variance ? rng.Uniform(0.5, 2.0)
                           : scale  ? rng.Uniform(0.5, 1.5)
                           : vector ? 0.2 * rng.Normal()
                                    : rng.Normal() * std::sqrt(1.5 / fan_in);
      tensor.values.push_back(static_cast<float>(value));
    }
    weights.tensors.emplace(spec.name, std::move(tensor));
  }
  return weights;
}

// [3 x height x width] -> features.
inline std::vector<double> ReferenceFeatures(const OsnetWeights& weights, const float* chw,
                                             int height, int width) {
  const std::unique_ptr<Engine> engine = MakeReferenceEngine(weights);
  std::vector<float> features(engine->info().dim);
  engine->Run({chw, 1, height, width}, features.data());
  return {features.begin(), features.end()};
}

}  // namespace reidbench
