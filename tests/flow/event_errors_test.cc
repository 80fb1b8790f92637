#include "reidbench/flow/event_errors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace reidbench {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

TEST(MatchTimes, AsManyAsCanBeThenTheLeastDistance) {
  const double truth[] = {1, 1.9}, found[] = {1.8, 2.8};
  // 1.9 is nearest to 1.8, but then 1 would be alone.
  EXPECT_THAT(MatchTimes(truth, found, 1), ElementsAre(Pair(0, 0), Pair(1, 1)));
  const double one[] = {5}, two[] = {4.5, 5.1};
  EXPECT_THAT(MatchTimes(one, two, 1), ElementsAre(Pair(0, 1)));
  EXPECT_TRUE(MatchTimes(one, std::span<const double>(), 1).empty());
  const double far[] = {6.01};
  EXPECT_TRUE(MatchTimes(one, far, 1).empty());
  const double edge[] = {6};
  EXPECT_EQ(MatchTimes(one, edge, 1).size(), 1u);
}

FlowRow Box(int64_t id, double x, double y) {
  FlowRow row;
  row.id = id;
  row.box = {x - 20, y - 100, 40, 100};
  return row;
}

class CausesTest : public ::testing::Test {
 protected:
  CausesTest() {
    scene_.zones = ParseZones("lines: {door: {from: [0, 200], to: [400, 200]}}\n", "z.yaml");
    scene_.frame_rate = 10;
  }
  EventErrors Errors() {
    const FlowRules bare = FlowRules().Plain();
    const FlowAssociation association(truth_, tracks_, scene_);
    return CompareCrossings(Count(truth_, bare), Count(tracks_, bare), association, scene_, 1)[0];
  }
  FlowEvents Count(const FlowTable& table, const FlowRules& rules) {
    FlowCounter counter(scene_, rules);
    for (const int64_t frame : table.frames()) counter.Step(frame, table.Rows(frame));
    return counter.Finish();
  }
  static double Y(int64_t frame) { return 98 + 5 * static_cast<double>(frame); }

  FlowScene scene_;
  FlowTable truth_, tracks_;
};

TEST_F(CausesTest, APersonWithoutTrackIsMissed) {
  for (int64_t f = 1; f <= 40; ++f) {
    const FlowRow row = Box(1, 100, Y(f)), other = Box(9, 350, 120);
    truth_.Add(f, std::span(&row, 1));
    tracks_.Add(f, std::span(&other, 1));
  }
  const EventErrors errors = Errors();
  EXPECT_EQ(errors.truth, 1);
  EXPECT_EQ(errors.found, 0);
  EXPECT_EQ(errors.causes.at(EventCause::kMissedPerson), 1);
  EXPECT_EQ(errors.gross(), 1);
  EXPECT_EQ(errors.net(), -1);
  EXPECT_EQ(errors.f1(), 0);
  EXPECT_FALSE(errors.precision().has_value());
}

TEST_F(CausesTest, ARenamedTrackIsAFragment) {
  for (int64_t f = 1; f <= 40; ++f) {
    const FlowRow row = Box(1, 100, Y(f)), track = Box(f < 21 ? 5 : 6, 100, Y(f));
    truth_.Add(f, std::span(&row, 1));
    tracks_.Add(f, std::span(&track, 1));
  }
  EXPECT_EQ(Errors().causes.at(EventCause::kFragment), 1);
}

TEST_F(CausesTest, ATrackOfNobodyIsFalse) {
  for (int64_t f = 1; f <= 40; ++f) {
    const FlowRow row = Box(1, 350, 120), track = Box(5, 100, Y(f));
    truth_.Add(f, std::span(&row, 1));
    tracks_.Add(f, std::span(&track, 1));
  }
  const EventErrors errors = Errors();
  EXPECT_EQ(errors.causes.at(EventCause::kFalseTrack), 1);
  EXPECT_EQ(errors.unmatched[0].id, 5);
  EXPECT_FALSE(errors.unmatched[0].missed);
}

TEST_F(CausesTest, ATrackThatGoesToSomebodyElseTeleports) {
  for (int64_t f = 1; f <= 40; ++f) {
    const FlowRow rows[] = {Box(1, 100, 120), Box(2, 100, 300)};
    const FlowRow track = Box(5, 100, f < 20 ? 120 : 300);
    truth_.Add(f, rows);
    tracks_.Add(f, std::span(&track, 1));
  }
  EXPECT_EQ(Errors().causes.at(EventCause::kTeleport), 1);
}

TEST_F(CausesTest, ASecondTrackIsADuplicate) {
  for (int64_t f = 1; f <= 40; ++f) {
    const FlowRow row = Box(1, 100, Y(f));
    const FlowRow tracks[] = {Box(5, 100, Y(f)), Box(6, 102, Y(f) - 1)};
    truth_.Add(f, std::span(&row, 1));
    // Which of the two has the person changes.
    if (f % 2 == 0) {
      tracks_.Add(f, tracks);
    } else {
      const FlowRow turned[] = {Box(5, 102, Y(f) - 1), Box(6, 100, Y(f))};
      tracks_.Add(f, turned);
    }
  }
  const EventErrors errors = Errors();
  EXPECT_EQ(errors.matched, 1);
  EXPECT_EQ(errors.causes.at(EventCause::kDuplicate), 1);
}

TEST_F(CausesTest, IdentitiesSplitAndMerge) {
  for (int64_t f = 1; f <= 40; ++f) {
    const FlowRow rows[] = {Box(1, 100, 120), Box(2, 300, 120)};
    const FlowRow tracks[] = {Box(f <= 20 ? 5 : 6, 100, 120), Box(f <= 20 ? 6 : 7, 300, 120)};
    truth_.Add(f, rows);
    tracks_.Add(f, tracks);
  }
  const IdentityPairs pairs = CountIdentityPairs(FlowAssociation(truth_, tracks_, scene_));
  EXPECT_EQ(pairs.splits, 2);
  EXPECT_EQ(pairs.merges, 1);
}

}  // namespace
}  // namespace reidbench
