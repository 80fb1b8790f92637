#include "reidbench/embedding/engines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "reidbench/embedding/onednn_engine.h"
#include "support/expect_error.h"

namespace reidbench {
namespace {

using testing::HasSubstr;

TEST(EngineTypes, AreUsableEntries) {
  std::set<std::string_view> names;
  for (const EngineType& type : EngineTypes()) {
    EXPECT_TRUE(names.insert(type.name).second) << type.name;
    EXPECT_THAT(type.precisions, testing::Contains("fp32")) << type.name;
    EXPECT_NE(type.make, nullptr) << type.name;
  }
  EXPECT_EQ(EngineNames().size(), names.size() + 1);
  EXPECT_EQ(EngineNames().front(), "auto");
}

TEST(EngineOf, AutoNeedsNoLibTorchOnACpu) {
  if (!OnednnAvailable()) GTEST_SKIP() << "not on this processor or in this build";
  EXPECT_EQ(EngineOf({}).name, "onednn");
}

TEST(EngineOf, RefusesWhatAnEngineLacks) {
  const auto refusal = [](const EmbedderOptions& options) {
    return MessageOf(ErrorKind::kUsage, [&] { EngineOf(options); });
  };
  EXPECT_THAT(refusal({.engine = "oncv"}), HasSubstr("known: auto, onednn, libtorch, opencv"));
  for (const char* engine : {"onednn", "opencv", "histogram", "reference"}) {
    EXPECT_THAT(refusal({.engine = engine, .device = "cuda:0"}),
                HasSubstr("has no device 'cuda:0'; it supports: cpu"));
  }
  EXPECT_THAT(refusal({.engine = "reference", .precision = "bf16"}),
              HasSubstr("engine reference has no precision 'bf16'; it supports: fp32"));
  EXPECT_THAT(refusal({.engine = "libtorch", .precision = "bf16"}),
              HasSubstr("on a GPU only (--device cuda:0); on a CPU engine onednn has it"));
}

}  // namespace
}  // namespace reidbench
