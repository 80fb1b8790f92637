#include "reidbench/results/report_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "reidbench/core/version.h"
#include "reidbench/results/json_values.h"
namespace reidbench {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kDataStart = R"(<script type="application/json" id="report-data">)";

// What the page's scripts read: from the element's start to the first end of a script.
std::string DataOf(const std::string& page) {
  const size_t start = page.find(kDataStart);
  if (start == page.npos) return "";
  const size_t from = start + kDataStart.size();
  return page.substr(from, page.find("</script", from) - from);
}

TEST(ReportPage, CarriesTheDataAsGiven) {
  const Json compare = {{"schema", "reidbench.compare/1"}, {"value", 0.5}};
  const std::vector<ReportPart> parts = {{"compare", compare.dump(1)}, {"crops", "null"}};
  const Json data = Json::parse(DataOf(RenderReportPage("plain against corrected", parts)));
  EXPECT_EQ(data["schema"], "reidbench.page/1");
  EXPECT_EQ(data["version"], std::string(Version()));
  EXPECT_EQ(data["title"], "plain against corrected");
  EXPECT_EQ(data["parts"]["compare"], compare);
  EXPECT_TRUE(data["parts"]["crops"].is_null());
  EXPECT_EQ(data["metrics"]["IDSW"],
            (Json{{"title", "Identity switches"}, {"count", true}, {"lower", true}}));
  EXPECT_EQ(data["metrics"]["AssA"]["lower"], false);
}

TEST(ReportPage, IsWholeWithoutParts) {
  const std::string page = RenderReportPage("nothing", {});
  EXPECT_TRUE(Json::parse(DataOf(page))["parts"].empty());
  EXPECT_THAT(page, HasSubstr("<title>nothing</title>"));
}

TEST(ReportPage, NoNameBecomesMarkup) {
  const std::string hostile =
      "</script><script>alert(1)</script><!-- \"'&\\ \n\xe2\x80\xa8\xe2\x80\xa9 @DATA@ " +
      std::string(300, 'x') + " \xc3\xbc\xe4\xba\xba";
  const std::vector<ReportPart> parts = {{"compare", Json{{"name", hostile}}.dump()}};
  const std::string page = RenderReportPage(hostile, parts);
  const std::string text = DataOf(page);
  const Json data = Json::parse(text);
  EXPECT_EQ(data["title"], hostile);
  EXPECT_EQ(data["parts"]["compare"]["name"], hostile);
  EXPECT_THAT(text, Not(HasSubstr("<")));
  EXPECT_THAT(text, Not(HasSubstr("\xe2\x80\xa8")));
  EXPECT_THAT(text, Not(HasSubstr("\xe2\x80\xa9")));
  EXPECT_THAT(page, Not(HasSubstr("<script>alert")));
}

TEST(ReportPage, NeedsNoNetwork) {
  const std::string_view page = ReportPageTemplate();
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
  EXPECT_THAT(page, Not(HasSubstr("<link")));
  EXPECT_THAT(page, Not(HasSubstr("src=\"http")));
  EXPECT_THAT(page, Not(HasSubstr("@import")));
  EXPECT_THAT(page, Not(HasSubstr("@STYLE@")));
  EXPECT_THAT(page, Not(HasSubstr("@SCRIPT@")));
}

TEST(ReportPage, KeepsTheLicenceOfItsLibrary) {
  EXPECT_THAT(ReportPageTemplate(), HasSubstr("Mike Bostock"));
  EXPECT_THAT(ReportPageTemplate(), HasSubstr("Redistributions in binary form must reproduce"));
}

}  // namespace
}  // namespace reidbench
