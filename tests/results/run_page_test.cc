#include "reidbench/results/run_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reidbench/core/error.h"
#include "support/expect_error.h"
#include "support/temp_folder.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

// A tracker with two corrections; the second has the better HOTA.
Json PageRecord() {
  const auto compare = [](double hota) {
    const Json one_switch = {
        {"frame", 9}, {"old_track", 1}, {"boxes", {{"old", {1.5, 2, 3, 4}}}}, {"status", "fixed"}};
    const Json sequence = {
        {"plain", {{"HOTA", 0.1}}},
        {"switches",
         {{"fixed", 1}, {"list", {{"plain", {one_switch}}, {"corrected", Json::array()}}}}},
        {"timelines",
         {{{"gt_id", 7}, {"present", {{1, 9}}}, {"plain", {{1, 8, 1}}}, {"corrected", {}}}}}};
    return Json{{"headline", "h"},
                {"COMBINED", {{"corrected", {{"HOTA", hota}}}}},
                {"sequences", {{"A", sequence}}}};
  };
  const auto correction = [&](const char* name, double hota) {
    return Json{{"name", name}, {"relink", {{"x", 1}}}, {"score", 1}, {"compare", compare(hota)}};
  };
  return {{"experiment", "x"},
          {"seconds", 0.1234567890123456},
          {"stages", {{{"id", "track"}, {"seconds", 1.5}, {"command_line", {"a"}}, {"key", "k"}}}},
          {"results",
           {{"sweep", nullptr},
            {"tracking",
             {{{"name", "sort"},
               {"track", 1},
               {"score", 2},
               {"corrections", {correction("one", 0.5), correction("two", 0.6)}}}}}}}};
}

Json PartsOf(const std::string& page) {
  const std::string start = "id=\"report-data\">";
  const size_t from = page.find(start) + start.size();
  return Json::parse(page.substr(from, page.find("</script", from) - from))["parts"];
}

TEST(RunPage, HoldsTheNumbersOfTheRecord) {
  const Json record = PageRecord();
  const Json parts = PartsOf(RenderRunPage(record, {}));
  EXPECT_EQ(parts["run"]["seconds"], record["seconds"]);
  EXPECT_EQ(parts["run"]["stages"], (Json{{{"id", "track"}, {"seconds", 1.5}}}));
  const Json& entry = parts["run"]["results"]["tracking"][0];
  EXPECT_FALSE(entry.contains("score"));
  const Json& compare = entry["corrections"][0]["compare"];
  EXPECT_EQ(compare["COMBINED"],
            record["results"]["tracking"][0]["corrections"][0]["compare"]["COMBINED"]);
  EXPECT_EQ(compare["sequences"]["A"]["plain"], (Json{{"HOTA", 0.1}}));
  EXPECT_EQ(compare["sequences"]["A"]["switches"], (Json{{"fixed", 1}}));
}

TEST(RunPage, WritesListsAsColumnsAndRows) {
  const Json details = PartsOf(RenderRunPage(PageRecord(), {}))["run_details"]["0/1"]["A"];
  const Json& plain = details["switches"]["plain"];
  EXPECT_EQ(plain["columns"], (Json{"frame", "old_track", "status"}));  // without boxes
  EXPECT_EQ(plain["rows"], (Json::array({Json::array({9, 1, "fixed"})})));
  EXPECT_TRUE(details["switches"]["corrected"]["rows"].empty());
  EXPECT_EQ(details["timelines"]["columns"][0], "gt_id");
  EXPECT_EQ(details["timelines"]["rows"][0][0], 7);
}

// What is too much is left out whole, and of the comparison with the lower score.
TEST(RunPage, StaysSmall) {
  const Json all = PartsOf(RenderRunPage(PageRecord(), {}))["run_details"];
  ASSERT_EQ(all.size(), 2u);
  const size_t of_one = all["0/1"].dump().size();
  const Json some = PartsOf(
      RenderRunPage(PageRecord(), {.max_detail_bytes = of_one + of_one / 2}))["run_details"];
  ASSERT_EQ(some.size(), 1u);
  EXPECT_TRUE(some.contains("0/1"));
}

TEST(RunPage, TakesPicturesAndEvidenceFromArtifacts) {
  TempFolder folder;
  folder.Write("compare/" + std::string(kPicturesFile), R"({"note": "", "sequences": {}})");
  folder.Write("relink/" + std::string(kDecisionsFile),
               R"({"method": "relink", "sequences": {"A": [{"kind": "link", "accepted": true}]}})");
  folder.Write("rank/" + std::string(kRankedFile), R"({"queries": []})");
  const auto artifact_of = [&](const std::string& slot) -> fs::path {
    if (slot == "/retrieval") return folder.path() / "rank";
    if (slot == "/tracking/0/corrections/0/compare") return folder.path() / "compare";
    if (slot == "/tracking/0/corrections/0/relink") return folder.path() / "relink";
    return {};
  };
  const Json parts = PartsOf(RenderRunPage(PageRecord(), {.artifact_of = artifact_of}));
  EXPECT_EQ(parts["run_crops"], (Json{{"0/0", {{"note", ""}, {"sequences", Json::object()}}}}));
  const Json& links = parts["run_decisions"]["0/0"]["sequences"]["A"];
  EXPECT_EQ(links["columns"], (Json{"kind", "accepted"}));
  EXPECT_EQ(links["rows"][0][1], true);
  EXPECT_EQ(parts["ranked"], (Json{{"queries", Json::array()}}));

  folder.Write("rank/" + std::string(kRankedFile), "{");
  EXPECT_THAT(MessageOf(ErrorKind::kInput,
                        [&] { RenderRunPage(PageRecord(), {.artifact_of = artifact_of}); }),
              HasSubstr("ranked.json:1:2: expected JSON"));
}

}  // namespace
}  // namespace reidbench
