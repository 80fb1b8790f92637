// Published numbers as data: experiments/*.yaml state what a network should reach on a data set,
// and `reidbench rank --expect FILE` holds a measurement against it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace reidbench {

struct ExpectedValue {
  std::string name;      // "mAP", "rank1", "rank5", ...
  double percent = 0;    // as published
  double tolerance = 0;  // points
};

struct Expectation {
  std::string file;
  std::string question;
  std::string weights;  // file name, may hold '*'
  std::string architecture;
  std::string trained_on;
  std::string dataset;
  std::string protocol;
  std::string metric;
  std::string preprocessing;
  std::string source;
  std::vector<ExpectedValue> values;
};

// Throws Error(kConfig) listing every violation, Error(kIo).
Expectation LoadExpectation(const std::filesystem::path& path);

struct ExpectationRow {
  ExpectedValue expected;
  std::optional<double> measured_percent;
  std::optional<double> difference;  // points, measured - expected
  bool within = false;               // false where nothing was measured
};

struct ExpectationOutcome {
  std::vector<ExpectationRow> rows;
  bool passed = false;  // all rows within
};

// `measured`: fraction in [0, 1] of a value by its name, or nullopt where undefined.
template <typename MeasuredFraction>
ExpectationOutcome CompareWith(const Expectation& expectation, const MeasuredFraction& measured) {
  ExpectationOutcome outcome{.rows = {}, .passed = true};
  for (const ExpectedValue& expected : expectation.values) {
    ExpectationRow row{
        .expected = expected, .measured_percent = {}, .difference = {}, .within = false};
    if (const std::optional<double> fraction = measured(expected.name)) {
      row.measured_percent = *fraction * 100;
      row.difference = *row.measured_percent - expected.percent;
      row.within = *row.difference <= expected.tolerance && *row.difference >= -expected.tolerance;
    }
    outcome.passed = outcome.passed && row.within;
    outcome.rows.push_back(row);
  }
  return outcome;
}

// Whether a file name fits a pattern in which '*' stands for any characters.
bool MatchesPattern(std::string_view name, std::string_view pattern);

}  // namespace reidbench
