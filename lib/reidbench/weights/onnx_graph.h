// ONNX models as data: nodes, tensors and the names of inputs and outputs, read by a small
// bounds-checked reader of the protobuf wire format (onnx.proto of ONNX 1.12, IR versions 3 to 10).
// Subgraphs of If and Loop are skipped.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace reidbench {

struct Tensor;

struct OnnxAttribute {
  float real = 0;
  int64_t integer = 0;
  std::string text;
  std::vector<int64_t> integers;
  std::vector<float> reals;
  std::shared_ptr<const Tensor> tensor;  // null for other attributes; a Constant's is in `tensors`
  bool tensor_is_integer = false;
};

struct OnnxNode {
  std::string name;
  std::string op_type;
  std::vector<std::string> inputs;  // an empty name is an optional input left out
  std::vector<std::string> outputs;
  std::map<std::string, OnnxAttribute, std::less<>> attributes;
};

struct OnnxValue {
  std::string name;
  std::vector<int64_t> shape;  // -1 where the size is free
};

struct OnnxGraph {
  std::string producer;  // "pytorch 2.1.0"
  int64_t opset = 0;     // of the default domain
  std::vector<OnnxNode> nodes;
  std::vector<OnnxValue> inputs;  // without those that have an initialiser
  std::vector<OnnxValue> outputs;
  std::map<std::string, std::string> metadata;  // what the exporter says of the network, by key
  std::set<std::string> integers;  // the tensors that are stored as whole numbers or truth values
};

// Whether the bytes can be an ONNX model at all: they start with a field of ModelProto.
bool LooksLikeOnnx(std::span<const uint8_t> bytes);

// Initialisers and Constant nodes, also those with a number or a list, go to `tensors` under the
// names that nodes use. Throws Error(kModel) when the file is damaged, cut short, keeps its numbers
// in another file, or holds more than a million nodes, names and attributes.
OnnxGraph ParseOnnx(std::span<const uint8_t> bytes, std::string_view name,
                    std::map<std::string, Tensor>& tensors);

}  // namespace reidbench
