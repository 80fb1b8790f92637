#include "reidbench/tracking/botsort.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tracking/scenes.h"

namespace reidbench {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const std::vector<float> kGreen{1, 0};
const std::vector<float> kYellow{0, 1};

BoxLtwh WalkerAt(double x) { return {x, 100, 50, 100}; }

TEST(BotSort, ReportsFromTheFirstBoxAsTheProgramDoes) {
  for (const bool reference : {true, false}) {
    BotSortOptions options;
    options.compat_reference = reference;
    const auto tracker = MakeBotSort(options);
    EXPECT_THAT(Ids(StepWith(tracker.get(), 1, {{WalkerAt(0), {}}})), ElementsAre(1));
    const auto second = Ids(StepWith(tracker.get(), 2, {{WalkerAt(0), {}}, {WalkerAt(500), {}}}));
    EXPECT_EQ(second, reference ? (std::vector<int64_t>{1, 2}) : (std::vector<int64_t>{1}));
  }
}

TEST(BotSort, BoxesTooSmallOrTooWideAreNotReported) {
  const auto tracker = MakeBotSort({});
  const BoxLtwh wide{0, 0, 81, 50};
  const BoxLtwh narrow_enough{0, 100, 79, 50};
  const BoxLtwh tiny{0, 300, 2, 4};
  EXPECT_THAT(StepWith(tracker.get(), 1, {{wide, {}}, {narrow_enough, {}}, {tiny, {}}}),
              testing::SizeIs(1));
}

TEST(BotSort, LooksKeepIdentitiesThatIouWouldSwap) {
  for (const bool with_looks : {true, false}) {
    const auto tracker = MakeBotSort({});
    const auto look = [&](const std::vector<float>& embedding) {
      return with_looks ? embedding : std::vector<float>{};
    };
    int64_t frame = 1;
    for (; frame <= 5; ++frame) {
      StepWith(tracker.get(), frame, {{WalkerAt(0), look(kGreen)}, {WalkerAt(14), look(kYellow)}});
    }
    // They changed places, within reach of each other.
    const auto rows = StepWith(tracker.get(), frame,
                               {{WalkerAt(0), look(kYellow)}, {WalkerAt(14), look(kGreen)}});
    ASSERT_THAT(Ids(rows), ElementsAre(1, 2));
    EXPECT_EQ(rows[0].box.left > rows[1].box.left, with_looks);
  }
}

TEST(BotSort, LooksDoNotReachBeyondTheProximity) {
  const auto tracker = MakeBotSort({});
  int64_t frame = 1;
  for (; frame <= 5; ++frame) StepWith(tracker.get(), frame, {{WalkerAt(0), kGreen}});
  // IoU 0.04: neither overlap nor, so far away, looks.
  EXPECT_THAT(Ids(StepWith(tracker.get(), frame, {{WalkerAt(46), kGreen}})), ElementsAre(2));
}

TEST(BotSort, LowScoresTeachNoLooks) {
  const auto tracker = MakeBotSort({});
  int64_t frame = 1;
  for (; frame <= 3; ++frame) StepWith(tracker.get(), frame, {{WalkerAt(0), kGreen}});
  for (; frame <= 30; ++frame)
    EXPECT_THAT(Ids(StepWith(tracker.get(), frame, {{WalkerAt(0), kYellow, 0.3}})), ElementsAre(1));
  // With two candidates the look of the first frames decides.
  const auto rows =
      StepWith(tracker.get(), frame, {{WalkerAt(-6), kGreen}, {WalkerAt(5), kYellow}});
  ASSERT_EQ(rows[0].id, TrackId(1));
  EXPECT_LT(rows[0].box.left, 0);
}

TEST(BotSort, CameraMotionMovesTracks) {
  for (const bool given : {true, false}) {
    const auto tracker = MakeBotSort({});
    int64_t frame = 1;
    for (; frame <= 5; ++frame) StepWith(tracker.get(), frame, {{WalkerAt(0), {}}});
    const auto rows = StepWith(tracker.get(), frame, {{WalkerAt(200), {}}},
                               given ? std::optional(Shifted(200, 0)) : std::nullopt);
    EXPECT_THAT(Ids(rows), ElementsAre(given ? 1 : 2));
  }
}

TEST(BotSort, CameraZoomScalesBoxes) {
  const auto tracker = MakeBotSort({});
  int64_t frame = 1;
  for (; frame <= 5; ++frame) StepWith(tracker.get(), frame, {{WalkerAt(100), {}}});
  const auto rows =
      StepWith(tracker.get(), frame, {{{200, 200, 100, 200}, {}}}, Affine{2, 0, 0, 0, 2, 0});
  ASSERT_THAT(Ids(rows), ElementsAre(1));
  EXPECT_NEAR(rows[0].box.width, 100, 1);
  EXPECT_NEAR(rows[0].box.left, 200, 1);
}

// Zooming without end leads beyond what can be calculated with; tracks end, nothing breaks.
TEST(BotSort, AbsurdCameraMotionEndsTracks) {
  for (const char* name : {"botsort", "strongsort", "deepocsort", "hybridsort", "boosttrack"}) {
    const auto tracker = MakeTracker(name);
    for (int64_t frame = 1; frame <= 400; ++frame) {
      const auto rows = StepWith(tracker.get(), frame, {{WalkerAt(100), {}}, {WalkerAt(400), {}}},
                                 Affine{1e6, 3e5, 1e5, -2e5, 1e6, 7});
      for (const TrackBox& row : rows) EXPECT_TRUE(IsTrackable(row.box)) << name;
    }
  }
}

TEST(BotSort, LostTracksReturnWithinTheBuffer) {
  for (const int gap : {25, 40}) {
    const auto tracker = MakeBotSort({});
    int64_t frame = 1;
    for (; frame <= 5; ++frame) StepWith(tracker.get(), frame, {{WalkerAt(0), {}}});
    for (int i = 0; i < gap; ++i, ++frame)
      EXPECT_THAT(StepWith(tracker.get(), frame, {}), IsEmpty());
    EXPECT_THAT(Ids(StepWith(tracker.get(), frame, {{WalkerAt(0), {}}})),
                ElementsAre(gap == 25 ? 1 : 2));
  }
}

}  // namespace
}  // namespace reidbench
