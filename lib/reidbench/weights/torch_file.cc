#include "reidbench/weights/torch_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>
#include <set>

#include "reidbench/core/error.h"
#include "reidbench/core/text.h"
#include "reidbench/weights/byte_reader.h"
#include "reidbench/weights/number_formats.h"
#include "reidbench/weights/pickle.h"
#include "reidbench/weights/zip_archive.h"

namespace reidbench {
namespace {

using Kind = PickleValue::Kind;

// 0x1950a86a20f9469cfc6c, little-endian.
constexpr std::string_view kLegacyMagic("\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 10);

// How training programs wrap the weights, in the order of preference: averages of the weights come
// after the weights. The first that holds tensors is taken.
constexpr std::array<std::string_view, 18> kWrappers = {
    "state_dict", "model_state_dict", "model_state", "model",          "net",    "network",
    "net_dict",   "model_dict",       "weights",     "params",         "module", "student",
    "ema",        "model_ema",        "ema_model",   "ema_state_dict", "shadow", "teacher"};
// The same for what stands before every name of a network: Lightning's attribute, fast-reid's
// backbone.
constexpr std::array<std::string_view, 12> kNetworkPrefixes = {
    "model.",   "net.", "network.",   "backbone.",  "encoder.", "base.",
    "student.", "ema.", "model_ema.", "ema_model.", "teacher.", "momentum_encoder."};
// DataParallel and torch.compile put these before every name.
constexpr std::array<std::string_view, 2> kPrefixes = {"module.", "_orig_mod."};

struct StorageId {
  std::string_view key;
  ElementType element = ElementType::kUntyped;
  int64_t num_elements = 0;
  // Files of torch < 0.4: a storage may be a window of another one.
  int64_t window_offset = 0;
  std::optional<int64_t> window_size;
};

// Where the raw numbers of a storage come from.
class StorageSource {
 public:
  virtual ~StorageSource() = default;
  // At least num_elements * ElementSize(element) bytes.
  virtual std::span<const uint8_t> Bytes(const StorageId& id) = 0;
};

int64_t IntOf(const PickleValue& value, std::string_view name, std::string_view what) {
  if (value.kind != Kind::kInt)
    ThrowModel("{}: damaged checkpoint: {} is not a whole number", name, what);
  return value.integer;
}

StorageId ParseStorageId(const Pickle& pickle, const PickleValue& value, std::string_view name) {
  const auto fields =
      value.kind == Kind::kPersistent ? pickle.Elements(pickle[value.args]) : std::nullopt;
  if (!fields || fields->empty() || (*fields)[0]->kind != Kind::kString) {
    ThrowModel("{}: damaged checkpoint: a tensor refers to no storage", name);
  }
  if ((*fields)[0]->text == "module") {
    ThrowModel(
        "{}: refused: the file holds a whole Python model with its source code, not only weights; "
        "in Python, save the "
        "weights alone: torch.save(model.state_dict(), 'weights.pth')",
        name);
  }
  if ((*fields)[0]->text != "storage" || fields->size() < 5 ||
      (*fields)[1]->kind != Kind::kGlobal || (*fields)[1]->global->role != PickleRole::kStorage ||
      (*fields)[2]->kind != Kind::kString) {
    ThrowModel(
        "{}: damaged checkpoint: a storage is not described as ('storage', type, key, location, "
        "size)",
        name);
  }
  StorageId id;
  id.element = (*fields)[1]->global->element;
  id.key = (*fields)[2]->text;
  id.num_elements = IntOf(*(*fields)[4], name, "the size of a storage");
  if (id.num_elements < 0)
    ThrowModel("{}: damaged checkpoint: storage '{}' has a negative size", name, Printable(id.key));
  if (fields->size() > 5 && (*fields)[5]->kind != Kind::kNone) {
    const auto window = pickle.Elements(*(*fields)[5]);
    if (!window || window->size() != 3)
      ThrowModel("{}: damaged checkpoint: a storage view is malformed", name);
    id.window_offset = IntOf(*(*window)[1], name, "the offset of a storage view");
    id.window_size = IntOf(*(*window)[2], name, "the size of a storage view");
  }
  return id;
}

bool IsTensor(const PickleValue& value) {
  return Pickle::IsCall(value, PickleRole::kRebuildTensor) ||
         Pickle::IsCall(value, PickleRole::kRebuildTensorV2) ||
         Pickle::IsCall(value, PickleRole::kRebuildTensorV3) ||
         Pickle::IsCall(value, PickleRole::kRebuildParameter);
}

// The number in a numpy scalar: numpy.core.multiarray.scalar(dtype('f8'), bytes).
std::optional<double> NumpyScalar(const Pickle& pickle, const PickleValue& value) {
  if (!Pickle::IsCall(value, PickleRole::kNumpyScalar)) return std::nullopt;
  const auto args = pickle.Elements(pickle[value.args]);
  if (args->size() != 2 || !Pickle::IsCall(*(*args)[0], PickleRole::kNumpyDtype))
    return std::nullopt;
  const auto dtype = pickle.Elements(pickle[(*args)[0]->args]);
  if (dtype->empty() || (*dtype)[0]->kind != Kind::kString) return std::nullopt;

  std::string bytes;
  const PickleValue& content = *(*args)[1];
  if (content.kind == Kind::kBytes) {
    bytes = content.text;
  } else if (Pickle::IsCall(content, PickleRole::kCodecsEncode)) {
    // _codecs.encode(text, 'latin1'): the bytes are the code points of the UTF-8 text, all below
    // 256.
    const auto encode = pickle.Elements(pickle[content.args]);
    if (encode->empty() || (*encode)[0]->kind != Kind::kString) return std::nullopt;
    const std::string_view text = (*encode)[0]->text.substr(0, 64);
    for (size_t i = 0; i < text.size(); ++i) {
      const auto lead = static_cast<unsigned char>(text[i]);
      if (lead < 0x80) {
        bytes += text[i];
      } else if ((lead & 0xfc) == 0xc0 && i + 1 < text.size()) {
        bytes += static_cast<char>((lead & 3) << 6 | (static_cast<unsigned char>(text[++i]) & 63));
      } else {
        return std::nullopt;
      }
    }
  }
  const std::string_view code = (*dtype)[0]->text;
  const auto* data = reinterpret_cast<const uint8_t*>(bytes.data());
  if (code == "f4" && bytes.size() == 4) return Load<float>(data);
  if (code == "f8" && bytes.size() == 8) return Load<double>(data);
  if (code == "i4" && bytes.size() == 4) return Load<int32_t>(data);
  if (code == "i8" && bytes.size() == 8) return static_cast<double>(Load<int64_t>(data));
  return std::nullopt;
}

// Without what DataParallel and torch.compile put before the name.
std::string_view StripPrefixes(std::string_view name, std::set<std::string_view>* stripped) {
  for (bool again = true; again;) {
    again = false;
    for (const std::string_view prefix : kPrefixes) {
      if (!StartsWith(name, prefix)) continue;
      name.remove_prefix(prefix.size());
      stripped->insert(prefix);
      again = true;
    }
  }
  return name;
}

// "epoch 150" for numbers, the name alone for anything else.
std::string DescribeEntry(const Pickle& pickle, const PickleValue& key, const PickleValue& value) {
  const std::string name =
      key.kind == Kind::kString ? Printable(key.text) : "(a key that is no text)";
  if (value.kind == Kind::kInt) return fmt::format("{} {}", name, value.integer);
  if (value.kind == Kind::kFloat) return fmt::format("{} {:.6g}", name, value.real);
  if (const auto number = NumpyScalar(pickle, value))
    return fmt::format("{} {:.6g}", name, *number);
  return name;
}

class StateDictReader {
 public:
  StateDictReader(const Pickle& pickle, StorageSource& storages, OutputBudget& budget,
                  std::string_view name)
      : pickle_(pickle), storages_(storages), budget_(budget), name_(name) {}

  void Read(std::string_view entry, Checkpoint& checkpoint) {
    const PickleValue* dict = &pickle_.root();
    std::string_view wanted = entry;
    constexpr int kMaxNesting = 8;
    for (int depth = 0; depth < kMaxNesting; ++depth) {
      const PickleValue* inner = wanted.empty() ? nullptr : Find(*dict, wanted);
      if (inner != nullptr) {
        checkpoint.entry = wanted;
        wanted = {};
      } else {
        inner = Unwrap(*dict, checkpoint);
      }
      if (inner == nullptr) break;
      dict = inner;
    }
    ReadTensors(*dict, wanted, checkpoint);
  }

 private:
  // The last entry of that key, or null.
  const PickleValue* Find(const PickleValue& dict, std::string_view wanted) const {
    const PickleValue* found = nullptr;
    const auto entries = pickle_.Entries(dict);
    if (!entries) return found;
    for (const auto& [key, value] : *entries) {
      if (key->kind == Kind::kString && key->text == wanted) found = value;
    }
    return found;
  }

  // The dict under a wrapper's key, or null where `dict` itself should hold the tensors.
  const PickleValue* Unwrap(const PickleValue& dict, Checkpoint& checkpoint) const {
    const auto entries = pickle_.Entries(dict);
    if (!entries) return nullptr;
    // A dict of tensors under another name is a network too, unless it is an optimiser's.
    std::vector<std::pair<std::string_view, int64_t>> wrappers;
    bool is_wrapper = false;
    const auto add = [&](std::string_view key) {
      const PickleValue* const inner = Find(dict, key);
      const int64_t tensors = inner == nullptr ? 0 : CountTensors(*inner, 0);
      if (tensors > 0) wrappers.emplace_back(key, tensors);
      return tensors > 0;
    };
    for (const std::string_view wrapper : kWrappers) is_wrapper = add(wrapper) || is_wrapper;
    for (const auto& [key, value] : *entries) {
      if (IsTensor(*value) && !is_wrapper) return nullptr;
      if (key->kind == Kind::kString && !StartsWith(key->text, "optim") &&
          std::find(kWrappers.begin(), kWrappers.end(), key->text) == kWrappers.end())
        add(key->text);
    }
    if (wrappers.empty() || (!is_wrapper && wrappers.size() > 1)) return nullptr;
    for (size_t i = 1; i < wrappers.size(); ++i) {
      // Class centres and the like are small.
      if (2 * wrappers[i].second >= wrappers.front().second)
        checkpoint.other_entries.emplace_back(wrappers[i].first);
    }
    const std::string_view wrapper = wrappers.front().first;
    const PickleValue* const inner = Find(dict, wrapper);
    std::vector<std::string> others;
    for (const auto& [key, value] : *entries) {
      if (value != inner && others.size() <= 8)
        others.push_back(DescribeEntry(pickle_, *key, *value));
    }
    if (others.size() > 8) others.back() = "...";
    checkpoint.entry += (checkpoint.entry.empty() ? "" : "/") + std::string(wrapper);
    checkpoint.notes.push_back(
        others.empty() ? fmt::format("weights taken from '{}'", wrapper)
                       : fmt::format("training checkpoint: weights taken from '{}', beside it: {}",
                                     wrapper, JoinText(others, ", ")));
    return inner;
  }

  // Of the names of all tensors, those of one network: behind the prefix `wanted`, or behind a
  // usual one that most have.
  void TakeOneNetwork(std::string_view wanted, std::map<std::string, const PickleValue*>& tensors,
                      Checkpoint& checkpoint) const {
    const std::string wanted_prefix = std::string(wanted) + ".";
    const auto behind = [&](std::string_view prefix) {
      return std::count_if(tensors.begin(), tensors.end(),
                           [&](const auto& t) { return StartsWith(t.first, prefix); });
    };
    if (!wanted.empty() && behind(wanted_prefix) == 0)
      ThrowModel("{}: holds no '{}'{}", name_, wanted, Choices(tensors, checkpoint));
    constexpr int kMaxNesting = 4;
    for (int depth = 0; depth < kMaxNesting; ++depth) {
      std::vector<std::string> prefixes;
      int64_t elsewhere = static_cast<int64_t>(tensors.size());
      for (const std::string_view prefix : kNetworkPrefixes) {
        if (behind(prefix) == 0) continue;
        elsewhere -= behind(prefix);
        prefixes.emplace_back(prefix);
      }
      if (depth == 0 && !wanted.empty()) {
        std::erase(prefixes, wanted_prefix);
        prefixes.insert(prefixes.begin(), wanted_prefix);
        elsewhere = 0;
      }
      if (prefixes.empty() || behind(prefixes.front()) <= elsewhere) return;
      const std::string& prefix = prefixes.front();
      std::map<std::string, const PickleValue*> taken;
      std::set<std::string_view> stripped;
      std::vector<std::string> left_out;
      for (const auto& [name, value] : tensors) {
        if (StartsWith(name, prefix)) {
          const std::string_view behind_it =
              StripPrefixes(std::string_view(name).substr(prefix.size()), &stripped);
          if (!taken.emplace(behind_it, value).second) ThrowTwice(behind_it);
        } else if (left_out.size() <= 8) {
          left_out.push_back(Printable(name));
        }
      }
      if (left_out.size() > 8) left_out.back() = "...";
      const std::string name = prefix.substr(0, prefix.size() - 1);
      checkpoint.entry += (checkpoint.entry.empty() ? "" : "/") + name;
      for (const std::string& other : prefixes) {
        // fast-reid's heads and the like are part of the same network; a second network is not.
        if (other != prefix && behind(other) >= behind(prefix) / 2)
          checkpoint.other_entries.push_back(other.substr(0, other.size() - 1));
      }
      checkpoint.notes.push_back(fmt::format(
          "weights taken from behind '{}', {} of {} tensors{}", prefix, taken.size(),
          tensors.size(), left_out.empty() ? "" : "; left out: " + JoinText(left_out, ", ")));
      tensors = std::move(taken);
      checkpoint.left_out.insert(checkpoint.left_out.end(), left_out.begin(), left_out.end());
    }
  }

  // "; it holds weights under: model, ema".
  static std::string Choices(const std::map<std::string, const PickleValue*>& tensors,
                             const Checkpoint& checkpoint) {
    std::vector<std::string> choices;
    if (!checkpoint.entry.empty()) choices.push_back(checkpoint.entry);
    choices.insert(choices.end(), checkpoint.other_entries.begin(), checkpoint.other_entries.end());
    for (const std::string_view prefix : kNetworkPrefixes) {
      if (std::any_of(tensors.begin(), tensors.end(),
                      [&](const auto& t) { return StartsWith(t.first, prefix); })) {
        choices.emplace_back(prefix.substr(0, prefix.size() - 1));
      }
    }
    return choices.empty() ? "" : "; it holds weights under: " + JoinText(choices, ", ");
  }

  [[noreturn]] void ThrowTwice(std::string_view tensor_name) const {
    ThrowModel(
        "{}: the tensor '{}' is there with and without the prefix of DataParallel: which one is "
        "meant?",
        name_, Printable(tensor_name));
  }

  // Of a dict, or of the dict in it that has most; 0 for anything else: a key "model" may as well
  // hold settings.
  int64_t CountTensors(const PickleValue& value, int depth) const {
    constexpr int kMaxDepth = 4;
    const auto entries = pickle_.Entries(value);
    if (!entries || depth > kMaxDepth) return 0;
    // One dict may stand in many places.
    entries_to_count_ -= static_cast<int64_t>(entries->size());
    if (entries_to_count_ < 0) ThrowModel("{}: too many entries for a checkpoint", name_);
    int64_t tensors = 0;
    int64_t inner = 0;
    for (const auto& [key, held] : *entries) {
      if (key->kind != Kind::kString) continue;
      tensors += IsTensor(*held) ? 1 : 0;
      inner = std::max(inner, CountTensors(*held, depth + 1));
    }
    return tensors > 0 ? tensors : inner;
  }

  void ReadTensors(const PickleValue& dict, std::string_view wanted, Checkpoint& checkpoint) {
    const auto entries = pickle_.Entries(dict);
    if (!entries) {
      ThrowModel(
          "{}: holds {}, expected a dict of tensors (a state_dict); in Python: "
          "torch.save(model.state_dict(), "
          "'weights.pth')",
          name_, IsTensor(dict) ? "a single tensor" : "no dict");
    }
    std::map<std::string_view, const PickleValue*> tensors;
    std::vector<std::string> others;
    size_t num_others = 0;
    for (const auto& [key, value] : *entries) {
      if (key->kind == Kind::kString && IsTensor(*value)) {
        tensors[key->text] = value;
      } else if (++num_others <= 8) {
        others.push_back(DescribeEntry(pickle_, *key, *value));
      }
    }
    if (num_others > 8) others.push_back("...");
    if (tensors.empty()) {
      ThrowModel("{}: holds no state_dict: {}; looked for tensors at the top and under '{}'", name_,
                 others.empty() ? std::string("the dict is empty")
                                : "its keys are " + JoinText(others, ", "),
                 fmt::join(kWrappers, "', '"));
    }
    if (num_others > 0)
      checkpoint.notes.push_back("skipped, no tensors: " + JoinText(others, ", "));

    std::map<std::string, const PickleValue*> named;
    std::set<std::string_view> stripped;
    size_t num_stripped = 0;
    for (const auto& [full_name, value] : tensors) {
      const std::string_view tensor_name = StripPrefixes(full_name, &stripped);
      if (tensor_name.size() != full_name.size()) ++num_stripped;
      if (!named.emplace(tensor_name, value).second) {
        ThrowTwice(tensor_name);
      }
    }
    if (num_stripped > 0) {
      checkpoint.notes.push_back(fmt::format("prefix '{}' stripped from {} of {} names",
                                             fmt::join(stripped, "', '"), num_stripped,
                                             tensors.size()));
    }
    TakeOneNetwork(wanted, named, checkpoint);
    for (const auto& [tensor_name, value] : named)
      checkpoint.tensors.emplace(tensor_name, ReadTensor(*value, tensor_name));
  }

  std::vector<int64_t> Ints(const PickleValue& value, std::string_view tensor_name) const {
    const PickleValue* list = &value;
    // torch.Size((2, 3)) in place of (2, 3)
    if (value.kind == Kind::kCall && value.global->role == PickleRole::kInert) {
      const auto args = pickle_.Elements(pickle_[value.args]);
      if (args->size() == 1) list = (*args)[0];
    }
    const auto elements = pickle_.Elements(*list);
    if (!elements)
      ThrowModel("{}: damaged checkpoint: the shape of '{}' is no tuple", name_,
                 Printable(tensor_name));
    std::vector<int64_t> ints;
    for (const PickleValue* element : *elements)
      ints.push_back(IntOf(*element, name_, "a size or stride"));
    return ints;
  }

  Tensor ReadTensor(const PickleValue& tensor, std::string_view tensor_name) {
    const PickleValue* call = &tensor;
    for (int depth = 0; Pickle::IsCall(*call, PickleRole::kRebuildParameter); ++depth) {
      const auto args = pickle_.Elements(pickle_[call->args]);
      if (args->empty() || depth == 4)
        ThrowModel("{}: damaged checkpoint: parameter '{}'", name_, Printable(tensor_name));
      call = args->front();
    }
    const auto args = IsTensor(*call) ? pickle_.Elements(pickle_[call->args]) : std::nullopt;
    const bool is_v3 = IsTensor(*call) && call->global->role == PickleRole::kRebuildTensorV3;
    if (!args || args->size() < (is_v3 ? 7u : 4u)) {
      ThrowModel("{}: damaged checkpoint: tensor '{}' lacks its storage, offset, size or stride",
                 name_, Printable(tensor_name));
    }
    StorageId id = ParseStorageId(pickle_, *(*args)[0], name_);
    const std::span<const uint8_t> bytes = storages_.Bytes(id);
    if (is_v3) {
      const PickleValue& dtype = *(*args)[6];
      if (dtype.kind != Kind::kGlobal || dtype.global->role != PickleRole::kTorchDtype) {
        ThrowModel("{}: damaged checkpoint: tensor '{}' has no known element type", name_,
                   Printable(tensor_name));
      }
      id.element = dtype.global->element;
    }
    const int64_t element_size = ElementSize(id.element);
    int64_t begin = 0;
    auto available = static_cast<int64_t>(bytes.size()) / element_size;
    if (id.window_size) {
      if (id.window_offset < 0 || *id.window_size < 0 || id.window_offset > available ||
          *id.window_size > available - id.window_offset) {
        ThrowModel("{}: damaged checkpoint: tensor '{}' views a storage outside its bounds", name_,
                   Printable(tensor_name));
      }
      begin = id.window_offset;
      available = *id.window_size;
    }

    const int64_t offset = IntOf(*(*args)[1], name_, "the offset of a tensor");
    Tensor out;
    out.shape = Ints(*(*args)[2], tensor_name);
    const std::vector<int64_t> strides = Ints(*(*args)[3], tensor_name);
    const int64_t count = NumElements(out.shape);
    constexpr size_t kMaxDimensions = 16;
    if (count < 0 || strides.size() != out.shape.size() || out.shape.size() > kMaxDimensions) {
      ThrowModel("{}: damaged checkpoint: tensor '{}' has shape {} and strides {}", name_,
                 Printable(tensor_name), ShapeText(out.shape), ShapeText(strides));
    }
    if (count == 0) return out;
    // The farthest element must lie in the storage. Every step is checked, so nothing overflows.
    bool fits = offset >= 0 && offset < available;
    int64_t last = offset;
    for (size_t d = 0; d < strides.size() && fits; ++d) {
      const int64_t steps = out.shape[d] - 1;
      fits = strides[d] >= 0 && (steps == 0 || strides[d] <= (available - 1 - last) / steps);
      if (fits) last += steps * strides[d];
    }
    if (!fits) {
      ThrowModel(
          "{}: damaged checkpoint: tensor '{}' (shape {}, strides {}, offset {}) reaches beyond "
          "its storage of {} "
          "elements",
          name_, Printable(tensor_name), ShapeText(out.shape), ShapeText(strides), offset,
          available);
    }
    // Guards against the product below as well: a view of stride 0 can ask for any number of
    // elements.
    budget_.Spend(
        count > (int64_t{1} << 60) ? ~uint64_t{0} : static_cast<uint64_t>(count) * sizeof(float),
        tensor_name);
    out.values.resize(static_cast<size_t>(count));
    Gather(bytes.data() + (begin + offset) * element_size, id.element, strides, out);
    return out;
  }

  static void Gather(const uint8_t* base, ElementType type, const std::vector<int64_t>& strides,
                     Tensor& out) {
    const int64_t element_size = ElementSize(type);
    int64_t expected = 1;
    bool contiguous = true;
    for (size_t d = strides.size(); d-- > 0;) {
      if (out.shape[d] != 1 && strides[d] != expected) contiguous = false;
      expected *= out.shape[d];
    }
    if (contiguous && type == ElementType::kFloat32) {
      std::memcpy(out.values.data(), base, out.values.size() * sizeof(float));
      return;
    }
    std::vector<int64_t> index(strides.size(), 0);
    int64_t at = 0;
    for (float& value : out.values) {
      value = LoadElement(type, base + at * element_size);
      for (size_t d = strides.size(); d-- > 0;) {
        at += strides[d];
        if (++index[d] < out.shape[d]) break;
        at -= out.shape[d] * strides[d];
        index[d] = 0;
      }
    }
  }

  const Pickle& pickle_;
  StorageSource& storages_;
  OutputBudget& budget_;
  std::string_view name_;
  mutable int64_t entries_to_count_ = 10'000'000;
};

class ZipStorages : public StorageSource {
 public:
  ZipStorages(const ZipArchive& archive, std::string root, OutputBudget& budget,
              std::string_view name)
      : archive_(archive), root_(std::move(root)), budget_(budget), name_(name) {}

  std::span<const uint8_t> Bytes(const StorageId& id) override {
    const auto at = read_.find(id.key);
    std::span<const uint8_t> content;
    if (at != read_.end()) {
      content = at->second.view;
    } else {
      const ZipMember* member = archive_.Find(fmt::format("{}data/{}", root_, id.key));
      if (member == nullptr) {
        ThrowModel(
            "{}: damaged checkpoint: the archive has no member '{}data/{}' for a tensor's numbers",
            name_, Printable(root_), Printable(id.key));
      }
      Member& entry = read_[id.key];
      entry.view = archive_.Read(*member, entry.inflated, budget_);
      content = entry.view;
    }
    if (static_cast<uint64_t>(id.num_elements) >
        content.size() / static_cast<uint64_t>(ElementSize(id.element))) {
      ThrowModel(
          "{}: damaged checkpoint: member '{}data/{}' has {} bytes, expected {} elements of {} "
          "bytes",
          name_, Printable(root_), Printable(id.key), content.size(), id.num_elements,
          ElementSize(id.element));
    }
    return content.first(static_cast<size_t>(id.num_elements) *
                         static_cast<size_t>(ElementSize(id.element)));
  }

 private:
  struct Member {
    std::vector<uint8_t> inflated;
    std::span<const uint8_t> view;
  };
  const ZipArchive& archive_;
  std::string root_;
  OutputBudget& budget_;
  std::string_view name_;
  std::map<std::string_view, Member> read_;
};

class LegacyStorages : public StorageSource {
 public:
  // Reads the list of keys and the storages that follow the object's pickle. The types stand only
  // in the persistent ids.
  LegacyStorages(ByteReader& reader, const Pickle& object, std::string_view name) : name_(name) {
    std::map<std::string_view, StorageId> described;
    for (const PickleValue& value : object.values()) {
      if (value.kind != Kind::kPersistent) continue;
      const StorageId id = ParseStorageId(object, value, name);
      const auto [at, is_new] = described.emplace(id.key, id);
      if (!is_new &&
          (at->second.element != id.element || at->second.num_elements != id.num_elements)) {
        ThrowModel("{}: damaged checkpoint: storage '{}' has two types or sizes", name,
                   Printable(id.key));
      }
    }
    const Pickle keys(reader);
    const auto elements = keys.Elements(keys.root());
    if (!elements) ThrowModel("{}: damaged checkpoint: the list of storages is missing", name);
    for (const PickleValue* key : *elements) {
      const auto at = key->kind == Kind::kString ? described.find(key->text) : described.end();
      if (at == described.end()) {
        ThrowModel(
            "{}: damaged checkpoint: storage '{}' is stored but no tensor says what it holds", name,
            key->kind == Kind::kString ? Printable(key->text) : std::string("?"));
      }
      const auto count = reader.Read<int64_t>();
      if (count != at->second.num_elements) {
        ThrowModel("{}: damaged checkpoint: storage '{}' has {} elements, expected {}", name,
                   Printable(key->text), count, at->second.num_elements);
      }
      const auto size = static_cast<uint64_t>(ElementSize(at->second.element));
      if (static_cast<uint64_t>(count) > reader.remaining() / size) {
        ThrowModel(
            "{}: cut short: storage '{}' needs {} elements of {} bytes, only {} bytes are left; "
            "copy or download the "
            "file again",
            name, Printable(key->text), count, size, reader.remaining());
      }
      // The key's text belongs to `keys`' pickle, which is a view of the file itself.
      storages_[key->text] = reader.Take(static_cast<uint64_t>(count) * size);
    }
  }

  std::span<const uint8_t> Bytes(const StorageId& id) override {
    const auto at = storages_.find(id.key);
    if (at == storages_.end()) {
      ThrowModel("{}: damaged checkpoint: the numbers of storage '{}' are missing", name_,
                 Printable(id.key));
    }
    return at->second;
  }

 private:
  std::string_view name_;
  std::map<std::string_view, std::span<const uint8_t>> storages_;
};

// The folder of data.pkl inside the archive, with its slash; torch calls it after the file.
std::string FindRoot(const ZipArchive& archive, std::string_view name) {
  const ZipMember* found = nullptr;
  bool is_torchscript = false;
  for (const ZipMember& member : archive.members()) {
    if (member.name == "constants.pkl" || EndsWith(member.name, "/constants.pkl"))
      is_torchscript = true;
    const bool is_data = member.name == "data.pkl" || EndsWith(member.name, "/data.pkl");
    if (!is_data || std::count(member.name.begin(), member.name.end(), '/') > 1) continue;
    if (found != nullptr) {
      ThrowModel("{}: the archive holds two checkpoints, '{}' and '{}'", name,
                 Printable(found->name), Printable(member.name));
    }
    found = &member;
  }
  if (is_torchscript) {
    ThrowModel(
        "{}: a TorchScript program (torch.jit.save), not a state_dict; in Python: "
        "torch.save(torch.jit.load('file').state_dict(), 'weights.pth')",
        name);
  }
  if (found == nullptr) {
    std::vector<std::string> names;
    for (const ZipMember& member : archive.members()) {
      if (names.size() < 5) names.push_back(Printable(member.name));
    }
    ThrowModel("{}: a zip archive but not a torch checkpoint: it has no data.pkl (it holds {}){}",
               name, names.empty() ? std::string("nothing") : JoinText(names, ", "),
               std::any_of(names.begin(), names.end(),
                           [](const std::string& n) { return n.find(".pt") != n.npos; })
                   ? "; unpack it first"
                   : "");
  }
  return found->name.substr(0, found->name.size() - std::string_view("data.pkl").size());
}

}  // namespace

bool LooksLikeTorchLegacy(std::span<const uint8_t> bytes) {
  // PROTO, then perhaps a frame of protocol 4, then LONG1 of 10 bytes.
  const std::string_view head(reinterpret_cast<const char*>(bytes.data()),
                              std::min<size_t>(bytes.size(), 64));
  return !head.empty() && head[0] == '\x80' && head.find(kLegacyMagic) != head.npos;
}

void ReadTorchZip(std::span<const uint8_t> bytes, std::string_view name, std::string_view entry,
                  Checkpoint& checkpoint) {
  OutputBudget budget(bytes.size(), name);
  const ZipArchive archive(bytes, name);
  const std::string root = FindRoot(archive, name);
  std::vector<uint8_t> scratch;
  if (const ZipMember* order = archive.Find(root + "byteorder")) {
    const auto content = archive.Read(*order, scratch, budget);
    const std::string text(content.begin(), content.end());
    if (Trim(text) != "little") {
      ThrowModel(
          "{}: byte order '{}' is not supported, only 'little'; save it again on a little-endian "
          "machine",
          name, Printable(text));
    }
  }
  std::vector<uint8_t> pickle_storage;
  const auto pickle_bytes = archive.Read(*archive.Find(root + "data.pkl"), pickle_storage, budget);
  const std::string label = fmt::format("{}: {}data.pkl", name, Printable(root));
  ByteReader reader(pickle_bytes, label);
  const Pickle pickle(reader);
  ZipStorages storages(archive, root, budget, name);
  StateDictReader(pickle, storages, budget, name).Read(entry, checkpoint);
}

void ReadTorchLegacy(std::span<const uint8_t> bytes, std::string_view name, std::string_view entry,
                     Checkpoint& checkpoint) {
  OutputBudget budget(bytes.size(), name);
  ByteReader reader(bytes, name);
  const Pickle magic(reader);
  if (magic.root().kind != Kind::kBytes || magic.root().text != kLegacyMagic) {
    ThrowModel("{}: damaged checkpoint: the magic number of torch's old format is missing", name);
  }
  const Pickle protocol(reader);
  if (protocol.root().kind != Kind::kInt || protocol.root().integer != 1001) {
    ThrowModel("{}: torch's old format in a protocol other than 1001 is not supported", name);
  }
  const Pickle system_info(reader);
  if (const auto entries = system_info.Entries(system_info.root())) {
    for (const auto& [key, value] : *entries) {
      if (key->kind == Kind::kString && key->text == "little_endian" &&
          value->kind == Kind::kBool && value->integer == 0) {
        ThrowModel(
            "{}: byte order 'big' is not supported, only 'little'; save it again on a "
            "little-endian machine",
            name);
      }
    }
  }
  const Pickle object(reader);
  LegacyStorages storages(reader, object, name);
  StateDictReader(object, storages, budget, name).Read(entry, checkpoint);
}

}  // namespace reidbench
