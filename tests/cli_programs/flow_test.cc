// flow and check --zones as typed: exit codes, output, warnings.
#include <fmt/format.h>
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
using Json = nlohmann::json;

class FlowCommands : public ::testing::Test {
 protected:
  FlowCommands() {
    std::string rows;
    for (int f = 1; f <= 60; ++f) {
      for (int id = 1; id <= 2; ++id)
        rows += fmt::format("{},{},{},{},40,100,1\n", f, id, 100 * id, 3 * f);
    }
    rows_ = folder_.Write("rows.txt", rows).string();
    zones_ = folder_.Write("z.yaml", "lines: {door: {from: [0, 200], to: [400, 200]}}\n").string();
  }
  TempFolder folder_;
  std::string rows_, zones_;
};

TEST_F(FlowCommands, GiveEveryFormat) {
  const auto run = [&](const std::string& format) {
    return RunReidbench({"flow", "--tracks", rows_, "--gt", rows_, "--zones", zones_,
                         "--frame-rate", "10", "--format", format, "--rules", "all", "--audit"});
  };
  const ProgramResult result = run("json");
  ASSERT_EQ(result.code, kExitOk) << result.err;
  const Json json = Json::parse(result.out);
  const Json& tracks = json["runs"]["rows"];
  EXPECT_EQ(tracks["lines"]["door"]["in"], 2);
  EXPECT_EQ(tracks["errors"]["lines"]["door"]["F1"], 1);
  EXPECT_EQ(tracks["rules"]["deepstream"]["lines"]["door"]["in"], 2);
  EXPECT_EQ(tracks["audit"]["over_count"], "cannot tell");
  for (const char* format : {"text", "csv", "md", "tex"}) {
    const ProgramResult other = run(format);
    EXPECT_EQ(other.code, kExitOk) << format;
    EXPECT_THAT(other.out, HasSubstr("door")) << format;
  }
}

TEST_F(FlowCommands, RefuseWhatCannotBeCounted) {
  const ProgramResult rate = RunReidbench({"flow", "--tracks", rows_, "--zones", zones_});
  EXPECT_EQ(rate.code, kExitInput);
  EXPECT_THAT(rate.err, HasSubstr("expected a frame rate"));
  EXPECT_THAT(rate.out, IsEmpty());
  EXPECT_EQ(RunReidbench({"flow", "--tracks", rows_}).code, kExitUsage);
  const std::string bad = folder_.Write("bad.yaml", "lines: {a: {from: [0, 0]}}\n").string();
  const ProgramResult zones =
      RunReidbench({"flow", "--tracks", rows_, "--zones", bad, "--frame-rate", "10"});
  EXPECT_EQ(zones.code, kExitUsage);
  EXPECT_THAT(zones.err, HasSubstr("bad.yaml:1"));
  EXPECT_EQ(RunReidbench({"flow", "--tracks", rows_, "--zones", zones_, "--frame-rate", "10",
                          "--rules", "nobody"})
                .code,
            kExitUsage);
}

TEST_F(FlowCommands, ZonesCanBeChecked) {
  EXPECT_EQ(RunReidbench({"check", "--zones", zones_}).code, kExitOk);
  const std::string odd =
      folder_
          .Write("odd.yaml",
                 "resolution: [400, 300]\nlines: {a: {from: [0, 0], to: [900, 0]}}\n"
                 "zones: {b: {polygon: [[0, 0], [9, 9], [9, 0], [0, 9]]}}\n")
          .string();
  const ProgramResult result =
      RunReidbench({"check", "--zones", odd, "--tracks", rows_, "--format", "json"});
  EXPECT_EQ(result.code, kExitCheckFailed) << result.err;
  EXPECT_THAT(result.out, HasSubstr("zones-outside-picture"));
  EXPECT_THAT(result.out, HasSubstr("zones-cross-themselves"));
  EXPECT_THAT(result.out, HasSubstr("no track of those given reaches it"));
}

}  // namespace
}  // namespace reidbench
