#include "reidbench/results/profile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "reidbench/core/error.h"
#include "reidbench/results/json_values.h"
#include "support/expect_error.h"
#include "support/machine_profile.h"

namespace reidbench {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::string ProfileRefusal(const std::string& text) {
  return MessageOf(ErrorKind::kConfig, [&] { ParseProfileJson(text, "p.json"); });
}

TEST(ProfileJson, ReadsBackWhatWasWritten) {
  MachineProfile profile = RoundProfile();
  profile.warnings = {"noisy"};
  const std::string text = RenderProfileJson(profile);
  EXPECT_EQ(RenderProfileJson(ParseProfileJson(text, "p.json")), text);
}

TEST(ProfileJson, HasThePublishedKeys) {
  const Json json = Json::parse(RenderProfileJson(RoundProfile()));
  EXPECT_EQ(json["schema"], "reidbench.profile/1");
  EXPECT_EQ(json["host"]["cpu"], "Round CPU");
  EXPECT_EQ(json["host"]["caches"][0],
            (Json{{"level", 1}, {"type", "Data"}, {"bytes", 32768}, {"shared_by", 1}}));
  EXPECT_EQ(json["host"]["load_average"], (Json{0.1, 0.2, 0.3}));
  EXPECT_EQ(json["host"]["noise"]["noisy"], false);
  EXPECT_TRUE(json["peaks"][1]["bf16_gflops"].is_null());
  const Json& embed = json["stages"][4];
  EXPECT_EQ(embed["stage"], "embed");
  EXPECT_EQ(embed["variant"], (Json{{"architecture", "osnet_x0_25"},
                                    {"engine", "onednn"},
                                    {"precision", "fp32"},
                                    {"batch", 1},
                                    {"threads", 4}}));
  for (const char* key : {"unit", "rate", "latency_ms", "cpu_ms_per_item", "peak_rss_mb", "gflops",
                          "gb_per_s", "share_of_peak", "samples"})
    EXPECT_TRUE(embed.contains(key)) << key;
}

TEST(ProfileJson, NamesWhatIsWrong) {
  EXPECT_THAT(ProfileRefusal("{"), HasSubstr("p.json:1:2: expected JSON"));
  EXPECT_THAT(ProfileRefusal("[]"),
              HasSubstr("expected schema \"reidbench.profile/1\", found none"));
  EXPECT_THAT(ProfileRefusal(R"({"schema": "reidbench.profile/2"})"),
              AllOf(HasSubstr("reidbench.profile/1"), HasSubstr("found \"reidbench.profile/2\"")));
  Json json = Json::parse(RenderProfileJson(RoundProfile()));
  json["stages"][2].erase("rate");
  EXPECT_THAT(ProfileRefusal(json.dump()), HasSubstr("stages[2].rate is missing"));
  json["stages"][2]["rate"] = -1;
  EXPECT_THAT(ProfileRefusal(json.dump()),
              HasSubstr("stages[2].rate: expected a number above 0, found -1"));
  json["stages"][2]["rate"] = "fast";
  EXPECT_THAT(ProfileRefusal(json.dump()), HasSubstr("found \"fast\""));
  json = Json::parse(RenderProfileJson(RoundProfile()));
  json["host"]["logical_cores"] = 0;
  EXPECT_THAT(ProfileRefusal(json.dump()),
              HasSubstr("host.logical_cores: expected a whole number"));
  json = Json::parse(RenderProfileJson(RoundProfile()));
  json["peaks"] = 3;
  EXPECT_THAT(ProfileRefusal(json.dump()), HasSubstr("peaks: expected a list"));
}

}  // namespace
}  // namespace reidbench
