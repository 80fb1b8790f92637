#include "reidbench/embedding/osnet_blocks.h"

#include <algorithm>
#include <utility>

namespace reidbench {
namespace {

struct Different {};

void Require(bool holds) {
  if (!holds) throw Different();
}

// Walks the graph from its output to its input.
class Finder {
 public:
  explicit Finder(const Network& network) : network_(network), graph_(network.graph) {}

  OsnetBlocks Find() const {
    OsnetBlocks network;
    int x = graph_.output;
    if (At(x).op == LayerOp::kL2Normalize) {
      network.l2_epsilon = At(x).epsilon;
      x = Before(x);
    }
    x = Before(Expect(x, LayerOp::kRelu));
    Expect(x, LayerOp::kLinear);
    network.fc = Convolution(x, false);
    x = Before(Expect(Before(x), LayerOp::kFlatten));
    x = Before(Expect(x, LayerOp::kGlobalAveragePool));
    network.conv5 = Pointwise(x, true);
    x = Before(x);
    for (size_t s = 3; s-- > 0;) {
      FoldedStage& stage = network.stages[s];
      if (s < 2) {
        Require(At(x).window == Window::Square(2, 2));
        x = Before(Expect(x, LayerOp::kAveragePool));
        stage.transition = Pointwise(x, true);
        x = Before(x);
      }
      for (size_t b = 2; b-- > 0;) x = Block(x, &stage.blocks[b]);
      const FoldedConvolution& after = stage.transition ? *stage.transition : network.conv5;
      const FoldedBlock& first = stage.blocks[0];
      const FoldedBlock& second = stage.blocks[1];
      Require(!second.downsample && first.conv1.out == second.conv1.out &&
              first.conv3.out == second.conv3.out && after.out == after.in);
    }
    Require(At(x).window == Window::Square(3, 2, 1));
    x = Before(Expect(x, LayerOp::kMaxPool));
    const bool has_norm = At(x).op == LayerOp::kInstanceNorm;
    if (has_norm) {
      Require(At(x).relu && At(x).inputs.size() == 1);
      network.stem_norm = Norm(x);
      x = Before(x);
    }
    Require(At(x).window == Window::Square(7, 2, 3) && At(x).groups == 1);
    network.stem = Convolution(x, !has_norm);
    Require(Before(x) == 0 && network.stem.in == 3);
    return network;
  }

 private:
  const Layer& At(int layer) const { return graph_.layers[static_cast<size_t>(layer)]; }
  int Before(int layer) const {
    Require(!At(layer).inputs.empty());
    return At(layer).inputs.front();
  }
  int Expect(int layer, LayerOp op) const {
    Require(At(layer).op == op);
    return layer;
  }
  const std::vector<float>& Values(int layer, size_t index) const {
    return network_.tensors.at(At(layer).tensors.at(index)).values;
  }

  FoldedConvolution Convolution(int index, bool relu) const {
    const Layer& layer = At(index);
    Require((layer.op == LayerOp::kConvolution || layer.op == LayerOp::kLinear) &&
            layer.relu == relu && layer.window.kernel[0] == layer.window.kernel[1]);
    FoldedConvolution conv;
    conv.out = layer.channels;
    conv.in = network_.tensors.at(layer.tensors.front()).shape[1];
    conv.kernel = layer.window.kernel[0];
    conv.relu = relu;
    conv.weight = Values(index, 0);
    conv.bias = layer.tensors.size() > 1 ? Values(index, 1)
                                         : std::vector<float>(static_cast<size_t>(conv.out));
    Require(conv.out % 8 == 0);
    return conv;
  }

  FoldedConvolution Pointwise(int index, bool relu) const {
    Require(At(index).window == Window() && At(index).groups == 1);
    return Convolution(index, relu);
  }

  FoldedInstanceNorm Norm(int index) const {
    Require(!At(index).tensors.empty());
    return {Values(index, 0), Values(index, 1), At(index).epsilon};
  }

  bool IsGatedSum(int index) const {
    const std::vector<int>& factors = At(index).factors;
    return At(index).op == LayerOp::kAdd && factors.size() == 4 && !At(index).relu &&
           *std::min_element(factors.begin(), factors.end()) >= 0;
  }

  // The block that ends in layer `y`. Returns what it reads.
  int Block(int y, FoldedBlock* block) const {
    Require(At(y).relu);
    if (At(y).op == LayerOp::kInstanceNorm) {
      block->norm = Norm(y);
      block->norm_before_sum = At(y).inputs.size() == 2;
      if (!block->norm_before_sum) y = Before(y);
    }
    Require(
        At(y).inputs.size() == 2 && At(y).relu == !(block->norm && !block->norm_before_sum) &&
        (block->norm_before_sum || (At(y).op == LayerOp::kAdd && At(y).factors == NoFactors())));
    int conv3 = At(y).inputs[0];
    int identity = At(y).inputs[1];
    if (!block->norm_before_sum &&
        !(At(conv3).op == LayerOp::kConvolution && IsGatedSum(Before(conv3))))
      std::swap(conv3, identity);
    block->conv3 = Pointwise(conv3, false);
    const int sum = Before(conv3);
    Require(IsGatedSum(sum));
    int x1 = -1;
    for (size_t s = 0; s < 4; ++s) {
      const int start = Stream(At(sum).inputs[s], block);
      Require(x1 < 0 || start == x1);
      x1 = start;
      Gate(At(sum).factors[s], At(sum).inputs[s], s == 0, &block->gate);
    }
    block->conv1 = Pointwise(x1, true);
    const int x = Before(x1);
    if (identity != x) {
      block->downsample = Pointwise(identity, false);
      Require(Before(identity) == x);
    }
    return x;
  }

  static std::vector<int> NoFactors() { return {-1, -1}; }

  // One to four light convolutions; their number says which stream it is. Returns what they read.
  int Stream(int y, FoldedBlock* block) const {
    std::vector<FoldedLightConvolution> lights;
    while (At(y).op == LayerOp::kConvolution && At(y).groups > 1) {
      FoldedLightConvolution light;
      light.depthwise = Convolution(y, true);
      Require(At(y).window == Window::Square(3, 1, 1) && At(y).groups == light.depthwise.out);
      light.depthwise.in = light.depthwise.out;
      light.depthwise.depthwise = true;
      y = Before(y);
      light.pointwise = Pointwise(y, false);
      y = Before(y);
      Require(light.pointwise.in == light.pointwise.out);
      for (const float b : light.pointwise.bias) Require(b == 0);
      lights.insert(lights.begin(), std::move(light));
    }
    Require(!lights.empty() && lights.size() <= 4 && block->streams[lights.size() - 1].empty());
    block->streams[lights.size() - 1] = std::move(lights);
    return y;
  }

  // The gate that computes `factors` from the stream `of`; the streams of a block share one.
  void Gate(int factors, int of, bool first, FoldedGate* gate) const {
    const int fc2 = Before(Expect(factors, LayerOp::kSigmoid));
    const int fc1 = Before(fc2);
    for (const int fc : {fc1, fc2}) {
      Require(At(fc).op == LayerOp::kConvolution && At(fc).window == Window() &&
              At(fc).groups == 1 && At(fc).relu == (fc == fc1) && At(fc).tensors.size() == 2);
    }
    Require(Before(Expect(Before(fc1), LayerOp::kGlobalAveragePool)) == of);
    FoldedGate found{Values(fc1, 0), Values(fc1, 1), Values(fc2, 0), Values(fc2, 1)};
    Require(found.bias1.size() <= 64);
    if (first) {
      *gate = std::move(found);
    } else {
      Require(gate->weight1 == found.weight1 && gate->bias1 == found.bias1 &&
              gate->weight2 == found.weight2 && gate->bias2 == found.bias2);
    }
  }

  const Network& network_;
  const Graph& graph_;
};

}  // namespace

std::optional<OsnetBlocks> FindOsnetBlocks(const Network& folded) {
  try {
    return Finder(folded).Find();
  } catch (const Different&) {
    return std::nullopt;
  }
}

}  // namespace reidbench
