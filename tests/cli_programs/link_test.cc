// `reidbench link` as typed: a sketched site, tracked, linked and scored.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "support/run_program.h"
#include "support/temp_folder.h"

namespace reidbench {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

TEST(LinkCommand, FromSketchToScore) {
  const TempFolder folder;
  const auto path = [&](const std::string& name) { return (folder.path() / name).string(); };
  const ProgramResult made = RunReidbench({"synth", "--sketch", "--cameras", "3", "--overlap", "1",
                                           "--people", "8", "--frames", "300", "--frame-rate", "10",
                                           "--seed", "4", "--output", path("w"), "-q"});
  ASSERT_EQ(made.code, 0) << made.err;
  const ProgramResult tracked =
      RunReidbench({"track", "--detections", path("w/mot/train"), "--tracker", "ocsort", "--output",
                    path("tracks"), "-q"});
  ASSERT_EQ(tracked.code, 0) << tracked.err;
  const ProgramResult linked =
      RunReidbench({"link", "--site", path("w/site.yaml"), "--tracks", path("tracks"), "--features",
                    path("w/features"), "--judge", "--output", path("global"), "--format", "json"});
  ASSERT_EQ(linked.code, 0) << linked.err;
  const Json json = Json::parse(linked.out);
  EXPECT_EQ(json["schema"], "reidbench.link/1");
  EXPECT_EQ(json["cameras"].size(), 3u);
  // What --judge says is what score says.
  const ProgramResult scored =
      RunReidbench({"score", "--site", path("w/site.yaml"), "--tracks", path("global"), "--dialect",
                    "duke", "--format", "json"});
  ASSERT_EQ(scored.code, 0) << scored.err;
  EXPECT_EQ(Json::parse(scored.out)["site"]["dialects"]["duke"]["IDTP"],
            json["truth"]["linked"]["IDTP"]);
  EXPECT_GT(json["truth"]["linked"]["IDF1"], json["truth"]["plain"]["IDF1"]);

  const ProgramResult again =
      RunReidbench({"link", "--site", path("w/site.yaml"), "--tracks", path("tracks"), "--features",
                    path("w/features"), "--output", path("global")});
  EXPECT_EQ(again.code, kExitUsage);
  EXPECT_THAT(again.err, HasSubstr("--force"));
  const ProgramResult nowhere = RunReidbench({"link", "--site", path("w/site.yaml"), "--tracks",
                                              path("tracks"), "--features", path("w/features")});
  EXPECT_EQ(nowhere.code, kExitUsage);
  EXPECT_THAT(nowhere.err, HasSubstr("--output is missing"));
}

}  // namespace
}  // namespace reidbench
