// How one tracking score looks: in tables, in JSON, and as a column. What kind of number a score is
// stands in mot_metrics/fields.h.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "reidbench/mot_metrics/fields.h"
#include "reidbench/reporting/table.h"
#include "reidbench/results/json_values.h"

namespace reidbench {

// The few scores that commands show beside what they did to tracks.
inline constexpr std::string_view kHeadlineScores[] = {"HOTA", "AssA", "IDF1", "MOTA", "IDSW"};

// Percent with two decimals, counts as they are, "n/a" where undefined.
std::string ScoreCell(std::string_view field, std::optional<double> value);
// With a sign. The ends of a count's interval lie between counts: they get a decimal.
std::string ScoreChangeCell(std::string_view field, std::optional<double> value);
std::string ScoreEndCell(std::string_view field, std::optional<double> value);

// Bare digits for programs: fractions, empty where undefined.
std::string ScoreDigits(std::optional<double> value);

// A name as one cell of a CSV file.
std::string CsvName(const std::string& name);

// A column of a score whose rows compete.
Table::Column CompetingColumn(std::string_view field);

// A fraction, a whole number for a count, null where undefined.
Json ScoreJson(const MotField& field, std::optional<double> value);

// {"HOTA": ..., ...} of kHeadlineScores.
Json HeadlineJson(const MotCounts& counts);

}  // namespace reidbench
