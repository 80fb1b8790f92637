#include "reidbench/networks/evaluate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "reidbench/core/error.h"

namespace reidbench {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;

std::vector<double> Computed(Layer layer, const std::vector<Value>& inputs,
                             const std::vector<std::vector<float>>& tensors = {}) {
  std::vector<ValueShape> shapes;
  std::vector<const Value*> pointers;
  for (const Value& input : inputs) {
    layer.inputs.push_back(static_cast<int>(shapes.size()));
    shapes.push_back(input.shape);
    pointers.push_back(&input);
  }
  const std::vector<std::span<const float>> spans(tensors.begin(), tensors.end());
  return EvaluateLayer(layer, pointers, spans, NextShape(layer, shapes)).numbers;
}

Layer EvaluatedLayer(LayerOp op, Function function = Function::kNone) {
  Layer layer{.op = op};
  layer.function = function;
  return layer;
}

const Value kTwoByThree = {{2, 3}, {1, 2, 3, 4, 5, 6}};

TEST(Evaluate, RepeatsAsNumpyDoes) {
  const Layer difference = EvaluatedLayer(LayerOp::kBinary, Function::kSubtract);
  EXPECT_THAT(Computed(difference, {kTwoByThree, {{3}, {1, 1, 2}}}), ElementsAre(0, 1, 1, 3, 4, 4));
  EXPECT_THAT(Computed(difference, {kTwoByThree, {{2, 1}, {1, 4}}}), ElementsAre(0, 1, 2, 0, 1, 2));
  EXPECT_THAT(Computed(difference, {{{2, 1}, {1, 2}}, {{1, 2}, {10, 20}}}),
              ElementsAre(-9, -19, -8, -18));
}

TEST(Evaluate, ReducesTheAxesThatAreNamed) {
  Layer layer = EvaluatedLayer(LayerOp::kReduce, Function::kSum);
  layer.axes = {1};
  EXPECT_THAT(Computed(layer, {kTwoByThree}), ElementsAre(6, 15));
  layer.axes = {0};
  EXPECT_THAT(Computed(layer, {kTwoByThree}), ElementsAre(5, 7, 9));
  layer.function = Function::kMaximum;
  layer.axes = {0, 1};
  EXPECT_THAT(Computed(layer, {kTwoByThree}), ElementsAre(6));
  layer.function = Function::kNormL2;
  EXPECT_THAT(Computed(layer, {kTwoByThree}), ElementsAre(DoubleNear(std::sqrt(91), 1e-12)));
  layer.function = Function::kMean;
  EXPECT_THAT(Computed(layer, {kTwoByThree}), ElementsAre(3.5));
}

TEST(Evaluate, MovesNumbers) {
  Layer layer = EvaluatedLayer(LayerOp::kTranspose);
  layer.axes = {1, 0};
  EXPECT_THAT(Computed(layer, {kTwoByThree}), ElementsAre(1, 4, 2, 5, 3, 6));
  layer = EvaluatedLayer(LayerOp::kSlice);
  layer.begins = {0, 2};
  layer.sizes = {2, 2};
  layer.steps = {1, -2};
  EXPECT_THAT(Computed(layer, {kTwoByThree}), ElementsAre(3, 1, 6, 4));
  layer = EvaluatedLayer(LayerOp::kPad);
  layer.begins = {0, 1};
  layer.ends = {1, -1};
  layer.alpha = 9;
  EXPECT_THAT(Computed(layer, {kTwoByThree}), ElementsAre(9, 1, 2, 9, 4, 5, 9, 9, 9));
  layer = EvaluatedLayer(LayerOp::kGather);
  layer.axis = 1;
  EXPECT_THAT(Computed(layer, {kTwoByThree, {{2}, {2, -3}}}), ElementsAre(3, 1, 6, 4));
  layer = EvaluatedLayer(LayerOp::kConcat);
  layer.axis = 1;
  EXPECT_THAT(Computed(layer, {kTwoByThree, {{2, 1}, {7, 8}}}),
              ElementsAre(1, 2, 3, 7, 4, 5, 6, 8));
}

TEST(Evaluate, MultipliesMatrices) {
  const Layer layer = EvaluatedLayer(LayerOp::kMatMul);
  EXPECT_THAT(Computed(layer, {kTwoByThree, {{3, 1}, {1, 10, 100}}}), ElementsAre(321, 654));
  // One matrix for both of the other side.
  const Value two = {{2, 1, 2}, {1, 2, 3, 4}};
  EXPECT_THAT(Computed(layer, {two, {{2, 2}, {1, 0, 0, 1}}}), ElementsAre(1, 2, 3, 4));
}

TEST(Evaluate, NormsRows) {
  Layer layer = EvaluatedLayer(LayerOp::kSoftmax);
  layer.axis = 1;
  const double e = std::exp(1);
  EXPECT_THAT(Computed(layer, {{{1, 2}, {1000, 1001}}}),
              ElementsAre(DoubleNear(1 / (1 + e), 1e-12), DoubleNear(e / (1 + e), 1e-12)));
  layer = EvaluatedLayer(LayerOp::kLayerNorm);
  layer.axis = 1;
  layer.epsilon = 0;
  EXPECT_THAT(Computed(layer, {{{2, 2}, {1, 3, 10, 30}}}, {{1, 2}, {0, 5}}),
              ElementsAre(-1, 7, -1, 7));
}

// Four pixels to eight, of which torch gives 0, 0.25, 0.75, ... with half pixels.
TEST(Evaluate, ResizesByTheCoordinatesOfExporters) {
  Layer layer = EvaluatedLayer(LayerOp::kResize);
  const Value row = {{1, 1, 2}, {0, 4}};
  layer.sampling.scale = {1, 2};
  layer.sampling.linear = true;
  EXPECT_THAT(Computed(layer, {row}), ElementsAre(0, 1, 3, 4));
  layer.sampling.coordinates = Coordinates::kAsymmetric;
  EXPECT_THAT(Computed(layer, {row}), ElementsAre(0, 2, 4, 4));
  layer.sampling.scale = {0, 0};
  layer.sizes = {1, 3};
  layer.sampling.coordinates = Coordinates::kAlignCorners;
  EXPECT_THAT(Computed(layer, {row}), ElementsAre(0, 2, 4));
  layer.sampling.linear = false;
  layer.sampling.rounding = Rounding::kPreferFloor;
  EXPECT_THAT(Computed(layer, {row}), ElementsAre(0, 0, 4));
  layer.sampling.rounding = Rounding::kPreferCeil;
  EXPECT_THAT(Computed(layer, {row}), ElementsAre(0, 4, 4));
}

TEST(Evaluate, FunctionsOfOneNumber) {
  EXPECT_DOUBLE_EQ(Evaluate(Function::kSilu, 0, 0, 0), 0);
  EXPECT_NEAR(Evaluate(Function::kGelu, 0, 0, 1), 0.8413447, 1e-7);  // the normal distribution's
  EXPECT_NEAR(Evaluate(Function::kGeluTanh, 0, 0, 1), 0.8411920, 1e-7);
  EXPECT_DOUBLE_EQ(Evaluate(Function::kHardSwish, 1.0 / 6, 0.5, 3), 3);
  EXPECT_DOUBLE_EQ(Evaluate(Function::kHardSwish, 1.0 / 6, 0.5, -3), 0);
  EXPECT_DOUBLE_EQ(Evaluate(Function::kClip, 0, 6, 7), 6);
  EXPECT_DOUBLE_EQ(Evaluate(Function::kLeakyRelu, 0.1, 0, -2), -0.2);
  EXPECT_DOUBLE_EQ(Evaluate(Function::kRound, 0, 0, 2.5), 2);
  EXPECT_NEAR(Evaluate(Function::kSoftplus, 0, 0, 0), std::log(2), 1e-15);
}

}  // namespace
}  // namespace reidbench
