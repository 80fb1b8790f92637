#include "reidbench/embedding/osnet_kernels.h"

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

TEST(InterleaveRgb, TurnsPlanesIntoPixels) {
  const std::vector<float> chw = {1, 2, 10, 20, 100, 200};
  std::vector<float> hwc(6);
  EXPECT_TRUE(InterleaveRgb(chw.data(), 1, 2, hwc.data()));
  EXPECT_THAT(hwc, ElementsAre(1, 10, 100, 2, 20, 200));
}

TEST(InterleaveRgb, ReportsWhatIsNotFinite) {
  std::vector<float> hwc(3 * 7 * 5);
  for (const float bad : {kNan, kInfinity, -kInfinity}) {
    for (const size_t place : {size_t{0}, size_t{50}, hwc.size() - 1}) {
      std::vector<float> chw(hwc.size(), 1.0f);
      chw[place] = bad;
      EXPECT_FALSE(InterleaveRgb(chw.data(), 7, 5, hwc.data())) << bad << " at " << place;
    }
  }
}

// One channel, 3 x 4; windows are centred on (0,0), (0,2), (2,0), (2,2).
TEST(MaxPool3x3, TakesTheLargestInsideTheBorder) {
  const std::vector<float> in = {1,  2,   3,   4,  //
                                 8,  7,   6,   5,  //
                                 -9, -10, -11, -12};
  std::vector<float> out(4);
  MaxPool3x3(in.data(), 3, 4, 1, out.data());
  EXPECT_THAT(out, ElementsAre(8, 7, 8, 7));
}

TEST(AveragePool2x2, DropsTheOddRowAndColumn) {
  // 3 x 3, two channels: the second is ten times the first.
  std::vector<float> in;
  for (const float v : {1.f, 2.f, 9.f, 3.f, 6.f, 9.f, 9.f, 9.f, 9.f}) {
    in.push_back(v);
    in.push_back(10 * v);
  }
  std::vector<float> out(2);
  AveragePool2x2(in.data(), 3, 3, 2, out.data());
  EXPECT_THAT(out, ElementsAre(3, 30));
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

TEST(GatedSum, AppliesTheGateOfEachStreamToThatStream) {
  // One channel, two pixels. Means 1, 2, 3, -1; hidden = max(2 mean - 3, 0) = 0, 1, 3, 0; logit =
  // -hidden + 1 = 1, 0, -2, 1.
  const std::vector<float> weight1 = {2}, bias1 = {-3}, weight2 = {-1}, bias2 = {1};
  const std::vector<float> a = {0, 2}, b = {2, 2}, c = {6, 0}, d = {-1, -1};
  std::vector<float> out(2);
  GatedSum({a.data(), b.data(), c.data(), d.data()}, {weight1, bias1, weight2, bias2}, 2, 1,
           out.data());
  const auto sigmoid = [](double x) { return 1 / (1 + std::exp(-x)); };
  EXPECT_NEAR(out[0], 2 * 0.5 + 6 * sigmoid(-2) - sigmoid(1), 1e-6);
  EXPECT_NEAR(out[1], 2 * sigmoid(1) + 2 * 0.5 - sigmoid(1), 1e-6);
}

TEST(AddRelu, ClampsAtZeroAndReportsWhatIsNotFinite) {
  std::vector<float> x(19, -3.0f);
  std::vector<float> y(19, 1.0f);
  y[18] = 5;
  EXPECT_TRUE(AddRelu(y.data(), 19, x.data()));
  EXPECT_EQ(x[0], 0.0f);
  EXPECT_EQ(x[18], 2.0f);
  for (const size_t place : {size_t{3}, size_t{18}}) {  // in a block of lanes, and in the rest
    std::vector<float> z = x;
    y[place] = kNan;
    EXPECT_FALSE(AddRelu(y.data(), 19, z.data()));
    EXPECT_TRUE(std::isnan(z[place])) << "NaN must not become 0";
    y[place] = -kInfinity;
    z = x;
    EXPECT_FALSE(AddRelu(y.data(), 19, z.data()));
    y[place] = 0;
  }
}

TEST(InstanceNormRelu, NormalisesEachChannelOverItsPixels) {
  // Channel 0: 1, 3 -> mean 2, variance 1. Channel 1: constant -> 0, leaving its bias.
  const std::vector<float> weight = {2, 5}, bias = {0.5f, 7};
  std::vector<float> x = {1, 4, 3, 4};
  const float unit = 1 / std::sqrt(1 + 1e-5f);
  EXPECT_TRUE(InstanceNormRelu(weight, bias, nullptr, 2, x.data()));
  EXPECT_THAT(x, ElementsAre(0, 7, testing::FloatNear(0.5f + 2 * unit, 1e-6f), 7));
  x = {1, 4, 3, 4};
  const std::vector<float> y = {10, -20, 100, 1};
  EXPECT_TRUE(InstanceNormRelu(weight, bias, y.data(), 2, x.data()));
  EXPECT_THAT(x, ElementsAre(testing::FloatNear(10.5f - 2 * unit, 1e-5f), 0,
                             testing::FloatNear(100.5f + 2 * unit, 1e-4f), 8));
}

// 8192 pixels near 1000: a plain float32 sum would be off in the fourth digit, the variance far
// more.
TEST(InstanceNormRelu, StaysAccurateOnLargeImages) {
  const int64_t pixels = 8192;
  std::vector<float> x;
  for (int64_t p = 0; p < pixels; ++p) x.push_back(p % 2 == 0 ? 999.5f : 1000.5f);
  const std::vector<float> one = {1}, zero = {2};
  EXPECT_TRUE(InstanceNormRelu(one, zero, nullptr, pixels, x.data()));
  const float unit = 0.5f / std::sqrt(0.25f + 1e-5f);
  EXPECT_NEAR(x[0], 2 - unit, 1e-5);
  EXPECT_NEAR(x[8191], 2 + unit, 1e-5);
}

TEST(InstanceNormRelu, ReportsWhatIsNotFinite) {
  const std::vector<float> weight(20, 1.0f), bias(20, 0.0f);
  std::vector<float> x(40, 1.0f);
  x[39] = kInfinity;
  EXPECT_FALSE(InstanceNormRelu(weight, bias, nullptr, 2, x.data()));
}

using OsnetKernels = EachIsa;
INSTANTIATE_TEST_SUITE_P(Isa, OsnetKernels, testing::ValuesIn(kAllIsas), IsaOf);

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
  EXPECT_TRUE(InterleaveRgb(chw.data(), kHeight, kWidth, hwc.data()));
  keep(hwc);
  std::vector<float> x = random(kPixels * kChannels);
  const std::vector<float> y = random(x.size());
  std::vector<float> pooled((kHeight + 1) / 2 * ((kWidth + 1) / 2) * kChannels);
  MaxPool3x3(x.data(), kHeight, kWidth, kChannels, pooled.data());
  keep(pooled);
  AveragePool2x2(x.data(), kHeight, kWidth, kChannels, pooled.data());
  keep(pooled);
  std::vector<float> means(kChannels);
  ChannelMeans(x.data(), kPixels, kChannels, means.data());
  keep(means);
  const std::vector<float> weight1 = random(2 * kChannels), bias1 = random(2),
                           weight2 = random(2 * kChannels), bias2 = random(kChannels);
  std::vector<float> sum(x.size());
  GatedSum({x.data(), y.data(), y.data(), x.data()}, {weight1, bias1, weight2, bias2}, kPixels,
           kChannels, sum.data());
  keep(sum);
  EXPECT_TRUE(InstanceNormRelu(bias2, means, y.data(), kPixels, x.data()));
  keep(x);
  EXPECT_TRUE(InstanceNormRelu(bias2, means, nullptr, kPixels, x.data()));
  keep(x);
  EXPECT_TRUE(AddRelu(y.data(), static_cast<int64_t>(x.size()), x.data()));
  keep(x);
  return outputs;
}

TEST_P(OsnetKernels, GiveTheBitsOfTheBaseline) {
  const std::vector<float> outputs = OutputsOfAll();
  const ScopedIsaCap cap(Isa::kBaseline);
  EXPECT_EQ(outputs, OutputsOfAll());
}

}  // namespace
}  // namespace reidbench
