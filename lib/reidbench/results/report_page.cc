#include "reidbench/results/report_page.h"

#include <fmt/core.h>

#include <cstdlib>

#include "reidbench/core/version.h"
#include "reidbench/mot_metrics/fields.h"
#include "reidbench/results/json_values.h"
#include "reidbench/results/schemas.h"

namespace reidbench {
namespace {

// U+2028 and U+2029 end a line for scripts.
constexpr std::string_view kLineSeparator = "\xe2\x80\xa8", kParagraphSeparator = "\xe2\x80\xa9";

// JSON with other escapes means the same; these characters occur in its strings alone.
void AppendJson(std::string_view json, std::string* out) {
  out->reserve(out->size() + json.size());
  for (size_t i = 0; i < json.size(); ++i) {
    const std::string_view three = json.substr(i, 3);
    if (json[i] == '<') {
      *out += "\\u003c";
    } else if (json[i] == '>') {
      *out += "\\u003e";
    } else if (json[i] == '&') {
      *out += "\\u0026";
    } else if (three == kLineSeparator || three == kParagraphSeparator) {
      *out += three == kLineSeparator ? "\\u2028" : "\\u2029";
      i += 2;
    } else {
      *out += json[i];
    }
  }
}

std::string HtmlText(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

// What the scripts have to know of every metric.
Json MetricsJson() {
  Json metrics = Json::object();
  for (const MotField& field : MotFields()) {
    metrics[std::string(field.name)] = {{"title", field.title},
                                        {"count", field.is_count()},
                                        {"lower", field.better == Better::kLower}};
  }
  return metrics;
}

}  // namespace

std::string RenderReportPage(std::string_view title, std::span<const ReportPart> parts) {
  constexpr std::string_view kTitle = "@TITLE@", kData = "@DATA@";
  const std::string_view page = ReportPageTemplate();
  const size_t title_at = page.find(kTitle);
  const size_t data_at = page.find(kData);
  if (title_at == page.npos || data_at == page.npos || data_at < title_at)
    std::abort();  // reports/page/index.html has them
  std::string out(page.substr(0, title_at));
  out += HtmlText(title);
  out += page.substr(title_at + kTitle.size(), data_at - title_at - kTitle.size());
  // The parts stand in it as they are: they are large, and JSON already.
  const Json head = {{"schema", kPageSchema},
                     {"version", Version()},
                     {"title", title},
                     {"metrics", MetricsJson()},
                     {"parts", Json::object()}};
  std::string data = DumpJson(head, -1);
  data.resize(data.size() - 2);  // goes on inside "parts"
  AppendJson(data, &out);
  for (size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) out += ',';
    AppendJson(DumpJson(parts[i].name, -1) + ":", &out);
    AppendJson(parts[i].json, &out);
  }
  out += "}}";
  return out.append(page.substr(data_at + kData.size()));
}

}  // namespace reidbench
