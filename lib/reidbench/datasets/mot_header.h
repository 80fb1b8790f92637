// Box files whose first line names the columns, as pandas, supervision and spreadsheets write them:
// which column holds what, and the fields of a row. Names are compared without case, blanks,
// underscores, hyphens and units in brackets. See datasets/README.md for the names understood.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reidbench/datasets/mot_files.h"

namespace reidbench {

// The columns of MOT text, in their order.
enum MotColumn : int {
  kFrameColumn,
  kIdColumn,
  kLeftColumn,
  kTopColumn,
  kWidthColumn,
  kHeightColumn,
  kScoreColumn,
  kClassColumn,
  kVisibilityColumn,
};
inline constexpr int kMotColumns = 9;

struct MotHeader {
  // How the numbers of a box are written. Of kCorners the columns of width and height hold the
  // right and lower edge, of kCentre those of left and top the centre.
  enum class Box { kSize, kCorners, kCentre };

  std::vector<std::string> names;        // of each field of a row, as written
  std::array<int, kMotColumns> field{};  // of each column: which field; -1 = there is none
  Box horizontal = Box::kSize;
  Box vertical = Box::kSize;
  std::vector<std::string> ignored;  // names of fields that nothing is read from
  bool in_mot_order = false;         // the names change nothing: rows are read like MOT text
  bool counts_from_zero = false;     // the frame's name says "index", which usually begins at 0

  const std::string& NameOf(MotColumn column) const {
    return names[static_cast<size_t>(field[column])];
  }
  std::string DescribeBox() const;  // "left=x1, top=y1, width=x2-x1, height=y2-y1"
};

// What parts the fields of a line: a comma, a semicolon or a tab when there is one, else blanks.
char DelimiterOf(std::string_view line);

// Whether a line is a remark: it begins with '#', '%' or "//". Names may stand behind that.
bool IsRemark(std::string_view line);

// The header in a line, or nullopt when it has no names of columns. Throws Error(kInput)
// "<source>:<number>: ..." that names the column for one that is missing, has two candidates, or
// does not fit the others.
std::optional<MotHeader> ReadMotHeader(std::string_view line, MotFileKind kind,
                                       std::string_view source, int64_t number);

// Splits a line of a table at `delimiter` (' ' = at blanks); fields may be quoted (RFC 4180), which
// is left to UnquoteField. One delimiter at the end begins no field.
void SplitFields(std::string_view line, char delimiter, std::vector<std::string_view>* fields);
// Without blanks around it and without quotes.
std::string_view UnquoteField(std::string_view field);

}  // namespace reidbench
