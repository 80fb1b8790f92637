#include "reidbench/flow/summary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reidbench/core/files.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::Pair;

FlowRow Stand(int64_t id, double x, double y) {
  FlowRow row;
  row.id = id;
  row.has_box = false;
  row.has_ground = true;
  row.ground = {x, y};
  return row;
}

CameraFlow Counted(const FlowScene& scene, const FlowRules& rules,
                   const std::function<std::vector<FlowRow>(int64_t)>& rows, int64_t frames) {
  CameraFlow camera;
  camera.scene = scene;
  FlowCounter counter(scene, rules);
  for (int64_t f = 1; f <= frames; ++f) {
    const auto now = rows(f);
    if (!now.empty()) counter.Step(f, now);
  }
  camera.events = counter.Finish();
  return camera;
}

// Two people go from one door to the other, one comes back; a queue stands between.
TEST(FlowSummary, OriginsDestinationsAndWaiting) {
  FlowScene scene;
  scene.zones = ParseZones(
      "units: metres\n"
      "zones:\n"
      "  west: {polygon: [[0, 0], [2, 0], [2, 9], [0, 9]], kind: entrance}\n"
      "  q: {polygon: [[4, 0], [6, 0], [6, 9], [4, 9]], kind: queue, serving_point: [5, 5], "
      "serving_radius: 0.4}\n"
      "  east: {polygon: [[8, 0], [10, 0], [10, 9], [8, 9]], kind: exit}\n",
      "z.yaml");
  scene.frame_rate = 10;
  const CameraFlow camera = Counted(
      scene, FlowRules(),
      [](int64_t f) {
        std::vector<FlowRow> rows;
        // Stops before the counter for four seconds.
        const double x1 = f < 50   ? 0.1 * static_cast<double>(f)
                          : f < 90 ? 5
                                   : 5 + 0.1 * static_cast<double>(f - 90);
        if (x1 < 10) rows.push_back(Stand(1, x1, f < 60 ? 2 : 5));
        const double x2 = 0.1 * static_cast<double>(f) - 2;
        if (x2 > 0 && x2 < 10) rows.push_back(Stand(2, x2, 1));
        const double x3 = 10 - 0.1 * static_cast<double>(f);
        if (x3 > 0) rows.push_back(Stand(3, x3, 1));
        return rows;
      },
      200);
  const FlowSummary summary =
      SummarizeFlow(std::span(&camera, 1), false, FlowRules().passing_s, {.resamples = 0});
  EXPECT_EQ(summary.unique, 3);
  EXPECT_THAT(summary.od,
              ElementsAre(Pair(Pair("east", "west"), 1), Pair(Pair("west", "east"), 2)));
  ASSERT_TRUE(summary.zones[1].waiting.has_value());
  const WaitingSummary& waiting = *summary.zones[1].waiting;
  EXPECT_EQ(waiting.served, 1);
  EXPECT_NEAR(waiting.served_s[0], 2.0,
              0.11);                // in at x = 4 in frame 40, at the counter in frame 60
  EXPECT_EQ(waiting.abandoned, 2);  // 2.1 s are no passing
  EXPECT_TRUE(summary.speed.has_value());
  EXPECT_EQ(summary.transitions.at({"west", "q"}), 2);
}

TEST(FlowSummary, IdsAreOfTheirCameraUnlessTheyAreGlobal) {
  FlowScene scene;
  scene.zones = ParseZones(
      "units: metres\nzones: {a: {polygon: [[0, 0], [9, 0], [9, 9], [0, 9]]}}\n", "z.yaml");
  scene.frame_rate = 10;
  const auto still = [](int64_t) { return std::vector<FlowRow>{Stand(1, 1, 1)}; };
  const CameraFlow cameras[] = {Counted(scene, FlowRules(), still, 10),
                                Counted(scene, FlowRules(), still, 10)};
  EXPECT_EQ(SummarizeFlow(cameras, false, 2, {.resamples = 0}).unique, 2);
  EXPECT_EQ(SummarizeFlow(cameras, true, 2, {.resamples = 0}).unique, 1);
  EXPECT_EQ(SummarizeFlow(cameras, true, 2, {.resamples = 0}).zones[0].visitors, 1);
}

// ../shared/golden/mtmc/wildtrack/expected.json, "flow".
class Wildtrack : public ::testing::Test {
 protected:
  void SetUp() override {
    file_ = fs::path(REIDBENCH_SOURCE_DIR) / "../shared/golden/mtmc/wildtrack/ground.csv";
    if (!IsFile(file_)) GTEST_SKIP() << "../shared/golden/mtmc/wildtrack is absent";
  }
  FlowSummary Count(const std::string& owner, double hysteresis, const std::string& edges) {
    CameraFlow camera;
    camera.scene.zones = ParseZones(
        "units: metres\nlines: {mid: {from: [-100, 9], to: [100, 9], on_line: " + owner +
            "}}\nzones: {z: {polygon: [[2, 5], [6, 5], [6, 13], [2, 13]], edges: " + edges + "}}\n",
        "z.yaml");
    camera.scene.frame_rate = 10;  // 2 a second, numbered in fives
    FlowRules rules;
    rules.hysteresis = hysteresis;
    FlowCounter counter(camera.scene, rules.Plain());
    ReadFlowRows(file_, {.truth = true},
                 [&](int64_t frame, auto rows) { counter.Step(frame, rows); });
    camera.events = counter.Finish();
    return SummarizeFlow(std::span(&camera, 1), false, rules.passing_s, {.resamples = 0});
  }
  fs::path file_;
};

TEST_F(Wildtrack, CrossingsOfTheLine) {
  // The right side of the line is the near one, Y < 9.
  const LineSummary touched = Count("right", 0, "inside").lines[0];
  EXPECT_EQ(touched.in + touched.out, 40);
  const LineSummary far = Count("left", 0, "inside").lines[0];
  EXPECT_EQ(far.in, 21);  // down
  EXPECT_EQ(far.out, 17);
  for (const char* owner : {"left", "right"}) {
    const LineSummary line = Count(owner, FlowRules().hysteresis, "inside").lines[0];
    EXPECT_EQ(line.in + line.out, 38);
  }
}

TEST_F(Wildtrack, VisitorsDwellAndPresence) {
  const FlowSummary summary = Count("right", FlowRules().hysteresis, "inside");
  const ZoneSummary& zone = summary.zones[0];
  EXPECT_EQ(zone.visitors, 62);
  EXPECT_EQ(zone.visits, 67);
  EXPECT_NEAR(*zone.dwell.mean, 11.89516129032258, 1e-9);
  EXPECT_NEAR(*zone.dwell.median, 2.0, 1e-9);
  EXPECT_NEAR(*zone.dwell.most, 151.0, 1e-9);
  EXPECT_NEAR(zone.occupancy_mean, 3.6875, 1e-12);
  EXPECT_EQ(zone.occupancy_most, 9);
  // Ours counts what the last record stands for, too: half a second.
  EXPECT_NEAR(*zone.visit.mean - 0.5, 10.507462686567164, 1e-9);
  EXPECT_NEAR(*zone.visit.median - 0.5, 1.5, 1e-9);
  EXPECT_EQ(Count("right", 0.1, "outside").zones[0].visitors, 60);
  EXPECT_EQ(Count("right", 0.1, "half_open").zones[0].visitors, 60);
  EXPECT_EQ(summary.unique, 313);
  EXPECT_NEAR(*summary.presence.mean, 15.20447284345048, 1e-9);
  EXPECT_NEAR(*summary.presence.median, 10.5, 1e-9);
  EXPECT_NEAR(*summary.presence.most, 165.0, 1e-9);
  EXPECT_NEAR(summary.present_mean, 9518.0 / 400, 1e-9);
}

}  // namespace
}  // namespace reidbench
