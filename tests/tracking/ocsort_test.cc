#include "reidbench/tracking/ocsort.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tracking/scenes.h"

namespace reidbench {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

BoxLtwh At(double x, double y = 100) { return {x, y, 50, 100}; }

TEST(OcSort, ReportsDetectionsAsTheyAre) {
  std::vector<std::vector<TrackBox>> frames;
  for (int f = 0; f < 6; ++f) frames.push_back({Detection(At(100 + 7 * f))});
  const auto rows = RunTracker(MakeOcSort({}).get(), frames);
  ASSERT_THAT(Ids(rows[5]), ElementsAre(1));
  EXPECT_EQ(rows[5][0].box, At(135));
}

TEST(OcSort, ScoresMustBeAboveTheThreshold) {
  const auto rows = RunTracker(MakeOcSort({}).get(), {{Detection(At(0), 0.6)}});
  EXPECT_THAT(rows[0], IsEmpty());
}

// After a stop during a gap the prediction is far off: only the place of the last observation
// still overlaps (OCR).
TEST(OcSort, FindsTracksWhereTheyWereLastSeen) {
  for (const bool reference : {false, true}) {
    OcSortOptions options;
    options.compat_reference = reference;
    std::vector<std::vector<TrackBox>> frames;
    for (int f = 0; f < 8; ++f) frames.push_back({Detection(At(100 + 20 * f))});
    frames.resize(16);
    frames.push_back({Detection(At(245))});
    for (int f = 0; f < 3; ++f) frames.push_back({Detection(At(245))});
    const auto rows = RunTracker(MakeOcSort(options).get(), frames);
    EXPECT_THAT(Ids(rows.back()), ElementsAre(1));
  }
}

// A walk in a straight line with a gap: after ORU the filter continues the line, so the next
// prediction meets the next detection closely enough for a strict IoU threshold.
TEST(OcSort, FilterFollowsTheObservationsOverAGap) {
  OcSortOptions options;
  options.iou_threshold = 0.6;
  options.min_hits = 0;
  std::vector<std::vector<TrackBox>> frames;
  for (int f = 0; f < 30; ++f) {
    frames.push_back({Detection(At(100 + 4 * f))});
    if (f >= 12 && f < 20) frames.back().clear();
  }
  const auto rows = RunTracker(MakeOcSort(options).get(), frames);
  EXPECT_THAT(Ids(rows.back()), ElementsAre(1));
}

// Two candidates overlap the prediction equally; the one in the direction of motion is taken
// (OCM), and with inertia 0 nothing but IoU counts.
TEST(OcSort, DirectionDecides) {
  for (const bool reference : {false, true}) {
    OcSortOptions options;
    options.compat_reference = reference;
    options.inertia = 1;
    options.delta_t = 1;
    std::vector<std::vector<TrackBox>> frames;
    for (int f = 0; f < 10; ++f) frames.push_back({Detection(At(100 + 5 * f))});
    // Predicted at 150: 15 px to the side overlaps a little less than 14 px back.
    frames.push_back({Detection(At(136)), Detection(At(165))});
    const auto with_direction = RunTracker(MakeOcSort(options).get(), frames);
    ASSERT_THAT(Ids(with_direction.back()), ElementsAre(1));
    EXPECT_EQ(with_direction.back()[0].box, At(165));
    options.inertia = 0;
    const auto without = RunTracker(MakeOcSort(options).get(), frames);
    EXPECT_EQ(without.back()[0].box, At(136));
  }
}

TEST(OcSort, LowScoresServeTracksOnlyWhenAsked) {
  std::vector<std::vector<TrackBox>> frames(6, {Detection(At(100))});
  frames.push_back({Detection(At(100), 0.3)});
  OcSortOptions options;
  EXPECT_THAT(RunTracker(MakeOcSort(options).get(), frames).back(), IsEmpty());
  options.use_byte = true;
  EXPECT_THAT(Ids(RunTracker(MakeOcSort(options).get(), frames).back()), ElementsAre(1));
}

TEST(OcSort, TracksEndAfterMaxAge) {
  OcSortOptions options;
  options.min_hits = 0;
  options.max_age = 4;
  for (const auto& [gap, id] : {std::pair(4, 1), std::pair(5, 2)}) {
    std::vector<std::vector<TrackBox>> frames(3, {Detection(At(100))});
    frames.resize(3 + static_cast<size_t>(gap));
    frames.push_back({Detection(At(100))});
    frames.push_back({Detection(At(100))});
    EXPECT_THAT(Ids(RunTracker(MakeOcSort(options).get(), frames).back()), ElementsAre(id)) << gap;
  }
}

}  // namespace
}  // namespace reidbench
