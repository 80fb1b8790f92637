#include "reidbench/results/sweep.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace reidbench {
namespace {

using ::testing::ElementsAre;

// Ten boxes of persons and ten of tracks, `idtp` of them under one id.
MotCounts Sequence(int64_t idtp) {
  MotCounts counts;
  counts.identity = {idtp, 10 - idtp, 10 - idtp};
  counts.clear.tp = 10;
  counts.clear.id_switches = 10 - idtp;
  return counts;
}

// Three sequences: "wild" is best on C alone, by so much that it is best overall.
const std::vector<std::string> kNames = {"A", "B", "C"};
std::vector<std::vector<MotCounts>> SteadyAndWild() {
  return {{Sequence(7), Sequence(7), Sequence(0)}, {Sequence(6), Sequence(6), Sequence(10)}};
}

TEST(ChooseBest, OrdersAndLeavesEachSequenceOut) {
  const SweepChoice choice = ChooseBest(SteadyAndWild(), "IDF1");
  EXPECT_THAT(choice.ranked, ElementsAre(1, 0));
  ASSERT_TRUE(choice.leave_one_out);
  EXPECT_THAT(choice.leave_one_out->choice, ElementsAre(1, 1, 0));  // without C, steady is better
  // What that choice gets: 6 and 6 of wild, 0 of steady.
  EXPECT_EQ(choice.leave_one_out->combined.identity.tp, 12);
  // Of identity switches fewer are better.
  EXPECT_THAT(ChooseBest(SteadyAndWild(), "IDSW").ranked, ElementsAre(1, 0));
}

TEST(ChooseBest, OneSequenceCannotBeLeftOutAndEqualOnesKeepTheirOrder) {
  const SweepChoice choice = ChooseBest({{Sequence(7)}, {Sequence(7)}}, "IDF1");
  EXPECT_THAT(choice.ranked, ElementsAre(0, 1));
  EXPECT_FALSE(choice.leave_one_out);
  EXPECT_FALSE(ChooseBest({SteadyAndWild()[0]}, "IDF1").leave_one_out);
}

// ATA is undefined without ids: such a configuration is never the best.
TEST(ChooseBest, AnUndefinedScoreIsTheWorst) {
  MotCounts defined;
  defined.vace.gt_ids = defined.vace.tracker_ids = 2;
  EXPECT_THAT(ChooseBest({{MotCounts()}, {defined}}, "ATA").ranked, ElementsAre(1, 0));
}

TEST(AnalyseSweep, GoesThroughJson) {
  const Sweep sweep =
      AnalyseSweep({{.name = "steady", .correction = "", .scores = {}, .frames_per_s = 1234.5},
                    {.name = "wild", .correction = "relink", .scores = {}, .frames_per_s = {}}},
                   SteadyAndWild(), kNames, "IDF1");
  const Json json = SweepJson(sweep);
  EXPECT_EQ(json["rows"][0]["name"], "wild");
  EXPECT_EQ(json["rows"][0]["correction"], "relink");
  EXPECT_DOUBLE_EQ(json["rows"][0]["IDF1"].get<double>(), 22 / 30.0);
  EXPECT_EQ(json["rows"][0]["IDSW"], 8);
  EXPECT_TRUE(json["rows"][1]["correction"].is_null());
  EXPECT_EQ(json["leave_one_out"]["chosen_on_the_others"]["C"]["name"], "steady");
  EXPECT_DOUBLE_EQ(json["leave_one_out"]["scores"]["IDF1"].get<double>(), 12 / 30.0);
  const std::string place = "run.json";
  const Sweep read = SweepFromJson(JsonReader(json, place));
  EXPECT_EQ(SweepJson(read), json);
  EXPECT_EQ(SweepTable(read).Render(TableFormat::kText),
            SweepTable(sweep).Render(TableFormat::kText));
}

}  // namespace
}  // namespace reidbench
