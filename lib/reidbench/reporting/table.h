// One table, four renderings: aligned text, CSV, Markdown and LaTeX. Commands fill tables; nothing
// else formats columns.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reidbench/core/better.h"

namespace reidbench {

enum class TableFormat { kText, kCsv, kMarkdown, kLatex };

enum class Align { kLeft, kRight };

class Table {
 public:
  struct Column {
    std::string title;
    Align align = Align::kRight;
    // Of scores whose rows are methods that compete. Markdown and LaTeX, as in papers: an arrow
    // behind the title, and the best of two or more numbers bold. Aligned text and CSV stay plain.
    Better better = Better::kNone;
  };

  explicit Table(std::vector<Column> columns, std::string caption = "");

  // One cell a column; REIDBENCH_CHECKs the count.
  void AddRow(std::vector<std::string> cells);
  bool empty() const { return rows_.empty(); }

  // Ends with a newline. Cells are escaped for the format: CsvCell, MarkdownText with pipes,
  // specials of LaTeX; line breaks and control characters are blanks outside CSV.
  std::string Render(TableFormat format) const;

 private:
  std::string RenderText() const;
  std::string RenderCsv() const;
  std::string RenderMarkdown() const;
  std::string RenderLatex() const;
  // Whether the cell holds the best number of its column, as printed.
  std::vector<std::vector<bool>> BestCells() const;

  std::vector<Column> columns_;
  std::string caption_;
  std::vector<std::vector<std::string>> rows_;
};

// Names come from files and folders, and what opens a table may take them for more than names. With
// true, for all of the process, they stay as they are: no formula is disarmed in CSV, no HTML and
// no emphasis in Markdown. What keeps a cell in its place is escaped all the same.
void KeepCellsRaw(bool raw);

// Quotes where needed (RFC 4180). A text that a spreadsheet would take for a formula, because it
// begins with = + - @, a tab or a line break, and is no number, gets an apostrophe in front.
std::string CsvCell(std::string_view text);

// In one line, with what Markdown or HTML would act upon shown as it is: < & [ * `.
std::string MarkdownText(std::string_view text);

// Fractions as percent with `decimals` ("31.01"), "n/a" where undefined.
std::string Percent(std::optional<double> fraction, int decimals = 2);
// With a sign: "+1.23", "-0.40".
std::string SignedPercent(std::optional<double> fraction, int decimals = 2);
std::string Number(std::optional<double> value, int decimals = 4);

// Columns on a terminal that a UTF-8 text takes, counting code points.
size_t DisplayWidth(std::string_view text);

}  // namespace reidbench
