// The main job as typed, on a small generated data set: check, extract, rank, with their exit
// codes, output and files.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/text.h"
#include "support/run_program.h"
#include "support/synthetic_reid.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using Json = nlohmann::json;

const char* const kWeights = REIDBENCH_TEST_DATA "/weights/osnet_ain_x0_25.pth";

// One data set and its features for all tests of the file: extraction is the slow part.
class RetrievalCommands : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TempFolder;
    WriteSyntheticMarket(Root());
    const ProgramResult result = Extract(Features(), {});
    ASSERT_EQ(result.code, 0) << result.err;
  }
  static void TearDownTestSuite() { delete folder_; }

  static fs::path Folder() { return folder_->path(); }
  static std::string Root() { return (Folder() / "market").string(); }
  static std::string Features() { return (Folder() / "features.h5").string(); }
  static ProgramResult Extract(const std::string& output, const std::vector<std::string>& more) {
    std::vector<std::string> words = {"extract",   "--dataset", "market1501", "--root", Root(),
                                      "--weights", kWeights,    "--output",   output,   "--height",
                                      "64",        "--width",   "32"};
    words.insert(words.end(), more.begin(), more.end());
    return RunReidbench(words);
  }
  static Json RankJson(std::vector<std::string> words) {
    words.insert(words.begin(), "rank");
    words.insert(words.end(), {"--format", "json"});
    const ProgramResult result = RunReidbench(words);
    EXPECT_EQ(result.code, 0) << result.err;
    return Json::parse(result.out);
  }

 private:
  static TempFolder* folder_;
};
TempFolder* RetrievalCommands::folder_ = nullptr;

TEST_F(RetrievalCommands, RankPrintsTheNumbersOfTheJson) {
  const Json json = RankJson({Features()});
  EXPECT_EQ(json["schema"], "reidbench.rank/1");
  EXPECT_EQ(json["num_queries"], 18);
  EXPECT_EQ(json["num_valid_queries"], 18);
  EXPECT_EQ(json["num_gallery"], 18 + 3);
  EXPECT_EQ(json["cmc"].size(), 50u);
  EXPECT_EQ(json["cmc"][0], json["rank"]["1"]);
  EXPECT_EQ(json["cmc"][49], 1.0);
  EXPECT_EQ(json["dialects"]["step"], json["mAP"]);
  EXPECT_LE(json["ci95"]["mAP"][0], json["mAP"]);
  EXPECT_GE(json["ci95"]["mAP"][1], json["mAP"]);
  EXPECT_TRUE(json["reranking"].is_null());
  EXPECT_EQ(json["provenance"]["architecture"], "osnet_ain_x0_25");
  // 18 queries: one rank-1 hit is 1/18; the striped people are told apart even by an untrained
  // network.
  EXPECT_GT(json["mAP"], 0.5);

  const ProgramResult text = RunReidbench({"rank", Features()});
  EXPECT_EQ(text.code, 0);
  EXPECT_THAT(text.out, HasSubstr(fmt::format("{:.2f}", json["mAP"].get<double>() * 100)));
  const ProgramResult csv = RunReidbench({"rank", Features(), "--format", "csv"});
  EXPECT_THAT(csv.out, HasSubstr(fmt::format("\nmAP,{}", json["mAP"].get<double>()).substr(0, 12)));
}

TEST_F(RetrievalCommands, FeaturesAreTheSameBytesForAnyNumberOfThreads) {
  const std::string expected = ReadFileText(Features());
  for (const char* threads : {"1", "3"}) {
    const std::string other = (Folder() / fmt::format("threads{}.h5", threads)).string();
    ASSERT_EQ(Extract(other, {"--threads", threads}).code, 0);
    EXPECT_TRUE(ReadFileText(other) == expected) << threads << " threads";
  }
}

TEST_F(RetrievalCommands, NothingIsOverwrittenWithoutForce) {
  const std::string before = ReadFileText(Features());
  const ProgramResult refused = Extract(Features(), {});
  EXPECT_EQ(refused.code, kExitUsage);
  EXPECT_THAT(refused.err, HasSubstr("--force"));
  EXPECT_TRUE(ReadFileText(Features()) == before);
}

TEST_F(RetrievalCommands, MixingFilesOfDifferentProvenanceIsRefused) {
  const std::string normalized = (Folder() / "normalized.h5").string();
  ASSERT_EQ(Extract(normalized, {"--normalize"}).code, 0);
  const ProgramResult refused = RunReidbench({"rank", Features(), normalized});
  EXPECT_EQ(refused.code, kExitUsage);
  EXPECT_THAT(refused.err, HasSubstr("normalized"));
  EXPECT_EQ(RunReidbench({"rank", Features(), normalized, "--allow-mixed"}).code, 0);
}

TEST_F(RetrievalCommands, VersusItselfFindsNoDifference) {
  const Json json = RankJson({Features(), "--versus", Features()});
  EXPECT_EQ(json["versus"]["mAP"]["difference"], 0.0);
  EXPECT_EQ(json["versus"]["mAP"]["p_value"], 1.0);
}

TEST_F(RetrievalCommands, PerQueryListsEveryQueryWithItsNearestImages) {
  const std::string path = (Folder() / "queries.csv").string();
  ASSERT_EQ(RunReidbench({"rank", Features(), "--per-query", path, "--top-k", "3"}).code, 0);
  const std::string csv = ReadFileText(path);
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 1 + 18);
  EXPECT_THAT(csv, HasSubstr("top3_same_person"));
  EXPECT_THAT(csv, HasSubstr("query/"));
  EXPECT_THAT(csv, HasSubstr("bounding_box_test/"));
}

TEST_F(RetrievalCommands, ReRankingKeepsTheNumbersBefore) {
  const Json plain = RankJson({Features()});
  const Json reranked = RankJson({Features(), "--rerank", "torchreid", "--k1", "6", "--k2", "3"});
  EXPECT_EQ(reranked["reranking"]["before"]["mAP"], plain["mAP"]);
  EXPECT_EQ(reranked["reranking"]["k1"], 6);
  EXPECT_EQ(RunReidbench({"rank", Features(), "--k1", "6"}).code, kExitUsage);
  EXPECT_EQ(RunReidbench({"rank", Features(), "--rerank", "zhong", "--lambda", "2"}).code,
            kExitUsage);
}

TEST_F(RetrievalCommands, ExpectFailsOutsideTheToleranceAndRefusesAnotherMetric) {
  const std::string path = (Folder() / "expect.yaml").string();
  const auto write = [&](double map) {
    std::ofstream(path) << "question: q\nweights: '*'\ndataset: market1501\nprotocol: "
                           "market1501\nmetric: euclidean\n"
                           "source: a test\nexpect:\n  mAP: "
                        << map << "\ntolerance:\n  mAP: 0.1\n  rank: 0.1\n";
  };
  const double map = RankJson({Features()})["mAP"].get<double>() * 100;
  write(map - 0.05);
  EXPECT_EQ(RunReidbench({"rank", Features(), "--expect", path}).code, 0);
  write(map - 0.2);
  const ProgramResult failed = RunReidbench({"rank", Features(), "--expect", path});
  EXPECT_EQ(failed.code, kExitCheckFailed);
  EXPECT_THAT(failed.out, HasSubstr("OUTSIDE"));
  EXPECT_EQ(RunReidbench({"rank", Features(), "--expect", path, "--metric", "cosine"}).code,
            kExitUsage);
}

TEST_F(RetrievalCommands, KilledExtractionResumesToTheSameBytes) {
  const std::string expected = ReadFileText(Features());
  const std::string output = (Folder() / "killed.h5").string();
  std::vector<std::string> words = {"extract",   "--dataset", "market1501", "--root", Root(),
                                    "--weights", kWeights,    "--output",   output,   "--height",
                                    "64",        "--width",   "32"};
  for (int delay_ms : {60, 250, 400}) {
    RunReidbench(words, delay_ms);
    if (fs::exists(output)) break;
  }
  if (!fs::exists(output)) {
    const ProgramResult finished = RunReidbench(words);
    ASSERT_EQ(finished.code, 0) << finished.err;
  }
  EXPECT_TRUE(ReadFileText(output) == expected);
  EXPECT_FALSE(fs::exists(output + ".partial"));
}

TEST_F(RetrievalCommands, CorruptImageStopsOrIsLeftOutByRequest) {
  const fs::path root = Folder() / "broken";
  fs::copy(Root(), root, fs::copy_options::recursive);
  fs::path victim;
  for (const auto& entry : fs::directory_iterator(root / "bounding_box_test")) {
    if (entry.path().filename().string().starts_with("0005"))
      victim = std::max(victim, entry.path());
  }
  fs::resize_file(victim, fs::file_size(victim) / 2);
  const std::string output = (Folder() / "broken.h5").string();
  std::vector<std::string> words = {"extract",   "--dataset", "market1501", "--root", root.string(),
                                    "--weights", kWeights,    "--output",   output,   "--height",
                                    "64",        "--width",   "32"};
  const ProgramResult stopped = RunReidbench(words);
  EXPECT_EQ(stopped.code, kExitInput);
  EXPECT_THAT(stopped.err, HasSubstr(victim.filename().string()));
  EXPECT_FALSE(fs::exists(output));

  words.emplace_back("--skip-corrupt");
  const ProgramResult skipped = RunReidbench(words);
  EXPECT_EQ(skipped.code, 0) << skipped.err;
  EXPECT_THAT(skipped.err, HasSubstr(victim.filename().string()));
  const Json json = RankJson({output});
  EXPECT_EQ(json["num_gallery"], 18 + 3 - 1);
  EXPECT_EQ(json["provenance"]["skipped_corrupt"].size(), 1u);

  const ProgramResult check =
      RunReidbench({"check", "--dataset", "market1501", "--root", root.string()});
  EXPECT_EQ(check.code, kExitCheckFailed);
  EXPECT_THAT(check.out, HasSubstr(victim.filename().string()));
}

TEST_F(RetrievalCommands, OneCameraOnlyIsExplained) {
  // A list in which every image is of camera 4: the camera rule removes every match.
  const std::string list = (Folder() / "list.csv").string();
  std::ofstream stream(list);
  stream << "path,person,camera,split\n";
  for (const char* folder : {"query", "bounding_box_test"}) {
    for (const std::string& name : ListFileNames(fs::path(Root()) / folder)) {
      if (!name.starts_with("0005") && !name.starts_with("0006")) continue;
      stream << folder << '/' << name << ',' << name.substr(0, 4) << ",4,"
             << (folder[0] == 'q' ? "query" : "gallery") << '\n';
    }
  }
  stream.close();
  const std::string output = (Folder() / "one_camera.h5").string();
  const ProgramResult extracted =
      RunReidbench({"extract", "--dataset", "list", "--list", list, "--root", Root(), "--weights",
                    kWeights, "--output", output, "--height", "64", "--width", "32"});
  ASSERT_EQ(extracted.code, 0) << extracted.err;
  const ProgramResult ranked = RunReidbench({"rank", output});
  EXPECT_EQ(ranked.code, kExitInput);
  EXPECT_THAT(ranked.err,
              HasSubstr("every valid match is removed by the camera rule: camera ids seen: 4"));
  EXPECT_EQ(RunReidbench({"rank", output, "--no-camera-rule"}).code, 0);
}

TEST_F(RetrievalCommands, WeightsOfAnotherNetworkAreRefusedBeforeAnyWork) {
  const std::string output = (Folder() / "other.h5").string();
  const ProgramResult result =
      RunReidbench({"extract", "--dataset", "market1501", "--root", Root(), "--weights",
                    REIDBENCH_TEST_DATA "/weights/resnet_like.pth", "--output", output});
  EXPECT_EQ(result.code, kExitInput);
  EXPECT_THAT(result.err, HasSubstr("resnet_like.pth"));
  EXPECT_FALSE(fs::exists(output));
  EXPECT_FALSE(fs::exists(output + ".partial"));
}

TEST(CheckCommand, TellsWhatAWeightsFileIs) {
  const ProgramResult text = RunReidbench({"check", "--weights", kWeights});
  EXPECT_EQ(text.code, 0) << text.err;
  EXPECT_THAT(text.out, HasSubstr("osnet_ain_x0_25"));
  const Json json =
      Json::parse(RunReidbench({"check", "--weights", kWeights, "--format", "json"}).out);
  EXPECT_EQ(json["weights"]["parameters"], 201864);
  EXPECT_EQ(json["weights"]["macs"], 82316000);
  EXPECT_EQ(json["weights"]["sha256"].get<std::string>().size(), 64u);
}

TEST(CheckCommand, ComparesTheEngines) {
  const ProgramResult text = RunReidbench({"check", "--weights", kWeights, "--engines"});
  EXPECT_EQ(text.code, 0) << text.err;
  EXPECT_THAT(text.out, HasSubstr("osnet_ain_x0_25 on 8 images of 256 x 128"));
  const ProgramResult json =
      RunReidbench({"check", "--weights", kWeights, "--engines", "--format", "json"});
  EXPECT_EQ(json.code, 0) << json.err;
  EXPECT_TRUE(Json::parse(json.out)["ok"].get<bool>());

  const ProgramResult missing = RunReidbench({"check", "--engines"});
  EXPECT_EQ(missing.code, kExitUsage);
  EXPECT_THAT(missing.err, HasSubstr("--weights is missing"));
  EXPECT_EQ(RunReidbench({"check", "--engines", "--weights", "/nowhere.pth"}).code, kExitInput);
  const ProgramResult both =
      RunReidbench({"check", "--engines", "--weights", kWeights, "--gt", "/nowhere"});
  EXPECT_EQ(both.code, kExitUsage);
  EXPECT_THAT(both.err, HasSubstr("--engines goes with --weights alone"));
  const ProgramResult images = RunReidbench({"check", "--weights", kWeights, "--images", "x.jpg"});
  EXPECT_EQ(images.code, kExitUsage);
  EXPECT_THAT(images.err, HasSubstr("--images goes with --engines"));
}

TEST(CheckCommand, RefusesAMaliciousFileAndRunsNothing) {
  const ProgramResult result =
      RunReidbench({"check", "--weights", REIDBENCH_TEST_DATA "/weights/bad_system.pth"});
  EXPECT_EQ(result.code, kExitInput);
  EXPECT_THAT(result.err, HasSubstr("posix.system"));
  EXPECT_FALSE(fs::exists("pwned"));
}

TEST(RankCommand, BrokenFeatureFilesAreOneClearError) {
  EXPECT_EQ(RunReidbench({"rank", "/nowhere/features.h5"}).code, kExitInput);
  const ProgramResult foreign = RunReidbench({"rank", kWeights});
  EXPECT_EQ(foreign.code, kExitInput);
  EXPECT_THAT(foreign.err, HasSubstr("osnet_ain_x0_25.pth"));
  EXPECT_THAT(foreign.err, HasSubstr("a torch file, expected HDF5, .npy or .npz; convert it"));
}

TEST(FrontEnd, KnowsItsCommands) {
  EXPECT_EQ(RunReidbench({"--help"}).code, 0);
  EXPECT_THAT(RunReidbench({"--help"}).out, HasSubstr("rank"));
  const ProgramResult unknown = RunReidbench({"rnak"});
  EXPECT_EQ(unknown.code, kExitUsage);
  EXPECT_THAT(unknown.err, HasSubstr("did you mean 'rank'?"));
  EXPECT_EQ(RunReidbench({}).code, kExitUsage);
  EXPECT_THAT(RunReidbench({"rank", "--help"}).out, HasSubstr("Exit codes"));
}

TEST_F(RetrievalCommands, RankWritesAPage) {
  const std::string page = (Folder() / "rank.html").string();
  const std::vector<std::string> words = {"rank", Features(), "--html", page, "--images", Root()};
  ASSERT_EQ(RunReidbench(words).code, kExitOk);
  const std::string text = ReadFileText(page);
  const std::string start = "id=\"report-data\">";
  const size_t from = text.find(start) + start.size();
  const Json parts = Json::parse(text.substr(from, text.find("</script", from) - from))["parts"];
  EXPECT_EQ(parts["rank"], RankJson({Features()}));
  EXPECT_EQ(parts["ranked"]["note"], "");
  EXPECT_GT(parts["ranked"]["pictures"].size(), 3u);
  EXPECT_EQ(RunReidbench(words).code, kExitUsage);  // not overwritten
  EXPECT_EQ(RunReidbench({"rank", Features(), "--images", Root()}).code, kExitUsage);
  // The lists alone are those of the page.
  const std::string lists = (Folder() / "ranked.json").string();
  ASSERT_EQ(RunReidbench({"rank", Features(), "--ranked", lists, "--images", Root()}).code,
            kExitOk);
  EXPECT_EQ(Json::parse(ReadFileText(lists)), parts["ranked"]);
  EXPECT_EQ(RunReidbench({"rank", Features(), "--html", page, "--force", "--images", page}).code,
            kExitInput);
}

}  // namespace
}  // namespace reidbench
