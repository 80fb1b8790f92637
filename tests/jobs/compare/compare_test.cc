#include "reidbench/jobs/compare/compare.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/parallel.h"
#include "reidbench/core/random.h"
#include "reidbench/core/text.h"
#include "reidbench/datasets/mot_files.h"
#include "reidbench/datasets/mot_layout.h"
#include "reidbench/mot_metrics/ceilings.h"
#include "reidbench/results/compare.h"
#include "support/expect_error.h"
#include "support/temp_folder.h"
#include "support/walking_people.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Json = nlohmann::json;

// Person 1 is found in frames 1-8 by track 1, missed in 9 and 10, and found by track 3 from then
// on; person 2, far away, has track 2. Correction gives 3 the old id 1.
class Compare : public ::testing::Test {
 protected:
  Compare() {
    options_.ground_truth = folder_.path() / "train";
    options_.plain = folder_.path() / "plain";
    options_.corrected = folder_.path() / "corrected";
    options_.bootstrap.resamples = 0;
    AddSequence("A");
  }

  void AddSequence(const std::string& name) {
    folder_.Write("train/" + name + "/seqinfo.ini",
                  "[Sequence]\nseqLength=20\nimWidth=1000\nimHeight=500\n");
    std::string truth;
    for (int f = 1; f <= 20; ++f)
      truth += fmt::format("{0},1,{1},100,20,40,1,1,1\n{0},2,600,100,20,40,1,1,1\n", f, 100 + f);
    folder_.Write("train/" + name + "/gt/gt.txt", truth);
    folder_.Write("plain/" + name + ".txt", Tracks(3));
    folder_.Write("corrected/" + name + ".txt", Tracks(1));
  }

  static std::string Tracks(int second_id) {
    std::string text;
    for (int f = 1; f <= 20; ++f) {
      text += Row(f, 2, 600);
      if (f != 9 && f != 10) text += Row(f, f < 9 ? 1 : second_id, 100 + f);
    }
    return text;
  }
  static std::string Row(int frame, int id, int left) {
    return fmt::format("{},{},{},100,20,40,0.9,-1,-1,-1\n", frame, id, left);
  }

  CompareStageResult Run() const { return RunCompare(options_); }
  std::string ErrorOf(ErrorKind kind) const {
    return MessageOf(kind, [&] { Run(); });
  }

  TempFolder folder_;
  CompareStageOptions options_;
};

TEST_F(Compare, HandMadeNumbers) {
  const CompareStageResult result = Run();
  const Json json = Json::parse(RenderCompareJson(result));
  EXPECT_EQ(json["schema"], "reidbench.compare/1");
  for (const Json* part : {&json["COMBINED"], &json["sequences"]["A"]}) {
    // 40 boxes of persons, 38 of tracks: 10 + 20 under one id before, all 38 afterwards.
    EXPECT_DOUBLE_EQ((*part)["plain"]["IDF1"].get<double>(), 60.0 / 78);
    EXPECT_DOUBLE_EQ((*part)["corrected"]["IDF1"].get<double>(), 76.0 / 78);
    EXPECT_NEAR((*part)["delta"]["IDF1"].get<double>(), 16.0 / 78, 1e-12);
    EXPECT_EQ((*part)["plain"]["IDSW"], 1);
    EXPECT_EQ((*part)["corrected"]["IDSW"], 0);
    EXPECT_EQ((*part)["delta"]["IDSW"], -1);
    EXPECT_EQ((*part)["plain"]["MT"], 2);
    EXPECT_EQ((*part)["ceiling_link"]["IDF1"], (*part)["corrected"]["IDF1"]);
    EXPECT_DOUBLE_EQ((*part)["share_link"]["IDF1"].get<double>(), 1);
    EXPECT_DOUBLE_EQ((*part)["share_split_link"]["IDSW"].get<double>(), 1);
    EXPECT_TRUE((*part)["share_link"]["DetA"].is_null());  // says nothing about identities
    EXPECT_TRUE((*part)["ci95"]["IDF1"].is_null());        // not asked for
    EXPECT_EQ((*part)["switches"]["by_cause"]["missed"], 1);
    EXPECT_EQ((*part)["switches"]["fixed"], 1);
    EXPECT_EQ((*part)["switches"]["remaining"], 0);
    EXPECT_EQ((*part)["switches"]["introduced"], 0);
    EXPECT_EQ((*part)["switches"]["fixed_by_cause"]["missed"], 1);
    for (const char* run : {"plain", "corrected", "delta", "ci95", "ceiling_link"}) {
      std::vector<std::string> keys;
      for (const auto& [key, value] : (*part)[run].items()) keys.push_back(key);
      EXPECT_THAT(keys, ::testing::UnorderedElementsAre("HOTA", "AssA", "DetA", "IDF1", "IDP",
                                                        "IDR", "MOTA", "IDSW", "Frag", "MT", "ML"));
    }
  }
  const Json& list = json["sequences"]["A"]["switches"]["list"]["plain"];
  ASSERT_EQ(list.size(), 1u);
  EXPECT_EQ(list[0]["frame"], 11);
  EXPECT_EQ(list[0]["gap_frames"], 3);
  EXPECT_EQ(list[0]["gt_id"], 1);
  EXPECT_EQ(list[0]["old_track"], 1);
  EXPECT_EQ(list[0]["new_track"], 3);
  EXPECT_EQ(list[0]["cause"], "missed");
  EXPECT_EQ(list[0]["status"], "fixed");
  EXPECT_FALSE(json["sequences"]["A"].contains("timelines"));
  EXPECT_EQ(json["headline"],
            "Re-ID raised IDF1 by 20.5 points, from 76.9 to 97.4 %; identity switches went from 1 "
            "to 0 (1 fixed, 0 introduced); that is 100 % of the IDF1 that perfect splitting and "
            "linking would win.");
  const std::string text = RenderCompareTables(result, TableFormat::kText);
  EXPECT_TRUE(EndsWith(text, json["headline"].get<std::string>() + "\n"));
}

TEST_F(Compare, TheSameTracksChangeNothing) {
  options_.corrected = options_.plain;
  options_.bootstrap.resamples = 100;
  const Json json = Json::parse(RenderCompareJson(Run()));
  const Json& combined = json["COMBINED"];
  for (const auto& [name, value] : combined["delta"].items()) EXPECT_EQ(value, 0) << name;
  EXPECT_EQ(combined["switches"]["fixed"], 0);
  EXPECT_EQ(combined["switches"]["remaining"], 1);
  EXPECT_EQ(combined["switches"]["introduced"], 0);
  EXPECT_EQ(combined["share_link"]["IDF1"], 0);
  EXPECT_EQ(combined["p"]["IDF1"], 1);
  EXPECT_EQ(json["headline"],
            "Re-ID left IDF1 as it was, at 76.9 %; identity switches stayed at 1.");
}

TEST_F(Compare, ResamplesBlocksOfFramesUnlessThereAreManySequences) {
  options_.bootstrap.resamples = 200;
  Json json = Json::parse(RenderCompareJson(Run()));
  EXPECT_EQ(json["resampled"], "blocks of 2 frames");
  const Json interval = json["COMBINED"]["ci95"]["IDF1"];
  EXPECT_LT(interval[0], interval[1]);
  EXPECT_LE(interval[0], 16.0 / 78);
  EXPECT_GE(interval[1], 16.0 / 78);
  EXPECT_TRUE(json["COMBINED"]["ci95"]["Frag"].is_null());  // belongs to whole tracks
  for (const char* name : {"B", "C", "D", "E", "F"}) AddSequence(name);
  json = Json::parse(RenderCompareJson(Run()));
  EXPECT_EQ(json["resampled"], "sequences");
  // Six equal sequences: no spread, and only all or none of 2^6 swaps are as far apart.
  EXPECT_NEAR(json["COMBINED"]["ci95"]["IDF1"][0].get<double>(), 16.0 / 78, 1e-12);
  EXPECT_EQ(json["COMBINED"]["p"]["IDF1"], 2.0 / 64);
  EXPECT_EQ(json["COMBINED"]["ci95"]["Frag"], Json::parse("[0.0, 0.0]"));
  EXPECT_LT(json["sequences"]["B"]["ci95"]["IDF1"][0], json["sequences"]["B"]["ci95"]["IDF1"][1]);
  options_.block_frames = 5;
  EXPECT_EQ(Run().resampled, "blocks of 5 frames");
  EXPECT_EQ(DefaultBlockFrames(525), 50);
  EXPECT_EQ(DefaultBlockFrames(100), 10);
  EXPECT_EQ(DefaultBlockFrames(3), 1);
}

TEST_F(Compare, AblationRowsInTheOrderGiven) {
  folder_.Write("steps/link/A.txt", Tracks(1));
  folder_.Write("steps/none/A.txt", Tracks(4));
  options_.ablation = {"none=" + (folder_.path() / "steps/none").string(),
                       "link=" + (folder_.path() / "steps/link").string()};
  const CompareStageResult result = Run();
  const Json rows = Json::parse(RenderCompareJson(result))["ablation"];
  ASSERT_EQ(rows.size(), 4u);
  const char* const names[] = {"plain", "none", "link", "corrected"};
  const double idf1[] = {60.0 / 78, 60.0 / 78, 76.0 / 78, 76.0 / 78};
  for (size_t k = 0; k < 4; ++k) {
    EXPECT_EQ(rows[k]["name"], names[k]);
    EXPECT_DOUBLE_EQ(rows[k]["COMBINED"]["IDF1"].get<double>(), idf1[k]);
    EXPECT_EQ(rows[k]["sequences"]["A"], rows[k]["COMBINED"]);
  }
  EXPECT_THAT(RenderCompareTables(result, TableFormat::kText), HasSubstr("Step by step"));
  const std::string csv = RenderCompareCsv(result);
  EXPECT_THAT(csv, HasSubstr("A,link,IDSW,0,"));
  EXPECT_THAT(csv, HasSubstr("COMBINED,corrected,IDSW,0,-1,"));
  EXPECT_THAT(csv, HasSubstr("COMBINED,plain,switches_missed,1,"));
  EXPECT_THAT(csv, HasSubstr("COMBINED,corrected,switches_fixed,1,"));
}

// What `reidbench run` reads again: all but what belongs to single sequences.
TEST_F(Compare, GoesThroughJson) {
  AddSequence("B");
  options_.bootstrap.resamples = 100;
  options_.ablation = {"step=" + options_.plain.string()};
  const CompareStageResult result = Run();
  const CompareStageResult read = CompareFromJson(ParseJson(RenderCompareJson(result), "x"), "x");
  for (const TableFormat format : {TableFormat::kText, TableFormat::kMarkdown}) {
    EXPECT_EQ(ComparedMetricsTable(read).Render(format),
              ComparedMetricsTable(result).Render(format));
    EXPECT_EQ(AblationTable(read.combined.steps, "").Render(format),
              AblationTable(result.combined.steps, "").Render(format));
  }
  EXPECT_EQ(read.headline, result.headline);
  EXPECT_EQ(read.combined.fixed_causes, result.combined.fixed_causes);
  // Ten blocks of two frames in each of the two sequences; their counts add up to the whole.
  ASSERT_EQ(read.units.plain.size(), 20u);
  IdentityCounts sum;
  for (const IdentityCounts& unit : read.units.plain) sum += unit;
  EXPECT_EQ(Summarize(sum).f1, read.combined.Of("IDF1").plain);
  EXPECT_THROW(CompareFromJson({{"schema", "reidbench.compare/1"}}, "x"), Error);
  EXPECT_THROW(CompareFromJson({{"schema", "reidbench.score/1"}}, "x"), Error);
}

TEST_F(Compare, TimelinesSayWhoHadWhichIdWhen) {
  options_.timelines = true;
  const Json json = Json::parse(RenderCompareJson(Run()));
  const Json& sequence = json["sequences"]["A"];
  EXPECT_EQ(sequence["frames"], 20);
  EXPECT_EQ(sequence["timelines"][0], Json::parse(R"({"gt_id": 1, "present": [[1, 20]],
                            "plain": [[1, 8, 1], [11, 20, 3]],
                            "corrected": [[1, 8, 1], [11, 20, 1]]})"));
  EXPECT_EQ(sequence["timelines"][1]["plain"], Json::parse("[[1, 20, 2]]"));
  const Json& boxes = sequence["switches"]["list"]["plain"][0]["boxes"];
  EXPECT_EQ(boxes["old"], Json::parse("[108.0, 100.0, 20.0, 40.0]"));
  EXPECT_EQ(boxes["gt_after"], Json::parse("[111.0, 100.0, 20.0, 40.0]"));
}

TEST_F(Compare, BoxesMustBeTheSame) {
  std::string moved = Tracks(1);
  moved.replace(moved.find("\n5,2,600") + 5, 3, "601");
  folder_.Write("corrected/A.txt", moved);
  const std::string message = ErrorOf(ErrorKind::kInput);
  EXPECT_THAT(message, HasSubstr("corrected/A.txt: expected the boxes of"));
  EXPECT_THAT(message,
              HasSubstr("found 1 of 38 missing or changed, first frame 5 box 600,100,20,40"));
  options_.allow_interpolated = true;  // allows more boxes, not other ones
  EXPECT_THAT(ErrorOf(ErrorKind::kInput), HasSubstr("missing or changed"));
}

TEST_F(Compare, InterpolatedBoxesAreAcceptedWhenAskedFor) {
  folder_.Write("corrected/A.txt", Tracks(1) + Row(9, 1, 109) + Row(10, 1, 110));
  EXPECT_THAT(ErrorOf(ErrorKind::kInput),
              HasSubstr("found 2 more, first frame 9 box 109,100,20,40 (id 1)\n  hint: "
                        "--allow-interpolated"));
  options_.allow_interpolated = true;
  const CompareStageResult result = Run();
  EXPECT_EQ(result.combined.interpolated_boxes, 2);
  EXPECT_EQ(result.combined.Of("IDF1").corrected, 1);
  // The ceilings do not have these boxes: nothing to measure them against.
  EXPECT_TRUE(Json::parse(RenderCompareJson(result))["COMBINED"]["share_link"]["IDF1"].is_null());
}

TEST_F(Compare, InterpolationIsAStepOfItsOwn) {
  options_.interpolated =
      folder_.Write("filled/A.txt", Tracks(1) + Row(9, 1, 109) + Row(10, 1, 110)).parent_path();
  const CompareStageResult result = Run();
  const Json json = Json::parse(RenderCompareJson(result));
  ASSERT_EQ(json["ablation"].size(), 3u);
  EXPECT_EQ(json["ablation"][1]["name"], "corrected");
  EXPECT_EQ(json["ablation"][2]["name"], "interpolated");
  EXPECT_EQ(json["ablation"][2]["COMBINED"]["IDF1"], 1.0);
  EXPECT_EQ(json["ablation"][2]["sequences"]["A"]["IDSW"], 0);
  EXPECT_EQ(json["COMBINED"]["share_link"]["IDF1"], 1.0);
  EXPECT_THAT(RenderCompareCsv(result), HasSubstr("COMBINED,interpolated,IDF1,1,"));
  EXPECT_THAT(RenderCompareTables(result, TableFormat::kText), HasSubstr("\ninterpolated "));
  folder_.Write("filled/A.txt", Row(9, 1, 109));
  EXPECT_THAT(ErrorOf(ErrorKind::kInput), HasSubstr("filled/A.txt: expected the boxes of"));
}

TEST_F(Compare, MistakesAreNamed) {
  AddSequence("B");
  fs::remove(folder_.path() / "corrected/B.txt");
  EXPECT_THAT(ErrorOf(ErrorKind::kIo), HasSubstr("corrected/B.txt"));
  folder_.Write("corrected/B.txt", "1,1,nan,100,20,40,0.9\n");
  folder_.Write("plain/A.txt", "0,1,1,100,20,40,0.9\n");
  const std::string both = ErrorOf(ErrorKind::kInput);
  EXPECT_THAT(both, HasSubstr("corrected/B.txt:1: expected a finite number"));
  EXPECT_THAT(both, HasSubstr("plain/A.txt:1: expected frame 1..20, found frame 0"));

  options_.ablation = {"x"};
  EXPECT_THAT(ErrorOf(ErrorKind::kUsage), HasSubstr("--ablation x: expected NAME=FOLDER"));
  options_.ablation = {"plain=" + options_.plain.string()};
  EXPECT_THAT(ErrorOf(ErrorKind::kUsage), HasSubstr("found plain again"));
  options_.ablation.clear();
  options_.block_frames = -4;
  EXPECT_THAT(ErrorOf(ErrorKind::kUsage), HasSubstr("--block-frames -4"));
  options_.block_frames.reset();
  options_.bootstrap.resamples = 7;
  EXPECT_THAT(ErrorOf(ErrorKind::kUsage), HasSubstr("resamples: 7 is out of range"));
  options_.bootstrap.resamples = 0;
  options_.corrected = folder_.path() / "many";
  for (const char* tracker : {"x", "y"}) {
    for (const char* name : {"A", "B"})
      folder_.Write(fmt::format("many/{}/{}.txt", tracker, name), Tracks(1));
  }
  EXPECT_THAT(ErrorOf(ErrorKind::kUsage),
              HasSubstr("many: expected the results of one tracker, found those of 2: x, y"));
  options_.corrected.clear();
  EXPECT_THAT(ErrorOf(ErrorKind::kUsage), HasSubstr("--corrected is missing"));
}

TEST_F(Compare, OnlyTheScoredPartOfTheVideoCounts) {
  // Of 20 frames the second half is 12..20: after the switch.
  options_.benchmark =
      folder_
          .Write("half.yaml",
                 "name: half\nframes: {part: second_half, results_renumbered: false}\n")
          .string();
  options_.timelines = true;
  const CompareStageResult result = Run();
  EXPECT_EQ(result.combined.frames, 9);
  EXPECT_EQ(result.combined.Of("IDSW").plain, 0);
  EXPECT_THAT(result.sequences[0].plain_timelines[0].matched, ElementsAre(IdentityRun{1, 9, 3}));
}

TEST_F(Compare, EmptyTracksHaveNoShare) {
  folder_.Write("plain/A.txt", "");
  folder_.Write("corrected/A.txt", "");
  const Json combined = Json::parse(RenderCompareJson(Run()))["COMBINED"];
  EXPECT_EQ(combined["plain"]["IDF1"], 0);
  EXPECT_TRUE(combined["share_link"]["IDF1"].is_null());
  EXPECT_TRUE(combined["share_split_link"]["HOTA"].is_null());
}

// Short hard sequences with answers of the reference program; tracks cut and joined at random or
// perfectly.
class CompareFuzz : public ::testing::Test {
 protected:
  CompareFuzz() {
    const fs::path set = fs::path(REIDBENCH_TEST_DATA) / "mot" / "fuzz";
    options_.ground_truth = set / "gt" / "mot_challenge";
    options_.plain = set / "trackers" / "mot_challenge" / "MOT17-train" / "degraded";
    options_.corrected = folder_.path() / "corrected";
    rules_ = LoadMotBenchmark("MOT17");
    files_ = FindMotSequences({options_.ground_truth, "MOT17", "train", {}});
  }

  template <typename Correct>
  void WriteCorrected(const Correct& correct) const {
    for (const MotSequenceFiles& files : files_) {
      MotReadOptions read;
      read.frame_count = files.frame_count;
      const TrackSet plain =
          ReadMotFile(options_.plain / "data" / (files.name + ".txt"), read).tracks;
      read.kind = MotFileKind::kGroundTruth;
      const TrackSet truth = ReadMotFile(files.ground_truth, read).tracks;
      folder_.Write("corrected/" + files.name + ".txt", FormatMotResult(correct(truth, plain)));
    }
  }

  TempFolder folder_;
  CompareStageOptions options_;
  MotBenchmark rules_;
  std::vector<MotSequenceFiles> files_;
};

TEST_F(CompareFuzz, PerfectCorrectionReachesItsCeilingOnAnyNumberOfThreads) {
  WriteCorrected([&](const TrackSet& truth, const TrackSet& plain) {
    return SplitAndLinkPerfectly(truth, plain, rules_, rules_.classes[0]);
  });
  options_.bootstrap.resamples = 100;
  options_.timelines = true;
  std::vector<std::string> outputs;
  for (const int threads : {1, 4}) {
    const ThreadLimit limit(threads);
    outputs.push_back(RenderCompareJson(RunCompare(options_)));
  }
  EXPECT_EQ(outputs[0], outputs[1]);
  const Json combined = Json::parse(outputs[0])["COMBINED"];
  EXPECT_EQ(combined["corrected"], combined["ceiling_split_link"]);
  EXPECT_EQ(combined["share_split_link"]["IDF1"], 1.0);
  EXPECT_EQ(combined["plain"]["IDSW"], 83);  // the reference's
  EXPECT_GT(combined["delta"]["IDF1"], 0.1);
}

TEST_F(CompareFuzz, SwitchesAddUpForAnyCorrection) {
  Rng rng(3);
  for (int round = 0; round < 5; ++round) {
    // Every track is cut at a random frame, its second half gets a new id.
    WriteCorrected([&](const TrackSet&, const TrackSet& plain) {
      TrackSet cut = plain;
      std::map<int64_t, int64_t> at;
      for (TrackBox& box : cut.boxes) {
        const auto [where, is_new] = at.try_emplace(box.id.value, 0);
        if (is_new) where->second = 1 + static_cast<int64_t>(rng.Below(20));
        if (box.frame.value >= where->second) box.id = TrackId(box.id.value + 100'000);
      }
      return cut;
    });
    options_.bootstrap.resamples = 0;
    const CompareStageResult result = RunCompare(options_);
    const auto sum = [](const SwitchCounts& counts) {
      int64_t total = 0;
      for (const int64_t n : counts) total += n;
      return total;
    };
    const auto check = [&](const ComparedScores& c) {
      const ComparedValue& idsw = c.Of("IDSW");
      EXPECT_EQ(c.fixed + c.remaining, idsw.plain);
      EXPECT_EQ(c.remaining + c.introduced, idsw.corrected);
      EXPECT_EQ(sum(c.plain_causes), idsw.plain);
      EXPECT_EQ(sum(c.corrected_causes), idsw.corrected);
      EXPECT_EQ(sum(c.fixed_causes), c.fixed);
      EXPECT_EQ(sum(c.introduced_causes), c.introduced);
    };
    for (const ComparedSequence& sequence : result.sequences) check(sequence.scores);
    check(result.combined);
    EXPECT_GT(result.combined.introduced, 0);
  }
}

// Four trackers on four sets of detections of a real sequence, with the reference's scores of the
// plain tracks and of both oracles.
TEST(CompareReal, SwitchesAndCeilingsEqualTheReference) {
  const fs::path shared = fs::path(REIDBENCH_SOURCE_DIR) / ".." / "shared";
  const fs::path tracks = shared / "golden" / "trackers" / "ADL-Rundle-6";
  const fs::path truth = shared / "data" / "ADL-Rundle-6";
  if (!fs::exists(tracks) || !fs::exists(truth)) GTEST_SKIP() << "needs " << tracks;
  int checked = 0;
  std::map<std::string, std::map<std::string, double>> scores;  // of a run, by field
  const std::string text = ReadFileText(tracks / "scores.csv");
  for (const std::string_view line : SplitText(text, '\n')) {
    const std::vector<std::string_view> cell = SplitText(Trim(line), ',');
    if (cell.size() < 8 ||
        (cell[2] != "plain" && cell[2] != "oracle_merge" && cell[2] != "oracle_split_merge"))
      continue;
    const std::string run = std::string(cell[0]) + "/" + std::string(cell[1]) + ".txt";
    SCOPED_TRACE(run + " " + std::string(cell[2]));
    if (!scores.contains(run + "plain")) {
      CompareStageOptions options;
      options.ground_truth = truth;
      options.plain = options.corrected = tracks / run;
      options.benchmark = "mot15";
      options.bootstrap.resamples = 0;
      const CompareStageResult result = RunCompare(options);
      EXPECT_EQ(result.sequences[0].plain_switches.size(), result.combined.Of("IDSW").plain);
      for (const ComparedValue& value : result.combined.values) {
        const std::string field(value.field);
        scores[run + "plain"][field] = value.plain.value();
        scores[run + "oracle_merge"][field] = value.ceiling_link.value();
        scores[run + "oracle_split_merge"][field] = value.ceiling_split_link.value();
      }
    }
    std::map<std::string, double>& ours = scores[run + std::string(cell[2])];
    EXPECT_EQ(ours["IDSW"], *ParseInt(cell[8]));
    EXPECT_NEAR(100 * ours["IDF1"], *ParseDouble(cell[7]), 1e-9);
    EXPECT_NEAR(100 * ours["HOTA"], *ParseDouble(cell[3]), 1e-9);
    EXPECT_NEAR(100 * ours["AssA"], *ParseDouble(cell[5]), 1e-9);
    ++checked;
  }
  EXPECT_EQ(checked, 48);
}

TEST_F(Compare, WarnsOnceOfBoxesInAnotherFormAndOfVisibilityThatIsNone) {
  EXPECT_THAT(Run().warnings, ::testing::IsEmpty());
  const TrackSet walk = WalkingPeople(10, 60, 9);
  const std::string rows = MotRows(Rewritten(reidbench::Tracked(walk, 10), AsCorners), "");
  folder_.Write("train/A/seqinfo.ini", "[Sequence]\nseqLength=60\nimWidth=1920\nimHeight=1080\n");
  folder_.Write("train/A/gt/gt.txt", MotRows(walk, ",1,0"));
  folder_.Write("plain/A.txt", rows);
  folder_.Write("corrected/A.txt", rows);
  EXPECT_THAT(
      Run().warnings,
      ElementsAre(HasSubstr("the visibility column holds nothing above 0"),
                  ::testing::AllOf(HasSubstr("plain/A.txt: "), HasSubstr("they fit as x1,y1,x2,y2"),
                                   HasSubstr("--boxes corners --output OUT"))));
}

}  // namespace
}  // namespace reidbench
