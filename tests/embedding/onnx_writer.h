// Writes small ONNX networks for tests: just enough of the protobuf wire format (onnx.proto, IR
// version 8).
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace reidbench {

class OnnxWriter {
 public:
  // Sizes of 0 are written as a free dimension.
  void Input(std::string_view name, const std::vector<int64_t>& shape) {
    graph_ += Field(11, ValueInfo(name, shape));
  }
  // Of whole numbers.
  void IntegerInput(std::string_view name, const std::vector<int64_t>& shape) {
    graph_ += Field(11, ValueInfo(name, shape, 7));
  }
  void Output(std::string_view name, const std::vector<int64_t>& shape) {
    graph_ += Field(12, ValueInfo(name, shape));
  }

  void Floats(std::string_view name, const std::vector<int64_t>& shape,
              const std::vector<float>& values) {
    std::string raw(values.size() * 4, '\0');
    std::memcpy(raw.data(), values.data(), raw.size());
    Initializer(name, 1, shape, raw);
  }
  void Integers(std::string_view name, const std::vector<int64_t>& values) {
    Integers(name, {static_cast<int64_t>(values.size())}, values);
  }
  void Integers(std::string_view name, const std::vector<int64_t>& shape,
                const std::vector<int64_t>& values) {
    std::string raw(values.size() * 8, '\0');
    std::memcpy(raw.data(), values.data(), raw.size());
    Initializer(name, 7, shape, raw);
  }

  // `attributes` are already encoded: see IntegersAttribute, IntegerAttribute.
  void Node(std::string_view op, const std::vector<std::string>& inputs, std::string_view output,
            const std::vector<std::string>& attributes = {}) {
    Node(op, inputs, std::vector<std::string>{std::string(output)}, attributes);
  }
  void Node(std::string_view op, const std::vector<std::string>& inputs,
            const std::vector<std::string>& outputs, const std::vector<std::string>& attributes) {
    std::string node;
    for (const std::string& input : inputs) node += Field(1, input);
    for (const std::string& output : outputs) node += Field(2, output);
    node += Field(3, outputs.front()) + Field(4, op);
    for (const std::string& attribute : attributes) node += Field(5, attribute);
    graph_ += Field(1, node);
  }
  static std::string IntegerAttribute(std::string_view name, int64_t value) {
    return Field(1, name) + Varint(3, value) + Varint(20, 2);
  }
  static std::string IntegersAttribute(std::string_view name, const std::vector<int64_t>& values) {
    std::string text = Field(1, name);
    for (const int64_t value : values) text += Varint(8, value);
    return text + Varint(20, 7);
  }

  static std::string RealAttribute(std::string_view name, float value) {
    std::string bytes(4, '\0');
    std::memcpy(bytes.data(), &value, 4);
    return Field(1, name) + Number(2 << 3 | 5) + bytes + Varint(20, 1);
  }
  static std::string TextAttribute(std::string_view name, std::string_view text) {
    return Field(1, name) + Field(4, text) + Varint(20, 3);
  }
  // Of whole numbers.
  static std::string TensorAttribute(std::string_view name, const std::vector<int64_t>& shape,
                                     const std::vector<int64_t>& values) {
    std::string raw(values.size() * 8, '\0');
    std::memcpy(raw.data(), values.data(), raw.size());
    std::string tensor;
    for (const int64_t size : shape) tensor += Varint(1, size);
    return Field(1, name) + Field(5, tensor + Varint(2, 7) + Field(9, raw)) + Varint(20, 4);
  }

  // What an exporter says of the network.
  void Metadata(std::string_view key, std::string_view value) {
    metadata_ += Field(14, Field(1, key) + Field(2, value));
  }

  std::string Model(int64_t opset = 12) const {
    return Varint(1, 8) + Field(2, "test") + Field(7, graph_ + Field(2, "graph")) +
           Field(8, Field(1, "") + Varint(2, opset)) + metadata_;
  }

 private:
  static std::string Number(uint64_t value) {
    std::string bytes;
    for (; value >= 0x80; value >>= 7) bytes.push_back(static_cast<char>(value | 0x80));
    bytes.push_back(static_cast<char>(value));
    return bytes;
  }
  static std::string Varint(int field, int64_t value) {
    return Number(static_cast<uint64_t>(field) << 3) + Number(static_cast<uint64_t>(value));
  }
  static std::string Field(int field, std::string_view content) {
    return Number(static_cast<uint64_t>(field) << 3 | 2) + Number(content.size()) +
           std::string(content);
  }
  static std::string ValueInfo(std::string_view name, const std::vector<int64_t>& shape,
                               int type = 1) {
    std::string dims;
    for (const int64_t size : shape) dims += Field(1, size == 0 ? Field(2, "n") : Varint(1, size));
    return Field(1, name) + Field(2, Field(1, Varint(1, type) + Field(2, dims)));
  }
  void Initializer(std::string_view name, int type, const std::vector<int64_t>& shape,
                   const std::string& raw) {
    std::string tensor;
    for (const int64_t size : shape) tensor += Varint(1, size);
    graph_ += Field(5, tensor + Varint(2, type) + Field(8, name) + Field(9, raw));
  }

  std::string graph_;
  std::string metadata_;
};

}  // namespace reidbench
