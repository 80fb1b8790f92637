#include "reidbench/reporting/figure.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "reidbench/core/error.h"

namespace reidbench {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pointwise;
using ::testing::StartsWith;

Figure Curve() {
  return {.title = {},
          .x_title = "rank",
          .y_title = "rate (%)",
          .log_x = false,
          .series = {{.name = "a & <b>", .points = {{1, 10}, {2, 30}, {3, 20}}, .markers = true}}};
}

TEST(AxisTicks, AreRound) {
  EXPECT_THAT(AxisTicks(0, 10, 6), ElementsAre(0, 2, 4, 6, 8, 10));
  EXPECT_THAT(AxisTicks(-1.2, 1.1, 4), ElementsAre(-1, 0, 1));
  EXPECT_THAT(AxisTicks(59.7, 88.4, 7), ElementsAre(60, 65, 70, 75, 80, 85));
  EXPECT_THAT(AxisTicks(0.305, 0.345, 4),
              Pointwise(::testing::DoubleEq(), std::vector<double>{0.31, 0.32, 0.33, 0.34}));
  EXPECT_THAT(AxisTicks(5, 5, 4), ElementsAre(5));
}

TEST(Figure, SvgHasTheCurveAndItsTexts) {
  const std::string svg = RenderFigureSvg(Curve());
  EXPECT_THAT(svg, StartsWith("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"480\""));
  EXPECT_THAT(svg, HasSubstr(">a &amp; &lt;b&gt;</text>"));
  EXPECT_THAT(svg, HasSubstr(">rate (%)</text>"));
  // x: 1..3 widened by 3 % each side over 58..464; y: 10..30 widened by 6 % over 274..16.
  EXPECT_THAT(svg, HasSubstr("points=\"69.49,260.18 261.00,29.82 452.51,145.00\""));
  size_t dots = 0;
  for (size_t at = svg.find("<circle"); at != svg.npos; at = svg.find("<circle", at + 1)) ++dots;
  EXPECT_EQ(dots, 4u);  // three points and the legend
  EXPECT_EQ(svg, RenderFigureSvg(Curve()));
}

TEST(Figure, StepsGoAlongThenUp) {
  Figure figure = Curve();
  figure.series[0].steps = true;
  figure.series[0].markers = false;
  EXPECT_THAT(RenderFigureSvg(figure),
              HasSubstr("points=\"69.49,260.18 69.49,29.82 261.00,29.82 261.00,145.00 "));
}

TEST(Figure, PdfIsWellFormed) {
  const std::string pdf = RenderFigurePdf(Curve());
  EXPECT_THAT(pdf, StartsWith("%PDF-1.4\n"));
  EXPECT_THAT(pdf, HasSubstr("(rate \\(%\\)) Tj"));
  // The table of objects stands where the trailer says, and every object where the table says.
  const size_t table = std::stoul(pdf.substr(pdf.find("startxref\n") + 10));
  EXPECT_EQ(pdf.substr(table, 9), "xref\n0 7\n");
  for (int object = 1; object <= 6; ++object) {
    const size_t offset = std::stoul(pdf.substr(table + 9 + 20 * static_cast<size_t>(object), 10));
    EXPECT_EQ(pdf.substr(offset, 7), std::to_string(object) + " 0 obj");
  }
  const size_t length = std::stoul(pdf.substr(pdf.find("/Length ") + 8));
  const size_t start = pdf.find("stream\n") + 7;
  EXPECT_EQ(pdf.substr(start + length, 9), "endstream");
}

TEST(Figure, PdfWritesLatinLettersAndQuestionMarks) {
  Figure figure = Curve();
  figure.series[0].name = "M\xc3\xbcller \xe4\xba\xba (x)";
  EXPECT_THAT(RenderFigurePdf(figure), HasSubstr("(M\xfcller ? \\(x\\)) Tj"));
}

TEST(Figure, LogarithmicAxisHasPowers) {
  Figure figure = Curve();
  figure.log_x = true;
  figure.series[0].points = {{10, 1}, {1000, 2}, {2e6, 3}};
  const std::string svg = RenderFigureSvg(figure);
  EXPECT_THAT(svg, HasSubstr(">100k</text>"));
  EXPECT_THAT(svg, HasSubstr(">1M</text>"));
  figure.series[0].points[0].first = 0;
  EXPECT_THROW(RenderFigureSvg(figure), Error);
}

TEST(Figure, RefusesWhatCannotBeDrawn) {
  Figure figure = Curve();
  figure.series[0].points = {{1, NAN}};
  EXPECT_THROW(RenderFigurePdf(figure), Error);
  figure.series[0].points.clear();
  EXPECT_THROW(RenderFigureSvg(figure), Error);
  EXPECT_THROW(RenderFigureAs(Curve(), "x.png"), Error);
  EXPECT_THAT(RenderFigureAs(Curve(), "x.PDF"), StartsWith("%PDF"));
  EXPECT_THAT(RenderFigureAs(Curve(), "x.svg"), Not(StartsWith("%PDF")));
}

TEST(Figure, ASinglePointIsEnough) {
  Figure figure = Curve();
  figure.series[0].points = {{1, 50}};
  EXPECT_THAT(RenderFigureSvg(figure), HasSubstr("<circle"));
}

}  // namespace
}  // namespace reidbench
