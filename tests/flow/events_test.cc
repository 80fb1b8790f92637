#include "reidbench/flow/events.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "reidbench/core/error.h"
#include "support/expect_error.h"

namespace reidbench {
namespace {

using ::testing::HasSubstr;

// A person of 100 px whose feet are there.
FlowRow At(int64_t id, double x, double y) {
  FlowRow row;
  row.id = id;
  row.box = {x - 20, y - 100, 40, 100};
  return row;
}

FlowScene SceneOf(const std::string& zones, double frame_rate = 10) {
  FlowScene scene;
  scene.zones = ParseZones(zones, "z.yaml");
  scene.frame_rate = frame_rate;
  return scene;
}

// A line across a picture at y = 200; in is downwards.
const char kLine[] = "lines: {door: {from: [0, 200], to: [400, 200]}}\n";

using Way = std::function<std::vector<FlowRow>(double seconds)>;

FlowEvents Walk(const FlowScene& scene, const FlowRules& rules, double seconds, const Way& way) {
  FlowCounter counter(scene, rules);
  const auto frames = static_cast<int64_t>(std::lround(seconds * scene.frame_rate));
  for (int64_t f = 1; f <= frames; ++f) {
    const std::vector<FlowRow> rows = way(static_cast<double>(f - 1) / scene.frame_rate);
    if (!rows.empty()) counter.Step(f, rows);
  }
  return counter.Finish();
}

TEST(Crossings, HaveDirectionTimeAndPlace) {
  const FlowEvents events = Walk(SceneOf(kLine), FlowRules().Plain(), 4, [](double s) {
    return std::vector<FlowRow>{At(1, 100, 103 + 50 * s), At(2, 300, 297 - 50 * s)};
  });
  ASSERT_EQ(events.crossings.size(), 2u);
  const FlowEvents smoothed = Walk(SceneOf(kLine), FlowRules(), 4, [](double s) {
    return std::vector<FlowRow>{At(1, 100, 103 + 50 * s), At(2, 300, 297 - 50 * s)};
  });
  ASSERT_EQ(smoothed.crossings.size(), 2u);
  EXPECT_NEAR(smoothed.crossings[0].time_s, 97.0 / 50, 0.02);
  EXPECT_TRUE(events.crossings[0].in);
  EXPECT_EQ(events.crossings[0].id, 1);
  EXPECT_NEAR(events.crossings[0].time_s, 97.0 / 50, 1e-9);
  EXPECT_NEAR(events.crossings[0].at.y, 200, 1e-9);
  EXPECT_FALSE(events.crossings[1].in);
}

TEST(Crossings, NeedTheLineBetweenItsEnds) {
  const FlowEvents events = Walk(SceneOf(kLine), FlowRules(), 4, [](double s) {
    return std::vector<FlowRow>{At(1, 450, 103 + 50 * s)};
  });
  EXPECT_TRUE(events.crossings.empty());
}

TEST(Crossings, JitterAtTheLineIsNone) {
  const FlowEvents events = Walk(SceneOf(kLine), FlowRules(), 10, [](double s) {
    return std::vector<FlowRow>{At(1, 100, 200 + 6 * std::sin(9 * s))};
  });
  EXPECT_TRUE(events.crossings.size() <= 1) << "the last one may be under way when it ends";
  FlowRules bare;
  bare.hysteresis = 0;
  const FlowEvents all = Walk(SceneOf(kLine), bare, 10, [](double s) {
    return std::vector<FlowRow>{At(1, 100, 200 + 6 * std::sin(9 * s))};
  });
  EXPECT_GT(all.crossings.size(), 20u);
}

TEST(Crossings, DoNotDependOnTheFrameRate) {
  std::vector<size_t> counts;
  for (const double rate : {25.0, 12.5, 5.0}) {
    const FlowEvents events = Walk(SceneOf(kLine, rate), FlowRules(), 60, [](double s) {
      std::vector<FlowRow> rows;
      for (int id = 0; id < 8; ++id)
        rows.push_back(At(id, 40 + 40 * id, 200 + 90 * std::sin(0.5 * s + id)));
      return rows;
    });
    counts.push_back(events.crossings.size());
  }
  EXPECT_EQ(counts[0], counts[1]);
  EXPECT_EQ(counts[0], counts[2]);
  EXPECT_GT(counts[0], 60u);
}

TEST(Crossings, TheOwnerOfTheLineDecidesWhoIsOnIt) {
  FlowRules bare = FlowRules().Plain();
  bare.hysteresis = 0;
  const auto touch = [&](const std::string& owner) {
    const FlowScene scene =
        SceneOf("lines: {door: {from: [0, 200], to: [400, 200], on_line: " + owner + "}}\n");
    return Walk(scene, bare, 0.3,
                [](double s) {
                  return std::vector<FlowRow>{At(1, 100, s < 0.15 && s > 0.05 ? 200 : 195)};
                })
        .crossings.size();
  };
  EXPECT_EQ(touch("right"), 2u);  // on it is below it: over, and back
  EXPECT_EQ(touch("left"), 0u);
}

TEST(Crossings, OnAMapLeftAndRightTurnOver) {
  FlowScene scene = SceneOf("units: metres\nlines: {door: {from: [0, 2], to: [4, 2]}}\n");
  const FlowEvents events = Walk(scene, FlowRules(), 4, [](double s) {
    FlowRow row;
    row.id = 1;
    row.has_box = false;
    row.has_ground = true;
    row.ground = {1, 1.03 + 0.5 * s};
    return std::vector<FlowRow>{row};
  });
  ASSERT_EQ(events.crossings.size(), 1u);
  EXPECT_FALSE(events.crossings[0].in);
}

TEST(Crossings, MetresWithoutCalibrationAreRefused) {
  const FlowScene scene = SceneOf("units: metres\nlines: {door: {from: [0, 2], to: [4, 2]}}\n");
  EXPECT_THAT(MessageOf(ErrorKind::kInput,
                        [&] {
                          FlowCounter counter(scene, FlowRules());
                          const FlowRow row = At(1, 0, 0);
                          counter.Step(1, std::span(&row, 1));
                        }),
              HasSubstr("z.yaml: units metres need places"));
}

// Somebody crosses while the track is renamed and three frames are missing.
std::vector<FlowRow> Renamed(double s) {
  const double y = 120 + 40 * s;
  if (s > 1.75 && s < 2.15) return {};
  return {At(s < 2 ? 1 : 2, 100, y)};
}

TEST(Repairs, StitchTracksThatBreakAtTheLine) {
  FlowRules rules;
  EXPECT_EQ(Walk(SceneOf(kLine), rules, 4, Renamed).crossings.size(), 1u);
  rules.stitch = false;
  EXPECT_EQ(Walk(SceneOf(kLine), rules, 4, Renamed).crossings.size(), 0u);
}

// Two people on either side stand still and exchange ids again and again.
std::vector<FlowRow> Exchanged(double s) {
  const bool turned = static_cast<int>(s) % 2 == 1;
  return {At(turned ? 2 : 1, 100, 100), At(turned ? 1 : 2, 100, 300)};
}

TEST(Repairs, ATeleportIsNoCrossing) {
  FlowRules rules;
  EXPECT_EQ(Walk(SceneOf(kLine), rules, 10, Exchanged).crossings.size(), 0u);
  rules.teleport = false;
  EXPECT_GE(Walk(SceneOf(kLine), rules, 10, Exchanged).crossings.size(), 16u);
}

TEST(Repairs, TwoTracksOfOnePersonCountOnce) {
  const Way twins = [](double s) {
    return std::vector<FlowRow>{At(1, 100, 103 + 50 * s), At(2, 104, 101 + 50 * s)};
  };
  FlowRules rules;
  EXPECT_EQ(Walk(SceneOf(kLine), rules, 4, twins).crossings.size(), 1u);
  rules.duplicates = false;
  EXPECT_EQ(Walk(SceneOf(kLine), rules, 4, twins).crossings.size(), 2u);
}

TEST(Repairs, RowsWithoutIdentityAreNobody) {
  const Way nameless = [](double s) { return std::vector<FlowRow>{At(-1, 100, 103 + 50 * s)}; };
  FlowRules rules;
  const FlowEvents events = Walk(SceneOf(kLine), rules, 4, nameless);
  EXPECT_TRUE(events.crossings.empty());
  EXPECT_TRUE(events.people.empty());
  EXPECT_EQ(events.health.nameless, 40);
  rules.nameless = false;
  EXPECT_EQ(Walk(SceneOf(kLine), rules, 4, nameless).crossings.size(), 1u);
}

const char kZone[] = "zones: {hall: {polygon: [[0, 200], [400, 200], [400, 400], [0, 400]]}}\n";

TEST(Visits, SayHowTheyBeganAndEnded) {
  // 1 comes and goes, 2 is there at the end, 3 is lost inside, 4 was there from the beginning.
  const FlowEvents events = Walk(SceneOf(kZone), FlowRules(), 10, [](double s) {
    std::vector<FlowRow> rows = {At(1, 50, s > 2 && s < 5 ? 300 : 100),
                                 At(2, 150, s > 6 ? 300 : 100)};
    if (s < 4) rows.push_back(At(3, 250, s > 1 ? 300 : 100));
    rows.push_back(At(4, 350, s < 3 ? 300 : 100));
    return rows;
  });
  ASSERT_EQ(events.visits.size(), 4u);
  const auto of = [&](int64_t id) {
    for (const FlowVisit& visit : events.visits) {
      if (visit.id == id) return visit;
    }
    return FlowVisit();
  };
  EXPECT_EQ(of(1).begin, VisitEnd::kSeen);
  EXPECT_EQ(of(1).end, VisitEnd::kSeen);
  EXPECT_NEAR(of(1).dwell_s(), 2.9, 1e-9);  // 29 records of a tenth of a second
  EXPECT_NEAR(of(1).inside_s, 2.9, 1e-9);
  EXPECT_EQ(of(2).end, VisitEnd::kOpen);
  EXPECT_EQ(of(3).end, VisitEnd::kLost);
  EXPECT_EQ(of(4).begin, VisitEnd::kOpen);
  EXPECT_EQ(of(4).end, VisitEnd::kSeen);
  EXPECT_EQ(events.occupancy[0].most, 3);
}

TEST(Visits, ShortAbsencesEndNone) {
  const auto visits = [](double away_s) {
    return Walk(SceneOf(kZone), FlowRules(), 10,
                [&](double s) {
                  if (s > 4 && s < 4 + away_s) return std::vector<FlowRow>{};
                  return std::vector<FlowRow>{At(1, 50, 300)};
                })
        .visits;
  };
  EXPECT_EQ(visits(0.5).size(), 1u);
  EXPECT_NEAR(visits(0.5)[0].inside_s, 10, 1e-6);  // bridged
  EXPECT_EQ(visits(2).size(), 2u);
  EXPECT_EQ(visits(2)[1].number, 2);
}

TEST(Visits, AQueueServesAtItsPoint) {
  const FlowEvents events = Walk(
      SceneOf("zones: {q: {polygon: [[0, 200], [400, 200], [400, 400], [0, 400]], kind: queue, "
              "serving_point: [300, 300], serving_radius: 20}}\n"),
      FlowRules(), 20, [](double s) {
        return std::vector<FlowRow>{At(1, s < 3 ? 50 : s < 9 ? 150 : 300, s < 1 ? 100 : 300)};
      });
  ASSERT_EQ(events.visits.size(), 1u);
  ASSERT_TRUE(events.visits[0].served_s.has_value());
  EXPECT_NEAR(*events.visits[0].served_s - events.visits[0].enter_s, 8, 0.11);
}

TEST(FlowCounter, TellsWhatIsDecidedAtOnce) {
  const FlowScene scene = SceneOf(kLine);
  FlowCounter counter(scene, FlowRules().Plain());
  int64_t told_at = 0, frame = 0;
  counter.on_crossing = [&](const FlowCrossing&) { told_at = frame; };
  for (frame = 1; frame <= 40; ++frame) {
    const FlowRow row = At(1, 100, 98 + 5 * static_cast<double>(frame));
    counter.Step(frame, std::span(&row, 1));
  }
  EXPECT_EQ(told_at, 23);  // 10 px, a tenth of the body, behind the line
  EXPECT_EQ(counter.Finish().crossings.size(), 1u);
}

TEST(FlowCounter, ManyPeopleOneAfterTheOtherKeepNoTracks) {
  // Everybody passes alone: nothing of one may leak into the next.
  const FlowEvents events = Walk(SceneOf(kLine), FlowRules(), 400, [](double s) {
    const auto person = static_cast<int64_t>(s / 4);
    return std::vector<FlowRow>{At(person, 100, 103 + 50 * (s - 4 * static_cast<double>(person)))};
  });
  EXPECT_EQ(events.crossings.size(), 100u);
  EXPECT_EQ(events.people.size(), 100u);
}

}  // namespace
}  // namespace reidbench
