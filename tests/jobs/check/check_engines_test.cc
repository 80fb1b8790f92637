#include "reidbench/jobs/check/check_engines.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "reidbench/core/error.h"
#include "reidbench/embedding/onednn_engine.h"
#include "reidbench/embedding/osnet_kernels.h"
#include "support/expect_error.h"
#include "support/temp_folder.h"

namespace reidbench {
namespace {

using testing::HasSubstr;
using Json = nlohmann::json;

const char* const kWeights = REIDBENCH_TEST_DATA "/weights/osnet_ain_x0_25.pth";

const EngineComparison& Find(const EnginesResult& result, const std::string& engine,
                             const std::string& precision) {
  const auto it = std::find_if(result.engines.begin(), result.engines.end(), [&](const auto& e) {
    return e.engine == engine && e.precision == precision;
  });
  REIDBENCH_CHECK(it != result.engines.end());
  return *it;
}

TEST(CompareEngines, AllAgreeOnGeneratedImages) {
  EnginesOptions options;
  options.weights = kWeights;
  options.generated = 2;
  const EnginesResult result = CompareEngines(options);
  EXPECT_TRUE(result.ok());
  EXPECT_EQ(result.architecture, "osnet_ain_x0_25");
  EXPECT_EQ(result.images, 2);
  const EngineComparison& reference = result.engines.front();
  EXPECT_EQ(reference.engine, "reference");
  EXPECT_EQ(reference.difference, 0.0);
  EXPECT_THAT(Find(result, "opencv", "fp32").unavailable, HasSubstr("ONNX"));
  EXPECT_FALSE(Find(result, "opencv", "fp32").cosine.has_value());
  int computed = 0;
  for (const EngineComparison& e : result.engines) {
    if (e.engine == "reference" || !e.unavailable.empty()) continue;
    ++computed;
    if (e.engine == "onednn") {
      EXPECT_THAT(e.version, HasSubstr(fmt::format("own {} kernels", OsnetKernelsName())));
    }
    // Another program computed it: it cannot agree to the last bit, and must agree nearly.
    EXPECT_GT(*e.difference, 0.0) << e.engine << " " << e.precision;
    EXPECT_LE(*e.difference, e.precision == "fp32" ? 1e-5 : 0.05) << e.engine;
    EXPECT_GT(*e.images_per_cpu_second, 0) << e.engine;
  }
  EXPECT_GE(computed, 1);
  EXPECT_EQ(Find(result, "onednn", "fp32").unavailable.empty(), OnednnAvailable());
#ifdef REIDBENCH_HAS_TORCH
  EXPECT_TRUE(Find(result, "libtorch", "fp32").unavailable.empty());
#else
  EXPECT_THAT(Find(result, "libtorch", "fp32").unavailable, HasSubstr("libreidbench_torch.so"));
#endif

  const Json json = Json::parse(RenderEnginesJson(result));
  EXPECT_EQ(json["schema"], "reidbench.engines/1");
  EXPECT_EQ(json["engines"].size(), result.engines.size());
  EXPECT_TRUE(json["engines"].back()["cosine"].is_null());
  const std::string text = RenderEnginesTable(result, TableFormat::kText);
  EXPECT_THAT(text, HasSubstr("against the reference"));
  EXPECT_THAT(text, HasSubstr("reads ONNX files only"));
}

TEST(CompareEngines, SaysSoWhenOneDiffers) {
  EnginesResult result;
  result.engines = {{"reference", "fp32", "reference", "", 1.0, 0.0, std::nullopt, true},
                    {"onednn", "fp32", "onednn 2", "", 0.98, 0.02, 20.0, false}};
  EXPECT_FALSE(result.ok());
  EXPECT_THAT(RenderEnginesTable(result, TableFormat::kText), HasSubstr("DIFFERS"));
  const Json json = Json::parse(RenderEnginesJson(result));
  EXPECT_FALSE(json["ok"].get<bool>());
  ASSERT_EQ(json["findings"].size(), 1u);
  EXPECT_EQ(json["findings"][0]["kind"], "engine-differs");
  EXPECT_EQ(json["findings"][0]["place"], "onednn fp32");
  EXPECT_THAT(json["findings"][0]["message"].get<std::string>(), HasSubstr("2.0e-02"));
}

TEST(CompareEngines, RefusesWhatIsNoImageAndFoldersWithout) {
  const TempFolder folder;
  EnginesOptions options;
  options.weights = kWeights;
  options.images = {folder.path()};
  EXPECT_THAT(MessageOf(ErrorKind::kUsage, [&] { CompareEngines(options); }),
              HasSubstr("no image in this folder"));
  folder.Write("a.png", "not a picture");
  EXPECT_THAT(MessageOf(ErrorKind::kInput, [&] { CompareEngines(options); }), HasSubstr("a.png"));
}

}  // namespace
}  // namespace reidbench
