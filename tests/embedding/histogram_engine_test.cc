#include "reidbench/embedding/histogram_engine.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <set>
#include <vector>

#include "reidbench/core/error.h"
#include "reidbench/embedding/embedder.h"
#include "support/expect_error.h"

namespace reidbench {
namespace {

using Color = std::array<float, 3>;

// One colour a row.
std::vector<float> Rows(const std::vector<Color>& rows, int width) {
  std::vector<float> chw;
  for (size_t c = 0; c < 3; ++c) {
    for (const Color& row : rows) chw.insert(chw.end(), static_cast<size_t>(width), row[c]);
  }
  return chw;
}

std::vector<float> Embedding(const std::vector<float>& chw, int height, int width) {
  const auto engine = MakeHistogramEngine();
  std::vector<float> embedding(static_cast<size_t>(engine->info().dim));
  engine->Run({chw.data(), 1, height, width}, embedding.data());
  return embedding;
}

size_t OnlyBin(const std::vector<float>& embedding, size_t stripe) {
  size_t found = 1000;
  for (size_t bin = 0; bin < 128; ++bin) {
    const float value = embedding[stripe * 128 + bin];
    if (value == 0) continue;
    EXPECT_EQ(value, 1) << "a stripe of one colour has one bin";
    found = bin;
  }
  return found;
}

// Bin = (hue * 4 + saturation) * 4 + brightness, hue in eighths of the circle from red.
TEST(HistogramEngine, BinsColoursByHueSaturationAndBrightness) {
  const std::vector<float> embedding = Embedding(
      Rows({{1, 0, 0}, {0, 1, 0}, {0, 0, 1}, {0, 0, 0}, {1, 1, 1}, {0.3f, 0.15f, 0.15f}}, 4), 6, 4);
  ASSERT_EQ(embedding.size(), 768u);
  EXPECT_EQ(OnlyBin(embedding, 0), (0u * 4 + 3) * 4 + 3);  // red
  EXPECT_EQ(OnlyBin(embedding, 1), (2u * 4 + 3) * 4 + 3);  // green: 120 degrees
  EXPECT_EQ(OnlyBin(embedding, 2), (5u * 4 + 3) * 4 + 3);  // blue: 240 degrees
  EXPECT_EQ(OnlyBin(embedding, 3), 0u);                    // black
  EXPECT_EQ(OnlyBin(embedding, 4), 3u);                    // white
  EXPECT_EQ(OnlyBin(embedding, 5), (0u * 4 + 2) * 4 + 1);  // half-saturated dark red
}

TEST(HistogramEngine, TheSquaredDistanceIsHellingers) {
  // The second stripe of `b` is half red, half green.
  const std::vector<Color> red(12, {1, 0, 0});
  std::vector<Color> mixed = red;
  mixed[2] = {0, 1, 0};
  const std::vector<float> a = Embedding(Rows(red, 4), 12, 4);
  const std::vector<float> b = Embedding(Rows(mixed, 4), 12, 4);
  double squared = 0;
  for (size_t i = 0; i < a.size(); ++i) squared += std::pow(a[i] - b[i], 2);
  // 2 - 2 sum sqrt(p q) = 2 - 2 sqrt(1/2)
  EXPECT_NEAR(squared, 2 - std::sqrt(2.0), 1e-6);
}

TEST(HistogramEngine, IsAnEmbedderWithoutWeights) {
  EmbedderOptions options;
  options.engine = "histogram";
  const auto embedder = MakeEmbedder({}, options);
  EXPECT_EQ(embedder->info().architecture, "hsv_stripes");
  EXPECT_TRUE(embedder->info().weights_sha256.empty());
  EXPECT_TRUE(UsesRawPixels("histogram"));
  EXPECT_FALSE(UsesRawPixels("auto"));
  std::vector<float> embedding(768);
  const std::vector<float> flat(3 * 5 * 4, 0.5f);
  EXPECT_THROW(embedder->Embed({flat.data(), 1, 5, 4}, embedding.data()), Error);
  MessageOf(ErrorKind::kUsage, [&] { MakeEmbedder("some.pth", options); });
  options.device = "cuda:0";
  EXPECT_THROW(MakeEmbedder({}, options), Error);
}

}  // namespace
}  // namespace reidbench
