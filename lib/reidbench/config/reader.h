// Reads a ConfigNode into option structs. Collects every error (wrong types, values out of range,
// missing and unknown keys) and reports them together, each with file:line:column.
//
//   ConfigReader reader(root);
//   ConfigReader tracker = reader.Section("tracker");
//   tracker.Read("max_age", &options.max_age, AtLeast(1));
//   tracker.ReadChoice("kind", &options.kind, {{"sort", Kind::kSort}, {"byte", Kind::kByte}});
//   reader.Finish();
#pragma once

#include <fmt/core.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "reidbench/config/node.h"

namespace reidbench {

// Conversions of one value; throw ConfigValueError. Own types may add an overload in their
// namespace.
void ConvertConfig(const ConfigNode& node, bool* value);
void ConvertConfig(const ConfigNode& node, int* value);
void ConvertConfig(const ConfigNode& node, int64_t* value);
void ConvertConfig(const ConfigNode& node, uint64_t* value);
void ConvertConfig(const ConfigNode& node, double* value);
void ConvertConfig(const ConfigNode& node, float* value);
void ConvertConfig(const ConfigNode& node, std::string* value);
void ConvertConfig(const ConfigNode& node,
                   std::filesystem::path* value);  // as written, not resolved
void RequireConfigList(const ConfigNode& node);

// null gives nullopt.
template <typename T>
void ConvertConfig(const ConfigNode& node, std::optional<T>* value) {
  if (node.IsNull()) {
    value->reset();
    return;
  }
  T inner{};
  ConvertConfig(node, &inner);
  *value = std::move(inner);
}

template <typename T>
void ConvertConfig(const ConfigNode& node, std::vector<T>* value) {
  RequireConfigList(node);
  std::vector<T> items;
  items.reserve(node.children.size());
  for (const ConfigNode& child : node.children) {
    T item{};
    ConvertConfig(child, &item);
    items.push_back(std::move(item));
  }
  *value = std::move(items);
}

// What is wrong with a value, or nullopt. Applied to every number in a list and to the content of
// an optional.
using NumberCheck = std::function<std::optional<std::string>(double)>;
NumberCheck Between(double low, double high);  // both included
NumberCheck AtLeast(double low);
NumberCheck Above(double low);  // low itself excluded

namespace internal {
template <typename T>
inline constexpr bool kIsNumeric = std::is_arithmetic_v<T> && !std::is_same_v<T, bool>;
template <typename T>
inline constexpr bool kIsNumeric<std::optional<T>> = kIsNumeric<T>;
template <typename T>
inline constexpr bool kIsNumeric<std::vector<T>> = kIsNumeric<T>;

template <typename T>
std::optional<std::string> CheckValue(const T& value, const NumberCheck& check) {
  return check(static_cast<double>(value));
}
template <typename T>
std::optional<std::string> CheckValue(const std::optional<T>& value, const NumberCheck& check) {
  return value ? CheckValue(*value, check) : std::nullopt;
}
template <typename T>
std::optional<std::string> CheckValue(const std::vector<T>& values, const NumberCheck& check) {
  for (const T& value : values) {
    if (auto error = CheckValue(value, check)) return error;
  }
  return std::nullopt;
}
}  // namespace internal

class ConfigReader {
 public:
  // The node must outlive the reader and the readers of its sections. A null node reads like an
  // empty section.
  explicit ConfigReader(const ConfigNode& node);

  // True when the section exists; Section("x") of an absent x gives a reader that finds no keys.
  bool exists() const { return node_ != nullptr; }
  // Where the section stands; of an absent one, where it is missed.
  const ConfigPlace& place() const { return place_; }

  // Whether the key is written; does not make it known.
  bool Has(std::string_view key) const;

  // Sets *field if the key is there; an absent key leaves it as it is. False when absent or wrong.
  template <typename T>
  bool Read(std::string_view key, T* field, const NumberCheck& check = nullptr) {
    const ConfigNode* value = Take(key);
    return value != nullptr && Convert(*value, key, field, check);
  }

  // The same; an absent key is an error that names the section's line.
  template <typename T>
  bool Require(std::string_view key, T* field, const NumberCheck& check = nullptr) {
    const ConfigNode* value = TakeRequired(key);
    return value != nullptr && Convert(*value, key, field, check);
  }

  // One of a few words, for enums.
  template <typename E>
  bool ReadChoice(
      std::string_view key, E* field,
      std::initializer_list<std::pair<std::string_view, std::type_identity_t<E>>> choices) {
    return ReadChoice(key, field, std::span(choices.begin(), choices.size()));
  }
  template <typename E>
  bool ReadChoice(std::string_view key, E* field,
                  std::span<const std::pair<std::string_view, std::type_identity_t<E>>> choices) {
    const ConfigNode* value = Take(key);
    if (value == nullptr) return false;
    std::vector<std::string> names;
    for (const auto& [name, choice] : choices) {
      if (value->IsScalar() && value->text == name) {
        *field = choice;
        return true;
      }
      names.emplace_back(name);
    }
    AddChoiceError(*value, key, names);
    return false;
  }

  // The value as it is, for what has no fixed type; nullptr when absent. Unknown keys below it are
  // not looked for.
  const ConfigNode* Take(std::string_view key);

  ConfigReader Section(std::string_view key);
  ConfigReader RequireSection(std::string_view key);
  // A list of sections; empty when absent.
  std::vector<ConfigReader> Sections(std::string_view key);
  // This section's entries whose keys are names chosen by the user, each a section: (name, reader).
  std::vector<std::pair<std::string, ConfigReader>> NamedSections();

  // For checks across fields: an error at `key` (or at the section when `key` is not written).
  void AddError(std::string_view key, std::string_view message);

  // Looks for unknown keys in every section that was opened and throws one Error(kConfig) with all
  // errors in the order of the file. Call it once, on the outermost reader.
  void Finish();

 private:
  struct State;

  ConfigReader(std::shared_ptr<State> state, const ConfigNode* node, ConfigPlace place,
               std::string path);
  ConfigReader Open(const ConfigNode* node, std::string_view key);
  std::string PathOf(std::string_view key) const;
  const ConfigNode* TakeRequired(std::string_view key);
  void AddChoiceError(const ConfigNode& value, std::string_view key,
                      const std::vector<std::string>& names);
  // Runs `convert`, which may throw Error, and records its error.
  bool Guard(std::string_view key, const std::function<void()>& convert);
  void AddErrorAt(const ConfigPlace& place, std::string_view key, std::string_view message);

  template <typename T>
  bool Convert(const ConfigNode& value, std::string_view key, T* field, const NumberCheck& check) {
    T converted = *field;
    if (!Guard(key, [&] { ConvertConfig(value, &converted); })) return false;
    if constexpr (internal::kIsNumeric<T>) {
      if (check) {
        if (const auto error = internal::CheckValue(converted, check)) {
          AddErrorAt(value.place, key, fmt::format("{}, found {}", *error, value.Describe()));
          return false;
        }
      }
    }
    *field = std::move(converted);
    return true;
  }

  std::shared_ptr<State> state_;
  const ConfigNode* node_;  // a mapping, or nullptr when the section is absent or empty
  ConfigPlace place_;
  std::string path_;  // "tracker.gate", "" for the outermost
};

}  // namespace reidbench
