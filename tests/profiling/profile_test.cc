#include "reidbench/profiling/profile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "reidbench/core/error.h"
#include "support/expect_error.h"
#include "support/machine_profile.h"

namespace reidbench {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using Json = nlohmann::json;

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
  EXPECT_THAT(ProfileRefusal("{"), HasSubstr("p.json: not a profile"));
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

TEST(AddSharesOfPeak, TakesTheRoofOfAsManyThreads) {
  MachineProfile profile = RoundProfile();
  AddSharesOfPeak(&profile);
  EXPECT_DOUBLE_EQ(*profile.stages[4].share_of_peak, 190.0 / 380);
  EXPECT_FALSE(profile.stages[0].share_of_peak.has_value());  // nothing known of its work
  profile.stages[4].gb_per_s = 27;
  AddSharesOfPeak(&profile);
  EXPECT_DOUBLE_EQ(*profile.stages[4].share_of_peak, 27.0 / 36);
  // bf16 is held against its own roof where that was measured.
  profile.stages[4].gb_per_s.reset();
  profile.stages[4].variant.words.back().second = "bf16";
  profile.peaks[1].bf16_gflops = 760;
  AddSharesOfPeak(&profile);
  EXPECT_DOUBLE_EQ(*profile.stages[4].share_of_peak, 0.25);
}

TEST(StageVariant, PrintsWordsThenNumbers) {
  const StageVariant variant = RoundProfile().stages[4].variant;
  EXPECT_EQ(variant.ToString(),
            "architecture=osnet_x0_25 engine=onednn precision=fp32 batch=1 threads=4");
  EXPECT_EQ(variant.Word("absent"), "");
  EXPECT_EQ(variant.Number("absent"), std::nullopt);
}

}  // namespace
}  // namespace reidbench
