#include "reidbench/formats/text_rows.h"

#include <fmt/format.h>

#include <cmath>

#include "reidbench/core/error.h"
#include "reidbench/core/text.h"
#include "reidbench/datasets/mot_header.h"
#include "reidbench/datasets/quoted.h"
#include "reidbench/formats/box_table.h"

namespace reidbench {
namespace {

constexpr double kLargestCoordinate = 1e100;  // areas of larger boxes overflow

}  // namespace

void ThrowField(const std::string& place, std::string_view expected, std::string_view found) {
  ThrowInput("{}: expected {}, found {}", place, expected, found);
}

void CheckBox(const BoxLtwh& box, const std::string& place) {
  for (const double value : {box.left, box.top, box.width, box.height}) {
    if (!(std::abs(value) <= kLargestCoordinate))
      ThrowField(place, "finite coordinates", fmt::format("{}", value));
  }
  if (box.width < 0 || box.height < 0) {
    ThrowField(place, "a width and height of at least 0",
               fmt::format("{} x {}", box.width, box.height));
  }
}

TextRows::TextRows(std::string_view text, std::string source, char delimiter)
    : rest_(text), source_(std::move(source)), delimiter_(delimiter) {
  if (StartsWith(rest_, "\xFF\xFE") || StartsWith(rest_, "\xFE\xFF")) {
    ThrowInput(
        "{}: expected UTF-8 text, found UTF-16\n  hint: save it as UTF-8 (iconv -f utf-16 "
        "-t utf-8)",
        source_);
  }
  if (StartsWith(rest_, kByteOrderMark)) rest_.remove_prefix(kByteOrderMark.size());
}

bool TextRows::Next() {
  while (!rest_.empty()) {
    const size_t newline = rest_.find('\n');
    const std::string_view line = Trim(rest_.substr(0, newline));
    rest_.remove_prefix(newline == std::string_view::npos ? rest_.size() : newline + 1);
    ++line_;
    if (line.empty()) continue;
    text_ = line;
    SplitFields(line, delimiter_, &fields_);
    return true;
  }
  return false;
}

std::string TextRows::Place() const { return fmt::format("{}:{}", source_, line_); }

void TextRows::Fail(std::string_view expected, std::string_view found) const {
  ThrowField(Place(), expected, found);
}

double TextRows::Number(size_t column, std::string_view name) const {
  const auto value = ParseDouble(Trim(fields_[column]));
  if (!value || !std::isfinite(*value)) {
    Fail(fmt::format("a number in column {} ({})", column + 1, name), Quoted(fields_[column]));
  }
  return *value;
}

int64_t TextRows::Integer(size_t column, std::string_view name, int64_t least, int64_t most) const {
  std::optional<int64_t> value = ParseInt(Trim(fields_[column]));
  if (!value) {  // "7.0", as numpy's savetxt writes
    const auto real = ParseDouble(Trim(fields_[column]));
    if (real && *real == std::floor(*real) && std::abs(*real) <= 9e15)
      value = static_cast<int64_t>(*real);
  }
  if (!value || *value < least || *value > most) {
    Fail(fmt::format("a whole number {}..{} in column {} ({})", least, most, column + 1, name),
         Quoted(fields_[column]));
  }
  return *value;
}

int32_t TextRows::Frame(size_t column, int64_t first) const {
  return static_cast<int32_t>(Integer(column, "frame", first, kMostFrames - 1 + first) - first + 1);
}

}  // namespace reidbench
