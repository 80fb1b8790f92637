#include "reidbench/sites/site_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <iterator>
#include <optional>
#include <string>
#include <utility>

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

// Where the numbers of a row stand, from 0.
struct RowOrder {
  size_t frame, id, box;
  std::optional<size_t> mark, camera;
  size_t place;
};
constexpr RowOrder kMotOrder{0, 1, 2, 6, std::nullopt, 7};
constexpr RowOrder kAiCityOrder{2, 1, 3, std::nullopt, 0, 7};

class RowParser {
 public:
  RowParser(const std::filesystem::path& source, GroundColumns ground, const RowOrder& order)
      : source_(source), ground_(ground), order_(order) {}

  // From now on, where the id of each row stands in the text.
  void KeepIdTexts(std::vector<std::string_view>* id_texts) { id_texts_ = id_texts; }

  // By the number of the camera, 0 where rows have none.
  std::map<int64_t, SiteRows> Parse(std::string_view text) {
    if (StartsWith(text, kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
    if (!order_.camera) {
      current_ = &rows_[0];
      current_->boxes.reserve(static_cast<size_t>(std::count(text.begin(), text.end(), '\n')) + 1);
    }
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
        if (columns_ == order_.id) id_text_ = {at, after};
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
    const double frame = values_[order_.frame], id = values_[order_.id];
    const double* const box = &values_[order_.box];
    if (!IsWhole(frame) || frame < 0)
      return Bad(fmt::format("expected a whole frame number from 0, found {}", frame));
    if (!IsWhole(id)) return Bad(fmt::format("expected a whole id, found {}", id));
    if (id < 0) {
      return Bad(fmt::format(
          "expected an id from 0, found {}: -1 usually means that a box has no id", id));
    }
    for (size_t column = 2; column < columns_ && column < kRowColumns; ++column) {
      if (std::abs(values_[column]) > kLargestCoordinate) {
        return Bad(fmt::format("expected a coordinate in column {}, found {}", column + 1,
                               values_[column]));
      }
    }
    if (box[2] < 0 || box[3] < 0) {
      return Bad(fmt::format("expected a box with a width and height from 0, found {} x {}", box[2],
                             box[3]));
    }
    if (order_.camera) {
      const double camera = values_[*order_.camera];
      if (!IsWhole(camera) || camera < 0)
        return Bad(fmt::format("expected the number of a camera, found {}", camera));
      current_ = &rows_[static_cast<int64_t>(camera)];
    }
    row.frame = static_cast<int64_t>(frame);
    row.id = static_cast<int64_t>(id);
    row.box = {box[0], box[1], box[2], box[3]};
    if (id_texts_ != nullptr) id_texts_->push_back(id_text_);
    if (order_.mark) row.confidence = values_[*order_.mark];
    if (row.confidence == 0) ++current_->zero_marks;
    const double x = values_[order_.place], y = values_[order_.place + 1];
    const bool says_place =
        columns_ >= 9 &&
        (ground_ == GroundColumns::kTold || (ground_ == GroundColumns::kGuessed && columns_ >= 10));
    const bool no_place = x == -1 && y == -1 && (columns_ < 10 || values_[9] == -1);
    if (says_place && !no_place) row.ground = GroundPoint{x, y};
    current_->boxes.push_back(row);
  }

  const std::filesystem::path& source_;
  const GroundColumns ground_;
  const RowOrder& order_;
  std::map<int64_t, SiteRows> rows_;
  SiteRows* current_ = nullptr;
  std::array<double, kRowColumns> values_{};
  std::string_view id_text_;
  std::vector<std::string_view>* id_texts_ = nullptr;
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
  return std::move(RowParser(source, ground, kMotOrder).Parse(text).at(0));
}

std::map<int64_t, SiteRows> ParseAiCityRows(std::string_view text,
                                            const std::filesystem::path& source) {
  return RowParser(source, GroundColumns::kTold, kAiCityOrder).Parse(text);
}

std::string WithOtherIds(std::string_view text, const std::filesystem::path& source,
                         std::span<const int64_t> ids) {
  std::vector<std::string_view> old_ids;
  RowParser parser(source, GroundColumns::kNone, kMotOrder);
  parser.KeepIdTexts(&old_ids);
  parser.Parse(text);
  REIDBENCH_CHECK(old_ids.size() == ids.size());
  std::string out;
  out.reserve(text.size() + 4 * ids.size());
  const char* at = text.data();
  for (size_t k = 0; k < ids.size(); ++k) {
    out.append(at, old_ids[k].data());
    fmt::format_to(std::back_inserter(out), "{}", ids[k]);
    at = old_ids[k].data() + old_ids[k].size();
  }
  out.append(at, text.data() + text.size());
  return out;
}

SiteRows ReadSiteRows(const std::filesystem::path& path, GroundColumns ground) {
  return ParseSiteRows(ReadFileText(path), path, ground);
}

}  // namespace reidbench
