#include "reidbench/tracking/strongsort.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "reidbench/core/error.h"
#include "tracking/scenes.h"

namespace reidbench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

const std::vector<float> kOrange{1, 0};
const std::vector<float> kViolet{0, 1};

BoxLtwh StrollerAt(double x) { return {x, 100, 50, 100}; }

TEST(StrongSort, TracksByMotionWithoutEmbeddings) {
  const auto tracker = MakeStrongSort({});
  int64_t frame = 1;
  for (; frame <= 6; ++frame)
    StepWith(tracker.get(), frame, {{StrollerAt(0), {}}, {StrollerAt(200), {}}});
  EXPECT_THAT(Ids(StepWith(tracker.get(), frame, {{StrollerAt(0), {}}, {StrollerAt(200), {}}})),
              ElementsAre(1, 2));
}

TEST(StrongSort, LooksDecideWhoIsWho) {
  const auto tracker = MakeStrongSort({});
  int64_t frame = 1;
  for (; frame <= 6; ++frame)
    StepWith(tracker.get(), frame, {{StrollerAt(0), kOrange}, {StrollerAt(12), kViolet}});
  const auto rows =
      StepWith(tracker.get(), frame, {{StrollerAt(0), kViolet}, {StrollerAt(12), kOrange}});
  ASSERT_THAT(Ids(rows), ElementsAre(1, 2));
  EXPECT_GT(rows[0].box.left, rows[1].box.left);
}

// A person turns slowly from one colour to the other; an average that follows has forgotten the
// first one, an average that keeps nearly everything has not.
TEST(StrongSort, AverageFollowsAChangeOfLooks) {
  for (const double keep : {0.5, 0.999}) {
    StrongSortOptions options;
    options.ema_keep = keep;
    const auto tracker = MakeStrongSort(options);
    int64_t frame = 1;
    for (int i = 0; i <= 20; ++i, ++frame) {
      const float angle = static_cast<float>(i) * 0.0785F;
      StepWith(tracker.get(), frame, {{StrollerAt(0), {std::cos(angle), std::sin(angle)}}});
    }
    for (int i = 0; i < 3; ++i, ++frame) StepWith(tracker.get(), frame, {});
    std::vector<TrackBox> rows;
    for (int i = 0; i < 4; ++i, ++frame)
      rows = StepWith(tracker.get(), frame, {{StrollerAt(0), kViolet}});
    EXPECT_THAT(Ids(rows), ElementsAre(keep == 0.5 ? 1 : 2));
  }
}

// A certain detection is taken as it is, an uncertain one only in part.
TEST(StrongSort, ScoresWeighMeasurements) {
  for (const double score : {1.0, 0.6}) {
    const auto tracker = MakeStrongSort({});
    int64_t frame = 1;
    for (; frame <= 6; ++frame) StepWith(tracker.get(), frame, {{StrollerAt(0), {}, score}});
    const auto rows = StepWith(tracker.get(), frame, {{StrollerAt(5), {}, score}});
    ASSERT_THAT(Ids(rows), ElementsAre(1));
    if (score == 1) {
      EXPECT_NEAR(rows[0].box.left, 5, 1e-9);
    } else {
      EXPECT_LT(rows[0].box.left, 4.8);
    }
  }
  StrongSortOptions options;
  options.noise_by_score = false;
  const auto tracker = MakeStrongSort(options);
  int64_t frame = 1;
  for (; frame <= 6; ++frame) StepWith(tracker.get(), frame, {{StrollerAt(0), {}, 1.0}});
  EXPECT_LT(StepWith(tracker.get(), frame, {{StrollerAt(5), {}, 1.0}})[0].box.left, 4.8);
}

TEST(StrongSort, ReportsOnePredictedBoxAfterTheLastMatch) {
  const auto tracker = MakeStrongSort({});
  int64_t frame = 1;
  for (; frame <= 5; ++frame) StepWith(tracker.get(), frame, {{StrollerAt(0), {}}});
  EXPECT_THAT(StepWith(tracker.get(), frame++, {}), testing::SizeIs(1));
  EXPECT_THAT(StepWith(tracker.get(), frame++, {}), testing::IsEmpty());
}

TEST(StrongSort, CameraMotionMovesTentativeTracksToo) {
  for (const bool given : {true, false}) {
    const auto tracker = MakeStrongSort({});
    std::vector<TrackBox> rows;
    for (int64_t frame = 1; frame <= 3; ++frame) {
      rows = StepWith(tracker.get(), frame, {{StrollerAt(90 * static_cast<double>(frame)), {}}},
                      given ? std::optional(Shifted(90, 0)) : std::nullopt);
    }
    EXPECT_EQ(rows.size(), given ? 1u : 0u);
  }
}

TEST(StrongSort, EmbeddingsInSomeFramesOnlyAreAnError) {
  const auto tracker = MakeStrongSort({});
  StepWith(tracker.get(), 1, {{StrollerAt(0), kOrange}});
  EXPECT_THAT(
      [&] {
        StepWith(tracker.get(), 2, {{StrollerAt(0), {}}});
      },
      ThrowsMessage<Error>(HasSubstr("frame 2: expected one embedding for each of 1")));
  const auto other = MakeStrongSort({});
  StepWith(other.get(), 1, {{StrollerAt(0), {}}});
  EXPECT_THAT(
      [&] {
        StepWith(other.get(), 2, {{StrollerAt(0), kOrange}});
      },
      ThrowsMessage<Error>(HasSubstr("frame 2: expected no embeddings")));
}

}  // namespace
}  // namespace reidbench
