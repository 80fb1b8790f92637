#include "reidbench/embedding/reference_engine.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include "reidbench/core/error.h"
#include "reidbench/networks/evaluate.h"
#include "reidbench/weights/byte_reader.h"

namespace reidbench {
namespace {

class ReferenceRunner : public NetworkRunner {
 public:
  explicit ReferenceRunner(const Network& network) : network_(network) { RequireComplete(network); }

  void Run(const NetworkInput& input, std::span<float* const> outputs) override {
    const ImageBatch& images = input.images;
    const Graph& graph = network_.graph;
    const std::vector<ValueShape> shapes = ShapesOf(graph, images.height, images.width);
    const std::vector<int> wanted = OutputLayers(graph);
    const std::vector<int> side_inputs = graph.SideInputs();
    const int64_t pixels = graph.channels * images.height * images.width;
    for (int n = 0; n < images.count; ++n) {
      const float* const chw = images.nchw + n * pixels;
      // The largest of some values would hide a NaN among them.
      const bool finite =
          std::all_of(chw, chw + pixels, [](float value) { return std::isfinite(value); });
      std::vector<Value> values;
      if (finite) values = Values(shapes, chw, input, side_inputs, n, wanted);
      for (size_t o = 0; o < wanted.size(); ++o) {
        const auto layer = static_cast<size_t>(wanted[o]);
        float* const to = outputs[o] + n * NumElements(shapes[layer]);
        if (!finite) {
          to[0] = std::numeric_limits<float>::quiet_NaN();
          continue;
        }
        std::transform(values[layer].numbers.begin(), values[layer].numbers.end(), to,
                       [](double value) { return static_cast<float>(value); });
      }
    }
  }

  int batch_size() const override { return 1; }

 private:
  // Of all layers; those that no further layer and no output needs are empty.
  std::vector<Value> Values(const std::vector<ValueShape>& shapes, const float* chw,
                            const NetworkInput& input, const std::vector<int>& side_inputs, int n,
                            const std::vector<int>& wanted) const {
    const Graph& graph = network_.graph;
    std::vector<int> readers = CountReaders(graph);
    for (const int layer : wanted) ++readers[static_cast<size_t>(layer)];
    std::vector<Value> values;
    values.reserve(graph.layers.size());
    for (size_t i = 0; i < graph.layers.size(); ++i) {
      const Layer& layer = graph.layers[i];
      const auto side = std::find(side_inputs.begin(), side_inputs.end(), static_cast<int>(i));
      if (layer.op == LayerOp::kInput || side != side_inputs.end()) {
        const int64_t size = NumElements(shapes[i]);
        const float* const from =
            layer.op == LayerOp::kInput
                ? chw
                : input.side_inputs[static_cast<size_t>(side - side_inputs.begin())] + n * size;
        values.push_back({shapes[i], std::vector<double>(from, from + size)});
        continue;
      }
      std::vector<const Value*> in;
      for (const int from : layer.inputs) in.push_back(&values[static_cast<size_t>(from)]);
      std::vector<std::span<const float>> tensors;
      for (const std::string& name : layer.tensors)
        tensors.emplace_back(network_.tensors.at(name).values);
      values.push_back(EvaluateLayer(layer, in, tensors, shapes[i]));
      for (const int from : layer.inputs) {
        if (--readers[static_cast<size_t>(from)] == 0) values[static_cast<size_t>(from)] = {};
      }
    }
    return values;
  }

  const Network network_;
};

class ReferenceEngine : public Engine {
 public:
  explicit ReferenceEngine(const Network& network)
      : info_(DescribeNetwork(network, "fp32", "cpu")) {
    const Network embeddings = OfEmbeddings(network);
    runner_ = AsGraphRunner(embeddings, MakeReferenceRunner(embeddings));
    info_.engine = "reference (plain loops in float64)";
  }

  const EmbedderInfo& info() const override { return info_; }
  void Run(const ImageBatch& images, float* embeddings) override {
    runner_->Run(images, embeddings);
  }

 private:
  EmbedderInfo info_;
  std::unique_ptr<GraphRunner> runner_;
};

}  // namespace

std::unique_ptr<NetworkRunner> MakeReferenceRunner(const Network& network) {
  return std::make_unique<ReferenceRunner>(network);
}

std::unique_ptr<Engine> MakeReferenceEngine(const Network& network) {
  return std::make_unique<ReferenceEngine>(network);
}

}  // namespace reidbench
