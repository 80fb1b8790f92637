#include "reidbench/embedding/reference_engine.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include "reidbench/core/error.h"

namespace reidbench {
namespace {

// [channels x height x width]
struct Map {
  int64_t c = 0, h = 1, w = 1;
  std::vector<double> v;

  explicit Map(const ValueShape& shape) : c(shape[0]) {
    if (shape.size() == 3) h = shape[1], w = shape[2];
    v.resize(static_cast<size_t>(c * h * w));
  }
  int64_t pixels() const { return h * w; }
  double* plane(int64_t channel) { return v.data() + channel * h * w; }
  const double* plane(int64_t channel) const { return v.data() + channel * h * w; }
};

// Positions of the output, [begin, end), at which tap `tap` of a window is inside the input.
struct Inside {
  int64_t begin, end, shift;
  Inside(const Window& w, size_t axis, int64_t tap, int64_t size, int64_t outputs)
      : shift(tap * w.dilation[axis] - w.padding[axis]) {
    const int64_t stride = w.stride[axis];
    begin = shift >= 0 ? 0 : (stride - 1 - shift) / stride;
    end = size - shift <= 0 ? 0 : std::min(outputs, (size - shift - 1) / stride + 1);
  }
};

// Calls f(output value, input value) for each pair that tap (dy, dx) of the window joins.
template <typename F>
void ForTap(const Window& w, int64_t dy, int64_t dx, const Map& in, int64_t in_channel, Map& out,
            int64_t out_channel, const F& f) {
  const Inside rows(w, 0, dy, in.h, out.h), columns(w, 1, dx, in.w, out.w);
  for (int64_t y = rows.begin; y < rows.end; ++y) {
    const double* const from =
        in.plane(in_channel) + (y * w.stride[0] + rows.shift) * in.w + columns.shift;
    double* const to = out.plane(out_channel) + y * out.w;
    for (int64_t x = columns.begin; x < columns.end; ++x) f(to[x], from[x * w.stride[1]]);
  }
}

class Reference {
 public:
  explicit Reference(const Network& network) : network_(network) {}

  // [channels x height x width] -> features.
  std::vector<double> Features(const float* chw, int64_t height, int64_t width) const {
    const Graph& graph = network_.graph;
    const std::vector<ValueShape> shapes = ShapesOf(graph, height, width);
    std::vector<int> readers = CountReaders(graph);
    std::vector<Map> values;
    for (size_t i = 0; i < graph.layers.size(); ++i) {
      const Layer& layer = graph.layers[i];
      Map& out = values.emplace_back(shapes[i]);
      if (layer.op == LayerOp::kInput) {
        std::copy_n(chw, out.v.size(), out.v.begin());
        continue;
      }
      std::vector<const Map*> in;
      for (const int input : layer.inputs) in.push_back(&values[static_cast<size_t>(input)]);
      Compute(layer, in, out);
      for (const int input : layer.inputs) {
        if (--readers[static_cast<size_t>(input)] == 0) values[static_cast<size_t>(input)].v = {};
      }
    }
    return values[static_cast<size_t>(graph.output)].v;
  }

 private:
  std::span<const float> Values(const Layer& layer, size_t index) const {
    if (index >= layer.tensors.size()) return {};
    return network_.tensors.at(layer.tensors[index]).values;
  }

  void Compute(const Layer& layer, const std::vector<const Map*>& in, Map& out) const {
    const Map& x = *in.front();
    switch (layer.op) {
      case LayerOp::kConvolution:
      case LayerOp::kLinear:
        return Convolve(layer, x, out);
      case LayerOp::kBatchNorm: {
        const auto mean = Values(layer, 2), variance = Values(layer, 3);
        return Normalize(layer, x, {mean.begin(), mean.end()}, {variance.begin(), variance.end()},
                         out);
      }
      case LayerOp::kInstanceNorm: {
        const std::vector<double> means = Means(x);
        Map squares = x;
        for (int64_t c = 0; c < x.c; ++c) {
          for (int64_t p = 0; p < x.pixels(); ++p) {
            const double centred = x.plane(c)[p] - means[static_cast<size_t>(c)];
            squares.plane(c)[p] = centred * centred;
          }
        }
        return Normalize(layer, x, means, Means(squares), out);
      }
      case LayerOp::kRelu:
        return Each(x, out, [](double v) { return std::max(v, 0.0); });
      case LayerOp::kSigmoid:
        return Each(x, out, [](double v) { return 1 / (1 + std::exp(-v)); });
      case LayerOp::kAdd:
        for (const Map* term : in) {
          for (size_t i = 0; i < out.v.size(); ++i) out.v[i] += term->v[i];
        }
        return;
      case LayerOp::kMultiply:
        for (int64_t c = 0; c < x.c; ++c) {
          for (int64_t p = 0; p < x.pixels(); ++p)
            out.plane(c)[p] = x.plane(c)[p] * in[1]->plane(c)[in[1]->pixels() == 1 ? 0 : p];
        }
        return;
      case LayerOp::kConcat: {
        auto to = out.v.begin();
        for (const Map* part : in) to = std::copy(part->v.begin(), part->v.end(), to);
        return;
      }
      case LayerOp::kMaxPool:
      case LayerOp::kAveragePool:
        return Pool(layer, x, out);
      case LayerOp::kGlobalAveragePool:
        out.v = Means(x);
        return;
      case LayerOp::kFlatten:
        out.v = x.v;
        return;
      case LayerOp::kL2Normalize:
        for (int64_t p = 0; p < x.pixels(); ++p) {
          double squares = 0;
          for (int64_t c = 0; c < x.c; ++c) squares += x.plane(c)[p] * x.plane(c)[p];
          const double norm = std::max(std::sqrt(squares), layer.epsilon);
          for (int64_t c = 0; c < x.c; ++c) out.plane(c)[p] = x.plane(c)[p] / norm;
        }
        return;
      case LayerOp::kInput:
        break;
    }
    REIDBENCH_CHECK(false);
  }

  void Convolve(const Layer& layer, const Map& in, Map& out) const {
    const Window& w = layer.window;
    const auto weight = Values(layer, 0), bias = Values(layer, 1);
    const int64_t group_in = in.c / layer.groups, group_out = out.c / layer.groups;
    size_t at = 0;
    for (int64_t o = 0; o < out.c; ++o) {
      if (!bias.empty()) std::fill_n(out.plane(o), out.pixels(), bias[static_cast<size_t>(o)]);
      for (int64_t i = 0; i < group_in; ++i) {
        for (int64_t dy = 0; dy < w.kernel[0]; ++dy) {
          for (int64_t dx = 0; dx < w.kernel[1]; ++dx) {
            const double factor = weight[at++];
            ForTap(w, dy, dx, in, o / group_out * group_in + i, out, o,
                   [factor](double& sum, double value) { sum += factor * value; });
          }
        }
      }
    }
  }

  static void Pool(const Layer& layer, const Map& in, Map& out) {
    const Window& w = layer.window;
    const bool is_max = layer.op == LayerOp::kMaxPool;
    Map counts(ValueShape{out.c, out.h, out.w});
    if (is_max) std::fill(out.v.begin(), out.v.end(), -std::numeric_limits<double>::infinity());
    for (int64_t c = 0; c < in.c; ++c) {
      for (int64_t dy = 0; dy < w.kernel[0]; ++dy) {
        for (int64_t dx = 0; dx < w.kernel[1]; ++dx) {
          ForTap(w, dy, dx, in, c, out, c, [is_max](double& result, double value) {
            result = is_max ? std::max(result, value) : result + value;
          });
          ForTap(w, dy, dx, in, c, counts, c, [](double& count, double) { ++count; });
        }
      }
    }
    if (is_max) return;
    // Padding counts as far as it goes, but not what a last window of `ceil` sees beyond it.
    const auto taps = [&w](size_t axis, int64_t at, int64_t size) {
      const int64_t begin = at * w.stride[axis] - w.padding[axis];
      return std::min(w.kernel[axis], size + w.padding[axis + 2] - begin);
    };
    for (int64_t c = 0; c < out.c; ++c) {
      for (int64_t y = 0; y < out.h; ++y) {
        for (int64_t x = 0; x < out.w; ++x) {
          const int64_t p = y * out.w + x;
          out.plane(c)[p] /= w.count_padding
                                 ? static_cast<double>(taps(0, y, in.h) * taps(1, x, in.w))
                                 : counts.plane(c)[p];
        }
      }
    }
  }

  static std::vector<double> Means(const Map& x) {
    std::vector<double> means;
    for (int64_t c = 0; c < x.c; ++c) {
      double sum = 0;
      for (int64_t p = 0; p < x.pixels(); ++p) sum += x.plane(c)[p];
      means.push_back(sum / static_cast<double>(x.pixels()));
    }
    return means;
  }

  void Normalize(const Layer& layer, const Map& x, const std::vector<double>& mean,
                 const std::vector<double>& variance, Map& out) const {
    const auto weight = Values(layer, 0), bias = Values(layer, 1);
    for (int64_t c = 0; c < x.c; ++c) {
      const auto i = static_cast<size_t>(c);
      for (int64_t p = 0; p < x.pixels(); ++p) {
        out.plane(c)[p] = (x.plane(c)[p] - mean[i]) / std::sqrt(variance[i] + layer.epsilon) *
                              (weight.empty() ? 1.0 : weight[i]) +
                          (bias.empty() ? 0.0 : bias[i]);
      }
    }
  }

  template <typename F>
  static void Each(const Map& x, Map& out, const F& f) {
    std::transform(x.v.begin(), x.v.end(), out.v.begin(), f);
  }

  const Network& network_;
};

class ReferenceEngine : public Engine {
 public:
  explicit ReferenceEngine(const Network& network)
      : network_(network), info_(DescribeNetwork(network, "fp32", "cpu")) {
    RequireComplete(network);
    info_.engine = "reference (plain loops in float64)";
  }

  const EmbedderInfo& info() const override { return info_; }

  void Run(const ImageBatch& images, float* embeddings) override {
    const auto size = static_cast<size_t>(network_.graph.channels * images.height * images.width);
    const Reference reference(network_);
    for (int n = 0; n < images.count; ++n, embeddings += info_.dim) {
      const float* const chw = images.nchw + n * size;
      // The largest of some values would hide a NaN among them.
      if (!std::all_of(chw, chw + size, [](float value) { return std::isfinite(value); })) {
        embeddings[0] = std::numeric_limits<float>::quiet_NaN();
        continue;
      }
      const std::vector<double> features = reference.Features(chw, images.height, images.width);
      std::transform(features.begin(), features.end(), embeddings,
                     [](double value) { return static_cast<float>(value); });
    }
  }

 private:
  const Network network_;
  EmbedderInfo info_;
};

}  // namespace

std::unique_ptr<Engine> MakeReferenceEngine(const Network& network) {
  return std::make_unique<ReferenceEngine>(network);
}

}  // namespace reidbench
