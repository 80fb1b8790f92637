#include "reidbench/training/osnet_network.h"

#include <cmath>

#include "reidbench/core/error.h"
#include "reidbench/core/random.h"
#include "reidbench/core/text.h"

namespace reidbench {
namespace {

constexpr double kEpsilon = 1e-5;  // of every batch and instance norm
constexpr double kMomentum = 0.1;  // of the running statistics

bool IsStatistic(std::string_view name) {
  return EndsWith(name, ".running_mean") || EndsWith(name, ".running_var");
}
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

OsnetParameters::OsnetParameters(const OsnetArchitecture& architecture, int num_classes,
                                 uint64_t seed, at::Device device)
    : architecture_(architecture), order_(OsnetTensors(architecture)) {
  REIDBENCH_CHECK(num_classes >= 1);
  order_.push_back({"classifier.weight", {num_classes, architecture.feature_dim}});
  order_.push_back({"classifier.bias", {num_classes}});
  std::vector<float> values;
  std::vector<float> running;
  uint64_t stream = 0;
  for (const TensorSpec& spec : order_) {
    NetworkTensor tensor{spec.name, spec.shape, 0, 1};
    for (const int64_t size : spec.shape) tensor.count *= size;
    if (IsStatistic(spec.name)) {
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

OsnetParameters::LoadReport OsnetParameters::Load(const std::map<std::string, Tensor>& tensors) {
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

SavedDict OsnetParameters::StateDict(bool with_classifier, int64_t steps) const {
  const at::Tensor values = values_.cpu();
  const at::Tensor running = running_.cpu();
  SavedDict dict{"state_dict", {}};
  auto trained = trained_.begin();
  auto statistic = statistics_.begin();
  for (const TensorSpec& spec : order_) {
    if (!with_classifier && IsClassifier(spec.name)) continue;
    const bool is_statistic = IsStatistic(spec.name);
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

OsnetWeights OsnetParameters::Weights() const {
  OsnetWeights weights;
  weights.architecture = architecture_;
  weights.path = "network in training";
  for (SavedTensor& tensor : StateDict(false, 0).tensors) {
    if (auto* const values = std::get_if<std::vector<float>>(&tensor.values))
      weights.tensors[tensor.name] = {std::move(tensor.shape), std::move(*values)};
  }
  return weights;
}

OsnetReplica::OsnetReplica(OsnetParameters* parameters)
    : kind_(parameters->architecture().kind),
      gradient_(at::zeros_like(parameters->values())),
      running_(parameters->running().clone()) {
  for (const NetworkTensor& tensor : parameters->trained()) {
    // A leaf of its own that shares the numbers: backward() adds to its gradient, which is a view
    // of gradient_.
    at::Tensor leaf = View(parameters->values(), tensor).detach();
    leaf.requires_grad_(true);
    leaf.mutable_grad() = View(gradient_, tensor);
    tensors_.emplace(tensor.name, std::move(leaf));
  }
  for (const NetworkTensor& tensor : parameters->statistics())
    tensors_.emplace(tensor.name, View(running_, tensor));
}

at::Tensor OsnetReplica::BatchNorm(const at::Tensor& x, const std::string& name) {
  return at::batch_norm(x, Get(name + ".weight"), Get(name + ".bias"), Get(name + ".running_mean"),
                        Get(name + ".running_var"), /*training=*/true, kMomentum, kEpsilon,
                        /*cudnn_enabled=*/true);
}

at::Tensor OsnetReplica::InstanceNorm(const at::Tensor& x, const std::string& name) const {
  return at::instance_norm(x, Get(name + ".weight"), Get(name + ".bias"), {}, {},
                           /*use_input_stats=*/true, kMomentum, kEpsilon, /*cudnn_enabled=*/true);
}

at::Tensor OsnetReplica::ConvolveNorm(const at::Tensor& x, const std::string& conv,
                                      const std::string& norm, int64_t stride, int64_t padding,
                                      bool relu) {
  const at::Tensor& weight = Get(conv + ".weight");
  const int64_t groups = x.size(1) / weight.size(1);
  at::Tensor y =
      BatchNorm(at::conv2d(x, weight, {}, stride, padding, /*dilation=*/1, groups), norm);
  return relu ? y.relu_() : y;
}

at::Tensor OsnetReplica::Block(const at::Tensor& x, int stage, int index) {
  const std::string name = fmt::format("conv{}.{}", stage, index);
  const at::Tensor x1 = ConvolveNorm(x, name + ".conv1.conv", name + ".conv1.bn", 1, 0, true);
  at::Tensor sum;
  for (int stream = 0; stream < 4; ++stream) {
    at::Tensor y = x1;
    for (int i = 0; i <= stream; ++i) {
      const std::string light = OsnetLightConvPrefix(kind_, name, stream, i);
      y = at::conv2d(y, Get(light + ".conv1.weight"));
      y = ConvolveNorm(y, light + ".conv2", light + ".bn", 1, 1, true);
    }
    at::Tensor gate = y.mean({2, 3}, /*keepdim=*/true);
    gate = at::conv2d(gate, Get(name + ".gate.fc1.weight"), Get(name + ".gate.fc1.bias")).relu_();
    gate =
        at::conv2d(gate, Get(name + ".gate.fc2.weight"), Get(name + ".gate.fc2.bias")).sigmoid_();
    y = y * gate;
    sum = sum.defined() ? sum + y : y;
  }
  const bool norm_inside = OsnetInstanceNormInside(kind_, stage, index);
  at::Tensor y = norm_inside
                     ? InstanceNorm(at::conv2d(sum, Get(name + ".conv3.conv.weight")), name + ".IN")
                     : ConvolveNorm(sum, name + ".conv3.conv", name + ".conv3.bn", 1, 0, false);
  y = y + (tensors_.contains(name + ".downsample.conv.weight")
               ? ConvolveNorm(x, name + ".downsample.conv", name + ".downsample.bn", 1, 0, false)
               : x);
  if (OsnetInstanceNormAfter(kind_, stage)) y = InstanceNorm(y, name + ".IN");
  return y.relu_();
}

OsnetReplica::Output OsnetReplica::Forward(const at::Tensor& images) {
  at::Tensor x = images;
  if (kind_ == OsnetKind::kPlain) {
    x = ConvolveNorm(x, "conv1.conv", "conv1.bn", 2, 3, true);
  } else {
    x = InstanceNorm(at::conv2d(x, Get("conv1.conv.weight"), {}, 2, 3), "conv1.bn").relu_();
  }
  x = at::max_pool2d(x, {3, 3}, {2, 2}, {1, 1});
  for (int stage = 2; stage <= 4; ++stage) {
    for (int index = 0; index < 2; ++index) x = Block(x, stage, index);
    if (stage == 4) break;
    const std::string name = kind_ == OsnetKind::kAin ? fmt::format("pool{}.0", stage)
                                                      : fmt::format("conv{}.2.0", stage);
    x = at::avg_pool2d(ConvolveNorm(x, name + ".conv", name + ".bn", 1, 0, true), {2, 2}, {2, 2});
  }
  x = ConvolveNorm(x, "conv5.conv", "conv5.bn", 1, 0, true).mean({2, 3});
  x = BatchNorm(at::linear(x, Get("fc.0.weight"), Get("fc.0.bias")), "fc.1").relu_();
  return {x, at::linear(x, Get("classifier.weight"), Get("classifier.bias"))};
}

}  // namespace reidbench
