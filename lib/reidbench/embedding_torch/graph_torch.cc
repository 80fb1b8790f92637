#include "reidbench/embedding_torch/graph_torch.h"

#include <ATen/ATen.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <c10/core/InferenceMode.h>
#include <torch/version.h>

#include <algorithm>
#include <limits>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "reidbench/core/error.h"
#include "reidbench/embedding/buffer_plan.h"
#include "reidbench/embedding/layer_kernels.h"
#include "reidbench/embedding_torch/torch_layers.h"
#include "reidbench/embedding_torch/torch_support.h"
#include "reidbench/networks/fold.h"

namespace reidbench {
namespace {

constexpr auto kNhwc = at::MemoryFormat::ChannelsLast;

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

at::Tensor ToTorch(const Tensor& tensor) {
  return at::from_blob(const_cast<float*>(tensor.values.data()), tensor.shape, at::kFloat).clone();
}

MapView MapOf(const at::Tensor& x) {
  return {x.dim() == 4 ? MapSize(x.size(2), x.size(3), x.size(1)) : MapSize(1, 1, x.size(1)),
          x.data_ptr<float>()};
}

class GraphTorchEngine : public Engine {
 public:
  GraphTorchEngine(const Network& network, std::string_view device, TorchExecution execution,
                   std::string_view precision)
      : device_(ParseTorchDevice(device)),
        execution_(execution),
        type_(ScalarType(precision)),
        info_(DescribeNetwork(network, precision, device_.str())) {
    UseOneTorchThread();
    RequireTorchLayers(network.graph);
    // The kernels between the packed convolutions are those of maps and vectors.
    const auto is_other = [](const Layer& layer) {
      return layer.op >= LayerOp::kConstant || layer.axis != 0;
    };
    if (execution_ == TorchExecution::kFused &&
        std::any_of(network.graph.layers.begin(), network.graph.layers.end(), is_other))
      execution_ = TorchExecution::kPortable;
    const c10::InferenceMode inference;
    if (device_.is_cuda()) ForbidTf32();
    if (execution_ == TorchExecution::kFused) {
      if (device_.is_cpu() && type_ == at::kFloat) operators_ = FindPackedOperators();
      if (!operators_) execution_ = TorchExecution::kPortable;
    }
    if (execution_ == TorchExecution::kPlain) {
      RequireComplete(network);
      Prepare(network);
    } else {
      Prepare(FoldForInference(network));
    }
    info_.engine = std::string("libtorch ") + TORCH_VERSION;
    info_.batch_size = device_.is_cuda() ? 64 : CpuBatchSize(graph_);
  }

  const EmbedderInfo& info() const override { return info_; }

  void Run(const ImageBatch& images, float* embeddings) override {
    const std::vector<ValueShape> shapes =
        ShapesOf(graph_, images.height, images.width, info_.architecture);
    TranslateTorchErrors("computing features", [&] {
      const c10::InferenceMode inference;
      if (device_.is_cuda()) {
        const std::lock_guard lock(cuda_mutex_);
        RunOperators(images, embeddings);
      } else if (execution_ == TorchExecution::kFused) {
        UseOneTorchThread();
        RunFused(images, shapes, embeddings);
      } else {
        UseOneTorchThread();
        RunOperators(images, embeddings);
      }
    });
  }

 private:
  // What a layer needs beside its inputs.
  struct Parameters {
    std::vector<at::Tensor> tensors;             // on the device, in the engine's type
    std::vector<std::span<const float>> values;  // kFused: the same numbers
    c10::IValue packed;                          // kFused, of what needs a library: for oneDNN
  };

  static at::ScalarType ScalarType(std::string_view precision) {
    if (precision == "fp32") return at::kFloat;
    if (precision == "fp16") return at::kHalf;
    if (precision == "bf16") return at::kBFloat16;
    ThrowUsage("engine libtorch has no precision '{}'; it supports: fp32, and on CUDA fp16, bf16",
               precision);
  }

  void Prepare(const Network& network) {
    graph_ = network.graph;
    order_ = GraphOrder(graph_);
    const std::vector<ValueShape> shapes = ShapesOf(graph_, graph_.height, graph_.width);
    for (const Layer& layer : graph_.layers) {
      Parameters& parameters = parameters_.emplace_back();
      for (const std::string& name : layer.tensors) {
        at::Tensor tensor = ToTorch(network.tensors.at(name)).to(device_, type_);
        if (execution_ == TorchExecution::kPortable && tensor.dim() == 4)
          tensor = tensor.contiguous(kNhwc);
        parameters.tensors.push_back(std::move(tensor));
      }
      if (execution_ != TorchExecution::kFused || layer.op == LayerOp::kInput) continue;
      const ValueShape& in = shapes[static_cast<size_t>(layer.inputs.front())];
      if (NeedsLibrary(layer, MapSize(in))) {
        parameters.packed = Pack(layer, in, parameters.tensors);
        parameters.tensors.clear();
      }
      for (const at::Tensor& tensor : parameters.tensors) {
        parameters.values.emplace_back(tensor.data_ptr<float>(),
                                       static_cast<size_t>(tensor.numel()));
      }
    }
  }

  // oneDNN chooses the layout of the weights for one input size, that which the network was made
  // for; other sizes work, with a reorder per call.
  c10::IValue Pack(const Layer& layer, const ValueShape& in,
                   const std::vector<at::Tensor>& tensors) const {
    const Window& w = layer.window;
    const auto pair = [](int64_t a, int64_t b) { return c10::List<int64_t>({a, b}); };
    const MapSize size(in);
    at::Tensor weight = tensors.front();
    if (weight.dim() == 2) weight = weight.view({weight.size(0), weight.size(1), 1, 1});
    torch::jit::Stack stack;
    stack.emplace_back(weight.contiguous(kNhwc));
    stack.push_back(tensors.size() > 1 ? c10::IValue(tensors[1]) : c10::IValue());
    stack.emplace_back(pair(w.stride[0], w.stride[1]));
    stack.emplace_back(pair(w.padding[0], w.padding[1]));
    stack.emplace_back(pair(w.dilation[0], w.dilation[1]));
    stack.emplace_back(layer.groups);
    stack.emplace_back(c10::List<int64_t>({1, size.channels, size.height, size.width}));
    stack.emplace_back(std::string(layer.relu ? "relu" : "none"));
    operators_->prepack.callBoxed(&stack);
    return stack.front();
  }

  // ---- kPlain and kPortable: LibTorch's operators ----

  void RunOperators(const ImageBatch& images, float* embeddings) const {
    at::Tensor x =
        at::from_blob(const_cast<float*>(images.nchw),
                      {images.count, graph_.channels, images.height, images.width}, at::kFloat)
            .to(device_, type_);
    if (execution_ == TorchExecution::kPortable) x = x.contiguous(kNhwc);
    x = WalkGraph(graph_, order_, x,
                  [&](int index, std::span<const at::Tensor> inputs, bool may_overwrite) {
                    const auto i = static_cast<size_t>(index);
                    return TorchLayer(graph_.layers[i], inputs, parameters_[i].tensors,
                                      may_overwrite, /*training=*/false);
                  });
    at::from_blob(embeddings, {images.count, info_.dim}, at::kFloat).copy_(x);
  }

  // ---- kFused ----

  // Images of a micro-batch whose values are still finite. oneDNN's fused ReLU turns NaN into 0, so
  // that sums and norms are watched as well as the output.
  using FiniteRows = std::vector<bool>;

  at::Tensor Convolve(const Layer& layer, const c10::IValue& packed, at::Tensor x) const {
    const auto& padding = layer.window.padding;
    if (x.dim() == 2) x = x.view({x.size(0), x.size(1), 1, 1});
    if (padding[2] > padding[0] || padding[3] > padding[1]) {
      x = at::constant_pad_nd(x, {0, padding[3] - padding[1], 0, padding[2] - padding[0]});
    }
    torch::jit::Stack stack;
    stack.reserve(2);
    stack.emplace_back(x);
    stack.push_back(packed);
    operators_->run.callBoxed(&stack);
    return stack.front().toTensor().contiguous(kNhwc);
  }

  static at::Tensor Empty(int64_t count, const ValueShape& shape) {
    if (shape.size() == 1) return at::empty({count, shape[0]}, at::kFloat);
    return at::empty({count, shape[0], shape[1], shape[2]},
                     at::TensorOptions(at::kFloat).memory_format(kNhwc));
  }

  at::Tensor Compute(const Layer& layer, const Parameters& parameters,
                     std::span<const at::Tensor> inputs, const ValueShape& shape,
                     FiniteRows& finite) const {
    if (!parameters.packed.isNone()) {
      const at::Tensor y = Convolve(layer, parameters.packed, inputs.front());
      return shape.size() == 1 ? y.flatten(1) : y;
    }
    at::Tensor y = Empty(inputs.front().size(0), shape);
    const MapView out = MapOf(y);
    std::vector<MapView> views;
    for (const at::Tensor& input : inputs)
      views.push_back(input.defined() ? MapOf(input) : views.front());
    std::vector<MapView> of_image = views;
    for (int64_t n = 0; n < y.size(0); ++n) {
      for (size_t i = 0; i < views.size(); ++i) of_image[i] = views[i].Of(n);
      if (!ComputeLayer(layer, of_image, parameters.values, out.Of(n)))
        finite[static_cast<size_t>(n)] = false;
    }
    return y;
  }

  void RunFused(const ImageBatch& images, const std::vector<ValueShape>& shapes,
                float* embeddings) const {
    const int64_t image_size = graph_.channels * images.height * images.width;
    for (int begin = 0; begin < images.count; begin += info_.batch_size) {
      const int count = std::min(info_.batch_size, images.count - begin);
      FiniteRows finite(static_cast<size_t>(count), true);
      at::Tensor x = Empty(count, shapes.front());
      const MapView pixels = MapOf(x);
      for (int n = 0; n < count; ++n) {
        finite[static_cast<size_t>(n)] =
            Interleave(images.nchw + (begin + n) * image_size, pixels.channels, pixels.pixels(),
                       pixels.Of(n).data);
      }
      x = WalkGraph(graph_, order_, x, [&](int index, std::span<const at::Tensor> inputs, bool) {
        const auto i = static_cast<size_t>(index);
        return Compute(graph_.layers[i], parameters_[i], inputs, shapes[i], finite);
      });
      x = x.contiguous();
      float* const out = embeddings + static_cast<int64_t>(begin) * info_.dim;
      std::copy_n(x.data_ptr<float>(), static_cast<int64_t>(count) * info_.dim, out);
      for (int n = 0; n < count; ++n) {
        if (!finite[static_cast<size_t>(n)])
          out[static_cast<int64_t>(n) * info_.dim] = std::numeric_limits<float>::quiet_NaN();
      }
    }
  }

  at::Device device_;
  TorchExecution execution_;
  at::ScalarType type_;  // of weights and activations
  std::optional<PackedOperators> operators_;
  Graph graph_;
  std::vector<int> order_;
  std::vector<Parameters> parameters_;  // of each layer
  EmbedderInfo info_;
  std::mutex cuda_mutex_;
};

}  // namespace

std::unique_ptr<Engine> MakeTorchEngine(const Network& network, std::string_view device,
                                        TorchExecution execution, std::string_view precision) {
  return TranslateTorchErrors("loading the network", [&]() -> std::unique_ptr<Engine> {
    return std::make_unique<GraphTorchEngine>(OfEmbeddings(network), device, execution, precision);
  });
}

}  // namespace reidbench
