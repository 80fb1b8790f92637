#include "reidbench/embedding/embedder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hdf5.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <limits>
#include <string>
#include <tuple>
#include <vector>

#include "embedding/osnet_reference.h"
#include "reidbench/core/error.h"
#include "reidbench/core/parallel.h"
#include "reidbench/core/random.h"
#include "reidbench/embedding/engines.h"
#include "reidbench/embedding/onednn_engine.h"
#include "support/expect_error.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

const fs::path kGolden = fs::path(REIDBENCH_SOURCE_DIR) / ".." / "shared" / "golden" / "osnet";

std::vector<float> RandomImages(int count, int height, int width) {
  Rng rng(count);
  std::vector<float> pixels(static_cast<size_t>(count) * 3 * height * width);
  for (float& p : pixels) p = static_cast<float>(rng.Uniform(-2.1, 2.6));
  return pixels;
}

std::vector<float> ReadDataset(const fs::path& file, const std::string& name) {
  const hid_t f = H5Fopen(file.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
  const hid_t d = H5Dopen2(f, name.c_str(), H5P_DEFAULT);
  const hid_t s = H5Dget_space(d);
  std::vector<float> values(static_cast<size_t>(H5Sget_simple_extent_npoints(s)));
  EXPECT_GE(H5Dread(d, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()), 0) << name;
  H5Sclose(s);
  H5Dclose(d);
  H5Fclose(f);
  return values;
}

double RowNorm(const float* row, int dim) {
  double squares = 0;
  for (int d = 0; d < dim; ++d) squares += static_cast<double>(row[d]) * row[d];
  return std::sqrt(squares);
}

// Largest difference of a row relative to its norm.
void ExpectRowsNear(const std::vector<float>& actual, const std::vector<float>& expected, int dim,
                    double tolerance) {
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t begin = 0; begin < expected.size(); begin += dim) {
    double worst = 0;
    for (int d = 0; d < dim; ++d) {
      worst =
          std::max(worst, std::abs(static_cast<double>(actual[begin + d]) - expected[begin + d]));
    }
    EXPECT_LE(worst, tolerance * RowNorm(&expected[begin], dim)) << "row " << begin / dim;
  }
}

using GoldenCase = std::tuple<std::string, std::string>;  // architecture, engine
class Golden : public testing::TestWithParam<GoldenCase> {};

TEST_P(Golden, FeaturesEqualTorchreid) {
  const auto& [architecture, engine] = GetParam();
  if (!fs::exists(kGolden / "expected.h5"))
    GTEST_SKIP() << "no " << kGolden << " beside this checkout";
  if (engine == "onednn" && !OnednnAvailable()) GTEST_SKIP() << "no engine onednn here";
#ifndef REIDBENCH_HAS_TORCH
  if (engine == "libtorch") GTEST_SKIP() << "built without LibTorch";
#endif
  const std::vector<float> input = ReadDataset(kGolden / "expected.h5", "input");
  const std::vector<float> expected =
      ReadDataset(kGolden / "expected.h5", "features/" + architecture);
  EmbedderOptions options;
  options.engine = engine;
  const auto embedder = MakeEmbedder(kGolden / (architecture + "_zip.pth"), options);
  EXPECT_EQ(embedder->info().architecture, architecture);
  EXPECT_EQ(embedder->info().dim, 512);
  EXPECT_EQ(embedder->info().weights_sha256.size(), 64u);
  EXPECT_THAT(embedder->info().engine, testing::StartsWith(engine + " "));
  std::vector<float> features(expected.size());
  embedder->Embed({input.data(), 4, 256, 128}, features.data());
  ExpectRowsNear(features, expected, 512, 1e-5);
}

INSTANTIATE_TEST_SUITE_P(
    Torchreid, Golden,
    testing::Combine(testing::Values("osnet_x1_0", "osnet_x0_75", "osnet_x0_5", "osnet_x0_25",
                                     "osnet_ibn_x1_0", "osnet_ain_x1_0", "osnet_ain_x0_25"),
                     testing::Values("libtorch", "onednn", "reference")),
    [](const auto& test) { return std::get<0>(test.param) + "_" + std::get<1>(test.param); });

TEST(GoldenFormats, LegacyDataParallelAndTrainingCheckpointsGiveTheSameFeatures) {
  if (!fs::exists(kGolden / "expected.h5"))
    GTEST_SKIP() << "no " << kGolden << " beside this checkout";
  const std::vector<float> input = ReadDataset(kGolden / "expected.h5", "input");
  const std::vector<float> expected = ReadDataset(kGolden / "expected.h5", "features/osnet_x0_25");
  for (const char* name :
       {"osnet_x0_25_legacy.pth", "osnet_x0_25_dataparallel_legacy.pth", "model.pth.tar-150"}) {
    std::vector<float> features(expected.size());
    MakeEmbedder(kGolden / name, {})->Embed({input.data(), 4, 256, 128}, features.data());
    ExpectRowsNear(features, expected, 512, 1e-5);
  }
}

TEST(Embedder, BytesDoNotDependOnTheThread) {
  const auto embedder = MakeNetworkEmbedder(RandomOsnetWeights("osnet_x0_25", 1), {});
  const int count = 5;  // a micro-batch and, for wide networks, a rest
  const int calls = 12;
  const std::vector<float> images = RandomImages(count, 64, 32);
  std::vector<float> expected(count * 512);
  embedder->Embed({images.data(), count, 64, 32}, expected.data());
  const ThreadLimit limit(4);
  std::vector<std::vector<float>> features(calls, std::vector<float>(expected.size()));
  ParallelFor(calls, [&](int64_t i) {
    embedder->Embed({images.data(), count, 64, 32}, features[i].data());
  });
  for (const auto& f : features) EXPECT_EQ(std::memcmp(f.data(), expected.data(), 4 * f.size()), 0);
}

TEST(Embedder, BatchSizeChangesOnlyRounding) {
  for (const char* architecture : {"osnet_x0_25", "osnet_ain_x0_5"}) {
    const auto embedder = MakeNetworkEmbedder(RandomOsnetWeights(architecture, 1), {});
    const int count = 11;
    const size_t image_size = 3 * 64 * 32;
    const std::vector<float> images = RandomImages(count, 64, 32);
    std::vector<float> expected(count * 512);
    embedder->Embed({images.data(), count, 64, 32}, expected.data());
    for (const int batch : {1, 2, 3, 7}) {
      std::vector<float> features(count * 512);
      for (int i = 0; i < count; i += batch) {
        embedder->Embed({images.data() + i * image_size, std::min(batch, count - i), 64, 32},
                        features.data() + i * 512);
      }
      ExpectRowsNear(features, expected, 512, 1e-5);
    }
  }
}

TEST(Embedder, NormalizesRowsOnRequest) {
  const Network weights = RandomOsnetWeights("osnet_x0_25", 1);
  const std::vector<float> images = RandomImages(2, 32, 16);
  std::vector<float> plain(1024), unit(1024);
  MakeNetworkEmbedder(weights, {})->Embed({images.data(), 2, 32, 16}, plain.data());
  EmbedderOptions options;
  options.normalize = true;
  MakeNetworkEmbedder(weights, options)->Embed({images.data(), 2, 32, 16}, unit.data());
  for (int row = 0; row < 2; ++row) {
    const double norm = RowNorm(&plain[row * 512], 512);
    EXPECT_GT(std::abs(norm - 1), 0.1);
    for (int d = 0; d < 512; ++d)
      EXPECT_NEAR(unit[row * 512 + d], plain[row * 512 + d] / norm, 1e-7);
  }
}

TEST(Embedder, NormalizesAnAllZeroRowToZero) {
  Network weights = RandomOsnetWeights("osnet_x0_25", 1);
  for (float& value : weights.tensors.at("fc.1.bias").values) value = -100;
  EmbedderOptions options;
  options.normalize = true;
  const std::vector<float> images = RandomImages(1, 32, 16);
  std::vector<float> features(512, 1.0f);
  MakeNetworkEmbedder(weights, options)->Embed({images.data(), 1, 32, 16}, features.data());
  EXPECT_THAT(features, testing::Each(0.0f));
}

TEST(Embedder, RefusesRowsThatAreNotFinite) {
  const auto embedder = MakeNetworkEmbedder(RandomOsnetWeights("osnet_x0_25", 1), {});
  std::vector<float> images = RandomImages(3, 32, 16);
  images[2 * 3 * 32 * 16] = std::numeric_limits<float>::quiet_NaN();
  images[1 * 3 * 32 * 16 + 7] = std::numeric_limits<float>::infinity();
  std::vector<float> features(3 * 512);
  EXPECT_THAT(MessageOf(ErrorKind::kModel,
                        [&] {
                          embedder->Embed({images.data(), 3, 32, 16}, features.data());
                        }),
              HasSubstr("image 1 of the batch is not finite"));
}

TEST(Embedder, AutoTakesTheFastestOnThisMachine) {
  const Network weights = RandomOsnetWeights("osnet_x0_25", 1);
  EXPECT_THAT(MakeNetworkEmbedder(weights, {})->info().engine,
              testing::StartsWith(OnednnAvailable() ? "onednn " : "libtorch "));
}

TEST(Embedder, RefusesImagesThatPoolingWouldEmpty) {
  const auto embedder = MakeNetworkEmbedder(RandomOsnetWeights("osnet_x0_25", 1), {});
  const std::vector<float> pixels(3 * 13 * 13, 0.5f);
  std::vector<float> features(512);
  EXPECT_THAT(MessageOf(ErrorKind::kInput,
                        [&] {
                          embedder->Embed({pixels.data(), 1, 13, 12}, features.data());
                        }),
              HasSubstr("at least 13 x 13 pixels, got 13 x 12"));
  embedder->Embed({pixels.data(), 1, 13, 13}, features.data());
}

TEST(Embedder, AcceptsAnEmptyBatch) {
  const auto embedder = MakeNetworkEmbedder(RandomOsnetWeights("osnet_x0_25", 1), {});
  embedder->Embed({nullptr, 0, 256, 128}, nullptr);
}

TEST(Embedder, RefusesUnknownOptionsBeforeReadingTheFile) {
  const fs::path nowhere = "/nonexistent/weights.pth";
  EmbedderOptions options;
  options.engine = "libtorhc";
  EXPECT_THAT(MessageOf(ErrorKind::kUsage, [&] { MakeEmbedder(nowhere, options); }),
              HasSubstr("did you mean 'libtorch'"));
  for (const std::string& engine : EngineNames()) {
    if (engine == "onednn" && !OnednnAvailable()) continue;
#ifndef REIDBENCH_HAS_TORCH
    if (engine == "libtorch") continue;
#endif
    options = {};
    options.engine = engine;
    options.precision = "int8";
    EXPECT_THAT(MessageOf(ErrorKind::kUsage, [&] { MakeEmbedder(nowhere, options); }),
                HasSubstr("it supports: fp32"));
    options.precision = "fp32";
    MessageOf(engine == "histogram" ? ErrorKind::kUsage : ErrorKind::kIo,
              [&] { MakeEmbedder(nowhere, options); });
  }
  options = {};
  options.engine = "libtorch";
  options.precision = "fp16";
  EXPECT_THAT(MessageOf(ErrorKind::kUsage, [&] { MakeEmbedder(nowhere, options); }),
              HasSubstr("engine libtorch has fp16 on a GPU only (--device cuda:0)"));
  options = {};
  options.engine = "opencv";
  options.device = "cuda:0";
  EXPECT_THAT(MessageOf(ErrorKind::kUsage, [&] { MakeEmbedder(nowhere, options); }),
              HasSubstr("it supports: cpu"));
  options.device = "cpu";
  EXPECT_THAT(
      MessageOf(ErrorKind::kUsage,
                [&] { MakeNetworkEmbedder(RandomOsnetWeights("osnet_x0_25", 1), options); }),
      HasSubstr("ONNX"));
}

TEST(Embedder, DefaultBatchSizeIsTheEngines) {
  const auto embedder = MakeNetworkEmbedder(RandomOsnetWeights("osnet_x0_25", 1), {});
  EXPECT_GE(DefaultBatchSize(embedder->info()), 1);
  EXPECT_EQ(DefaultBatchSize(embedder->info()), embedder->info().batch_size);
}

}  // namespace
}  // namespace reidbench
