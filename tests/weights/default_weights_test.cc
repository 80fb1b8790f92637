#include "reidbench/weights/default_weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reidbench/networks/network.h"

namespace reidbench {
namespace {

TEST(DefaultWeights, AreASmallOsnet) {
  const std::filesystem::path path = DefaultWeights();
  EXPECT_LE(std::filesystem::file_size(path), 1'000'000u);
  const Network weights = LoadNetwork(path);
  EXPECT_EQ(weights.name, "osnet_x0_25");
  EXPECT_FALSE(weights.num_classes.has_value()) << "the classifier is of no use to others";
  EXPECT_THAT(DefaultWeightsWarning(), testing::HasSubstr(path.filename().string()));
}

}  // namespace
}  // namespace reidbench
