#include "reidbench/networks/fold.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "support/expect_error.h"

namespace reidbench {
namespace {

using ::testing::HasSubstr;

template <typename Holds>
int64_t CountLayers(const Network& network, const Holds& holds) {
  return std::count_if(network.graph.layers.begin(), network.graph.layers.end(), holds);
}

TEST(FoldForInference, OsnetIsConvolutionsAndWhatStandsBetweenThem) {
  for (const auto& [name, norms, residual_norms] :
       {std::tuple("osnet_x0_25", 0, 0), std::tuple("osnet_ibn_x1_0", 3, 0),
        std::tuple("osnet_ain_x0_25", 5, 4)}) {
    const Network network = FoldForInference(RandomNetwork(ArchitectureByName(name)));
    const auto count = [&](const auto& holds) { return CountLayers(network, holds); };
    const auto is = [](LayerOp op) { return [op](const Layer& l) { return l.op == op; }; };
    EXPECT_EQ(count(is(LayerOp::kBatchNorm)), 0) << name;
    EXPECT_EQ(count(is(LayerOp::kMultiply)), 0) << name;
    EXPECT_EQ(count(is(LayerOp::kRelu)), 1) << "behind the linear layer";
    EXPECT_EQ(count(is(LayerOp::kInstanceNorm)), norms) << name;
    EXPECT_EQ(count([](const Layer& l) {
                return l.op == LayerOp::kInstanceNorm && l.inputs.size() == 2;
              }),
              residual_norms)
        << name;
    EXPECT_EQ(count([](const Layer& l) {
                return l.op == LayerOp::kAdd && l.factors.size() == 4 &&
                       *std::min_element(l.factors.begin(), l.factors.end()) > 0;
              }),
              6)
        << "gated sums of " << name;
    EXPECT_EQ(DimOf(network.graph), 512);
    RequireComplete(network);
  }
}

// 1x1 convolutions of one channel, so that numbers can be followed.
class SmallFold : public testing::Test {
 protected:
  void Norm(const std::string& name, float weight, float bias, float mean, float variance) {
    Set(name + ".weight", {3}, weight);
    Set(name + ".bias", {3}, bias);
    Set(name + ".running_mean", {3}, mean);
    Set(name + ".running_var", {3}, variance);
  }
  void Set(const std::string& name, std::vector<int64_t> shape, float value) {
    int64_t count = 1;
    for (const int64_t size : shape) count *= size;
    network_.tensors[name] = {std::move(shape),
                              std::vector<float>(static_cast<size_t>(count), value)};
  }
  const std::vector<float>& Tensor0(const Layer& layer, size_t i) {
    return folded_.tensors.at(layer.tensors.at(i)).values;
  }

  Network network_{.name = "small", .graph = Graph(4, 4)};
  Network folded_;
};

TEST_F(SmallFold, ASharedWeightIsFoldedForEachOfItsNorms) {
  Graph& g = network_.graph;
  const int a = g.BatchNorm(g.Convolution(0, "shared", 3), "a");
  const int b = g.BatchNorm(g.Convolution(a, "shared", 3), "b");
  g.Apply(LayerOp::kAdd, {a, g.Convolution(b, "shared", 3)});
  Set("shared.weight", {3, 3, 1, 1}, 2);
  Norm("a", 3, 1, 5, 4 - 1e-5F);
  Norm("b", 1, 0, 0, 1 - 1e-5F);
  folded_ = FoldForInference(network_);
  const std::vector<Layer>& layers = folded_.graph.layers;
  ASSERT_EQ(layers.size(), 5U);
  EXPECT_FLOAT_EQ(Tensor0(layers[1], 0)[0], 3);      // 2 * 3 / 2
  EXPECT_FLOAT_EQ(Tensor0(layers[1], 1)[0], -6.5F);  // 1 - 5 * 3 / 2
  EXPECT_FLOAT_EQ(Tensor0(layers[2], 0)[0], 2);
  EXPECT_FLOAT_EQ(Tensor0(layers[3], 0)[0], 2);
  EXPECT_EQ(layers[3].tensors.size(), 1U) << "no norm, no bias";
}

TEST_F(SmallFold, WhatIsReadTwiceIsLeftAlone) {
  Graph& g = network_.graph;
  const int x = g.Convolution(0, "conv", 3);
  const int norm = g.BatchNorm(x, "norm");
  const int relu = g.Apply(LayerOp::kRelu, {norm});
  const int inner = g.Apply(LayerOp::kAdd, {x, relu});
  g.Apply(LayerOp::kAdd, {g.Apply(LayerOp::kAdd, {inner, norm}), inner});
  Set("conv.weight", {3, 3, 1, 1}, 2);
  Norm("norm", 1, 0, 0, 1);
  folded_ = FoldForInference(network_);
  EXPECT_EQ(CountLayers(folded_, [](const Layer& l) { return l.op == LayerOp::kBatchNorm; }), 1);
  EXPECT_EQ(CountLayers(folded_, [](const Layer& l) { return l.op == LayerOp::kRelu; }), 1);
  // Of the three sums only the one that is read once goes into the sum behind it.
  EXPECT_EQ(CountLayers(folded_, [](const Layer& l) { return l.op == LayerOp::kAdd; }), 2);
  EXPECT_EQ(folded_.graph.layers.back().inputs.size(), 3U);
}

TEST_F(SmallFold, ANormThatOverflowsIsNamed) {
  network_.graph.BatchNorm(network_.graph.Convolution(0, "conv", 3), "norm");
  Set("conv.weight", {3, 3, 1, 1}, 2);
  Norm("norm", 1, 0, 0, -1);
  EXPECT_THAT(MessageOf(ErrorKind::kModel, [&] { FoldForInference(network_); }),
              HasSubstr("norm gives no finite convolution"));
}

}  // namespace
}  // namespace reidbench
