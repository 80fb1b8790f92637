#include "reidbench/embedding/reference_engine.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "embedding/osnet_reference.h"
#include "support/expect_error.h"

namespace reidbench {
namespace {

TEST(ReferenceEngine, RowsAreTheirImagesAlone) {
  const Network weights = RandomOsnetWeights("osnet_ain_x0_25", 3);
  const auto engine = MakeReferenceEngine(weights);
  Rng rng(1);
  const int count = 3, size = 3 * 21 * 34;
  std::vector<float> images(count * size);
  for (float& p : images) p = static_cast<float>(rng.Uniform(-2, 2));
  images[size + 5] = std::numeric_limits<float>::infinity();
  std::vector<float> features(count * 512);
  engine->Run({images.data(), count, 21, 34}, features.data());
  EXPECT_TRUE(std::isnan(features[512]));
  for (const int row : {0, 2}) {
    const std::vector<double> alone = ReferenceFeatures(weights, &images[row * size], 21, 34);
    for (int d = 0; d < 512; ++d) EXPECT_NEAR(features[row * 512 + d], alone[d], 1e-5);
  }
}

// With all weights zero but the biases of the last norm, every image has those as features.
TEST(ReferenceEngine, TheLastBiasIsWhatRemainsOfANetworkWithoutWeights) {
  Network weights = RandomOsnetWeights("osnet_x0_25", 3);
  for (float& w : weights.tensors.at("fc.0.weight").values) w = 0;
  const auto& w = weights.tensors;
  const std::vector<float> image(3 * 16 * 16, 0.5f);
  std::vector<float> features(512);
  MakeReferenceEngine(weights)->Run({image.data(), 1, 16, 16}, features.data());
  for (size_t d = 0; d < 512; ++d) {
    const double normalised =
        (w.at("fc.0.bias").values[d] - double{w.at("fc.1.running_mean").values[d]}) /
        std::sqrt(w.at("fc.1.running_var").values[d] + 1e-5);
    EXPECT_NEAR(
        features[d],
        std::max(0.0, normalised * w.at("fc.1.weight").values[d] + w.at("fc.1.bias").values[d]),
        1e-5);
  }
}

TEST(ReferenceEngine, RefusesIncompleteWeights) {
  Network weights = RandomOsnetWeights("osnet_x0_25", 3);
  weights.tensors.erase("conv1.conv.weight");
  EXPECT_EQ(MessageOf(ErrorKind::kModel, [&] { MakeReferenceEngine(weights); }),
            "random: tensor conv1.conv.weight is missing");
}

}  // namespace
}  // namespace reidbench
