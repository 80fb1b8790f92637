#include "reidbench/detection_metrics/jaccard.h"

#include <gtest/gtest.h>

#include "detection_metrics/hand_pictures.h"

namespace reidbench {
namespace {

std::optional<JaccardIndex> Best(const std::vector<DetectionPicture>& pictures) {
  JaccardCounts counts;
  for (const DetectionPicture& picture : pictures) CountJaccard(picture, &counts);
  return BestJaccard(counts);
}

// Scores above 0 to 0.2: 2 of (2 + 3 - 2); above 0.3: 2 of 2; from 0.4 on: 1 of 2.
TEST(Jaccard, TakesTheBestThreshold) {
  const auto best =
      Best({MakePicture({Person(kA), Person(kB)}, {{kA, 0.95}, {kB, 0.35}, {kC, 0.25}})});
  EXPECT_DOUBLE_EQ(best->value, 1);
  EXPECT_DOUBLE_EQ(best->threshold, 0.3);
}

// The second picture's box counts against it up to its score; then nobody is on either side and the
// picture counts no more: (1 + 0) / 2 at 0.3, (1/2) / 1 from 0.6 on, of equal ones the first.
TEST(Jaccard, IsTheMeanOverPicturesWithBoxes) {
  const std::vector<DetectionPicture> pictures = {
      MakePicture({Person(kA), Person(kB)}, {{kA, 0.95}, {kB, 0.35}, {kC, 0.25}}),
      MakePicture({}, {{kC, 0.55}}), MakePicture({}, {})};
  EXPECT_DOUBLE_EQ(Best(pictures)->value, 0.5);
  EXPECT_DOUBLE_EQ(Best(pictures)->threshold, 0.3);
  JaccardCounts counts;
  for (const DetectionPicture& picture : pictures) CountJaccard(picture, &counts);
  EXPECT_EQ(counts.pictures[5], 2);
  EXPECT_EQ(counts.pictures[6], 1);
  EXPECT_DOUBLE_EQ(counts.ratio_sum[0], 2.0 / 3);
}

// A score of 0 is not above 0, an IoU of 0.5 not above 0.5.
TEST(Jaccard, LimitsDoNotCount) {
  EXPECT_DOUBLE_EQ(Best({MakePicture({Person(kA)}, {{kA, 0}})})->value, 0);
  EXPECT_DOUBLE_EQ(Best({MakePicture({Person(kA)}, {{{0, 0, 40, 50}, 0.9}})})->value, 0);
  EXPECT_EQ(Best({MakePicture({}, {})}), std::nullopt);
}

// The crowd takes a free detection and a person who is not found; not who and what is in a pair.
TEST(Jaccard, RegionsForgiveBothSides) {
  const auto best = Best({MakePicture({Person(kA), Person(kB), Region({150, 0, 400, 100})},
                                      {{kA, 0.95}, {kC, 0.95}})});
  EXPECT_DOUBLE_EQ(best->value, 1);
  const auto found =
      Best({MakePicture({Person(kA), Person(kB), Region({150, 0, 400, 100})}, {{kB, 0.95}})});
  EXPECT_DOUBLE_EQ(found->value, 0.5);  // 1 of A and B
}

TEST(Jaccard, MatchesAllAtOnce) {
  const auto best = Best({MakePicture({Person({0, 0, 10, 10}), Person({4, 0, 10, 10})},
                                      {{{1, 0, 10, 10}, 0.95}, {{-3, 0, 10, 10}, 0.95}})});
  EXPECT_DOUBLE_EQ(best->value, 1);
}

}  // namespace
}  // namespace reidbench
