#include "reidbench/tracking/sort.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "reidbench/core/error.h"
#include "reidbench/core/random.h"
#include "tracking/scenes.h"

namespace reidbench {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const BoxLtwh kLeft{100, 100, 50, 100};
const BoxLtwh kRight{400, 100, 50, 100};

TEST(Sort, FirstFrameReportsDetectionsInOrder) {
  auto tracker = MakeSort({});
  const auto rows = RunTracker(tracker.get(), {{Detection(kRight, 0.3), Detection(kLeft, 0.7)}});
  ASSERT_THAT(Ids(rows[0]), ElementsAre(1, 2));
  EXPECT_NEAR(rows[0][0].box.left, 400, 1e-9);
  EXPECT_NEAR(rows[0][1].box.height, 100, 1e-9);
  EXPECT_EQ(rows[0][0].confidence, 0.3);
  EXPECT_EQ(rows[0][0].frame, FrameIndex(1));
}

TEST(Sort, ReportsOnlyAfterMinHitsLaterOn) {
  auto tracker = MakeSort({});
  std::vector<std::vector<TrackBox>> frames(8);
  for (int f = 4; f < 8; ++f) frames[f] = {Detection(kLeft)};
  const auto rows = RunTracker(tracker.get(), frames);
  // Starts in frame 5; three matches later it has its three hits.
  EXPECT_THAT(rows[6], IsEmpty());
  EXPECT_THAT(Ids(rows[7]), ElementsAre(1));
}

TEST(Sort, MaxAgeDecidesWhetherAGapIsSurvived) {
  std::vector<std::vector<TrackBox>> frames(10, {Detection(kLeft)});
  frames[5].clear();
  frames[6].clear();
  SortOptions options;
  options.min_hits = 0;
  options.max_age = 1;
  EXPECT_THAT(Ids(RunTracker(MakeSort(options).get(), frames)[9]), ElementsAre(2));
  options.max_age = 2;
  EXPECT_THAT(Ids(RunTracker(MakeSort(options).get(), frames)[9]), ElementsAre(1));
}

TEST(Sort, CrossingPathsAreDecidedTogether) {
  // Frame 2: detection 1 overlaps both tracks, detection 0 only the first: the best sum is taken.
  auto tracker = MakeSort({});
  const auto rows =
      RunTracker(tracker.get(), {{Detection({0, 0, 100, 100}), Detection({60, 0, 100, 100})},
                                 {Detection({35, 0, 100, 100}), Detection({75, 0, 100, 100})}});
  ASSERT_THAT(Ids(rows[1]), ElementsAre(1, 2));
  EXPECT_LT(rows[1][0].box.left, rows[1][1].box.left);
}

TEST(Sort, MinScoreLeavesOut) {
  SortOptions options;
  options.min_score = 0.5;
  const auto rows =
      RunTracker(MakeSort(options).get(), {{Detection(kLeft, 0.49), Detection(kRight, 0.5)}});
  ASSERT_EQ(rows[0].size(), 1u);
  EXPECT_NEAR(rows[0][0].box.left, 400, 1e-9);
}

TEST(Sort, UnusableBoxesAreLeftOut) {
  const double nan = std::nan("");
  const auto rows =
      RunTracker(MakeSort({}).get(),
                 {{Detection({0, 0, 0, 10}), Detection({0, 0, 10, -5}), Detection({nan, 0, 10, 10}),
                   Detection({0, 0, 1e300, 1e300}), Detection(kLeft)}});
  EXPECT_THAT(Ids(rows[0]), ElementsAre(1));
}

TEST(Sort, IdentitiesAreUniqueAndRowsFiniteUnderNoise) {
  Rng rng(5);
  SortOptions options;
  options.min_hits = 0;
  options.max_age = 3;
  std::vector<std::vector<TrackBox>> frames(300);
  for (auto& frame : frames) {
    const uint64_t count = rng.Below(25);
    for (uint64_t i = 0; i < count; ++i) {
      frame.push_back(Detection(
          {rng.Uniform(0, 200), rng.Uniform(0, 200), rng.Uniform(0.01, 80), rng.Uniform(0.01, 80)},
          rng.Uniform()));
    }
  }
  for (size_t f = 0; const auto& rows : RunTracker(MakeSort(options).get(), frames)) {
    int64_t previous = 0;
    for (const TrackBox& row : rows) {
      EXPECT_GT(row.id.value, previous);  // ascending, so no identity twice
      previous = row.id.value;
      EXPECT_TRUE(std::isfinite(row.box.left + row.box.top + row.box.width + row.box.height));
      EXPECT_GT(row.box.width, 0);
    }
    EXPECT_LE(rows.size(), frames[f++].size());
  }
}

TEST(Sort, OptionsAreChecked) {
  SortOptions options;
  options.max_age = -1;
  options.iou_threshold = 1.5;
  EXPECT_THAT(options.Validate(), ElementsAre("max_age: expected at least 0, found -1",
                                              "iou_threshold: expected 0..1, found 1.5"));
  EXPECT_THROW(MakeSort(options), Error);
}

}  // namespace
}  // namespace reidbench
