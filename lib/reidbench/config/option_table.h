// The options of a struct, a line each: what YAML files and `--option key=value` may say, their
// ranges, their defaults and their help come from one table.
//
//   OptionTable SortOptions::Table() {
//     return OptionTable().Add("max_age", &max_age, {.low = 0}, "Frames without a detection");
//   }
#pragma once

#include <functional>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reidbench/config/reader.h"

namespace reidbench {

// Of a number, both ends included; infinite ends exclude infinity all the same.
struct OptionRange {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
};

struct OptionInfo {
  std::string key;
  std::string value;     // as YAML writes it
  std::string expected;  // "0..1", "at least 0", "true or false", "none or reference"
  std::string help;
};

// Over one struct, which must stay where it is.
class OptionTable {
 public:
  OptionTable& Add(std::string key, bool* field, std::string help);
  OptionTable& Add(std::string key, int* field, OptionRange range, std::string help);
  OptionTable& Add(std::string key, double* field, OptionRange range, std::string help);
  // Empty is written `null`.
  OptionTable& Add(std::string key, std::optional<double>* field, OptionRange range,
                   std::string help);
  // One of a few words.
  template <typename E>
  OptionTable& AddChoice(
      std::string key, E* field,
      std::initializer_list<std::pair<std::string_view, std::type_identity_t<E>>> words,
      std::string help) {
    using Words = std::vector<std::pair<std::string_view, E>>;
    std::string expected;
    for (const auto& [word, value] : words)
      expected += (expected.empty() ? "" : " or ") + std::string(word);
    Line line;
    line.info = {key, "", expected, std::move(help)};
    line.read = [key, field, all = Words(words)](ConfigReader* section) {
      section->ReadChoice(key, field, std::span(all));
    };
    line.value = [field, all = Words(words)]() -> std::string {
      for (const auto& [word, value] : all) {
        if (value == *field) return std::string(word);
      }
      return "";
    };
    return Add(std::move(line));
  }
  // Runs where it stands among the options that are read: a default that follows another option.
  OptionTable& Then(std::function<void()> set);

  // Absent keys leave their fields as they are. Errors are collected by the reader.
  void Read(ConfigReader* section) const;
  // "key: expected ..., found ..." of the values as they are.
  std::vector<std::string> Violations() const;
  std::vector<OptionInfo> Describe() const;

 private:
  struct Line {
    OptionInfo info;  // without the value
    std::function<void(ConfigReader*)> read;
    std::function<std::string()> value;
    std::function<std::optional<double>()> number;  // empty: not a number
    OptionRange range;
  };
  OptionTable& Add(Line line);
  template <typename T>
  OptionTable& AddNumber(std::string key, T* field, OptionRange range, std::string help);

  std::vector<Line> lines_;
};

// Of a struct with a Table().
template <typename Options>
std::vector<std::string> OptionViolations(Options options) {
  return options.Table().Violations();
}

// Throws Error(kConfig) with all violations after the name of what they are of.
void RequireOptions(std::string_view name, const std::vector<std::string>& violations);

}  // namespace reidbench
