#include "reidbench/reporting/table.h"

#include <gtest/gtest.h>

namespace reidbench {
namespace {

Table Small() {
  Table table({{"name", Align::kLeft}, {"mAP"}}, "Caption");
  table.AddRow({"a_b", "31.01"});
  table.AddRow({"x|y, \"z\"", "5.00"});
  return table;
}

TEST(TableTest, TextIsAlignedAndHasNoTrailingBlanks) {
  EXPECT_EQ(Small().Render(TableFormat::kText),
            "Caption\n"
            "name        mAP\n"
            "a_b       31.01\n"
            "x|y, \"z\"   5.00\n");
}

TEST(TableTest, TextCountsCodePointsNotBytes) {
  Table table({{"name", Align::kLeft}, {"n"}});
  table.AddRow({"Zoë", "1"});
  table.AddRow({"Anna", "2"});
  EXPECT_EQ(table.Render(TableFormat::kText), "name  n\nZoë   1\nAnna  2\n");
}

TEST(TableTest, CsvQuotesWhatNeedsIt) {
  EXPECT_EQ(Small().Render(TableFormat::kCsv), "name,mAP\na_b,31.01\n\"x|y, \"\"z\"\"\",5.00\n");
}

TEST(TableTest, MarkdownEscapesPipes) {
  EXPECT_EQ(Small().Render(TableFormat::kMarkdown),
            "Caption\n\n| name | mAP |\n|---|---:|\n| a_b | 31.01 |\n| x\\|y, \"z\" | 5.00 |\n");
}

TEST(TableTest, LatexEscapesSpecials) {
  const std::string tex = Small().Render(TableFormat::kLatex);
  EXPECT_NE(tex.find("a\\_b & 31.01 \\\\"), std::string::npos) << tex;
  EXPECT_NE(tex.find("\\begin{tabular}{lr}"), std::string::npos) << tex;
}

// Names of files may hold line breaks: they end neither the comment nor the row.
TEST(TableTest, LatexKeepsNamesOnTheirLine) {
  Table table({{"name", Align::kLeft}}, "of\n\\input{x}");
  table.AddRow({"a\n\nb <c>"});
  EXPECT_EQ(table.Render(TableFormat::kLatex),
            "% of \\input{x}\n\\begin{tabular}{l}\n\\toprule\nname \\\\\n\\midrule\n"
            "a  b \\textless{}c\\textgreater{} \\\\\n\\bottomrule\n\\end{tabular}\n");
}

// As papers print the scores of methods.
TEST(TableTest, TheBestOfMethodsIsBoldAndArrowsSayWhichWay) {
  Table table({{"method", Align::kLeft},
               {"IDF1", Align::kRight, Better::kHigher},
               {"IDSW", Align::kRight, Better::kLower},
               {"p"}});
  table.AddRow({"plain", "45.84", "1,115", "9"});
  table.AddRow({"re-ID", "62.14", "651", "8"});
  table.AddRow({"tie", "62.14", "n/a", "7"});
  EXPECT_EQ(table.Render(TableFormat::kMarkdown),
            "| method | IDF1 ↑ | IDSW ↓ | p |\n|---|---:|---:|---:|\n"
            "| plain | 45.84 | 1,115 | 9 |\n| re-ID | **62.14** | **651** | 8 |\n"
            "| tie | **62.14** | n/a | 7 |\n");
  const std::string tex = table.Render(TableFormat::kLatex);
  EXPECT_NE(tex.find("method & IDF1 $\\uparrow$ & IDSW $\\downarrow$ & p \\\\"), std::string::npos)
      << tex;
  EXPECT_NE(tex.find("re-ID & \\textbf{62.14} & \\textbf{651} & 8 \\\\"), std::string::npos) << tex;
  EXPECT_EQ(table.Render(TableFormat::kText),
            "method   IDF1   IDSW  p\nplain   45.84  1,115  9\nre-ID   62.14    651  8\n"
            "tie     62.14    n/a  7\n");
}

TEST(TableTest, OneMethodHasNoBest) {
  Table table({{"method", Align::kLeft}, {"IDF1", Align::kRight, Better::kHigher}});
  table.AddRow({"alone", "45.84"});
  EXPECT_EQ(table.Render(TableFormat::kMarkdown),
            "| method | IDF1 ↑ |\n|---|---:|\n| alone | 45.84 |\n");
}

TEST(PercentTest, UndefinedIsNotZero) {
  EXPECT_EQ(Percent(std::nullopt), "n/a");
  EXPECT_EQ(Percent(0.310077), "31.01");
  EXPECT_EQ(Percent(-1e-9), "0.00");
  EXPECT_EQ(SignedPercent(0.0123), "+1.23");
}

TEST(CsvCellTest, DisarmsFormulasAndLeavesNumbers) {
  EXPECT_EQ(CsvCell("=1+1"), "'=1+1");
  EXPECT_EQ(CsvCell("=HYPERLINK(\"http://x\",\"y\")"),
            "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\"");
  for (const char* text : {"+1+1", "-1+1", "-a", "+", "-", "--1", "@SUM(A1)", "-1 .. x", "＝1+1"})
    EXPECT_EQ(CsvCell(text), std::string("'") + text);
  EXPECT_EQ(CsvCell("\t=1"), "\"'\t=1\"");
  EXPECT_EQ(CsvCell("\r=1"), "\"'\r=1\"");
  EXPECT_EQ(CsvCell("a;=1+1"), "\"a;=1+1\"");  // no field of its own, also where ; ends one
  for (const char* number : {"-0.40", "+1.23", "-12", "-1.5e-05", "0", "-0.40 .. +1.00", "-3 %"})
    EXPECT_EQ(CsvCell(number), number);
  EXPECT_EQ(CsvCell("-1,234"), "\"-1,234\"");
  for (const char* name : {"a=b", "a-b", "MOT17-02", "a@b", "x;y", "a=1;b=2", ""})
    EXPECT_EQ(CsvCell(name), name);
  KeepCellsRaw(true);
  EXPECT_EQ(CsvCell("=1+1"), "=1+1");
  EXPECT_EQ(CsvCell("a,\nb"), "\"a,\nb\"");
  KeepCellsRaw(false);
}

Table Hostile() {
  Table table({{"<b>", Align::kLeft}, {"n"}}, "of <i>\n# x");
  table.AddRow({"<script>alert(1)</script>|a\nb", "1"});
  table.AddRow({"[x](javascript:y) `z` **&lt;\x1b[2J", "2"});
  return table;
}

TEST(TableTest, MarkdownActsUponNoName) {
  EXPECT_EQ(Hostile().Render(TableFormat::kMarkdown),
            "of &lt;i> # x\n\n| &lt;b> | n |\n|---|---:|\n"
            "| &lt;script>alert(1)&lt;/script>\\|a b | 1 |\n"
            "| \\[x](javascript:y) \\`z\\` \\*\\*&amp;lt; \\[2J | 2 |\n");
  KeepCellsRaw(true);
  EXPECT_NE(
      Hostile().Render(TableFormat::kMarkdown).find("| <script>alert(1)</script>\\|a b | 1 |"),
      std::string::npos);
  KeepCellsRaw(false);
}

TEST(TableTest, LatexTakesNoNameForAnArgument) {
  Table table({{"name", Align::kLeft}});
  table.AddRow({"[2cm] *"});
  EXPECT_NE(table.Render(TableFormat::kLatex).find("\n{[}2cm] {*} \\\\\n"), std::string::npos);
}

TEST(TableTest, TextStaysOnItsLine) {
  EXPECT_EQ(Hostile().Render(TableFormat::kText).find('\x1b'), std::string::npos);
  Table table({{"name", Align::kLeft}, {"n"}});
  table.AddRow({"a\nb", "1"});
  EXPECT_EQ(table.Render(TableFormat::kText), "name  n\na b   1\n");
}

}  // namespace
}  // namespace reidbench
