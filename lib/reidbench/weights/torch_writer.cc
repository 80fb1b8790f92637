#include "reidbench/weights/torch_writer.h"

#include <zlib.h>

#include <array>
#include <bit>
#include <cstring>
#include <map>
#include <type_traits>

#include "reidbench/core/error.h"

namespace reidbench {
namespace {

// Numbers of the file are little-endian, and so is memory on every machine this is built for.
static_assert(std::endian::native == std::endian::little);

template <typename T>
void Append(T value, std::string* out) {
  out->append(reinterpret_cast<const char*>(&value), sizeof value);
}

// The opcodes of Python's pickletools that a checkpoint needs, protocol 2.
class PickleWriter {
 public:
  PickleWriter() { out_ = "\x80\x02"; }

  void Op(char opcode) { out_ += opcode; }
  void Text(std::string_view text) {
    Op('X');  // BINUNICODE
    Append(static_cast<uint32_t>(text.size()), &out_);
    out_ += text;
  }
  void Int(int64_t value) {
    if (value >= 0 && value < 256) {
      Op('K');  // BININT1
      Append(static_cast<uint8_t>(value), &out_);
    } else if (value >= INT32_MIN && value <= INT32_MAX) {
      Op('J');  // BININT
      Append(static_cast<int32_t>(value), &out_);
    } else {
      Op('\x8a');  // LONG1
      Append(static_cast<uint8_t>(sizeof value), &out_);
      Append(value, &out_);
    }
  }
  void Real(double value) {
    Op('G');  // BINFLOAT, big-endian
    std::array<char, sizeof value> bytes;
    std::memcpy(bytes.data(), &value, sizeof value);
    out_.append(bytes.rbegin(), bytes.rend());
  }
  void Ints(const std::vector<int64_t>& values) {
    Op('(');
    for (const int64_t value : values) Int(value);
    Op('t');
  }

  // Writes an object with `write` the first time and refers back to it from then on.
  template <typename F>
  void Once(const std::string& key, const F& write) {
    const auto [at, is_new] = memo_.emplace(key, static_cast<uint32_t>(memo_.size()));
    if (is_new) write();
    const bool is_short = at->second < 256;
    Op(is_new ? (is_short ? 'q' : 'r') : (is_short ? 'h' : 'j'));  // BINPUT, BINGET and LONG_*
    if (is_short) {
      Append(static_cast<uint8_t>(at->second), &out_);
    } else {
      Append(at->second, &out_);
    }
  }
  void Global(std::string_view module, std::string_view name) {
    Once(fmt::format("global {}.{}", module, name),
         [&] { out_ += fmt::format("c{}\n{}\n", module, name); });
  }
  void EmptyOrderedDict() {
    Global("collections", "OrderedDict");
    out_ += ")R";
  }

  std::string Finish() {
    Op('.');
    return std::move(out_);
  }

 private:
  std::string out_;
  std::map<std::string, uint32_t> memo_;
};

// Numbers of one type that the tensors of one dict view.
struct Storage {
  std::string_view type;  // torch's name of the class
  std::string key;        // archive member data/<key>
  int64_t count = 0;
  std::string bytes;
};

// By the index of SavedTensor::values.
constexpr std::array<std::string_view, 3> kStorageTypes = {"FloatStorage", "LongStorage",
                                                           "ByteStorage"};
using DictStorages = std::array<Storage, kStorageTypes.size()>;

// Lays the numbers of all tensors one behind the other; offsets follow from the same order.
DictStorages Collect(const SavedDict& dict, int* next_key) {
  DictStorages storages;
  for (const SavedTensor& tensor : dict.tensors) {
    std::visit(
        [&](const auto& values) {
          int64_t expected = 1;
          for (const int64_t size : tensor.shape) expected *= size;
          REIDBENCH_CHECK(expected == static_cast<int64_t>(values.size()));
          Storage& storage = storages[tensor.values.index()];
          storage.count += expected;
          storage.bytes.append(reinterpret_cast<const char*>(values.data()),
                               values.size() * sizeof(values[0]));
        },
        tensor.values);
  }
  for (size_t i = 0; i < storages.size(); ++i) {
    storages[i].type = kStorageTypes[i];
    if (storages[i].count > 0) storages[i].key = std::to_string((*next_key)++);
  }
  return storages;
}

void WriteTensor(const SavedTensor& tensor, const Storage& storage, int64_t offset,
                 PickleWriter* pickle) {
  pickle->Global("torch._utils", "_rebuild_tensor_v2");
  pickle->Op('(');
  pickle->Once("storage " + storage.key, [&] {
    pickle->Op('(');
    pickle->Text("storage");
    pickle->Global("torch", storage.type);
    pickle->Text(storage.key);
    pickle->Text("cpu");
    pickle->Int(storage.count);
    pickle->Op('t');
    pickle->Op('Q');  // BINPERSID
  });
  std::vector<int64_t> strides(tensor.shape.size(), 1);
  for (size_t d = strides.size(); d-- > 1;) strides[d - 1] = strides[d] * tensor.shape[d];
  pickle->Int(offset);
  pickle->Ints(tensor.shape);
  pickle->Ints(strides);
  pickle->Op('\x89');          // NEWFALSE: requires_grad
  pickle->EmptyOrderedDict();  // backward hooks
  pickle->Op('t');
  pickle->Op('R');
}

void WriteDict(const SavedDict& dict, const DictStorages& storages, PickleWriter* pickle) {
  pickle->EmptyOrderedDict();
  pickle->Op('(');
  std::array<int64_t, kStorageTypes.size()> offsets{};
  for (const SavedTensor& tensor : dict.tensors) {
    const size_t type = tensor.values.index();
    pickle->Text(tensor.name);
    WriteTensor(tensor, storages[type], offsets[type], pickle);
    offsets[type] += std::visit(
        [](const auto& values) { return static_cast<int64_t>(values.size()); }, tensor.values);
  }
  pickle->Op('u');  // SETITEMS
}

// Stored members, no compression; PKWARE APPNOTE 6.3.
class ZipWriter {
 public:
  void Add(const std::string& name, std::string_view content) {
    RequireSmall(content.size());
    const auto checksum = static_cast<uint32_t>(
        crc32_z(0, reinterpret_cast<const Bytef*>(content.data()), content.size()));
    const size_t offset = out_.size();
    // torch maps the numbers into memory: it wants them at multiples of 64, padded by an extra
    // field with its own tag.
    const size_t start = offset + kLocalHeaderSize + name.size() + kExtraHeaderSize;
    const size_t padding = (kAlignment - start % kAlignment) % kAlignment;
    std::string common;
    Append(uint16_t{20}, &common);  // version that can read it
    Append(uint16_t{0}, &common);   // flags
    Append(uint16_t{0}, &common);   // stored
    Append(uint32_t{0}, &common);   // no time: equal arguments give equal bytes
    Append(checksum, &common);
    Append(static_cast<uint32_t>(content.size()), &common);
    Append(static_cast<uint32_t>(content.size()), &common);
    Append(static_cast<uint16_t>(name.size()), &common);

    Append(uint32_t{0x04034b50}, &out_);
    out_ += common;
    Append(static_cast<uint16_t>(kExtraHeaderSize + padding), &out_);
    out_ += name;
    out_ += "FB";
    Append(static_cast<uint16_t>(padding), &out_);
    out_.append(padding, 'Z');
    out_ += content;
    RequireSmall(out_.size());

    Append(uint32_t{0x02014b50}, &directory_);
    Append(uint16_t{20}, &directory_);  // version that made it
    directory_ += common;
    Append(uint16_t{0}, &directory_);  // extra field
    Append(uint16_t{0}, &directory_);  // comment
    Append(uint16_t{0}, &directory_);  // disk
    Append(uint16_t{0}, &directory_);  // internal attributes
    Append(uint32_t{0}, &directory_);  // external attributes
    Append(static_cast<uint32_t>(offset), &directory_);
    directory_ += name;
    ++count_;
  }

  std::string Finish() {
    const size_t offset = out_.size();
    out_ += directory_;
    Append(uint32_t{0x06054b50}, &out_);
    Append(uint32_t{0}, &out_);  // disks
    Append(count_, &out_);
    Append(count_, &out_);
    Append(static_cast<uint32_t>(directory_.size()), &out_);
    Append(static_cast<uint32_t>(offset), &out_);
    Append(uint16_t{0}, &out_);  // comment
    return std::move(out_);
  }

 private:
  static constexpr size_t kLocalHeaderSize = 30;
  static constexpr size_t kExtraHeaderSize = 4;
  static constexpr size_t kAlignment = 64;

  static void RequireSmall(size_t size) {
    if (size >= 0xffff0000) ThrowUsage("a checkpoint of 4 GiB or more cannot be written");
  }

  std::string out_;
  std::string directory_;
  uint16_t count_ = 0;
};

}  // namespace

std::string TorchZipBytes(const SavedCheckpoint& checkpoint, std::string_view root) {
  PickleWriter pickle;
  pickle.Op('}');  // EMPTY_DICT
  pickle.Op('(');
  std::vector<DictStorages> storages;
  int next_key = 0;
  for (const SavedDict& dict : checkpoint.dicts) {
    storages.push_back(Collect(dict, &next_key));
    pickle.Text(dict.name);
    WriteDict(dict, storages.back(), &pickle);
  }
  for (const auto& [name, entry] : checkpoint.entries) {
    pickle.Text(name);
    std::visit(
        [&](const auto& value) {
          using T = std::decay_t<decltype(value)>;
          if constexpr (std::is_same_v<T, int64_t>) pickle.Int(value);
          if constexpr (std::is_same_v<T, double>) pickle.Real(value);
          if constexpr (std::is_same_v<T, std::string>) pickle.Text(value);
        },
        entry);
  }
  pickle.Op('u');

  ZipWriter zip;
  zip.Add(fmt::format("{}/data.pkl", root), pickle.Finish());
  for (const DictStorages& of_dict : storages) {
    for (const Storage& storage : of_dict) {
      if (storage.count > 0) zip.Add(fmt::format("{}/data/{}", root, storage.key), storage.bytes);
    }
  }
  zip.Add(fmt::format("{}/version", root), "3\n");
  return zip.Finish();
}

}  // namespace reidbench
