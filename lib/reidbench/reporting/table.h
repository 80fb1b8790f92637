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

  // Ends with a newline. Cells are escaped for the format: quotes in CSV (RFC 4180), pipes in
  // Markdown, specials in LaTeX.
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

// Fractions as percent with `decimals` ("31.01"), "n/a" where undefined.
std::string Percent(std::optional<double> fraction, int decimals = 2);
// With a sign: "+1.23", "-0.40".
std::string SignedPercent(std::optional<double> fraction, int decimals = 2);
std::string Number(std::optional<double> value, int decimals = 4);

// Columns on a terminal that a UTF-8 text takes, counting code points.
size_t DisplayWidth(std::string_view text);

}  // namespace reidbench
