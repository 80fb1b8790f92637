// The tracking job as typed, on small files written here: check and score, with their exit codes,
// output and files.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "support/run_program.h"
#include "support/temp_folder.h"
#include "support/walking_people.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using Json = nlohmann::json;

// Two sequences of ten frames with one walking person; the tracker finds him in frames 1-8 of each
// and renames him after frame 4 of the second.
class TrackingCommands : public ::testing::Test {
 protected:
  TrackingCommands() {
    for (const char* name : {"A", "B"}) {
      const std::string sequence = name;
      folder_.Write("train/" + sequence + "/seqinfo.ini", "[Sequence]\nseqLength=10\n");
      std::string truth, result, detections;
      for (int f = 1; f <= 10; ++f) {
        const std::string box = std::to_string(5 * f) + ",0,40,90";
        truth += fmt::format("{},1,{},1,1,0.8\n", f, box);
        detections += fmt::format("{},-1,{},0.7\n", f, box);
        if (f <= 8) result += fmt::format("{},{},{},0.9,-1,-1,-1\n", f, Id(sequence, f), box);
      }
      folder_.Write("train/" + sequence + "/gt/gt.txt", truth);
      folder_.Write("train/" + sequence + "/det/det.txt", detections);
      folder_.Write("tracks/" + sequence + ".txt", result);
    }
  }

  static int Id(const std::string& sequence, int frame) {
    return sequence == "B" && frame > 4 ? 2 : 1;
  }
  std::string Path(const std::string& name) const { return (folder_.path() / name).string(); }
  std::vector<std::string> ScoreWords(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words = {"score",        "--gt",        Path("train"), "--tracks",
                                      Path("tracks"), "--benchmark", "MOT17"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  void ExpectNothingWritten(const ProgramResult& result) const {
    EXPECT_EQ(result.code, kExitInput);
    EXPECT_THAT(result.out, IsEmpty());
    EXPECT_FALSE(fs::exists(Path("scores.json")));
    EXPECT_FALSE(fs::exists(Path("trackeval")));
  }

  TempFolder folder_;
};

TEST_F(TrackingCommands, ScoreJsonHasTrackEvalsFields) {
  const ProgramResult result = RunReidbench(ScoreWords({"--format", "json"}));
  ASSERT_EQ(result.code, 0) << result.err;
  const Json json = Json::parse(result.out);
  EXPECT_EQ(json["schema"], "reidbench.score/1");
  EXPECT_EQ(json["benchmark"], "MOT17");
  const Json& tracker = json["trackers"]["tracks"];
  ASSERT_TRUE(tracker.is_object());
  EXPECT_EQ(tracker["sequences"].size(), 2u);
  for (const Json* scores :
       {&tracker["sequences"]["A"], &tracker["sequences"]["B"], &tracker["COMBINED"]}) {
    for (const char* field :
         {"HOTA", "DetA", "AssA", "DetRe", "DetPr", "AssRe", "AssPr", "LocA", "OWTA", "HOTA(0)",
          "LocA(0)", "HOTALocA(0)", "HOTA_TP", "HOTA_FN", "HOTA_FP"}) {
      EXPECT_TRUE((*scores)["HOTA"].contains(field)) << field;
    }
    for (const char* field :
         {"MOTA", "MOTP", "MODA", "CLR_Re", "CLR_Pr", "MTR", "PTR", "MLR", "sMOTA", "CLR_TP",
          "CLR_FN", "CLR_FP", "IDSW", "MT", "PT", "ML", "Frag"}) {
      EXPECT_TRUE((*scores)["CLEAR"].contains(field)) << field;
    }
    for (const char* field : {"IDF1", "IDR", "IDP", "IDTP", "IDFN", "IDFP"})
      EXPECT_TRUE((*scores)["Identity"].contains(field)) << field;
    for (const char* field : {"Dets", "GT_Dets", "IDs", "GT_IDs"})
      EXPECT_TRUE((*scores)["Count"].contains(field)) << field;
    for (const char* field : {"HOTA", "DetA", "AssA", "LocA"}) {
      EXPECT_EQ((*scores)["HOTA"][std::string(field) + "_alpha"].size(), 19u) << field;
    }
  }
  // 20 boxes, 16 found, one switch: MOTA = (16 - 1) / 20. Identity: 8 of A, 4 of B.
  const Json& combined = tracker["COMBINED"];
  EXPECT_EQ(combined["CLEAR"]["CLR_TP"], 16);
  EXPECT_EQ(combined["CLEAR"]["CLR_FN"], 4);
  EXPECT_EQ(combined["CLEAR"]["IDSW"], 1);
  EXPECT_EQ(combined["CLEAR"]["MOTA"], 0.75);
  EXPECT_EQ(combined["Identity"]["IDTP"], 12);
  EXPECT_DOUBLE_EQ(combined["Identity"]["IDF1"].get<double>(), 24.0 / 36);
  EXPECT_EQ(combined["Count"]["IDs"], 3);
  EXPECT_NEAR(tracker["sequences"]["A"]["HOTA"]["AssA"].get<double>(), 0.8, 1e-12);  // 8 of 10

  const ProgramResult text = RunReidbench(ScoreWords());
  EXPECT_EQ(text.code, 0);
  EXPECT_THAT(text.out, HasSubstr("COMBINED"));
  EXPECT_THAT(text.out, HasSubstr("66.667"));
}

TEST_F(TrackingCommands, TrackEvalOutputIsWrittenAndNotOverwritten) {
  const std::vector<std::string> words = ScoreWords({"--trackeval-output", Path("trackeval")});
  ASSERT_EQ(RunReidbench(words).code, 0);
  const std::string summary = ReadFileText(Path("trackeval/pedestrian_summary.txt"));
  EXPECT_THAT(summary, StartsWith("HOTA DetA AssA "));
  const std::string detailed = ReadFileText(Path("trackeval/pedestrian_detailed.csv"));
  EXPECT_THAT(detailed, StartsWith("seq,"));
  EXPECT_THAT(detailed, HasSubstr("\r\nA,"));
  EXPECT_THAT(detailed, HasSubstr("\r\nB,"));
  EXPECT_THAT(detailed, HasSubstr("\r\nCOMBINED,"));
  const ProgramResult refused = RunReidbench(words);
  EXPECT_EQ(refused.code, kExitUsage);
  EXPECT_THAT(refused.err, HasSubstr("--force"));
  EXPECT_EQ(RunReidbench(ScoreWords({"--trackeval-output", Path("trackeval"), "--force"})).code, 0);
}

TEST_F(TrackingCommands, ScoreRefusesABadRowAndWritesNothing) {
  folder_.Write("tracks/B.txt", "1,1,5,0,40,90,0.9,-1,-1,-1\n2,1,nan,0,40,90,0.9,-1,-1,-1\n");
  const ProgramResult result =
      RunReidbench(ScoreWords({"--format", "json", "--output", Path("scores.json"),
                               "--trackeval-output", Path("trackeval")}));
  ExpectNothingWritten(result);
  EXPECT_THAT(result.err, HasSubstr("tracks/B.txt:2: expected a finite number in column 3"));
}

TEST_F(TrackingCommands, ScoreRefusesAMissingResultAndWritesNothing) {
  fs::remove(Path("tracks/A.txt"));
  const ProgramResult result =
      RunReidbench(ScoreWords({"--format", "json", "--output", Path("scores.json"),
                               "--trackeval-output", Path("trackeval")}));
  ExpectNothingWritten(result);
  EXPECT_THAT(result.err, HasSubstr("tracks/A.txt: expected the result"));
}

TEST_F(TrackingCommands, CheckSummarizesEveryKind) {
  const std::vector<std::string> words = {"check",        "--gt",         Path("train"), "--tracks",
                                          Path("tracks"), "--detections", Path("train")};
  const ProgramResult text = RunReidbench(words);
  EXPECT_EQ(text.code, 0) << text.err;
  EXPECT_THAT(text.out, HasSubstr("Ground truth, rules of MOT17"));
  EXPECT_THAT(text.out, HasSubstr("Tracks"));
  EXPECT_THAT(text.out, HasSubstr("Detections"));
  EXPECT_THAT(text.err, IsEmpty());

  std::vector<std::string> as_json = words;
  as_json.insert(as_json.end(), {"--format", "json"});
  const Json json = Json::parse(RunReidbench(as_json).out);
  EXPECT_EQ(json["schema"], "reidbench.check/1");
  EXPECT_EQ(json["ok"], true);
  const Json& mot = json["mot"];
  EXPECT_EQ(mot["ground_truth"].size(), 2u);
  EXPECT_EQ(mot["ground_truth"][1]["sequence"], "B");
  EXPECT_EQ(mot["ground_truth"][1]["boxes"], 10);
  EXPECT_EQ(mot["ground_truth"][1]["ids"], 1);
  EXPECT_EQ(mot["ground_truth"][1]["boxes_per_frame"], 1.0);
  EXPECT_EQ(mot["tracks"][1]["tracker"], "tracks");
  EXPECT_EQ(mot["tracks"][1]["ids"], 2);
  EXPECT_EQ(mot["tracks"][1]["median_track_length"], 4.0);
  EXPECT_EQ(mot["tracks"][1]["frames"], 10);  // of seqinfo.ini, not of the last row
  EXPECT_TRUE(mot["detections"][0]["ids"].is_null());
  EXPECT_EQ(mot["detections"][0]["highest_score"], 0.7);
}

TEST_F(TrackingCommands, CheckNamesEveryBadFile) {
  folder_.Write("train/A/gt/gt.txt", "1,1,0,0,40,90,1,1,1\n1,1,0,0,40,90,1,1,1\n");
  folder_.Write("tracks/B.txt", "1,-1,0,0,40,90,0.9\n");
  folder_.Write("train/B/det/det.txt", "11,-1,0,0,40,90,0.9\n");
  const ProgramResult result = RunReidbench(
      {"check", "--gt", Path("train"), "--tracks", Path("tracks"), "--detections", Path("train")});
  EXPECT_EQ(result.code, kExitInput);
  EXPECT_THAT(result.out, IsEmpty());
  EXPECT_THAT(result.err, HasSubstr("A/gt/gt.txt:2: expected each id once per frame"));
  EXPECT_THAT(result.err, HasSubstr("tracks/B.txt:1: expected id >= 0, found -1"));
  EXPECT_THAT(result.err, HasSubstr("B/det/det.txt:1: expected frame 1..10, found frame 11"));
}

TEST_F(TrackingCommands, CheckPrintsWarningsAndGoesOn) {
  folder_.Write("tracks/B.txt", "frame,id,x,y,w,h,score\n1,1,0,0,40,90,0.9\n");
  const ProgramResult result = RunReidbench({"check", "--tracks", Path("tracks")});
  EXPECT_EQ(result.code, 0);
  EXPECT_THAT(result.out, HasSubstr("B.txt:1"));
  EXPECT_THAT(result.out, HasSubstr("in order"));
  // Tables alone do not show it.
  const ProgramResult csv = RunReidbench({"check", "--tracks", Path("tracks"), "--format", "csv"});
  EXPECT_THAT(csv.err, HasSubstr("B.txt:1"));
}

TEST_F(TrackingCommands, CheckFailsWhereBoxesAreCornersAndScoreWarns) {
  const TrackSet walk = WalkingPeople(10, 60, 9);
  folder_.Write("W/gt/gt.txt", MotRows(walk, ",-1,-1,-1"));
  folder_.Write("W/seqinfo.ini", "[Sequence]\nseqLength=60\nimWidth=1920\nimHeight=1080\n");
  const std::string corners =
      folder_.Write("corners.txt", MotRows(Rewritten(Tracked(walk, 10), AsCorners), "")).string();
  const ProgramResult check = RunReidbench({"check", "--gt", Path("W"), "--tracks", corners});
  EXPECT_EQ(check.code, kExitCheckFailed);
  EXPECT_THAT(check.out,
              ::testing::ContainsRegex("PROBLEM: [0-9]+ % of the boxes end outside the picture; "
                                       "they fit as x1,y1,x2,y2\n  in .*corners.txt\n"
                                       "  hint: reidbench convert .*corners.txt --boxes corners "
                                       "--output OUT\n"));
  EXPECT_THAT(check.err, IsEmpty());
  const ProgramResult score =
      RunReidbench({"score", "--gt", Path("W"), "--tracks", corners, "--benchmark", "mot15"});
  EXPECT_EQ(score.code, 0);
  EXPECT_THAT(score.err, HasSubstr("they fit as x1,y1,x2,y2"));
}

}  // namespace
}  // namespace reidbench
