#include "reidbench/relinking/gallery_mean.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reidbench/core/error.h"
#include "support/relink_scene.h"

namespace reidbench {
namespace {

using ::testing::HasSubstr;

TEST(GalleryMean, GivesTheEarlierIdentityBack) {
  RelinkScene scene;
  scene.Add(31, 0, 1, 10);
  scene.Add(38, 1, 1, 12);
  scene.Add(44, 1, 20, 30);  // 38 again
  scene.Add(42, 0, 22, 30);  // 31 again
  scene.Add(50, 2, 25, 30);  // somebody new
  const RelinkInput input = scene.Input();
  const RelinkResult result = RelinkByGalleryMean(input, {});
  EXPECT_EQ(scene.IdAt(result.tracks, 44, 20), 38);
  EXPECT_EQ(scene.IdAt(result.tracks, 42, 30), 31);
  EXPECT_EQ(scene.IdAt(result.tracks, 50, 25), 50);
  ASSERT_EQ(result.decisions.size(), 2u);
  const RelinkDecision& link = result.decisions[0];
  EXPECT_EQ(link.track_before.value, 38);
  EXPECT_EQ(link.track_after.value, 44);
  EXPECT_EQ(link.frame_before, 12);
  EXPECT_EQ(link.frame_after, 20);
  EXPECT_DOUBLE_EQ(link.gap_s, 0.8);
  EXPECT_LT(*link.appearance_distance, 0.05);
  EXPECT_EQ(link.runner_up_track.value, 31);
  EXPECT_EQ(ApplyDecisions(scene.tracks, result.decisions).boxes, result.tracks.boxes);
}

TEST(GalleryMean, NeverTwoBoxesInAFrame) {
  RelinkScene scene;
  scene.Add(1, 0, 1, 10);
  scene.Add(2, 0, 10, 20);  // the same look in frame 10: somebody else, or a duplicate
  const RelinkInput input = scene.Input();
  const RelinkResult result = RelinkByGalleryMean(input, {});
  EXPECT_EQ(result.tracks.boxes, scene.tracks.boxes);
  ASSERT_EQ(result.decisions.size(), 1u);
  EXPECT_FALSE(result.decisions[0].accepted);
  EXPECT_EQ(result.decisions[0].reason, "veto: both in frame 10");
}

TEST(GalleryMean, TheVetoHoldsForEverythingLinkedBefore) {
  RelinkScene scene;
  scene.Add(1, 0, 1, 5);
  scene.Add(2, 0, 7, 12);
  scene.Add(3, 0, 12, 15);  // not with 1 in a frame, but with 2
  const RelinkInput input = scene.Input();
  const RelinkResult result = RelinkByGalleryMean(input, {});
  EXPECT_EQ(scene.IdAt(result.tracks, 2, 7), 1);
  EXPECT_EQ(scene.IdAt(result.tracks, 3, 12), 3);
}

TEST(GalleryMean, WithoutEmbeddingsNothingIsLinked) {
  RelinkScene scene;
  scene.Add(1, 0, 1, 5);
  scene.Add(2, 0, 7, 12);
  RelinkInput input = scene.Input();
  input.embedding_row.assign(input.embedding_row.size(), -1);
  const RelinkResult result = RelinkByGalleryMean(input, {});
  EXPECT_EQ(result.tracks.boxes, scene.tracks.boxes);
  EXPECT_EQ(result.boxes_without_embedding, 11);
  EXPECT_TRUE(result.decisions.empty());
}

TEST(GalleryMean, PartitionDoesNotDependOnIdsOrOrder) {
  RelinkScene scene;
  for (int k = 0; k < 12; ++k) scene.Add(100 - k, k % 5, 1 + 9 * k, 7 + 9 * k);
  const RelinkInput input = scene.Input(1.5);
  const TrackSet result = RelinkByGalleryMean(input, {}).tracks;
  TrackSet reversed = scene.tracks;
  std::reverse(reversed.boxes.begin(), reversed.boxes.end());
  for (TrackBox& box : reversed.boxes) box.id = TrackId(box.id.value * 37 % 101);
  RelinkInput other = input;
  other.tracks = &reversed;
  std::reverse(other.embedding_row.begin(), other.embedding_row.end());
  TrackSet again = RelinkByGalleryMean(other, {}).tracks;
  std::reverse(again.boxes.begin(), again.boxes.end());
  EXPECT_EQ(RelinkScene::Partition(again), RelinkScene::Partition(result));
  EXPECT_NE(RelinkScene::Partition(result), RelinkScene::Partition(scene.tracks));
}

TEST(GalleryMean, WrongThreshold) {
  RelinkScene scene;
  scene.Add(1, 0, 1, 5);
  const RelinkInput input = scene.Input();
  EXPECT_THROW(RelinkByGalleryMean(input, {.threshold = -0.1}), Error);
  EXPECT_THAT(GalleryMeanOptions{.threshold = 3}.Validate(),
              ::testing::ElementsAre(HasSubstr("0..2")));
}

}  // namespace
}  // namespace reidbench
