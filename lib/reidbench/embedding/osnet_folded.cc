#include "reidbench/embedding/osnet_folded.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "reidbench/core/error.h"

namespace reidbench {
namespace {

constexpr double kEpsilon = 1e-5;  // of every batch norm

bool AllFinite(const std::vector<float>& values) {
  return std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); });
}

class Folder {
 public:
  explicit Folder(const OsnetWeights& weights) : weights_(weights) {}

  FoldedOsnet Fold() const {
    const OsnetKind kind = weights_.architecture.kind;
    const bool plain = kind == OsnetKind::kPlain;
    FoldedOsnet network;
    network.stem = Load("conv1.conv", plain ? "conv1.bn" : "", plain);
    network.stem.stride = 2;
    network.stem.padding = 3;
    if (!plain) network.stem_norm = LoadNorm("conv1.bn");
    for (int s = 0; s < 3; ++s) {
      for (int b = 0; b < 2; ++b) network.stages[s].blocks[b] = LoadBlock(s + 2, b);
      if (s == 2) break;
      const std::string name = kind == OsnetKind::kAin ? fmt::format("pool{}.0", s + 2)
                                                       : fmt::format("conv{}.2.0", s + 2);
      network.stages[s].transition = Load(name + ".conv", name + ".bn", true);
    }
    network.conv5 = Load("conv5.conv", "conv5.bn", true);
    network.fc = Load("fc.0", "fc.1", false);
    return network;
  }

 private:
  const Tensor* Find(const std::string& name) const {
    const auto it = weights_.tensors.find(name);
    return it == weights_.tensors.end() ? nullptr : &it->second;
  }

  const std::vector<float>& Get(const std::string& name) const {
    return weights_.tensors.at(name).values;
  }

  // `norm` names the batch norm behind the convolution, empty for none.
  FoldedConvolution Load(const std::string& name, const std::string& norm, bool relu) const {
    const Tensor& tensor = weights_.tensors.at(name + ".weight");
    FoldedConvolution conv;
    conv.out = tensor.shape[0];
    conv.in = tensor.shape[1];
    conv.kernel = tensor.shape.size() == 4 ? tensor.shape[2] : 1;
    conv.relu = relu;
    conv.weight = tensor.values;
    const Tensor* const bias = Find(name + ".bias");
    conv.bias = bias == nullptr ? std::vector<float>(conv.out, 0.0f) : bias->values;
    if (norm.empty()) return conv;
    const std::vector<float>& weight = Get(norm + ".weight");
    const std::vector<float>& shift = Get(norm + ".bias");
    const std::vector<float>& mean = Get(norm + ".running_mean");
    const std::vector<float>& variance = Get(norm + ".running_var");
    const int64_t per_channel = static_cast<int64_t>(conv.weight.size()) / conv.out;
    for (int64_t o = 0; o < conv.out; ++o) {
      const double scale = weight[o] / std::sqrt(variance[o] + kEpsilon);
      for (int64_t i = 0; i < per_channel; ++i) {
        float& w = conv.weight[o * per_channel + i];
        w = static_cast<float>(w * scale);
      }
      conv.bias[o] =
          static_cast<float>(shift[o] - (static_cast<double>(mean[o]) - conv.bias[o]) * scale);
    }
    if (!AllFinite(conv.weight) || !AllFinite(conv.bias)) {
      ThrowModel("{}: {} gives no finite convolution (a negative running_var?)", weights_.path,
                 norm);
    }
    return conv;
  }

  FoldedInstanceNorm LoadNorm(const std::string& name) const {
    return {Get(name + ".weight"), Get(name + ".bias")};
  }

  FoldedBlock LoadBlock(int stage, int index) const {
    const OsnetKind kind = weights_.architecture.kind;
    const std::string name = fmt::format("conv{}.{}", stage, index);
    FoldedBlock block;
    block.conv1 = Load(name + ".conv1.conv", name + ".conv1.bn", true);
    for (int s = 0; s < 4; ++s) {
      for (int i = 0; i <= s; ++i) {
        const std::string light = OsnetLightConvPrefix(kind, name, s, i);
        FoldedLightConvolution layer{Load(light + ".conv1", "", false),
                                     Load(light + ".conv2", light + ".bn", true)};
        layer.depthwise.in = layer.depthwise.out;
        layer.depthwise.depthwise = true;
        layer.depthwise.padding = 1;
        block.streams[s].push_back(std::move(layer));
      }
    }
    const std::string gate = name + ".gate.";
    block.gate = {Get(gate + "fc1.weight"), Get(gate + "fc1.bias"), Get(gate + "fc2.weight"),
                  Get(gate + "fc2.bias")};
    block.norm_before_sum = OsnetInstanceNormInside(kind, stage, index);
    if (block.norm_before_sum || OsnetInstanceNormAfter(kind, stage)) {
      block.norm = LoadNorm(name + ".IN");
    }
    block.conv3 =
        Load(name + ".conv3.conv", block.norm_before_sum ? "" : name + ".conv3.bn", false);
    if (Find(name + ".downsample.conv.weight") != nullptr) {
      block.downsample = Load(name + ".downsample.conv", name + ".downsample.bn", false);
    }
    return block;
  }

  const OsnetWeights& weights_;
};

}  // namespace

void RequireCompleteOsnet(const OsnetWeights& weights) {
  for (const TensorSpec& spec : OsnetTensors(weights.architecture)) {
    const auto it = weights.tensors.find(spec.name);
    if (it == weights.tensors.end() || it->second.shape != spec.shape) {
      ThrowModel(
          "{}: tensor {} is {}", weights.path, spec.name,
          it == weights.tensors.end() ? "missing" : "of another shape than the architecture's");
    }
    if (!AllFinite(it->second.values)) {
      ThrowModel("{}: {} holds an infinity or NaN; the file is damaged or its training diverged",
                 weights.path, spec.name);
    }
  }
}

FoldedOsnet FoldOsnet(const OsnetWeights& weights) {
  RequireCompleteOsnet(weights);
  return Folder(weights).Fold();
}

void RequireOsnetImageSize(std::string_view architecture, const ImageBatch& images) {
  constexpr int kMinimum = 16;
  if (images.height >= kMinimum && images.width >= kMinimum) return;
  ThrowInput("{} needs images of at least {} x {} pixels, got {} x {} (height x width)",
             architecture, kMinimum, kMinimum, images.height, images.width);
}

}  // namespace reidbench
