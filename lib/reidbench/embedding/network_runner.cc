#include "reidbench/embedding/network_runner.h"

#include <array>
#include <utility>

#include "reidbench/core/error.h"
#include "reidbench/embedding/onednn_engine.h"
#include "reidbench/embedding/reference_engine.h"
#include "reidbench/weights/byte_reader.h"

namespace reidbench {
namespace {

class EmbeddingRunner : public GraphRunner {
 public:
  EmbeddingRunner(const Network& network, std::unique_ptr<NetworkRunner> runner)
      : runner_(std::move(runner)) {
    const std::vector<int> inputs = network.graph.SideInputs();
    for (const int input : inputs) {
      const Layer& layer = network.graph.layers[static_cast<size_t>(input)];
      side_input_ = layer.name;
      if (inputs.size() > 1 || NumElements(layer.sizes) != 1) {
        ThrowUsage(
            "{}: the network has the input '{}' of {} numbers beside the images; embeddings are "
            "computed of images and the number of their camera",
            network.path, layer.name, NumElements(layer.sizes));
      }
    }
  }

  void Run(const ImageBatch& images, float* embeddings) override {
    NetworkInput input{images, {}};
    if (!side_input_.empty()) {
      if (images.cameras == nullptr) {
        ThrowInput("the network's input '{}' wants the camera of each image, which is not given",
                   side_input_);
      }
      input.side_inputs.push_back(images.cameras);
    }
    runner_->Run(input, std::array<float*, 1>{embeddings});
  }

  int batch_size() const override { return runner_->batch_size(); }

 private:
  std::string side_input_;
  std::unique_ptr<NetworkRunner> runner_;
};

}  // namespace

std::unique_ptr<NetworkRunner> MakeNetworkRunner(const Network& network, std::string_view engine) {
  if (engine == "reference") return MakeReferenceRunner(network);
  if (engine == "onednn") return MakeOnednnNetworkRunner(network);
  ThrowUsage("engine '{}' gives no outputs other than embeddings; known: onednn, reference",
             engine);
}

std::unique_ptr<GraphRunner> AsGraphRunner(const Network& network,
                                           std::unique_ptr<NetworkRunner> runner) {
  return std::make_unique<EmbeddingRunner>(network, std::move(runner));
}

}  // namespace reidbench
