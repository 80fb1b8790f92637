#include "reidbench/results/run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reidbench/core/error.h"
#include "reidbench/mot_metrics/fields.h"
#include "reidbench/results/schemas.h"

namespace reidbench {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// Twenty units of ten boxes each; correction puts three more of the first units' under one id, one
// more of the others'.
CompareStageResult Comparison(int64_t plain_idtp) {
  CompareStageResult result;
  result.benchmark.name = "MOT17";
  result.plain = "plain";
  result.corrected = "relinked";
  result.resamples = 200;
  result.resampled = "blocks of 50 frames";
  result.headline = "Re-ID raised IDF1.";
  IdentityCounts plain, corrected;
  for (int64_t k = 0; k < 20; ++k) {
    const int64_t idtp = plain_idtp + (k < 8 ? 3 : 1);
    result.units.plain.push_back({plain_idtp, 10 - plain_idtp, 10 - plain_idtp});
    result.units.corrected.push_back({idtp, 10 - idtp, 10 - idtp});
    plain += result.units.plain.back();
    corrected += result.units.corrected.back();
  }
  for (const std::string_view field : kComparedFields) {
    ComparedValue& value = result.combined.values.emplace_back();
    value.field = field;
    if (field == "IDF1") {
      value.plain = Summarize(plain).f1;
      value.corrected = Summarize(corrected).f1;
      value.low = 0.15;
      value.high = 0.21;
      value.share_split_link = 0.5;
    } else if (FindMotField(field).is_count()) {
      value.plain = 12;
      value.corrected = 5;
    } else {
      value.plain = 0.5;
      value.corrected = 0.55;
    }
    value.difference = *value.corrected - *value.plain;
  }
  for (const char* name : {"plain", "+split/swap", "corrected"}) {
    ComparedStep& step = result.combined.steps.emplace_back();
    step.name = name;
    for (const ComparedValue& value : result.combined.values)
      step.scores.push_back(step.name == "plain" ? value.plain : value.corrected);
  }
  result.combined.fixed = 8;
  result.combined.introduced = 1;
  return result;
}

Json Tracker(const std::string& name, const CompareStageResult& compare) {
  const Json score = {{"COMBINED",
                       {{"HOTA", {{"HOTA", 0.5}, {"AssA", nullptr}}},
                        {"Identity", {{"IDF1", 0.6}}},
                        {"CLEAR", {{"IDSW", 12}}}}}};
  const Json sequence = {
      {"frames", 100}, {"detections", 1}, {"tracks", 1}, {"boxes", 1}, {"tracker_seconds", 0.5}};
  return {{"name", name},
          {"track",
           {{"schema", kTrackSchema},
            {"tracker", name},
            {"runs", {{{"options", Json::object()}, {"sequences", {{"A", sequence}}}}}}}},
          {"score", score},
          {"corrections",
           {{{"name", "relink"},
             {"score", score},
             {"compare", ParseJson(RenderCompareJson(compare), "compare")}}}}};
}

// Trackers corrected, as the runner writes it.
Json Record(int trackers = 1) {
  Json tracking = Json::array();
  for (int t = 0; t < trackers; ++t)
    tracking.push_back(Tracker(t == 0 ? "sort" : "bytetrack", Comparison(3 + t)));
  return {{"schema", kRunSchema},
          {"experiment", "x"},
          {"question", "Does it help?"},
          {"status", "finished"},
          {"started", "2026-01-01T00:00:00Z"},
          {"seconds", 3.5},
          {"headline", nullptr},
          {"provenance", {{"cpu", "Round CPU"}}},
          {"inputs", {{{"path", "gt.txt"}, {"bytes", 7}, {"files", 1}, {"sha256", "00ff"}}}},
          {"stages",
           {{{"id", "track sort"}, {"status", "finished"}, {"seconds", 1.5}, {"warnings", {"odd"}}},
            {{"id", "score sort"}, {"status", "failed"}, {"error", "gt.txt:3: bad"}}}},
          {"results", {{"tracking", tracking}}}};
}

RunResult Read(const Json& record) { return RunFromJson(record, "run.json"); }

TEST(RunFromJson, ReadsTheDocumentsOfItsStages) {
  const RunResult result = Read(Record());
  ASSERT_EQ(result.tracking.size(), 1u);
  EXPECT_EQ(result.tracking[0].frames_per_s, 200);
  EXPECT_EQ(result.tracking[0].corrections[0].compare->combined.fixed, 8);
  EXPECT_EQ(result.stages[1].error, "gt.txt:3: bad");
  EXPECT_FALSE(result.stages[1].seconds);
  Json broken = Record();
  broken["results"]["tracking"][0]["corrections"][0]["compare"].erase("COMBINED");
  try {
    Read(broken);
    FAIL() << "took a comparison without numbers";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("run.json: COMBINED is missing"));
  }
  EXPECT_THROW(Read({{"schema", kRunPlanSchema}}), Error);
}

TEST(Condense, DropsCurvesPerSequenceAndKeepsThoseOfAll) {
  const Json families = {{"HOTA", {{"HOTA", 0.5}, {"HOTA_alpha", {0.4, 0.6}}}}};
  const Json score = {
      {"benchmark", "MOT17"},
      {"trackers", {{"tracks", {{"sequences", {{"A", families}}}, {"COMBINED", families}}}}}};
  const Json condensed = Condense("score", score);
  EXPECT_EQ(condensed["benchmark"], "MOT17");
  EXPECT_EQ(condensed["sequences"]["A"]["HOTA"], (Json{{"HOTA", 0.5}}));
  EXPECT_EQ(condensed["COMBINED"], families);
  EXPECT_EQ(Condense("rank", score), score);
}

TEST(MakeHeadline, OfOneTrackerIsItsComparisons) {
  EXPECT_EQ(MakeHeadline(Read(Record())), "Re-ID raised IDF1.");
  EXPECT_FALSE(CompareJointly(Read(Record()), 0));
}

TEST(MakeHeadline, OfSeveralTrackersHasAJointInterval) {
  RunResult result = Read(Record(2));
  result.joint = CompareJointly(result, 7);
  ASSERT_TRUE(result.joint);
  EXPECT_EQ(result.joint->trackers, 2);
  // 30 and 40 of 100 under one id before, 18 more after: 8 units of 3 and 12 of 1.
  EXPECT_DOUBLE_EQ(result.joint->plain, 0.35);
  EXPECT_DOUBLE_EQ(result.joint->difference, 0.18);
  EXPECT_LT(*result.joint->low, 0.18);
  EXPECT_GT(*result.joint->high, 0.18);
  // All units are the same for both trackers: their mean is no surer than one of them.
  EXPECT_GT(*result.joint->high - *result.joint->low, 0.06);
  EXPECT_THAT(
      MakeHeadline(result),
      AllOf(HasSubstr("mean IDF1 of 2 trackers from 35.00 to 53.00 % (+18.00 points, 95 % +1"),
            HasSubstr(" .. +2"), HasSubstr("from 24 to 10 (16 fixed, 2 introduced)")));
  // The same for the same seed, and through the record.
  const Json json = JointChangeJson(*result.joint);
  EXPECT_EQ(JointChangeJson(*CompareJointly(Read(Record(2)), 7)), json);
  Json record = Record(2);
  record["results"]["joint"] = json;
  EXPECT_EQ(JointChangeJson(*Read(record).joint), json);
}

TEST(MakeHeadline, HasNoIntervalWithoutUnitsInCommon) {
  Json record = Record(2);
  record["results"]["tracking"][1]["corrections"][0]["compare"]["units"] = nullptr;
  RunResult result = Read(record);
  result.joint = CompareJointly(result, 0);
  EXPECT_FALSE(result.joint->low);
  EXPECT_THAT(MakeHeadline(result), HasSubstr("(+18.00 points)"));
}

TEST(MakeHeadline, OfRetrievalAndOfNothing) {
  RunResult result;
  EXPECT_EQ(MakeHeadline(result), "");
  result.retrieval.emplace();
  result.retrieval->ranking.mean_ap = 0.3101;
  result.retrieval->ranking.cmc = {0.5977};
  EXPECT_EQ(MakeHeadline(result), "mAP 31.01 %, rank-1 59.77 %.");
  result.retrieval->expectation_outcome.emplace();
  EXPECT_THAT(MakeHeadline(result), HasSubstr("NOT as published"));
}

TEST(RenderRun, TablesOfComparisonAndSteps) {
  const RunResult result = Read(Record());
  EXPECT_THAT(RenderRunTables(result, TableFormat::kText),
              AllOf(HasSubstr("+18.00  +15.00 .. +21.00"), HasSubstr("50 %"),
                    HasSubstr("Step by step: sort, relink"), HasSubstr("+appearance link")));
  EXPECT_THAT(RenderRunTables(result, TableFormat::kMarkdown),
              AllOf(HasSubstr("## Plain against corrected: sort, relink"),
                    HasSubstr("Plain: plain, corrected: relinked; rules of MOT17")));
  EXPECT_THAT(RenderRunTables(result, TableFormat::kLatex), HasSubstr("\\begin{tabular}"));
}

TEST(RenderRun, MarkdownTellsFailuresAndThatItIsPartial) {
  Json record = Record();
  record["status"] = "partial";
  EXPECT_THAT(RenderRunMarkdown(Read(record)),
              AllOf(HasSubstr("# x\n\nDoes it help?"), HasSubstr("The run is partial"),
                    HasSubstr("score sort: gt.txt:3: bad"), HasSubstr("track sort: odd"),
                    HasSubstr("## Stages"), HasSubstr("## Provenance"), HasSubstr("gt.txt")));
  EXPECT_THAT(RenderRunMarkdown(Read(Record())), Not(HasSubstr("The run is")));
}

TEST(RenderRun, CsvIsTidyAndLeavesUndefinedOut) {
  EXPECT_THAT(RenderRunCsv(Read(Record())),
              AllOf(HasSubstr("tracking,sort,,COMBINED,IDF1,0.6\n"),
                    HasSubstr("tracking,sort,relink,COMBINED,IDSW,12\n"),
                    HasSubstr("tracking,sort,,ALL,frames_per_s,200"), Not(HasSubstr("AssA"))));
}

}  // namespace
}  // namespace reidbench
