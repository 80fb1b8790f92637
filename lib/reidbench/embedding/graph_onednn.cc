#include "reidbench/embedding/graph_onednn.h"

#include <omp.h>

#include <algorithm>
#include <cstdlib>
#include <dnnl.hpp>
#include <functional>
#include <limits>
#include <map>
#include <mutex>
#include <new>
#include <optional>
#include <span>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "reidbench/core/error.h"
#include "reidbench/embedding/buffer_plan.h"
#include "reidbench/embedding/layer_kernels.h"
#include "reidbench/embedding/tensor_kernels.h"
#include "reidbench/networks/fuse.h"
#include "reidbench/weights/byte_reader.h"

namespace reidbench {
namespace {

using dnnl::memory;
using Desc = memory::desc;

template <typename F>
auto Translated(const char* doing, const F& f) {
  try {
    return f();
  } catch (const dnnl::error& e) {
    ThrowModel("onednn failed while {}: {}", doing, e.what());
  }
}

// Debian's oneDNN runs on OpenMP, whose thread count belongs to the calling thread.
void UseOneThread() {
  thread_local const bool done = (omp_set_num_threads(1), true);
  (void)done;
}

Desc Plain(const memory::dims& dims, memory::format_tag tag) {
  return {dims, memory::data_type::f32, tag};
}

#if DNNL_VERSION_MAJOR >= 3
void AppendEltwise(dnnl::post_ops& after, dnnl::algorithm algorithm, float alpha, float beta) {
  after.append_eltwise(algorithm, alpha, beta);
}
#else
void AppendEltwise(dnnl::post_ops& after, dnnl::algorithm algorithm, float alpha, float beta) {
  after.append_eltwise(1.0f, algorithm, alpha, beta);
}
#endif

void AppendActivation(const Layer& layer, dnnl::post_ops& after) {
  using dnnl::algorithm;
  const auto alpha = static_cast<float>(layer.alpha), beta = static_cast<float>(layer.beta);
  if (layer.relu) AppendEltwise(after, algorithm::eltwise_relu, 0.0f, 0.0f);
  switch (layer.activation) {
    case Function::kNone:
      return;
    case Function::kRelu:
      return AppendEltwise(after, algorithm::eltwise_relu, 0.0f, 0.0f);
    case Function::kSigmoid:
      return AppendEltwise(after, algorithm::eltwise_logistic, 0.0f, 0.0f);
    case Function::kTanh:
      return AppendEltwise(after, algorithm::eltwise_tanh, 0.0f, 0.0f);
    case Function::kClip:
      return AppendEltwise(after, algorithm::eltwise_clip, alpha, beta);
    case Function::kLeakyRelu:
      return AppendEltwise(after, algorithm::eltwise_relu, alpha, 0.0f);
    case Function::kElu:
      return AppendEltwise(after, algorithm::eltwise_elu, alpha, 0.0f);
    case Function::kHardSigmoid:
      AppendEltwise(after, algorithm::eltwise_linear, alpha, beta);
      return AppendEltwise(after, algorithm::eltwise_clip, 0.0f, 1.0f);
    case Function::kHardSwish:  // fuse.h: of 1/6 and 1/2 alone
#if DNNL_VERSION_MAJOR >= 3
      return AppendEltwise(after, algorithm::eltwise_hardswish, alpha, beta);
#else
      return AppendEltwise(after, algorithm::eltwise_hardswish, 0.0f, 0.0f);
#endif
    case Function::kSilu:
      return AppendEltwise(after, algorithm::eltwise_swish, 1.0f, 0.0f);
    case Function::kGelu:
      return AppendEltwise(after, algorithm::eltwise_gelu_erf, 0.0f, 0.0f);
    case Function::kGeluTanh:
      return AppendEltwise(after, algorithm::eltwise_gelu_tanh, 0.0f, 0.0f);
    case Function::kMish:
      return AppendEltwise(after, algorithm::eltwise_mish, 0.0f, 0.0f);
    default:
      REIDBENCH_CHECK(false);
  }
}

// Whether a ReLU behind a sum is left to this project's, which keeps NaN and is watched.
bool WatchesItsSum(const Layer& layer) {
  return layer.inputs.size() > 1 && layer.relu && !layer.adds_last;
}

// What is done to the output of a convolution. A second input is summed with it where it lies: the
// library's fastest convolutions know that, but no input for a sum beside.
dnnl::post_ops AfterLayer(const Layer& layer) {
  dnnl::post_ops after;
  const bool adds = layer.inputs.size() > 1;
  if (adds && !layer.adds_last) after.append_sum(1.0f);
  if (!WatchesItsSum(layer)) AppendActivation(layer, after);
  if (adds && layer.adds_last) after.append_sum(1.0f);
  return after;
}

// A convolution, or a linear layer as one of a single pixel or, of rows, of a pixel a row.
struct Convolution {
  memory::dims weights;  // with groups in front where there are several
  memory::dims strides, dilates, padding_begin, padding_end;

  Convolution(const Layer& layer, const std::vector<int64_t>& shape, const MapSize& in,
              const MapSize& out) {
    const Window& w = layer.window;
    const int64_t groups = layer.groups;
    if (groups > 1) {
      weights = {groups, shape[0] / groups, shape[1], w.kernel[0], w.kernel[1]};
    } else {
      weights = {shape[0], shape[1], w.kernel[0], w.kernel[1]};
    }
    for (const auto& [axis, size, outputs] :
         {std::tuple(0u, in.height, out.height), std::tuple(1u, in.width, out.width)}) {
      strides.push_back(w.stride[axis]);
      dilates.push_back(w.dilation[axis] - 1);
      padding_begin.push_back(w.padding[axis]);
      padding_end.push_back((outputs - 1) * w.stride[axis] +
                            w.dilation[axis] * (w.kernel[axis] - 1) + 1 - size - w.padding[axis]);
    }
  }

  dnnl::convolution_forward::primitive_desc Describe(const dnnl::engine& engine, const Desc& src,
                                                     const Desc& dst,
                                                     const dnnl::post_ops& after) const {
    const Desc packed = Plain(weights, memory::format_tag::any);
    const Desc bias = Plain({dst.dims()[1]}, memory::format_tag::a);
    dnnl::primitive_attr attributes;
    attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    attributes.set_post_ops(after);
    constexpr auto kInference = dnnl::prop_kind::forward_inference;
    constexpr auto kDirect = dnnl::algorithm::convolution_direct;
#if DNNL_VERSION_MAJOR >= 3
    return {engine, kInference, kDirect, src,           packed,      bias,
            dst,    strides,    dilates, padding_begin, padding_end, attributes};
#else
    return {
        {kInference, kDirect, src, packed, bias, dst, strides, dilates, padding_begin, padding_end},
        attributes,
        engine};
#endif
  }
};

dnnl::matmul::primitive_desc DescribeProduct(const dnnl::engine& engine, const Desc& a,
                                             const Desc& b, const Desc& out) {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
#if DNNL_VERSION_MAJOR >= 3
  return {engine, a, b, out, attributes};
#else
  return {{a, b, out}, attributes, engine};
#endif
}

// The network and its weights as oneDNN wants them, shared by all workers.
class SharedNetwork {
 public:
  explicit SharedNetwork(Network network)
      : network_(std::move(network)), engine_(dnnl::engine::kind::cpu, 0) {
    int64_t most_channels = 0;
    for (const Layer& layer : network_.graph.layers)
      most_channels = std::max(most_channels, layer.channels);
    zeros_.resize(static_cast<size_t>(most_channels));
  }

  const Network& network() const { return network_; }
  const Graph& graph() const { return network_.graph; }
  const dnnl::engine& engine() const { return engine_; }

  std::span<const float> Values(const Layer& layer, size_t index) const {
    if (index >= layer.tensors.size()) return {};
    return network_.tensors.at(layer.tensors[index]).values;
  }
  std::span<const float> Bias(const Layer& layer) const {
    return layer.tensors.size() > 1 ? Values(layer, 1)
                                    : std::span(zeros_).first(static_cast<size_t>(layer.channels));
  }
  // The weights of a layer, reordered once for each layout that is asked for.
  memory Packed(const Layer& layer, const memory::dims& dims, const Desc& desc,
                dnnl::stream& stream) {
    const std::lock_guard lock(mutex_);
    auto& versions = packed_[layer.tensors.front()];
    for (const memory& version : versions) {
      if (version.get_desc() == desc) return version;
    }
    const Desc plain =
        Plain(dims, dims.size() == 5 ? memory::format_tag::goihw : memory::format_tag::oihw);
    memory from(plain, engine_, const_cast<float*>(Values(layer, 0).data()));
    memory to(desc, engine_);
    dnnl::reorder(from, to).execute(stream, from, to);
    stream.wait();
    versions.push_back(to);
    return to;
  }

 private:
  const Network network_;
  const dnnl::engine engine_;
  std::vector<float> zeros_;
  std::mutex mutex_;
  std::map<std::string, std::vector<memory>> packed_;
};

struct FreeAligned {
  void operator()(float* p) const { std::free(p); }
};

class AlignedFloats {
 public:
  AlignedFloats() = default;
  explicit AlignedFloats(int64_t count) {
    const size_t bytes = (static_cast<size_t>(count) * sizeof(float) + 63) / 64 * 64;
    data_.reset(static_cast<float*>(std::aligned_alloc(64, std::max<size_t>(bytes, 64))));
    if (data_ == nullptr) throw std::bad_alloc();
  }
  float* data() const { return data_.get(); }

 private:
  std::unique_ptr<float, FreeAligned> data_;
};

// What is computed in layer_kernels.h, on maps with their channels last and on vectors.
bool IsOfMaps(const Layer& layer, const ValueShape& out) {
  switch (layer.op) {
    case LayerOp::kConvolution:
    case LayerOp::kInstanceNorm:
    case LayerOp::kMaxPool:
    case LayerOp::kAveragePool:
    case LayerOp::kGlobalAveragePool:
    case LayerOp::kBatchNorm:
    case LayerOp::kFlatten:
    case LayerOp::kL2Normalize:
      return true;
    case LayerOp::kLinear:
      return out.size() == 1;
    case LayerOp::kAdd:
      return out.size() == 3 || out.size() == 1;
    default:
      return false;
  }
}

// A value in memory: [images x numbers].
struct Stored {
  TensorLayout layout;
  float* data = nullptr;
  int64_t step = 0;  // numbers from image to image; 0 of what is the same for all

  // As a map; rows are one column of pixels.
  MapView Map() const {
    const ValueShape& s = layout.shape;
    return {s.size() == 2 ? MapSize(s[0], 1, s[1]) : MapSize(s), data};
  }
};

// All buffers and primitives to compute a fixed number of images of one size on one thread:
// planned when it is made, no allocation by a primitive afterwards.
class Worker {
 public:
  Worker(SharedNetwork& network, int64_t count, int64_t height, int64_t width)
      : network_(network),
        stream_(network.engine()),
        count_(count),
        ordered_(OrderValues(network.graph(), height, width)),
        side_inputs_(ordered_.graph.SideInputs()),
        finite_(static_cast<size_t>(count), 1) {
    const BufferPlan plan = PlanBuffers(ordered_);
    for (const int64_t size : plan.sizes) buffers_.emplace_back(count * size);
    for (size_t i = 0; i < ordered_.graph.layers.size(); ++i) {
      Stored& value = values_.emplace_back();
      value.layout = {ordered_.shapes[i], ordered_.channels_last[i]};
      if (plan.buffer[i] >= 0) {
        value.data = buffers_[static_cast<size_t>(plan.buffer[i])].data();
        value.step = NumElements(ordered_.shapes[i]);
      }
      PlanLayer(i);
    }
  }

  // Outputs [count x numbers] of each of OutputLayers().
  void Run(const float* nchw, const std::vector<const float*>& side_inputs,
           std::span<float* const> outputs) {
    images_ = nchw;
    given_ = &side_inputs;
    std::fill(finite_.begin(), finite_.end(), 1);
    for (const auto& step : steps_) step();
    const std::vector<int> layers = OutputLayers(ordered_.graph);
    for (size_t o = 0; o < layers.size(); ++o) {
      const Stored& value = values_[static_cast<size_t>(layers[o])];
      const int64_t size = NumElements(value.layout.shape);
      for (int64_t n = 0; n < count_; ++n) {
        float* const to = outputs[o] + n * size;
        std::copy_n(value.data + n * value.step, size, to);
        if (!finite_[static_cast<size_t>(n)]) to[0] = std::numeric_limits<float>::quiet_NaN();
      }
    }
  }

 private:
  Desc DescOf(const MapView& map) const {
    return Plain({count_, map.channels, map.height, map.width}, memory::format_tag::nhwc);
  }
  const Stored& Input(const Layer& layer, size_t index) const {
    return values_[static_cast<size_t>(layer.inputs[index])];
  }

  void PlanLayer(size_t index) {
    const Layer& layer = ordered_.graph.layers[index];
    Stored& out = values_[index];
    if (layer.op == LayerOp::kInput) {
      const MapView map = out.Map();
      steps_.emplace_back([this, map] {
        for (int64_t n = 0; n < count_; ++n) {
          if (!Interleave(images_ + n * map.size(), map.channels, map.pixels(), map.Of(n).data))
            finite_[static_cast<size_t>(n)] = 0;
        }
      });
      return;
    }
    if (layer.op == LayerOp::kSideInput) {
      const auto at = static_cast<size_t>(
          std::find(side_inputs_.begin(), side_inputs_.end(), static_cast<int>(index)) -
          side_inputs_.begin());
      steps_.emplace_back(
          [this, at, out] { std::copy_n((*given_)[at], count_ * out.step, out.data); });
      return;
    }
    if (layer.op == LayerOp::kConstant) {
      out.data = const_cast<float*>(network_.Values(layer, 0).data());
      return;
    }
    if (SharesMemory(ordered_, index)) {
      out.data = Input(layer, 0).data;
      return;
    }
    if (layer.op == LayerOp::kMatMul) return Multiply(layer, out);
    const bool is_linear = layer.op == LayerOp::kLinear || layer.op == LayerOp::kConvolution;
    if (is_linear && (layer.inputs.size() > 1 || out.layout.shape.size() == 2 ||
                      NeedsLibrary(layer, Input(layer, 0).Map())))
      return Convolve(layer, out);
    std::vector<std::span<const float>> tensors;
    for (size_t i = 0; i < layer.tensors.size(); ++i) tensors.push_back(network_.Values(layer, i));
    if (IsOfMaps(layer, out.layout.shape)) return ComputeMaps(layer, tensors, out);
    std::vector<TensorLayout> layouts;
    std::vector<Stored> inputs;
    for (size_t i = 0; i < layer.inputs.size(); ++i) {
      inputs.push_back(Input(layer, i));
      layouts.push_back(Input(layer, i).layout);
    }
    steps_.emplace_back([this, inputs, out,
                         kernel = PlanTensorKernel(layer, layouts, tensors, out.layout),
                         pointers = std::vector<const float*>(inputs.size())]() mutable {
      for (int64_t n = 0; n < count_; ++n) {
        for (size_t i = 0; i < inputs.size(); ++i)
          pointers[i] = inputs[i].data + n * inputs[i].step;
        kernel(pointers, out.data + n * out.step);
      }
    });
  }

  void ComputeMaps(const Layer& layer, const std::vector<std::span<const float>>& tensors,
                   const Stored& out) {
    std::vector<MapView> inputs;
    for (size_t i = 0; i < layer.inputs.size(); ++i) inputs.push_back(Input(layer, i).Map());
    for (const int factor : layer.factors)
      inputs.push_back(values_[static_cast<size_t>(std::max(factor, 0))].Map());
    const MapView to = out.Map();
    steps_.emplace_back([this, &layer, inputs, tensors, to] {
      std::vector<MapView> of_image = inputs;
      for (int64_t n = 0; n < count_; ++n) {
        for (size_t i = 0; i < inputs.size(); ++i) of_image[i] = inputs[i].Of(n);
        if (!ComputeLayer(layer, of_image, tensors, to.Of(n))) finite_[static_cast<size_t>(n)] = 0;
        if (layer.activation != Function::kNone)
          ApplyFunction(layer.activation, layer.alpha, layer.beta, to.Of(n).data, to.size(),
                        to.Of(n).data);
      }
    });
  }

  void Convolve(const Layer& layer, const Stored& out_value) {
    const MapView in = Input(layer, 0).Map(), out = out_value.Map();
    const dnnl::engine& engine = network_.engine();
    const Convolution conv(layer, network_.network().tensors.at(layer.tensors.front()).shape, in,
                           out);
    const auto described = conv.Describe(engine, DescOf(in), DescOf(out), AfterLayer(layer));
    std::unordered_map<int, memory> arguments{
        {DNNL_ARG_SRC, memory(described.src_desc(), engine, in.data)},
        {DNNL_ARG_DST, memory(described.dst_desc(), engine, out.data)},
        {DNNL_ARG_WEIGHTS, network_.Packed(layer, conv.weights, described.weights_desc(), stream_)},
        {DNNL_ARG_BIAS,
         memory(described.bias_desc(), engine, const_cast<float*>(network_.Bias(layer).data()))}};
    // Where PlanBuffers could not let the output lie in the second input's place.
    if (layer.inputs.size() > 1 && Input(layer, 1).data != out.data) {
      steps_.emplace_back([this, from = Input(layer, 1), to = out.data] {
        for (int64_t n = 0; n < count_; ++n) {
          const int64_t size = NumElements(from.layout.shape);
          std::copy_n(from.data + n * from.step, size, to + n * size);
        }
      });
    }
    Execute(dnnl::convolution_forward(described), described.scratchpad_desc(),
            std::move(arguments));
    if (layer.inputs.size() == 1) return;
    steps_.emplace_back([this, relu = WatchesItsSum(layer), out] {
      for (int64_t n = 0; n < count_; ++n) {
        const MapView sum = out.Of(n);
        const ScaledTerm term{sum.data, nullptr};
        if (!ScaledSum({&term, 1}, relu, sum.pixels(), sum.channels, sum.data))
          finite_[static_cast<size_t>(n)] = 0;
      }
    });
  }

  // Axes in front are repeated where one of the two has 1 there.
  void Multiply(const Layer& layer, const Stored& out) {
    const auto dims = [&](const Stored& value) {
      const ValueShape& shape = value.layout.shape;
      memory::dims all(out.layout.shape.size() - shape.size(), 1);
      all.insert(all.end(), shape.begin(), shape.end());
      all.insert(all.begin(), value.step > 0 ? count_ : 1);
      return all;
    };
    const Stored &a = Input(layer, 0), &b = Input(layer, 1);
    memory::dims a_dims = dims(a), b_dims = dims(b), out_dims = dims(out);
    out_dims.front() = count_;
    // Axes that both have the same of are one: the library is fastest with a single one in front.
    for (size_t axis = out_dims.size() - 3; axis > 0; --axis) {
      const auto joins = [&](const memory::dims& x) {
        return x[axis] == out_dims[axis] && x[axis - 1] == out_dims[axis - 1];
      };
      const auto is_one = [&](const memory::dims& x) { return x[axis] == 1 && x[axis - 1] == 1; };
      if ((!joins(a_dims) && !is_one(a_dims)) || (!joins(b_dims) && !is_one(b_dims))) continue;
      for (memory::dims* x : {&a_dims, &b_dims, &out_dims}) {
        (*x)[axis - 1] *= (*x)[axis];
        x->erase(x->begin() + static_cast<int64_t>(axis));
      }
    }
    const auto described_as = [](const memory::dims& sizes) {
      memory::dims strides(sizes.size(), 1);
      for (size_t i = sizes.size(); i-- > 1;) strides[i - 1] = strides[i] * sizes[i];
      return Desc(sizes, memory::data_type::f32, strides);
    };
    const dnnl::engine& engine = network_.engine();
    const auto described =
        DescribeProduct(engine, described_as(a_dims), described_as(b_dims), described_as(out_dims));
    Execute(dnnl::matmul(described), described.scratchpad_desc(),
            {{DNNL_ARG_SRC, memory(described.src_desc(), engine, a.data)},
             {DNNL_ARG_WEIGHTS, memory(described.weights_desc(), engine, b.data)},
             {DNNL_ARG_DST, memory(described.dst_desc(), engine, out.data)}});
  }

  template <typename Primitive>
  void Execute(Primitive primitive, const Desc& scratchpad,
               std::unordered_map<int, memory> arguments) {
    if (scratchpad.get_size() > 0)
      arguments.emplace(DNNL_ARG_SCRATCHPAD, memory(scratchpad, network_.engine()));
    steps_.emplace_back([this, primitive = std::move(primitive), arguments = std::move(arguments)] {
      primitive.execute(stream_, arguments);
    });
  }

  SharedNetwork& network_;
  dnnl::stream stream_;
  const int64_t count_;
  const OrderedGraph ordered_;
  const std::vector<int> side_inputs_;
  std::vector<AlignedFloats> buffers_;
  std::vector<Stored> values_;  // the output of each layer
  std::vector<std::function<void()>> steps_;
  // oneDNN's fused ReLU turns NaN into 0, so that sums and norms on the way are watched as well as
  // the output.
  std::vector<char> finite_;
  const float* images_ = nullptr;
  const std::vector<const float*>* given_ = nullptr;
};

class OnednnRunner : public NetworkRunner {
 public:
  explicit OnednnRunner(Network network)
      : batch_size_(CpuBatchSize(network.graph)), network_(std::move(network)) {
    UseOneThread();
  }

  int batch_size() const override { return batch_size_; }

  void Run(const NetworkInput& input, std::span<float* const> outputs) override {
    Translated("computing features", [&] {
      UseOneThread();
      const ImageBatch& images = input.images;
      const Graph& graph = network_.graph();
      const int64_t image_size = graph.channels * images.height * images.width;
      const std::vector<ValueShape> shapes = ShapesOf(graph, images.height, images.width);
      const auto advance = [&](const std::vector<int>& layers, auto& pointers, int64_t count) {
        for (size_t i = 0; i < layers.size(); ++i)
          pointers[i] += count * NumElements(shapes[static_cast<size_t>(layers[i])]);
      };
      const std::vector<int> side_layers = graph.SideInputs(), out_layers = OutputLayers(graph);
      std::vector<const float*> side_inputs = input.side_inputs;
      std::vector<float*> to(outputs.begin(), outputs.end());
      for (int begin = 0; begin < images.count; begin += batch_size_) {
        const Shape shape{std::min(batch_size_, images.count - begin), images.height, images.width};
        std::unique_ptr<Worker> worker = Take(shape);
        worker->Run(images.nchw + begin * image_size, side_inputs, to);
        GiveBack(shape, std::move(worker));
        advance(side_layers, side_inputs, batch_size_);
        advance(out_layers, to, batch_size_);
      }
    });
  }

 private:
  using Shape = std::tuple<int, int, int>;  // images, height, width

  std::unique_ptr<Worker> Take(const Shape& shape) {
    {
      const std::lock_guard lock(mutex_);
      auto& idle = idle_[shape];
      if (!idle.empty()) {
        std::unique_ptr<Worker> worker = std::move(idle.back());
        idle.pop_back();
        return worker;
      }
    }
    const auto& [count, height, width] = shape;
    return std::make_unique<Worker>(network_, count, height, width);
  }

  void GiveBack(const Shape& shape, std::unique_ptr<Worker> worker) {
    constexpr size_t kShapes = 2 * 8;  // a full and every smaller batch of one size of image
    const std::lock_guard lock(mutex_);
    if (idle_.size() > kShapes) idle_.clear();  // images of many sizes: do not keep them all
    idle_[shape].push_back(std::move(worker));
  }

  const int batch_size_;
  SharedNetwork network_;
  std::mutex mutex_;
  std::map<Shape, std::vector<std::unique_ptr<Worker>>> idle_;
};

}  // namespace

std::string OnednnVersion() {
  const dnnl_version_t* const v = dnnl_version();
  return fmt::format("{}.{}.{}", v->major, v->minor, v->patch);
}

std::unique_ptr<NetworkRunner> MakeOnednnRunner(const Network& folded) {
  return Translated("loading the network", [&]() -> std::unique_ptr<NetworkRunner> {
    return std::make_unique<OnednnRunner>(FuseForPrimitives(folded));
  });
}

}  // namespace reidbench
