#include "reidbench/config/option_table.h"

#include <cmath>

#include "reidbench/core/error.h"
#include "reidbench/core/text.h"

namespace reidbench {
namespace {

std::string Expected(const OptionRange& range) {
  if (std::isinf(range.low)) return "a number";
  return std::isinf(range.high) ? fmt::format("at least {}", range.low)
                                : fmt::format("{}..{}", range.low, range.high);
}

}  // namespace

OptionTable& OptionTable::Add(Line line) {
  lines_.push_back(std::move(line));
  return *this;
}

OptionTable& OptionTable::Add(std::string key, bool* field, std::string help) {
  Line line;
  line.info = {key, "", "true or false", std::move(help)};
  line.read = [key, field](ConfigReader* section) { section->Read(key, field); };
  line.value = [field] { return std::string(*field ? "true" : "false"); };
  return Add(std::move(line));
}

template <typename T>
OptionTable& OptionTable::AddNumber(std::string key, T* field, OptionRange range,
                                    std::string help) {
  Line line;
  line.info = {key, "", Expected(range), std::move(help)};
  line.read = [key, field](ConfigReader* section) { section->Read(key, field); };
  line.number = [field] { return std::optional<double>(*field); };
  line.value = [number = line.number] {
    const std::optional<double> value = number();
    return value ? fmt::format("{}", *value) : std::string("null");
  };
  line.range = range;
  return Add(std::move(line));
}

OptionTable& OptionTable::Add(std::string key, int* field, OptionRange range, std::string help) {
  return AddNumber(std::move(key), field, range, std::move(help));
}

OptionTable& OptionTable::Add(std::string key, double* field, OptionRange range, std::string help) {
  return AddNumber(std::move(key), field, range, std::move(help));
}

OptionTable& OptionTable::Add(std::string key, std::optional<double>* field, OptionRange range,
                              std::string help) {
  return AddNumber(std::move(key), field, range, std::move(help));
}

OptionTable& OptionTable::Then(std::function<void()> set) {
  Line line;
  line.read = [set = std::move(set)](ConfigReader*) { set(); };
  return Add(std::move(line));
}

void OptionTable::Read(ConfigReader* section) const {
  for (const Line& line : lines_) line.read(section);
  for (const std::string& violation : Violations()) {
    const size_t colon = violation.find(": ");
    section->AddError(violation.substr(0, colon), violation.substr(colon + 2));
  }
}

std::vector<std::string> OptionTable::Violations() const {
  std::vector<std::string> violations;
  for (const Line& line : lines_) {
    const std::optional<double> value = line.number ? line.number() : std::nullopt;
    // Written so that NaN fails.
    if (!value || (std::isfinite(*value) && *value >= line.range.low && *value <= line.range.high))
      continue;
    violations.push_back(
        fmt::format("{}: expected {}, found {}", line.info.key, line.info.expected, *value));
  }
  return violations;
}

std::vector<OptionInfo> OptionTable::Describe() const {
  std::vector<OptionInfo> infos;
  for (const Line& line : lines_) {
    if (!line.value) continue;  // of Then
    infos.push_back(line.info);
    infos.back().value = line.value();
  }
  return infos;
}

void RequireOptions(std::string_view name, const std::vector<std::string>& violations) {
  if (!violations.empty()) ThrowConfig("{}: {}", name, JoinText(violations, "; "));
}

}  // namespace reidbench
