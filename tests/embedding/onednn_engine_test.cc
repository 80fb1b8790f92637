#include "reidbench/embedding/onednn_engine.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "embedding/every_layer.h"
#include "embedding/osnet_reference.h"
#include "reidbench/core/error.h"
#include "reidbench/core/isa.h"
#include "reidbench/core/parallel.h"
#include "reidbench/core/random.h"
#include "reidbench/embedding/osnet_kernels.h"
#include "support/each_isa.h"
#include "support/expect_error.h"

namespace reidbench {
namespace {

using testing::HasSubstr;

std::vector<float> RandomImages(int count, int height, int width, uint64_t seed) {
  Rng rng(seed);
  std::vector<float> pixels(static_cast<size_t>(count) * 3 * height * width);
  for (float& p : pixels) p = static_cast<float>(rng.Uniform(-2.1, 2.6));
  return pixels;
}

// Largest difference relative to the norm of `expected`, and the cosine.
struct Difference {
  double worst = 0;
  double cosine = 0;
  double norm = 0;
};

Difference Compare(const float* actual, const std::vector<double>& expected) {
  Difference result;
  double dot = 0, squares = 0, expected_squares = 0;
  for (size_t d = 0; d < expected.size(); ++d) {
    dot += actual[d] * expected[d];
    squares += static_cast<double>(actual[d]) * actual[d];
    expected_squares += expected[d] * expected[d];
    result.worst = std::max(result.worst, std::abs(actual[d] - expected[d]));
  }
  result.norm = std::sqrt(expected_squares);
  result.worst /= result.norm;
  result.cosine = dot / std::sqrt(squares * expected_squares);
  return result;
}

// What computes: the own kernels of an instruction set, or oneDNN's primitives with the best one.
struct Kernels {
  OnednnExecution execution;
  Isa isa;
};

constexpr std::array kEveryKernels = {Kernels{OnednnExecution::kOnednn, kAllIsas.back()},
                                      Kernels{OnednnExecution::kOwn, Isa::kBaseline},
                                      Kernels{OnednnExecution::kOwn, Isa::kAvx2},
                                      Kernels{OnednnExecution::kOwn, Isa::kAvx512}};

std::string NameOf(const Kernels& kernels) {
  return kernels.execution == OnednnExecution::kOnednn ? "onednn"
                                                       : "own_" + std::string(IsaName(kernels.isa));
}

// Caps the instruction set, or skips where the processor or the build lacks it.
class WithKernels {
 protected:
  void Use(const Kernels& kernels) {
    const bool own = kernels.execution == OnednnExecution::kOwn;
    if (!OnednnAvailable(kernels.execution) || (own && kernels.isa > ActiveIsa()))
      GTEST_SKIP() << "not on this processor or not in this build, or capped";
    cap_.emplace(kernels.isa);
  }

 private:
  std::optional<ScopedIsaCap> cap_;
};

class OnednnArchitectures : public testing::TestWithParam<std::tuple<std::string, Kernels>>,
                            protected WithKernels {
 protected:
  void SetUp() override { Use(std::get<1>(GetParam())); }
};

// Sizes: narrower than a tile of pixels; odd at every pooling; wide enough for whole tiles.
TEST_P(OnednnArchitectures, AgreeWithPlainLoops) {
  const auto& [name, kernels] = GetParam();
  const Network weights = RandomOsnetWeights(name, 7);
  const auto engine = MakeOnednnEngine(weights, "cpu", "fp32", kernels.execution);
  ASSERT_EQ(engine->info().dim, 512);
  EXPECT_EQ(engine->info().architecture, name);
  EXPECT_EQ(engine->info().precision, "fp32");
  EXPECT_THAT(engine->info().engine, testing::StartsWith("onednn"));
  for (const auto& [height, width] :
       {std::pair{32, 16}, std::pair{45, 27}, std::pair{20, 136}, std::pair{13, 13}}) {
    const int count = 2;
    const std::vector<float> images = RandomImages(count, height, width, 11);
    std::vector<float> features(count * 512);
    engine->Run({images.data(), count, height, width}, features.data());
    for (int row = 0; row < count; ++row) {
      const std::vector<double> expected =
          ReferenceFeatures(weights, images.data() + row * 3 * height * width, height, width);
      const Difference difference = Compare(&features[row * 512], expected);
      ASSERT_GT(difference.norm, 1.0) << "the random network is dead: this would mean nothing";
      EXPECT_LE(difference.worst, 1e-5) << height << " x " << width << ", row " << row;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Small, OnednnArchitectures,
                         testing::Combine(testing::Values("osnet_x0_25", "osnet_ain_x0_25",
                                                          "osnet_x0_5", "osnet_x0_75"),
                                          testing::ValuesIn(kEveryKernels)),
                         [](const auto& test) {
                           return std::get<0>(test.param) + "_" + NameOf(std::get<1>(test.param));
                         });
// IBN exists at full width only.
INSTANTIATE_TEST_SUITE_P(Ibn, OnednnArchitectures,
                         testing::Combine(testing::Values("osnet_ibn_x1_0"),
                                          testing::ValuesIn(kEveryKernels)),
                         [](const auto& test) {
                           return std::get<0>(test.param) + "_" + NameOf(std::get<1>(test.param));
                         });

class OnednnExecutions : public testing::TestWithParam<Kernels>, protected WithKernels {
 protected:
  void SetUp() override { Use(GetParam()); }
};

// Maps of 1 to 17 pixels across: tiles of every height and their rests, rows that end anywhere in a
// register.
TEST_P(OnednnExecutions, EveryWidthAgreesWithPlainLoops) {
  for (const char* name : {"osnet_x0_25", "osnet_x0_75"}) {
    const Network weights = RandomOsnetWeights(name, 9);
    const auto engine = MakeOnednnEngine(weights, "cpu", "fp32", GetParam().execution);
    for (int width = 13; width <= 68; width += name[7] == '2' ? 4 : 20) {
      const std::vector<float> images = RandomImages(1, 17, width, 11);
      std::vector<float> features(512);
      engine->Run({images.data(), 1, 17, width}, features.data());
      const std::vector<double> expected = ReferenceFeatures(weights, images.data(), 17, width);
      const Difference difference = Compare(features.data(), expected);
      ASSERT_GT(difference.norm, 1.0) << "the random network is dead: this would mean nothing";
      EXPECT_LE(difference.worst, 1e-5) << name << ", width " << width;
    }
  }
}

TEST_P(OnednnExecutions, BytesDoNotDependOnTheThread) {
  const auto engine =
      MakeOnednnEngine(RandomOsnetWeights("osnet_x0_25", 1), "cpu", "fp32", GetParam().execution);
  const int count = 11;  // a micro-batch and a rest
  const int calls = 8;
  const std::vector<float> images = RandomImages(count, 64, 32, 3);
  std::vector<float> expected(count * 512);
  engine->Run({images.data(), count, 64, 32}, expected.data());
  const ThreadLimit limit(4);
  std::vector<std::vector<float>> features(calls, std::vector<float>(expected.size()));
  ParallelFor(calls, [&](int64_t i) {
    engine->Run({images.data(), count, 64, 32}, features[i].data());
  });
  for (const auto& f : features) EXPECT_EQ(std::memcmp(f.data(), expected.data(), 4 * f.size()), 0);
}

// A worker is used again for images of another size: nothing of the earlier ones may be left.
TEST_P(OnednnExecutions, SizesCanAlternate) {
  const Network weights = RandomOsnetWeights("osnet_x0_25", 1);
  const auto engine = MakeOnednnEngine(weights, "cpu", "fp32", GetParam().execution);
  for (const auto& [height, width] : {std::pair{64, 32}, std::pair{32, 48}, std::pair{64, 32}}) {
    const std::vector<float> images = RandomImages(1, height, width, height);
    std::vector<float> again(512), fresh(512);
    engine->Run({images.data(), 1, height, width}, again.data());
    MakeOnednnEngine(weights, "cpu", "fp32", GetParam().execution)
        ->Run({images.data(), 1, height, width}, fresh.data());
    EXPECT_EQ(again, fresh) << height << " x " << width;
  }
}

TEST_P(OnednnExecutions, MarksOverflowInsideTheNetwork) {
  Network weights = RandomOsnetWeights("osnet_x0_25", 3);
  for (float& w : weights.tensors.at("conv3.0.conv3.conv.weight").values) w *= 1e30f;
  for (float& w : weights.tensors.at("conv3.1.conv3.conv.weight").values) w *= 1e30f;
  const auto engine = MakeOnednnEngine(weights, "cpu", "fp32", GetParam().execution);
  const std::vector<float> images = RandomImages(2, 32, 16, 5);
  std::vector<float> features(2 * 512);
  engine->Run({images.data(), 2, 32, 16}, features.data());
  for (int row = 0; row < 2; ++row) {
    EXPECT_TRUE(std::any_of(&features[row * 512], &features[row * 512] + 512,
                            [](float f) { return !std::isfinite(f); }));
  }
}

TEST_P(OnednnExecutions, MarksOnlyTheRowsOfBadImages) {
  const auto engine =
      MakeOnednnEngine(RandomOsnetWeights("osnet_x0_25", 3), "cpu", "fp32", GetParam().execution);
  std::vector<float> images = RandomImages(3, 32, 16, 5);
  std::vector<float> good(3 * 512), features(3 * 512);
  engine->Run({images.data(), 3, 32, 16}, good.data());
  images[1 * 3 * 32 * 16 + 7] = std::numeric_limits<float>::quiet_NaN();
  engine->Run({images.data(), 3, 32, 16}, features.data());
  EXPECT_TRUE(std::isnan(features[512]));
  EXPECT_EQ(std::memcmp(&good[0], &features[0], 512 * sizeof(float)), 0);
  EXPECT_EQ(std::memcmp(&good[1024], &features[1024], 512 * sizeof(float)), 0);
}

INSTANTIATE_TEST_SUITE_P(Each, OnednnExecutions, testing::ValuesIn(kEveryKernels),
                         [](const auto& test) { return NameOf(test.param); });

using OwnKernels = EachIsa;

// The result of an image depends on nothing beside it: not even the last bit.
TEST_P(OwnKernels, RowsDoNotDependOnTheBatch) {
  const auto engine = MakeOnednnEngine(RandomOsnetWeights("osnet_ain_x0_5", 1), "cpu", "fp32");
  const int count = 11;
  const std::vector<float> images = RandomImages(count, 48, 32, 3);
  std::vector<float> together(count * 512), alone(512);
  engine->Run({images.data(), count, 48, 32}, together.data());
  for (int i = 0; i < count; ++i) {
    engine->Run({images.data() + i * 3 * 48 * 32, 1, 48, 32}, alone.data());
    EXPECT_EQ(std::memcmp(alone.data(), &together[i * 512], 512 * sizeof(float)), 0) << i;
  }
}

TEST_P(OwnKernels, AreThoseOfTheInstructionSet) {
  const auto engine = MakeOnednnEngine(RandomOsnetWeights("osnet_x0_25", 1), "cpu", "fp32");
  EXPECT_EQ(engine->info().engine, fmt::format("onednn (own {} kernels)", OsnetKernelsName()));
#if REIDBENCH_X86
  EXPECT_EQ(OsnetKernelsName(), GetParam() == Isa::kBaseline ? "SSE2"
                                : GetParam() == Isa::kAvx2   ? "AVX2"
                                                             : "AVX-512");
#endif
}

INSTANTIATE_TEST_SUITE_P(Isa, OwnKernels, testing::ValuesIn(kAllIsas), IsaOf);

TEST(OnednnEngine, Bf16StaysNearTheReference) {
  const std::vector<std::string> precisions = OnednnPrecisions();
  if (std::find(precisions.begin(), precisions.end(), "bf16") == precisions.end()) {
    GTEST_SKIP() << "no AVX512_BF16";
  }
  for (const char* name : {"osnet_x0_25", "osnet_x0_75", "osnet_ain_x0_25", "osnet_ibn_x1_0"}) {
    const Network weights = RandomOsnetWeights(name, 7);
    const auto engine = MakeOnednnEngine(weights, "cpu", "bf16");
    EXPECT_EQ(engine->info().precision, "bf16");
    for (const auto& [height, width] : {std::pair{45, 27}, std::pair{32, 64}}) {
      const std::vector<float> images = RandomImages(1, height, width, 11);
      std::vector<float> features(512);
      engine->Run({images.data(), 1, height, width}, features.data());
      const Difference difference =
          Compare(features.data(), ReferenceFeatures(weights, images.data(), height, width));
      EXPECT_GE(difference.cosine, 0.9995) << name;
      EXPECT_GE(difference.worst, 1e-6) << "suspiciously exact: was this computed in float32?";
    }
  }
}

TEST(OnednnEngine, ComputesEveryLayer) {
  if (!OnednnAvailable(OnednnExecution::kOnednn)) GTEST_SKIP() << "not in this build";
  const Network network = NetworkOfEveryLayer();
  const auto engine = MakeOnednnEngine(network, "cpu", "fp32");
  EXPECT_EQ(engine->info().input_height, 24) << "a linear layer sees all pixels";
  ExpectReferenceFeatures(network, *engine);
  EXPECT_THAT(MessageOf(ErrorKind::kUsage,
                        [&] { MakeOnednnEngine(network, "cpu", "fp32", OnednnExecution::kOwn); }),
              HasSubstr(OnednnAvailable(OnednnExecution::kOwn) ? "OSNet's blocks alone"
                                                               : "no own kernels"));
}

// The graph of an ONNX file may end in a norm: the kernels of OSNet's blocks compute it, too.
TEST(OnednnEngine, ANormBehindOsnetBelongsToIt) {
  for (const auto execution : {OnednnExecution::kOnednn, OnednnExecution::kOwn}) {
    if (!OnednnAvailable(execution)) continue;
    Network network = RandomOsnetWeights("osnet_ain_x0_25", 7);
    network.graph.height = 48;
    network.graph.width = 24;
    network.graph.Apply(LayerOp::kL2Normalize, {network.graph.output});
    ExpectReferenceFeatures(network, *MakeOnednnEngine(network, "cpu", "fp32", execution));
  }
}

TEST(OnednnEngine, RefusesWhatItLacks) {
  if (!OnednnAvailable()) GTEST_SKIP() << "not on this processor or not in this build";
  Network weights = RandomOsnetWeights("osnet_x0_25", 1);
  EXPECT_THAT(MessageOf(ErrorKind::kUsage, [&] { MakeOnednnEngine(weights, "cuda:0", "fp32"); }),
              HasSubstr("it supports: cpu"));
  EXPECT_THAT(MessageOf(ErrorKind::kUsage, [&] { MakeOnednnEngine(weights, "cpu", "fp16"); }),
              HasSubstr("it supports: fp32"));
  const std::string refused =
      MessageOf(ErrorKind::kUsage, [&] { MakeOnednnEngine(weights, "cpu", "int8"); });
  EXPECT_THAT(refused, HasSubstr("calibration"));
  EXPECT_THAT(refused, HasSubstr("it supports: fp32"));
  weights.tensors.at("conv5.bn.running_var").values[3] = -1;
  EXPECT_THAT(MessageOf(ErrorKind::kModel, [&] { MakeOnednnEngine(weights, "cpu", "fp32"); }),
              HasSubstr("conv5.bn"));
  weights.tensors.erase("fc.0.weight");
  EXPECT_THAT(MessageOf(ErrorKind::kModel, [&] { MakeOnednnEngine(weights, "cpu", "fp32"); }),
              HasSubstr("fc.0.weight is missing"));
}

}  // namespace
}  // namespace reidbench
