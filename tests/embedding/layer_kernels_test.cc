#include "reidbench/embedding/layer_kernels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "reidbench/core/random.h"
#include "support/each_isa.h"

namespace reidbench {
namespace {

using testing::ElementsAre;
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

TEST(Interleave, TurnsPlanesIntoPixels) {
  const std::vector<float> chw = {1, 2, 10, 20, 100, 200};
  std::vector<float> hwc(6);
  EXPECT_TRUE(Interleave(chw.data(), 3, 2, hwc.data()));
  EXPECT_THAT(hwc, ElementsAre(1, 10, 100, 2, 20, 200));
}

TEST(Interleave, ReportsWhatIsNotFinite) {
  std::vector<float> hwc(3 * 7 * 5);
  for (const float bad : {kNan, kInfinity, -kInfinity}) {
    for (const size_t place : {size_t{0}, size_t{50}, hwc.size() - 1}) {
      std::vector<float> chw(hwc.size(), 1.0f);
      chw[place] = bad;
      EXPECT_FALSE(Interleave(chw.data(), 3, 7 * 5, hwc.data())) << bad << " at " << place;
    }
  }
}

// One channel, 3 x 4; windows are centred on (0,0), (0,2), (2,0), (2,2).
TEST(MaxPool, TakesTheLargestInsideTheBorder) {
  const std::vector<float> in = {1,  2,   3,   4,  //
                                 8,  7,   6,   5,  //
                                 -9, -10, -11, -12};
  std::vector<float> out(4);
  MaxPool(in.data(), {3, 4, 1}, Window::Square(3, 2, 1), {2, 2, 1}, out.data());
  EXPECT_THAT(out, ElementsAre(8, 7, 8, 7));
}

TEST(AveragePool, DropsTheOddRowAndColumn) {
  // 3 x 3, two channels: the second is ten times the first.
  std::vector<float> in;
  for (const float v : {1.f, 2.f, 9.f, 3.f, 6.f, 9.f, 9.f, 9.f, 9.f}) {
    in.push_back(v);
    in.push_back(10 * v);
  }
  std::vector<float> out(2);
  AveragePool(in.data(), {3, 3, 2}, Window::Square(2, 2), {1, 1, 2}, out.data());
  EXPECT_THAT(out, ElementsAre(3, 30));
}

TEST(AveragePool, CountsPaddingIfAskedTo) {
  const std::vector<float> in = {4, 8};  // one row
  Window window = Window::Square(3, 1, 1);
  std::vector<float> out(2);
  AveragePool(in.data(), {1, 2, 1}, window, {1, 2, 1}, out.data());
  EXPECT_FLOAT_EQ(out[0], 12.0F / 9);
  window.count_padding = false;
  AveragePool(in.data(), {1, 2, 1}, window, {1, 2, 1}, out.data());
  EXPECT_FLOAT_EQ(out[1], 6);
}

TEST(ChannelMeans, CountsEveryPixel) {
  // 131 pixels: two blocks of 64 and a rest that is no multiple of four. Channel 0 counts 0..130,
  // channel 1 is constant.
  std::vector<float> in;
  for (int p = 0; p < 131; ++p) {
    in.push_back(static_cast<float>(p));
    in.push_back(0.25f);
  }
  std::vector<float> means(2);
  ChannelMeans(in.data(), 131, 2, means.data());
  EXPECT_THAT(means, ElementsAre(65, 0.25f));
}

TEST(Dense, ComputesAGate) {
  // hidden = max(2 x - 3, 0); logit = -hidden + 1
  const std::vector<float> weight1 = {2}, bias1 = {-3}, weight2 = {-1}, bias2 = {1};
  for (const auto& [x, logit] : {std::pair(1.0F, 1.0F), std::pair(2.0F, 0.0F)}) {
    float hidden = 0, gate = 0;
    Dense(weight1, bias1, true, 1, 1, &x, &hidden);
    Dense(weight2, bias2, false, 1, 1, &hidden, &gate);
    EXPECT_FLOAT_EQ(gate, logit);
    Sigmoid(&gate, 1, &gate);
    EXPECT_FLOAT_EQ(gate, 1 / (1 + std::exp(-logit)));
  }
  float nan = kNan;
  Dense(weight1, bias1, true, 1, 1, &nan, &nan);
  EXPECT_TRUE(std::isnan(nan));
}

// As many terms as there are code paths, one of them scaled, some of them not.
TEST(ScaledSum, AddsTermsByTheirFactors) {
  constexpr int64_t kPixels = 2, kChannels = 19;
  for (const size_t count : {1u, 2u, 3u, 4u, 5u, 9u}) {
    for (const size_t scaled : {size_t{0}, count - 1, count}) {  // `count`: none
      std::vector<std::vector<float>> maps;
      std::vector<float> factors(kChannels);
      for (int64_t c = 0; c < kChannels; ++c) factors[c] = static_cast<float>(c);
      std::vector<ScaledTerm> terms;
      for (size_t t = 0; t < count; ++t) {
        maps.emplace_back(kPixels * kChannels, static_cast<float>(t + 1));
        maps.back()[kChannels] = -100;
      }
      for (size_t t = 0; t < count; ++t)
        terms.push_back({maps[t].data(), t == scaled ? factors.data() : nullptr});
      std::vector<float> out(kPixels * kChannels);
      EXPECT_TRUE(ScaledSum(terms, true, kPixels, kChannels, out.data()));
      const auto all = static_cast<float>(count * (count + 1) / 2);
      for (int64_t c = 0; c < kChannels; ++c) {
        const float term = static_cast<float>(scaled + 1);
        EXPECT_FLOAT_EQ(out[c], scaled < count ? all - term + term * factors[c] : all);
      }
      EXPECT_EQ(out[kChannels], 0) << "negative, held at 0";
    }
  }
}

TEST(ScaledSum, ClampsAtZeroAndReportsWhatIsNotFinite) {
  std::vector<float> x(19, -3.0f), y(19, 1.0f), z(19);
  y[18] = 5;
  const std::vector<ScaledTerm> terms = {{x.data(), nullptr}, {y.data(), nullptr}};
  EXPECT_TRUE(ScaledSum(terms, true, 1, 19, z.data()));
  EXPECT_EQ(z[0], 0.0f);
  EXPECT_EQ(z[18], 2.0f);
  EXPECT_TRUE(ScaledSum(terms, false, 1, 19, z.data()));
  EXPECT_EQ(z[0], -2.0f);
  for (const size_t place : {size_t{3}, size_t{18}}) {  // in a block of lanes, and in the rest
    y[place] = kNan;
    EXPECT_FALSE(ScaledSum(terms, true, 1, 19, z.data()));
    EXPECT_TRUE(std::isnan(z[place])) << "NaN must not become 0";
    y[place] = -kInfinity;
    EXPECT_FALSE(ScaledSum(terms, true, 1, 19, z.data()));
    y[place] = 0;
  }
}

TEST(L2Normalize, GivesUnitLengthButNotToZero) {
  const std::vector<float> x = {3, 4, 0, 0};
  std::vector<float> out(4);
  L2Normalize(x.data(), 2, 2, 1e-12, out.data());
  EXPECT_THAT(out, ElementsAre(0.6F, 0.8F, 0, 0));
}

TEST(InstanceNorm, NormalisesEachChannelOverItsPixels) {
  // Channel 0: 1, 3 -> mean 2, variance 1. Channel 1: constant -> 0, leaving its bias.
  const std::vector<float> weight = {2, 5}, bias = {0.5f, 7};
  std::vector<float> x = {1, 4, 3, 4};
  const float unit = 1 / std::sqrt(1 + 1e-5f);
  EXPECT_TRUE(
      InstanceNorm(weight, bias, 1e-5, nullptr, true, 2, std::ssize(weight), x.data(), x.data()));
  EXPECT_THAT(x, ElementsAre(0, 7, testing::FloatNear(0.5f + 2 * unit, 1e-6f), 7));
  x = {1, 4, 3, 4};
  const std::vector<float> y = {10, -20, 100, 1};
  EXPECT_TRUE(
      InstanceNorm(weight, bias, 1e-5, y.data(), true, 2, std::ssize(weight), x.data(), x.data()));
  EXPECT_THAT(x, ElementsAre(testing::FloatNear(10.5f - 2 * unit, 1e-5f), 0,
                             testing::FloatNear(100.5f + 2 * unit, 1e-4f), 8));
}

// 8192 pixels near 1000: a plain float32 sum would be off in the fourth digit, the variance far
// more.
TEST(InstanceNorm, StaysAccurateOnLargeImages) {
  const int64_t pixels = 8192;
  std::vector<float> x;
  for (int64_t p = 0; p < pixels; ++p) x.push_back(p % 2 == 0 ? 999.5f : 1000.5f);
  const std::vector<float> one = {1}, zero = {2};
  EXPECT_TRUE(
      InstanceNorm(one, zero, 1e-5, nullptr, true, pixels, std::ssize(one), x.data(), x.data()));
  const float unit = 0.5f / std::sqrt(0.25f + 1e-5f);
  EXPECT_NEAR(x[0], 2 - unit, 1e-5);
  EXPECT_NEAR(x[8191], 2 + unit, 1e-5);
}

TEST(InstanceNorm, ReportsWhatIsNotFinite) {
  const std::vector<float> weight(20, 1.0f), bias(20, 0.0f);
  std::vector<float> x(40, 1.0f);
  x[39] = kInfinity;
  EXPECT_FALSE(
      InstanceNorm(weight, bias, 1e-5, nullptr, true, 2, std::ssize(weight), x.data(), x.data()));
}

using LayerKernels = EachIsa;
INSTANTIATE_TEST_SUITE_P(Isa, LayerKernels, testing::ValuesIn(kAllIsas), IsaOf);

// All kernels on one image of odd sizes.
std::vector<float> OutputsOfAll() {
  constexpr int64_t kHeight = 37, kWidth = 19, kChannels = 24, kPixels = kHeight * kWidth;
  Rng rng(3);
  const auto random = [&](size_t count) {
    std::vector<float> values(count);
    for (float& value : values) value = static_cast<float>(rng.Normal());
    return values;
  };
  std::vector<float> outputs;
  const auto keep = [&](const std::vector<float>& values) {
    outputs.insert(outputs.end(), values.begin(), values.end());
  };
  const std::vector<float> chw = random(3 * kPixels);
  std::vector<float> hwc(3 * kPixels);
  EXPECT_TRUE(Interleave(chw.data(), 3, kPixels, hwc.data()));
  keep(hwc);
  std::vector<float> x = random(kPixels * kChannels);
  const std::vector<float> y = random(x.size());
  std::vector<float> pooled((kHeight + 1) / 2 * ((kWidth + 1) / 2) * kChannels);
  const MapSize size(kHeight, kWidth, kChannels);
  MaxPool(x.data(), size, Window::Square(3, 2, 1), {19, 10, kChannels}, pooled.data());
  keep(pooled);
  AveragePool(x.data(), size, Window::Square(2, 2), {18, 9, kChannels}, pooled.data());
  keep(pooled);
  std::vector<float> means(kChannels);
  ChannelMeans(x.data(), kPixels, kChannels, means.data());
  keep(means);
  const std::vector<float> factors = random(kChannels), bias2 = random(kChannels);
  std::vector<float> sum(x.size());
  EXPECT_TRUE(ScaledSum(std::vector<ScaledTerm>{{x.data(), factors.data()},
                                                {y.data(), bias2.data()},
                                                {y.data(), nullptr},
                                                {x.data(), factors.data()}},
                        false, kPixels, kChannels, sum.data()));
  keep(sum);
  EXPECT_TRUE(InstanceNorm(bias2, means, 1e-5, y.data(), true, kPixels, std::ssize(bias2), x.data(),
                           x.data()));
  keep(x);
  EXPECT_TRUE(InstanceNorm(bias2, means, 1e-5, nullptr, true, kPixels, std::ssize(bias2), x.data(),
                           x.data()));
  keep(x);
  EXPECT_TRUE(ScaledSum(std::vector<ScaledTerm>{{x.data(), nullptr}, {y.data(), nullptr}}, true,
                        kPixels, kChannels, x.data()));
  keep(x);
  return outputs;
}

TEST_P(LayerKernels, GiveTheBitsOfTheBaseline) {
  const std::vector<float> outputs = OutputsOfAll();
  const ScopedIsaCap cap(Isa::kBaseline);
  EXPECT_EQ(outputs, OutputsOfAll());
}

}  // namespace
}  // namespace reidbench
