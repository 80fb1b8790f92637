// The OSNet family as layers. Zhou et al., "Omni-Scale Feature Learning for Person
// Re-Identification", ICCV 2019, and "Learning Generalisable Omni-Scale Representations", TPAMI
// 2021; tensor names as in torchreid, and in the order of its state_dict: what a module declares
// first is added first.
#include <array>
#include <string>

#include "reidbench/core/error.h"
#include "reidbench/networks/architectures.h"

namespace reidbench {
namespace {

enum class Kind { kPlain, kIbn, kAin };

class Builder {
 public:
  explicit Builder(Kind kind) : kind_(kind) {}

  Graph Build(const std::array<int64_t, 4>& channels) {
    int x = graph_.Convolution(0, "conv1.conv", channels[0], Window::Square(7, 2, 3));
    x = Relu(kind_ == Kind::kPlain ? graph_.BatchNorm(x, "conv1.bn")
                                   : graph_.InstanceNorm(x, "conv1.bn"));
    x = graph_.Apply(LayerOp::kMaxPool, {x}, Window::Square(3, 2, 1));
    int64_t in = channels[0];
    for (int stage = 2; stage <= 4; ++stage) {
      const int64_t out = channels[static_cast<size_t>(stage) - 1];
      for (int index = 0; index < 2; ++index) {
        x = Block(x, stage, index, in, out);
        in = out;
      }
      if (stage == 4) break;
      const std::string name =
          kind_ == Kind::kAin ? fmt::format("pool{}.0", stage) : fmt::format("conv{}.2.0", stage);
      x = Relu(ConvNorm(x, name, out));
      x = graph_.Apply(LayerOp::kAveragePool, {x}, Window::Square(2, 2));
    }
    x = Relu(ConvNorm(x, "conv5", channels[3]));
    x = graph_.Apply(LayerOp::kFlatten, {graph_.Apply(LayerOp::kGlobalAveragePool, {x})});
    Relu(graph_.BatchNorm(graph_.Linear(x, "fc.0", 512), "fc.1"));
    return std::move(graph_);
  }

 private:
  int Relu(int x) { return graph_.Apply(LayerOp::kRelu, {x}); }

  // 1x1.
  int ConvNorm(int x, const std::string& name, int64_t out) {
    return graph_.BatchNorm(graph_.Convolution(x, name + ".conv", out), name + ".bn");
  }

  // LightConv3x3: pointwise and linear, then depthwise.
  int LightConvolution(int x, const std::string& name, int64_t channels) {
    x = graph_.Convolution(x, name + ".conv1", channels);
    x = graph_.Convolution(x, name + ".conv2", channels, Window::Square(3, 1, 1), channels);
    return Relu(graph_.BatchNorm(x, name + ".bn"));
  }

  std::string LightName(const std::string& block, int stream, int index) const {
    if (kind_ == Kind::kAin) return fmt::format("{}.conv2.{}.layers.{}", block, stream, index);
    const char letter = static_cast<char>('a' + stream);
    return stream == 0 ? block + ".conv2a" : fmt::format("{}.conv2{}.{}", block, letter, index);
  }

  // One gate, shared by the streams of a block.
  int Gated(int x, const std::string& name, int64_t channels) {
    int gate = graph_.Apply(LayerOp::kGlobalAveragePool, {x});
    gate = Relu(graph_.Convolution(gate, name + ".fc1", channels / 16, {}, 1, true));
    gate = graph_.Convolution(gate, name + ".fc2", channels, {}, 1, true);
    return graph_.Apply(LayerOp::kMultiply, {x, graph_.Apply(LayerOp::kSigmoid, {gate})});
  }

  int Block(int x, int stage, int index, int64_t in, int64_t out) {
    const std::string name = fmt::format("conv{}.{}", stage, index);
    const int64_t middle = out / 4;
    const int x1 = Relu(ConvNorm(x, name + ".conv1", middle));
    std::vector<int> streams;
    for (int stream = 0; stream < 4; ++stream) {
      int y = x1;
      for (int i = 0; i <= stream; ++i) y = LightConvolution(y, LightName(name, stream, i), middle);
      streams.push_back(y);
    }
    for (int& stream : streams) stream = Gated(stream, name + ".gate", middle);
    int y = graph_.Apply(LayerOp::kAdd, streams);
    // AIN normalises some branches where others have a batch norm, IBN some sums.
    const bool inside = kind_ == Kind::kAin &&
                        (stage == 2 || (stage == 3 && index == 1) || (stage == 4 && index == 0));
    y = inside ? graph_.Convolution(y, name + ".conv3.conv", out)
               : ConvNorm(y, name + ".conv3", out);
    const int identity = in == out ? x : ConvNorm(x, name + ".downsample", out);
    if (inside) y = graph_.InstanceNorm(y, name + ".IN");
    y = graph_.Apply(LayerOp::kAdd, {y, identity});
    if (kind_ == Kind::kIbn && stage == 2) y = graph_.InstanceNorm(y, name + ".IN");
    return Relu(y);
  }

  const Kind kind_;
  Graph graph_;
};

}  // namespace

std::vector<Architecture> OsnetArchitectures() {
  struct Variant {
    const char* name;
    Kind kind;
    std::array<int64_t, 4> channels;  // after conv1, conv2, conv3, conv4 and conv5
  };
  static constexpr Variant kVariants[] = {
      {"osnet_x1_0", Kind::kPlain, {64, 256, 384, 512}},
      {"osnet_x0_75", Kind::kPlain, {48, 192, 288, 384}},
      {"osnet_x0_5", Kind::kPlain, {32, 128, 192, 256}},
      {"osnet_x0_25", Kind::kPlain, {16, 64, 96, 128}},
      {"osnet_ibn_x1_0", Kind::kIbn, {64, 256, 384, 512}},
      {"osnet_ain_x1_0", Kind::kAin, {64, 256, 384, 512}},
      {"osnet_ain_x0_75", Kind::kAin, {48, 192, 288, 384}},
      {"osnet_ain_x0_5", Kind::kAin, {32, 128, 192, 256}},
      {"osnet_ain_x0_25", Kind::kAin, {16, 64, 96, 128}},
  };
  std::vector<Architecture> architectures;
  for (const Variant& variant : kVariants)
    architectures.push_back({variant.name, "OSNet", Builder(variant.kind).Build(variant.channels)});
  return architectures;
}

}  // namespace reidbench
