#include "reidbench/weights/pickle.h"

#include <algorithm>
#include <array>

#include "reidbench/core/error.h"

namespace reidbench {
namespace {

using Kind = PickleValue::Kind;

constexpr size_t kMaxObjects = 4'000'000;

// The whole allow-list. Nothing here is ever called: an entry only says that its name may appear.
constexpr auto kGlobals = std::to_array<PickleGlobal>({
    {"collections", "OrderedDict", PickleRole::kDict},
    {"collections", "Counter", PickleRole::kDict},
    {"collections", "defaultdict", PickleRole::kDefaultDict},
    {"torch._utils", "_rebuild_tensor", PickleRole::kRebuildTensor},
    {"torch._utils", "_rebuild_tensor_v2", PickleRole::kRebuildTensorV2},
    {"torch._utils", "_rebuild_tensor_v3", PickleRole::kRebuildTensorV3},
    {"torch._utils", "_rebuild_parameter", PickleRole::kRebuildParameter},
    {"torch", "FloatStorage", PickleRole::kStorage, ElementType::kFloat32},
    {"torch", "DoubleStorage", PickleRole::kStorage, ElementType::kFloat64},
    {"torch", "HalfStorage", PickleRole::kStorage, ElementType::kFloat16},
    {"torch", "BFloat16Storage", PickleRole::kStorage, ElementType::kBFloat16},
    {"torch", "LongStorage", PickleRole::kStorage, ElementType::kInt64},
    {"torch", "IntStorage", PickleRole::kStorage, ElementType::kInt32},
    {"torch", "ShortStorage", PickleRole::kStorage, ElementType::kInt16},
    {"torch", "CharStorage", PickleRole::kStorage, ElementType::kInt8},
    {"torch", "ByteStorage", PickleRole::kStorage, ElementType::kUInt8},
    {"torch", "BoolStorage", PickleRole::kStorage, ElementType::kBool},
    {"torch", "UntypedStorage", PickleRole::kStorage, ElementType::kUntyped},
    {"torch.storage", "UntypedStorage", PickleRole::kStorage, ElementType::kUntyped},
    {"torch", "float32", PickleRole::kTorchDtype, ElementType::kFloat32},
    {"torch", "float64", PickleRole::kTorchDtype, ElementType::kFloat64},
    {"torch", "float16", PickleRole::kTorchDtype, ElementType::kFloat16},
    {"torch", "bfloat16", PickleRole::kTorchDtype, ElementType::kBFloat16},
    {"torch", "int64", PickleRole::kTorchDtype, ElementType::kInt64},
    {"torch", "int32", PickleRole::kTorchDtype, ElementType::kInt32},
    {"torch", "int16", PickleRole::kTorchDtype, ElementType::kInt16},
    {"torch", "int8", PickleRole::kTorchDtype, ElementType::kInt8},
    {"torch", "uint8", PickleRole::kTorchDtype, ElementType::kUInt8},
    {"torch", "bool", PickleRole::kTorchDtype, ElementType::kBool},
    {"torch", "Size"},
    {"torch", "device"},
    {"numpy.core.multiarray", "scalar", PickleRole::kNumpyScalar},
    {"numpy._core.multiarray", "scalar", PickleRole::kNumpyScalar},
    {"numpy", "dtype", PickleRole::kNumpyDtype},
    {"numpy.core.multiarray", "_reconstruct"},
    {"numpy._core.multiarray", "_reconstruct"},
    {"numpy", "ndarray"},
    {"_codecs", "encode", PickleRole::kCodecsEncode},
    {"builtins", "dict", PickleRole::kDict},
    {"builtins", "list"},
    {"builtins", "tuple"},
    {"builtins", "set"},
    {"builtins", "frozenset"},
    {"builtins", "int"},
    {"builtins", "float"},
    {"builtins", "bool"},
    {"builtins", "str"},
    {"builtins", "bytes"},
    {"builtins", "bytearray"},
    {"builtins", "complex"},
    {"builtins", "slice"},
    {"builtins", "range"},
});

const PickleGlobal* FindGlobal(std::string_view module, std::string_view name) {
  if (module == "__builtin__") module = "builtins";  // Python 2
  const auto at = std::find_if(kGlobals.begin(), kGlobals.end(), [&](const PickleGlobal& g) {
    return g.module == module && g.name == name;
  });
  return at == kGlobals.end() ? nullptr : &*at;
}

}  // namespace

class PickleMachine {
 public:
  PickleMachine(ByteReader& reader, std::vector<PickleValue>& values)
      : reader_(reader), length_(reader.remaining()), values_(values) {
    // One object each, however often a pickle names them.
    values_.resize(3);
    values_[kTrue].kind = values_[kFalse].kind = Kind::kBool;
    values_[kTrue].integer = 1;
  }

  PickleRef Run() {
    while (true) {
      opcode_at_ = reader_.position();
      const auto opcode = reader_.Read<uint8_t>();
      if (opcode == '.') return Pop();
      Execute(opcode);
    }
  }

 private:
  static constexpr PickleRef kNone = 0;
  static constexpr PickleRef kTrue = 1;
  static constexpr PickleRef kFalse = 2;

  [[noreturn]] void Damaged(std::string_view reason) const {
    ThrowModel("{}: damaged pickle: {} (byte {})", reader_.name(), reason, opcode_at_);
  }

  PickleValue& New(Kind kind) {
    if (values_.size() >= kMaxObjects) {
      ThrowModel(
          "{}: refused: the pickle holds more than {} objects; a checkpoint of tensors has "
          "thousands",
          reader_.name(), kMaxObjects);
    }
    stack_.push_back(static_cast<PickleRef>(values_.size()));
    PickleValue& value = values_.emplace_back();
    value.kind = kind;
    return value;
  }
  void NewInt(int64_t integer) { New(Kind::kInt).integer = integer; }
  void NewText(Kind kind, uint64_t size) {
    const std::string_view text = reader_.TakeText(size);
    New(kind).text = text;
  }

  // Values above the topmost mark only: a mark hides what lies beneath it.
  PickleRef Pop() {
    if (stack_.size() <= Floor()) Damaged("the stack is empty");
    const PickleRef ref = stack_.back();
    stack_.pop_back();
    return ref;
  }
  PickleRef Top() const {
    if (stack_.size() <= Floor()) Damaged("the stack is empty");
    return stack_.back();
  }
  size_t Floor() const { return marks_.empty() ? 0 : marks_.back(); }
  std::vector<PickleRef> PopToMark() {
    if (marks_.empty()) Damaged("a mark is missing");
    const auto first = stack_.begin() + static_cast<ptrdiff_t>(marks_.back());
    std::vector<PickleRef> items(first, stack_.end());
    stack_.erase(first, stack_.end());
    marks_.pop_back();
    return items;
  }

  void NewTuple(std::vector<PickleRef> items) { New(Kind::kTuple).items = std::move(items); }
  void NewShortTuple(size_t count) {
    std::vector<PickleRef> items(count);
    for (size_t i = count; i-- > 0;) items[i] = Pop();
    NewTuple(std::move(items));
  }

  void Memoize(uint64_t index) {
    // Every entry took at least one byte, so a larger index is damage; the limit also bounds the
    // table.
    if (index >= length_) Damaged("a memo index is larger than the pickle");
    if (index >= memo_.size()) memo_.resize(index + 1, kUnset);
    memo_[index] = Top();
  }
  void Recall(uint64_t index) {
    if (index >= memo_.size() || memo_[index] == kUnset) Damaged("a memo entry is missing");
    stack_.push_back(memo_[index]);
  }

  void NewGlobal(std::string_view module, std::string_view name) {
    const PickleGlobal* global = FindGlobal(module, name);
    if (global == nullptr) {
      ThrowModel(
          "{}: refused: the pickle asks for {}.{}, which tensors do not need (nothing was "
          "executed); a file of weights "
          "alone is made in Python by torch.save(model.state_dict(), 'weights.pth')",
          reader_.name(), Printable(module), Printable(name));
    }
    New(Kind::kGlobal).global = global;
  }

  void Call() {
    const PickleRef args = Pop();
    const PickleRef callable = Pop();
    if (values_[args].kind != Kind::kTuple) Damaged("a call without a tuple of arguments");
    if (values_[callable].kind != Kind::kGlobal)
      Damaged("a call of something that is no class or function");
    const PickleGlobal* global = values_[callable].global;
    PickleValue& call = New(Kind::kCall);
    call.global = global;
    call.args = args;
  }

  void AddItems(Kind kind, const std::vector<PickleRef>& items) {
    PickleValue& target = values_[Top()];
    if (kind == Kind::kDict) {
      if (items.size() % 2 != 0) Damaged("a key without a value");
      if (target.kind != Kind::kDict && target.kind != Kind::kCall)
        Damaged("an item is set on something that is no dict");
    } else if (target.kind != kind && target.kind != Kind::kCall) {
      Damaged("an element is added to something that is no list or set");
    }
    target.items.insert(target.items.end(), items.begin(), items.end());
  }

  void NewLong(std::string_view bytes) {
    if (bytes.size() > 8) {
      New(Kind::kBytes).text = bytes;
      return;
    }
    uint64_t value = 0;
    for (size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<uint8_t>(bytes[i]);
    const bool negative = !bytes.empty() && (static_cast<uint8_t>(bytes.back()) & 0x80) != 0;
    if (negative && bytes.size() < 8) value |= ~uint64_t{0} << (8 * bytes.size());
    NewInt(static_cast<int64_t>(value));
  }

  void Execute(uint8_t opcode) {
    switch (opcode) {
      case 0x80: {  // PROTO
        const auto protocol = reader_.Read<uint8_t>();
        if (protocol > 5) Damaged(fmt::format("protocol {} is unknown, 5 is the newest", protocol));
        break;
      }
      case 0x95:  // FRAME
        if (reader_.Read<uint64_t>() > reader_.remaining())
          Damaged("cut short: a frame is longer than the rest");
        break;
      case '(':
        marks_.push_back(stack_.size());
        break;
      case '0':  // POP
        if (!marks_.empty() && stack_.size() == marks_.back()) {
          marks_.pop_back();
        } else {
          Pop();
        }
        break;
      case '1':  // POP_MARK
        PopToMark();
        break;
      case 'N':
        stack_.push_back(kNone);
        break;
      case 0x88:
        stack_.push_back(kTrue);
        break;
      case 0x89:
        stack_.push_back(kFalse);
        break;
      case 'J':  // BININT
        NewInt(reader_.Read<int32_t>());
        break;
      case 'K':  // BININT1
        NewInt(reader_.Read<uint8_t>());
        break;
      case 'M':  // BININT2
        NewInt(reader_.Read<uint16_t>());
        break;
      case 0x8a:  // LONG1
        NewLong(reader_.TakeText(reader_.Read<uint8_t>()));
        break;
      case 0x8b:  // LONG4
        NewLong(reader_.TakeText(reader_.Read<uint32_t>()));
        break;
      case 'G': {  // BINFLOAT, big-endian
        uint64_t bits = 0;
        for (const uint8_t byte : reader_.Take(8)) bits = bits << 8 | byte;
        New(Kind::kFloat).real = std::bit_cast<double>(bits);
        break;
      }
      case 'X':  // BINUNICODE
        NewText(Kind::kString, reader_.Read<uint32_t>());
        break;
      case 0x8c:  // SHORT_BINUNICODE
      case 'U':   // SHORT_BINSTRING, Python 2's str
        NewText(Kind::kString, reader_.Read<uint8_t>());
        break;
      case 0x8d:  // BINUNICODE8
        NewText(Kind::kString, reader_.Read<uint64_t>());
        break;
      case 'T':  // BINSTRING
        NewText(Kind::kString, reader_.Read<uint32_t>());
        break;
      case 'C':  // SHORT_BINBYTES
        NewText(Kind::kBytes, reader_.Read<uint8_t>());
        break;
      case 'B':  // BINBYTES
        NewText(Kind::kBytes, reader_.Read<uint32_t>());
        break;
      case 0x8e:  // BINBYTES8
      case 0x96:  // BYTEARRAY8
        NewText(Kind::kBytes, reader_.Read<uint64_t>());
        break;
      case ')':
        NewTuple({});
        break;
      case 0x85:  // TUPLE1
      case 0x86:
      case 0x87:
        NewShortTuple(opcode - 0x84u);
        break;
      case 't':
        NewTuple(PopToMark());
        break;
      case ']':
        New(Kind::kList);
        break;
      case '}':
        New(Kind::kDict);
        break;
      case 0x8f:  // EMPTY_SET
        New(Kind::kSet);
        break;
      case 'l': {
        std::vector<PickleRef> items = PopToMark();
        New(Kind::kList).items = std::move(items);
        break;
      }
      case 'd': {
        std::vector<PickleRef> items = PopToMark();
        if (items.size() % 2 != 0) Damaged("a key without a value");
        New(Kind::kDict).items = std::move(items);
        break;
      }
      case 0x91: {  // FROZENSET
        std::vector<PickleRef> items = PopToMark();
        New(Kind::kSet).items = std::move(items);
        break;
      }
      case 'a': {  // APPEND
        const PickleRef item = Pop();
        AddItems(Kind::kList, {item});
        break;
      }
      case 'e':  // APPENDS
        AddItems(Kind::kList, PopToMark());
        break;
      case 0x90:  // ADDITEMS
        AddItems(Kind::kSet, PopToMark());
        break;
      case 's': {  // SETITEM
        const PickleRef value = Pop();
        const PickleRef key = Pop();
        AddItems(Kind::kDict, {key, value});
        break;
      }
      case 'u':  // SETITEMS
        AddItems(Kind::kDict, PopToMark());
        break;
      case 'q':  // BINPUT
        Memoize(reader_.Read<uint8_t>());
        break;
      case 'r':  // LONG_BINPUT
        Memoize(reader_.Read<uint32_t>());
        break;
      case 0x94:  // MEMOIZE
        Memoize(num_memoized_++);
        break;
      case 'h':  // BINGET
        Recall(reader_.Read<uint8_t>());
        break;
      case 'j':  // LONG_BINGET
        Recall(reader_.Read<uint32_t>());
        break;
      case 'c': {  // GLOBAL
        const std::string_view module = reader_.TakeLine();
        NewGlobal(module, reader_.TakeLine());
        break;
      }
      case 'i': {  // INST, protocol 0: only to name what it asks for
        const std::string_view module = reader_.TakeLine();
        NewGlobal(module, reader_.TakeLine());
        Damaged("opcode INST is not used by checkpoints");
      }
      case 0x93: {  // STACK_GLOBAL
        const PickleRef name = Pop();
        const PickleRef module = Pop();
        if (values_[name].kind != Kind::kString || values_[module].kind != Kind::kString)
          Damaged("a global without a name");
        NewGlobal(values_[module].text, values_[name].text);
        break;
      }
      case 'R':   // REDUCE
      case 0x81:  // NEWOBJ
        Call();
        break;
      case 'b':  // BUILD: the state (an OrderedDict's _metadata, a dtype's byte order) is of no use
                 // here
        Pop();
        Top();
        break;
      case 'Q': {  // BINPERSID
        const PickleRef id = Pop();
        New(Kind::kPersistent).args = id;
        break;
      }
      default:
        Damaged(fmt::format("opcode 0x{:02x} is not used by checkpoints", opcode));
    }
  }

  static constexpr PickleRef kUnset = ~PickleRef{0};

  ByteReader& reader_;
  uint64_t length_;
  size_t opcode_at_ = 0;
  std::vector<PickleValue>& values_;
  std::vector<PickleRef> stack_;
  std::vector<size_t> marks_;
  std::vector<PickleRef> memo_;
  uint64_t num_memoized_ = 0;
};

Pickle::Pickle(ByteReader& reader) { root_ = PickleMachine(reader, values_).Run(); }

bool Pickle::IsCall(const PickleValue& value, PickleRole role) {
  return value.kind == Kind::kCall && value.global->role == role;
}

std::optional<std::vector<const PickleValue*>> Pickle::Elements(const PickleValue& value) const {
  if (value.kind != Kind::kTuple && value.kind != Kind::kList) return std::nullopt;
  std::vector<const PickleValue*> elements;
  elements.reserve(value.items.size());
  for (const PickleRef item : value.items) elements.push_back(&values_[item]);
  return elements;
}

std::optional<std::vector<std::pair<const PickleValue*, const PickleValue*>>> Pickle::Entries(
    const PickleValue& value) const {
  std::vector<std::pair<const PickleValue*, const PickleValue*>> entries;
  const auto append = [&](const std::vector<PickleRef>& items) {
    for (size_t i = 0; i + 1 < items.size(); i += 2)
      entries.emplace_back(&values_[items[i]], &values_[items[i + 1]]);
  };
  if (value.kind == Kind::kDict) {
    append(value.items);
    return entries;
  }
  if (!IsCall(value, PickleRole::kDict) && !IsCall(value, PickleRole::kDefaultDict))
    return std::nullopt;
  // OrderedDict([[key, value], ...]) as Python 2 wrote it, or Counter({...}).
  const auto args = Elements(values_[value.args]);
  if (args && !args->empty()) {
    const PickleValue& initial = *args->back();
    if (initial.kind == Kind::kDict) {
      append(initial.items);
    } else if (const auto pairs = Elements(initial)) {
      for (const PickleValue* pair : *pairs) {
        if ((pair->kind == Kind::kTuple || pair->kind == Kind::kList) && pair->items.size() == 2)
          append(pair->items);
      }
    }
  }
  append(value.items);
  return entries;
}

}  // namespace reidbench
