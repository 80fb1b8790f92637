#include "reidbench/detection_metrics/detection_scores.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "detection_metrics/hand_pictures.h"
#include "reidbench/core/parallel.h"
#include "support/expect_error.h"

namespace reidbench {
namespace {

using ::testing::HasSubstr;

DetectionCounts CountScores(const std::vector<DetectionPicture>& pictures,
                            const DetectionRules& rules = {}) {
  return CountDetections(pictures, rules);
}
double Value(const DetectionSummary& summary, std::string_view field) {
  return FindDetectionField(field).get(summary).value_or(-1);
}

// Several videos in which a detector finds everybody, half of them, or nobody.
std::vector<DetectionCounts> Videos(const std::vector<int>& found) {
  std::vector<DetectionCounts> videos;
  for (const int people : found) {
    std::vector<DetectedBox> boxes = {{kC, 0.5}};
    if (people > 0) boxes.push_back({kA, 0.9});
    if (people > 1) boxes.push_back({kB, 0.8});
    videos.push_back(CountScores({MakePicture({Person(kA), Person(kB)}, boxes)}));
  }
  return videos;
}
std::vector<const DetectionCounts*> Pointers(const std::vector<DetectionCounts>& videos) {
  std::vector<const DetectionCounts*> out;
  for (const DetectionCounts& video : videos) out.push_back(&video);
  return out;
}

TEST(DetectionScores, EveryNumberOfAPicture) {
  const DetectionCounts counts =
      CountScores({MakePicture({Person(kA), Person(kB)}, {{kA, 0.9}, {kC, 0.3}})});
  const DetectionCounts* part = &counts;
  const DetectionSummary s = SummarizeDetections({&part, 1});
  EXPECT_DOUBLE_EQ(Value(s, "AP"), 51.0 / 101);
  EXPECT_DOUBLE_EQ(Value(s, "AR"), 0.5);
  // Below a rate of 1 nobody is falsely found yet, and half of the people are.
  EXPECT_DOUBLE_EQ(Value(s, "MR2"), 0.5);
  EXPECT_DOUBLE_EQ(Value(s, "JI"), 0.5);  // above 0.3
  EXPECT_DOUBLE_EQ(Value(s, "MODA"), 0);
  EXPECT_DOUBLE_EQ(Value(s, "MODP"), 1);
  EXPECT_DOUBLE_EQ(Value(s, "recall"), 0.5);
  EXPECT_DOUBLE_EQ(Value(s, "precision"), 0.5);
  EXPECT_DOUBLE_EQ(Value(s, "FAR"), 1);
  EXPECT_DOUBLE_EQ(Value(s, "AP_devkit"), 6.0 / 11);
  EXPECT_EQ(Value(s, "GT"), 2);
  EXPECT_EQ(Value(s, "FN"), 1);
  EXPECT_EQ(FindDetectionField("AP_small").get(s), std::nullopt);
}

TEST(DetectionScores, CombinedIsOfAllBoxesNotAMean) {
  const std::vector<DetectionCounts> videos = {
      CountScores({MakePicture({Person(kA)}, {{kA, 0.9}})}),
      CountScores(
          {MakePicture({Person(kA), Person(kB), Person(kC)}, {{{900, 0, 40, 100}, 0.95}})})};
  const DetectionSummary s = SummarizeDetections(Pointers(videos));
  EXPECT_DOUBLE_EQ(Value(s, "recall"), 1.0 / 4);
  EXPECT_NEAR(Value(s, "AP"), 26 * 0.5 / 101, 1e-15);  // recalls 0 to 0.25 behind a false positive
  EXPECT_DOUBLE_EQ(Value(s, "MODA"), 1 - 4.0 / 4);
}

TEST(DetectionScores, ALeastScoreCutsWhatHasNoCurve) {
  const std::vector<DetectionPicture> pictures = {
      MakePicture({Person(kA), Person(kB)}, {{kA, 0.9}, {kB, 0.5}, {kC, 0.49}})};
  DetectionRules rules;
  rules.least_score = 0.5;
  const DetectionCounts counts = CountScores(pictures, rules);
  const DetectionCounts* part = &counts;
  const DetectionSummary s = SummarizeDetections({&part, 1});
  EXPECT_EQ(Value(s, "FP"), 0);
  EXPECT_EQ(Value(s, "TP"), 2);
  EXPECT_EQ(counts.caltech.rows.size(), 3u);
}

TEST(DetectionScores, NamesAreKnownAndDifferent) {
  std::set<std::string_view> names;
  for (const DetectionField& field : DetectionFields()) names.insert(field.name);
  EXPECT_EQ(names.size(), DetectionFields().size());
  for (const std::string_view field : kResampledFields) EXPECT_TRUE(names.contains(field));
  EXPECT_THAT(MessageOf(ErrorKind::kUsage, [] { FindDetectionField("AP51"); }), HasSubstr("AP50"));
}

TEST(DetectionScores, IntervalsHoldTheValueAndWidenWithTheVideos) {
  const std::vector<DetectionCounts> equal = Videos({1, 1, 1});
  const std::vector<DetectionCounts> unequal = Videos({0, 1, 2});
  BootstrapOptions options;
  options.resamples = 200;
  for (const DetectionInterval& i : BootstrapDetections(Pointers(equal), options)) {
    if (i.field == "MODP") continue;
    ASSERT_TRUE(i.low.has_value()) << i.field;
    EXPECT_NEAR(*i.low, *i.high, 1e-12) << i.field;
    EXPECT_NEAR(*i.value, *i.low, 1e-12) << i.field;
  }
  for (const DetectionInterval& i : BootstrapDetections(Pointers(unequal), options)) {
    if (i.field != "recall") continue;
    EXPECT_DOUBLE_EQ(*i.value, 0.5);
    EXPECT_LT(*i.low, 0.5);
    EXPECT_GT(*i.high, 0.5);
  }
  const std::vector<DetectionCounts> one = Videos({1});
  EXPECT_EQ(BootstrapDetections(Pointers(one), options).front().low, std::nullopt);
}

TEST(DetectionScores, ComparesWithExactPermutations) {
  const std::vector<DetectionCounts> bad = Videos({1, 1, 1}), good = Videos({2, 2, 2});
  BootstrapOptions options;
  options.resamples = 200;
  for (const DetectionDifference& d : CompareDetections(Pointers(bad), Pointers(good), options)) {
    if (d.field != "recall") continue;
    EXPECT_DOUBLE_EQ(*d.value_a, 0.5);
    EXPECT_DOUBLE_EQ(*d.value_b, 1);
    EXPECT_DOUBLE_EQ(*d.difference, 0.5);
    EXPECT_DOUBLE_EQ(*d.low, 0.5);
    EXPECT_DOUBLE_EQ(*d.p_value, 2.0 / 8);  // of 2^3 arrangements, as it is and all exchanged
  }
  for (const DetectionDifference& d : CompareDetections(Pointers(bad), Pointers(bad), options)) {
    if (!d.difference) continue;
    EXPECT_EQ(*d.difference, 0) << d.field;
    EXPECT_EQ(*d.p_value, 1) << d.field;
  }
  const std::vector<DetectionCounts> fewer = Videos({1});
  EXPECT_THAT(MessageOf(ErrorKind::kInput,
                        [&] { CompareDetections(Pointers(bad), Pointers(fewer), options); }),
              HasSubstr("same videos"));
}

// A resample that is every video once is the plain score.
TEST(DetectionScores, ResampledValuesAreTheScores) {
  const std::vector<DetectionCounts> videos = Videos({2, 0, 1, 2});
  BootstrapOptions options;
  options.resamples = 0;
  const DetectionSummary s = SummarizeDetections(Pointers(videos));
  for (const DetectionInterval& i : BootstrapDetections(Pointers(videos), options))
    EXPECT_DOUBLE_EQ(*i.value, Value(s, i.field)) << i.field;
}

TEST(DetectionScores, ThreadsDoNotMatter) {
  const std::vector<DetectionCounts> videos = Videos({2, 0, 1, 2, 1});
  BootstrapOptions options;
  options.resamples = 300;
  std::vector<std::vector<double>> ends;
  for (const int threads : {1, 3}) {
    const ThreadLimit limit(threads);
    std::vector<double>& values = ends.emplace_back();
    for (const DetectionInterval& i : BootstrapDetections(Pointers(videos), options)) {
      values.push_back(i.low.value_or(-1));
      values.push_back(i.high.value_or(-1));
    }
  }
  EXPECT_EQ(ends[0], ends[1]);
}

}  // namespace
}  // namespace reidbench
