// Rows of fields, as several formats have them, with errors that name file, line and column.
// Private to lib/reidbench/formats.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "reidbench/core/box.h"

namespace reidbench {

// Throws Error(kInput) "<place>: expected <expected>, found <found>".
[[noreturn]] void ThrowField(const std::string& place, std::string_view expected,
                             std::string_view found);

// Throws Error(kInput) where a coordinate is no finite number of sane size, or the size is
// negative.
void CheckBox(const BoxLtwh& box, const std::string& place);

class TextRows {
 public:
  // `delimiter` ' ' stands for runs of blanks; fields may be quoted. `source` names the text in
  // messages. Throws Error(kInput) for UTF-16.
  TextRows(std::string_view text, std::string source, char delimiter);

  // The next line that is not blank; false at the end.
  bool Next();
  // From the next line on; the first one may say which it is.
  void SetDelimiter(char delimiter) { delimiter_ = delimiter; }
  std::string_view text() const { return text_; }  // of the line
  const std::vector<std::string_view>& fields() const { return fields_; }
  size_t size() const { return fields_.size(); }
  int64_t line() const { return line_; }
  std::string Place() const;  // "path:line"

  // Throws Error(kInput) with file and line.
  [[noreturn]] void Fail(std::string_view expected, std::string_view found) const;
  // Field `column` (from 0) as a finite number; `name` is what it is.
  double Number(size_t column, std::string_view name) const;
  int64_t Integer(size_t column, std::string_view name, int64_t least, int64_t most) const;
  // Frame of the row in ours, which count from 1, where the file's count from `first`.
  int32_t Frame(size_t column, int64_t first) const;

 private:
  std::string_view rest_, text_;
  std::string source_;
  char delimiter_;
  int64_t line_ = 0;
  std::vector<std::string_view> fields_;
};

}  // namespace reidbench
