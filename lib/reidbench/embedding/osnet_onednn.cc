#include "reidbench/embedding/osnet_onednn.h"

#include <omp.h>

#include <algorithm>
#include <array>
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
#include "reidbench/embedding/osnet_kernels.h"

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

dnnl::convolution_forward::primitive_desc Describe(const FoldedConvolution& conv,
                                                   const dnnl::engine& engine, const Desc& src,
                                                   const Desc& dst) {
  constexpr auto kAny = memory::format_tag::any;
  const memory::dims weight_dims = conv.depthwise
                                       ? memory::dims{conv.out, 1, 1, conv.kernel, conv.kernel}
                                       : memory::dims{conv.out, conv.in, conv.kernel, conv.kernel};
  const Desc weights(weight_dims, memory::data_type::f32, kAny);
  const Desc bias({conv.out}, memory::data_type::f32, memory::format_tag::a);
  const memory::dims strides{conv.stride, conv.stride};
  const memory::dims padding{conv.padding, conv.padding};
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  constexpr auto kInference = dnnl::prop_kind::forward_inference;
  constexpr auto kDirect = dnnl::algorithm::convolution_direct;
  dnnl::post_ops after;
#if DNNL_VERSION_MAJOR >= 3
  if (conv.relu) after.append_eltwise(dnnl::algorithm::eltwise_relu, 0.0f, 0.0f);
  attributes.set_post_ops(after);
  return {engine, kInference, kDirect, src,     weights,   bias,
          dst,    strides,    padding, padding, attributes};
#else
  if (conv.relu) after.append_eltwise(1.0f, dnnl::algorithm::eltwise_relu, 0.0f, 0.0f);
  attributes.set_post_ops(after);
  return {{kInference, kDirect, src, weights, bias, dst, strides, padding, padding},
          attributes,
          engine};
#endif
}

// The network and its weights as oneDNN wants them, shared by all workers.
class Network {
 public:
  explicit Network(const FoldedOsnet& folded)
      : folded_(folded), engine_(dnnl::engine::kind::cpu, 0) {}

  const FoldedOsnet& folded() const { return folded_; }
  const dnnl::engine& engine() const { return engine_; }

  // The weights of `conv`, reordered once for each layout that is asked for.
  memory Packed(const FoldedConvolution& conv, const Desc& desc, dnnl::stream& stream) {
    const std::lock_guard lock(mutex_);
    auto& versions = packed_[&conv];
    for (const memory& version : versions) {
      if (version.get_desc() == desc) return version;
    }
    const Desc plain = conv.depthwise ? Desc({conv.out, 1, 1, conv.kernel, conv.kernel},
                                             memory::data_type::f32, memory::format_tag::goihw)
                                      : Desc({conv.out, conv.in, conv.kernel, conv.kernel},
                                             memory::data_type::f32, memory::format_tag::oihw);
    memory from(plain, engine_, const_cast<float*>(conv.weight.data()));
    memory to(desc, engine_);
    dnnl::reorder(from, to).execute(stream, from, to);
    stream.wait();
    versions.push_back(to);
    return to;
  }

 private:
  const FoldedOsnet folded_;
  const dnnl::engine engine_;
  std::mutex mutex_;
  std::map<const FoldedConvolution*, std::vector<memory>> packed_;
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
  Worker(Network& network, int64_t count, int64_t height, int64_t width)
      : network_(network),
        stream_(network.engine()),
        count_(count),
        finite_(static_cast<size_t>(count), 1) {
    Plan(height, width);
  }

  // Embeddings [count x 512].
  void Run(const float* nchw, float* embeddings) {
    images_ = nchw;
    std::fill(finite_.begin(), finite_.end(), 1);
    for (const auto& step : steps_) step();
    for (int64_t n = 0; n < count_; ++n) {
      const float* const in = features_ + n * dim_;
      float* const out = embeddings + n * dim_;
      for (int64_t d = 0; d < dim_; ++d) out[d] = 0.0f > in[d] ? 0.0f : in[d];
      if (!finite_[n]) out[0] = std::numeric_limits<float>::quiet_NaN();
    }
  }

 private:
  // [count x height x width x channels]
  struct Map {
    float* data;
    int64_t channels, height, width;
    int64_t pixels() const { return height * width; }
    int64_t size() const { return height * width * channels; }  // of one image
  };

  Map NewMap(int64_t channels, int64_t height, int64_t width) {
    buffers_.emplace_back(count_ * channels * height * width);
    return {buffers_.back().data(), channels, height, width};
  }

  static Desc DescOf(int64_t count, const Map& map) {
    return {{count, map.channels, map.height, map.width},
            memory::data_type::f32,
            memory::format_tag::nhwc};
  }

  void Convolve(const FoldedConvolution& conv, const Map& in, const Map& out) {
    const dnnl::engine& engine = network_.engine();
    const auto described = Describe(conv, engine, DescOf(count_, in), DescOf(count_, out));
    std::unordered_map<int, memory> arguments{
        {DNNL_ARG_SRC, memory(described.src_desc(), engine, in.data)},
        {DNNL_ARG_DST, memory(described.dst_desc(), engine, out.data)},
        {DNNL_ARG_WEIGHTS, network_.Packed(conv, described.weights_desc(), stream_)},
        {DNNL_ARG_BIAS,
         memory(described.bias_desc(), engine, const_cast<float*>(conv.bias.data()))}};
    if (described.scratchpad_desc().get_size() > 0) {
      arguments.emplace(DNNL_ARG_SCRATCHPAD, memory(described.scratchpad_desc(), engine));
    }
    steps_.emplace_back(
        [this, primitive = dnnl::convolution_forward(described), arguments = std::move(arguments)] {
          primitive.execute(stream_, arguments);
        });
  }

  void NormRelu(const FoldedInstanceNorm& norm, const float* other, const Map& x) {
    steps_.emplace_back([this, &norm, other, x] {
      for (int64_t n = 0; n < count_; ++n) {
        const float* const y = other == nullptr ? nullptr : other + n * x.size();
        if (!InstanceNormRelu(norm.weight, norm.bias, y, x.pixels(), x.data + n * x.size())) {
          finite_[n] = 0;
        }
      }
    });
  }

  template <typename Pool>
  void PoolEach(const Map& in, const Map& out, const Pool& pool) {
    steps_.emplace_back([this, in, out, pool] {
      for (int64_t n = 0; n < count_; ++n) {
        pool(in.data + n * in.size(), in.height, in.width, in.channels, out.data + n * out.size());
      }
    });
  }

  void Plan(int64_t height, int64_t width) {
    const FoldedOsnet& folded = network_.folded();
    const Map rgb = NewMap(3, height, width);
    steps_.emplace_back([this, rgb] {
      for (int64_t n = 0; n < count_; ++n) {
        const int64_t offset = n * rgb.size();
        if (!InterleaveRgb(images_ + offset, rgb.height, rgb.width, rgb.data + offset)) {
          finite_[n] = 0;
        }
      }
    });
    const Map stem = NewMap(folded.stem.out, (height + 1) / 2, (width + 1) / 2);
    Convolve(folded.stem, rgb, stem);
    if (folded.stem_norm) NormRelu(*folded.stem_norm, nullptr, stem);
    Map x = NewMap(stem.channels, (stem.height + 1) / 2, (stem.width + 1) / 2);
    PoolEach(stem, x, MaxPool3x3);
    for (const FoldedStage& stage : folded.stages) {
      x = PlanStage(stage, x);
    }
    const Map last = NewMap(folded.conv5.out, x.height, x.width);
    Convolve(folded.conv5, x, last);
    const Map means = NewMap(last.channels, 1, 1);
    PoolEach(last, means, [](const float* in, int64_t h, int64_t w, int64_t channels, float* out) {
      ChannelMeans(in, h * w, channels, out);
    });
    const Map features = NewMap(folded.fc.out, 1, 1);
    Convolve(folded.fc, means, features);
    features_ = features.data;
    dim_ = folded.fc.out;
  }

  Map PlanStage(const FoldedStage& stage, Map x) {
    const int64_t h = x.height;
    const int64_t w = x.width;
    const int64_t middle = stage.blocks[0].conv1.out;
    const int64_t wide = stage.blocks[0].conv3.out;
    const Map x1 = NewMap(middle, h, w);
    const Map inner = NewMap(middle, h, w);
    const std::array<Map, 4> streams = {NewMap(middle, h, w), NewMap(middle, h, w),
                                        NewMap(middle, h, w), NewMap(middle, h, w)};
    const Map identity = NewMap(wide, h, w);
    const std::array<Map, 2> outputs = {NewMap(wide, h, w), NewMap(wide, h, w)};
    for (int b = 0; b < 2; ++b) {
      PlanBlock(stage.blocks[b], x, x1, inner, streams, identity, outputs[b]);
      x = outputs[b];
    }
    if (!stage.transition) return x;
    const Map mixed = NewMap(stage.transition->out, h, w);
    Convolve(*stage.transition, x, mixed);
    const Map pooled = NewMap(mixed.channels, h / 2, w / 2);
    PoolEach(mixed, pooled, AveragePool2x2);
    return pooled;
  }

  void PlanBlock(const FoldedBlock& block, const Map& x, const Map& x1, const Map& inner,
                 const std::array<Map, 4>& streams, const Map& identity, const Map& y) {
    Convolve(block.conv1, x, x1);
    for (int s = 0; s < 4; ++s) {
      Map from = x1;
      for (const FoldedLightConvolution& layer : block.streams[s]) {
        Convolve(layer.pointwise, from, inner);
        Convolve(layer.depthwise, inner, streams[s]);
        from = streams[s];
      }
    }
    // Nobody reads x1 any more: the sum takes its place.
    steps_.emplace_back([this, &block, x1, streams] {
      const ChannelGate gate{block.gate.weight1, block.gate.bias1, block.gate.weight2,
                             block.gate.bias2};
      for (int64_t n = 0; n < count_; ++n) {
        const int64_t offset = n * x1.size();
        GatedSum({streams[0].data + offset, streams[1].data + offset, streams[2].data + offset,
                  streams[3].data + offset},
                 gate, x1.pixels(), x1.channels, x1.data + offset);
      }
    });
    Convolve(block.conv3, x1, y);
    if (block.downsample) Convolve(*block.downsample, x, identity);
    const float* const residual = block.downsample ? identity.data : x.data;
    if (block.norm_before_sum) {
      NormRelu(*block.norm, residual, y);
      return;
    }
    // IBN's norm needs the sum before its ReLU.
    const bool relu = !block.norm;
    steps_.emplace_back([this, residual, y, relu] {
      for (int64_t n = 0; n < count_; ++n) {
        const float* const r = residual + n * y.size();
        float* const values = y.data + n * y.size();
        if (!relu) {
          for (int64_t i = 0; i < y.size(); ++i) values[i] += r[i];
        } else if (!AddRelu(r, y.size(), values)) {
          finite_[n] = 0;
        }
      }
    });
    if (block.norm) NormRelu(*block.norm, nullptr, y);
  }

  Network& network_;
  dnnl::stream stream_;
  const int64_t count_;
  std::vector<AlignedFloats> buffers_;
  std::vector<std::function<void()>> steps_;
  // oneDNN's fused ReLU turns NaN into 0, so that the sums of the blocks are watched as well as the
  // output.
  std::vector<char> finite_;
  const float* images_ = nullptr;
  const float* features_ = nullptr;
  int64_t dim_ = 0;
};

class OnednnRunner : public OsnetRunner {
 public:
  explicit OnednnRunner(const FoldedOsnet& network)
      : network_(network), batch_size_(network.stem.out <= 16 ? 8 : 4) {
    UseOneThread();
  }

  int batch_size() const override { return batch_size_; }

  void Run(const ImageBatch& images, float* embeddings) override {
    Translated("computing features", [&] {
      UseOneThread();
      const int64_t image_size = int64_t{3} * images.height * images.width;
      const int64_t dim = network_.folded().fc.out;
      for (int begin = 0; begin < images.count; begin += batch_size_) {
        const Shape shape{std::min(batch_size_, images.count - begin), images.height, images.width};
        std::unique_ptr<Worker> worker = Take(shape);
        worker->Run(images.nchw + begin * image_size, embeddings + begin * dim);
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

  Network network_;
  const int batch_size_;
  std::mutex mutex_;
  std::map<Shape, std::vector<std::unique_ptr<Worker>>> idle_;
};

}  // namespace

std::string OnednnVersion() {
  const dnnl_version_t* const v = dnnl_version();
  return fmt::format("{}.{}.{}", v->major, v->minor, v->patch);
}

std::unique_ptr<OsnetRunner> MakeOnednnRunner(const FoldedOsnet& network) {
  return Translated("loading the network", [&]() -> std::unique_ptr<OsnetRunner> {
    return std::make_unique<OnednnRunner>(network);
  });
}

}  // namespace reidbench
