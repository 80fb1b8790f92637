// Line and scatter figures for papers, as SVG and as PDF, without a browser: the CMC curve of a
// ranking, speed against score of a sweep.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace reidbench {

struct FigureSeries {
  std::string name;                               // for the legend; empty: not listed
  std::vector<std::pair<double, double>> points;  // (x, y)
  bool line = true;                               // joined in the order of the points
  bool steps = false;  // joined by steps: y of the next point from the point on
  bool markers = false;
};

struct Figure {
  std::string title;  // empty: none, as in papers, where the caption says it
  std::string x_title, y_title;
  bool log_x = false;  // x must be above 0
  std::vector<FigureSeries> series;
};

// 480 x 320 points, text as text, colours that colour-blind readers tell apart (Okabe and Ito). The
// same figure gives the same bytes. Throws Error(kUsage) when no series has a point, or a point is
// not finite (or not above 0 on a logarithmic axis).
std::string RenderFigureSvg(const Figure& figure);
// PDF 1.4 with Helvetica, which every reader has; characters outside Latin-1 are written as '?'.
std::string RenderFigurePdf(const Figure& figure);

// By the name's extension, .svg or .pdf. Throws Error(kUsage) for another extension.
std::string RenderFigureAs(const Figure& figure, const std::filesystem::path& path);
// Throws what RenderFigureAs would throw for the name, before anything is computed.
void CheckFigureName(const std::filesystem::path& path);

// Round steps of an axis from `low` to `high`: ascending multiples of 1, 2 or 5 times a power of
// ten, at most `most` of them, inside the range.
std::vector<double> AxisTicks(double low, double high, int most);

}  // namespace reidbench
