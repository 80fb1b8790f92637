#include "reidbench/experiment/run_record.h"

#include <gtest/gtest.h>

namespace reidbench {
namespace {

TEST(OptionsWithOrigin, ListsEveryLeafWithItsPlace) {
  ConfigNode root = ParseConfig("a: 1\nb:\n  - c: x\n    d: []\n", "f.yaml");
  ApplyOverride(&root, "b.0.c=y");
  const RunJson options = OptionsWithOrigin(root);
  ASSERT_EQ(options.size(), 3u);
  EXPECT_EQ(options[0], (RunJson{{"key", "a"}, {"value", "1"}, {"origin", "f.yaml:1:4"}}));
  EXPECT_EQ(options[1], (RunJson{{"key", "b.0.c"}, {"value", "y"}, {"origin", "--set b.0.c=y"}}));
  EXPECT_EQ(options[2]["value"], RunJson::array());
}

TEST(Condense, DropsCurvesPerSequenceAndKeepsThoseOfAll) {
  const RunJson families = {{"HOTA", {{"HOTA", 0.5}, {"HOTA_alpha", {0.4, 0.6}}}}};
  const RunJson score = {
      {"benchmark", "MOT17"},
      {"trackers", {{"tracks", {{"sequences", {{"A", families}}}, {"COMBINED", families}}}}}};
  const RunJson condensed = Condense("score", score);
  EXPECT_EQ(condensed["benchmark"], "MOT17");
  EXPECT_EQ(condensed["sequences"]["A"]["HOTA"], (RunJson{{"HOTA", 0.5}}));
  EXPECT_EQ(condensed["COMBINED"], families);
  EXPECT_EQ(Condense("rank", score), score);
}

TEST(MakeProvenance, KnowsProgramAndMachine) {
  ExperimentSpec spec;
  spec.seed = 5;
  const RunJson provenance = MakeProvenance(spec, 3);
  EXPECT_EQ(provenance["threads"], 3);
  EXPECT_EQ(provenance["seeds"]["experiment"], 5);
  EXPECT_GE(provenance["processors"], 1);
  EXPECT_GT(provenance["memory_bytes"], 100'000'000);
  EXPECT_FALSE(provenance["libraries"].empty());
}

TEST(DumpRunJson, BytesThatAreNoTextBecomeText) {
  EXPECT_NO_THROW(RunJson::parse(DumpRunJson({{"name", "\xff"}})));
}

}  // namespace
}  // namespace reidbench
