// Any network on images, with all of its inputs and outputs: what engines "onednn" and "reference"
// are made of, and what a detector or a network that is told the camera is run by.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "reidbench/embedding/engine.h"
#include "reidbench/embedding/graph_runner.h"
#include "reidbench/imaging/image.h"
#include "reidbench/networks/network.h"

namespace reidbench {

struct NetworkInput {
  ImageBatch images;
  // Of each of Graph::SideInputs(): float32 [images.count x its numbers].
  std::vector<const float*> side_inputs = {};
};

class NetworkRunner {
 public:
  virtual ~NetworkRunner() = default;
  // images -> outputs, one for each of OutputLayers(graph): float32 [images.count x its numbers in
  // the order of its axes], a NaN in a row that overflowed. Thread-safe; a call uses one thread.
  // Throws Error(kInput) for images of a size that the network does not take.
  virtual void Run(const NetworkInput& input, std::span<float* const> outputs) = 0;
  // Images in one call from which larger calls gain nothing.
  virtual int batch_size() const = 0;
};

// `engine`: "onednn" or "reference". Throws Error(kUsage) where this build lacks it, Error(kModel)
// for tensors that do not fit.
std::unique_ptr<NetworkRunner> MakeNetworkRunner(const Network& network, std::string_view engine);

// A runner of a network with one output, seen as embeddings. A network with another input beside
// the images is given ImageBatch::cameras there; Error(kUsage) for any other.
std::unique_ptr<GraphRunner> AsGraphRunner(const Network& network,
                                           std::unique_ptr<NetworkRunner> runner);

}  // namespace reidbench
