#include "reidbench/reporting/table.h"

#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <cmath>

#include "reidbench/core/error.h"
#include "reidbench/core/text.h"

namespace reidbench {
namespace {

std::string Pad(const std::string& cell, size_t width, Align align) {
  const std::string blank(width - std::min(width, DisplayWidth(cell)), ' ');
  return align == Align::kLeft ? cell + blank : blank + cell;
}

std::atomic<bool> cells_are_raw = false;

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

// A name with line breaks ends neither a row nor a comment nor a paragraph, and one with control
// characters does nothing to a terminal.
std::string OneLine(std::string_view text) {
  std::string line(text);
  std::replace_if(line.begin(), line.end(), IsControl, ' ');
  return line;
}

// "-0.40", "+1,234", "-12 %" and intervals of two such: what our own cells hold.
bool IsNumber(std::string_view text) {
  if (const size_t between = text.find(" .. "); between != std::string_view::npos)
    return IsNumber(text.substr(0, between)) && IsNumber(text.substr(between + 4));
  if (text.ends_with(" %")) text.remove_suffix(2);
  std::string digits(text);
  std::erase(digits, ',');  // thousands
  return ParseDouble(digits).has_value();
}

// Also the wide forms, which East Asian spreadsheets take for the plain ones.
bool LooksLikeAFormula(std::string_view text) {
  for (const std::string_view start :
       {"=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"}) {
    if (text.starts_with(start)) return !IsNumber(text);
  }
  return false;
}

// Behind a semicolon, where a spreadsheet takes that for the end of a field.
bool HidesAFormula(std::string_view text) {
  for (size_t at = text.find(';'); at != std::string_view::npos; at = text.find(';', at + 1)) {
    if (LooksLikeAFormula(text.substr(at + 1))) return true;
  }
  return false;
}

std::string MarkdownCell(const std::string& cell) {
  std::string escaped;
  for (const char c : MarkdownText(cell)) {
    if (c == '|') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string LatexCell(const std::string& cell) {
  std::string escaped;
  for (char c : OneLine(cell)) {
    switch (c) {
      case '\\':
        escaped += "\\textbackslash{}";
        break;
      case '~':
        escaped += "\\textasciitilde{}";
        break;
      case '^':
        escaped += "\\textasciicircum{}";
        break;
      case '<':  // upside-down marks in LaTeX's usual font encoding
        escaped += "\\textless{}";
        break;
      case '>':
        escaped += "\\textgreater{}";
        break;
      case '[':  // at the beginning of a row, an argument of the command before it
      case '*':
        escaped += std::string("{") + c + "}";
        break;
      case '&':
      case '%':
      case '$':
      case '#':
      case '_':
      case '{':
      case '}':
        escaped += '\\';
        [[fallthrough]];
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string NoMinusZero(std::string text) {
  // "-0.00" reads as a loss that is not there.
  if (text.starts_with('-') && text.find_first_not_of("-0.") == std::string::npos) text.erase(0, 1);
  return text;
}

}  // namespace

void KeepCellsRaw(bool raw) { cells_are_raw = raw; }

std::string CsvCell(std::string_view text) {
  std::string cell(text);
  if (!cells_are_raw && LooksLikeAFormula(text)) cell.insert(0, "'");
  if (cell.find_first_of(",\"\r\n\t") == std::string::npos && !HidesAFormula(cell)) return cell;
  std::string quoted = "\"";
  for (const char c : cell) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

std::string MarkdownText(std::string_view text) {
  std::string escaped;
  for (const char c : OneLine(text)) {
    if (c == '\\') {
      escaped += "\\\\";
    } else if (cells_are_raw) {
      escaped += c;
    } else if (c == '<') {
      escaped += "&lt;";
    } else if (c == '&') {
      escaped += "&amp;";
    } else {
      if (c == '[' || c == '*' || c == '`') escaped += '\\';
      escaped += c;
    }
  }
  return escaped;
}

Table::Table(std::vector<Column> columns, std::string caption)
    : columns_(std::move(columns)), caption_(std::move(caption)) {}

void Table::AddRow(std::vector<std::string> cells) {
  REIDBENCH_CHECK(cells.size() == columns_.size());
  rows_.push_back(std::move(cells));
}

std::string Table::Render(TableFormat format) const {
  switch (format) {
    case TableFormat::kText:
      return RenderText();
    case TableFormat::kCsv:
      return RenderCsv();
    case TableFormat::kMarkdown:
      return RenderMarkdown();
    case TableFormat::kLatex:
      return RenderLatex();
  }
  return RenderText();
}

std::string Table::RenderText() const {
  std::vector<size_t> widths;
  for (size_t c = 0; c < columns_.size(); ++c) {
    size_t width = DisplayWidth(columns_[c].title);
    for (const auto& row : rows_) width = std::max(width, DisplayWidth(row[c]));
    widths.push_back(width);
  }
  std::string out = caption_.empty() ? "" : caption_ + "\n";
  const auto line = [&](auto cell_of) {
    std::string text;
    for (size_t c = 0; c < columns_.size(); ++c) {
      text += (c == 0 ? "" : "  ") + Pad(OneLine(cell_of(c)), widths[c], columns_[c].align);
    }
    text.erase(text.find_last_not_of(' ') + 1);
    out += text + "\n";
  };
  line([&](size_t c) { return columns_[c].title; });
  for (const auto& row : rows_) line([&](size_t c) { return row[c]; });
  return out;
}

std::string Table::RenderCsv() const {
  std::string out;
  for (size_t c = 0; c < columns_.size(); ++c)
    out += (c == 0 ? "" : ",") + CsvCell(columns_[c].title);
  out += "\n";
  for (const auto& row : rows_) {
    for (size_t c = 0; c < row.size(); ++c) out += (c == 0 ? "" : ",") + CsvCell(row[c]);
    out += "\n";
  }
  return out;
}

std::vector<std::vector<bool>> Table::BestCells() const {
  std::vector<std::vector<bool>> is_best(rows_.size(), std::vector<bool>(columns_.size()));
  for (size_t c = 0; c < columns_.size(); ++c) {
    if (columns_[c].better == Better::kNone) continue;
    std::vector<std::optional<double>> values;
    for (const auto& row : rows_) {
      std::string digits = row[c];
      std::erase(digits, ',');  // thousands
      values.push_back(ParseDouble(digits));
    }
    std::optional<double> best;
    for (const std::optional<double>& value : values) {
      if (value &&
          (!best || (columns_[c].better == Better::kHigher ? *value > *best : *value < *best)))
        best = value;
    }
    const auto numbers = std::count_if(values.begin(), values.end(),
                                       [](const auto& value) { return value.has_value(); });
    for (size_t r = 0; numbers >= 2 && r < rows_.size(); ++r) is_best[r][c] = values[r] == best;
  }
  return is_best;
}

std::string Table::RenderMarkdown() const {
  const std::vector<std::vector<bool>> is_best = BestCells();
  std::string out = caption_.empty() ? "" : MarkdownText(caption_) + "\n\n";
  out += "|";
  for (const Column& column : columns_) {
    out += " " + MarkdownCell(column.title) +
           (column.better == Better::kHigher  ? " ↑"
            : column.better == Better::kLower ? " ↓"
                                              : "") +
           " |";
  }
  out += "\n|";
  for (const Column& column : columns_) out += column.align == Align::kLeft ? "---|" : "---:|";
  out += "\n";
  for (size_t r = 0; r < rows_.size(); ++r) {
    out += "|";
    for (size_t c = 0; c < columns_.size(); ++c) {
      const char* mark = is_best[r][c] ? "**" : "";
      out += " " + (mark + MarkdownCell(rows_[r][c])) + mark + " |";
    }
    out += "\n";
  }
  return out;
}

std::string Table::RenderLatex() const {
  std::string spec;
  for (const Column& column : columns_) spec += column.align == Align::kLeft ? 'l' : 'r';
  std::string out = caption_.empty() ? "" : "% " + OneLine(caption_) + "\n";
  out += "\\begin{tabular}{" + spec + "}\n\\toprule\n";
  const auto line = [&](auto cell_of) {
    for (size_t c = 0; c < columns_.size(); ++c) out += (c == 0 ? "" : " & ") + cell_of(c);
    out += " \\\\\n";
  };
  line([&](size_t c) {
    const Better better = columns_[c].better;
    return LatexCell(columns_[c].title) + (better == Better::kHigher  ? " $\\uparrow$"
                                           : better == Better::kLower ? " $\\downarrow$"
                                                                      : "");
  });
  out += "\\midrule\n";
  const std::vector<std::vector<bool>> is_best = BestCells();
  for (size_t r = 0; r < rows_.size(); ++r) {
    line([&](size_t c) {
      const std::string cell = LatexCell(rows_[r][c]);
      return is_best[r][c] ? "\\textbf{" + cell + "}" : cell;
    });
  }
  return out + "\\bottomrule\n\\end{tabular}\n";
}

std::string Percent(std::optional<double> fraction, int decimals) {
  return fraction ? NoMinusZero(fmt::format("{:.{}f}", *fraction * 100, decimals)) : "n/a";
}

std::string SignedPercent(std::optional<double> fraction, int decimals) {
  return fraction ? fmt::format("{:+.{}f}", *fraction * 100, decimals) : "n/a";
}

std::string Number(std::optional<double> value, int decimals) {
  return value ? NoMinusZero(fmt::format("{:.{}f}", *value, decimals)) : "n/a";
}

size_t DisplayWidth(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

}  // namespace reidbench
