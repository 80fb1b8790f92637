#include "reidbench/sites/site_rows.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/text.h"

namespace reidbench {
namespace {

constexpr size_t kRowColumns = 10;
constexpr size_t kLeastColumns = 7;
constexpr double kLargestWhole = 1e15;      // exact in a double
constexpr double kLargestCoordinate = 1e9;  // px and m; areas stay finite

bool IsRowBlank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

bool IsWhole(double value) {
  return value == std::floor(value) && std::abs(value) <= kLargestWhole;
}

class RowParser {
 public:
  RowParser(const std::filesystem::path& source, GroundColumns ground)
      : source_(source), ground_(ground) {}

  SiteRows Parse(std::string_view text) {
    if (StartsWith(text, kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
    rows_.boxes.reserve(static_cast<size_t>(std::count(text.begin(), text.end(), '\n')) + 1);
    for (size_t at = 0; at < text.size();) {
      size_t end = text.find('\n', at);
      if (end == std::string_view::npos) end = text.size();
      ++line_;
      const std::string_view line = Trim(text.substr(at, end - at));
      at = end + 1;
      if (!line.empty()) ParseRow(line);
    }
    if (bad_rows_ > 0) {
      ThrowInput("{}:{}: {} ({} bad row{})", source_.string(), first_bad_line_, first_bad_,
                 bad_rows_, bad_rows_ == 1 ? "" : "s");
    }
    return std::move(rows_);
  }

 private:
  void Bad(std::string message) {
    if (bad_rows_++ > 0) return;
    first_bad_line_ = line_;
    first_bad_ = std::move(message);
  }

  // Fills values_; false for a field that is no number. Columns beyond the known ones are counted
  // only.
  bool Split(std::string_view line) {
    if (delimiter_ == 0) {
      delimiter_ = ' ';  // any blanks
      for (const char candidate : {',', ';'}) {
        if (line.find(candidate) == std::string_view::npos) continue;
        delimiter_ = candidate;
        break;
      }
    }
    columns_ = 0;
    const char* at = line.data();
    const char* const end = at + line.size();
    const auto skip_blanks = [&] {
      while (at != end && IsRowBlank(*at)) ++at;
    };
    while (at != end) {
      skip_blanks();
      if (columns_ < kRowColumns) {
        if (at != end && *at == '+') ++at;
        const auto [after, error] = std::from_chars(at, end, values_[columns_]);
        const bool ends = after == end || *after == delimiter_ || IsRowBlank(*after);
        at = after;
        skip_blanks();
        const bool whole_field = ends && (at == end || delimiter_ == ' ' || *at == delimiter_);
        if (error != std::errc{} || !whole_field || !std::isfinite(values_[columns_])) return false;
      } else {
        while (at != end && *at != delimiter_) ++at;
      }
      ++columns_;
      if (at != end && *at == delimiter_) ++at;
    }
    return true;
  }

  void ParseRow(std::string_view line) {
    if (!Split(line)) {
      return Bad(fmt::format("expected a finite number in column {}, found '{}'", columns_ + 1,
                             line.substr(0, 60)));
    }
    if (columns_ < kLeastColumns) {
      return Bad(fmt::format("expected at least {} columns, found {}", kLeastColumns, columns_));
    }
    SiteBox row;
    if (!IsWhole(values_[0]) || values_[0] < 0)
      return Bad(fmt::format("expected a whole frame number from 0, found {}", values_[0]));
    if (!IsWhole(values_[1])) return Bad(fmt::format("expected a whole id, found {}", values_[1]));
    if (values_[1] < 0) {
      return Bad(fmt::format(
          "expected an id from 0, found {}: -1 usually means that a box has no id", values_[1]));
    }
    for (size_t column = 2; column < columns_ && column < kRowColumns; ++column) {
      if (std::abs(values_[column]) > kLargestCoordinate) {
        return Bad(fmt::format("expected a coordinate in column {}, found {}", column + 1,
                               values_[column]));
      }
    }
    if (values_[4] < 0 || values_[5] < 0) {
      return Bad(fmt::format("expected a box with a width and height from 0, found {} x {}",
                             values_[4], values_[5]));
    }
    row.frame = static_cast<int64_t>(values_[0]);
    row.id = static_cast<int64_t>(values_[1]);
    row.box = {values_[2], values_[3], values_[4], values_[5]};
    row.confidence = values_[6];
    if (row.confidence == 0) ++rows_.zero_marks;
    const bool says_place =
        columns_ >= 9 &&
        (ground_ == GroundColumns::kTold || (ground_ == GroundColumns::kGuessed && columns_ >= 10));
    const bool no_place = columns_ >= 9 && values_[7] == -1 && values_[8] == -1 &&
                          (columns_ < 10 || values_[9] == -1);
    if (says_place && !no_place) row.ground = GroundPoint{values_[7], values_[8]};
    rows_.boxes.push_back(row);
  }

  const std::filesystem::path& source_;
  const GroundColumns ground_;
  SiteRows rows_;
  std::array<double, kRowColumns> values_{};
  size_t columns_ = 0;
  char delimiter_ = 0;
  int64_t line_ = 0;
  int64_t bad_rows_ = 0;
  int64_t first_bad_line_ = 0;
  std::string first_bad_;
};

}  // namespace

SiteRows ParseSiteRows(std::string_view text, const std::filesystem::path& source,
                       GroundColumns ground) {
  return RowParser(source, ground).Parse(text);
}

SiteRows ReadSiteRows(const std::filesystem::path& path, GroundColumns ground) {
  return ParseSiteRows(ReadFileText(path), path, ground);
}

}  // namespace reidbench
