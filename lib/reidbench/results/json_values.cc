#include "reidbench/results/json_values.h"

#include <fmt/core.h>

#include <cmath>

namespace reidbench {
namespace {

[[noreturn]] void Refuse(ErrorKind kind, const std::string& message) { throw Error(kind, message); }

}  // namespace

Json FindingsJson(std::span<const Finding> findings) {
  Json out = Json::array();
  for (const Finding& finding : findings) {
    out.push_back({{"kind", FindingKindId(finding.kind)},
                   {"severity", FindingSeverityName(finding.severity)},
                   {"place", finding.place},
                   {"count", OrNull(finding.count)},
                   {"share", OrNull(finding.share)},
                   {"message", finding.message},
                   {"mend", finding.mend}});
  }
  return out;
}

void RequireSchema(const Json& json, std::string_view schema, std::string_view maker,
                   const std::string& place, ErrorKind kind) {
  const bool has = json.is_object() && json.contains("schema");
  if (has && json["schema"] == schema) return;
  Refuse(kind, fmt::format("{}: expected schema \"{}\", found {}; write one with {}", place, schema,
                           has ? DumpJson(json["schema"], -1) : "none", maker));
}

std::string JsonReader::PathOf(const std::string& key) const {
  return path_.empty() ? key : path_ + "." + key;
}

void JsonReader::Expect(bool ok, const std::string& what) const {
  if (ok) return;
  Refuse(kind_,
         fmt::format("{}: {}: expected {}, found {}", *place_, path_.empty() ? "the file" : path_,
                     what, DumpJson(*json_, -1).substr(0, 60)));
}

JsonReader JsonReader::At(const std::string& key) const {
  Expect(json_->is_object(), "an object");
  const auto it = json_->find(key);
  if (it == json_->end()) {
    Refuse(kind_, fmt::format("{}: {} is missing; was the file cut, or written by another program?",
                              *place_, PathOf(key)));
  }
  return {*it, *place_, PathOf(key), kind_};
}

std::optional<JsonReader> JsonReader::Find(const std::string& key) const {
  Expect(json_->is_object(), "an object");
  const auto it = json_->find(key);
  if (it == json_->end() || it->is_null()) return std::nullopt;
  return JsonReader(*it, *place_, PathOf(key), kind_);
}

std::vector<JsonReader> JsonReader::Items() const {
  Expect(json_->is_array(), "a list");
  std::vector<JsonReader> items;
  for (size_t i = 0; i < json_->size(); ++i)
    items.push_back(JsonReader((*json_)[i], *place_, fmt::format("{}[{}]", path_, i), kind_));
  return items;
}

std::vector<std::pair<std::string, JsonReader>> JsonReader::Entries() const {
  Expect(json_->is_object(), "an object");
  std::vector<std::pair<std::string, JsonReader>> entries;
  for (const auto& [key, value] : json_->items())
    entries.emplace_back(key, JsonReader(value, *place_, PathOf(key), kind_));
  return entries;
}

std::string JsonReader::Text() const {
  Expect(json_->is_string(), "a text");
  return json_->get<std::string>();
}

std::vector<std::string> JsonReader::Texts() const {
  std::vector<std::string> texts;
  for (const JsonReader& item : Items()) texts.push_back(item.Text());
  return texts;
}

bool JsonReader::Flag() const {
  Expect(json_->is_boolean(), "true or false");
  return json_->get<bool>();
}

int64_t JsonReader::Integer(int64_t least) const {
  const bool any = least == std::numeric_limits<int64_t>::min();
  Expect(json_->is_number_integer() && json_->get<int64_t>() >= least,
         any ? "a whole number" : fmt::format("a whole number of at least {}", least));
  return json_->get<int64_t>();
}

double JsonReader::Number(double least) const {
  Expect(json_->is_number() && std::isfinite(json_->get<double>()) && json_->get<double>() >= least,
         std::isinf(least) ? "a number" : fmt::format("a number of at least {:g}", least));
  return json_->get<double>();
}

double JsonReader::Positive() const {
  Expect(json_->is_number() && json_->get<double>() > 0, "a number above 0");
  return json_->get<double>();
}

std::optional<double> JsonReader::OptionalNumber(double least) const {
  if (json_->is_null()) return std::nullopt;
  return Number(least);
}

std::vector<std::string> WarningsOf(const Json& result) {
  std::vector<std::string> warnings;
  if (!result.is_object() || !result.contains("warnings")) return warnings;
  for (const Json& warning : result["warnings"]) {
    if (warning.is_string()) warnings.push_back(warning.get<std::string>());
  }
  return warnings;
}

}  // namespace reidbench
