#include "reidbench/training/losses.h"

#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>

namespace reidbench {
namespace {

at::Tensor Rows(std::vector<float> values, int64_t rows) {
  return at::from_blob(values.data(), {rows, static_cast<int64_t>(values.size()) / rows},
                       at::kFloat)
      .clone();
}

at::Tensor Labels(std::vector<int64_t> values) {
  return at::from_blob(values.data(), {static_cast<int64_t>(values.size())}, at::kLong).clone();
}

TEST(TripletLoss, TakesTheHardestPairs) {
  // On a line: person 0 at 0, 1 and 4, person 1 at 2.
  const at::Tensor features = Rows({0, 1, 4, 2}, 4);
  const at::Tensor label = Labels({0, 0, 0, 1});
  // Rows: 0 -> 4 - 2, 1 -> 3 - 1, 2 -> 4 - 2, 3 -> (itself: 0) - 1; plus the margin 0.5, at least
  // 0.
  EXPECT_NEAR(BatchHardTripletLoss(features, label, 0.5).item<double>(), (2.5 + 2.5 + 2.5 + 0) / 4,
              1e-5);
}

TEST(TripletLoss, ItsGradientPullsPositivesAndPushesNegatives) {
  at::Tensor features = Rows({0, 1, 4, 2}, 4);
  features.requires_grad_(true);
  const at::Tensor loss = BatchHardTripletLoss(features, Labels({0, 0, 0, 1}), 0.5);
  torch::autograd::backward({loss}, {});
  const at::Tensor gradient = features.grad();
  // Row 0 -> d(0, 4) - d(0, 2), row 1 -> d(1, 4) - d(1, 2), row 2 -> d(0, 4) - d(4, 2).
  EXPECT_NEAR(gradient[0][0].item<float>(), (-1 + 1 - 1) / 4.0, 1e-5);
  EXPECT_NEAR(gradient[1][0].item<float>(), (-1 + 1) / 4.0, 1e-5);
  EXPECT_NEAR(gradient[2][0].item<float>(), (1 + 1 + 1 - 1) / 4.0, 1e-5);
  EXPECT_NEAR(gradient[3][0].item<float>(), (-1 - 1 + 1) / 4.0, 1e-5);
}

TEST(TripletLoss, OfOnePersonIsNothing) {
  at::Tensor features = Rows({0, 1, 4, 2}, 4);
  features.requires_grad_(true);
  const at::Tensor loss = BatchHardTripletLoss(features, Labels({3, 3, 3, 3}), 0.5);
  torch::autograd::backward({loss}, {});
  EXPECT_EQ(loss.item<float>(), 0);
  EXPECT_EQ(features.grad().abs().max().item<float>(), 0);
}

TEST(TripletLoss, EqualFeaturesHaveAFiniteGradient) {
  at::Tensor features = at::ones({4, 3});
  features.requires_grad_(true);
  const at::Tensor loss = BatchHardTripletLoss(features, Labels({0, 0, 1, 1}), 0.3);
  torch::autograd::backward({loss}, {});
  EXPECT_NEAR(loss.item<float>(), 0.3, 1e-5);
  EXPECT_TRUE(at::isfinite(features.grad()).all().item<bool>());
}

TEST(ContrastiveLoss, IsASoftmaxOverTheOtherRows) {
  // Unit vectors: rows 0 and 1 are one person at 60 degrees, row 2 another at right angles to row
  // 0.
  const double cos60 = 0.5;
  const double cos30 = std::sqrt(3.0) / 2;
  const at::Tensor features =
      Rows({2, 0, 3 * 0.5f, 3 * static_cast<float>(cos30), 0, 5}, 3);  // lengths do not matter
  const at::Tensor label = Labels({4, 4, 9});
  const double t = 0.5;
  const auto loss = [&](double positive, double negative) {
    return -std::log(std::exp(positive / t) / (std::exp(positive / t) + std::exp(negative / t)));
  };
  // Row 2 has no other row of its person and does not count.
  EXPECT_NEAR(SupervisedContrastiveLoss(features, label, t).item<double>(),
              (loss(cos60, 0) + loss(cos60, cos30)) / 2, 1e-5);
}

TEST(ContrastiveLoss, ItsGradientIsFiniteAndPullsPositives) {
  at::Tensor features = Rows({1, 0, 0.8f, 0.6f, 0, 0, 0, 1}, 4);
  features.requires_grad_(true);
  const at::Tensor loss = SupervisedContrastiveLoss(features, Labels({0, 0, 1, 1}), 0.1);
  torch::autograd::backward({loss}, {});
  EXPECT_TRUE(at::isfinite(features.grad()).all().item<bool>());
  // Row 1 turns towards row 0: less of the second coordinate.
  EXPECT_GT(features.grad()[1][1].item<float>(), 0);
}

TEST(ContrastiveLoss, WithoutPairsIsNothing) {
  const at::Tensor features = Rows({1, 0, 0, 1}, 2);
  EXPECT_EQ(SupervisedContrastiveLoss(features, Labels({0, 1}), 0.1).item<float>(), 0);
}

}  // namespace
}  // namespace reidbench
