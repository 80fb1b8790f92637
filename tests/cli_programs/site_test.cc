// score --site as typed: exit codes, output, warnings.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "reidbench/core/error.h"
#include "support/run_program.h"
#include "support/temp_folder.h"

namespace reidbench {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string kScene = std::string(REIDBENCH_TEST_DATA) + "/mtmc/scenes/S09";

TEST(SiteCommands, GiveEveryFormat) {
  const ProgramResult json = RunReidbench({"score", "--site", kScene, "--tracks", kScene,
                                           "--dialect", "duke,aicity", "--format", "json"});
  EXPECT_EQ(json.code, kExitOk);
  const auto dialects = nlohmann::json::parse(json.out)["site"]["dialects"];
  EXPECT_EQ(dialects["aicity"]["idtp"], 74);
  EXPECT_EQ(dialects["duke"]["status"], "error");
  EXPECT_THAT(json.err, HasSubstr("warning: duke: sequence c001: expected each id once per frame"));
  for (const char* format : {"text", "csv", "md", "tex"}) {
    const ProgramResult result =
        RunReidbench({"score", "--site", kScene, "--tracks", kScene, "--format", format});
    EXPECT_EQ(result.code, kExitOk) << format;
    EXPECT_THAT(result.out, HasSubstr("metropolis")) << format;
  }
}

TEST(SiteCommands, RefuseWhatDoesNotGoTogether) {
  const auto code = [](const std::vector<std::string>& more) {
    std::vector<std::string> words = {"score", "--tracks", kScene};
    words.insert(words.end(), more.begin(), more.end());
    const ProgramResult result = RunReidbench(words);
    EXPECT_THAT(result.out, IsEmpty());
    return result.code;
  };
  EXPECT_EQ(code({"--site", kScene, "--gt", kScene}), kExitUsage);
  EXPECT_EQ(code({"--site", kScene, "--benchmark", "mot17"}), kExitUsage);
  EXPECT_EQ(code({"--gt", kScene, "--dialect", "duke"}), kExitUsage);
  EXPECT_EQ(code({"--site", kScene, "--dialect", "dook"}), kExitUsage);
  EXPECT_EQ(code({"--site", kScene, "--dialect", "duke"}), kExitInput);  // it refuses these results
  EXPECT_EQ(code({"--site", kScene + "/none"}), kExitInput);
}

TEST(SiteCommands, ReadTheExample) {
  const std::string example = std::string(REIDBENCH_SOURCE_DIR) + "/configs/sites/example.yaml";
  const std::string tracks = std::string(REIDBENCH_TEST_DATA) + "/mtmc/scenes/S10";
  const ProgramResult result =
      RunReidbench({"score", "--site", example, "--tracks", tracks, "--dry-run"});
  EXPECT_EQ(result.code, kExitOk) << result.err;
  EXPECT_THAT(result.out, IsEmpty());
}

}  // namespace
}  // namespace reidbench
