#include "reidbench/embedding_torch/graph_torch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <tuple>
#include <vector>

#include "embedding/every_layer.h"
#include "embedding/osnet_reference.h"
#include "reidbench/core/error.h"
#include "reidbench/core/random.h"
#include "support/expect_error.h"

namespace reidbench {
namespace {

std::vector<float> RandomImages(int count, int height, int width, uint64_t seed) {
  Rng rng(seed);
  std::vector<float> pixels(static_cast<size_t>(count) * 3 * height * width);
  for (float& p : pixels) p = static_cast<float>(rng.Uniform(-2.1, 2.6));
  return pixels;
}

class OnTorch : public testing::TestWithParam<std::tuple<std::string, TorchExecution>> {};

// Every execution agrees with plain loops in float64, on a size that is odd at each pooling as
// well.
TEST_P(OnTorch, AgreeWithPlainLoops) {
  const auto& [name, execution] = GetParam();
  const Network weights = RandomOsnetWeights(name, 7);
  const auto engine = MakeTorchEngine(weights, "cpu", execution);
  ASSERT_EQ(engine->info().dim, 512);
  EXPECT_EQ(engine->info().architecture, name);
  for (const auto& [height, width] : {std::pair{32, 16}, std::pair{45, 27}}) {
    const int count = 3;
    const std::vector<float> images = RandomImages(count, height, width, 11);
    std::vector<float> features(count * 512);
    engine->Run({images.data(), count, height, width}, features.data());
    for (int row = 0; row < count; ++row) {
      const std::vector<double> expected =
          ReferenceFeatures(weights, images.data() + row * 3 * height * width, height, width);
      double squares = 0;
      double worst = 0;
      for (int d = 0; d < 512; ++d) {
        squares += expected[d] * expected[d];
        worst = std::max(worst, std::abs(features[row * 512 + d] - expected[d]));
      }
      ASSERT_GT(squares, 1.0) << "the random network is dead: the comparison would mean nothing";
      EXPECT_LE(worst, 1e-5 * std::sqrt(squares)) << height << " x " << width << ", row " << row;
    }
  }
}

std::string NameOf(const testing::TestParamInfo<OnTorch::ParamType>& info) {
  const auto& [name, execution] = info.param;
  return name + (execution == TorchExecution::kPlain      ? "_plain"
                 : execution == TorchExecution::kPortable ? "_portable"
                                                          : "_fused");
}

INSTANTIATE_TEST_SUITE_P(Small, OnTorch,
                         testing::Combine(testing::Values("osnet_x0_25", "osnet_ain_x0_25"),
                                          testing::Values(TorchExecution::kPlain,
                                                          TorchExecution::kPortable,
                                                          TorchExecution::kFused)),
                         NameOf);
// IBN exists at full width only.
INSTANTIATE_TEST_SUITE_P(
    Ibn, OnTorch,
    testing::Values(std::tuple{std::string("osnet_ibn_x1_0"), TorchExecution::kPortable},
                    std::tuple{std::string("osnet_ibn_x1_0"), TorchExecution::kFused}),
    NameOf);

TEST(GraphTorch, RefusesUnknownDevices) {
  const Network weights = RandomOsnetWeights("osnet_x0_25", 1);
  std::string message;
  for (const char* device : {"", "gpu", "cuda:", "cuda:x", "cuda:-1", "cuda:9999"}) {
    message = MessageOf(ErrorKind::kUsage, [&] { MakeTorchEngine(weights, device); });
    EXPECT_THAT(message, testing::HasSubstr("cpu"));
  }
}

TEST(GraphTorch, RefusesWeightsThatDoNotFit) {
  std::string message;
  Network weights = RandomOsnetWeights("osnet_x0_25", 1);
  weights.tensors.erase("conv3.0.conv2b.0.conv1.weight");
  message = MessageOf(ErrorKind::kModel, [&] { MakeTorchEngine(weights, "cpu"); });
  EXPECT_THAT(message, testing::HasSubstr("conv3.0.conv2b.0.conv1.weight is missing"));

  weights = RandomOsnetWeights("osnet_x0_25", 1);
  weights.tensors.at("conv5.conv.weight").shape[0] = 64;
  message = MessageOf(ErrorKind::kModel, [&] { MakeTorchEngine(weights, "cpu"); });
  EXPECT_THAT(message, testing::HasSubstr("conv5.conv.weight"));

  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    weights = RandomOsnetWeights("osnet_x0_25", 1);
    weights.tensors.at("conv4.1.gate.fc1.weight").values[0] = bad;
    message = MessageOf(ErrorKind::kModel, [&] { MakeTorchEngine(weights, "cpu"); });
    EXPECT_THAT(message, testing::HasSubstr("conv4.1.gate.fc1.weight"));
  }

  weights = RandomOsnetWeights("osnet_x0_25", 1);
  weights.tensors.at("conv5.bn.running_var").values[3] = -1;
  message = MessageOf(ErrorKind::kModel, [&] { MakeTorchEngine(weights, "cpu"); });
  EXPECT_THAT(message, testing::HasSubstr("conv5.bn"));
}

TEST(GraphTorch, ComputesEveryLayer) {
  const Network network = NetworkOfEveryLayer();
  for (const auto execution :
       {TorchExecution::kPlain, TorchExecution::kPortable, TorchExecution::kFused})
    ExpectReferenceFeatures(network, *MakeTorchEngine(network, "cpu", execution));
}

// oneDNN's fused ReLU turns NaN into 0: the overflow must show all the same, in its row alone.
TEST(GraphTorch, MarksRowsThatOverflow) {
  for (const char* tensor : {"conv2.0.conv3.conv.weight", "conv3.0.downsample.conv.weight",
                             "conv5.conv.weight", "fc.0.weight"}) {
    Network weights = RandomOsnetWeights("osnet_x0_25", 3);
    // Folding multiplies by at most 1.5 / sqrt(0.5): the weights stay finite, their sums do not.
    for (float& value : weights.tensors.at(tensor).values) value = std::copysign(1e38f, value);
    for (const TorchExecution execution : {TorchExecution::kPortable, TorchExecution::kFused}) {
      std::vector<float> features(512);
      const std::vector<float> image = RandomImages(1, 32, 16, 5);
      MakeTorchEngine(weights, "cpu", execution)->Run({image.data(), 1, 32, 16}, features.data());
      bool finite = true;
      for (const float f : features) finite = finite && std::isfinite(f);
      EXPECT_FALSE(finite) << tensor << ", execution " << static_cast<int>(execution);
    }
  }
  const auto engine = MakeTorchEngine(RandomOsnetWeights("osnet_x0_25", 3), "cpu");
  std::vector<float> images = RandomImages(3, 32, 16, 5);
  std::vector<float> good(3 * 512);
  engine->Run({images.data(), 3, 32, 16}, good.data());
  images[3 * 32 * 16 + 100] = std::numeric_limits<float>::quiet_NaN();
  std::vector<float> features(3 * 512);
  engine->Run({images.data(), 3, 32, 16}, features.data());
  EXPECT_TRUE(std::isnan(features[512]));
  for (int d = 0; d < 512; ++d) {
    EXPECT_EQ(features[d], good[d]);
    EXPECT_EQ(features[1024 + d], good[1024 + d]);
  }
}

// The path of half precisions on CUDA, on the type that a CPU has too.
TEST(GraphTorch, HalfPrecisionsStayNearFp32) {
  const Network weights = RandomOsnetWeights("osnet_x0_25", 3);
  const std::vector<float> images = RandomImages(2, 64, 32, 5);
  std::vector<float> expected(2 * 512), features(2 * 512);
  MakeTorchEngine(weights, "cpu")->Run({images.data(), 2, 64, 32}, expected.data());
  const auto engine = MakeTorchEngine(weights, "cpu", TorchExecution::kFused, "bf16");
  EXPECT_EQ(engine->info().precision, "bf16");
  engine->Run({images.data(), 2, 64, 32}, features.data());
  double product = 0, a = 0, b = 0;
  for (int d = 0; d < 512; ++d) {
    product += double{expected[d]} * features[d];
    a += double{expected[d]} * expected[d];
    b += double{features[d]} * features[d];
  }
  EXPECT_GT(product / std::sqrt(a * b), 0.999);
  EXPECT_NE(features, expected);
  std::string message;
  message = MessageOf(ErrorKind::kUsage,
                      [&] { MakeTorchEngine(weights, "cpu", TorchExecution::kFused, "int8"); });
}

}  // namespace
}  // namespace reidbench
