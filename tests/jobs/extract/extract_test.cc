#include "reidbench/jobs/extract/extract.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <numeric>
#include <optional>

#include "embedding/onnx_writer.h"
#include "reidbench/core/eigen_views.h"
#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/hash.h"
#include "reidbench/embedding/onednn_engine.h"
#include "reidbench/imaging/encode.h"
#include "reidbench/weights/checkpoint.h"
#include "reidbench/weights/torch_writer.h"
#include "support/expect_error.h"
#include "support/synthetic_reid.h"
#include "support/temp_folder.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// The weights that the repository ships.
const fs::path kWeights =
    fs::path(REIDBENCH_SOURCE_DIR) / "configs" / "models" / "osnet_x0_25_synthetic.pth";

class ExtractTest : public testing::Test {
 protected:
  ExtractTest() {
    WriteSyntheticMarket(folder_.path() / "market");
    options_.dataset.root = folder_.path() / "market";
    options_.weights = kWeights;
    options_.output = folder_.path() / "f.h5";
  }
  std::string Message(ErrorKind kind) const {
    return MessageOf(kind, [&] { RunExtract(options_); });
  }

  TempFolder folder_;
  ExtractOptions options_;
};

TEST_F(ExtractTest, WritesFeaturesWithProvenance) {
  options_.embedder.normalize = true;
  const ExtractResult result = RunExtract(options_);
  const FeatureFile file(options_.output);
  EXPECT_EQ(file.rows(), result.rows);
  EXPECT_EQ(file.dim(), 512);
  EXPECT_EQ(file.provenance(), result.provenance);
  EXPECT_EQ(file.provenance().weights_sha256, Sha256OfFile(options_.weights));
  EXPECT_EQ(file.provenance().weights_file, options_.weights.filename());
  EXPECT_EQ(file.provenance().architecture, "osnet_x0_25");
  EXPECT_EQ(file.provenance().dataset, "market1501");
  EXPECT_TRUE(file.provenance().normalized);
  std::vector<int64_t> rows(static_cast<size_t>(file.rows()));
  std::iota(rows.begin(), rows.end(), 0);
  const FeatureMatrix features = file.ReadRows(rows);
  for (int64_t i = 0; i < features.rows(); ++i) EXPECT_NEAR(EigenRow(features, i).norm(), 1, 1e-5);
}

// A checkpoint of a network and its average, whose embeddings differ.
TEST_F(ExtractTest, SaysWhichOfTwoNetworksItTook) {
  const Checkpoint plain = ReadCheckpoint(kWeights);
  SavedCheckpoint two;
  for (const float scale : {1.0f, 0.5f}) {
    SavedDict& dict = two.dicts.emplace_back();
    dict.name = scale == 1 ? "model" : "ema";
    for (const auto& [name, tensor] : plain.tensors) {
      std::vector<float> values = tensor.values;
      if (name == "conv1.conv.weight") {
        for (float& value : values) value *= scale;
      }
      dict.tensors.push_back({"module.backbone." + name, tensor.shape, std::move(values)});
    }
    dict.tensors.push_back({"module.heads.weight", {1}, std::vector<float>{1}});
  }
  RunExtract(options_);
  options_.weights = folder_.path() / "two.pth";
  WriteFileAtomically(options_.weights, TorchZipBytes(two));
  std::map<std::string, FeatureMatrix> features;
  std::vector<FeatureProvenance> made;
  for (const std::string entry : {"", "ema"}) {
    options_.output = folder_.path() / (entry + "two.h5");
    options_.embedder.weights_entry = entry;
    const ExtractResult result = RunExtract(options_);
    ASSERT_EQ(result.warnings.size(), 1u);
    EXPECT_THAT(result.warnings.front(), HasSubstr("; left out beside them: heads.weight"));
    if (entry.empty()) {
      EXPECT_THAT(result.warnings.front(),
                  HasSubstr("weights taken from 'model/backbone'; the file holds weights under "
                            "'ema' too: --weights-entry chooses"));
    }
    made.push_back(result.provenance);
  }
  EXPECT_EQ(made[1].weights_file, "two.pth#ema");
  EXPECT_EQ(ProvenanceDifferences(made[0], made[1]).size(), 1u);
  const auto read = [&](const char* name) {
    const FeatureFile file(folder_.path() / name);
    std::vector<int64_t> rows(static_cast<size_t>(file.rows()));
    std::iota(rows.begin(), rows.end(), 0);
    return file.ReadRows(rows);
  };
  EXPECT_EQ(read("f.h5"), read("two.h5"));
  EXPECT_NE(read("two.h5"), read("ematwo.h5"));
  options_.embedder.weights_entry = "best";
  options_.output = folder_.path() / "no.h5";
  EXPECT_THAT(Message(ErrorKind::kModel),
              HasSubstr("two.pth: holds no 'best'; it holds weights under: model, ema, backbone"));
}

TEST_F(ExtractTest, WarnsOfASizeThatTheNetworkWasNotMadeFor) {
  options_.height = 128;
  options_.width = 64;
  EXPECT_THAT(RunExtract(options_).warnings,
              ElementsAre(HasSubstr("made for images of 256x128 px (height x width), given "
                                    "128x64")));
  options_.height.reset();
  options_.width.reset();
  options_.force = true;
  const ExtractResult result = RunExtract(options_);
  EXPECT_THAT(result.warnings, IsEmpty());
  EXPECT_THAT(result.provenance.preprocessing, HasSubstr("256x128"));
}

// Exported at 128x64, and going on after the features with their L2 norm: what the
// file computes is what is written, whatever runs it.
TEST_F(ExtractTest, AnExportIsRunToItsEndAtItsOwnSizeByEveryEngine) {
  OnnxWriter onnx;
  onnx.Input("images", {0, 3, 128, 64});
  onnx.Output("unit", {0, 4});
  onnx.Floats("weight", {4, 3, 1, 1}, {1, -1, 0.5F, 0, 1, -1, 1, 1, 1, 0.25F, 0, 2});
  onnx.Floats("bias", {4}, {0.5F, 1, -1, 2});
  onnx.Node("Conv", {"images", "weight", "bias"}, "conv",
            {OnnxWriter::IntegersAttribute("kernel_shape", {1, 1})});
  onnx.Node("Relu", {"conv"}, "relu");
  onnx.Node("GlobalAveragePool", {"relu"}, "pooled");
  onnx.Node("Flatten", {"pooled"}, "features", {OnnxWriter::IntegerAttribute("axis", 1)});
  onnx.Node(
      "ReduceL2", {"features"}, "norm",
      {OnnxWriter::IntegersAttribute("axes", {1}), OnnxWriter::IntegerAttribute("keepdims", 1)});
  onnx.Node("Div", {"features", "norm"}, "unit");
  options_.weights = folder_.path() / "unit.onnx";
  WriteFileAtomically(options_.weights, onnx.Model());
  std::optional<FeatureMatrix> first;
  for (const std::string engine : {"auto", "onednn", "reference", "opencv"}) {
    if (engine == "onednn" && !OnednnAvailable()) continue;
    options_.embedder.engine = engine;
    options_.output = folder_.path() / (engine + ".h5");
    const ExtractResult result = RunExtract(options_);
    EXPECT_THAT(result.provenance.preprocessing, HasSubstr("128x64")) << engine;
    EXPECT_THAT(result.warnings, IsEmpty()) << engine;
    const FeatureFile file(options_.output);
    ASSERT_EQ(file.dim(), 4);
    std::vector<int64_t> rows(static_cast<size_t>(file.rows()));
    std::iota(rows.begin(), rows.end(), 0);
    const FeatureMatrix features = file.ReadRows(rows);
    if (!first) first = features;
    for (int64_t i = 0; i < features.rows(); ++i) {
      EXPECT_NEAR(EigenRow(features, i).norm(), 1, 1e-5) << engine;
      EXPECT_NEAR((EigenRow(features, i) - EigenRow(*first, i)).norm(), 0, 1e-4) << engine;
    }
  }
  // Another size is another network: told, or refused.
  for (const std::string engine : {"auto", "opencv"}) {
    options_.embedder.engine = engine;
    options_.output = folder_.path() / (engine + "_large.h5");
    options_.height = 256;
    options_.width = 128;
    try {
      EXPECT_THAT(RunExtract(options_).warnings, Contains(HasSubstr("128x64"))) << engine;
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr("128")) << engine;
    }
  }
}

TEST_F(ExtractTest, DryRunChecksAndComputesNothing) {
  options_.dry_run = true;
  EXPECT_GT(RunExtract(options_).images, 0);
  EXPECT_THAT(ListFileNames(folder_.path()), IsEmpty());
  options_.batch_size = -1;
  EXPECT_THAT(Message(ErrorKind::kUsage), HasSubstr("--batch-size -1"));
}

TEST_F(ExtractTest, BytesDoNotDependOnThreads) {
  std::vector<std::vector<uint8_t>> files;
  for (const int threads : {1, 2, 4}) {
    options_.threads = threads;
    options_.output = folder_.path() / fmt::format("f{}.h5", threads);
    RunExtract(options_);
    files.push_back(ReadFileBytes(options_.output));
  }
  EXPECT_EQ(files[0], files[1]);
  EXPECT_EQ(files[0], files[2]);
}

TEST_F(ExtractTest, RefusesBeforeLoadingAnything) {
  options_.weights = folder_.path() / "no.pth";
  options_.preprocess.height = 0;
  EXPECT_THAT(Message(ErrorKind::kUsage), HasSubstr("preprocessing: "));
  options_.preprocess.height = 256;
  folder_.Write("f.h5", "somebody's");
  EXPECT_THAT(Message(ErrorKind::kUsage), AllOf(HasSubstr("f.h5: exists"), HasSubstr("--force")));
  options_.force = true;
  EXPECT_THAT(Message(ErrorKind::kIo), HasSubstr("no.pth"));
  options_.dataset.root = folder_.path() / "nowhere";
  EXPECT_THAT(Message(ErrorKind::kIo), HasSubstr("nowhere"));
  EXPECT_EQ(ReadFileText(options_.output), "somebody's");
  EXPECT_THAT(ListFileNames(folder_.path()), ElementsAre("f.h5"));
}

TEST_F(ExtractTest, FramesAndBoxesGoTogether) {
  options_.frames = folder_.path();
  EXPECT_THAT(Message(ErrorKind::kUsage), HasSubstr("--boxes is missing"));
  options_.frames.clear();
  options_.boxes = folder_.Write("boxes.txt", "1,-1,2,3,20,40,0.9,-1,-1,-1\n");
  EXPECT_THAT(Message(ErrorKind::kUsage), HasSubstr("--frames is missing"));
}

TEST_F(ExtractTest, ExtractsBoxesOfFrames) {
  RgbImage frame{64, 48, std::vector<uint8_t>(size_t{3} * 64 * 48, 90)};
  const std::vector<uint8_t> png = EncodePng(frame);
  folder_.Write("SEQ/img1/000001.png", {reinterpret_cast<const char*>(png.data()), png.size()});
  options_.frames = folder_.path() / "SEQ";
  options_.boxes = folder_.Write(
      "boxes.txt", "frame,id,left,top,width,height,score\n1,-1,2,3,20,40,0.9\n1,-1,0,0,9,9,1\n");
  const ExtractResult result = RunExtract(options_);
  EXPECT_EQ(result.rows, 2);
  EXPECT_THAT(result.warnings, ElementsAre(HasSubstr("boxes.txt:1")));  // the header
  const FeatureFile file(options_.output);
  EXPECT_EQ(file.provenance().dataset, "SEQ");
  EXPECT_THAT(file.labels().box_ltwh, ElementsAre(BoxLtwh{2, 3, 20, 40}, BoxLtwh{0, 0, 9, 9}));
}

}  // namespace
}  // namespace reidbench
