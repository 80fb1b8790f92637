#include "reidbench/weights/onnx_graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "reidbench/weights/checkpoint.h"
#include "weights/files_for_test.h"

namespace reidbench {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string Varint(uint64_t value) {
  std::string out;
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  return out + static_cast<char>(value);
}
std::string Field(int number, const std::string& content) {
  return Varint(static_cast<uint64_t>(number) << 3 | 2) + Varint(content.size()) + content;
}
std::string Field(int number, uint64_t value) {
  return Varint(static_cast<uint64_t>(number) << 3) + Varint(value);
}
std::string Raw(std::initializer_list<float> values) {
  return {reinterpret_cast<const char*>(std::data(values)), values.size() * sizeof(float)};
}

struct Parsed {
  OnnxGraph graph;
  std::map<std::string, Tensor> tensors;
};
Parsed ParseModel(const std::string& model) {
  Parsed parsed;
  parsed.graph = ParseOnnx({reinterpret_cast<const uint8_t*>(model.data()), model.size()}, "x.onnx",
                           parsed.tensors);
  return parsed;
}
std::string WithTensor(const std::string& tensor) {
  return Field(1, 7) + Field(7, Field(5, tensor));
}
std::string OnnxRefusal(const std::string& model) {
  return ModelError([&] { ParseModel(model); });
}

TEST(OnnxGraph, ReadsATorchExport) {
  Checkpoint checkpoint = ReadCheckpoint(GoldenWeights("foreign.onnx"));
  EXPECT_EQ(checkpoint.format, CheckpointFormat::kOnnx);
  ASSERT_NE(checkpoint.graph, nullptr);
  const OnnxGraph& graph = *checkpoint.graph;
  EXPECT_EQ(graph.opset, 12);
  EXPECT_EQ(graph.producer, "pytorch 1.13.0");
  ASSERT_EQ(graph.nodes.size(), 4U);
  EXPECT_EQ(graph.nodes[0].op_type, "Conv");
  EXPECT_THAT(graph.nodes[0].attributes.at("kernel_shape").integers, ElementsAre(3, 3));
  EXPECT_EQ(graph.nodes[0].inputs[0], "images");
  ASSERT_EQ(graph.inputs.size(), 1U);
  EXPECT_EQ(graph.inputs[0].name, "images");
  EXPECT_THAT(graph.inputs[0].shape, ElementsAre(-1, 3, 8, 8));
  ASSERT_EQ(graph.outputs.size(), 1U);
  EXPECT_EQ(graph.outputs[0].name, "features");
  EXPECT_THAT(checkpoint.tensors.at("conv.weight").shape, ElementsAre(4, 3, 3, 3));
}

TEST(OnnxGraph, EveryStorageOfNumbers) {
  const std::string shape = Field(1, 2);
  const std::string name = Field(8, "t");
  const auto values = [&](const std::string& fields) {
    return ParseModel(WithTensor(shape + fields + name)).tensors.at("t").values;
  };
  EXPECT_THAT(values(Field(2, 1) + Field(9, Raw({1.5F, -2.0F}))), ElementsAre(1.5, -2));
  EXPECT_THAT(values(Field(2, 1) + Field(4, Raw({1.5F, -2.0F}))), ElementsAre(1.5, -2));  // packed
  EXPECT_THAT(values(Field(2, 1) + "\x25" + Raw({1.5F}) + "\x25" + Raw({-2.0F})),
              ElementsAre(1.5, -2));
  EXPECT_THAT(values(Field(2, 7) + Field(7, Varint(3) + Varint(~uint64_t{0}))), ElementsAre(3, -1));
  EXPECT_THAT(values(Field(2, 6) + Field(5, 3) + Field(5, 4)), ElementsAre(3, 4));
  EXPECT_THAT(values(Field(2, 10) + Field(5, Varint(0x3c00) + Varint(0xc100))),
              ElementsAre(1, -2.5));
  EXPECT_THAT(values(Field(2, 10) + Field(9, std::string("\0\x3c\0\xc1", 4))),
              ElementsAre(1, -2.5));
}

TEST(OnnxGraph, ConstantNodesAreTensorsAndInitialisersAreNoInputs) {
  const std::string tensor = Field(1, 1) + Field(2, 1) + Field(9, Raw({4.0F}));
  const std::string constant =
      Field(2, "c") + Field(4, "Constant") + Field(5, Field(1, "value") + Field(5, tensor));
  const std::string graph = Field(1, constant) + Field(5, tensor + Field(8, "w")) +
                            Field(11, Field(1, "w")) + Field(11, Field(1, "x"));
  const Parsed parsed = ParseModel(Field(1, 7) + Field(7, graph));
  EXPECT_THAT(parsed.tensors.at("c").values, ElementsAre(4));
  ASSERT_EQ(parsed.graph.inputs.size(), 1U);
  EXPECT_EQ(parsed.graph.inputs[0].name, "x");
}

TEST(OnnxGraph, RefusesDamageWithTheReason) {
  EXPECT_THAT(OnnxRefusal(Field(1, 7)), HasSubstr("no graph"));
  EXPECT_THAT(OnnxRefusal(Field(1, 7) + "\x3b"), HasSubstr("wire type 3"));
  EXPECT_THAT(OnnxRefusal(Field(1, 7) + "\x3a\x05"
                                        "ab"),
              HasSubstr("cut short"));
  EXPECT_THAT(OnnxRefusal(Field(1, 7) + Field(7, 3)), HasSubstr("wire type 0, expected 2"));
  EXPECT_THAT(OnnxRefusal(std::string(11, '\xff')), HasSubstr("does not end"));
  EXPECT_THAT(
      OnnxRefusal(WithTensor(Field(1, 3) + Field(2, 1) + Field(9, Raw({1.0F})) + Field(8, "t"))),
      HasSubstr("tensor 't': damaged ONNX file: shape [3] needs 3 numbers, 1 are there"));
  EXPECT_THAT(OnnxRefusal(WithTensor(Field(1, ~uint64_t{0}) + Field(2, 1))),
              HasSubstr("impossible shape"));
  EXPECT_THAT(OnnxRefusal(WithTensor(Field(1, uint64_t{1} << 40) + Field(1, uint64_t{1} << 40) +
                                     Field(2, 1))),
              HasSubstr("impossible shape"));
  EXPECT_THAT(OnnxRefusal(WithTensor(Field(1, 2) + Field(2, 1) + Field(8, "w") + Field(14, 1))),
              HasSubstr("tensor 'w' has its numbers in another file"));
  const std::string tensor = Field(5, Field(1, 0) + Field(2, 1) + Field(8, "w"));
  EXPECT_THAT(OnnxRefusal(Field(1, 7) + Field(7, tensor + tensor)), HasSubstr("two tensors"));
}

TEST(OnnxGraph, ManySmallThingsAreRefused) {
  std::string nodes;
  for (int i = 0; i < 1'000'001; ++i) nodes += std::string("\x0a\0", 2);
  EXPECT_THAT(OnnxRefusal(Field(1, 7) + Field(7, nodes)), HasSubstr("more than 1000000 nodes"));
}

}  // namespace
}  // namespace reidbench
