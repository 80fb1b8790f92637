// A small network that has every layer in its unusual forms, and the judgement of an engine by
// engine "reference".
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "reidbench/core/random.h"
#include "reidbench/embedding/reference_engine.h"
#include "reidbench/networks/network.h"

namespace reidbench {

inline Network NetworkOfEveryLayer() {
  Network network{.name = "every_layer", .graph = Graph(24, 20)};
  Graph& g = network.graph;
  Window window = Window::Square(3, 2);
  window.padding = {0, 1, 2, 1};  // as TensorFlow pads
  int x = g.Convolution(0, "stem", 8, window, 1, true);
  x = g.Apply(LayerOp::kRelu, {g.BatchNorm(x, "stem_norm")});
  window = Window::Square(3, 1, 2);
  window.dilation = {2, 2};
  const int dilated = g.Convolution(x, "dilated", 12, window, 4);
  const int normed = g.InstanceNorm(dilated, "instance_norm");
  const int other = g.Convolution(x, "other", 12, {}, 1, true);
  const int sum = g.Apply(LayerOp::kAdd, {normed, other});
  // Read twice, and not linear in between: nothing to fold into.
  const int product = g.Apply(LayerOp::kMultiply, {sum, g.Apply(LayerOp::kSigmoid, {sum})});
  const int affine = g.BatchNorm(product, "free_norm");
  int gate = g.Apply(LayerOp::kGlobalAveragePool, {affine});
  gate = g.Apply(LayerOp::kRelu, {g.Convolution(gate, "gate1", 3, {}, 1, true)});
  gate = g.Apply(LayerOp::kSigmoid, {g.Convolution(gate, "gate2", 12, {}, 1, true)});
  const int gated = g.Apply(LayerOp::kMultiply, {affine, gate});
  x = g.Apply(LayerOp::kAdd, {gated, affine, dilated, other, product});
  x = g.Apply(LayerOp::kConcat, {g.Apply(LayerOp::kRelu, {x}), normed});
  window = Window::Square(3, 2, 1);
  window.ceil = true;
  const int most = g.Apply(LayerOp::kMaxPool, {x}, window);
  window.count_padding = false;
  const int mean = g.Apply(LayerOp::kAveragePool, {x}, window);
  window.count_padding = true;
  const int padded_mean = g.Apply(LayerOp::kAveragePool, {x}, window);
  x = g.Apply(LayerOp::kAdd, {g.Apply(LayerOp::kAdd, {most, mean}), padded_mean});
  x = g.Convolution(x, "depthwise", 24, Window::Square(3, 2, 1), 24);
  x = g.Linear(g.Apply(LayerOp::kFlatten, {x}), "hidden", 40);
  x = g.Apply(LayerOp::kRelu, {g.BatchNorm(x, "hidden_norm")});
  g.Apply(LayerOp::kL2Normalize, {g.Linear(x, "last", 16, false)});
  Rng rng(5);
  for (const TensorSpec& spec : TensorsOf(g)) {
    Tensor tensor{spec.shape, {}};
    int64_t count = 1;
    for (const int64_t size : spec.shape) count *= size;
    const double scale = std::sqrt(static_cast<double>(spec.shape[0]) / static_cast<double>(count));
    for (int64_t i = 0; i < count; ++i) {
      const double value = spec.shape.size() == 1 ? rng.Uniform(0.5, 1.5) : scale * rng.Normal();
      tensor.values.push_back(static_cast<float>(value));
    }
    network.tensors.emplace(spec.name, std::move(tensor));
  }
  return network;
}

// Of ten images of the network's own size: a full micro-batch and a rest.
inline void ExpectReferenceFeatures(const Network& network, Engine& engine) {
  const int count = 10;
  const auto height = static_cast<int>(network.graph.height);
  const auto width = static_cast<int>(network.graph.width);
  Rng rng(11);
  std::vector<float> images(static_cast<size_t>(count) * 3 * height * width);
  for (float& p : images) p = static_cast<float>(rng.Uniform(-2.1, 2.6));
  const auto dim = static_cast<size_t>(engine.info().dim);
  std::vector<float> expected(count * dim), features(count * dim);
  MakeReferenceEngine(network)->Run({images.data(), count, height, width}, expected.data());
  engine.Run({images.data(), count, height, width}, features.data());
  double squares = 0, worst = 0;
  for (size_t i = 0; i < features.size(); ++i) {
    squares += double{expected[i]} * expected[i] / count;
    worst = std::max(worst, std::abs(double{features[i]} - expected[i]));
  }
  ASSERT_GT(squares, 0.1) << "the random network is dead: the comparison would mean nothing";
  EXPECT_LE(worst, 1e-5 * std::sqrt(squares)) << engine.info().engine;
}

}  // namespace reidbench
