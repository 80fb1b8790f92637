// A YAML document as a plain tree whose nodes know where they were written. Stricter than YAML:
// duplicate keys, anchors, aliases, tags and several documents in one file are errors, and scalars
// keep their text until somebody asks for a type.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "reidbench/core/error.h"

namespace reidbench {

// Bounds on what is read; a config file is far smaller.
inline constexpr size_t kMaxConfigBytes = 1 << 20;
inline constexpr int kMaxConfigDepth = 64;
inline constexpr size_t kMaxConfigNodes = 100'000;

// Where a value was written. `source` is a file, or "--set a.b=1" with line 0.
struct ConfigPlace {
  std::string source;
  int line = 0;    // from 1
  int column = 0;  // from 1

  std::string ToString() const;  // "configs/x.yaml:12:3" or "--set a.b=1"
  friend bool operator==(const ConfigPlace&, const ConfigPlace&) = default;
};

// A value that is not what was asked for: "place: message".
class ConfigValueError : public Error {
 public:
  ConfigValueError(ConfigPlace place, std::string message)
      : Error(ErrorKind::kConfig, place.ToString() + ": " + message),
        place_(std::move(place)),
        message_(std::move(message)) {}
  const ConfigPlace& place() const { return place_; }
  const std::string& message() const { return message_; }

 private:
  ConfigPlace place_;
  std::string message_;
};

struct ConfigNode {
  enum class Kind {
    kNull,      // nothing written ("key:"), or "~" or "null"
    kScalar,    // `text`
    kSequence,  // `children`
    kMapping,   // `children`, each with its `key`, in the order written; keys are unique
  };

  Kind kind = Kind::kNull;
  std::string text;     // of a scalar, as written, without its quotes
  bool quoted = false;  // a scalar in quotes or a block scalar: always a string
  std::vector<ConfigNode> children;
  std::string key;        // of a mapping's child
  ConfigPlace key_place;  // of a mapping's child
  ConfigPlace place;

  bool IsNull() const { return kind == Kind::kNull; }
  bool IsScalar() const { return kind == Kind::kScalar; }
  bool IsSequence() const { return kind == Kind::kSequence; }
  bool IsMapping() const { return kind == Kind::kMapping; }

  // A mapping's value, or nullptr when the key is absent or this is no mapping.
  const ConfigNode* Find(std::string_view wanted) const;
  ConfigNode* Find(std::string_view wanted);

  // Strict conversions; throw ConfigValueError with the place, what was expected and what is there.
  bool AsBool() const;           // `true` or `false`, nothing else
  int64_t AsInt64() const;       // decimal digits; 010, 0x10, 1e3, 5.0 and "5" are errors
  uint64_t AsUint64() const;     // the same, up to 2^64 - 1
  double AsDouble() const;       // decimal, finite; 010 is an error
  std::string AsString() const;  // any scalar

  // "the number 5", "a list", "nothing": for messages.
  std::string Describe() const;
};

// `source_name` appears in messages. An empty text gives a null node. Throws Error(kConfig) with
// source:line:column.
ConfigNode ParseConfig(std::string_view text, std::string_view source_name);
// Also throws Error(kIo) when the file cannot be read.
ConfigNode LoadConfig(const std::filesystem::path& path);

// Applies one --set: "tracker.max_age=30", "cameras.0.name=north", "ranks=[1, 5]". The value is
// YAML on one line. Missing mappings on the way are created; a number addresses an existing entry
// of a list. The new nodes' place is "--set ...". Throws Error(kConfig).
void ApplyOverride(ConfigNode* root, std::string_view assignment);

// Lays `over` on `base`: mappings are merged key by key, everything else is replaced. Values keep
// their places.
void MergeConfig(ConfigNode* base, const ConfigNode& over);

// YAML text that ParseConfig reads back as the same tree, the same bytes for the same tree. With
// `with_places` each value carries a comment that says where it came from.
std::string DumpConfig(const ConfigNode& node, bool with_places = false);

}  // namespace reidbench
