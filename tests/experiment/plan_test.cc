#include "reidbench/experiment/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "reidbench/core/error.h"
#include "support/expect_error.h"
#include "support/temp_folder.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using ::testing::Not;

// Files that a plan looks at, of two sequences.
class MakePlanTest : public ::testing::Test {
 protected:
  MakePlanTest() {
    for (const char* name : {"A", "B"}) AddSequence(std::string("train/") + name);
    folder_.Write("weights.pth");
  }

  void AddSequence(const std::string& path) const {
    folder_.Write(path + "/seqinfo.ini", "[Sequence]\nseqLength=3\n");
    folder_.Write(path + "/gt/gt.txt", "1,1,0,0,5,5,1,1,1\n");
    folder_.Write(path + "/det/det.txt", "1,-1,0,0,5,5,0.9\n");
  }

  ExperimentSpec Spec(const std::string& more) const {
    return LoadExperiment(folder_.Write("x.yaml",
                                        "question: x\ndata: {sequences: train}\nmodel: "
                                        "{weights: weights.pth}\n" +
                                            more),
                          {});
  }

  static std::vector<std::string> Ids(const ExperimentPlan& plan) {
    std::vector<std::string> ids;
    for (const ExperimentStage& stage : plan.stages) ids.push_back(stage.id);
    return ids;
  }

  static std::vector<std::string> WordsOf(const ExperimentPlan& plan, const std::string& id) {
    for (const ExperimentStage& stage : plan.stages) {
      if (stage.id != id) continue;
      return CommandWords(
          stage, "reidbench-" + stage.command,
          [&](size_t s) { return fs::path("<" + plan.stages[s].id + ">"); }, "OWN");
    }
    ADD_FAILURE() << id;
    return {};
  }

  TempFolder folder_;
};

TEST_F(MakePlanTest, TracksThenScores) {
  const ExperimentPlan plan =
      MakePlan(Spec("trackers:\n  - name: sort\n    options: {max_age: [1, 30]}\n"), std::nullopt);
  EXPECT_THAT(Ids(plan), ElementsAre("track sort max_age=1", "score sort max_age=1",
                                     "track sort max_age=30", "score sort max_age=30"));
  EXPECT_THAT(plan.sequences, ElementsAre("A", "B"));
  EXPECT_TRUE(plan.sequences_known);
  const fs::path train = folder_.path() / "train";
  EXPECT_THAT(WordsOf(plan, "track sort max_age=30"),
              ElementsAre("reidbench-track", "--detections", (train / "A/det/det.txt").string(),
                          (train / "B/det/det.txt").string(), "--tracker", "sort", "--option",
                          "max_age=30", "--format", "json", "--output", "OWN/tracks"));
  EXPECT_THAT(WordsOf(plan, "score sort max_age=1"),
              IsSupersetOf({train.string(), std::string("<track sort max_age=1>/tracks")}));
  EXPECT_THAT(plan.stages[3].Dependencies(), ElementsAre(2));
}

TEST_F(MakePlanTest, CorrectionsShareTheFeaturesOfATracker) {
  const ExperimentPlan plan =
      MakePlan(Spec("trackers:\n  - name: sort\ncorrections:\n  - method: gallery-mean\n"
                    "    options: {threshold: [0.2, 0.3]}\n  - interpolate: 5\n"),
               std::nullopt);
  EXPECT_THAT(
      Ids(plan),
      ElementsAre("track sort", "score sort", "extract sort A", "extract sort B",
                  "relink sort gallery-mean threshold=0.2", "score sort gallery-mean threshold=0.2",
                  "compare sort gallery-mean threshold=0.2",
                  "relink sort gallery-mean threshold=0.3", "score sort gallery-mean threshold=0.3",
                  "compare sort gallery-mean threshold=0.3", "relink sort relink",
                  "score sort relink", "compare sort relink"));
  EXPECT_THAT(WordsOf(plan, "extract sort B"),
              IsSupersetOf({std::string("--boxes"), std::string("<track sort>/tracks/B.txt"),
                            std::string("--weights"), (folder_.path() / "weights.pth").string()}));
  EXPECT_THAT(plan.stages[4].Dependencies(), ElementsAre(0, 2, 3));
  EXPECT_THAT(
      WordsOf(plan, "relink sort gallery-mean threshold=0.3"),
      AllOf(Contains("threshold=0.3"), Contains("OWN/features"), Contains("OWN/corrected")));
  EXPECT_THAT(WordsOf(plan, "relink sort relink"), IsSupersetOf({"--interpolate", "5"}));
  EXPECT_THAT(WordsOf(plan, "compare sort relink"), Not(Contains("--ablation")));
}

TEST_F(MakePlanTest, AblationMakesEveryStepOnce) {
  const ExperimentPlan plan =
      MakePlan(Spec("trackers:\n  - name: sort\ncorrections:\n  - ablation: true\n"), std::nullopt);
  EXPECT_THAT(Ids(plan), ElementsAre("track sort", "score sort", "extract sort A", "extract sort B",
                                     "relink sort relink", "score sort relink",
                                     "relink sort relink +split/swap",
                                     "relink sort relink +motion link", "compare sort relink"));
  EXPECT_THAT(WordsOf(plan, "compare sort relink"),
              IsSupersetOf({"+split/swap=<relink sort relink +split/swap>/corrected",
                            "+motion link=<relink sort relink +motion link>/corrected",
                            "--interpolated", "<relink sort relink>/corrected/interpolated"}));
  EXPECT_THAT(WordsOf(plan, "relink sort relink +split/swap"),
              IsSupersetOf({"motion_link=false", "appearance_link=false"}));
}

TEST_F(MakePlanTest, EverySlotIsAPlaceInTheResults) {
  const ExperimentSpec spec = Spec(
      "trackers:\n  - name: sort\n    options: {max_age: [1, 2]}\n  - name: "
      "bytetrack\ncorrections:\n  - ablation: true\n  - method: split-connect\n");
  const nlohmann::ordered_json results = MakeResults(spec);
  std::set<std::string> slots;
  for (const ExperimentStage& stage : MakePlan(spec, std::nullopt).stages) {
    for (const std::string& slot : stage.slots) {
      EXPECT_TRUE(slots.insert(slot).second) << slot;
      EXPECT_TRUE(results.contains(nlohmann::ordered_json::json_pointer(slot))) << slot;
    }
  }
  // 3 configurations: track, score, and for 2 corrections relink, score, compare; 2 steps of one.
  EXPECT_EQ(slots.size(), 3u * (2 + 2 * 3 + 2));
}

TEST_F(MakePlanTest, PeopleAreCountedOnPlainAndCorrectedTracks) {
  folder_.Write("z.yaml", "lines: {a: {from: [0, 0], to: [1, 0]}}\n");
  const ExperimentSpec spec = Spec(
      "trackers:\n  - name: sort\ncorrections:\n  - method: relink\nflow:\n  zones: z.yaml\n  "
      "options: {bootstrap: 0}\n");
  Json results = MakeResults(spec);
  int flows = 0;
  for (const ExperimentStage& stage : MakePlan(spec, std::nullopt).stages) {
    if (stage.command != "flow") continue;
    ++flows;
    for (const std::string& slot : stage.slots)
      EXPECT_TRUE(results.contains(Json::json_pointer(slot))) << slot;
  }
  EXPECT_EQ(flows, 2);
}

TEST_F(MakePlanTest, NamesAllMissingFiles) {
  fs::remove(folder_.path() / "weights.pth");
  fs::remove(folder_.path() / "train/B/det/det.txt");
  EXPECT_THAT(MessageOf(ErrorKind::kIo,
                        [&] { MakePlan(Spec("trackers:\n  - name: sort\n"), std::nullopt); }),
              AllOf(HasSubstr("weights.pth"), HasSubstr("B/det/det.txt")));
}

TEST_F(MakePlanTest, AWorldsSequencesAreKnownWhenItIsMade) {
  folder_.Write("world.yaml", "scene: mall\n");
  const ExperimentSpec spec = LoadExperiment(
      folder_.Write("w.yaml",
                    "question: x\ndata:\n  world: {config: world.yaml, seed: 3, options: {frames: "
                    "9}}\nrank: {}\ntrackers:\n  - name: sort\n"),
      {});
  ExperimentPlan plan = MakePlan(spec, std::nullopt);
  EXPECT_FALSE(plan.sequences_known);
  EXPECT_THAT(Ids(plan),
              ElementsAre("synth", "extract re-ID set", "rank", "track sort", "score sort"));
  EXPECT_THAT(WordsOf(plan, "synth"),
              AllOf(IsSupersetOf({"--seed", "3", "--frames", "9"}), Contains("OWN/world")));

  AddSequence("made/world/mot/train/C1");
  plan = MakePlan(spec, folder_.path() / "made");
  EXPECT_TRUE(plan.sequences_known);
  EXPECT_THAT(plan.sequences, ElementsAre("C1"));
  EXPECT_THAT(WordsOf(plan, "track sort"), Contains("<synth>/world/mot/train/C1/det/det.txt"));
  EXPECT_THAT(WordsOf(plan, "extract re-ID set"),
              IsSupersetOf({"market_layout", "<synth>/world/reid"}));
}

TEST_F(MakePlanTest, KeysFollowContentsAndNotPlaces) {
  const std::string more = "trackers:\n  - name: sort\n";
  const auto keys_of = [&](const ExperimentPlan& plan) {
    Fingerprints fingerprints("");
    std::vector<StageKey> keys;
    for (const ExperimentStage& stage : plan.stages)
      keys.push_back(ComputeStageKey(stage, keys, folder_.path() / "weights.pth", &fingerprints));
    return keys;
  };
  const auto before = keys_of(MakePlan(Spec(more), std::nullopt));
  EXPECT_EQ(before[0].inputs.size(), 4u);  // two det.txt, two seqinfo.ini
  EXPECT_NE(before[0].key, before[1].key);

  fs::create_directories(folder_.path() / "moved");
  fs::rename(folder_.path() / "train", folder_.path() / "moved/train");
  ExperimentSpec spec = Spec(more);
  spec.sequences = folder_.path() / "moved/train";
  EXPECT_EQ(keys_of(MakePlan(spec, std::nullopt))[1].key, before[1].key);

  folder_.Write("moved/train/A/gt/gt.txt", "1,1,0,0,5,6,1,1,1\n");
  auto after = keys_of(MakePlan(spec, std::nullopt));
  EXPECT_EQ(after[0].key, before[0].key);
  EXPECT_NE(after[1].key, before[1].key);

  folder_.Write("moved/train/A/det/det.txt", "1,-1,0,0,5,6,0.9\n");
  after = keys_of(MakePlan(spec, std::nullopt));
  EXPECT_NE(after[0].key, before[0].key);
}

}  // namespace
}  // namespace reidbench
