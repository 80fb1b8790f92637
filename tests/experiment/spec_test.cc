#include "reidbench/experiment/spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reidbench/core/error.h"
#include "support/expect_error.h"
#include "support/temp_folder.h"

namespace reidbench {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kTracking =
    "question: Which buffer?\n"
    "data:\n"
    "  sequences: mot/train\n"
    "  benchmark: mot15\n"
    "trackers:\n"
    "  - name: sort\n"
    "    options: {max_age: [1, 30], min_hits: 3}\n"
    "  - name: bytetrack\n"
    "corrections:\n"
    "  - method: gallery-mean\n"
    "    options: {threshold: [0.2, 0.3]}\n"
    "  - ablation: true\n";

std::string ErrorOf(const std::filesystem::path& file,
                    const std::vector<std::string>& overrides = {}) {
  return MessageOf(ErrorKind::kConfig, [&] { LoadExperiment(file, overrides); });
}

TEST(LoadExperiment, ReadsTrackersCorrectionsAndDefaults) {
  const TempFolder folder;
  const auto file = folder.Write("exp/buffer.yaml", kTracking);
  const ExperimentSpec spec = LoadExperiment(file, {});
  EXPECT_EQ(spec.name, "buffer");
  EXPECT_EQ(spec.sequences, folder.path() / "exp/mot/train");  // relative to the file
  EXPECT_EQ(spec.benchmark, "mot15");
  EXPECT_EQ(spec.split, "train");
  EXPECT_EQ(spec.select, "HOTA");
  EXPECT_FALSE(spec.retrieval);
  ASSERT_EQ(spec.trackers.size(), 2u);
  EXPECT_EQ(spec.trackers[0].options[0].values, (std::vector<std::string>{"1", "30"}));
  EXPECT_EQ(spec.trackers[1].label, "bytetrack");
  ASSERT_EQ(spec.corrections.size(), 2u);
  EXPECT_EQ(spec.corrections[0].label, "gallery-mean");
  EXPECT_EQ(spec.corrections[1].method, "relink");
  EXPECT_TRUE(spec.corrections[1].ablation);
  ASSERT_EQ(spec.detections.size(), 1u);
  EXPECT_EQ(spec.detections[0].name, "");
}

TEST(LoadExperiment, OverridesReachIntoListsAndKeepTheirOrigin) {
  const TempFolder folder;
  const auto file = folder.Write("buffer.yaml", kTracking);
  const ExperimentSpec spec =
      LoadExperiment(file, {"trackers.0.name=ocsort", "data.sequences=elsewhere", "select=IDF1"});
  EXPECT_EQ(spec.trackers[0].tracker, "ocsort");
  EXPECT_EQ(spec.sequences, "elsewhere");  // relative to the current folder, as it was typed there
  EXPECT_EQ(spec.select, "IDF1");
  const std::string dump = DumpConfig(spec.resolved, true);
  EXPECT_THAT(dump, HasSubstr("name: ocsort  # --set trackers.0.name=ocsort"));
  EXPECT_THAT(dump, HasSubstr("split: train  # default"));
  EXPECT_THAT(dump, HasSubstr("benchmark: mot15  # " + file.string() + ":4:"));
}

TEST(LoadExperiment, UseLaysAFileUnder) {
  const TempFolder folder;
  folder.Write("buffer.yaml", kTracking);
  const auto file = folder.Write("more.yaml", "use: buffer.yaml\nquestion: Again?\nseed: 5\n");
  const ExperimentSpec spec = LoadExperiment(file, {});
  EXPECT_EQ(spec.name, "more");
  EXPECT_EQ(spec.question, "Again?");
  EXPECT_EQ(spec.seed, 5u);
  EXPECT_EQ(spec.trackers.size(), 2u);
  folder.Write("loop.yaml", "use: loop.yaml\n");
  EXPECT_THAT(ErrorOf(folder.path() / "loop.yaml"), HasSubstr("deeper than"));
}

TEST(LoadExperiment, PublishedNumbersAreAnExperiment) {
  const std::string file =
      std::string(REIDBENCH_SOURCE_DIR) + "/experiments/market1501_osnet_x0_25_from_msmt17.yaml";
  const ExperimentSpec spec =
      LoadExperiment(file, {"data.reid.root=market", "model.weights=w.pth"});
  EXPECT_TRUE(spec.retrieval);
  ASSERT_TRUE(spec.reid.has_value());
  EXPECT_EQ(spec.reid->dataset, "market1501");
  EXPECT_EQ(spec.reid->root, "market");
  EXPECT_EQ(spec.weights, "w.pth");
  EXPECT_THAT(spec.expect.string(), EndsWith("market1501_osnet_x0_25_from_msmt17.yaml"));
  ASSERT_EQ(spec.rank.size(), 2u);
  EXPECT_EQ(spec.rank[0].key, "protocol");
  EXPECT_EQ(spec.rank[1].values, (std::vector<std::string>{"euclidean"}));
  EXPECT_THAT(spec.trackers, IsEmpty());
  EXPECT_THAT(ErrorOf(file), HasSubstr("--root DIR"));
}

TEST(LoadExperiment, NamesEveryErrorAtOnce) {
  const TempFolder folder;
  const auto file = folder.Write("bad.yaml",
                                 "data:\n"
                                 "  sequences: a\n"
                                 "  worlds: 3\n"
                                 "trackers:\n"
                                 "  - nmae: sort\n"
                                 "  - name: sort\n"
                                 "    options: {Max-Age: 3}\n"
                                 "  - name: sort\n"
                                 "corrections:\n"
                                 "  - method: gallery-mean\n"
                                 "    ablation: true\n"
                                 "select: IDSW\n");
  EXPECT_THAT(
      ErrorOf(file),
      AllOf(HasSubstr("question"), HasSubstr("bad.yaml:3:3"), HasSubstr("did you mean 'name'"),
            HasSubstr("Max-Age"), HasSubstr("'sort' stands there twice"),
            HasSubstr("the method gallery-mean has no steps"), HasSubstr("expected one of HOTA")));
}

TEST(LoadExperiment, RefusesWhatWouldDoNothing) {
  const TempFolder folder;
  EXPECT_THAT(ErrorOf(folder.Write("a.yaml", "question: x\n")), HasSubstr("nothing to do"));
  EXPECT_THAT(ErrorOf(folder.Write("b.yaml", "question: x\ntrackers:\n  - name: sort\n")),
              HasSubstr("nothing to track"));
  EXPECT_THAT(ErrorOf(folder.Write("c.yaml", "question: x\nrank: {}\n")),
              HasSubstr("nothing to rank"));
  EXPECT_THAT(ErrorOf(folder.Write("d.yaml", "- a\n")), HasSubstr("expected an experiment"));
  EXPECT_THAT(
      ErrorOf(folder.Write("e.yaml", "question: x\ndata: {world: {config: nowhere}}\nrank: {}\n")),
      HasSubstr("expected a name of"));
}

TEST(ExpandSweep, LastOptionIsTheFastest) {
  const ExperimentOptions options = {{"a", {"1", "2"}}, {"b", {"x"}}, {"c", {"u", "v"}}};
  std::vector<std::string> names;
  for (const ExperimentOptions& chosen : ExpandSweep(options))
    names.push_back(SweptName(options, chosen));
  EXPECT_THAT(names, ElementsAre("a=1,c=u", "a=1,c=v", "a=2,c=u", "a=2,c=v"));
  EXPECT_EQ(ExpandSweep({}).size(), 1u);
}

}  // namespace
}  // namespace reidbench
