#include "reidbench/embedding/layouts.h"

#include <algorithm>
#include <map>
#include <utility>

namespace reidbench {
namespace {

enum class Order { kAny, kInOrder, kChannelsLast };

// How a layer wants its maps. What works number by number takes them as they are; where there are
// several inputs, one that lies with its channels last decides.
Order WantedBy(const Layer& layer, const std::vector<bool>& inputs_last) {
  const bool any_last =
      std::find(inputs_last.begin(), inputs_last.end(), true) != inputs_last.end();
  switch (layer.op) {
    case LayerOp::kConvolution:
    case LayerOp::kMaxPool:
    case LayerOp::kAveragePool:
    case LayerOp::kGlobalAveragePool:
    case LayerOp::kBatchNorm:
    case LayerOp::kInstanceNorm:
    case LayerOp::kL2Normalize:
    case LayerOp::kResize:
      return Order::kChannelsLast;
    case LayerOp::kAdd:  // factors are one a channel
      return any_last || !layer.factors.empty() ? Order::kChannelsLast : Order::kInOrder;
    case LayerOp::kMultiply:
    case LayerOp::kConcat:
      return any_last ? Order::kChannelsLast : Order::kInOrder;
    case LayerOp::kRelu:
    case LayerOp::kSigmoid:
    case LayerOp::kFunction:
    case LayerOp::kBinary:
    case LayerOp::kReduce:
    case LayerOp::kSoftmax:
    case LayerOp::kSlice:
    case LayerOp::kPad:
    case LayerOp::kTranspose:
    case LayerOp::kFlatten:
      return Order::kAny;
    default:
      return Order::kInOrder;
  }
}

// Whether the value that a layer gives lies with its channels last, its inputs lying as they do.
bool GivesChannelsLast(const Layer& layer, const std::vector<bool>& inputs_last) {
  if (layer.op == LayerOp::kInput) return true;
  if (layer.op == LayerOp::kTranspose || layer.op == LayerOp::kFlatten) return false;
  if (WantedBy(layer, inputs_last) == Order::kAny)
    return std::find(inputs_last.begin(), inputs_last.end(), true) != inputs_last.end();
  return WantedBy(layer, inputs_last) == Order::kChannelsLast;
}

bool IsMap(const ValueShape& shape) { return shape.size() == 3; }

}  // namespace

OrderedGraph OrderValues(const Graph& graph, int64_t height, int64_t width) {
  const std::vector<ValueShape> shapes = ShapesOf(graph, height, width);
  OrderedGraph ordered{graph, {}, {}};
  ordered.graph.layers.clear();
  std::vector<int> places;                    // of each layer of `graph`
  std::map<std::pair<int, bool>, int> other;  // of layers in the order that they do not have
  const auto add = [&](Layer layer, const ValueShape& shape, bool channels_last) {
    ordered.graph.layers.push_back(std::move(layer));
    ordered.shapes.push_back(shape);
    ordered.channels_last.push_back(channels_last);
    return static_cast<int>(ordered.graph.layers.size()) - 1;
  };
  const auto in_order = [&](int place, bool channels_last) {
    const auto at = static_cast<size_t>(place);
    if (!IsMap(ordered.shapes[at]) || ordered.channels_last[at] == channels_last) return place;
    const auto [found, is_new] = other.try_emplace({place, channels_last}, 0);
    if (is_new) {
      Layer turn{
          .op = LayerOp::kTranspose, .name = ordered.graph.layers[at].name, .inputs = {place}};
      turn.axes = {0, 1, 2};
      found->second = add(std::move(turn), ValueShape(ordered.shapes[at]), channels_last);
    }
    return found->second;
  };
  for (size_t i = 0; i < graph.layers.size(); ++i) {
    Layer layer = graph.layers[i];
    std::vector<bool> inputs_last;
    for (int& input : layer.inputs) {
      input = places[static_cast<size_t>(input)];
      inputs_last.push_back(ordered.channels_last[static_cast<size_t>(input)]);
    }
    for (int& factor : layer.factors) {
      if (factor >= 0) factor = places[static_cast<size_t>(factor)];
    }
    const Order wanted = WantedBy(layer, inputs_last);
    if (wanted != Order::kAny) {
      for (int& input : layer.inputs) input = in_order(input, wanted == Order::kChannelsLast);
    }
    const bool last = IsMap(shapes[i]) && GivesChannelsLast(layer, inputs_last);
    places.push_back(add(std::move(layer), shapes[i], last));
  }
  // What leaves the network is in the order of its axes.
  const bool several = !ordered.graph.outputs.empty();
  for (GraphOutput& output : ordered.graph.outputs)
    output.layer = in_order(places[static_cast<size_t>(output.layer)], false);
  const int first = places[static_cast<size_t>(graph.output)];
  ordered.graph.output = in_order(first, false);
  if (several) ordered.graph.output = ordered.graph.outputs.front().layer;
  return ordered;
}

bool SharesMemory(const OrderedGraph& ordered, size_t index) {
  const Layer& layer = ordered.graph.layers[index];
  if (layer.op == LayerOp::kReshape) return true;
  if (layer.op != LayerOp::kFlatten && layer.op != LayerOp::kTranspose) return false;
  const auto input = static_cast<size_t>(layer.inputs.front());
  const ValueShape& shape = ordered.shapes[input];
  // The input's axes as they lie, without those of size 1, against the output's.
  std::vector<int64_t> lying, wanted;
  for (size_t i = 0; i < shape.size(); ++i) lying.push_back(static_cast<int64_t>(i));
  if (layer.op == LayerOp::kTranspose) {
    wanted = layer.axes;
  } else {
    wanted = lying;
  }
  if (ordered.channels_last[index]) wanted = {wanted[1], wanted[2], wanted[0]};
  if (ordered.channels_last[input]) lying = {1, 2, 0};
  const auto is_single = [&](int64_t axis) { return shape[static_cast<size_t>(axis)] == 1; };
  std::erase_if(lying, is_single);
  std::erase_if(wanted, is_single);
  return lying == wanted;
}

}  // namespace reidbench
