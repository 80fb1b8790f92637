#include "reidbench/embedding_torch/osnet_torch.h"

#include <ATen/ATen.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <c10/core/InferenceMode.h>
#include <torch/version.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "reidbench/core/error.h"
#include "reidbench/embedding/osnet_folded.h"
#include "reidbench/embedding/osnet_kernels.h"
#include "reidbench/embedding_torch/torch_support.h"

namespace reidbench {
namespace {

constexpr double kEpsilon = 1e-5;  // of every batch and instance norm
constexpr auto kNhwc = at::MemoryFormat::ChannelsLast;

// A convolution, its batch norm and its ReLU.
struct Convolution {
  at::Tensor weight;
  at::Tensor bias;                                         // undefined: none
  at::Tensor norm_weight, norm_bias, norm_mean, norm_var;  // kPlain only
  int64_t stride = 1;
  int64_t padding = 0;
  int64_t groups = 1;
  bool relu = false;
  c10::IValue packed;  // kFused: oneDNN's weights and post-operations
};

struct InstanceNorm {
  at::Tensor weight;
  at::Tensor bias;
};

struct LightConvolution {
  Convolution pointwise;
  Convolution depthwise;
};

struct Gate {
  at::Tensor weight1, bias1, weight2, bias2;
};

struct Block {
  Convolution conv1;
  std::array<std::vector<LightConvolution>, 4> streams;
  Gate gate;
  Convolution conv3;
  std::optional<Convolution> downsample;
  std::optional<InstanceNorm> norm;
  bool norm_before_sum = false;  // AIN normalises the branch, IBN the sum
};

struct Stage {
  std::array<Block, 2> blocks;
  std::optional<Convolution> transition;  // followed by average pooling
};

struct Network {
  Convolution stem;
  std::optional<InstanceNorm> stem_norm;
  std::array<Stage, 3> stages;
  Convolution conv5;
  Convolution fc;  // as a 1x1 convolution of a 1x1 image
};

// LibTorch's operators that pack a convolution for oneDNN. They have no C++ header.
struct PackedOperators {
  c10::OperatorHandle prepack;
  c10::OperatorHandle run;
};

std::optional<PackedOperators> FindPackedOperators() {
  if (!at::hasMKLDNN()) return std::nullopt;
  auto& dispatcher = c10::Dispatcher::singleton();
  const auto prepack = dispatcher.findSchema({"mkldnn_prepacked::conv2d_prepack", ""});
  const auto run = dispatcher.findSchema({"mkldnn_prepacked::conv2d_run", ""});
  if (!prepack.has_value() || !run.has_value()) return std::nullopt;
  // The arguments have changed between releases of LibTorch 2; Pack() knows these.
  if (prepack->schema().arguments().size() != 8 || run->schema().arguments().size() != 2) {
    return std::nullopt;
  }
  return PackedOperators{*prepack, *run};
}

const float* Data(const at::Tensor& tensor) { return tensor.data_ptr<float>(); }
float* MutableData(const at::Tensor& tensor) { return tensor.data_ptr<float>(); }
std::span<const float> Values(const at::Tensor& tensor) {
  return {Data(tensor), static_cast<size_t>(tensor.numel())};
}

// Reads OsnetWeights into a Network: float32 on the CPU, batch norms folded in float64 unless
// `fold` is false.
class Builder {
 public:
  Builder(const OsnetWeights& weights, bool fold) : weights_(weights), fold_(fold) {
    RequireCompleteOsnet(weights);
  }

  Network Build() const {
    const bool ain = weights_.architecture.kind == OsnetKind::kAin;
    const bool plain_stem = weights_.architecture.kind == OsnetKind::kPlain;
    Network network;
    network.stem = Load("conv1.conv", plain_stem ? "conv1.bn" : "", plain_stem);
    network.stem.stride = 2;
    network.stem.padding = 3;
    if (!plain_stem) network.stem_norm = LoadInstanceNorm("conv1.bn");
    for (int s = 0; s < 3; ++s) {
      for (int b = 0; b < 2; ++b) network.stages[s].blocks[b] = LoadBlock(s + 2, b);
      if (s < 2) {
        const std::string name =
            ain ? fmt::format("pool{}.0", s + 2) : fmt::format("conv{}.2.0", s + 2);
        network.stages[s].transition = Load(name + ".conv", name + ".bn", true);
      }
    }
    network.conv5 = Load("conv5.conv", "conv5.bn", true);
    // Without its ReLU: oneDNN's maps NaN to 0 and would hide that the network overflowed.
    network.fc = Load("fc.0", "fc.1", false);
    return network;
  }

 private:
  const Tensor* Find(const std::string& name) const {
    const auto it = weights_.tensors.find(name);
    return it == weights_.tensors.end() ? nullptr : &it->second;
  }

  const Tensor& Get(const std::string& name) const { return weights_.tensors.at(name); }

  static at::Tensor ToTorch(const Tensor& tensor) {
    return at::from_blob(const_cast<float*>(tensor.values.data()), tensor.shape, at::kFloat)
        .clone();
  }

  // `norm` names the batch norm behind the convolution, empty for none.
  Convolution Load(const std::string& name, const std::string& norm, bool relu) const {
    Convolution conv;
    conv.relu = relu;
    at::Tensor weight = ToTorch(Get(name + ".weight"));
    if (weight.dim() == 2) weight = weight.view({weight.size(0), weight.size(1), 1, 1});
    const Tensor* const bias = Find(name + ".bias");
    if (norm.empty() || !fold_) {
      conv.weight = weight;
      if (bias != nullptr) conv.bias = ToTorch(*bias);
      if (!norm.empty()) {
        conv.norm_weight = ToTorch(Get(norm + ".weight"));
        conv.norm_bias = ToTorch(Get(norm + ".bias"));
        conv.norm_mean = ToTorch(Get(norm + ".running_mean"));
        conv.norm_var = ToTorch(Get(norm + ".running_var"));
      }
      return conv;
    }
    const auto as_double = [&](const char* part) {
      return ToTorch(Get(norm + part)).to(at::kDouble);
    };
    const at::Tensor scale = as_double(".weight") / (as_double(".running_var") + kEpsilon).sqrt();
    at::Tensor mean = as_double(".running_mean");
    if (bias != nullptr) mean = mean - ToTorch(*bias).to(at::kDouble);
    conv.weight = (weight.to(at::kDouble) * scale.view({-1, 1, 1, 1})).to(at::kFloat);
    conv.bias = (as_double(".bias") - mean * scale).to(at::kFloat);
    if (!at::isfinite(conv.weight).all().item<bool>() ||
        !at::isfinite(conv.bias).all().item<bool>()) {
      ThrowModel("{}: {} gives no finite convolution (a negative running_var?)", weights_.path,
                 norm);
    }
    return conv;
  }

  InstanceNorm LoadInstanceNorm(const std::string& name) const {
    return {ToTorch(Get(name + ".weight")), ToTorch(Get(name + ".bias"))};
  }

  Block LoadBlock(int stage, int index) const {
    const OsnetKind kind = weights_.architecture.kind;
    const std::string name = fmt::format("conv{}.{}", stage, index);
    Block block;
    block.conv1 = Load(name + ".conv1.conv", name + ".conv1.bn", true);
    for (int s = 0; s < 4; ++s) {
      for (int i = 0; i <= s; ++i) {
        const std::string light = OsnetLightConvPrefix(kind, name, s, i);
        LightConvolution layer{Load(light + ".conv1", "", false),
                               Load(light + ".conv2", light + ".bn", true)};
        layer.depthwise.padding = 1;
        layer.depthwise.groups = layer.depthwise.weight.size(0);
        block.streams[s].push_back(std::move(layer));
      }
    }
    const auto gate = [&](const char* part) { return ToTorch(Get(name + ".gate." + part)); };
    block.gate = {gate("fc1.weight"), gate("fc1.bias"), gate("fc2.weight"), gate("fc2.bias")};
    block.norm_before_sum = OsnetInstanceNormInside(kind, stage, index);
    if (block.norm_before_sum || OsnetInstanceNormAfter(kind, stage)) {
      block.norm = LoadInstanceNorm(name + ".IN");
    }
    block.conv3 =
        Load(name + ".conv3.conv", block.norm_before_sum ? "" : name + ".conv3.bn", false);
    if (Find(name + ".downsample.conv.weight") != nullptr) {
      block.downsample = Load(name + ".downsample.conv", name + ".downsample.bn", false);
    }
    return block;
  }

  const OsnetWeights& weights_;
  const bool fold_;
};

// Calls f(convolution, layer) for every convolution; `layer` halves the input size so many times,
// -1 = 1x1 pixel.
template <typename F>
void ForEachConvolution(Network& network, const F& f) {
  f(network.stem, 0);
  for (int s = 0; s < 3; ++s) {
    for (Block& block : network.stages[s].blocks) {
      f(block.conv1, s + 2);
      for (auto& stream : block.streams) {
        for (LightConvolution& layer : stream) {
          f(layer.pointwise, s + 2);
          f(layer.depthwise, s + 2);
        }
      }
      f(block.conv3, s + 2);
      if (block.downsample) f(*block.downsample, s + 2);
    }
    if (network.stages[s].transition) f(*network.stages[s].transition, s + 2);
  }
  f(network.conv5, 4);
  f(network.fc, -1);
}

template <typename F>
void ForEachOther(Network& network, const F& f) {
  const auto norm = [&](std::optional<InstanceNorm>& n) {
    if (!n) return;
    f(n->weight);
    f(n->bias);
  };
  norm(network.stem_norm);
  for (Stage& stage : network.stages) {
    for (Block& block : stage.blocks) {
      norm(block.norm);
      f(block.gate.weight1);
      f(block.gate.bias1);
      f(block.gate.weight2);
      f(block.gate.bias2);
    }
  }
}

class OsnetTorchEngine : public Engine {
 public:
  OsnetTorchEngine(const OsnetWeights& weights, std::string_view device, OsnetExecution execution,
                   std::string_view precision)
      : device_(ParseTorchDevice(device)), execution_(execution), type_(ScalarType(precision)) {
    UseOneTorchThread();
    const c10::InferenceMode inference;
    if (device_.is_cuda()) ForbidTf32();
    if (execution_ == OsnetExecution::kFused) {
      if (device_.is_cpu() && type_ == at::kFloat) operators_ = FindPackedOperators();
      if (!operators_) execution_ = OsnetExecution::kPortable;
    }
    network_ = Builder(weights, execution_ != OsnetExecution::kPlain).Build();
    Prepare();
    info_.engine = std::string("libtorch ") + TORCH_VERSION;
    info_.architecture = weights.architecture.name;
    info_.precision = precision;
    info_.device = device_.str();
    info_.dim = static_cast<int>(network_.fc.weight.size(0));
    info_.weights_sha256 = weights.sha256;
    info_.notes = weights.notes;
    // Large enough to spread the fixed cost of a convolution (10 us), small enough that the
    // activations of a block stay in the second-level cache: measured with
    // tools/bench/embedder_bench.cc, 2 MiB of it.
    info_.batch_size = device_.is_cuda() ? 64 : weights.architecture.channels[0] <= 16 ? 8 : 4;
  }

  const EmbedderInfo& info() const override { return info_; }

  void Run(const ImageBatch& images, float* embeddings) override {
    RequireOsnetImageSize(info_.architecture, images);
    TranslateTorchErrors("computing features", [&] {
      const c10::InferenceMode inference;
      if (device_.is_cuda()) {
        const std::lock_guard lock(cuda_mutex_);
        RunOperators(images, embeddings);
      } else if (execution_ == OsnetExecution::kFused) {
        UseOneTorchThread();
        RunFused(images, embeddings);
      } else {
        UseOneTorchThread();
        RunOperators(images, embeddings);
      }
    });
  }

 private:
  static at::ScalarType ScalarType(std::string_view precision) {
    if (precision == "fp32") return at::kFloat;
    if (precision == "fp16") return at::kHalf;
    if (precision == "bf16") return at::kBFloat16;
    ThrowUsage("engine libtorch has no precision '{}'; it supports: fp32, and on CUDA fp16, bf16",
               precision);
  }

  // Moves the parameters to their device, type and layout.
  void Prepare() {
    ForEachConvolution(network_, [&](Convolution& conv, int layer) {
      if (execution_ == OsnetExecution::kFused) {
        conv.packed = Pack(conv, layer);
        return;
      }
      for (at::Tensor* tensor : {&conv.weight, &conv.bias, &conv.norm_weight, &conv.norm_bias,
                                 &conv.norm_mean, &conv.norm_var}) {
        if (tensor->defined()) *tensor = tensor->to(device_, type_);
      }
      if (execution_ == OsnetExecution::kPortable) conv.weight = conv.weight.contiguous(kNhwc);
    });
    ForEachOther(network_, [&](at::Tensor& tensor) { tensor = tensor.to(device_, type_); });
  }

  // oneDNN chooses the layout of the weights for one input size, here 256 x 128; other sizes work,
  // with a reorder per call.
  c10::IValue Pack(const Convolution& conv, int layer) const {
    const int64_t height = layer < 0 ? 1 : 256 >> layer;
    const int64_t width = layer < 0 ? 1 : 128 >> layer;
    const auto pair = [](int64_t v) { return c10::List<int64_t>({v, v}); };
    torch::jit::Stack stack;
    stack.emplace_back(conv.weight.contiguous(kNhwc));
    stack.push_back(conv.bias.defined() ? c10::IValue(conv.bias) : c10::IValue());
    stack.emplace_back(pair(conv.stride));
    stack.emplace_back(pair(conv.padding));
    stack.emplace_back(pair(1));
    stack.emplace_back(conv.groups);
    stack.emplace_back(c10::List<int64_t>({1, conv.weight.size(1) * conv.groups, height, width}));
    stack.emplace_back(std::string(conv.relu ? "relu" : "none"));
    operators_->prepack.callBoxed(&stack);
    return stack.front();
  }

  // ---- kPlain and kPortable: LibTorch's operators ----

  static at::Tensor Apply(const Convolution& conv, const at::Tensor& x) {
    at::Tensor y = at::conv2d(x, conv.weight, conv.bias, conv.stride, conv.padding, 1, conv.groups);
    if (conv.norm_weight.defined()) {
      y = at::batch_norm(y, conv.norm_weight, conv.norm_bias, conv.norm_mean, conv.norm_var,
                         /*training=*/false, 0.1, kEpsilon, /*cudnn_enabled=*/false);
    }
    if (conv.relu) y.relu_();
    return y;
  }

  static at::Tensor Apply(const InstanceNorm& norm, const at::Tensor& x) {
    return at::instance_norm(x, norm.weight, norm.bias, {}, {}, /*use_input_stats=*/true, 0.1,
                             kEpsilon,
                             /*cudnn_enabled=*/false);
  }

  static at::Tensor Apply(const Gate& gate, const at::Tensor& x) {
    at::Tensor g = at::adaptive_avg_pool2d(x, {1, 1});
    g = at::conv2d(g, gate.weight1, gate.bias1).relu_();
    return x * at::conv2d(g, gate.weight2, gate.bias2).sigmoid_();
  }

  static at::Tensor Apply(const Block& block, const at::Tensor& x) {
    const at::Tensor x1 = Apply(block.conv1, x);
    at::Tensor sum;
    for (const auto& stream : block.streams) {
      at::Tensor y = x1;
      for (const LightConvolution& layer : stream)
        y = Apply(layer.depthwise, Apply(layer.pointwise, y));
      y = Apply(block.gate, y);
      sum = sum.defined() ? sum.add_(y) : y;
    }
    at::Tensor y = Apply(block.conv3, sum);
    if (block.norm_before_sum) y = Apply(*block.norm, y);
    y = y + (block.downsample ? Apply(*block.downsample, x) : x);
    if (block.norm && !block.norm_before_sum) y = Apply(*block.norm, y);
    return y.relu_();
  }

  void RunOperators(const ImageBatch& images, float* embeddings) const {
    at::Tensor x = at::from_blob(const_cast<float*>(images.nchw),
                                 {images.count, 3, images.height, images.width}, at::kFloat);
    x = x.to(device_, type_);
    if (execution_ == OsnetExecution::kPortable) x = x.contiguous(kNhwc);
    x = Apply(network_.stem, x);
    if (network_.stem_norm) x = Apply(*network_.stem_norm, x).relu_();
    x = at::max_pool2d(x, {3, 3}, {2, 2}, {1, 1});
    for (const Stage& stage : network_.stages) {
      for (const Block& block : stage.blocks) x = Apply(block, x);
      if (stage.transition) x = at::avg_pool2d(Apply(*stage.transition, x), {2, 2}, {2, 2});
    }
    x = at::adaptive_avg_pool2d(Apply(network_.conv5, x), {1, 1});
    x = Apply(network_.fc, x).relu_().flatten(1);
    at::from_blob(embeddings, {images.count, info_.dim}, at::kFloat).copy_(x);
  }

  // ---- kFused ----

  at::Tensor Convolve(const Convolution& conv, const at::Tensor& x) const {
    torch::jit::Stack stack;
    stack.reserve(2);
    stack.emplace_back(x);
    stack.push_back(conv.packed);
    operators_->run.callBoxed(&stack);
    return stack.front().toTensor().contiguous(kNhwc);
  }

  static at::Tensor EmptyNhwc(int64_t count, int64_t channels, int64_t height, int64_t width) {
    return at::empty({count, channels, height, width},
                     at::TensorOptions(at::kFloat).memory_format(kNhwc));
  }

  // Images of a micro-batch whose values are still finite. oneDNN's fused ReLU turns NaN into 0, so
  // the sums of the blocks are watched as well as the output.
  using FiniteRows = std::vector<bool>;

  static void NormRelu(const InstanceNorm& norm, const at::Tensor* y, at::Tensor& x,
                       FiniteRows& finite) {
    const int64_t pixels = x.size(2) * x.size(3);
    const int64_t size = pixels * x.size(1);
    for (int64_t n = 0; n < x.size(0); ++n) {
      const float* const other = y == nullptr ? nullptr : Data(*y) + n * size;
      if (!InstanceNormRelu(Values(norm.weight), Values(norm.bias), other, pixels,
                            MutableData(x) + n * size)) {
        finite[n] = false;
      }
    }
  }

  at::Tensor Fused(const Block& block, const at::Tensor& x, FiniteRows& finite) const {
    const at::Tensor x1 = Convolve(block.conv1, x);
    std::array<at::Tensor, 4> streams;
    for (int s = 0; s < 4; ++s) {
      streams[s] = x1;
      for (const LightConvolution& layer : block.streams[s]) {
        streams[s] = Convolve(layer.depthwise, Convolve(layer.pointwise, streams[s]));
      }
    }
    const int64_t count = x.size(0);
    const int64_t pixels = x.size(2) * x.size(3);
    const int64_t channels = x1.size(1);
    const ChannelGate gate{Values(block.gate.weight1), Values(block.gate.bias1),
                           Values(block.gate.weight2), Values(block.gate.bias2)};
    at::Tensor sum = EmptyNhwc(count, channels, x.size(2), x.size(3));
    for (int64_t n = 0; n < count; ++n) {
      const int64_t offset = n * pixels * channels;
      GatedSum({Data(streams[0]) + offset, Data(streams[1]) + offset, Data(streams[2]) + offset,
                Data(streams[3]) + offset},
               gate, pixels, channels, MutableData(sum) + offset);
    }
    at::Tensor y = Convolve(block.conv3, sum);
    const at::Tensor identity = block.downsample ? Convolve(*block.downsample, x) : x;
    if (block.norm_before_sum) {
      NormRelu(*block.norm, &identity, y, finite);
    } else if (block.norm) {
      y.add_(identity);
      NormRelu(*block.norm, nullptr, y, finite);
    } else {
      const int64_t size = pixels * y.size(1);
      for (int64_t n = 0; n < count; ++n) {
        if (!AddRelu(Data(identity) + n * size, size, MutableData(y) + n * size)) finite[n] = false;
      }
    }
    return y;
  }

  template <typename Pool>
  static at::Tensor PoolEach(const at::Tensor& x, int64_t height, int64_t width, const Pool& pool) {
    at::Tensor y = EmptyNhwc(x.size(0), x.size(1), height, width);
    const int64_t in_size = x.size(1) * x.size(2) * x.size(3);
    const int64_t out_size = x.size(1) * height * width;
    for (int64_t n = 0; n < x.size(0); ++n) {
      pool(Data(x) + n * in_size, x.size(2), x.size(3), x.size(1), MutableData(y) + n * out_size);
    }
    return y;
  }

  void RunFused(const ImageBatch& images, float* embeddings) const {
    const int64_t image_size = int64_t{3} * images.height * images.width;
    for (int64_t begin = 0; begin < images.count; begin += info_.batch_size) {
      const int64_t count = std::min<int64_t>(info_.batch_size, images.count - begin);
      FiniteRows finite(static_cast<size_t>(count), true);
      at::Tensor x = EmptyNhwc(count, 3, images.height, images.width);
      for (int64_t n = 0; n < count; ++n) {
        finite[n] = InterleaveRgb(images.nchw + (begin + n) * image_size, images.height,
                                  images.width, MutableData(x) + n * image_size);
      }
      x = Convolve(network_.stem, x);
      if (network_.stem_norm) NormRelu(*network_.stem_norm, nullptr, x, finite);
      x = PoolEach(x, (x.size(2) + 1) / 2, (x.size(3) + 1) / 2, MaxPool3x3);
      for (const Stage& stage : network_.stages) {
        for (const Block& block : stage.blocks) x = Fused(block, x, finite);
        if (stage.transition) {
          x = Convolve(*stage.transition, x);
          x = PoolEach(x, x.size(2) / 2, x.size(3) / 2, AveragePool2x2);
        }
      }
      x = Convolve(network_.conv5, x);
      const int64_t pixels = x.size(2) * x.size(3);
      const int64_t channels = x.size(1);
      at::Tensor means = EmptyNhwc(count, channels, 1, 1);
      for (int64_t n = 0; n < count; ++n) {
        ChannelMeans(Data(x) + n * pixels * channels, pixels, channels,
                     MutableData(means) + n * channels);
      }
      x = Convolve(network_.fc, means);
      for (int64_t n = 0; n < count; ++n) {
        const float* const in = Data(x) + n * info_.dim;
        float* const out = embeddings + (begin + n) * info_.dim;
        for (int d = 0; d < info_.dim; ++d) out[d] = 0.0f > in[d] ? 0.0f : in[d];
        if (!finite[n]) out[0] = std::numeric_limits<float>::quiet_NaN();
      }
    }
  }

  at::Device device_;
  OsnetExecution execution_;
  at::ScalarType type_;  // of weights and activations
  std::optional<PackedOperators> operators_;
  Network network_;
  EmbedderInfo info_;
  std::mutex cuda_mutex_;
};

}  // namespace

std::unique_ptr<Engine> MakeOsnetTorchEngine(const OsnetWeights& weights, std::string_view device,
                                             OsnetExecution execution, std::string_view precision) {
  return TranslateTorchErrors("loading the network", [&]() -> std::unique_ptr<Engine> {
    return std::make_unique<OsnetTorchEngine>(weights, device, execution, precision);
  });
}

}  // namespace reidbench
