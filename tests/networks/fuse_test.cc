#include "reidbench/networks/fuse.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reidbench/networks/fold.h"
#include "reidbench/weights/byte_reader.h"

namespace reidbench {
namespace {

Layer OfFunction(Function function, int x, double alpha = 0, double beta = 0) {
  Layer layer{.op = LayerOp::kFunction, .name = "f", .inputs = {x}};
  layer.function = function;
  layer.alpha = alpha;
  layer.beta = beta;
  return layer;
}

// With weights of 0.5.
Network Fused(Graph graph) {
  Network network{.name = "onnx", .graph = std::move(graph)};
  for (const TensorSpec& spec : TensorsOf(network.graph)) {
    network.tensors[spec.name] = {
        spec.shape, std::vector<float>(static_cast<size_t>(NumElements(spec.shape)), 0.5F)};
  }
  return FuseForPrimitives(FoldForInference(network));
}

TEST(Fuse, AGateOfAConvolutionIsPartOfIt) {
  Graph g(8, 8);
  const int x = g.Convolution(0, "a", 4);
  g.Apply(LayerOp::kMultiply, {x, g.Apply(LayerOp::kSigmoid, {x})});
  const Network fused = Fused(g);
  ASSERT_EQ(fused.graph.layers.size(), 2U);
  EXPECT_EQ(fused.graph.layers[1].activation, Function::kSilu);
}

TEST(Fuse, AResidualIsASecondInput) {
  Graph g(8, 8);
  const int x = g.Convolution(0, "a", 4);
  const int y = g.Convolution(x, "b", 4);
  g.Apply(LayerOp::kRelu, {g.Apply(LayerOp::kAdd, {y, x})});
  Network fused = Fused(g);
  ASSERT_EQ(fused.graph.layers.size(), 3U);
  EXPECT_EQ(fused.graph.layers[2].inputs, (std::vector<int>{1, 1}));
  EXPECT_TRUE(fused.graph.layers[2].relu);
  EXPECT_FALSE(fused.graph.layers[2].adds_last);
  // Behind an activation the sum comes last, and nothing may follow in the same layer.
  Graph last(8, 8);
  const int z = last.Convolution(0, "a", 4);
  const int active = last.Add(OfFunction(Function::kLeakyRelu, last.Convolution(z, "b", 4), 0.1));
  last.Apply(LayerOp::kAdd, {active, z});
  fused = Fused(last);
  ASSERT_EQ(fused.graph.layers.size(), 3U);
  EXPECT_TRUE(fused.graph.layers[2].adds_last);
  EXPECT_EQ(fused.graph.layers[2].activation, Function::kLeakyRelu);
}

TEST(Fuse, FactorsGoIntoWeights) {
  Graph g(8, 8);
  const int x = g.Add(OfFunction(Function::kScale, 0, 2));
  const int y = g.Convolution(x, "a", 4);
  g.Add(OfFunction(Function::kScale, y, 3, 1));
  const Network fused = Fused(g);
  ASSERT_EQ(fused.graph.layers.size(), 2U);
  const Layer& layer = fused.graph.layers[1];
  EXPECT_THAT(fused.tensors.at(layer.tensors[0]).values, testing::Each(3.0F));
  EXPECT_THAT(fused.tensors.at(layer.tensors[1]).values, testing::Each(1.0F));
}

// What others read stays what it is.
TEST(Fuse, ValuesThatAreReadTwiceStay) {
  Graph g(8, 8);
  const int x = g.Convolution(0, "a", 4);
  const int y = g.Add(OfFunction(Function::kTanh, x));
  g.Apply(LayerOp::kConcat, {x, y});
  EXPECT_EQ(Fused(g).graph.layers.size(), 4U);
  Graph outputs(8, 8);
  const int a = outputs.Convolution(0, "a", 4);
  const int b = outputs.Add(OfFunction(Function::kTanh, a));
  outputs.outputs = {{"a", a, {1, 4, 8, 8}}, {"b", b, {1, 4, 8, 8}}};
  EXPECT_EQ(Fused(outputs).graph.layers.size(), 3U);
}

}  // namespace
}  // namespace reidbench
