#include "reidbench/jobs/score/score.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/parallel.h"
#include "reidbench/results/score.h"
#include "reidbench/results/switches.h"
#include "support/expect_error.h"
#include "support/walking_people.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

// Ground truth of `frames` frames: one person walking; the result finds it up to frame `found`.
std::string Truth(int frames) {
  std::string text;
  for (int f = 1; f <= frames; ++f)
    text += std::to_string(f) + ",1," + std::to_string(10 * f) + ",0,10,20,1,1,1\n";
  return text;
}
std::string Result(int found, int first = 1) {
  std::string text;
  for (int f = 1; f <= found; ++f) {
    text += std::to_string(f) + ",7," + std::to_string(10 * (f + first - 1)) +
            ",0,10,20,0.9,-1,-1,-1\n";
  }
  return text;
}

class Score : public ::testing::Test {
 protected:
  Score()
      : root_(fs::path(::testing::TempDir()) /
              ::testing::UnitTest::GetInstance()->current_test_info()->name()) {
    fs::remove_all(root_);
    options_.ground_truth = root_ / "train";
    options_.tracks = {root_ / "tracks"};
    options_.bootstrap.resamples = 0;
  }
  ~Score() override { fs::remove_all(root_); }

  void Write(const std::string& path, const std::string& text) {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }
  void WriteTruth(const std::string& sequence, int frames) {
    Write("train/" + sequence + "/gt/gt.txt", Truth(frames));
    Write("train/" + sequence + "/seqinfo.ini",
          "[Sequence]\nseqLength=" + std::to_string(frames) + "\n");
  }
  double Mota(const ScoreStageResult& result, size_t tracker = 0) {
    return Summarize(Combine(result.trackers[tracker].classes[0].sequences)).clear.mota;
  }

  fs::path root_;
  ScoreStageOptions options_;
};

TEST_F(Score, AddsSequencesUp) {
  WriteTruth("A", 10);
  WriteTruth("B", 30);
  Write("tracks/A.txt", Result(10));
  Write("tracks/B.txt", Result(15));
  const ScoreStageResult result = RunScore(options_);
  EXPECT_THAT(result.sequences, ::testing::ElementsAre("A", "B"));
  EXPECT_DOUBLE_EQ(Mota(result), 25.0 / 40);
  EXPECT_THAT(result.warnings, ::testing::IsEmpty());
  const nlohmann::json json = nlohmann::json::parse(RenderScoreJson(result));
  EXPECT_EQ(json["schema"], "reidbench.score/1");
  EXPECT_EQ(json["benchmark"], "MOT17");
  EXPECT_EQ(json["trackers"]["tracks"]["sequences"]["B"]["CLEAR"]["CLR_FN"], 15);
  EXPECT_EQ(json["trackers"]["tracks"]["COMBINED"]["CLEAR"]["MOTA"], 25.0 / 40);
  EXPECT_EQ(json["trackers"]["tracks"]["COMBINED"]["HOTA"]["HOTA_alpha"].size(), 19u);
  EXPECT_EQ(json["trackers"]["tracks"]["COMBINED"]["HOTA"]["HOTA_TP_alpha"][0], 25);
}

TEST_F(Score, TakesOneFileOfEachWithoutSequenceInfo) {
  Write("gt.txt", Truth(4));
  Write("result.txt", Result(4) + "6,7,900,0,10,20,1,-1,-1,-1\n");
  options_.ground_truth = root_ / "gt.txt";
  options_.tracks = {root_ / "result.txt"};
  const ScoreStageResult result = RunScore(options_);
  EXPECT_DOUBLE_EQ(Mota(result), 3.0 / 4);
  EXPECT_EQ(result.trackers[0].classes[0].sequences[0].boxes.frames, 6);
}

TEST_F(Score, ReadsTablesByTheNamesOfTheirColumns) {
  std::string truth, corners = "frame,id,x1,y1,x2,y2,conf\n", swapped = "id,frame,x,y,w,h,conf\n";
  std::string sink = "x_min,y_min,x_max,y_max,class_id,confidence,tracker_id,frame_index\n";
  for (int f = 1; f <= 3; ++f) {
    for (int id = 1; id <= 2; ++id) {
      const int left = 100 * id + f;
      truth += fmt::format("{},{},{},50,40,80,1,1,1\n", f, id, left);
      corners += fmt::format("{},{},{},50,{},130,1\n", f, id, left, left + 40);
      swapped += fmt::format("{},{},{},50,40,80,1\n", id, f, left);
      sink += fmt::format("{},50,{},130,0,0.90,{},{}\n", left, left + 40, id, f - 1);
    }
  }
  Write("gt.txt", truth);
  options_.ground_truth = root_ / "gt.txt";
  for (const std::string& table : {corners, swapped, sink}) {
    Write("table.csv", table);
    options_.tracks = {root_ / "table.csv"};
    const ScoreStageResult result = RunScore(options_);
    const MotSummary summary = Summarize(Combine(result.trackers[0].classes[0].sequences));
    EXPECT_DOUBLE_EQ(MeanOverAlphas(summary.hota.hota), 1) << table;
    EXPECT_THAT(result.warnings, ::testing::Not(::testing::IsEmpty()));
  }
}

TEST_F(Score, TimesMayBeFramesAndTrackersMayEndAtDifferentOnes) {
  std::string truth, result;
  for (int k = 0; k < 200; ++k) {
    const int64_t frame = 1'700'000'000'000 + 40 * k;
    truth += fmt::format("{},1,{},0,10,20,1,1,1\n", frame, k);
    if (k % 4 != 0) result += fmt::format("{},7,{},0,10,20,1,-1,-1,-1\n", frame, k);
  }
  Write("gt.txt", truth);
  Write("a/result.txt", result);
  Write("b/result.txt", result + "1700000999999,7,0,0,10,20,1,-1,-1,-1\n");
  options_.ground_truth = root_ / "gt.txt";
  options_.tracks = {root_ / "a/result.txt", root_ / "b/result.txt"};
  options_.bootstrap.resamples = 100;
  options_.block_frames = 50;
  const ScoreStageResult scored = RunScore(options_);
  EXPECT_DOUBLE_EQ(Mota(scored, 0), 150.0 / 200);
  EXPECT_DOUBLE_EQ(Mota(scored, 1), 149.0 / 200);
  EXPECT_TRUE(scored.trackers[0].classes[0].intervals[0].low.has_value());
  EXPECT_THAT(scored.warnings,
              ::testing::Each(::testing::HasSubstr("look like times (milliseconds)")));
}

TEST_F(Score, GroundTruthInWhichNothingCountsKeepsTrackEvalsNumbersAndIsSaid) {
  Write("gt.txt", "1,1,912,484,97,109,1,3,1\n2,1,912,484,97,109,1,3,1\n");
  Write("result.txt", "1,1,912,484,97,109,1,-1,-1,-1\n2,1,912,484,97,109,1,-1,-1,-1\n");
  options_.ground_truth = root_ / "gt.txt";
  options_.tracks = {root_ / "result.txt"};
  const ScoreStageResult result = RunScore(options_);
  EXPECT_DOUBLE_EQ(Mota(result), -2);
  EXPECT_THAT(result.warnings,
              ::testing::ElementsAre(::testing::HasSubstr("no row counts: of 2 rows")));
}

TEST_F(Score, VisDronesIgnoredRegionsForgive) {
  // Region 1 holds the second box of frame 1; ids of regions repeat.
  Write("gt.txt",
        "1,0,593,43,174,190,0,0,0,0\n1,0,10,10,30,30,0,0,0,0\n1,1,100,100,20,40,1,1,0,0\n"
        "2,1,101,100,20,40,1,1,0,0\n");
  Write("result.txt",
        "1,5,100,100,20,40,0.9,-1,-1,-1\n1,6,600,50,20,40,0.9,-1,-1,-1\n"
        "2,5,101,100,20,40,0.9,-1,-1,-1\n");
  options_.ground_truth = root_ / "gt.txt";
  options_.tracks = {root_ / "result.txt"};
  options_.benchmark = "VisDrone";
  EXPECT_DOUBLE_EQ(Mota(RunScore(options_)), 1);
}

TEST_F(Score, RanksTrackersAndComparesThem) {
  for (const char* sequence : {"A", "B", "C"}) {
    WriteTruth(sequence, 20);
    Write(std::string("tracks/worse/") + sequence + ".txt", Result(5));
    Write(std::string("tracks/better/data/") + sequence + ".txt", Result(15));
  }
  options_.bootstrap.resamples = 200;
  const ScoreStageResult result = RunScore(options_);
  ASSERT_EQ(result.trackers.size(), 2u);
  EXPECT_EQ(result.trackers[0].name, "better");
  ASSERT_EQ(result.comparisons.size(), 1u);
  const MotDifference& mota = result.comparisons[0].differences[3];
  EXPECT_EQ(mota.field, "MOTA");
  EXPECT_NEAR(mota.difference, 0.5, 1e-12);
  EXPECT_DOUBLE_EQ(mota.p_value.value(), 2.0 / 8);  // all or none of three swapped
  EXPECT_THAT(RenderScoreTables(result, TableFormat::kText), HasSubstr("better against worse"));
  options_.block_frames = 4;  // fifteen blocks
  const ScoreStageResult blocks = RunScore(options_);
  EXPECT_LT(blocks.comparisons[0].differences[3].p_value.value(), 0.05);
  EXPECT_NEAR(blocks.trackers[0].classes[0].intervals[3].value, 0.75, 1e-12);
}

TEST_F(Score, NamesEveryBadFileAndScoresNothing) {
  WriteTruth("A", 5);
  WriteTruth("B", 5);
  WriteTruth("C", 5);
  Write("tracks/A.txt", "1,7,0,0,10,20,0.9\n1,7,0,0,10,20,0.9\n");
  Write("tracks/B.txt", Result(6));
  Write("tracks/C.txt", Result(5));
  EXPECT_THAT(MessageOfExit(kExitInput, [&] { RunScore(options_); }),
              testing::AllOf(HasSubstr("A.txt:2: expected each id once per frame"),
                             HasSubstr("B.txt:6: expected frame 1..5, found frame 6")));
  fs::remove(root_ / "tracks/C.txt");
  EXPECT_THROW(RunScore(options_), Error);
}

TEST_F(Score, ScoresTheSecondHalfInEitherNumbering) {
  WriteTruth("A", 11);  // images 0..10: 11/2 = 5, so images 6..10, frames 7..11
  Write("tracks/A.txt", Result(5, 7));
  options_.benchmark = "mot17_half_val";
  const ScoreStageResult renumbered = RunScore(options_);
  EXPECT_DOUBLE_EQ(Mota(renumbered), 1);
  EXPECT_EQ(renumbered.trackers[0].classes[0].sequences[0].boxes.gt_boxes, 5);
  Write("whole.yaml", "name: own\nframes: {part: second_half, results_renumbered: false}\n");
  Write("tracks/A.txt", Result(11));
  options_.benchmark = (root_ / "whole.yaml").string();
  const ScoreStageResult whole = RunScore(options_);
  EXPECT_DOUBLE_EQ(Mota(whole), 1);
  EXPECT_EQ(whole.trackers[0].classes[0].sequences[0].boxes.tracker_boxes, 5);
}

TEST_F(Score, AveragesClasses) {
  Write("gt.txt", "1,1,0,0,10,10,1,1,1\n1,2,100,0,10,10,1,3,1\n2,2,100,0,10,10,1,3,1\n");
  Write("result.txt", "1,5,0,0,10,10,1,1,-1,-1\n1,6,100,0,10,10,1,3,-1,-1\n");
  Write("two.yaml", "name: two\nclasses: [{name: person, id: 1}, {name: car, id: 3}]\n");
  options_.ground_truth = root_ / "gt.txt";
  options_.tracks = {root_ / "result.txt"};
  options_.benchmark = (root_ / "two.yaml").string();
  const nlohmann::json json = nlohmann::json::parse(RenderScoreJson(RunScore(options_)));
  const nlohmann::json& classes = json["trackers"]["result"]["classes"];
  EXPECT_EQ(classes["person"]["COMBINED"]["CLEAR"]["MOTA"], 1.0);
  EXPECT_EQ(classes["car"]["COMBINED"]["CLEAR"]["MOTA"], 0.5);
  EXPECT_EQ(classes["cls_comb_cls_av"]["COMBINED"]["CLEAR"]["MOTA"], 0.75);
  EXPECT_DOUBLE_EQ(classes["cls_comb_det_av"]["COMBINED"]["CLEAR"]["MOTA"].get<double>(), 2.0 / 3);
}

TEST_F(Score, WritesTrackEvalsFiles) {
  WriteTruth("A", 4);
  Write("tracks/A.txt", Result(3));
  const ScoreStageResult result = RunScore(options_);
  WriteTrackEvalFiles(result, root_ / "out", false);
  const std::string summary = ReadFileText(root_ / "out" / "pedestrian_summary.txt");
  EXPECT_THAT(summary,
              ::testing::StartsWith(
                  "HOTA DetA AssA DetRe DetPr AssRe AssPr LocA OWTA HOTA(0) LocA(0) HOTALocA(0) "
                  "MOTA MOTP MODA CLR_Re CLR_Pr MTR PTR MLR CLR_TP CLR_FN CLR_FP IDSW MT PT ML "
                  "Frag sMOTA IDF1 IDR IDP IDTP IDFN IDFP Dets GT_Dets IDs GT_IDs\r\n75 75 75 "));
  const std::string detailed = ReadFileText(root_ / "out" / "pedestrian_detailed.csv");
  EXPECT_THAT(detailed, HasSubstr("HOTA___5,HOTA___10"));
  EXPECT_THAT(detailed, HasSubstr("HOTA___AUC"));
  EXPECT_THAT(detailed, HasSubstr("\r\nA,0.75,1.0,0.75,"));
  EXPECT_THAT(detailed, HasSubstr("\r\nCOMBINED,"));
  EXPECT_THROW(WriteTrackEvalFiles(result, root_ / "out", false),
               Error);  // nothing is overwritten by accident
  WriteTrackEvalFiles(result, root_ / "out", true);
}

TEST_F(Score, ListsEverySwitchWithItsCause) {
  WriteTruth("A", 6);
  WriteTruth("B", 6);
  Write("tracks/A.txt", Result(6));
  std::string switched = Result(6);
  switched.replace(switched.find("\n5,7"), 4, "\n5,8");  // one frame only: there and back
  Write("tracks/B.txt", switched);
  EXPECT_THAT(RunScore(options_).trackers[0].classes[0].switches, ::testing::IsEmpty());
  options_.switches = true;
  const ScoreStageResult result = RunScore(options_);
  const nlohmann::json json = nlohmann::json::parse(RenderSwitchesJson(result));
  EXPECT_EQ(json["schema"], "reidbench.switches/1");
  const nlohmann::json& found = json["trackers"]["tracks"]["pedestrian"];
  EXPECT_EQ(found["by_cause"]["renamed"], 2);
  EXPECT_THAT(found["sequences"]["A"], ::testing::SizeIs(0));
  ASSERT_EQ(found["sequences"]["B"].size(), 2u);
  EXPECT_EQ(found["sequences"]["B"][1]["frame"], 6);
  EXPECT_EQ(found["sequences"]["B"][1]["old_track"], 8);
  EXPECT_EQ(found["sequences"]["B"][1]["boxes"]["new"],
            nlohmann::json::parse("[60.0, 0.0, 10.0, 20.0]"));
  EXPECT_THAT(RenderSwitchesCsv(result),
              HasSubstr("\ntracks,pedestrian,B,5,4,1,1,7,8,renamed,0.0000,0,,,\n"));
  const nlohmann::json scores = nlohmann::json::parse(RenderScoreJson(result));
  EXPECT_EQ(scores["trackers"]["tracks"]["switches"]["renamed"], 2);
  EXPECT_EQ(scores["trackers"]["tracks"]["COMBINED"]["CLEAR"]["IDSW"], 2);

  WriteSwitches(result, root_ / "s.csv", false);
  EXPECT_EQ(ReadFileText(root_ / "s.csv"), RenderSwitchesCsv(result));
  EXPECT_THROW(WriteSwitches(result, root_ / "s.csv", false), Error);
  WriteSwitches(result, root_ / "s.json", false);
  EXPECT_EQ(ReadFileText(root_ / "s.json"), RenderSwitchesJson(result));
  EXPECT_THROW(WriteSwitches(result, root_ / "s.txt", false), Error);
}

TEST_F(Score, UndefinedIsNullInJsonAndEmptyInCsv) {
  WriteTruth("A", 3);
  Write("train/A/gt/gt.txt", "");
  Write("tracks/A.txt", "");
  const ScoreStageResult result = RunScore(options_);
  EXPECT_THAT(result.warnings, ::testing::Contains(HasSubstr("ATA and SFDA are undefined")));
  const nlohmann::json json = nlohmann::json::parse(RenderScoreJson(result));
  EXPECT_TRUE(json["trackers"]["tracks"]["COMBINED"]["VACE"]["ATA"].is_null());
  const std::string csv = RenderScoreCsv(result);
  EXPECT_EQ(csv.substr(0, csv.find('\n')), "tracker,class,sequence,metric,value");
  EXPECT_THAT(csv, HasSubstr("\ntracks,pedestrian,COMBINED,ATA,\n"));
  EXPECT_THAT(csv, HasSubstr("\ntracks,pedestrian,A,IDSW,0\n"));
}

// What `reidbench run` adds up again.
TEST_F(Score, GoesThroughJson) {
  WriteTruth("A", 4);
  WriteTruth("B", 10);
  Write("tracks/A.txt", Result(1));
  Write("tracks/B.txt", Result(9));
  for (const char* benchmark : {"MOT17", "classes.yaml"}) {
    Write("classes.yaml", "name: two\nclasses: [{name: person, id: 1}, {name: car, id: 2}]\n");
    options_.benchmark = benchmark == std::string("MOT17") ? benchmark : root_ / "classes.yaml";
    const ScoreStageResult result = RunScore(options_);
    const ScoreStageResult read = ScoreFromJson(ParseJson(RenderScoreJson(result), "x"), "x");
    EXPECT_EQ(read.sequences, result.sequences);
    ASSERT_EQ(read.trackers[0].classes.size(), result.trackers[0].classes.size());
    EXPECT_NEAR(Mota(read), Mota(result), 1e-12);
    EXPECT_EQ(read.trackers[0].classes[0].sequences[1].identity.tp, 9);
  }
  EXPECT_THROW(ScoreFromJson({{"schema", "reidbench.score/1"}}, "x"), Error);
}

TEST_F(Score, OutputDoesNotDependOnThreads) {
  const fs::path set = fs::path(REIDBENCH_TEST_DATA) / "mot" / "fuzz";
  options_.ground_truth = set / "gt" / "mot_challenge";
  options_.tracks = {set / "trackers" / "mot_challenge"};
  options_.bootstrap.resamples = 100;
  std::vector<std::string> outputs;
  for (const int threads : {1, 4}) {
    const ThreadLimit limit(threads);
    outputs.push_back(RenderScoreJson(RunScore(options_)));
  }
  EXPECT_EQ(outputs[0], outputs[1]);
}

TEST_F(Score, WarnsOnceAFileOfBoxesInAnotherForm) {
  const TrackSet walk = WalkingPeople(10, 60, 9), tracks = Tracked(walk, 10);
  Write("train/W/gt/gt.txt", MotRows(walk, ",1,1"));
  Write("train/W/seqinfo.ini", "[Sequence]\nseqLength=60\nimWidth=1920\nimHeight=1080\n");
  Write("tracks/W.txt", MotRows(tracks, ",-1,-1,-1"));
  EXPECT_THAT(RunScore(options_).warnings, ::testing::IsEmpty());
  const auto warning = [&](const auto& change) -> std::string {
    Write("tracks/W.txt", MotRows(Rewritten(tracks, change), ",-1,-1,-1"));
    const std::vector<std::string> warnings = RunScore(options_).warnings;
    return warnings.size() == 1 ? warnings[0] : fmt::format("{} warnings", warnings.size());
  };
  const std::string corners = warning(AsCorners);
  EXPECT_THAT(corners, HasSubstr("W.txt: "));
  EXPECT_THAT(corners,
              HasSubstr("of the boxes end outside the picture; they fit as x1,y1,x2,y2\n"));
  EXPECT_THAT(corners, HasSubstr("\n  hint: reidbench convert "));
  EXPECT_THAT(corners, HasSubstr("W.txt --boxes corners --output OUT"));
  EXPECT_THAT(warning(AsCentre), HasSubstr("fit as cx,cy,w,h"));
  EXPECT_THAT(warning(AsFractions), HasSubstr("100 % of the boxes lie in 0..1; they fit as"));
  Write("tracks/W.txt", MotRows(tracks, ",-1,-1,-1"));
  Write("train/W/gt/gt.txt", MotRows(Rewritten(walk, AsCorners), ",1,1"));
  const std::vector<std::string> of_truth = RunScore(options_).warnings;
  ASSERT_FALSE(of_truth.empty());
  EXPECT_THAT(of_truth[0], HasSubstr("gt.txt: "));
  EXPECT_THAT(of_truth[0], HasSubstr("fit as x1,y1,x2,y2"));
}

TEST_F(Score, VisibilityThatIsNoneIsNoCauseOfSwitches) {
  options_.switches = true;
  // The id changes in frame 3 while the person stands there alone.
  const auto cause = [&](const char* visibility) {
    std::string truth, result;
    for (int f = 1; f <= 4; ++f) {
      truth += fmt::format("{},1,100,100,50,100,1,1,{}\n", f, visibility);
      result += fmt::format("{},{},100,100,50,100,1,-1,-1,-1\n", f, f < 3 ? 1 : 2);
    }
    Write("train/S/gt/gt.txt", truth);
    Write("train/S/seqinfo.ini", "[Sequence]\nseqLength=4\n");
    Write("tracks/S.txt", result);
    const ScoreStageResult scored = RunScore(options_);
    const IdSwitch& only = scored.trackers[0].classes[0].switches[0].at(0);
    return fmt::format("{} {:g} {}", SwitchCauseName(only.cause), only.hidden_share,
                       scored.warnings.empty() ? "" : "noted");
  };
  EXPECT_EQ(cause("-1"), "renamed 0 noted");
  EXPECT_EQ(cause("0"), "renamed 0 noted");
  EXPECT_EQ(cause("1"), "renamed 0 ");
  EXPECT_EQ(cause("0.25"), "occluded 0.75 ");
}

}  // namespace
}  // namespace reidbench
