#include "reidbench/relinking/corrections.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "reidbench/core/files.h"
#include "support/relink_scene.h"

namespace reidbench {
namespace {

using ::testing::ThrowsMessage;

TEST(Corrections, ConfigsHoldTheDefaults) {
  const auto folder = std::filesystem::path(REIDBENCH_SOURCE_DIR) / "configs" / "relinking";
  for (const std::string& file : ListFileNames(folder)) {
    const ConfigNode root = LoadConfig(folder / file);
    ConfigReader reader(root);
    std::string name;
    reader.Require("method", &name);
    const std::vector<OptionInfo> written = CorrectionByName(name).describe(&reader);
    EXPECT_NO_THROW(reader.Finish()) << file;
    const std::vector<OptionInfo> defaults = CorrectionByName(name).describe(nullptr);
    ASSERT_EQ(written.size(), defaults.size());
    for (size_t i = 0; i < defaults.size(); ++i)
      EXPECT_EQ(written[i].value, defaults[i].value) << file << ": " << defaults[i].key;
  }
}

// Two people far apart, one of them lost for a while: every correction keeps the boxes, and an
// ablation leaves out what are options.
TEST(Corrections, EveryOneRunsWithItsDefaults) {
  RelinkScene scene;
  scene.Add(1, 0, 1, 30);
  scene.Add(2, 1, 1, 60);
  scene.Add(3, 0, 40, 60);
  const RelinkInput input = scene.Input();
  for (const Correction& correction : Corrections()) {
    const ConfigNode nothing;
    ConfigReader section(nothing);
    const RelinkResult result = correction.read(&section)(input);
    EXPECT_EQ(result.tracks.boxes.size(), scene.tracks.boxes.size()) << correction.name;
    EXPECT_EQ(scene.IdAt(result.tracks, 2, 50), 2) << correction.name;
    for (const AblationRow& row : correction.ablation) {
      for (const std::string& option : row.without) {
        const ConfigNode off = ParseConfig(option + ": false", "ablation");
        ConfigReader reader(off);
        correction.read(&reader);
        EXPECT_NO_THROW(reader.Finish()) << correction.name << " " << option;
      }
    }
  }
}

TEST(Corrections, UnknownNamesAreExplained) {
  EXPECT_THAT([] { CorrectionByName("galery-mean"); },
              ThrowsMessage<Error>("unknown method 'galery-mean'; did you mean 'gallery-mean'?"));
}

}  // namespace
}  // namespace reidbench
