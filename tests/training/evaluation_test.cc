#include "reidbench/training/evaluation.h"

#include <gtest/gtest.h>

#include "embedding/osnet_reference.h"
#include "reidbench/core/error.h"

namespace reidbench {
namespace {

// Two flat colours; an untrained network tells them apart.
EvaluationImages TwoColours(std::vector<int64_t> persons, std::vector<int64_t> cameras) {
  EvaluationImages images;
  images.num_queries = 2;
  for (const int64_t person : persons) images.person.emplace_back(person);
  for (const int64_t camera : cameras) images.camera.emplace_back(camera);
  images.load = [persons](int64_t item, RgbImage* image) {
    *image = {16, 32, std::vector<uint8_t>(3 * 16 * 32, 30)};
    for (size_t i = persons[static_cast<size_t>(item)] % 2; i < image->pixels.size(); i += 3)
      image->pixels[i] = static_cast<uint8_t>(200 + item);
  };
  return images;
}

TEST(Evaluation, ScoresWhatRankScores) {
  const Network weights = RandomOsnetWeights("osnet_x0_25", 1);
  const EvaluationScores scores =
      EvaluateRetrieval(weights, TwoColours({1, 2, 1, 2, 2}, {1, 1, 2, 2, 3}), 32, 16, "cpu");
  EXPECT_EQ(scores.num_queries, 2);
  EXPECT_EQ(scores.mean_ap, 1.0);
  EXPECT_EQ(scores.rank1, 1.0);
}

TEST(Evaluation, AppliesTheCameraRule) {
  const Network weights = RandomOsnetWeights("osnet_x0_25", 1);
  // All gallery images of both persons are of the query's own camera.
  const EvaluationScores scores =
      EvaluateRetrieval(weights, TwoColours({1, 2, 1, 2}, {1, 1, 1, 1}), 32, 16, "cpu");
  EXPECT_EQ(scores.num_queries, 0);
  EXPECT_FALSE(scores.mean_ap.has_value());
}

TEST(Evaluation, PassesErrorsOfImagesOn) {
  EvaluationImages images = TwoColours({1, 2, 1, 2}, {1, 1, 2, 2});
  images.load = [](int64_t, RgbImage*) { ThrowInput("x.jpg: corrupt"); };
  EXPECT_THROW(EvaluateRetrieval(RandomOsnetWeights("osnet_x0_25", 1), images, 32, 16, "cpu"),
               Error);
}

}  // namespace
}  // namespace reidbench
