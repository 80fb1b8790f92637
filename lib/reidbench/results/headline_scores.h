// The few scores that commands show beside what they did to tracks.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "reidbench/mot_metrics/scores.h"
#include "reidbench/reporting/table.h"
#include "reidbench/results/json_values.h"

namespace reidbench {

inline constexpr std::string_view kHeadlineScores[] = {"HOTA", "AssA", "IDF1", "MOTA", "IDSW"};

inline bool IsHeadlineCount(std::string_view field) { return field == "IDSW"; }

inline Better BetterOfScore(std::string_view field) {
  return LowerIsBetter(field) ? Better::kLower : Better::kHigher;
}

inline std::string HeadlineCell(const MotSummary& summary, std::string_view field) {
  const std::optional<double> value = FieldValue(summary, field);
  return IsHeadlineCount(field) ? Number(value, 0) : Percent(value);
}

inline nlohmann::ordered_json HeadlineJson(const MotCounts& counts) {
  const MotSummary summary = Summarize(counts);
  nlohmann::ordered_json out = nlohmann::ordered_json::object();
  for (const std::string_view field : kHeadlineScores) {
    const std::optional<double> value = FieldValue(summary, field);
    out[std::string(field)] = IsHeadlineCount(field) && value
                                  ? nlohmann::ordered_json(static_cast<int64_t>(*value))
                                  : OrNull(value);
  }
  return out;
}

}  // namespace reidbench
