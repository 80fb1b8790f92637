#include "reidbench/tracking/deepsort.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "reidbench/core/error.h"
#include "tracking/scenes.h"

namespace reidbench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::ThrowsMessage;

const std::vector<float> kRed{1, 0, 0.1F};
const std::vector<float> kBlue{0, 2, 0.1F};

BoxLtwh BoxAt(double x) { return {x, 100, 50, 100}; }

TEST(DeepSort, ConfirmsAfterThreeDetections) {
  auto tracker = MakeDeepSort({});
  EXPECT_TRUE(TrackerByName("deepsort").needs.embeddings);
  EXPECT_THAT(StepWith(tracker.get(), 1, {{BoxAt(0), kRed}}), IsEmpty());
  EXPECT_THAT(StepWith(tracker.get(), 2, {{BoxAt(0), kRed}}), IsEmpty());
  EXPECT_THAT(Ids(StepWith(tracker.get(), 3, {{BoxAt(0), kRed}})), ElementsAre(1));
}

TEST(DeepSort, AppearanceKeepsIdentitiesThatIouWouldSwap) {
  auto tracker = MakeDeepSort({});
  int64_t frame = 1;
  for (; frame <= 6; ++frame)
    StepWith(tracker.get(), frame, {{BoxAt(0), kRed}, {BoxAt(12), kBlue}});
  // They changed places while nobody looked.
  const auto rows = StepWith(tracker.get(), frame, {{BoxAt(0), kBlue}, {BoxAt(12), kRed}});
  ASSERT_THAT(Ids(rows), ElementsAre(1, 2));
  EXPECT_GT(rows[0].box.left, 1);
  EXPECT_LT(rows[1].box.left, 11);
}

TEST(DeepSort, FindsSomebodyAfterAGapOnlyByLooks) {
  for (const bool same_looks : {true, false}) {
    auto tracker = MakeDeepSort({});
    int64_t frame = 1;
    for (; frame <= 5; ++frame) StepWith(tracker.get(), frame, {{BoxAt(0), kRed}});
    for (; frame <= 12; ++frame) StepWith(tracker.get(), frame, {});
    for (; frame <= 16; ++frame)
      StepWith(tracker.get(), frame, {{BoxAt(8), same_looks ? kRed : kBlue}});
    const auto rows = StepWith(tracker.get(), frame, {{BoxAt(8), same_looks ? kRed : kBlue}});
    EXPECT_THAT(Ids(rows), ElementsAre(same_looks ? 1 : 2));
  }
}

TEST(DeepSort, MotionVetoesLooks) {
  auto tracker = MakeDeepSort({});
  int64_t frame = 1;
  for (; frame <= 5; ++frame) StepWith(tracker.get(), frame, {{BoxAt(0), kRed}});
  for (; frame <= 8; ++frame) StepWith(tracker.get(), frame, {{BoxAt(900), kRed}});
  EXPECT_THAT(Ids(StepWith(tracker.get(), frame, {{BoxAt(900), kRed}})), ElementsAre(2));
}

TEST(DeepSort, ReportsPredictionsForAsManyMissesAsAsked) {
  for (const int misses : {0, 1, 3}) {
    DeepSortOptions options;
    options.report_misses = misses;
    auto tracker = MakeDeepSort(options);
    int64_t frame = 1;
    for (; frame <= 5; ++frame) StepWith(tracker.get(), frame, {{BoxAt(0), kRed}});
    int reported = 0;
    for (; frame <= 12; ++frame)
      reported += static_cast<int>(StepWith(tracker.get(), frame, {}).size());
    EXPECT_EQ(reported, misses);
  }
}

TEST(DeepSort, BudgetForgetsOldLooks) {
  // A person turns from red to blue in steps that each resemble the last; with a budget of 1 the
  // first look is forgotten.
  for (const int budget : {1, 100}) {
    DeepSortOptions options;
    options.nn_budget = budget;
    auto tracker = MakeDeepSort(options);
    int64_t frame = 1;
    for (int i = 0; i <= 10; ++i, ++frame) {
      const float angle = static_cast<float>(i) * 0.157F;
      StepWith(tracker.get(), frame, {{BoxAt(0), {std::cos(angle), std::sin(angle)}}});
    }
    for (int i = 0; i < 3; ++i, ++frame) StepWith(tracker.get(), frame, {});
    for (int i = 0; i < 3; ++i, ++frame) StepWith(tracker.get(), frame, {{BoxAt(0), {1, 0}}});
    const auto rows = StepWith(tracker.get(), frame, {{BoxAt(0), {1, 0}}});
    EXPECT_THAT(Ids(rows), ElementsAre(budget == 1 ? 2 : 1));
  }
}

TEST(DeepSort, MissingOrBrokenEmbeddingsAreErrors) {
  auto tracker = MakeDeepSort({});
  const std::vector<TrackBox> detections{Detection(BoxAt(0))};
  FrameInput bare;
  bare.frame = FrameIndex(7);
  bare.detections = detections;
  EXPECT_THAT([&] { tracker->Step(bare); },
              ThrowsMessage<Error>(HasSubstr("frame 7: expected one embedding for each of 1")));
  EXPECT_THAT(
      [&] {
        StepWith(tracker.get(), 1, {{BoxAt(0), {0, 0, 0}}});
      },
      ThrowsMessage<Error>(HasSubstr("finite length > 0")));
  EXPECT_THAT(
      [&] {
        StepWith(tracker.get(), 1, {{BoxAt(0), {std::numeric_limits<float>::quiet_NaN(), 0, 0}}});
      },
      ThrowsMessage<Error>(HasSubstr("finite length > 0")));
  StepWith(tracker.get(), 1, {{BoxAt(0), kRed}});
  EXPECT_THAT(
      [&] {
        StepWith(tracker.get(), 2, {{BoxAt(0), {1, 0}}});
      },
      ThrowsMessage<Error>(HasSubstr("embeddings of 3 values as before, found 2")));
}

}  // namespace
}  // namespace reidbench
