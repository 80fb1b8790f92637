#include "reidbench/training/trained_network.h"

#include <cmath>
#include <unordered_map>

#include "reidbench/core/error.h"
#include "reidbench/core/random.h"
#include "reidbench/core/text.h"
#include "reidbench/embedding_torch/torch_layers.h"

namespace reidbench {
namespace {

bool IsClassifier(std::string_view name) { return StartsWith(name, "classifier."); }

// Every tensor gets a stream of its own.
std::vector<float> InitialValues(const NetworkTensor& tensor, uint64_t seed, uint64_t stream) {
  std::vector<float> values(static_cast<size_t>(tensor.count));
  const bool is_weight = EndsWith(tensor.name, ".weight");
  if (tensor.shape.size() == 1) {
    // A norm starts as the identity, a bias at 0.
    std::fill(values.begin(), values.end(), is_weight ? 1.0f : 0.0f);
    return values;
  }
  double deviation = 0.01;  // linear layers
  if (tensor.shape.size() == 4) {
    const int64_t fan_out = tensor.shape[0] * tensor.shape[2] * tensor.shape[3];
    deviation = std::sqrt(2.0 / static_cast<double>(fan_out));
  }
  Rng rng(seed, stream);
  for (float& value : values) value = static_cast<float>(deviation * rng.Normal());
  return values;
}

at::Tensor ToTensor(const std::vector<float>& values) {
  return at::from_blob(const_cast<float*>(values.data()), {static_cast<int64_t>(values.size())},
                       at::kFloat)
      .clone();
}

at::Tensor View(const at::Tensor& array, const NetworkTensor& tensor) {
  return array.narrow(0, tensor.offset, tensor.count).view(tensor.shape);
}

}  // namespace

NetworkParameters::NetworkParameters(const Architecture& architecture, int num_classes,
                                     uint64_t seed, at::Device device)
    : architecture_(architecture), order_(TensorsOf(architecture.graph)) {
  REIDBENCH_CHECK(num_classes >= 1);
  order_.push_back({"classifier.weight", {num_classes, DimOf(architecture.graph)}});
  order_.push_back({"classifier.bias", {num_classes}});
  std::vector<float> values;
  std::vector<float> running;
  uint64_t stream = 0;
  for (const TensorSpec& spec : order_) {
    NetworkTensor tensor{spec.name, spec.shape, 0, 1};
    for (const int64_t size : spec.shape) tensor.count *= size;
    if (IsRunningStatistic(spec.name)) {
      tensor.offset = static_cast<int64_t>(running.size());
      running.resize(running.size() + static_cast<size_t>(tensor.count),
                     EndsWith(spec.name, ".running_var") ? 1.0f : 0.0f);
      statistics_.push_back(std::move(tensor));
    } else {
      tensor.offset = static_cast<int64_t>(values.size());
      const std::vector<float> initial = InitialValues(tensor, seed, stream);
      values.insert(values.end(), initial.begin(), initial.end());
      trained_.push_back(std::move(tensor));
    }
    ++stream;
  }
  values_ = ToTensor(values).to(device);
  running_ = ToTensor(running).to(device);
}

NetworkParameters::LoadReport NetworkParameters::Load(
    const std::map<std::string, Tensor>& tensors) {
  LoadReport report;
  const auto load = [&](const std::vector<NetworkTensor>& wanted, at::Tensor& array) {
    for (const NetworkTensor& tensor : wanted) {
      const auto found = tensors.find(tensor.name);
      const bool fits = found != tensors.end() && found->second.shape == tensor.shape;
      if (IsClassifier(tensor.name)) {
        report.classifier = fits;
      } else if (!fits) {
        ++report.missing;
      }
      if (fits) View(array, tensor).copy_(ToTensor(found->second.values).view(tensor.shape));
    }
  };
  load(trained_, values_);
  load(statistics_, running_);
  return report;
}

SavedDict NetworkParameters::StateDict(bool with_classifier, int64_t steps) const {
  const at::Tensor values = values_.cpu();
  const at::Tensor running = running_.cpu();
  SavedDict dict{"state_dict", {}};
  auto trained = trained_.begin();
  auto statistic = statistics_.begin();
  for (const TensorSpec& spec : order_) {
    if (!with_classifier && IsClassifier(spec.name)) continue;
    const bool is_statistic = IsRunningStatistic(spec.name);
    const NetworkTensor& tensor = is_statistic ? *statistic++ : *trained++;
    const float* const data = (is_statistic ? running : values).data_ptr<float>() + tensor.offset;
    dict.tensors.push_back({spec.name, spec.shape, std::vector<float>(data, data + tensor.count)});
    constexpr std::string_view kVariance = "running_var";
    if (EndsWith(spec.name, kVariance)) {
      std::string counter = spec.name.substr(0, spec.name.size() - kVariance.size());
      dict.tensors.push_back({counter + "num_batches_tracked", {}, std::vector<int64_t>{steps}});
    }
  }
  return dict;
}

Network NetworkParameters::Weights() const {
  Network weights{.name = architecture_.name, .graph = architecture_.graph};
  weights.path = "network in training";
  for (SavedTensor& tensor : StateDict(false, 0).tensors) {
    if (auto* const values = std::get_if<std::vector<float>>(&tensor.values))
      weights.tensors[tensor.name] = {std::move(tensor.shape), std::move(*values)};
  }
  return weights;
}

NetworkReplica::NetworkReplica(NetworkParameters* parameters)
    : graph_(parameters->architecture().graph),
      order_(BranchOrder(graph_)),
      gradient_(at::zeros_like(parameters->values())),
      running_(parameters->running().clone()) {
  std::unordered_map<std::string, at::Tensor> by_name;
  for (const NetworkTensor& tensor : parameters->trained()) {
    // A leaf of its own that shares the numbers: backward() adds to its gradient, which is a view
    // of gradient_.
    at::Tensor leaf = View(parameters->values(), tensor).detach();
    leaf.requires_grad_(true);
    leaf.mutable_grad() = View(gradient_, tensor);
    by_name.emplace(tensor.name, std::move(leaf));
  }
  for (const NetworkTensor& tensor : parameters->statistics())
    by_name.emplace(tensor.name, View(running_, tensor));
  for (const Layer& layer : graph_.layers) {
    std::vector<at::Tensor>& tensors = tensors_.emplace_back();
    for (const std::string& name : layer.tensors) tensors.push_back(by_name.at(name));
  }
  classifier_weight_ = by_name.at("classifier.weight");
  classifier_bias_ = by_name.at("classifier.bias");
}

NetworkReplica::Output NetworkReplica::Forward(const at::Tensor& images) {
  const at::Tensor features =
      WalkGraph(graph_, order_, images,
                [&](int index, std::span<const at::Tensor> inputs, bool may_overwrite) {
                  const auto i = static_cast<size_t>(index);
                  return TorchLayer(graph_.layers[i], inputs, tensors_[i], may_overwrite,
                                    /*training=*/true);
                });
  return {features, at::linear(features, classifier_weight_, classifier_bias_)};
}

}  // namespace reidbench
