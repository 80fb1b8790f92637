#include "reidbench/relinking/split_connect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "reidbench/core/eigen_views.h"
#include "reidbench/core/error.h"
#include "reidbench/core/parallel.h"
#include "support/relink_scene.h"

namespace reidbench {
namespace {

// Track 1 is person 0, from frame 81 on person 1, and from 161 on person 0 again; person 1 was
// track 2 before.
RelinkScene Takeover() {
  RelinkScene scene;
  scene.Add(2, 1, 1, 60);
  scene.Add(1, 0, 1, 80);
  scene.Add(1, 1, 81, 160);
  scene.Add(1, 0, 161, 200);
  return scene;
}

TEST(SplitConnect, SplitsATrackOfTwoPeopleAndConnectsThePieces) {
  RelinkScene scene = Takeover();
  const RelinkInput input = scene.Input();
  const RelinkResult result = RelinkBySplitConnect(input, {});
  EXPECT_EQ(scene.IdAt(result.tracks, 1, 1), 1);
  EXPECT_EQ(scene.IdAt(result.tracks, 1, 81), 2);
  EXPECT_EQ(scene.IdAt(result.tracks, 1, 160), 2);
  EXPECT_EQ(scene.IdAt(result.tracks, 1, 161), 1);  // clusters know no time
  EXPECT_EQ(scene.IdAt(result.tracks, 2, 60), 2);
  int64_t cuts = 0;
  for (const RelinkDecision& d : result.decisions) {
    if (d.kind != RelinkDecisionKind::kSplit) continue;
    ++cuts;
    EXPECT_TRUE(d.frame_after == 81 || d.frame_after == 161) << d.frame_after;
  }
  EXPECT_EQ(cuts, 2);
  EXPECT_EQ(ApplyDecisions(scene.tracks, result.decisions).boxes, result.tracks.boxes);
}

TEST(SplitConnect, SplitAloneNamesTheSecondPieceAnew) {
  RelinkScene scene = Takeover();
  const RelinkInput input = scene.Input();
  const RelinkResult result = RelinkBySplitConnect(input, {.connect = false});
  EXPECT_EQ(scene.IdAt(result.tracks, 1, 200), 1);
  EXPECT_EQ(scene.IdAt(result.tracks, 1, 81), 3);
}

TEST(SplitConnect, ShortTracksStayWhole) {
  RelinkScene scene = Takeover();
  const RelinkInput input = scene.Input();
  const RelinkResult result = RelinkBySplitConnect(input, {.connect = false, .min_length = 201});
  EXPECT_EQ(result.tracks.boxes, scene.tracks.boxes);
}

TEST(SplitConnect, NoMoreThanTheClustersAllowed) {
  RelinkScene scene;
  for (int person = 0; person < 5; ++person)
    scene.Add(1, person, 1 + 40 * person, 40 + 40 * person);
  const RelinkInput input = scene.Input();
  for (const int most : {1, 2, 3, 4, 5, 9}) {
    const RelinkResult result =
        RelinkBySplitConnect(input, {.connect = false, .max_clusters = most});
    std::set<int64_t> ids;
    for (const TrackBox& box : result.tracks.boxes) ids.insert(box.id.value);
    EXPECT_EQ(static_cast<int>(ids.size()), std::min(most, 5));
  }
}

TEST(SplitConnect, ConnectsByTheMeanOverAllPairsOfCrops) {
  // Two tracks of two boxes each. Cosines of the pairs: 1, 0.6, 0.6, 0.28: mean 0.62, distance
  // 0.38.
  RelinkScene scene;
  scene.Add(1, 0, 1, 2);
  scene.Add(2, 0, 5, 6);
  RelinkInput input = scene.Input();
  AsEigen(scene.embeddings).setZero();
  scene.embeddings(0, 0) = scene.embeddings(2, 0) = 1;
  scene.embeddings(1, 0) = scene.embeddings(3, 0) = 0.6F;
  scene.embeddings(1, 1) = 0.8F;
  scene.embeddings(3, 1) = -0.8F;
  AsEigen(scene.embeddings).row(3) *= 5;  // lengths do not matter
  const RelinkResult near = RelinkBySplitConnect(input, {.connect_below = 0.6});
  ASSERT_EQ(near.decisions.size(), 1u);
  // 1, 0.6, 0.6 and 0.36 - 0.64.
  EXPECT_NEAR(*near.decisions[0].appearance_distance, 1 - (1 + 0.6 + 0.6 - 0.28) / 4, 1e-6);
  EXPECT_EQ(near.tracks.boxes[2].id.value, 1);
  const RelinkResult far = RelinkBySplitConnect(input, {.connect_below = 0.5});
  EXPECT_EQ(far.tracks.boxes, scene.tracks.boxes);
  ASSERT_EQ(far.decisions.size(), 1u);
  EXPECT_FALSE(far.decisions[0].accepted);
  EXPECT_EQ(far.decisions[0].reason, "threshold");
}

TEST(SplitConnect, NeverTwoBoxesInAFrameAndTheSameOnAnyNumberOfThreads) {
  RelinkScene scene;
  Rng rng(5);
  for (int id = 0; id < 40; ++id) {
    const auto first = static_cast<int64_t>(rng.Uniform(1, 300));
    scene.Add(id, id % 6, first, first + static_cast<int64_t>(rng.Uniform(1, 120)));
  }
  const RelinkInput input = scene.Input(0.6);
  std::vector<TrackBox> one;
  {
    const ThreadLimit limit(1);
    one = RelinkBySplitConnect(input, {}).tracks.boxes;
  }
  const ThreadLimit limit(4);
  const RelinkResult result = RelinkBySplitConnect(input, {});
  EXPECT_EQ(result.tracks.boxes, one);
  std::set<std::pair<int64_t, int64_t>> seen;
  for (size_t i = 0; i < one.size(); ++i) {
    EXPECT_TRUE(seen.emplace(one[i].frame.value, one[i].id.value).second);
    EXPECT_EQ(one[i].box, scene.tracks.boxes[i].box);
  }
  EXPECT_GT(result.decisions.size(), 5u);
}

TEST(SplitConnect, BoxesWithoutEmbeddingGoAlong) {
  RelinkScene scene = Takeover();
  RelinkInput input = scene.Input();
  // Frame 90 of track 1 has none: it stays with frame 89.
  for (size_t i = 0; i < scene.tracks.boxes.size(); ++i) {
    if (scene.tracks.boxes[i].frame.value == 90) input.embedding_row[i] = -1;
  }
  const RelinkResult result = RelinkBySplitConnect(input, {});
  EXPECT_EQ(result.boxes_without_embedding, 1);
  EXPECT_EQ(scene.IdAt(result.tracks, 1, 90), 2);
}

TEST(SplitConnect, AllWrongOptionsAreTold) {
  const SplitConnectOptions wrong{
      .eps = 3, .min_samples = 0, .min_length = 0, .max_clusters = 0, .connect_below = -1};
  EXPECT_EQ(wrong.Validate().size(), 5u);
}

}  // namespace
}  // namespace reidbench
