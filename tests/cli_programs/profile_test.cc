// reidbench profile as typed: measuring, planning from a file, and what it refuses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "support/run_program.h"
#include "support/temp_folder.h"

namespace reidbench {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using Json = nlohmann::json;

class ProfileCommand : public ::testing::Test {
 protected:
  std::string Path(const std::string& name) const { return (folder_.path() / name).string(); }

  // A profile of tracking alone, and a workload that is nothing else.
  std::string Measured() {
    const ProgramResult result =
        RunReidbench({"profile", "--quick", "--stages", "track,decode", "--threads", "1",
                      "--format", "json", "--output", Path("p.json")});
    EXPECT_EQ(result.code, 0) << result.err;
    EXPECT_THAT(result.out, IsEmpty());
    folder_.Write(
        "w.yaml",
        "name: walkers\ncameras: 1000000\nstages: {decode: none, resize: none, embed: none, "
        "track: server}\n");
    return Path("p.json");
  }

  TempFolder folder_;
};

TEST_F(ProfileCommand, MeasuresThenPlansFromTheFile) {
  const std::string file = Measured();
  const Json profile = Json::parse(ReadFileText(file));
  EXPECT_EQ(profile["schema"], "reidbench.profile/1");
  EXPECT_GE(profile["stages"].size(), 6u);
  EXPECT_EQ(profile["peaks"].size(), 1u);
  const ProgramResult plan = RunReidbench({"profile", "--plan", Path("w.yaml"), "--profile", file,
                                           "--html", Path("plan.html"), "--format", "json"});
  ASSERT_EQ(plan.code, 0) << plan.err;
  const Json json = Json::parse(plan.out);
  EXPECT_EQ(json["schema"], "reidbench.plan/1");
  EXPECT_EQ(json["saturates_first"], "track");
  EXPECT_EQ(json["cameras"]["asked"], 1000000);
  EXPECT_GT(json["cameras"]["at_latency"], 10);
  EXPECT_THAT(ReadFileText(Path("plan.html")),
              AllOf(HasSubstr("reidbench.plan/1"), HasSubstr("reidbench.profile/1")));
  const ProgramResult text =
      RunReidbench({"profile", "--plan", Path("w.yaml"), "--profile", file, "-q"});
  EXPECT_EQ(text.code, 0);
  EXPECT_THAT(text.out, AllOf(HasSubstr("saturates first"), HasSubstr("for 1,000,000 cameras")));
}

TEST_F(ProfileCommand, CsvIsARowAVariant) {
  const ProgramResult result = RunReidbench(
      {"profile", "--quick", "--stages", "track", "--threads", "1", "--format", "csv"});
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out, StartsWith("stage,unit,tracker,boxes_per_frame,threads,rate,"));
  EXPECT_THAT(result.out, HasSubstr("\ntrack,frames,bytetrack,40,1,"));
}

TEST_F(ProfileCommand, RefusesWhatCannotBe) {
  const std::string file = Measured();
  const auto refusal = [&](std::vector<std::string> words) {
    words.insert(words.begin(), "profile");
    const ProgramResult result = RunReidbench(words);
    EXPECT_EQ(result.code, kExitUsage) << result.err;
    EXPECT_THAT(result.out, IsEmpty());
    return result.err;
  };
  EXPECT_THAT(refusal({"--stages", "decod"}), HasSubstr("did you mean 'decode'"));
  EXPECT_THAT(refusal({"--stages", "embed", "--precision", "int7"}),
              AllOf(HasSubstr("int7"), HasSubstr("it has")));
  EXPECT_THAT(refusal({"--stages", "embed", "--engine", "tensorrt"}), HasSubstr("tensorrt"));
  EXPECT_THAT(refusal({"--validate"}), HasSubstr("--validate belongs to --plan"));
  EXPECT_THAT(refusal({"--plan", "shop", "--stages", "track"}), HasSubstr("does not go with"));
  EXPECT_THAT(refusal({"--plan", "shop", "--profile", file}),
              AllOf(HasSubstr("no measurement of stage"), HasSubstr("it has: none")));
  folder_.Write("other.json", R"({"schema": "reidbench.rank/1"})");
  EXPECT_THAT(refusal({"--plan", "shop", "--profile", Path("other.json")}),
              AllOf(HasSubstr("other.json"), HasSubstr("\"reidbench.profile/1\", found "
                                                       "\"reidbench.rank/1\"")));
  folder_.Write("bad.yaml", "frame_rate: 0\ncamras: 3\nutilisation: 7\n");
  EXPECT_THAT(refusal({"--plan", Path("bad.yaml"), "--profile", file}),
              AllOf(HasSubstr("bad.yaml:1:"), HasSubstr("frame_rate"), HasSubstr("camras"),
                    HasSubstr("did you mean 'cameras'"), HasSubstr("utilisation")));
  Json foreign = Json::parse(ReadFileText(file));
  foreign["host"]["cpu"] = "Another";
  folder_.Write("foreign.json", foreign.dump());
  EXPECT_THAT(refusal({"--plan", Path("w.yaml"), "--profile", Path("foreign.json"), "--validate"}),
              AllOf(HasSubstr("foreign.json is of 1 cores of 'Another'"),
                    HasSubstr("leave --profile out")));
  const ProgramResult again = RunReidbench({"profile", "--quick", "--output", file});
  EXPECT_EQ(again.code, kExitUsage);
  EXPECT_THAT(again.err, HasSubstr("exists"));
}

TEST_F(ProfileCommand, DryRunMeasuresNothing) {
  const ProgramResult result = RunReidbench({"profile", "--dry-run"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out, IsEmpty());
  EXPECT_THAT(result.err, HasSubstr("dry run"));
}

}  // namespace
}  // namespace reidbench
