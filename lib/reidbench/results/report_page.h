// One HTML file that shows results: the page of reports/page with the data of commands inside. It
// needs no network and no other file. The table of metrics (mot_metrics/fields.h) goes with it.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace reidbench {

// What one command found, as the page's scripts read it (reports/page/model.js names the parts).
struct ReportPart {
  std::string name;
  std::string json;  // valid JSON; what it is is the scripts' affair
};

// `title` may be any text. Bytes that would end the data early, or that scripts take for the end of
// a line, are written as JSON escapes, so that no name can become markup.
std::string RenderReportPage(std::string_view title, std::span<const ReportPart> parts);

// The page without data, with @TITLE@ and @DATA@ in their places; made by the build from
// reports/page.
std::string_view ReportPageTemplate();

}  // namespace reidbench
