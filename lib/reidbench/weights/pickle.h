// A pickle machine that executes nothing: it builds inert data, and refuses every global (class or
// function) outside a fixed list of those that torch checkpoints need. Protocols 2 to 5, as
// Python's pickletools describes the opcodes. Internal to the reader of checkpoints.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reidbench/weights/byte_reader.h"
#include "reidbench/weights/number_formats.h"

namespace reidbench {

// What an allowed global means to the reader; kInert are plain types and numpy helpers whose calls
// stay unevaluated.
enum class PickleRole : uint8_t {
  kDict,              // collections.OrderedDict, Counter, dict
  kDefaultDict,       // collections.defaultdict: the first argument is its factory
  kRebuildTensor,     // (storage, offset, size, stride)
  kRebuildTensorV2,   // (storage, offset, size, stride, requires_grad, hooks[, metadata])
  kRebuildTensorV3,   // (storage, offset, size, stride, requires_grad, hooks, dtype)
  kRebuildParameter,  // (tensor, requires_grad, hooks)
  kStorage,
  kTorchDtype,
  kNumpyScalar,
  kNumpyDtype,
  kCodecsEncode,
  kInert,
};

struct PickleGlobal {
  std::string_view module;
  std::string_view name;
  PickleRole role = PickleRole::kInert;
  ElementType element = ElementType::kUntyped;  // of kStorage and kTorchDtype
};

// Values refer to each other by number, so that cycles and deep nesting cost nothing.
using PickleRef = uint32_t;

struct PickleValue {
  enum class Kind : uint8_t {
    kNone,
    kBool,
    kInt,
    kFloat,
    kString,
    kBytes,  // also integers of more than 8 bytes: little-endian
    kTuple,
    kList,
    kSet,
    kDict,  // items: key, value, key, value, ...
    kGlobal,
    kCall,  // callable(args), never evaluated; items as in kDict where something was set on it
    kPersistent,  // args: the persistent id
  };
  Kind kind = Kind::kNone;
  union {
    int64_t integer = 0;  // kInt, kBool
    double real;          // kFloat
  };
  std::string_view text;                 // kString (UTF-8), kBytes: views of the pickle
  const PickleGlobal* global = nullptr;  // kGlobal; kCall: the callable
  PickleRef args = 0;
  std::vector<PickleRef> items;
};

// The object of one pickle. Its texts are views of the bytes that were read.
class Pickle {
 public:
  // Reads one pickle from the reader's position and leaves the reader behind its STOP. Throws
  // Error(kModel) when the pickle is damaged or cut short, asks for a global outside the list
  // ("refused: the pickle asks for posix.system"), uses opcodes that checkpoints do not need, or
  // holds more than 4 million objects.
  explicit Pickle(ByteReader& reader);

  const PickleValue& root() const { return values_[root_]; }
  const PickleValue& operator[](PickleRef ref) const { return values_[ref]; }
  const std::vector<PickleValue>& values() const { return values_; }

  // Key and value of every entry in order, for a dict or a call that makes one; nullopt for
  // anything else. A later entry of the same key replaces an earlier one: that is left to the
  // caller.
  std::optional<std::vector<std::pair<const PickleValue*, const PickleValue*>>> Entries(
      const PickleValue& value) const;
  // The elements of a tuple or list; nullopt for anything else.
  std::optional<std::vector<const PickleValue*>> Elements(const PickleValue& value) const;
  // True for a call of a global with this role.
  static bool IsCall(const PickleValue& value, PickleRole role);

 private:
  friend class PickleMachine;
  std::vector<PickleValue> values_;
  PickleRef root_ = 0;
};

}  // namespace reidbench
