// A network as LibTorch trains it: parameters in one array, so that an optimiser step is a few
// operations instead of thousands, and several replicas that share it, so that parts of a batch run
// in parallel. Shows LibTorch's types: internal to lib/reidbench/training and its tests.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "reidbench/networks/network.h"
#include "reidbench/weights/torch_writer.h"

namespace reidbench {

// A tensor inside one of the two arrays.
struct NetworkTensor {
  std::string name;  // torchreid's
  std::vector<int64_t> shape;
  int64_t offset = 0;
  int64_t count = 0;
};

// All numbers of a network with a classifier of `num_classes`.
class NetworkParameters {
 public:
  // Initialised as torchreid does from scratch: Kaiming (fan-out) convolutions, linear layers of
  // deviation 0.01, no biases. The same numbers for a seed on every machine and device.
  NetworkParameters(const Architecture& architecture, int num_classes, uint64_t seed,
                    at::Device device);

  const Architecture& architecture() const { return architecture_; }
  const std::vector<NetworkTensor>& trained() const { return trained_; }  // views of values()
  const std::vector<NetworkTensor>& statistics() const { return statistics_; }
  at::Tensor& values() { return values_; }    // [all trained parameters]
  at::Tensor& running() { return running_; }  // [running means and variances]
  const at::Tensor& values() const { return values_; }
  const at::Tensor& running() const { return running_; }

  // Copies tensors of the same name and shape, and says how many of those it has were missing. The
  // classifier counts only when it is there with another shape or not at all: see `classifier`.
  struct LoadReport {
    int missing = 0;          // without the classifier
    bool classifier = false;  // taken over
  };
  LoadReport Load(const std::map<std::string, Tensor>& tensors);

  // In torchreid's order, with the counters of batch norm (`steps`) behind each running variance.
  SavedDict StateDict(bool with_classifier, int64_t steps) const;
  // What inference needs.
  Network Weights() const;

 private:
  Architecture architecture_;
  std::vector<NetworkTensor> trained_;
  std::vector<NetworkTensor> statistics_;
  std::vector<TensorSpec> order_;  // of the state dict
  at::Tensor values_;
  at::Tensor running_;
};

// One user of the parameters: its own gradients and running statistics.
class NetworkReplica {
 public:
  explicit NetworkReplica(NetworkParameters* parameters);

  struct Output {
    at::Tensor features;  // [n x dim], as ranked
    at::Tensor logits;    // [n x classes]
  };
  // `images`: float32 [n x 3 x h x w], n >= 2, best channels-last. Batch norms use the statistics
  // of these images and update the replica's running ones.
  Output Forward(const at::Tensor& images);

  at::Tensor& gradient() { return gradient_; }  // [all trained parameters], added to by backward()
  at::Tensor& running() { return running_; }

 private:
  const Graph& graph_;
  const std::vector<int> order_;
  at::Tensor gradient_;
  at::Tensor running_;
  std::vector<std::vector<at::Tensor>> tensors_;  // of each layer of the graph
  at::Tensor classifier_weight_, classifier_bias_;
};

}  // namespace reidbench
