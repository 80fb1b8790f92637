// `reidbench synth` as typed: YAML and flags, the shipped scenes, exit codes, and that what it
// writes is read by the commands that come after it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "support/run_program.h"
#include "support/temp_folder.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Json = nlohmann::json;

class SynthCommand : public ::testing::Test {
 protected:
  std::string Path(const std::string& name) const { return (folder_.path() / name).string(); }
  static std::vector<std::string> And(std::vector<std::string> words,
                                      const std::vector<std::string>& more) {
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  std::vector<std::string> Small(const std::string& name) const {
    return {"synth", "--output",          Path(name), "--cameras",      "2",   "--frames",
            "4",     "--image-width",     "320",      "--image-height", "240", "--people",
            "12",    "--reid-identities", "2",        "--reid-images",  "2"};
  }
  TempFolder folder_;
};

TEST_F(SynthCommand, MakesAWorldThatCheckAndTrackRead) {
  const ProgramResult made = RunReidbench(And(Small("w"), {"--seed", "7", "--format", "json"}));
  ASSERT_EQ(made.code, 0) << made.err;
  const Json json = Json::parse(made.out);
  EXPECT_EQ(json["schema"], "reidbench.synth/1");
  EXPECT_EQ(json["world"]["seed"], 7);
  EXPECT_EQ(json["cameras"].size(), 2u);

  const ProgramResult checked =
      RunReidbench({"check", "--gt", Path("w/mot"), "--detections", Path("w/mot/train"),
                    "--dataset", "market_layout", "--root", Path("w/reid")});
  EXPECT_EQ(checked.code, 0) << checked.err << checked.out;
  const ProgramResult tracked =
      RunReidbench({"track", "--detections", Path("w/mot/train"), "--gt", Path("w/mot"),
                    "--tracker", "sort", "--output", Path("tracks")});
  EXPECT_EQ(tracked.code, 0) << tracked.err;
  EXPECT_THAT(tracked.out, HasSubstr("mall-7-c2"));

  // The record beside the world makes it again.
  const ProgramResult again =
      RunReidbench({"synth", "--config", Path("w/world.yaml"), "--output", Path("again"), "-q"});
  ASSERT_EQ(again.code, 0) << again.err;
  EXPECT_THAT(again.err, IsEmpty());
  for (const char* file : {"world.yaml", "identities.csv", "visits.csv", "ground_truth.csv",
                           "mot/train/mall-7-c1/gt/gt.txt", "mot/train/mall-7-c1/det/det.txt",
                           "mot/train/mall-7-c1/img1/000004.jpg"}) {
    EXPECT_EQ(ReadFileText(Path("w/") + file), ReadFileText(Path("again/") + file)) << file;
  }
}

// However many digits its options have.
TEST_F(SynthCommand, TheRecordHoldsEveryDigit) {
  const std::vector<std::string> digits = {
      "--jitter",     "0.123456789012345",  "--density", "0.1000000000000001",
      "--frame-rate", "29.970029970029973", "--seed",    "9223372036854775807"};
  ASSERT_EQ(RunReidbench(And(Small("w"), And(digits, {"-q"}))).code, 0);
  ASSERT_EQ(
      RunReidbench({"synth", "--config", Path("w/world.yaml"), "--output", Path("again"), "-q"})
          .code,
      0);
  const std::string record = ReadFileText(Path("w/world.yaml"));
  EXPECT_THAT(record, HasSubstr("jitter: 0.123456789012345 "));
  EXPECT_THAT(record, HasSubstr("frame_rate: [29.970029970029973] "));
  for (const auto& entry : fs::recursive_directory_iterator(Path("w"))) {
    if (!entry.is_regular_file()) continue;
    const fs::path name = entry.path().lexically_relative(Path("w"));
    EXPECT_EQ(ReadFileText(entry.path()), ReadFileText(Path("again") / name)) << name;
  }
}

TEST_F(SynthCommand, TwoOnOneOutputAreToldApart) {
  std::vector<ProgramResult> results(2);
  std::thread other([&] { results[0] = RunReidbench(And(Small("w"), {"-q"})); });
  results[1] = RunReidbench(And(Small("w"), {"-q"}));
  other.join();
  if (results[0].code != 0) std::swap(results[0], results[1]);
  EXPECT_EQ(results[0].code, 0) << results[0].err;
  EXPECT_EQ(results[1].code, kExitUsage);
  // Or the first was done before the second began.
  EXPECT_THAT(results[1].err,
              ::testing::AnyOf(HasSubstr("another reidbench is writing it just now"),
                               HasSubstr("exists; choose another name")));
  EXPECT_TRUE(IsFile(Path("w/world.yaml")));
  EXPECT_THAT(ListFolderNames(folder_.path()), ::testing::ElementsAre("w"));
  EXPECT_THAT(ListFileNames(folder_.path()), IsEmpty());
}

TEST_F(SynthCommand, ShippedScenesAreTheDefaults) {
  for (const char* scene : {"corridor", "mall", "queue", "airport"}) {
    const std::string file = fmt::format("{}/configs/synth/{}.yaml", REIDBENCH_SOURCE_DIR, scene);
    ASSERT_TRUE(fs::exists(file)) << file;
    const auto record = [&](const std::vector<std::string>& words, const std::string& name) {
      const ProgramResult made =
          RunReidbench(And({"synth", "--output", Path(name), "--frames", "1", "--image-width",
                            "160", "--image-height", "120", "--reid-identities", "0", "-q"},
                           words));
      EXPECT_EQ(made.code, 0) << made.err;
      return ReadFileText(Path(name + "/world.yaml"));
    };
    EXPECT_EQ(record({"--config", file}, fmt::format("{}1", scene)),
              record({"--scene", scene}, fmt::format("{}2", scene)));
  }
}

TEST_F(SynthCommand, ImpossibleWorldsAreRefused) {
  ProgramResult result = RunReidbench(
      {"synth", "--output", Path("w"), "--entrances", "0", "--set", "camera_height_m=-3"});
  EXPECT_EQ(result.code, kExitUsage);
  EXPECT_THAT(result.err, HasSubstr("entrances: expected 1..12 (people must come from somewhere)"));
  EXPECT_THAT(result.err, HasSubstr("a camera must hang above the ground"));
  EXPECT_THAT(result.out, IsEmpty());
  folder_.Write("crowd.yaml", "hall_width_m: 5\nhall_depth_m: 2\nentrances: 2\npeople: 4999\n");
  result = RunReidbench({"synth", "--output", Path("w"), "--config", Path("crowd.yaml")});
  EXPECT_EQ(result.code, kExitUsage);
  EXPECT_THAT(result.err, HasSubstr("in 10 m2"));
  folder_.Write("typo.yaml", "crosing_rate: 0.5\n");
  result = RunReidbench({"synth", "--output", Path("w"), "--config", Path("typo.yaml")});
  EXPECT_EQ(result.code, kExitUsage);
  EXPECT_THAT(result.err, HasSubstr("did you mean 'crossing_rate'"));
  EXPECT_EQ(RunReidbench({"synth"}).code, kExitUsage);
  EXPECT_FALSE(fs::exists(Path("w")));
}

TEST_F(SynthCommand, ExistingFoldersAndDryRuns) {
  EXPECT_EQ(RunReidbench(And(Small("w"), {"--dry-run"})).code, 0);
  EXPECT_FALSE(fs::exists(Path("w")));
  fs::create_directories(Path("w"));
  folder_.Write("w/mine.txt");
  const ProgramResult refused = RunReidbench(And(Small("w"), {"--force"}));
  EXPECT_EQ(refused.code, kExitUsage);
  EXPECT_THAT(refused.err, HasSubstr("is no world"));
  EXPECT_TRUE(fs::exists(Path("w/mine.txt")));
}

TEST_F(SynthCommand, AKilledRunLeavesNothingThatLooksWhole) {
  const ProgramResult killed = RunReidbench(
      {"synth", "--output", Path("w"), "--frames", "100000", "--people", "5", "-q"}, 400);
  EXPECT_EQ(killed.code, 128 + SIGKILL);
  EXPECT_FALSE(fs::exists(Path("w")));
  // The next run clears it away.
  EXPECT_EQ(RunReidbench(Small("w")).code, 0);
  EXPECT_FALSE(fs::exists(Path("w.partial")));
}

}  // namespace
}  // namespace reidbench
