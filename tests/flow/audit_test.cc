#include "reidbench/flow/audit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reidbench/core/error.h"

namespace reidbench {
namespace {

using ::testing::HasSubstr;

// 40 people walk through the picture one after the other, from border to border; every
// `break_every`th is renamed in the middle.
FlowAudit Audited(int people, int break_every, int64_t width = 960) {
  CameraFlow camera;
  camera.scene.zones = ParseZones("lines: {door: {from: [480, 0], to: [480, 540]}}\n", "z.yaml");
  camera.scene.frame_rate = 10;
  camera.scene.width = width;
  camera.scene.height = width > 0 ? 540 : 0;
  FlowCounter counter(camera.scene, FlowRules());
  int64_t frame = 0;
  for (int person = 0; person < people; ++person) {
    for (int x = 10; x <= 950; x += 10) {
      FlowRow row;
      row.id = 2 * person + (break_every > 0 && person % break_every == 0 && x > 500 ? 1 : 0);
      row.box = {static_cast<double>(x) - 20, 200, 40, 100};
      counter.Step(++frame, std::span(&row, 1));
    }
    frame += 60;
  }
  camera.events = counter.Finish();
  const FlowSummary summary =
      SummarizeFlow(std::span(&camera, 1), false, FlowRules().passing_s, {.resamples = 0});
  return AuditFlow(std::span(&camera, 1), summary);
}

TEST(FlowAudit, WholeTracksAreNotOverCounted) {
  const FlowAudit audit = Audited(40, 0);
  ASSERT_TRUE(audit.over_count.has_value());
  EXPECT_NEAR(*audit.over_count, 1, 1e-9);
  EXPECT_EQ(audit.births_inside, 0);
  EXPECT_EQ(audit.renamed, 0);
  EXPECT_EQ(audit.teleport_rate, 0);
}

TEST(FlowAudit, RenamedTracksAre) {
  const FlowAudit audit = Audited(40, 2);  // 60 ids of 40 people
  ASSERT_TRUE(audit.over_count.has_value());
  EXPECT_EQ(audit.ids, 60);
  EXPECT_NEAR(*audit.over_count, 1.5, 0.25 * 1.5);
  EXPECT_LE(audit.over_count_interval->low, 1.5);
  EXPECT_GE(audit.over_count_interval->high, 1.5);
}

TEST(FlowAudit, SaysWhenItCannotTell) {
  EXPECT_THAT(Audited(5, 0).reason, HasSubstr("cannot tell: 5 identities are too few"));
  const FlowAudit blind = Audited(40, 0, 0);
  EXPECT_FALSE(blind.over_count.has_value());
  EXPECT_THAT(blind.reason, HasSubstr("neither the size of the picture nor entrances"));
  EXPECT_FALSE(blind.births_inside.has_value());
}

}  // namespace
}  // namespace reidbench
