#include "reidbench/training/trained_network.h"

#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>

#include "embedding/osnet_reference.h"
#include "reidbench/core/random.h"
#include "reidbench/embedding/embedder.h"
#include "reidbench/networks/architectures.h"

namespace reidbench {
namespace {

constexpr int kHeight = 64;
constexpr int kWidth = 32;

at::Tensor RandomImages(int64_t count, uint64_t seed) {
  Rng rng(seed);
  at::Tensor images = at::empty({count, 3, kHeight, kWidth});
  float* const data = images.data_ptr<float>();
  for (int64_t i = 0; i < images.numel(); ++i) data[i] = static_cast<float>(rng.Normal());
  return images;
}

// Images of one channel of a layer, by the pooling before it.
double Population(const std::string& layer, int64_t count) {
  if (layer.starts_with("fc.")) return static_cast<double>(count);
  const int shift = layer.starts_with("conv1")                                 ? 1
                    : layer.starts_with("conv2") || layer.starts_with("pool2") ? 2
                    : layer.starts_with("conv3") || layer.starts_with("pool3") ? 3
                                                                               : 4;
  return static_cast<double>(count * (kHeight >> shift) * (kWidth >> shift));
}

class Networks : public testing::TestWithParam<const char*> {};

// The network in training normalises by the statistics of its batch. With those statistics as
// running ones, inference gives the same features.
TEST_P(Networks, AgreesWithInferenceOnTheSameStatistics) {
  const Network random = RandomOsnetWeights(GetParam(), 3);
  NetworkParameters parameters(ArchitectureByName(random.name), 5, 1, at::kCPU);
  const auto report = parameters.Load(random.tensors);
  EXPECT_EQ(report.missing, 0);
  EXPECT_FALSE(report.classifier);
  NetworkReplica replica(&parameters);
  const int64_t count = 8;
  const at::Tensor images = RandomImages(count, 2);
  const NetworkReplica::Output output =
      replica.Forward(images.contiguous(at::MemoryFormat::ChannelsLast));
  ASSERT_EQ(output.logits.sizes(), (std::vector<int64_t>{count, 5}));

  // running = 0.9 before + 0.1 batch, the variance divided by n - 1 instead of n.
  Network batch = parameters.Weights();
  const float* const running = replica.running().data_ptr<float>();
  for (const NetworkTensor& tensor : parameters.statistics()) {
    std::vector<float>& values = batch.tensors.at(tensor.name).values;
    const double n = Population(tensor.name, count);
    const double unbiased = tensor.name.ends_with("var") ? (n - 1) / n : 1;
    for (size_t i = 0; i < values.size(); ++i) {
      values[i] = static_cast<float>(
          (running[static_cast<size_t>(tensor.offset) + i] - 0.9 * values[i]) / 0.1 * unbiased);
      if (tensor.name.ends_with("var")) values[i] = std::max(values[i], 0.0f);
    }
  }
  std::vector<float> expected(count * 512);
  MakeNetworkEmbedder(batch, {})->Embed(
      {images.data_ptr<float>(), static_cast<int>(count), kHeight, kWidth}, expected.data());
  const at::Tensor features = output.features.detach().contiguous();
  double squares = 0;
  double error = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    squares += expected[i] * expected[i];
    error += std::pow(features.data_ptr<float>()[i] - expected[i], 2);
  }
  EXPECT_GT(squares, 1);
  EXPECT_LT(std::sqrt(error / squares), 1e-3);
}

INSTANTIATE_TEST_SUITE_P(Kinds, Networks,
                         testing::Values("osnet_x0_25", "osnet_ibn_x1_0", "osnet_ain_x0_25"));

TEST(TrainedNetwork, TheGradientIsThatOfTheLoss) {
  NetworkParameters parameters(ArchitectureByName("osnet_x0_25"), 3, 1, at::kCPU);
  NetworkReplica replica(&parameters);
  const at::Tensor images = RandomImages(6, 4);
  const std::vector<int64_t> classes = {0, 1, 2, 0, 1, 2};
  const at::Tensor label =
      at::from_blob(const_cast<int64_t*>(classes.data()), {6}, at::kLong).clone();
  const auto loss = [&] {
    return at::cross_entropy_loss(replica.Forward(images).logits, label, {}, at::Reduction::Mean,
                                  -100, 0.1);
  };
  torch::autograd::backward({loss()}, {});
  const at::Tensor gradient = replica.gradient().clone();
  const double norm = gradient.norm().item<double>();
  ASSERT_GT(norm, 0.01);
  const at::Tensor start = parameters.values().clone();
  // Along the gradient the loss rises by its norm a unit of length.
  const double step = 2e-3 / norm;
  const auto at_distance = [&](double distance) {
    parameters.values().copy_(start + gradient / norm * distance);
    return loss().item<double>();
  };
  EXPECT_NEAR((at_distance(step) - at_distance(-step)) / (2 * step), norm, 0.05 * norm);
  EXPECT_LT(at_distance(-4 * step), at_distance(0)) << "a step against it lowers the loss";
}

TEST(TrainedNetwork, StartsAsTorchreidDoes) {
  const Architecture& architecture = ArchitectureByName("osnet_x0_25");
  const NetworkParameters parameters(architecture, 100, 7, at::kCPU);
  const SavedDict dict = parameters.StateDict(true, 42);
  EXPECT_EQ(dict.tensors.size(), 567u);  // torchreid's count
  const auto deviation = [&](const char* name) {
    for (const SavedTensor& tensor : dict.tensors) {
      if (tensor.name != name) continue;
      double squares = 0;
      const auto& values = std::get<std::vector<float>>(tensor.values);
      for (const float value : values) squares += value * value;
      return std::sqrt(squares / static_cast<double>(values.size()));
    }
    return -1.0;
  };
  EXPECT_NEAR(deviation("conv1.conv.weight"), std::sqrt(2.0 / (16 * 49)), 0.004);
  EXPECT_NEAR(deviation("conv4.1.conv2d.3.conv2.weight"), std::sqrt(2.0 / (32 * 9)), 0.01);
  EXPECT_NEAR(deviation("fc.0.weight"), 0.01, 0.0002);
  EXPECT_NEAR(deviation("classifier.weight"), 0.01, 0.0002);
  EXPECT_EQ(deviation("fc.0.bias"), 0);
  EXPECT_EQ(deviation("conv3.0.gate.fc1.bias"), 0);
  EXPECT_EQ(deviation("conv1.bn.weight"), 1);
  EXPECT_EQ(deviation("conv1.bn.running_var"), 1);
  EXPECT_EQ(deviation("conv1.bn.running_mean"), 0);
  EXPECT_EQ(std::get<std::vector<int64_t>>(dict.tensors[5].values), std::vector<int64_t>{42});
  EXPECT_EQ(dict.tensors[5].name, "conv1.bn.num_batches_tracked");

  const NetworkParameters same(architecture, 100, 7, at::kCPU);
  EXPECT_TRUE(parameters.values().equal(same.values()));
  const NetworkParameters other(architecture, 100, 8, at::kCPU);
  EXPECT_FALSE(parameters.values().equal(other.values()));
}

TEST(TrainedNetwork, EveryVariantHasTorchreidsKeys) {
  for (const Architecture& architecture : OsnetArchitectures()) {
    const NetworkParameters parameters(architecture, 4, 1, at::kCPU);
    const size_t keys = architecture.name.starts_with("osnet_ain")   ? 552
                        : architecture.name.starts_with("osnet_ibn") ? 568
                                                                     : 567;
    EXPECT_EQ(parameters.StateDict(true, 0).tensors.size(), keys) << architecture.name;
    EXPECT_EQ(parameters.Weights().tensors.size(), TensorsOf(architecture.graph).size());
  }
}

}  // namespace
}  // namespace reidbench
