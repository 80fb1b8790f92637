#include "reidbench/experiment/sweep.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reidbench/core/error.h"

namespace reidbench {
namespace {

using Json = nlohmann::ordered_json;

// A sequence's row with two localisation thresholds and the counts given.
Json Sequence(int tp, int fn, int fp, double ass_a, int idtp, int idsw) {
  return {{"HOTA",
           {{"HOTA_TP_alpha", {tp, 0}},
            {"HOTA_FN_alpha", {fn, fn + tp}},
            {"HOTA_FP_alpha", {fp, fp + tp}},
            {"AssA_alpha", {ass_a, 0.0}}}},
          {"CLEAR", {{"CLR_TP", tp}, {"CLR_FN", fn}, {"CLR_FP", fp}, {"IDSW", idsw}}},
          {"Identity", {{"IDTP", idtp}, {"IDFN", tp + fn - idtp}, {"IDFP", tp + fp - idtp}}}};
}

TEST(CombineScores, AddsCountsBeforeDividing) {
  const Json a = Sequence(6, 2, 0, 0.5, 4, 1);
  const Json b = Sequence(2, 0, 6, 1.0, 2, 0);
  const SweepScores scores = CombineScores({&a, &b});
  // At the first threshold DetA = 8/16 and AssA = (6 * 0.5 + 2 * 1) / 8; at the second all is 0.
  EXPECT_DOUBLE_EQ(*scores.det_a, 0.5 / 2);
  EXPECT_DOUBLE_EQ(*scores.ass_a, 0.625 / 2);
  EXPECT_DOUBLE_EQ(*scores.hota, std::sqrt(0.5 * 0.625) / 2);
  // IDTP 6, IDFN 4 + 0, IDFP 2 + 6.
  EXPECT_DOUBLE_EQ(*scores.idf1, 6 / (6 + 2 + 4.0));
  EXPECT_DOUBLE_EQ(*scores.mota, (8 - 6 - 1) / 10.0);
  EXPECT_EQ(*scores.id_switches, 1);
  EXPECT_EQ(scores.Field("IDF1"), scores.idf1);
  EXPECT_FALSE(scores.Field("nothing").has_value());
}

TEST(CombineScores, UndefinedStaysUndefined) {
  const Json empty = Sequence(0, 0, 0, 0, 0, 0);
  EXPECT_FALSE(CombineScores({&empty}).idf1.has_value());
  EXPECT_FALSE(CombineScores({}).hota.has_value());
  const Json broken = {{"HOTA", Json::object()}};
  EXPECT_THROW(CombineScores({&broken}), Error);
}

// Two configurations and three sequences: "wild" is best on C alone, by so much that it is best
// overall.
std::vector<SweepRow> ThreeSequences() {
  SweepRow steady, wild;
  steady.name = "steady";
  wild.name = "wild";
  wild.correction = "relink";
  for (const char* name : {"A", "B", "C"}) {
    const bool c = *name == 'C';
    steady.sequences[name] = Sequence(10, 0, 0, 1, c ? 0 : 7, 0);
    wild.sequences[name] = Sequence(10, 0, 0, 1, c ? 10 : 6, 0);
  }
  return {steady, wild};
}

TEST(AnalyseSweep, OrdersRowsAndLeavesEachSequenceOut) {
  const Json sweep = AnalyseSweep(ThreeSequences(), "IDF1");
  ASSERT_EQ(sweep["rows"].size(), 2u);
  EXPECT_EQ(sweep["rows"][0]["name"], "wild");
  EXPECT_EQ(sweep["rows"][0]["correction"], "relink");
  EXPECT_DOUBLE_EQ(sweep["rows"][0]["IDF1"], 22 / 30.0);
  EXPECT_TRUE(sweep["rows"][1]["correction"].is_null());
  const Json& chosen = sweep["leave_one_out"]["chosen_on_the_others"];
  EXPECT_EQ(chosen["A"]["name"], "wild");
  EXPECT_EQ(chosen["B"]["name"], "wild");
  EXPECT_EQ(chosen["C"]["name"], "steady");  // without C, steady is better
  // What that choice gets: 6 and 6 of wild, 0 of steady.
  EXPECT_DOUBLE_EQ(sweep["leave_one_out"]["scores"]["IDF1"], 12 / 30.0);
}

TEST(AnalyseSweep, OneSequenceCannotBeLeftOut) {
  std::vector<SweepRow> rows = ThreeSequences();
  for (SweepRow& row : rows) row.sequences = {{"A", row.sequences["A"]}};
  const Json sweep = AnalyseSweep(rows, "IDF1");
  EXPECT_EQ(sweep["rows"][0]["name"], "steady");
  EXPECT_TRUE(sweep["leave_one_out"].is_null());
}

TEST(AnalyseSweep, EqualRowsKeepTheirOrder) {
  std::vector<SweepRow> rows = ThreeSequences();
  rows[1].sequences = rows[0].sequences;
  EXPECT_EQ(AnalyseSweep(rows, "HOTA")["rows"][0]["name"], "steady");
}

}  // namespace
}  // namespace reidbench
