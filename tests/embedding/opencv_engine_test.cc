#include "reidbench/embedding/opencv_engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "embedding/onnx_writer.h"
#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/parallel.h"
#include "reidbench/core/random.h"
#include "reidbench/embedding/embedder.h"
#include "support/expect_error.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr int kHeight = 4;
constexpr int kWidth = 2;

// How a network behaves for more than one image.
enum class Export { kGood, kReshapesToOne, kReshapesToTwo, kRepeatsFirst, kSumsTheBatch, kSumsTwo };

// [N x 3 x 4 x 2] -> mean of each channel -> 1x1 convolution to [r - g, g - b, r + g + b, 1].
OnnxWriter MeanNetwork(int64_t batch, Export kind, int64_t channels = 3) {
  OnnxWriter onnx;
  onnx.Input("images", {batch, channels, kHeight, kWidth});
  onnx.Output("embedding", {batch, 4});
  onnx.Floats("weight", {4, 3, 1, 1}, {1, -1, 0, 0, 1, -1, 1, 1, 1, 0, 0, 0});
  onnx.Floats("bias", {4}, {0, 0, 0, 1});
  onnx.Node("GlobalAveragePool", {"images"}, "pooled");
  onnx.Node("Conv", {"pooled", "weight", "bias"}, "features",
            {OnnxWriter::IntegersAttribute("kernel_shape", {1, 1})});
  switch (kind) {
    case Export::kGood:
      onnx.Node("Flatten", {"features"}, "embedding", {OnnxWriter::IntegerAttribute("axis", 1)});
      break;
    case Export::kReshapesToOne:
      onnx.Integers("shape", {1, 4});
      onnx.Node("Reshape", {"features", "shape"}, "embedding");
      break;
    case Export::kReshapesToTwo:
      onnx.Integers("shape", {2, 4});
      onnx.Node("Reshape", {"features", "shape"}, "embedding");
      break;
    case Export::kRepeatsFirst:  // one row, however many images
      onnx.Integers("from", {0});
      onnx.Integers("to", {1});
      onnx.Integers("axis", {0});
      onnx.Node("Flatten", {"features"}, "flat", {OnnxWriter::IntegerAttribute("axis", 1)});
      onnx.Node("Slice", {"flat", "from", "to", "axis"}, "embedding");
      break;
    case Export::kSumsTheBatch:  // [N x 4], but every row holds the mean over the batch
    case Export::kSumsTwo:
      if (kind == Export::kSumsTwo) {
        onnx.Integers("shape", {2, 4});
        onnx.Node("Reshape", {"features", "shape"}, "flat");
      } else {
        onnx.Node("Flatten", {"features"}, "flat", {OnnxWriter::IntegerAttribute("axis", 1)});
      }
      onnx.Node("ReduceMean", {"flat"}, "mean",
                {OnnxWriter::IntegersAttribute("axes", {0}),
                 OnnxWriter::IntegerAttribute("keepdims", 1)});
      onnx.Node("Sub", {"flat", "flat"}, "zero");
      onnx.Node("Add", {"zero", "mean"}, "embedding");
      break;
  }
  return onnx;
}

class OpencvEngineTest : public testing::Test {
 protected:
  OpencvEngineTest() {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    path_ = fs::path(testing::TempDir()) / fmt::format("opencv_engine_{}.onnx", test->name());
  }
  ~OpencvEngineTest() override { fs::remove(path_); }

  std::unique_ptr<Engine> Make(const OnnxWriter& onnx) {
    fs::remove(path_);
    WriteFileAtomically(path_, onnx.Model());
    return MakeOpencvEngine(path_, "cpu");
  }
  std::string Refusal(const OnnxWriter& onnx) {
    return MessageOf(ErrorKind::kModel, [&] { Make(onnx); });
  }

  // Image i has constant planes r = i, g = 2, b = 5.
  static std::vector<float> Run(Engine& engine, int count) {
    std::vector<float> pixels;
    for (int i = 0; i < count; ++i) {
      for (const float plane : {static_cast<float>(i), 2.0f, 5.0f})
        pixels.insert(pixels.end(), kHeight * kWidth, plane);
    }
    std::vector<float> out(static_cast<size_t>(count) * 4);
    engine.Run({pixels.data(), count, kHeight, kWidth}, out.data());
    return out;
  }
  static std::vector<float> Expected(int count) {
    std::vector<float> rows;
    for (int i = 0; i < count; ++i) {
      for (const int v : {i - 2, -3, i + 7, 1}) rows.push_back(static_cast<float>(v));
    }
    return rows;
  }

  fs::path path_;
};

TEST_F(OpencvEngineTest, RunsAFreeBatch) {
  const auto engine = Make(MeanNetwork(0, Export::kGood));
  const EmbedderInfo& info = engine->info();
  EXPECT_EQ(info.dim, 4);
  EXPECT_EQ(info.input_height, kHeight);
  EXPECT_EQ(info.input_width, kWidth);
  EXPECT_EQ(info.architecture, "onnx");
  EXPECT_THAT(info.engine, testing::StartsWith("opencv "));
  EXPECT_EQ(info.weights_sha256.size(), 64u);
  EXPECT_THAT(info.notes, IsEmpty());
  EXPECT_GT(info.batch_size, 1);
  for (const int count : {1, 3, 9}) {
    EXPECT_THAT(Run(*engine, count),
                testing::Pointwise(testing::FloatNear(1e-5f), Expected(count)));
  }
}

TEST_F(OpencvEngineTest, RunsBrokenBatchesImageByImage) {
  for (const Export kind : {Export::kReshapesToOne, Export::kRepeatsFirst, Export::kSumsTheBatch}) {
    const auto engine = Make(MeanNetwork(kind == Export::kReshapesToOne ? 1 : 0, kind));
    EXPECT_EQ(engine->info().dim, 4);
    EXPECT_EQ(engine->info().batch_size, 1);
    EXPECT_THAT(engine->info().notes, ElementsAre(HasSubstr("image by image")));
    EXPECT_THAT(Run(*engine, 3), testing::Pointwise(testing::FloatNear(1e-5f), Expected(3)))
        << static_cast<int>(kind);
  }
}

TEST_F(OpencvEngineTest, FillsUpABatchOfTheOneSizeThatWorks) {
  const auto engine = Make(MeanNetwork(2, Export::kReshapesToTwo));
  EXPECT_EQ(engine->info().dim, 4);
  EXPECT_EQ(engine->info().batch_size, 2);
  EXPECT_THAT(engine->info().notes, ElementsAre(HasSubstr("runs 2 images at a time")));
  for (const int count : {1, 2, 5}) {
    EXPECT_THAT(Run(*engine, count),
                testing::Pointwise(testing::FloatNear(1e-5f), Expected(count)));
  }
  EXPECT_THAT(Refusal(MeanNetwork(2, Export::kSumsTwo)), HasSubstr("depends on the other images"));
}

TEST_F(OpencvEngineTest, RefusesImplausibleInputsWithoutAllocating) {
  for (const auto& [height, width] :
       {std::pair{int64_t{1} << 20, int64_t{1} << 20}, std::pair{INT64_MAX, int64_t{2}}}) {
    OnnxWriter onnx;
    onnx.Input("images", {1, 3, height, width});
    onnx.Output("embedding", {1, 3});
    onnx.Node("GlobalAveragePool", {"images"}, "embedding");
    EXPECT_THAT(Refusal(onnx), HasSubstr("implausibly large"));
  }
}

TEST_F(OpencvEngineTest, TranslatesItsExceptions) {
  OnnxWriter onnx;
  onnx.Input("images", {0, 3, kHeight, kWidth});
  onnx.Output("embedding", {0, 4});
  onnx.Node("NoSuchOperator", {"images"}, "embedding");
  EXPECT_THAT(Refusal(onnx), HasSubstr("cannot run this network"));
}

TEST_F(OpencvEngineTest, RefusesWhatIsNoEmbeddingNetwork) {
  OnnxWriter map;
  map.Input("images", {0, 3, kHeight, kWidth});
  map.Output("map", {0, 3, kHeight, kWidth});
  map.Node("Relu", {"images"}, "map");
  EXPECT_THAT(Refusal(map),
              HasSubstr("expected an output [1 x d] for 1 images, found [1 x 3 x 4 x 2]"));

  EXPECT_THAT(Refusal(MeanNetwork(0, Export::kGood, 1)), HasSubstr("found [? x 1 x 4 x 2]"));

  OnnxWriter two = MeanNetwork(0, Export::kGood);
  two.Input("camera", {0, 1});
  EXPECT_THAT(Refusal(two), HasSubstr("2 inputs"));
}

TEST_F(OpencvEngineTest, RefusesFilesThatAreNoOnnx) {
  WriteFileAtomically(path_, std::string(1000, '\x7f'));
  EXPECT_THROW(MakeOpencvEngine(path_, "cpu"), Error);
}

TEST_F(OpencvEngineTest, ChecksTheImageSize) {
  WriteFileAtomically(path_, MeanNetwork(0, Export::kGood).Model());
  EmbedderOptions options;
  options.engine = "opencv";
  const auto embedder = MakeEmbedder(path_, options);
  const std::vector<float> pixels(3 * 8 * 4);
  std::vector<float> out(4);
  EXPECT_THAT(MessageOf(ErrorKind::kInput,
                        [&] {
                          embedder->Embed({pixels.data(), 1, 8, 4}, out.data());
                        }),
              HasSubstr("takes images of 4 x 2 pixels (height x width), got 8 x 4"));
}

// OpenCV agrees with plain loops on the same OSNet, exported with folded batch norms and as
// tensors, and OpenCV's bytes do not depend on the thread.
void ExpectEnginesAgree(const fs::path& onnx, const fs::path& pth, double tolerance) {
  EmbedderOptions options;
  options.engine = "opencv";
  const auto opencv = MakeEmbedder(onnx, options);
  options.engine = "reference";
  const auto reference = MakeEmbedder(pth, options);
  ASSERT_EQ(opencv->info().dim, reference->info().dim);
  const int dim = opencv->info().dim;
  const int count = 3;
  const int height = opencv->info().input_height > 0 ? opencv->info().input_height : 256;
  const int width = opencv->info().input_width > 0 ? opencv->info().input_width : 128;
  Rng rng(4);
  std::vector<float> pixels(static_cast<size_t>(count) * 3 * height * width);
  for (float& p : pixels) p = static_cast<float>(rng.Uniform(-2, 2));
  const ImageBatch images{pixels.data(), count, height, width};
  std::vector<float> a(count * dim), b(count * dim);
  opencv->Embed(images, a.data());
  reference->Embed(images, b.data());
  for (int row = 0; row < count; ++row) {
    double squares = 0;
    double worst = 0;
    for (int d = row * dim; d < (row + 1) * dim; ++d) {
      squares += static_cast<double>(b[d]) * b[d];
      worst = std::max(worst, static_cast<double>(std::abs(a[d] - b[d])));
    }
    EXPECT_GT(squares, 0.0);
    EXPECT_LE(worst, tolerance * std::sqrt(squares)) << "row " << row;
  }
  const ThreadLimit limit(3);
  std::vector<std::vector<float>> again(6, std::vector<float>(a.size()));
  ParallelFor(6, [&](int64_t i) { opencv->Embed(images, again[i].data()); });
  for (const auto& f : again) EXPECT_EQ(std::memcmp(f.data(), a.data(), 4 * a.size()), 0);
}

TEST(OpencvAgainstReference, AgreeOnPublishedWeights) {
  const fs::path folder = fs::path(REIDBENCH_SOURCE_DIR) / ".." / "shared" / "data" / "weights";
  if (!fs::exists(folder)) GTEST_SKIP() << "no " << folder << " beside this checkout";
  ExpectEnginesAgree(folder / "osnet_x0_25_msmt17.onnx", folder / "osnet_x0_25_msmt17_bnfolded.pth",
                     5e-5);
}

}  // namespace
}  // namespace reidbench
