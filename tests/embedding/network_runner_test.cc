#include "reidbench/embedding/network_runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <fstream>

#include "embedding/network_zoo.h"
#include "reidbench/core/error.h"
#include "reidbench/embedding/embedder.h"
#include "reidbench/embedding/onednn_engine.h"
#include "reidbench/weights/byte_reader.h"
#include "support/expect_error.h"

namespace reidbench {
namespace {

using testing::HasSubstr;

std::vector<float> RunnerImages(const Graph& graph, int count, uint64_t seed) {
  Rng rng(seed);
  std::vector<float> pixels(
      static_cast<size_t>(count * graph.channels * graph.height * graph.width));
  for (float& p : pixels) p = static_cast<float>(rng.Uniform(-2.1, 2.6));
  return pixels;
}

std::vector<std::vector<float>> OutputsOf(const Network& network, std::string_view engine,
                                          int count, const std::vector<float>& pixels,
                                          const std::vector<const float*>& side_inputs = {}) {
  const Graph& graph = network.graph;
  const std::vector<ValueShape> shapes = ShapesOf(graph, graph.height, graph.width);
  std::vector<std::vector<float>> outputs;
  std::vector<float*> pointers;
  for (const int layer : OutputLayers(graph))
    outputs.emplace_back(
        static_cast<size_t>(count * NumElements(shapes[static_cast<size_t>(layer)])));
  for (std::vector<float>& output : outputs) pointers.push_back(output.data());
  const ImageBatch images{pixels.data(), count, static_cast<int>(graph.height),
                          static_cast<int>(graph.width)};
  MakeNetworkRunner(network, engine)->Run({images, side_inputs}, pointers);
  return outputs;
}

// Of each output the largest difference, against the largest number of it.
void ExpectEnginesAgree(const Network& network, int count, const std::string& what) {
  const std::vector<float> pixels = RunnerImages(network.graph, count, 7);
  const auto expected = OutputsOf(network, "reference", count, pixels);
  const auto found = OutputsOf(network, "onednn", count, pixels);
  ASSERT_EQ(expected.size(), found.size());
  for (size_t o = 0; o < expected.size(); ++o) {
    double largest = 1e-3, worst = 0;
    for (size_t i = 0; i < expected[o].size(); ++i) {
      ASSERT_TRUE(std::isfinite(expected[o][i])) << what;
      largest = std::max(largest, std::abs(double{expected[o][i]}));
      const double difference = std::abs(double{expected[o][i]} - found[o][i]);
      worst = std::isnan(difference) ? difference : std::max(worst, difference);
      if (std::isnan(worst)) break;
    }
    EXPECT_LE(worst, 1e-4 * largest) << what << ", output " << o;
  }
}

bool HasOnednn() { return OnednnAvailable(OnednnExecution::kOnednn); }

// $REIDBENCH_RANDOM_GRAPHS of them, from the first seed on; $REIDBENCH_KEEP_GRAPHS is a folder to
// write them to, for a comparison with other programs.
TEST(NetworkRunner, RandomGraphsEqualTheReference) {
  if (!HasOnednn()) GTEST_SKIP() << "not in this build";
  const char* const wanted = std::getenv("REIDBENCH_RANDOM_GRAPHS");
  const char* const kept = std::getenv("REIDBENCH_KEEP_GRAPHS");
  const int count = wanted != nullptr ? std::atoi(wanted) : 40;
  std::vector<int> seeds = {73, 163, 413};  // gates of maps that do not lie with channels last
  for (int seed = 1; seed <= count; ++seed) seeds.push_back(seed);
  for (const int seed : seeds) {
    const std::string model = RandomModel(static_cast<uint64_t>(seed));
    const std::string what = "seed " + std::to_string(seed);
    if (kept != nullptr)
      std::ofstream(std::string(kept) + "/" + std::to_string(seed) + ".onnx", std::ios::binary)
          << model;
    SCOPED_TRACE(what);
    ASSERT_NO_THROW(ExpectEnginesAgree(ReadModel(model), 1 + seed % 3, what)) << what;
  }
}

TEST(NetworkRunner, ComputesAResNetWithANeck) {
  if (!HasOnednn()) GTEST_SKIP() << "not in this build";
  const Network network = ReadModel(ResNetModel(8, {2, 1, 1, 2}, 64, 32));
  EXPECT_EQ(network.name, "onnx");
  EXPECT_EQ(DimOf(network.graph), 256);
  EXPECT_TRUE(TakesAnySize(network.graph));
  ExpectEnginesAgree(network, 9, "ResNet");
}

TEST(NetworkRunner, ComputesAMobileNet) {
  if (!HasOnednn()) GTEST_SKIP() << "not in this build";
  const Network network =
      ReadModel(MobileNetModel(64, 32, {{1, 16, 1, 1}, {6, 24, 2, 2}, {6, 32, 2, 2}}));
  ExpectEnginesAgree(network, 3, "MobileNet");
}

TEST(NetworkRunner, ComputesAVisionTransformer) {
  if (!HasOnednn()) GTEST_SKIP() << "not in this build";
  const Network network = ReadModel(VitModel(64, 32, 8, 48, 4, 2, false));
  EXPECT_FALSE(TakesAnySize(network.graph)) << "its positions are of one size";
  ExpectEnginesAgree(network, 3, "ViT");
}

TEST(NetworkRunner, TheCameraIsAnInput) {
  const Network network = ReadModel(VitModel(32, 16, 8, 24, 2, 1, true));
  ASSERT_EQ(network.graph.SideInputs().size(), 1U);
  const std::vector<float> pixels = RunnerImages(network.graph, 2, 7);
  std::vector<float> same(pixels.begin(), pixels.begin() + static_cast<int64_t>(pixels.size() / 2));
  same.insert(same.end(), same.begin(), same.end());
  const std::vector<float> cameras = {1, 4};
  for (const std::string_view engine : {"reference", "onednn"}) {
    if (engine == "onednn" && !HasOnednn()) continue;
    const auto given = OutputsOf(network, engine, 2, same, {cameras.data()});
    double difference = 0;
    for (size_t i = 0; i < 24; ++i) difference += std::abs(given[0][i] - given[0][24 + i]);
    EXPECT_GT(difference, 0.1) << engine << ": the camera changes the embedding";
    const std::vector<float> unknown = {1, 6};
    const auto none = OutputsOf(network, engine, 2, same, {unknown.data()});
    EXPECT_TRUE(std::isfinite(none[0][0]));
    EXPECT_TRUE(std::isnan(none[0][24])) << engine << ": there are six cameras";
  }
  EmbedderOptions options;
  options.engine = "onednn";
  if (!HasOnednn()) return;
  const auto embedder = MakeNetworkEmbedder(network, options);
  std::vector<float> embeddings(2 * 24);
  ImageBatch images{same.data(), 2, 32, 16};
  EXPECT_THAT(MessageOf(ErrorKind::kInput, [&] { embedder->Embed(images, embeddings.data()); }),
              HasSubstr("input 'camera' wants the camera of each image"));
  images.cameras = cameras.data();
  embedder->Embed(images, embeddings.data());
}

TEST(NetworkRunner, RowsDoNotDependOnTheirBatch) {
  if (!HasOnednn()) GTEST_SKIP() << "not in this build";
  const Network network = ReadModel(VitModel(32, 16, 8, 24, 2, 1, false));
  const std::vector<float> pixels = RunnerImages(network.graph, 11, 3);
  const auto together = OutputsOf(network, "onednn", 11, pixels);
  const size_t size = pixels.size() / 11;
  for (size_t i = 0; i < 11; ++i) {
    const std::vector<float> one(pixels.begin() + static_cast<int64_t>(i * size),
                                 pixels.begin() + static_cast<int64_t>((i + 1) * size));
    const auto alone = OutputsOf(network, "onednn", 1, one);
    for (size_t d = 0; d < 24; ++d) EXPECT_NEAR(alone[0][d], together[0][i * 24 + d], 1e-5);
  }
}

TEST(NetworkRunner, KnowsItsEngines) {
  EXPECT_THAT(MessageOf(ErrorKind::kUsage, [] { MakeNetworkRunner({}, "opencv"); }),
              HasSubstr("known: onednn, reference"));
}

}  // namespace
}  // namespace reidbench
