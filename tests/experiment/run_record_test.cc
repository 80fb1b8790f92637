#include "reidbench/experiment/run_record.h"

#include <gtest/gtest.h>

namespace reidbench {
namespace {

TEST(OptionsWithOrigin, ListsEveryLeafWithItsPlace) {
  ConfigNode root = ParseConfig("a: 1\nb:\n  - c: x\n    d: []\n", "f.yaml");
  ApplyOverride(&root, "b.0.c=y");
  const Json options = OptionsWithOrigin(root);
  ASSERT_EQ(options.size(), 3u);
  EXPECT_EQ(options[0], (Json{{"key", "a"}, {"value", "1"}, {"origin", "f.yaml:1:4"}}));
  EXPECT_EQ(options[1], (Json{{"key", "b.0.c"}, {"value", "y"}, {"origin", "--set b.0.c=y"}}));
  EXPECT_EQ(options[2]["value"], Json::array());
}

TEST(MakeProvenance, KnowsProgramAndMachine) {
  ExperimentSpec spec;
  spec.seed = 5;
  const Json provenance = MakeProvenance(spec, 3);
  EXPECT_EQ(provenance["threads"], 3);
  EXPECT_EQ(provenance["seeds"]["experiment"], 5);
  EXPECT_GE(provenance["processors"], 1);
  EXPECT_GT(provenance["memory_bytes"], 100'000'000);
  EXPECT_FALSE(provenance["libraries"].empty());
}

}  // namespace
}  // namespace reidbench
