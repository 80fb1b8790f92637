// One layer in plain loops in float64: what constants are folded with when a network is read, and
// what engine "reference" is made of. Slow; shares nothing with the other engines.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "reidbench/networks/graph.h"

namespace reidbench {

// Numbers in the order of their axes, the last one fastest.
struct Value {
  ValueShape shape;
  std::vector<double> numbers;
};

// Of a layer that FoldForInference has not changed and that is no input. `tensors`: the layer's, in
// their order. `shape`: what ShapesOf or NextShape says.
Value EvaluateLayer(const Layer& layer, std::span<const Value* const> inputs,
                    std::span<const std::span<const float>> tensors, const ValueShape& shape);

// A function of one number, and one of two.
double Evaluate(Function function, double alpha, double beta, double x);
double Evaluate(Function function, double a, double b);

}  // namespace reidbench
