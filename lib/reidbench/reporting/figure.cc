#include "reidbench/reporting/figure.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <string_view>

#include "reidbench/core/error.h"
#include "reidbench/core/text.h"

namespace reidbench {
namespace {

constexpr double kWidth = 480, kHeight = 320;  // points
constexpr double kLeft = 58, kRight = 16, kTop = 16, kBottom = 46, kTitleHeight = 20;
constexpr double kTextSize = 11;

struct Color {
  int red = 0, green = 0, blue = 0;
};
constexpr Color kInk{34, 34, 34}, kGrid{221, 221, 221}, kPaper{255, 255, 255};
// Okabe and Ito, "Color Universal Design" (2008), without yellow, which is weak on white.
constexpr Color kSeries[] = {{0, 114, 178},   {213, 94, 0},  {0, 158, 115},
                             {204, 121, 167}, {230, 159, 0}, {86, 180, 233}};

enum class Anchor { kStart, kMiddle, kEnd };

using Points = std::vector<std::pair<double, double>>;

// What a figure is drawn on; y grows downwards.
class Canvas {
 public:
  Canvas() = default;
  Canvas(const Canvas&) = delete;
  Canvas& operator=(const Canvas&) = delete;
  virtual ~Canvas() = default;
  virtual void Polyline(const Points& points, Color color, double width) = 0;
  virtual void Dot(double x, double y, double radius, Color color) = 0;
  virtual void Text(double x, double y, Anchor anchor, std::string_view text) = 0;
  // Upwards, centred on (x, y).
  virtual void UpwardText(double x, double y, std::string_view text) = 0;
};

// Never "-0".
std::string Coordinate(double value) {
  std::string text = fmt::format("{:.2f}", value);
  return text == "-0.00" ? "0.00" : text;
}

std::string XmlText(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '&') {
      out += "&amp;";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += ' ';  // most control characters may not occur in XML
    } else {
      out += c;
    }
  }
  return out;
}

class SvgCanvas final : public Canvas {
 public:
  void Polyline(const Points& points, Color color, double width) override {
    body_ += "<polyline fill=\"none\" stroke-linejoin=\"round\" stroke=\"" + Hex(color) +
             fmt::format("\" stroke-width=\"{}\" points=\"", Coordinate(width));
    for (size_t i = 0; i < points.size(); ++i) {
      body_ += fmt::format("{}{},{}", i == 0 ? "" : " ", Coordinate(points[i].first),
                           Coordinate(points[i].second));
    }
    body_ += "\"/>\n";
  }
  void Dot(double x, double y, double radius, Color color) override {
    body_ += fmt::format("<circle cx=\"{}\" cy=\"{}\" r=\"{}\" fill=\"{}\" stroke=\"{}\"/>\n",
                         Coordinate(x), Coordinate(y), Coordinate(radius), Hex(color), Hex(kPaper));
  }
  void Text(double x, double y, Anchor anchor, std::string_view text) override {
    constexpr const char* kNames[] = {"start", "middle", "end"};
    body_ += fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"{}\">{}</text>\n", Coordinate(x),
                         Coordinate(y), kNames[static_cast<int>(anchor)], XmlText(text));
  }
  void UpwardText(double x, double y, std::string_view text) override {
    body_ += fmt::format(
        "<text text-anchor=\"middle\" transform=\"translate({},{}) rotate(-90)\">{}</text>\n",
        Coordinate(x), Coordinate(y), XmlText(text));
  }

  std::string Finish(const std::string& title) const {
    return fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} "
        "{1}\" font-family=\"Helvetica, Arial, sans-serif\" font-size=\"{2}\" fill=\"{3}\">\n"
        "<title>{4}</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n{5}</svg>\n",
        kWidth, kHeight, kTextSize, Hex(kInk), XmlText(title), body_);
  }

 private:
  static std::string Hex(Color color) {
    return fmt::format("#{:02x}{:02x}{:02x}", color.red, color.green, color.blue);
  }
  std::string body_;
};

// Widths of Helvetica's characters 32 to 126 in thousandths of the size (Adobe's font metrics).
constexpr std::array<int16_t, 95> kHelvetica = {
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333,  278, 278, 556, 556, 556,
    556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667,
    611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667,  611, 722, 667, 944, 667,
    667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278,  556, 556, 222, 222, 500,
    222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500,  500, 334, 260, 334, 584};

// UTF-8 to Latin-1; what it lacks becomes '?'.
std::string Latin1(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x80) {
      out += c < 0x20 ? ' ' : text[i];
    } else if ((c & 0xC0) == 0x80) {
      continue;  // the rest of a character that was not known
    } else if ((c == 0xC2 || c == 0xC3) && i + 1 < text.size()) {
      out += static_cast<char>(((c & 0x03) << 6) | (static_cast<unsigned char>(text[++i]) & 0x3F));
    } else {
      out += '?';
    }
  }
  return out;
}

class PdfCanvas final : public Canvas {
 public:
  void Polyline(const Points& points, Color color, double width) override {
    body_ += fmt::format("{} RG {} w 1 j\n", Rgb(color), Coordinate(width));
    for (size_t i = 0; i < points.size(); ++i) {
      body_ += fmt::format("{} {} {}\n", Coordinate(points[i].first), Up(points[i].second),
                           i == 0 ? 'm' : 'l');
    }
    body_ += "S\n";
  }
  void Dot(double x, double y, double radius, Color color) override {
    // A quarter of a circle as a Bezier curve: the known constant 4/3 (sqrt 2 - 1).
    const double k = radius * 0.5522847498;
    const auto curve = [&](double x1, double y1, double x2, double y2, double x3, double y3) {
      body_ += fmt::format("{} {} {} {} {} {} c\n", Coordinate(x + x1), Up(y + y1),
                           Coordinate(x + x2), Up(y + y2), Coordinate(x + x3), Up(y + y3));
    };
    body_ += fmt::format("{} rg {} RG 1 w\n{} {} m\n", Rgb(color), Rgb(kPaper),
                         Coordinate(x + radius), Up(y));
    curve(radius, k, k, radius, 0, radius);
    curve(-k, radius, -radius, k, -radius, 0);
    curve(-radius, -k, -k, -radius, 0, -radius);
    curve(k, -radius, radius, -k, radius, 0);
    body_ += "b\n";
  }
  void Text(double x, double y, Anchor anchor, std::string_view text) override {
    const std::string latin = Latin1(text);
    const double share = anchor == Anchor::kStart ? 0 : anchor == Anchor::kMiddle ? 0.5 : 1;
    body_ += fmt::format("BT {} rg /F1 {} Tf {} {} Td ({}) Tj ET\n", Rgb(kInk), kTextSize,
                         Coordinate(x - share * Width(latin)), Up(y), Escape(latin));
  }
  void UpwardText(double x, double y, std::string_view text) override {
    const std::string latin = Latin1(text);
    body_ += fmt::format("BT {} rg /F1 {} Tf 0 1 -1 0 {} {} Tm ({}) Tj ET\n", Rgb(kInk), kTextSize,
                         Coordinate(x), Up(y + Width(latin) / 2), Escape(latin));
  }

  std::string Finish(const std::string& title) const {
    std::string out = "%PDF-1.4\n%\xE2\xE3\xCF\xD3\n";  // the second line says: binary
    std::vector<size_t> offsets;
    const auto add = [&](const std::string& object) {
      offsets.push_back(out.size());
      out += fmt::format("{} 0 obj\n{}\nendobj\n", offsets.size(), object);
    };
    add("<< /Type /Catalog /Pages 2 0 R >>");
    add("<< /Type /Pages /Kids [3 0 R] /Count 1 >>");
    add(
        fmt::format("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {} {}] /Contents 4 0 R "
                    "/Resources << /Font << /F1 5 0 R >> >> >>",
                    kWidth, kHeight));
    add(fmt::format("<< /Length {} >>\nstream\n{}endstream", body_.size(), body_));
    add("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>");
    add(fmt::format("<< /Title ({}) /Producer (reidbench) >>", Escape(Latin1(title))));
    const size_t table = out.size();
    out += fmt::format("xref\n0 {}\n0000000000 65535 f \n", offsets.size() + 1);
    for (const size_t offset : offsets) out += fmt::format("{:010} 00000 n \n", offset);
    out += fmt::format("trailer\n<< /Size {} /Root 1 0 R /Info 6 0 R >>\nstartxref\n{}\n%%EOF\n",
                       offsets.size() + 1, table);
    return out;
  }

 private:
  static std::string Up(double y) { return Coordinate(kHeight - y); }
  static std::string Rgb(Color color) {
    return fmt::format("{:.3f} {:.3f} {:.3f}", color.red / 255.0, color.green / 255.0,
                       color.blue / 255.0);
  }
  static double Width(std::string_view latin) {
    double sum = 0;
    for (const char c : latin) {
      const int code = static_cast<unsigned char>(c);
      sum += code >= 32 && code < 127 ? kHelvetica[static_cast<size_t>(code - 32)] : 556;
    }
    return sum / 1000 * kTextSize;
  }
  static std::string Escape(std::string_view latin) {
    std::string out;
    for (const char c : latin) {
      if (c == '(' || c == ')' || c == '\\') out += '\\';
      out += c;
    }
    return out;
  }
  std::string body_;
};

struct Range {
  double low = 0, high = 0;
};

// Of one coordinate over all points, widened by a share on both sides.
Range RangeOf(const Figure& figure, bool of_x, double share) {
  Range range{INFINITY, -INFINITY};
  for (const FigureSeries& series : figure.series) {
    for (const auto& [x, y] : series.points) {
      const double value = of_x ? (figure.log_x ? std::log10(x) : x) : y;
      if (!std::isfinite(value)) {
        ThrowUsage("figure: expected finite numbers{}, found ({}, {})",
                   figure.log_x ? " with x above 0" : "", x, y);
      }
      range.low = std::min(range.low, value);
      range.high = std::max(range.high, value);
    }
  }
  if (range.low > range.high) ThrowUsage("figure: there is nothing to draw");
  double widen = share * (range.high - range.low);
  if (range.high == range.low) widen = std::max(std::abs(range.low) * 0.05, 0.5);
  return {range.low - widen, range.high + widen};
}

std::string TickText(double value) {
  if (std::abs(value) >= 1e4) {
    for (const auto& [unit, name] : {std::pair(1e9, "G"), {1e6, "M"}, {1e3, "k"}}) {
      if (std::abs(value) >= unit) return fmt::format("{:g}{}", value / unit, name);
    }
  }
  return fmt::format("{:g}", value);
}

std::vector<double> LogTicks(const Range& range) {
  for (const std::vector<double>& digits : {std::vector<double>{1, 2, 5}, std::vector<double>{1}}) {
    std::vector<double> ticks;
    for (int power = static_cast<int>(std::floor(range.low)); power <= range.high; ++power) {
      for (const double digit : digits) {
        const double at = power + std::log10(digit);
        if (at >= range.low && at <= range.high) ticks.push_back(digit * std::pow(10, power));
      }
    }
    if (ticks.size() <= 7) return ticks;
  }
  return {std::pow(10, std::ceil(range.low)), std::pow(10, std::floor(range.high))};
}

void Draw(const Figure& figure, Canvas* canvas) {
  const double top = kTop + (figure.title.empty() ? 0 : kTitleHeight);
  const Range x_range = RangeOf(figure, true, 0.03), y_range = RangeOf(figure, false, 0.06);
  const auto at_x = [&](double x) {
    const double value = figure.log_x ? std::log10(x) : x;
    return kLeft + (value - x_range.low) / (x_range.high - x_range.low) * (kWidth - kLeft - kRight);
  };
  const auto at_y = [&](double y) {
    return kHeight - kBottom -
           (y - y_range.low) / (y_range.high - y_range.low) * (kHeight - kBottom - top);
  };
  if (!figure.title.empty()) canvas->Text(kWidth / 2, kTop + 4, Anchor::kMiddle, figure.title);
  for (const double y : AxisTicks(y_range.low, y_range.high, 7)) {
    canvas->Polyline({{kLeft, at_y(y)}, {kWidth - kRight, at_y(y)}}, kGrid, 0.6);
    canvas->Text(kLeft - 6, at_y(y) + 4, Anchor::kEnd, TickText(y));
  }
  const std::vector<double> x_ticks =
      figure.log_x ? LogTicks(x_range) : AxisTicks(x_range.low, x_range.high, 9);
  for (const double x : x_ticks) {
    canvas->Polyline({{at_x(x), kHeight - kBottom}, {at_x(x), kHeight - kBottom + 4}}, kInk, 0.8);
    canvas->Text(at_x(x), kHeight - kBottom + 16, Anchor::kMiddle, TickText(x));
  }
  canvas->Polyline({{kLeft, top}, {kLeft, kHeight - kBottom}, {kWidth - kRight, kHeight - kBottom}},
                   kInk, 0.8);
  canvas->Text((kLeft + kWidth - kRight) / 2, kHeight - 10, Anchor::kMiddle, figure.x_title);
  canvas->UpwardText(14, (top + kHeight - kBottom) / 2, figure.y_title);
  // The legend stands where curves that rise leave room: below on the right.
  size_t listed = 0;
  for (const FigureSeries& series : figure.series) listed += series.name.empty() ? 0 : 1;
  double legend_y = kHeight - kBottom - 12 - 15 * (static_cast<double>(listed) - 1);
  for (size_t s = 0; s < figure.series.size(); ++s) {
    const FigureSeries& series = figure.series[s];
    const Color color = kSeries[s % std::size(kSeries)];
    Points path;
    for (const auto& [x, y] : series.points) {
      if (series.steps && !path.empty()) path.emplace_back(path.back().first, at_y(y));
      path.emplace_back(at_x(x), at_y(y));
    }
    if (series.line && path.size() > 1) canvas->Polyline(path, color, 1.8);
    if (series.markers) {
      for (const auto& [x, y] : series.points) canvas->Dot(at_x(x), at_y(y), 3.6, color);
    }
    if (series.name.empty()) continue;
    canvas->Text(kWidth - kRight - 26, legend_y + 4, Anchor::kEnd, series.name);
    if (series.line) {
      canvas->Polyline({{kWidth - kRight - 20, legend_y}, {kWidth - kRight - 2, legend_y}}, color,
                       1.8);
    }
    if (series.markers) canvas->Dot(kWidth - kRight - 11, legend_y, 3.6, color);
    legend_y += 15;
  }
}

bool IsSvg(const std::filesystem::path& path) {
  return ToLower(path.extension().string()) == ".svg";
}

}  // namespace

std::vector<double> AxisTicks(double low, double high, int most) {
  if (!(high > low) || most < 2) return {low};
  const double rough = (high - low) / most;
  const double power = std::pow(10, std::floor(std::log10(rough)));
  for (const double digit : {1.0, 2.0, 5.0, 10.0}) {
    const double step = digit * power;
    const double first = std::ceil(low / step - 1e-9), last = std::floor(high / step + 1e-9);
    if (last - first + 1 > most) continue;
    std::vector<double> ticks;
    for (double k = first; k <= last; ++k) ticks.push_back(k == 0 ? 0 : k * step);
    return ticks;
  }
  return {low, high};
}

std::string RenderFigureSvg(const Figure& figure) {
  SvgCanvas canvas;
  Draw(figure, &canvas);
  return canvas.Finish(figure.title.empty() ? figure.y_title : figure.title);
}

std::string RenderFigurePdf(const Figure& figure) {
  PdfCanvas canvas;
  Draw(figure, &canvas);
  return canvas.Finish(figure.title.empty() ? figure.y_title : figure.title);
}

std::string RenderFigureAs(const Figure& figure, const std::filesystem::path& path) {
  CheckFigureName(path);
  return IsSvg(path) ? RenderFigureSvg(figure) : RenderFigurePdf(figure);
}

void CheckFigureName(const std::filesystem::path& path) {
  if (!IsSvg(path) && ToLower(path.extension().string()) != ".pdf")
    ThrowUsage("{}: expected a name that ends in .svg or .pdf", path.string());
}

}  // namespace reidbench
