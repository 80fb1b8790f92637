#include "reidbench/results/score_cells.h"

#include <fmt/core.h>

#include <cmath>

namespace reidbench {

std::string ScoreCell(std::string_view field, std::optional<double> value) {
  return FindMotField(field).is_count() ? Number(value, 0) : Percent(value);
}

std::string ScoreChangeCell(std::string_view field, std::optional<double> value) {
  if (!FindMotField(field).is_count()) return SignedPercent(value);
  return value ? fmt::format("{:+.0f}", *value) : "n/a";
}

std::string ScoreEndCell(std::string_view field, std::optional<double> value) {
  if (!FindMotField(field).is_count()) return SignedPercent(value);
  return value ? fmt::format("{:+.1f}", *value) : "n/a";
}

std::string ScoreDigits(std::optional<double> value) {
  return value ? fmt::format("{}", *value) : std::string();
}

std::string CsvName(const std::string& name) {
  if (name.find_first_of(",\"\r\n") == std::string::npos) return name;
  std::string quoted = "\"";
  for (const char c : name) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

Table::Column CompetingColumn(std::string_view field) {
  return {std::string(field), Align::kRight, FindMotField(field).better};
}

Json ScoreJson(const MotField& field, std::optional<double> value) {
  if (field.is_count() && value) return static_cast<int64_t>(*value);
  return OrNull(value);
}

Json HeadlineJson(const MotCounts& counts) {
  const MotSummary summary = Summarize(counts);
  Json out = Json::object();
  for (const std::string_view name : kHeadlineScores) {
    const MotField& field = FindMotField(name);
    out[std::string(name)] = ScoreJson(field, field.get(summary).value);
  }
  return out;
}

}  // namespace reidbench
