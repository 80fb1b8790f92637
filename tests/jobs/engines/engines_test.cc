#include "reidbench/jobs/engines/engines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "reidbench/core/error.h"
#include "reidbench/core/isa.h"
#include "reidbench/embedding/onednn_engine.h"
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
  const EngineComparison& reference = Find(result, "libtorch", "fp32");
  EXPECT_EQ(reference.difference, 0.0);
  EXPECT_GT(*reference.images_per_cpu_second, 0);
  EXPECT_THAT(Find(result, "opencv", "fp32").unavailable, HasSubstr("ONNX"));
  EXPECT_FALSE(Find(result, "opencv", "fp32").cosine.has_value());
  const std::vector<std::string> precisions = OnednnPrecisions();
  for (const char* precision : {"fp32", "bf16"}) {
    const EngineComparison& e = Find(result, "onednn", precision);
    if (std::find(precisions.begin(), precisions.end(), precision) == precisions.end()) {
      EXPECT_FALSE(e.unavailable.empty());
      continue;
    }
    EXPECT_EQ(e.version.find("AVX-512") != std::string::npos, ActiveIsa() >= Isa::kAvx512);
    EXPECT_LE(*e.difference, std::string(precision) == "fp32" ? 1e-5 : 0.05);
  }

  const Json json = Json::parse(RenderEnginesJson(result));
  EXPECT_EQ(json["schema"], "reidbench.engines/1");
  EXPECT_EQ(json["engines"].size(), result.engines.size());
  EXPECT_TRUE(json["engines"].back()["cosine"].is_null());
  const std::string text = RenderEnginesTable(result, TableFormat::kText);
  EXPECT_THAT(text, HasSubstr("libtorch 1"));
  EXPECT_THAT(text, HasSubstr("reads ONNX files only"));
}

TEST(CompareEngines, SaysSoWhenOneDiffers) {
  EnginesResult result;
  result.engines = {{"libtorch", "fp32", "libtorch 1", "", 1.0, 0.0, 10.0, true},
                    {"onednn", "fp32", "onednn 2", "", 0.98, 0.02, 20.0, false}};
  EXPECT_FALSE(result.ok());
  EXPECT_THAT(RenderEnginesTable(result, TableFormat::kText), HasSubstr("DIFFERS"));
  EXPECT_FALSE(Json::parse(RenderEnginesJson(result))["ok"].get<bool>());
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
