#include "reidbench/networks/onnx_network.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <set>

#include "embedding/onnx_writer.h"
#include "reidbench/networks/network.h"
#include "reidbench/weights/onnx_graph.h"
#include "weights/files_for_test.h"

namespace reidbench {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

// y = scale * (convolution) + shift: what a convolution without bias and the batch norm behind it
// do together.
struct Affine {
  std::vector<double> scale;
  std::vector<double> shift;
};
Affine BatchNormOf(const std::map<std::string, Tensor>& tensors, const std::string& prefix) {
  Affine affine;
  const std::vector<float>& weight = tensors.at(prefix + ".weight").values;
  for (size_t i = 0; i < weight.size(); ++i) {
    const double variance = tensors.at(prefix + ".running_var").values[i];
    affine.scale.push_back(weight[i] / std::sqrt(variance + 1e-5));
    affine.shift.push_back(tensors.at(prefix + ".bias").values[i] -
                           tensors.at(prefix + ".running_mean").values[i] * affine.scale.back());
  }
  return affine;
}

TEST(OnnxNetwork, AFoldedExportComputesWhatTheStateDictDoes) {
  const Network torch = LoadNetwork(GoldenWeights("osnet_ain_x0_25.pth"));
  const Network onnx = LoadNetwork(GoldenWeights("osnet_ain_x0_25_folded.onnx"));
  EXPECT_EQ(onnx.name, "osnet_ain_x0_25");
  EXPECT_EQ(onnx.format, CheckpointFormat::kOnnx);
  ASSERT_EQ(onnx.tensors.size(), torch.tensors.size());
  EXPECT_THAT(onnx.notes, Contains(HasSubstr("74 batch norms were folded")));

  size_t num_norms = 0;
  for (const auto& [name, expected] : torch.tensors) {
    const Tensor& found = onnx.tensors.at(name);
    ASSERT_EQ(found.shape, expected.shape) << name;
    const std::string stem = name.substr(0, name.rfind('.'));
    const bool is_batch_norm = torch.tensors.contains(stem + ".running_var");
    if (is_batch_norm) continue;
    // A convolution is compared together with the batch norm behind it.
    std::string norm;
    if (name.ends_with(".conv.weight")) norm = name.substr(0, name.size() - 12) + ".bn";
    if (name.ends_with(".conv2.weight")) norm = name.substr(0, name.size() - 13) + ".bn";
    if (!torch.tensors.contains(norm + ".running_var")) {
      EXPECT_EQ(found.values, expected.values) << name;
      continue;
    }
    ++num_norms;
    const Affine from_torch = BatchNormOf(torch.tensors, norm);
    const Affine from_onnx = BatchNormOf(onnx.tensors, norm);
    const size_t row = expected.values.size() / from_torch.scale.size();
    for (size_t i = 0; i < expected.values.size(); ++i) {
      EXPECT_NEAR(found.values[i] * from_onnx.scale[i / row],
                  expected.values[i] * from_torch.scale[i / row], 3e-7)
          << name;
    }
    for (size_t c = 0; c < from_torch.shift.size(); ++c) {
      EXPECT_NEAR(from_onnx.shift[c], from_torch.shift[c], 3e-7) << norm;
      // The identity is exact in float32, as an engine computes it.
      const float variance = onnx.tensors.at(norm + ".running_var").values[c];
      EXPECT_EQ(onnx.tensors.at(norm + ".weight").values[c] / std::sqrt(variance + 1e-5F), 1.0F);
      EXPECT_EQ(onnx.tensors.at(norm + ".running_mean").values[c], 0.0F);
    }
  }
  EXPECT_EQ(num_norms, 74U);
  // The norm after the fully connected layer is not folded by exporters.
  EXPECT_EQ(onnx.tensors.at("fc.1.running_var").values,
            torch.tensors.at("fc.1.running_var").values);
}

class ChangedGraph : public ::testing::Test {
 protected:
  void SetUp() override {
    checkpoint_ = ReadCheckpoint(GoldenWeights("osnet_ain_x0_25_folded.onnx"));
    graph_ = *checkpoint_.graph;
  }
  OnnxNode& NodeNamed(const std::string& name) {
    for (OnnxNode& node : graph_.nodes) {
      if (node.name == name) return node;
    }
    throw std::runtime_error("no node " + name);
  }
  std::string Refusal() {
    Checkpoint changed = checkpoint_;
    changed.graph = std::make_shared<const OnnxGraph>(graph_);
    return ModelError([&] { ToNetwork(std::move(changed)); });
  }
  Checkpoint checkpoint_;
  OnnxGraph graph_;
};

TEST_F(ChangedGraph, NamesDoNotMatter) {
  const Network expected = ToNetwork(checkpoint_);
  std::map<std::string, std::string> renamed;
  for (const auto& [name, tensor] : checkpoint_.tensors) {
    renamed[name] = std::to_string(renamed.size() * 7919 % 1009);
  }
  Checkpoint changed = checkpoint_;
  changed.tensors.clear();
  for (const auto& [name, tensor] : checkpoint_.tensors) changed.tensors[renamed[name]] = tensor;
  for (OnnxNode& node : graph_.nodes) {
    node.name.clear();
    for (std::string& input : node.inputs) {
      if (renamed.contains(input)) input = renamed[input];
    }
  }
  changed.graph = std::make_shared<const OnnxGraph>(graph_);
  const Network found = ToNetwork(std::move(changed));
  for (const auto& [name, tensor] : expected.tensors) {
    EXPECT_EQ(found.tensors.at(name).values, tensor.values) << name;
  }
}

TEST_F(ChangedGraph, BiasBeforeABatchNormMovesItsMean) {
  // An exporter may leave the norm behind a convolution that has a bias: (x + 0.5 - mean) = (x -
  // (mean - 0.5)).
  OnnxNode& conv = NodeNamed("/conv5/conv/Conv");
  const Tensor bias{{128}, std::vector<float>(128, 0.5F)};
  checkpoint_.tensors["bias"] = bias;
  checkpoint_.tensors["scale"] = Tensor{{128}, std::vector<float>(128, 2.0F)};
  checkpoint_.tensors["mean"] = Tensor{{128}, std::vector<float>(128, 3.0F)};
  checkpoint_.tensors["var"] = Tensor{{128}, std::vector<float>(128, 4.0F)};
  conv.inputs[2] = "bias";
  OnnxNode norm;
  norm.op_type = "BatchNormalization";
  norm.inputs = {"conv5_raw", "scale", "bias", "mean", "var"};
  norm.outputs = {conv.outputs[0]};
  norm.attributes["epsilon"].real = 1e-3F;
  conv.outputs[0] = "conv5_raw";
  const auto at = std::find_if(graph_.nodes.begin(), graph_.nodes.end(), [](const OnnxNode& node) {
    return node.name == "/conv5/conv/Conv";
  });
  graph_.nodes.insert(at + 1, norm);
  checkpoint_.graph = std::make_shared<const OnnxGraph>(graph_);
  const Network weights = ToNetwork(checkpoint_);
  EXPECT_EQ(weights.tensors.at("conv5.bn.weight").values[0], 2.0F);
  EXPECT_EQ(weights.tensors.at("conv5.bn.bias").values[0], 0.5F);
  EXPECT_EQ(weights.tensors.at("conv5.bn.running_mean").values[0], 2.5F);
  EXPECT_FLOAT_EQ(weights.tensors.at("conv5.bn.running_var").values[0],
                  4.00099F);  // eps 1e-3 -> 1e-5
}

TEST_F(ChangedGraph, WhatCannotBeReadIsNamed) {
  const OnnxGraph good = graph_;
  const auto refusal = [&](const std::function<void()>& change) {
    graph_ = good;
    change();
    return Refusal();
  };
  EXPECT_THAT(refusal([&] { NodeNamed("/conv1/conv/Conv").inputs[1] = "computed"; }),
              HasSubstr("Conv '/conv1/conv/Conv' has an input 1 that is not stored in the file"));
  EXPECT_THAT(refusal([&] { NodeNamed("/conv1/conv/Conv").op_type = "QLinearConv"; }),
              HasSubstr("QLinearConv '/conv1/conv/Conv' is an operator that is not supported"));
  EXPECT_THAT(refusal([&] { graph_.inputs.clear(); }), HasSubstr("has 0 inputs"));
  EXPECT_THAT(refusal([&] {
                graph_.inputs.front().shape = {-1, 1, 64, 64};
              }),
              HasSubstr("expected [images, 3, height, width]"));
  EXPECT_THAT(refusal([&] {
                NodeNamed("/conv1/conv/Conv").attributes["strides"].integers = {0, 1};
              }),
              HasSubstr("has strides [0, 1]"));
  EXPECT_THAT(refusal([&] {
                OnnxNode scale;
                scale.op_type = "Einsum";
                scale.name = "normalise";
                scale.inputs = {"images"};
                scale.outputs = {"scaled"};
                NodeNamed("/conv1/conv/Conv").inputs[0] = "scaled";
                graph_.nodes.insert(graph_.nodes.begin(), scale);
              }),
              HasSubstr("Einsum 'normalise' is an operator that is not supported"));
  // No node can be exchanged unseen, except those that compute shapes.
  const std::set<std::string> helpers = {"Constant",  "Shape",  "Gather",
                                         "Unsqueeze", "Concat", "Identity"};
  for (const OnnxNode& node : good.nodes) {
    if (helpers.contains(node.op_type)) continue;
    EXPECT_THAT(refusal([&] { NodeNamed(node.name).op_type = "Mystery"; }),
                HasSubstr("Mystery '" + node.name + "' is an operator that is not supported"));
  }
}

// A network that differs from OSNet in one layer is computed as what it is.
TEST_F(ChangedGraph, ADifferenceMakesItAnotherNetwork) {
  const OnnxGraph good = graph_;
  const auto changed = [&](const std::function<void()>& change) {
    graph_ = good;
    change();
    Checkpoint checkpoint = checkpoint_;
    checkpoint.graph = std::make_shared<const OnnxGraph>(graph_);
    const Network network = ToNetwork(std::move(checkpoint));
    EXPECT_EQ(network.name, "onnx");
    RequireComplete(network);
    return network.notes.back();
  };
  EXPECT_THAT(changed([&] { NodeNamed("/conv1/Relu").op_type = "Sigmoid"; }),
              HasSubstr("nearest: relu 'relu 3' of osnet_x0_25: it has no such layer there"));
  EXPECT_THAT(
      changed([&] {
        NodeNamed("/conv4/conv4.0/conv1/conv/Conv").attributes["strides"].integers = {2, 2};
        NodeNamed("/conv4/conv4.0/downsample/conv/Conv").attributes["strides"].integers = {2, 2};
      }),
      HasSubstr("convolution 'conv4.0.conv1.conv' of osnet_ain_x0_25"));
  EXPECT_THAT(
      changed([&] { NodeNamed("/conv2/conv2.0/IN/InstanceNormalization").op_type = "Identity"; }),
      HasSubstr("instance norm 'conv2.0.IN' of osnet_ain_x0_25"));
  EXPECT_THAT(changed([&] {
                NodeNamed("/conv3/conv3.0/gate/fc2_2/Conv").inputs[1] = "conv3.1.gate.fc2.weight";
              }),
              HasSubstr("it has other numbers where conv3.0.gate.fc2.weight is shared"));
}

TEST_F(ChangedGraph, WhatFollowsTheFeaturesBelongsToTheNetwork) {
  OnnxNode norm;
  norm.op_type = "LpNormalization";
  norm.name = "unit_length";
  norm.attributes["axis"].integer = 1;
  norm.inputs = {"features"};
  norm.outputs = {"unit"};
  graph_.nodes.push_back(norm);
  graph_.outputs.front().name = "unit";
  graph_.inputs.front().shape = {1, 3, 384, 192};
  checkpoint_.graph = std::make_shared<const OnnxGraph>(graph_);
  const Network network = ToNetwork(checkpoint_);
  EXPECT_EQ(network.name, "osnet_ain_x0_25");
  EXPECT_EQ(network.graph.layers.back().op, LayerOp::kL2Normalize);
  EXPECT_EQ(network.graph.output, static_cast<int>(network.graph.layers.size()) - 1);
  EXPECT_EQ(network.graph.height, 384);
  EXPECT_EQ(network.graph.width, 192);
}

// torch.nn.functional.normalize, as exporters take it apart.
TEST_F(ChangedGraph, ANormInPartsIsOneLayer) {
  const auto push = [&](const char* op, std::vector<std::string> inputs, const char* output) {
    OnnxNode node;
    node.op_type = op;
    node.name = output;
    node.inputs = std::move(inputs);
    node.outputs = {output};
    graph_.nodes.push_back(node);
    return &graph_.nodes.back();
  };
  push("ReduceL2", {"features"}, "norm")->attributes["axes"].integers = {-1};
  push("Clip", {"norm", "least"}, "clipped");
  push("Shape", {"features"}, "shape");
  push("Expand", {"clipped", "shape"}, "expanded");
  push("Div", {"features", "expanded"}, "unit");
  checkpoint_.tensors["least"] = {{}, {1e-12F}};
  graph_.outputs.front().name = "unit";
  checkpoint_.graph = std::make_shared<const OnnxGraph>(graph_);
  const Network network = ToNetwork(checkpoint_);
  EXPECT_EQ(network.name, "osnet_ain_x0_25");
  EXPECT_EQ(network.graph.layers.back().op, LayerOp::kL2Normalize);
  EXPECT_FLOAT_EQ(static_cast<float>(network.graph.layers.back().epsilon), 1e-12F);
}

TEST_F(ChangedGraph, AClassifierIsLeftOut) {
  OnnxNode classifier;
  classifier.op_type = "Gemm";
  classifier.inputs = {"features", "classes"};
  classifier.outputs = {"logits"};
  graph_.nodes.push_back(classifier);
  graph_.outputs.front().name = "logits";
  checkpoint_.tensors["classes"] = {{512, 7}, std::vector<float>(512 * 7)};
  checkpoint_.graph = std::make_shared<const OnnxGraph>(graph_);
  const Network network = ToNetwork(checkpoint_);
  EXPECT_EQ(network.num_classes, 7);
  EXPECT_EQ(DimOf(network.graph), 512);
}

// A graph of a few nodes on an image of 8 x 6 pixels, read.
class SmallOnnx : public ::testing::Test {
 protected:
  SmallOnnx() { writer_.Input("x", {1, 3, 8, 6}); }
  Network Read(const std::string& output = "y", const NetworkReading& reading = {}) {
    writer_.Output(output, {});
    return Parsed(reading);
  }
  Network Parsed(const NetworkReading& reading = {}) {
    const std::string model = writer_.Model(13);
    return ToNetwork(
        ParseCheckpoint({reinterpret_cast<const uint8_t*>(model.data()), model.size()}, "small"),
        reading);
  }
  std::string Refusal(const std::string& output = "y") {
    return ModelError([&] { Read(output); });
  }
  OnnxWriter writer_;
};

TEST_F(SmallOnnx, SizesAreComputedWhenItIsRead) {
  writer_.Node("Shape", {"x"}, "shape");
  writer_.Integers("second", {2});
  writer_.Node("Gather", {"shape", "second"}, "height");
  writer_.Integers("half", {2});
  writer_.Node("Div", {"height", "half"}, "rows");
  writer_.Integers("batch", {1});
  writer_.Integers("rest", {-1});
  writer_.Node("Concat", {"batch", "rows", "rest"}, "sizes",
               {OnnxWriter::IntegerAttribute("axis", 0)});
  writer_.Node("Reshape", {"x", "sizes"}, "y");
  const Network network = Read();
  ASSERT_EQ(network.graph.layers.size(), 2U);
  EXPECT_EQ(network.graph.layers[1].op, LayerOp::kReshape);
  EXPECT_EQ(network.graph.layers[1].sizes, (ValueShape{4, 36}));
  EXPECT_EQ(network.graph.outputs.at(0).shape, (ValueShape{1, 4, 36}));
  EXPECT_FALSE(TakesAnySize(network.graph));
}

TEST_F(SmallOnnx, ConstantsAreFolded) {
  writer_.Integers("begin", {}, {0});
  writer_.Integers("end", {}, {6});
  writer_.Integers("step", {}, {1});
  writer_.Node("Range", {"begin", "end", "step"}, "range");
  writer_.Node("Cast", {"range"}, "real", {OnnxWriter::IntegerAttribute("to", 1)});
  writer_.Floats("factor", {}, {0.5F});
  writer_.Node("Mul", {"real", "factor"}, "grid");
  writer_.Node("Add", {"x", "grid"}, "y");
  const Network network = Read();
  ASSERT_EQ(network.tensors.size(), 1U);
  EXPECT_EQ(network.tensors.begin()->second.values,
            (std::vector<float>{0, 0.5F, 1, 1.5F, 2, 2.5F}));
}

TEST_F(SmallOnnx, FreeSizesAreThoseAskedFor) {
  OnnxWriter open;
  open.Input("x", {0, 3, 0, 0});
  open.Node("Relu", {"x"}, "y");
  open.Output("y", {0, 3, 0, 0});
  writer_ = open;
  const Network network = Parsed({.height = 32, .width = 48});
  EXPECT_EQ(network.graph.height, 32);
  EXPECT_EQ(network.graph.width, 48);
  EXPECT_EQ(Parsed().graph.height, kPersonHeight);
}

TEST_F(SmallOnnx, HasSeveralOutputs) {
  writer_.Node("Relu", {"x"}, "y");
  writer_.Node("GlobalAveragePool", {"y"}, "mean");
  writer_.Node("Mystery", {"y"}, "other");
  writer_.Output("y", {});
  writer_.Output("mean", {});
  const Network network = Read("other");
  ASSERT_EQ(network.graph.outputs.size(), 2U);
  EXPECT_EQ(network.graph.outputs[1].name, "mean");
  EXPECT_EQ(network.graph.outputs[1].shape, (ValueShape{1, 3, 1, 1}));
  EXPECT_THAT(network.notes,
              Contains(HasSubstr("'other' is left out: Mystery 'other' is an operator")));
  EXPECT_EQ(OfEmbeddings(network).graph.layers.size(), 2U);
}

TEST_F(SmallOnnx, ADetectorsEndIsNamedWithWhatComesBefore) {
  writer_.Node("Relu", {"x"}, "boxes");
  writer_.Node("Sigmoid", {"x"}, "scores");
  writer_.Node("NonMaxSuppression", {"boxes", "scores"}, "kept");
  writer_.Node("Identity", {"kept"}, "y");
  const std::string refusal = Refusal();
  EXPECT_THAT(refusal, HasSubstr("NonMaxSuppression 'kept' is an operator that is not supported"));
  EXPECT_THAT(refusal, HasSubstr("gives 'boxes', 'scores', which can be named as its outputs"));
  const Network cut = Parsed({.outputs = {"boxes", "scores"}});
  EXPECT_EQ(cut.graph.outputs.size(), 2U);
}

TEST_F(SmallOnnx, WhatIsWrongIsOneError) {
  const OnnxWriter good = writer_;
  const auto refusal = [&](const std::function<void()>& build) {
    writer_ = good;
    build();
    return Refusal();
  };
  // A cycle: each waits for the other.
  EXPECT_THAT(refusal([&] {
                writer_.Node("Relu", {"b"}, "a");
                writer_.Node("Relu", {"a"}, "b");
                writer_.Node("Add", {"x", "b"}, "y");
              }),
              HasSubstr("Relu 'a' takes as input 0 'b', which is not computed from the images"));
  EXPECT_THAT(refusal([&] {
                writer_.Node("Conv", {"x", "w"}, "y");
              }),
              HasSubstr("Conv 'y' has an input 1 that is not stored in the file"));
  EXPECT_THAT(refusal([&] {
                writer_.Integers("to", {1, 7, -1});
                writer_.Node("Reshape", {"x", "to"}, "y");
              }),
              HasSubstr("Reshape 'y' takes [1, 3, 8, 6] for [1, 7, -1]"));
  EXPECT_THAT(refusal([&] {
                writer_.Integers("to", {1 << 14, 1 << 14, 1 << 14});
                writer_.Node("ConstantOfShape", {"to"}, "y");
              }),
              HasSubstr("ConstantOfShape 'y' gives the absurd shape"));
  EXPECT_THAT(refusal([&] {
                writer_.Integers("to", {1, 1 << 13, 1 << 13});
                writer_.Node("ConstantOfShape", {"to"}, "y");
              }),
              HasSubstr("'y' computes more than 4,194,304 numbers"));
  EXPECT_THAT(refusal([&] {
                writer_.Floats("w", {5, 4}, std::vector<float>(20));
                writer_.Node("MatMul", {"x", "w"}, "y");
              }),
              HasSubstr("MatMul 'y' multiplies [1, 3, 8, 6] by [5, 4]"));
  EXPECT_THAT(refusal([&] {
                writer_.Node("Transpose", {"x"}, "y",
                             {OnnxWriter::IntegersAttribute("perm", {0, 1, 1, 2})});
              }),
              HasSubstr("puts the axes of [1, 3, 8, 6] in order [0, 1, 1, 2]"));
  EXPECT_THAT(refusal([&] {
                writer_.Node("Relu", {"x"}, "y");
                writer_.Node("Sigmoid", {"x"}, "y");
              }),
              HasSubstr("two nodes compute 'y'"));
  EXPECT_THAT(refusal([&] { writer_.Node("Relu", {"x"}, "z"); }),
              HasSubstr("no node computes the output 'y'"));
}

TEST(OnnxNetwork, AForeignNetworkIsItself) {
  const Network network = LoadNetwork(GoldenWeights("foreign.onnx"));
  EXPECT_EQ(network.name, "onnx");
  EXPECT_THAT(network.notes, Contains(HasSubstr("no architecture that is known by name")));
}

TEST(OnnxNetwork, TheWildExportEqualsItsTorchForm) {
  if (!std::filesystem::exists(SharedFile("data/weights/osnet_x0_25_msmt17.onnx"))) {
    GTEST_SKIP() << "../shared/data/weights is absent";
  }
  const Network onnx = LoadNetwork(SharedFile("data/weights/osnet_x0_25_msmt17.onnx"));
  for (const std::string name :
       {"osnet_x0_25_msmt17_bnfolded.pth", "osnet_x0_25_msmt17_bnfolded_legacy.pth"}) {
    const Network torch = LoadNetwork(SharedFile("data/weights/" + name));
    EXPECT_EQ(torch.name, "osnet_x0_25");
    for (const auto& [tensor_name, tensor] : torch.tensors) {
      EXPECT_EQ(onnx.tensors.at(tensor_name).shape, tensor.shape) << tensor_name;
      EXPECT_EQ(onnx.tensors.at(tensor_name).values, tensor.values) << tensor_name;
    }
  }
}

}  // namespace
}  // namespace reidbench
