// Checks that the options of all trackers share.
#pragma once

#include <fmt/core.h>

#include <string>
#include <string_view>
#include <vector>

#include "reidbench/config/reader.h"
#include "reidbench/core/error.h"
#include "reidbench/core/text.h"

namespace reidbench {

// Collects "key: expected ..., found ..." sentences for Validate().
class OptionChecks {
 public:
  void AtLeast(std::string_view key, double value, double low) {
    if (!(value >= low)) Add(key, fmt::format("at least {}", low), value);
  }
  void Between(std::string_view key, double value, double low, double high) {
    if (!(value >= low && value <= high)) Add(key, fmt::format("{}..{}", low, high), value);
  }
  void Fraction(std::string_view key, double value) { Between(key, value, 0, 1); }
  const std::vector<std::string>& violations() const { return violations_; }

 private:
  void Add(std::string_view key, std::string_view expected, double found) {
    violations_.push_back(fmt::format("{}: expected {}, found {}", key, expected, found));
  }
  std::vector<std::string> violations_;
};

// Throws Error(kConfig) naming all violations.
inline void RequireValid(std::string_view tracker, const std::vector<std::string>& violations) {
  if (!violations.empty()) ThrowConfig("{}: {}", tracker, JoinText(violations, "; "));
}

// `compat: none` or `compat: reference`.
inline void ReadCompat(ConfigReader* section, bool* reference) {
  section->ReadChoice("compat", reference, {{"none", false}, {"reference", true}});
}

// Hands "key: what" violations to the reader, each at its key.
inline void ReportViolations(const std::vector<std::string>& violations, ConfigReader* section) {
  for (const std::string& violation : violations) {
    const size_t colon = violation.find(": ");
    section->AddError(violation.substr(0, colon), violation.substr(colon + 2));
  }
}

}  // namespace reidbench
