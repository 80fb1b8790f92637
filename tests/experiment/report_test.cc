#include "reidbench/experiment/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace reidbench {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

RunJson Scores(double idf1, int switches) {
  return {{"HOTA", 0.5}, {"IDF1", idf1}, {"IDSW", switches}};
}

// One tracker, corrected, as the commands describe it.
RunJson ReportedRecord() {
  const RunJson compare = {{"headline", "Re-ID correction raised IDF1 by 10 points."},
                           {"COMBINED",
                            {{"plain", Scores(0.6, 12)},
                             {"corrected", Scores(0.7, 5)},
                             {"delta", Scores(0.1, -7)},
                             {"ci95", {{"IDF1", {0.05, 0.15}}, {"IDSW", {-9, -4}}}},
                             {"ceiling_split_link", Scores(0.8, 0)},
                             {"share_split_link", {{"IDF1", 0.5}, {"IDSW", nullptr}}},
                             {"switches", {{"fixed", 8}, {"introduced", 1}}}}},
                           {"ablation",
                            {{{"name", "plain"}, {"COMBINED", Scores(0.6, 12)}},
                             {{"name", "+split/swap"}, {"COMBINED", Scores(0.62, 11)}},
                             {{"name", "corrected"}, {"COMBINED", Scores(0.7, 5)}}}}};
  const RunJson score = {{"COMBINED",
                          {{"HOTA", {{"HOTA", 0.5}, {"AssA", nullptr}}},
                           {"Identity", {{"IDF1", 0.6}}},
                           {"CLEAR", {{"IDSW", 12}}}}}};
  const RunJson entry = {
      {"name", "sort"},
      {"track", {{"runs", {{{"ALL", {{"frames", 100}, {"tracker_seconds", 0.5}}}}}}}},
      {"score", score},
      {"corrections", {{{"name", "relink"}, {"score", score}, {"compare", compare}}}}};
  return {
      {"experiment", "x"},
      {"question", "Does it help?"},
      {"status", "finished"},
      {"headline", nullptr},
      {"stages",
       {{{"id", "track sort"}, {"status", "finished"}, {"seconds", 1.5}, {"warnings", {"odd"}}},
        {{"id", "score sort"}, {"status", "failed"}, {"error", "gt.txt:3: bad"}}}},
      {"results",
       {{"tracking", {entry}},
        {"sweep",
         {{"select", "HOTA"},
          {"rows", {{{"name", "sort"}, {"correction", "relink"}, {"HOTA", 0.5}, {"IDF1", 0.7}}}},
          {"leave_one_out", nullptr}}}}}};
}

TEST(FramesPerSecond, OfTheTrackerAlone) {
  EXPECT_EQ(FramesPerSecond(ReportedRecord()["results"]["tracking"][0]["track"]), 200);
  EXPECT_FALSE(FramesPerSecond(nullptr).has_value());
  EXPECT_FALSE(FramesPerSecond({{"runs", RunJson::array()}}).has_value());
}

TEST(MakeHeadline, SaysWhatTheComparisonFound) {
  RunJson record = ReportedRecord();
  EXPECT_EQ(MakeHeadline(record), "Re-ID correction raised IDF1 by 10 points.");
  // Of several trackers: means and sums.
  RunJson second = record["results"]["tracking"][0];
  second["corrections"][0]["compare"]["COMBINED"]["corrected"]["IDF1"] = 0.8;
  record["results"]["tracking"].push_back(second);
  EXPECT_THAT(MakeHeadline(record),
              AllOf(HasSubstr("2 trackers from 60.00 to 75.00 % (+15.00 points)"),
                    HasSubstr("from 24 to 10 (16 fixed, 2 introduced)")));
}

TEST(MakeHeadline, OfRetrievalAndOfNothing) {
  RunJson record = {{"results", {{"retrieval", {{"mAP", 0.3101}, {"rank", {{"1", 0.5977}}}}}}}};
  EXPECT_EQ(MakeHeadline(record), "mAP 31.01 %, rank-1 59.77 %.");
  record["results"]["retrieval"]["expectation"] = {{"passed", false}};
  EXPECT_THAT(MakeHeadline(record), HasSubstr("NOT as published"));
  EXPECT_EQ(MakeHeadline({{"results", {{"retrieval", nullptr}}}}), "");
}

TEST(RenderRun, TablesOfComparisonAndSteps) {
  const std::string text = RenderRunTables(ReportedRecord(), TableFormat::kText);
  EXPECT_THAT(text, AllOf(HasSubstr("+10.00  +5.00 .. +15.00"), HasSubstr("50 %"),
                          HasSubstr("Step by step: sort, relink"), HasSubstr("+2.00"),
                          HasSubstr("+appearance link"), HasSubstr("+8.00")));
  EXPECT_THAT(RenderRunTables(ReportedRecord(), TableFormat::kMarkdown),
              HasSubstr("## Plain against corrected: sort, relink"));
  EXPECT_THAT(RenderRunTables(ReportedRecord(), TableFormat::kLatex),
              HasSubstr("\\begin{tabular}"));
}

TEST(RenderRun, MarkdownTellsFailuresAndThatItIsPartial) {
  RunJson record = ReportedRecord();
  record["status"] = "partial";
  const std::string text = RenderRunMarkdown(record);
  EXPECT_THAT(text, AllOf(HasSubstr("# x\n\nDoes it help?"), HasSubstr("The run is partial"),
                          HasSubstr("score sort: gt.txt:3: bad"), HasSubstr("track sort: odd"),
                          HasSubstr("## Stages"), HasSubstr("## Provenance")));
  record["status"] = "finished";
  EXPECT_THAT(RenderRunMarkdown(record), Not(HasSubstr("The run is")));
}

TEST(RenderRun, CsvIsTidyAndLeavesUndefinedOut) {
  const std::string csv = RenderRunCsv(ReportedRecord());
  EXPECT_THAT(csv, AllOf(HasSubstr("tracking,sort,,COMBINED,IDF1,0.6\n"),
                         HasSubstr("tracking,sort,relink,COMBINED,IDSW,12\n"),
                         HasSubstr("tracking,sort,,ALL,frames_per_s,200"), Not(HasSubstr("AssA"))));
}

}  // namespace
}  // namespace reidbench
