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
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "reidbench/core/error.h"
#include "reidbench/embedding/buffer_plan.h"
#include "reidbench/embedding/layer_kernels.h"

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

// A convolution, or a linear layer as one of a single pixel.
struct Convolution {
  memory::dims weights;  // with groups in front where there are several
  memory::dims strides, dilates, padding_begin, padding_end;
  bool relu = false;

  Convolution(const Layer& layer, const std::vector<int64_t>& shape, const MapSize& in,
              const MapSize& out)
      : relu(layer.relu) {
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
                                                     const Desc& dst) const {
    const Desc packed = Plain(weights, memory::format_tag::any);
    const Desc bias = Plain({dst.dims()[1]}, memory::format_tag::a);
    dnnl::primitive_attr attributes;
    attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    constexpr auto kInference = dnnl::prop_kind::forward_inference;
    constexpr auto kDirect = dnnl::algorithm::convolution_direct;
    dnnl::post_ops after;
#if DNNL_VERSION_MAJOR >= 3
    if (relu) after.append_eltwise(dnnl::algorithm::eltwise_relu, 0.0f, 0.0f);
    attributes.set_post_ops(after);
    return {engine, kInference, kDirect, src,           packed,      bias,
            dst,    strides,    dilates, padding_begin, padding_end, attributes};
#else
    if (relu) after.append_eltwise(1.0f, dnnl::algorithm::eltwise_relu, 0.0f, 0.0f);
    attributes.set_post_ops(after);
    return {
        {kInference, kDirect, src, packed, bias, dst, strides, dilates, padding_begin, padding_end},
        attributes,
        engine};
#endif
  }
};

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

// All buffers and primitives to compute a fixed number of images of one size on one thread:
// planned when it is made, no allocation by a primitive afterwards.
class Worker {
 public:
  Worker(SharedNetwork& network, int64_t count, int64_t height, int64_t width)
      : network_(network),
        stream_(network.engine()),
        count_(count),
        finite_(static_cast<size_t>(count), 1) {
    const Graph& graph = network.graph();
    const std::vector<ValueShape> shapes = ShapesOf(graph, height, width);
    const BufferPlan plan = PlanBuffers(graph, shapes);
    for (const int64_t size : plan.sizes) buffers_.emplace_back(count * size);
    for (size_t i = 0; i < graph.layers.size(); ++i) {
      maps_.emplace_back(MapSize(shapes[i]), buffers_[static_cast<size_t>(plan.buffer[i])].data());
      PlanLayer(graph.layers[i], maps_.back());
    }
  }

  // Embeddings [count x dim].
  void Run(const float* nchw, float* embeddings) {
    images_ = nchw;
    const MapView& output = maps_[static_cast<size_t>(network_.graph().output)];
    std::fill(finite_.begin(), finite_.end(), 1);
    for (const auto& step : steps_) step();
    for (int64_t n = 0; n < count_; ++n) {
      float* const out = embeddings + n * output.size();
      Deinterleave(output.data + n * output.size(), output.channels, output.pixels(), out);
      if (!finite_[n]) out[0] = std::numeric_limits<float>::quiet_NaN();
    }
  }

 private:
  Desc DescOf(const MapView& map) const {
    return Plain({count_, map.channels, map.height, map.width}, memory::format_tag::nhwc);
  }

  void PlanLayer(const Layer& layer, const MapView& out) {
    if (layer.op == LayerOp::kInput) {
      steps_.emplace_back([this, out] {
        for (int64_t n = 0; n < count_; ++n) {
          if (!Interleave(images_ + n * out.size(), out.channels, out.pixels(), out.Of(n).data))
            finite_[n] = 0;
        }
      });
      return;
    }
    std::vector<MapView> inputs;
    for (const int input : layer.inputs) inputs.push_back(maps_[static_cast<size_t>(input)]);
    if (NeedsLibrary(layer, inputs.front())) return Convolve(layer, inputs.front(), out);
    for (const int factor : layer.factors)
      inputs.push_back(maps_[static_cast<size_t>(std::max(factor, 0))]);
    std::vector<std::span<const float>> tensors;
    for (size_t i = 0; i < layer.tensors.size(); ++i) tensors.push_back(network_.Values(layer, i));
    steps_.emplace_back([this, &layer, inputs, tensors, out] {
      std::vector<MapView> of_image = inputs;
      for (int64_t n = 0; n < count_; ++n) {
        for (size_t i = 0; i < inputs.size(); ++i) of_image[i] = inputs[i].Of(n);
        if (!ComputeLayer(layer, of_image, tensors, out.Of(n))) finite_[n] = 0;
      }
    });
  }

  void Convolve(const Layer& layer, const MapView& in, const MapView& out) {
    const dnnl::engine& engine = network_.engine();
    const Convolution conv(layer, network_.network().tensors.at(layer.tensors.front()).shape, in,
                           out);
    const auto described = conv.Describe(engine, DescOf(in), DescOf(out));
    std::unordered_map<int, memory> arguments{
        {DNNL_ARG_SRC, memory(described.src_desc(), engine, in.data)},
        {DNNL_ARG_DST, memory(described.dst_desc(), engine, out.data)},
        {DNNL_ARG_WEIGHTS, network_.Packed(layer, conv.weights, described.weights_desc(), stream_)},
        {DNNL_ARG_BIAS,
         memory(described.bias_desc(), engine, const_cast<float*>(network_.Bias(layer).data()))}};
    if (described.scratchpad_desc().get_size() > 0) {
      arguments.emplace(DNNL_ARG_SCRATCHPAD, memory(described.scratchpad_desc(), engine));
    }
    steps_.emplace_back(
        [this, primitive = dnnl::convolution_forward(described), arguments = std::move(arguments)] {
          primitive.execute(stream_, arguments);
        });
  }

  SharedNetwork& network_;
  dnnl::stream stream_;
  const int64_t count_;
  std::vector<AlignedFloats> buffers_;
  std::vector<MapView> maps_;  // the output of each layer
  std::vector<std::function<void()>> steps_;
  // oneDNN's fused ReLU turns NaN into 0, so that sums and norms on the way are watched as well as
  // the output.
  std::vector<char> finite_;
  const float* images_ = nullptr;
};

class OnednnRunner : public GraphRunner {
 public:
  explicit OnednnRunner(Network network)
      : batch_size_(CpuBatchSize(network.graph)),
        dim_(DimOf(network.graph)),
        network_(std::move(network)) {
    UseOneThread();
  }

  int batch_size() const override { return batch_size_; }

  void Run(const ImageBatch& images, float* embeddings) override {
    Translated("computing features", [&] {
      UseOneThread();
      const int64_t image_size = network_.graph().channels * images.height * images.width;
      for (int begin = 0; begin < images.count; begin += batch_size_) {
        const Shape shape{std::min(batch_size_, images.count - begin), images.height, images.width};
        std::unique_ptr<Worker> worker = Take(shape);
        worker->Run(images.nchw + begin * image_size, embeddings + begin * dim_);
        GiveBack(shape, std::move(worker));
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
  const int64_t dim_;
  SharedNetwork network_;
  std::mutex mutex_;
  std::map<Shape, std::vector<std::unique_ptr<Worker>>> idle_;
};

}  // namespace

std::string OnednnVersion() {
  const dnnl_version_t* const v = dnnl_version();
  return fmt::format("{}.{}.{}", v->major, v->minor, v->patch);
}

std::unique_ptr<GraphRunner> MakeOnednnRunner(Network folded) {
  return Translated("loading the network", [&]() -> std::unique_ptr<GraphRunner> {
    return std::make_unique<OnednnRunner>(std::move(folded));
  });
}

}  // namespace reidbench
