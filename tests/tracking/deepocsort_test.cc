#include "reidbench/tracking/deepocsort.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reidbench/tracking/ocsort.h"
#include "tracking/scenes.h"

namespace reidbench {
namespace {

using testing::ElementsAre;

const std::vector<float> kBrown{1, 0};
const std::vector<float> kPink{0, 1};

BoxLtwh PasserAt(double x) { return {x, 100, 50, 100}; }

TEST(DeepOcSort, IsOcSortWithoutLooksAndCamera) {
  std::vector<std::vector<TrackBox>> frames;
  for (int f = 0; f < 40; ++f) {
    frames.push_back({Detection(PasserAt(100 + 6 * f)), Detection(PasserAt(330 - 5 * f), 0.7)});
    if (f % 9 >= 6) frames.back().erase(frames.back().begin());
  }
  EXPECT_EQ(RunTracker(MakeDeepOcSort({}).get(), frames), RunTracker(MakeOcSort({}).get(), frames));
}

// Two people swap places: where both boxes overlap both tracks, looks decide.
TEST(DeepOcSort, LooksDecideWhereBoxesCompete) {
  for (const bool with_looks : {true, false}) {
    const auto tracker = MakeDeepOcSort({});
    const auto look = [&](const std::vector<float>& embedding) {
      return with_looks ? embedding : std::vector<float>{};
    };
    int64_t frame = 1;
    for (; frame <= 6; ++frame)
      StepWith(tracker.get(), frame, {{PasserAt(0), look(kBrown)}, {PasserAt(14), look(kPink)}});
    const auto rows =
        StepWith(tracker.get(), frame, {{PasserAt(0), look(kPink)}, {PasserAt(14), look(kBrown)}});
    ASSERT_THAT(Ids(rows), ElementsAre(1, 2));
    EXPECT_EQ(rows[0].box.left > rows[1].box.left, with_looks);
  }
}

TEST(DeepOcSort, LooksHaveNoSayWhereNothingCompetes) {
  const auto tracker = MakeDeepOcSort({});
  int64_t frame = 1;
  for (; frame <= 6; ++frame)
    StepWith(tracker.get(), frame, {{PasserAt(0), kBrown}, {PasserAt(300), kPink}});
  const auto rows = StepWith(tracker.get(), frame, {{PasserAt(0), kPink}, {PasserAt(300), kBrown}});
  ASSERT_THAT(Ids(rows), ElementsAre(1, 2));
  EXPECT_LT(rows[0].box.left, rows[1].box.left);
}

TEST(DeepOcSort, CameraMotionMovesFilterAndObservations) {
  for (const bool size_filter : {false, true}) {
    for (const bool given : {true, false}) {
      DeepOcSortOptions options;
      options.size_filter = size_filter;
      const auto tracker = MakeDeepOcSort(options);
      int64_t frame = 1;
      for (; frame <= 5; ++frame) StepWith(tracker.get(), frame, {{PasserAt(0), {}}});
      std::vector<TrackBox> rows;
      for (int i = 0; i < 6; ++i, ++frame) {
        rows = StepWith(tracker.get(), frame, {{PasserAt(100 * (i + 1)), {}}},
                        given ? std::optional(Shifted(100, 0)) : std::nullopt);
      }
      EXPECT_EQ(Ids(rows), given ? std::vector<int64_t>{1} : std::vector<int64_t>{});
    }
  }
}

// Lost while the camera pans, found again: the filter is run over the gap in today's picture.
TEST(DeepOcSort, FindsTracksAgainBehindACameraPan) {
  for (const bool size_filter : {false, true}) {
    DeepOcSortOptions options;
    options.size_filter = size_filter;
    options.min_hits = 0;
    const auto tracker = MakeDeepOcSort(options);
    int64_t frame = 1;
    for (; frame <= 6; ++frame) StepWith(tracker.get(), frame, {{PasserAt(0), {}}});
    for (; frame <= 10; ++frame) StepWith(tracker.get(), frame, {}, Shifted(40, 0));
    const auto found = StepWith(tracker.get(), frame++, {{PasserAt(200), {}}}, Shifted(40, 0));
    EXPECT_THAT(Ids(found), ElementsAre(1));
    EXPECT_THAT(Ids(StepWith(tracker.get(), frame, {{PasserAt(200), {}}})), ElementsAre(1));
  }
}

}  // namespace
}  // namespace reidbench
