#include "reidbench/results/rank_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "reidbench/imaging/encode.h"
#include "reidbench/results/json_values.h"
#include "reidbench/results/rank.h"
#include "support/temp_folder.h"

namespace reidbench {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// Queries q0 ... with these average precisions; every one has the gallery images of person 0 and 1
// nearest.
RankStageResult Ranked(const std::vector<double>& precisions) {
  RankStageResult result;
  result.files = {"features.h5"};
  for (const char* path : {"g/0.png", "g/frame.png#xywh=2,1,4,8"})
    result.gallery.path.push_back(path);
  result.gallery.person = {PersonId(1), PersonId(2)};
  result.gallery.camera = {CameraId(1), CameraId(2)};
  for (size_t q = 0; q < precisions.size(); ++q) {
    result.query.path.push_back(fmt::format("q/{}.png", q));
    result.query.person.emplace_back(1);
    result.query.camera.emplace_back(3);
    QueryResult& query = result.ranking.queries.emplace_back();
    query.average_precision = precisions[q];
    query.num_positives = 1;
    query.first_match_rank = 1;
    query.top = {{.gallery_row = 0, .distance = 0.5F}, {.gallery_row = 1, .distance = 0.75F}};
  }
  return result;
}

std::multimap<std::string, std::string> Kinds(const Json& ranked) {
  std::multimap<std::string, std::string> kinds;
  for (const Json& query : ranked["queries"]) kinds.emplace(query["kind"], query["path"]);
  return kinds;
}

TEST(RankPage, ShowsWorstMedianAndBestQueries) {
  RankStageResult result = Ranked({0.5, 0.1, 0.9, 0.3, 0.7, 0.2, 0.8});
  result.ranking.queries[1].status = QueryStatus::kNoPositive;  // has no AP
  const auto kinds =
      Kinds(Json::parse(RenderRankedQueries(result, {.images = {}, .queries_of_a_kind = 1})));
  EXPECT_THAT(kinds, ElementsAre(std::pair("best", "q/2.png"), std::pair("median", "q/4.png"),
                                 std::pair("worst", "q/5.png")));
}

TEST(RankPage, ShowsFewQueriesOnce) {
  EXPECT_EQ(Kinds(Json::parse(RenderRankedQueries(Ranked({0.5, 0.25}), {}))).size(), 2u);
  EXPECT_EQ(Kinds(Json::parse(RenderRankedQueries(Ranked({0.5}), {}))).size(), 1u);
}

TEST(RankPage, ListsTheNearestImages) {
  const Json ranked = Json::parse(RenderRankedQueries(Ranked({0.5}), {}));
  const Json& query = ranked["queries"][0];
  EXPECT_EQ(query["ap"], 0.5);
  EXPECT_EQ(query["top"][0]["path"], "g/0.png");
  EXPECT_EQ(query["top"][0]["same_person"], true);
  EXPECT_EQ(query["top"][1]["same_person"], false);
  EXPECT_EQ(query["top"][1]["distance"], 0.75);
  EXPECT_THAT(ranked["note"].get<std::string>(), HasSubstr("--images"));
}

TEST(RankPage, ShowsImagesAndPartsOfThem) {
  const TempFolder folder;
  const RgbImage image{.width = 10, .height = 20, .pixels = std::vector<uint8_t>(600, 120)};
  const std::vector<uint8_t> png = EncodePng(image);
  for (const char* name : {"q/0.png", "g/frame.png"})
    folder.Write(name, std::string(png.begin(), png.end()));
  const RankStageResult result = Ranked({0.5});
  const Json ranked = Json::parse(RenderRankedQueries(result, {.images = folder.path()}));
  EXPECT_EQ(ranked["pictures"].size(), 2u);
  EXPECT_THAT(ranked["pictures"]["q/0.png"].get<std::string>(), StartsWith("data:image/jpeg;"));
  EXPECT_TRUE(ranked["pictures"].contains("g/frame.png#xywh=2,1,4,8"));
  EXPECT_THAT(ranked["note"].get<std::string>(), HasSubstr("1 of 3 images are missing"));
  const Json small = Json::parse(RenderRankedQueries(
      result, {.images = folder.path(), .queries_of_a_kind = 9, .max_picture_bytes = 10}));
  EXPECT_TRUE(small["pictures"].empty());
  EXPECT_THAT(small["note"].get<std::string>(), HasSubstr("2 of 3 images are left out"));
}

TEST(RankPage, HoldsTheJsonOfTheRanking) {
  const RankStageResult result = Ranked({0.5, 0.25, 0.125});
  const std::string page = RenderRankPage(result, {});
  const std::string start = "id=\"report-data\">";
  const size_t from = page.find(start) + start.size();
  const Json data = Json::parse(page.substr(from, page.find("</script", from) - from));
  EXPECT_EQ(data["parts"]["rank"], Json::parse(RenderRankJson(result)));
}

}  // namespace
}  // namespace reidbench
