#include "reidbench/flow/tool_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "reidbench/core/error.h"
#include "support/expect_error.h"

namespace reidbench {
namespace {

using ::testing::HasSubstr;

FlowRow Standing(int64_t id, double x, double y) {  // 40 x 100 with this foot point
  FlowRow row;
  row.id = id;
  row.box = {x - 20, y - 100, 40, 100};
  return row;
}

ToolCounts Count(const std::string& tool, const std::vector<std::vector<FlowRow>>& frames,
                 const FlowToolOptions& options = {}) {
  FlowScene scene;
  scene.zones = ParseZones(
      "lines: {door: {from: [0, 200], to: [400, 200]}}\n"
      "zones: {hall: {polygon: [[0, 200], [400, 200], [400, 600], [0, 600]]}}\n",
      "z.yaml");
  scene.frame_rate = 10;
  const auto counter = MakeFlowTool(tool, scene, options);
  for (size_t f = 0; f < frames.size(); ++f) counter->Step(static_cast<int64_t>(f) + 1, frames[f]);
  return counter->Finish();
}

std::vector<std::vector<FlowRow>> Feet(int64_t id, std::initializer_list<double> ys) {
  std::vector<std::vector<FlowRow>> frames;
  for (const double y : ys) frames.push_back({Standing(id, 200, y)});
  return frames;
}

TEST(Supervision, WantsAllCornersOnOneSide) {
  EXPECT_EQ(Count("supervision", Feet(1, {150, 190, 250, 350})).lines[0].in, 1);
  // Feet over, head not yet: no crossing.
  EXPECT_EQ(Count("supervision", Feet(1, {150, 190, 250, 280})).lines[0].in, 0);
  // Beyond the perpendicular at the line's end.
  std::vector<std::vector<FlowRow>> aside;
  for (const double y : {150.0, 350.0}) aside.push_back({Standing(1, 395, y)});
  EXPECT_EQ(Count("supervision", aside).lines[0].in, 0);
}

TEST(Supervision, OneFrameOfFlickerCountsTheWrongWay) {
  // Threshold 1: there and back. Threshold 2: the way back alone (issue 2598).
  const auto flicker = Feet(1, {150, 150, 150, 350, 150, 150, 150});
  const ToolCounts one = Count("supervision", flicker);
  EXPECT_EQ(one.lines[0].in, 1);
  EXPECT_EQ(one.lines[0].out, 1);
  const ToolCounts two = Count("supervision", flicker, {.supervision_threshold = 2});
  EXPECT_EQ(two.lines[0].in, 0);
  EXPECT_EQ(two.lines[0].out, 1);
}

TEST(Supervision, RowsWithoutIdentityAreOnePerson) {
  // Two people of id -1 on either side of the line: each frame is a crossing there and back (issue
  // 2578).
  std::vector<std::vector<FlowRow>> frames;
  for (int f = 0; f < 10; ++f) frames.push_back({Standing(-1, 100, 150), Standing(-1, 300, 350)});
  const ToolCounts counts = Count("supervision", frames);
  EXPECT_EQ(*counts.lines[0].in + *counts.lines[0].out, 19);
}

TEST(Supervision, TimeInZoneIncludesAbsence) {
  const ToolCounts counts = Count("supervision", Feet(1, {300, 100, 100, 100, 300}));
  EXPECT_DOUBLE_EQ(*counts.zones[0].time_s, 0.4);
  EXPECT_DOUBLE_EQ(*counts.zones[0].inside_mean, 2.0 / 5);
}

TEST(Ultralytics, AnIdCountsOnceForEver) {
  const ToolCounts counts = Count("ultralytics", Feet(1, {200, 300, 200, 300, 200}));
  EXPECT_EQ(counts.lines[0].in, 1);
  EXPECT_EQ(counts.lines[0].out, 0);
  EXPECT_EQ(counts.zones[0].entered, 1);
}

TEST(Ultralytics, InIsDownwardsWhateverTheLine) {
  EXPECT_EQ(Count("ultralytics", Feet(1, {300, 200})).lines[0].out, 1);
}

TEST(DeepStream, CountsOneDirection) {
  const ToolCounts counts = Count("deepstream", Feet(1, {150, 250, 150, 250}));
  EXPECT_EQ(counts.lines[0].in, 2);
  EXPECT_FALSE(counts.lines[0].out.has_value());
}

TEST(OpenDataCam, EveryFragmentIsAPerson) {
  std::vector<std::vector<FlowRow>> frames;
  for (int f = 0; f < 10; ++f) frames.push_back({Standing(5 + f, 100, 150)});
  EXPECT_EQ(Count("opendatacam", frames).unique, 9);
}

TEST(Frigate, IsInsideAfterThreeFrames) {
  EXPECT_EQ(Count("frigate", Feet(1, {300, 300, 300})).zones[0].entered, 0);
  EXPECT_EQ(Count("frigate", Feet(1, {300, 300, 300, 300})).zones[0].entered, 1);
  EXPECT_EQ(Count("frigate", Feet(1, {300, 300, 100, 300, 300})).zones[0].entered, 0);
}

TEST(FlowTools, UnknownNamesAreRefused) {
  EXPECT_THAT(MessageOf(ErrorKind::kUsage, [] { MakeFlowTool("supervison", FlowScene()); }),
              HasSubstr("did you mean 'supervision'"));
  for (const std::string& name : FlowToolNames()) EXPECT_EQ(Count(name, {}).tool, name);
}

}  // namespace
}  // namespace reidbench
