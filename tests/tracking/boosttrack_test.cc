#include "reidbench/tracking/boosttrack.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tracking/scenes.h"

namespace reidbench {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

BoxLtwh PersonAt(double x, double height = 100) { return {x, 100, 50, height}; }

// Frames of one person, then one detection of a low score.
std::vector<TrackBox> AfterWalk(const BoostTrackOptions& options, const Seen& then) {
  const auto tracker = MakeBoostTrack(options);
  int64_t frame = 1;
  for (; frame <= 10; ++frame)
    StepWith(tracker.get(), frame,
             {{PersonAt(100),
               then.embedding.empty() ? std::vector<float>{} : std::vector<float>{1, 0}}});
  return StepWith(tracker.get(), frame, {then});
}

TEST(BoostTrack, LikelyDetectionsPass) {
  BoostTrackOptions options;
  options.boost_unlikely = false;
  EXPECT_THAT(AfterWalk(options, {PersonAt(100), {}, 0.2}), testing::SizeIs(1));
  // Half a width beside the track nothing makes it likely.
  EXPECT_THAT(AfterWalk(options, {PersonAt(125), {}, 0.2}), IsEmpty());
  BoostTrackOptions off = options;
  off.rich_similarity = off.soft_boost = off.varying_threshold = false;
  // BoostTrack: 0.65 times the IoU.
  EXPECT_THAT(AfterWalk(off, {PersonAt(100), {}, 0.2}), testing::SizeIs(1));
  EXPECT_THAT(AfterWalk(off, {PersonAt(105), {}, 0.2}), IsEmpty());
}

TEST(BoostTrack, SoftBoostMixesScoreAndSimilarity) {
  BoostTrackOptions options;
  options.varying_threshold = false;
  options.rich_similarity = false;
  // 0.65 s + 0.35 * 1 reaches 0.6 from s = 0.385 on.
  EXPECT_THAT(AfterWalk(options, {PersonAt(100), {}, 0.4}), testing::SizeIs(1));
  EXPECT_THAT(AfterWalk(options, {PersonAt(100), {}, 0.37}), IsEmpty());
}

TEST(BoostTrack, UnlikelyDetectionsStartTracksTheBestOfACrowd) {
  for (const bool boost : {true, false}) {
    BoostTrackOptions options;
    options.min_hits = 0;
    options.boost_unlikely = boost;
    const auto tracker = MakeBoostTrack(options);
    int64_t frame = 1;
    for (; frame <= 10; ++frame) StepWith(tracker.get(), frame, {{PersonAt(100), {}}});
    const auto rows = StepWith(tracker.get(), frame,
                               {{PersonAt(100), {}},
                                {PersonAt(800), {}, 0.3},
                                {PersonAt(805), {}, 0.4},
                                {PersonAt(1200), {}, 0.3}});
    ASSERT_EQ(rows.size(), boost ? 3u : 1u);
    if (boost) {
      EXPECT_NEAR(rows[1].box.left, 805, 1e-3);
    }
  }
}

TEST(BoostTrack, LooksAcceptLessOverlap) {
  // IoU 0.2: below the threshold, above its half.
  const BoxLtwh aside = PersonAt(100 + 50 * 2.0 / 3);
  BoostTrackOptions options;
  options.min_hits = 0;
  EXPECT_THAT(Ids(AfterWalk(options, {aside, {1, 0}})), ElementsAre(1));
  EXPECT_THAT(Ids(AfterWalk(options, {aside, {0, 1}})), ElementsAre(2));
  EXPECT_THAT(Ids(AfterWalk(options, {aside, {}})), ElementsAre(2));
}

TEST(BoostTrack, CameraMotionMovesTracks) {
  for (const bool given : {true, false}) {
    const auto tracker = MakeBoostTrack({});
    int64_t frame = 1;
    for (; frame <= 6; ++frame) StepWith(tracker.get(), frame, {{PersonAt(100), {}}});
    const auto rows = StepWith(tracker.get(), frame, {{PersonAt(300), {}}},
                               given ? std::optional(Shifted(200, 0)) : std::nullopt);
    EXPECT_EQ(rows.size(), given ? 1u : 0u);
  }
}

}  // namespace
}  // namespace reidbench
