#include "reidbench/results/link.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "support/expect_error.h"
#include "support/temp_folder.h"

namespace reidbench {
namespace {

using ::testing::HasSubstr;

LinkStageResult OneLink() {
  LinkStageResult result;
  result.method = "link";
  result.site = "mall";
  result.tracklets = 2;
  result.people = 1;
  result.cameras = {{.name = "a", .boxes = 1200, .tracks = 1, .tracklets = 1, .people = 1},
                    {.name = "b", .boxes = 7, .tracks = 1, .tracklets = 1, .people = 1}};
  NamedLink link;
  link.decision.accepted = true;
  link.decision.gap_s = 3.5;
  link.decision.log_likelihood_ratio = 4.25;
  link.decision.distance = 0.3;
  link.camera_before = "a";
  link.camera_after = "b";
  link.track_before = 4;
  link.track_after = 9;
  link.frame_before = 10;
  link.frame_after = 45;
  link.person = 1;
  link.right = true;
  result.decisions = {link};
  result.transitions = TransitionTimes(2, {0.1, 0.1});
  result.transitions.Count(0, 1, 3.5);
  result.truth.emplace();
  result.truth->plain = {50, 50, 50};
  result.truth->linked = {80, 20, 20};
  result.truth->perfect_link = {90, 10, 10};
  result.truth->right = 1;
  return result;
}

TEST(RenderLink, TheSameInEveryForm) {
  const LinkStageResult result = OneLink();
  const auto json = nlohmann::json::parse(RenderLinkJson(result, false));
  EXPECT_EQ(json["schema"], "reidbench.link/1");
  EXPECT_EQ(json["people"], 1);
  const auto& link = json["decisions"][0];
  EXPECT_EQ(link["before"]["camera"], "a");
  EXPECT_EQ(link["after"]["track"], 9);
  EXPECT_EQ(link["log_likelihood_ratio"], 4.25);
  EXPECT_EQ(link["right"], true);
  EXPECT_TRUE(link["runner_up"].is_null());
  EXPECT_NEAR(json["truth"]["share_of_possible"].get<double>(), 0.75, 1e-12);
  EXPECT_TRUE(nlohmann::json::parse(RenderLinkJson(result, true)).contains("seconds"));

  EXPECT_THAT(RenderLinkCsv(result), HasSubstr("\n1,a,4,10,b,9,45,1,3.500,4.2500,0.3000,"));
  const std::string text = RenderLinkTables(result, TableFormat::kText);
  EXPECT_THAT(text, HasSubstr("2 tracklets of 2 cameras are 1 people (link: 1 links taken, 0"));
  EXPECT_THAT(text, HasSubstr("1,200"));
  EXPECT_THAT(text, HasSubstr("75.0 % of the way to perfect links"));
}

TEST(Transitions, AreReadBackByTheNamesOfCameras) {
  const TempFolder folder;
  TransitionTimes times(2, {0.1, 0.1});
  for (int k = 0; k < 5; ++k) times.Count(0, 1, 8);
  const auto file = folder.Write("t.json", RenderTransitions(times, {"a", "b"}));
  TransitionTimes read(3, {0.1, 0.1, 0.1});
  ReadTransitions(file, {"x", "b", "a"}, &read);
  EXPECT_EQ(read.Seen(2, 1), 5);
  EXPECT_EQ(read.Seen(0, 1), 0);
  EXPECT_NEAR(read.Median_s(2, 1), times.Median_s(0, 1), 1e-9);

  const auto other = folder.Write("other.json", R"({"schema": "reidbench.run/1"})");
  EXPECT_THAT(MessageOf(ErrorKind::kInput, [&] { ReadTransitions(other, {"a"}, &read); }),
              HasSubstr("reidbench.transitions/1"));
}

}  // namespace
}  // namespace reidbench
