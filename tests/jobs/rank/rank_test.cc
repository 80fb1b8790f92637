#include "reidbench/jobs/rank/rank.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reidbench/core/error.h"
#include "support/temp_folder.h"

namespace reidbench {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Two persons seen by two cameras each, and a third who is in the gallery only. Query 1 finds its
// person first; query 2 finds the third person nearer than its own.
class RankFiles : public ::testing::Test {
 protected:
  RankFiles() {
    FeatureLabels labels;
    for (const int64_t person : {1, 2, 1, 2, 3}) labels.person_id.emplace_back(person);
    for (const int64_t camera : {1, 1, 2, 2, 2}) labels.camera_id.emplace_back(camera);
    labels.split = {Split::kQuery, Split::kQuery, Split::kGallery, Split::kGallery,
                    Split::kGallery};
    labels.path = {"q1", "q2", "g1", "g2", "g3"};
    options_.features = {folder_.path() / "features.h5"};
    FeatureFileWriter writer(options_.features[0], 2, labels, {}, {});
    writer.Append(std::vector<float>{1, 0, 0, 1, 1, 0.1F, 0.6F, 1, 0.2F, 1});
    writer.Finish();
    options_.ranking.bootstrap.resamples = 0;
  }

  TempFolder folder_;
  RankStageOptions options_;
};

TEST_F(RankFiles, RanksWhatTheFileHolds) {
  const RankStageResult result = RunRank(options_);
  EXPECT_EQ(result.ranking.num_valid, 2);
  EXPECT_DOUBLE_EQ(*result.ranking.mean_ap, (1 + 0.5) / 2);
  EXPECT_DOUBLE_EQ(*result.Cmc(1), 0.5);
  EXPECT_DOUBLE_EQ(*result.Cmc(5), 1);
  EXPECT_THAT(result.gallery.path, ElementsAre("g1", "g2", "g3"));
}

// What `reidbench run` reads again.
TEST_F(RankFiles, GoesThroughJson) {
  options_.ranking.bootstrap.resamples = 100;
  options_.rerank = RerankOptions{.k1 = 2, .k2 = 1};
  RankStageResult result = RunRank(options_);
  result.expectation.emplace().source = "a paper";
  result.expectation_outcome =
      ExpectationOutcome{.rows = {{.expected = {.name = "mAP", .percent = 75, .tolerance = 0.5},
                                   .measured_percent = 75.25,
                                   .difference = 0.25,
                                   .within = true}},
                         .passed = true};
  result.notes = {"odd"};
  const RankStageResult read = RankFromJson(ParseJson(RenderRankJson(result), "x"), "x");
  const auto text = [](const Table& table) { return table.Render(TableFormat::kText); };
  EXPECT_EQ(text(RankScoresTable(read)), text(RankScoresTable(result)));
  EXPECT_THAT(text(RankScoresTable(read)), HasSubstr("before re-ranking"));
  EXPECT_THAT(text(ExpectationTable(read)), HasSubstr("+0.25"));
  EXPECT_THAT(read.notes, ElementsAre("odd"));
  EXPECT_THROW(RankFromJson({{"schema", "reidbench.rank/1"}}, "x"), Error);
}

TEST_F(RankFiles, ASplitThatIsNotThereIsNamed) {
  options_.query_split = Split::kTrain;
  try {
    RunRank(options_);
    FAIL() << "ranked nothing";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    EXPECT_THAT(error.what(), HasSubstr("no rows of split 'train'"));
    EXPECT_THAT(error.what(), HasSubstr("query 2, gallery 3"));
  }
}

// Another number, in silence, is the one thing that damage may not give.
TEST_F(RankFiles, ADamagedByteIsNoticed) {
  const std::vector<uint8_t> whole = ReadFileBytes(options_.features[0]);
  const std::string sound = RenderRankJson(RunRank(options_));
  for (size_t i = 0; i < whole.size(); i += 13) {
    std::vector<uint8_t> damaged = whole;
    damaged[i] ^= 0x10;
    WriteFileAtomically(options_.features[0],
                        {reinterpret_cast<const char*>(damaged.data()), damaged.size()});
    try {
      EXPECT_EQ(RenderRankJson(RunRank(options_)), sound)
          << i;  // of the mark of the checksums alone
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr("features.h5")) << i;
    }
  }
}

}  // namespace
}  // namespace reidbench
