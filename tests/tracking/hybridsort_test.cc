#include "reidbench/tracking/hybridsort.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tracking/scenes.h"

namespace reidbench {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const std::vector<float> kSilver{1, 0};
const std::vector<float> kGold{0, 1};

BoxLtwh RunnerAt(double x, double height = 100) { return {x, 100, 50, height}; }

// Two detections as near as each other: the one whose score goes on as the track's did is taken.
TEST(HybridSort, ScoresTellPeopleApart) {
  for (const double weight : {1.0, 0.0}) {
    HybridSortOptions options;
    options.score_weight = weight;
    const auto tracker = MakeHybridSort(options);
    int64_t frame = 1;
    for (; frame <= 6; ++frame) StepWith(tracker.get(), frame, {{RunnerAt(100), {}, 0.95}});
    const auto rows =
        StepWith(tracker.get(), frame, {{RunnerAt(90), {}, 0.94}, {RunnerAt(108), {}, 0.65}});
    ASSERT_THAT(Ids(rows), ElementsAre(1));
    EXPECT_EQ(rows[0].box.left, weight > 0 ? 90 : 108);
  }
}

// Equal IoU (0.5), one of half the width and one of half the height: a height is more constant.
TEST(HybridSort, HeightsTellPeopleApart) {
  const auto tracker = MakeHybridSort({});
  int64_t frame = 1;
  for (; frame <= 6; ++frame) StepWith(tracker.get(), frame, {{RunnerAt(100), {}}});
  const auto rows =
      StepWith(tracker.get(), frame, {{RunnerAt(100, 50), {}}, {{112.5, 100, 25, 100}, {}}});
  ASSERT_THAT(Ids(rows), ElementsAre(1));
  EXPECT_EQ(rows[0].box.width, 25);
}

TEST(HybridSort, LowScoresKeepTracksAlive) {
  const auto tracker = MakeHybridSort({});
  int64_t frame = 1;
  for (; frame <= 6; ++frame) StepWith(tracker.get(), frame, {{RunnerAt(100), {}, 0.7}});
  EXPECT_THAT(Ids(StepWith(tracker.get(), frame++, {{RunnerAt(100), {}, 0.5}})), ElementsAre(1));
  EXPECT_THAT(StepWith(tracker.get(), frame++, {{RunnerAt(100), {}, 0.05}}), IsEmpty());
}

TEST(HybridSort, EqualLooksNeedNoOverlap) {
  for (const bool alike : {true, false}) {
    HybridSortOptions options;
    options.min_hits = 0;
    const auto tracker = MakeHybridSort(options);
    int64_t frame = 1;
    for (; frame <= 6; ++frame) StepWith(tracker.get(), frame, {{RunnerAt(100), kSilver}});
    EXPECT_THAT(Ids(StepWith(tracker.get(), frame, {{RunnerAt(400), alike ? kSilver : kGold}})),
                alike ? std::vector<int64_t>{1} : std::vector<int64_t>{2});
  }
}

TEST(HybridSort, CameraMotionMovesTracks) {
  for (const bool given : {true, false}) {
    const auto tracker = MakeHybridSort({});
    int64_t frame = 1;
    for (; frame <= 6; ++frame) StepWith(tracker.get(), frame, {{RunnerAt(100), {}}});
    const auto rows = StepWith(tracker.get(), frame, {{RunnerAt(300), {}}},
                               given ? std::optional(Shifted(200, 0)) : std::nullopt);
    EXPECT_EQ(rows.size(), given ? 1u : 0u);
  }
}

TEST(HybridSort, SmallBoxesAreNotReported) {
  HybridSortOptions options;
  options.min_hits = 0;
  const auto tracker = MakeHybridSort(options);
  EXPECT_THAT(StepWith(tracker.get(), 1, {{{0, 0, 9, 11}, {}}}), IsEmpty());
  EXPECT_THAT(StepWith(tracker.get(), 2, {{{100, 0, 9, 12}, {}}}), testing::SizeIs(1));
}

}  // namespace
}  // namespace reidbench
