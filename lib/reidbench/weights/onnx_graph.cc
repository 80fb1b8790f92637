#include "reidbench/weights/onnx_graph.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "reidbench/core/error.h"
#include "reidbench/weights/byte_reader.h"
#include "reidbench/weights/checkpoint.h"
#include "reidbench/weights/number_formats.h"

namespace reidbench {
namespace {

enum class Wire : uint32_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

// Element types of TensorProto.
enum class OnnxType : int64_t {
  kFloat = 1,
  kUint8 = 2,
  kInt8 = 3,
  kUint16 = 4,
  kInt16 = 5,
  kInt32 = 6,
  kInt64 = 7,
  kBool = 9,
  kFloat16 = 10,
  kDouble = 11,
  kUint32 = 12,
  kUint64 = 13,
  kBfloat16 = 16,
};

// One message: a row of (field number, wire type, value).
class MessageReader {
 public:
  MessageReader(std::span<const uint8_t> bytes, std::string_view name) : reader_(bytes, name) {}

  // Moves to the next field; false at the end.
  bool Next() {
    if (reader_.remaining() == 0) return false;
    const uint64_t key = ReadVarint();
    field_ = key >> 3;
    wire_ = static_cast<Wire>(key & 7);
    switch (wire_) {
      case Wire::kVarint:
        varint_ = ReadVarint();
        return true;
      case Wire::kFixed64:
        bytes_ = reader_.Take(8);
        return true;
      case Wire::kBytes:
        bytes_ = reader_.Take(ReadVarint());
        return true;
      case Wire::kFixed32:
        bytes_ = reader_.Take(4);
        return true;
    }
    ThrowModel("{}: damaged ONNX file: unknown wire type {} before byte {}", reader_.name(),
               key & 7, reader_.position());
  }

  uint64_t field() const { return field_; }
  Wire wire() const { return wire_; }
  int64_t Int() const {
    Require(Wire::kVarint);
    return static_cast<int64_t>(varint_);
  }
  std::span<const uint8_t> Bytes() const {
    Require(Wire::kBytes);
    return bytes_;
  }
  std::string Text() const {
    const auto bytes = Bytes();
    return {bytes.begin(), bytes.end()};
  }
  float Float() const {
    Require(Wire::kFixed32);
    float value;
    std::memcpy(&value, bytes_.data(), sizeof value);
    return value;
  }
  // A repeated integer may be packed or not.
  void AppendInts(std::vector<int64_t>& out) const {
    if (wire_ == Wire::kVarint) {
      out.push_back(static_cast<int64_t>(varint_));
      return;
    }
    MessageReader packed(Bytes(), reader_.name());
    while (packed.reader_.remaining() > 0) out.push_back(static_cast<int64_t>(packed.ReadVarint()));
  }
  // Likewise for fixed-size numbers: their raw little-endian bytes.
  void AppendFixed(std::vector<uint8_t>& out) const {
    if (wire_ == Wire::kVarint) Require(Wire::kBytes);
    out.insert(out.end(), bytes_.begin(), bytes_.end());
  }

 private:
  uint64_t ReadVarint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const auto byte = reader_.Read<uint8_t>();
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    ThrowModel("{}: damaged ONNX file: a number before byte {} does not end", reader_.name(),
               reader_.position());
  }
  void Require(Wire wire) const {
    if (wire_ != wire) {
      ThrowModel("{}: damaged ONNX file: field {} before byte {} has wire type {}, expected {}",
                 reader_.name(), field_, reader_.position(), static_cast<uint32_t>(wire_),
                 static_cast<uint32_t>(wire));
    }
  }

  ByteReader reader_;
  uint64_t field_ = 0;
  Wire wire_ = Wire::kVarint;
  uint64_t varint_ = 0;
  std::span<const uint8_t> bytes_;
};

class OnnxParser {
 public:
  OnnxParser(std::string_view name, std::map<std::string, Tensor>& tensors)
      : name_(name), tensors_(tensors) {}

  OnnxGraph ParseModel(std::span<const uint8_t> bytes) {
    std::string producer;
    std::string producer_version;
    bool has_graph = false;
    MessageReader model(bytes, name_);
    while (model.Next()) {
      switch (model.field()) {
        case 2:
          producer = model.Text();
          break;
        case 3:
          producer_version = model.Text();
          break;
        case 7:
          ParseGraph(model.Bytes());
          has_graph = true;
          break;
        case 8:
          ParseOpset(model.Bytes());
          break;
        case 14:
          ParseMetadata(model.Bytes());
          break;
        default:
          break;
      }
    }
    if (!has_graph)
      ThrowModel("{}: neither a torch checkpoint nor an ONNX model (no graph in it)", name_);
    graph_.producer = producer_version.empty() ? producer : producer + " " + producer_version;
    std::erase_if(graph_.inputs,
                  [&](const OnnxValue& input) { return tensors_.contains(input.name); });
    return std::move(graph_);
  }

 private:
  // Small things in a file of n bytes could otherwise take 50 n bytes of memory.
  void CountItem() {
    constexpr int kMaxItems = 1'000'000;
    if (++num_items_ > kMaxItems) {
      ThrowModel("{}: refused: more than {} nodes, names and attributes in an ONNX graph", name_,
                 kMaxItems);
    }
  }

  void ParseOpset(std::span<const uint8_t> bytes) {
    std::string domain;
    int64_t version = 0;
    MessageReader opset(bytes, name_);
    while (opset.Next()) {
      if (opset.field() == 1) domain = opset.Text();
      if (opset.field() == 2) version = opset.Int();
    }
    if (domain.empty()) graph_.opset = version;
  }

  void ParseMetadata(std::span<const uint8_t> bytes) {
    CountItem();
    std::string key, value;
    MessageReader entry(bytes, name_);
    while (entry.Next()) {
      if (entry.field() == 1) key = entry.Text();
      if (entry.field() == 2) value = entry.Text();
    }
    graph_.metadata[key] = value;
  }

  void ParseGraph(std::span<const uint8_t> bytes) {
    MessageReader graph(bytes, name_);
    while (graph.Next()) {
      switch (graph.field()) {
        case 1:
          ParseNode(graph.Bytes());
          break;
        case 5:
          ParseTensor(graph.Bytes(), "");
          break;
        case 11:
          graph_.inputs.push_back(ParseValue(graph.Bytes()));
          break;
        case 12:
          graph_.outputs.push_back(ParseValue(graph.Bytes()));
          break;
        case 15:
          ThrowModel(
              "{}: sparse initialisers are not supported; export the model with dense weights",
              name_);
        default:
          break;
      }
    }
  }

  void ParseNode(std::span<const uint8_t> bytes) {
    CountItem();
    OnnxNode node;
    std::span<const uint8_t> constant;
    MessageReader message(bytes, name_);
    while (message.Next()) {
      switch (message.field()) {
        case 1:
          CountItem();
          node.inputs.push_back(message.Text());
          break;
        case 2:
          CountItem();
          node.outputs.push_back(message.Text());
          break;
        case 3:
          node.name = message.Text();
          break;
        case 4:
          node.op_type = message.Text();
          break;
        case 5:
          CountItem();
          if (const auto tensor = ParseAttribute(message.Bytes(), node); !tensor.empty())
            constant = tensor;
          break;
        default:
          break;
      }
    }
    if (node.op_type == "Constant" && node.outputs.size() == 1) {
      if (!constant.empty()) {
        ParseTensor(constant, node.outputs.front());
      } else {
        TakeConstant(node);
      }
    } else if (!constant.empty()) {
      auto tensor = std::make_shared<Tensor>();
      bool is_integer = false;
      std::string label = node.name.empty() ? node.op_type : node.name;
      if (ReadTensor(constant, label, *tensor, is_integer)) {
        OnnxAttribute& attribute = node.attributes["value"];
        attribute.tensor = std::move(tensor);
        attribute.tensor_is_integer = is_integer;
      }
    }
    graph_.nodes.push_back(std::move(node));
  }

  // A Constant that is written as a number or a list.
  void TakeConstant(const OnnxNode& node) {
    const auto attribute = [&](std::string_view name) {
      const auto at = node.attributes.find(name);
      return at == node.attributes.end() ? nullptr : &at->second;
    };
    Tensor tensor;
    bool is_integer = false;
    if (const auto* const real = attribute("value_float")) {
      tensor.values = {real->real};
    } else if (const auto* const integer = attribute("value_int")) {
      tensor.values = {static_cast<float>(integer->integer)};
      is_integer = true;
    } else if (const auto* const reals = attribute("value_floats")) {
      tensor.values = reals->reals;
      tensor.shape = {static_cast<int64_t>(tensor.values.size())};
    } else if (const auto* const integers = attribute("value_ints")) {
      for (const int64_t value : integers->integers)
        tensor.values.push_back(static_cast<float>(value));
      tensor.shape = {static_cast<int64_t>(tensor.values.size())};
      is_integer = true;
    } else {
      return;  // text: no network needs it
    }
    Keep(node.outputs.front(), std::move(tensor), is_integer);
  }

  // Returns the bytes of a tensor-valued attribute.
  std::span<const uint8_t> ParseAttribute(std::span<const uint8_t> bytes, OnnxNode& node) {
    std::string key;
    OnnxAttribute attribute;
    std::vector<uint8_t> reals;
    std::span<const uint8_t> tensor;
    MessageReader message(bytes, name_);
    while (message.Next()) {
      switch (message.field()) {
        case 1:
          key = message.Text();
          break;
        case 2:
          attribute.real = message.Float();
          break;
        case 3:
          attribute.integer = message.Int();
          break;
        case 4:
          attribute.text = message.Text();
          break;
        case 5:
          tensor = message.Bytes();
          break;
        case 7:
          message.AppendFixed(reals);
          break;
        case 8:
          message.AppendInts(attribute.integers);
          break;
        default:
          break;
      }
    }
    attribute.reals.resize(reals.size() / sizeof(float));
    if (!attribute.reals.empty())
      std::memcpy(attribute.reals.data(), reals.data(), attribute.reals.size() * sizeof(float));
    node.attributes[key] = std::move(attribute);
    return tensor;
  }

  OnnxValue ParseValue(std::span<const uint8_t> bytes) {
    CountItem();
    OnnxValue value;
    MessageReader message(bytes, name_);
    while (message.Next()) {
      if (message.field() == 1) value.name = message.Text();
      if (message.field() != 2) continue;
      MessageReader type(message.Bytes(), name_);
      while (type.Next()) {
        if (type.field() != 1) continue;
        MessageReader tensor_type(type.Bytes(), name_);
        while (tensor_type.Next()) {
          if (tensor_type.field() != 2) continue;
          MessageReader shape(tensor_type.Bytes(), name_);
          while (shape.Next()) {
            if (shape.field() != 1) continue;
            CountItem();
            int64_t size = -1;
            MessageReader dimension(shape.Bytes(), name_);
            while (dimension.Next()) {
              if (dimension.field() == 1) size = dimension.Int();
            }
            value.shape.push_back(size);
          }
        }
      }
    }
    return value;
  }

  void ParseTensor(std::span<const uint8_t> bytes, std::string tensor_name) {
    Tensor tensor;
    bool is_integer = false;
    if (ReadTensor(bytes, tensor_name, tensor, is_integer))
      Keep(tensor_name, std::move(tensor), is_integer);
  }

  void Keep(const std::string& tensor_name, Tensor tensor, bool is_integer) {
    if (!tensors_.emplace(tensor_name, std::move(tensor)).second) {
      ThrowModel("{}: tensor '{}': damaged ONNX file: two tensors have this name", name_,
                 Printable(tensor_name));
    }
    if (is_integer) graph_.integers.insert(tensor_name);
  }

  // Gives the tensor and, where it was empty, its name. False for types that are no numbers.
  bool ReadTensor(std::span<const uint8_t> bytes, std::string& tensor_name, Tensor& tensor,
                  bool& is_integer) {
    CountItem();
    auto type = OnnxType{0};
    std::vector<uint8_t> fixed;
    std::vector<int64_t> integers;
    std::span<const uint8_t> raw;
    bool is_external = false;
    bool has_raw = false;
    MessageReader message(bytes, name_);
    while (message.Next()) {
      switch (message.field()) {
        case 1:
          message.AppendInts(tensor.shape);
          break;
        case 2:
          type = static_cast<OnnxType>(message.Int());
          break;
        case 4:   // float_data
        case 10:  // double_data
          message.AppendFixed(fixed);
          break;
        case 5:   // int32_data: also smaller integers and the bits of half floats
        case 7:   // int64_data
        case 11:  // uint64_data
          message.AppendInts(integers);
          break;
        case 8:
          if (tensor_name.empty()) tensor_name = message.Text();
          break;
        case 9:
          raw = message.Bytes();
          has_raw = true;
          break;
        case 14:
          is_external = message.Int() == 1;
          break;
        default:
          break;
      }
    }
    const std::string label = fmt::format("{}: tensor '{}'", name_, Printable(tensor_name));
    if (is_external) {
      ThrowModel(
          "{} has its numbers in another file; export the model into one file "
          "(torch.onnx.export(..., "
          "external_data=False))",
          label);
    }
    constexpr size_t kMaxDimensions = 16;
    const int64_t count = NumElements(tensor.shape);
    if (count < 0 || tensor.shape.size() > kMaxDimensions) {
      ThrowModel("{}: damaged ONNX file: impossible shape", label);
    }
    ElementType element;
    switch (type) {
      case OnnxType::kFloat:
        element = ElementType::kFloat32;
        break;
      case OnnxType::kDouble:
        element = ElementType::kFloat64;
        break;
      case OnnxType::kFloat16:
        element = ElementType::kFloat16;
        break;
      case OnnxType::kBfloat16:
        element = ElementType::kBFloat16;
        break;
      case OnnxType::kInt64:
        element = ElementType::kInt64;
        break;
      case OnnxType::kInt32:
        element = ElementType::kInt32;
        break;
      case OnnxType::kInt16:
        element = ElementType::kInt16;
        break;
      case OnnxType::kInt8:
        element = ElementType::kInt8;
        break;
      case OnnxType::kUint8:
        element = ElementType::kUInt8;
        break;
      case OnnxType::kBool:
        element = ElementType::kBool;
        break;
      default:
        // Text, complex and unsigned numbers are no weights; a foreign network may have them and
        // still be readable.
        return false;
    }
    is_integer = type != OnnxType::kFloat && type != OnnxType::kDouble &&
                 type != OnnxType::kFloat16 && type != OnnxType::kBfloat16;
    std::span<const uint8_t> source = raw;
    if (!has_raw && integers.empty()) source = fixed;
    const size_t found = !has_raw && !integers.empty()
                             ? integers.size()
                             : source.size() / static_cast<size_t>(ElementSize(element));
    if (found != static_cast<uint64_t>(count)) {
      ThrowModel("{}: damaged ONNX file: shape {} needs {} numbers, {} are there", label,
                 ShapeText(tensor.shape), count, found);
    }
    tensor.values.resize(static_cast<size_t>(count));
    for (size_t i = 0; i < tensor.values.size(); ++i) {
      if (has_raw || integers.empty()) {
        tensor.values[i] =
            LoadElement(element, source.data() + i * static_cast<size_t>(ElementSize(element)));
      } else {
        // The bits of a half float stand in the low bytes of the integer, and so does every smaller
        // integer.
        tensor.values[i] = LoadElement(element, reinterpret_cast<const uint8_t*>(&integers[i]));
      }
    }
    return true;
  }

  std::string_view name_;
  std::map<std::string, Tensor>& tensors_;
  OnnxGraph graph_;
  int num_items_ = 0;
};

}  // namespace

bool LooksLikeOnnx(std::span<const uint8_t> bytes) {
  // ir_version, producer_name, graph or opset_import: the fields that exporters write first.
  constexpr uint8_t kFirstTags[] = {0x08, 0x12, 0x3a, 0x42};
  return bytes.size() >= 8 &&
         std::find(std::begin(kFirstTags), std::end(kFirstTags), bytes[0]) != std::end(kFirstTags);
}

OnnxGraph ParseOnnx(std::span<const uint8_t> bytes, std::string_view name,
                    std::map<std::string, Tensor>& tensors) {
  return OnnxParser(name, tensors).ParseModel(bytes);
}

}  // namespace reidbench
