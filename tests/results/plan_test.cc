#include "reidbench/results/plan.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "reidbench/results/json_values.h"
#include "support/machine_profile.h"

namespace reidbench {
namespace {

Workload TenPeople() {
  Workload w;
  w.frame_rate = 10;
  w.people_per_frame = 10;
  w.people_vary = false;
  w.utilisation = 0.5;
  w.latency_target_ms = 1000;
  return w;
}

TEST(RenderPlanJson, HasThePublishedKeys) {
  Workload w = TenPeople();
  w.network = {.mbit_per_s = 100, .latency_ms = 1};
  Plan plan = MakePlan(RoundProfile(), nullptr, w);
  Json json = Json::parse(RenderPlanJson(plan));
  EXPECT_EQ(json["schema"], "reidbench.plan/1");
  EXPECT_EQ(json["workload"]["people_per_frame"], 10);
  EXPECT_EQ(json["cameras"]["sustainable"], plan.sustainable);
  EXPECT_TRUE(json["cameras"]["asked"].is_null());
  EXPECT_EQ(json["cameras"]["machines_needed"], 1);
  EXPECT_EQ(json["utilisation"].size(), 5u);
  EXPECT_EQ(json["network"]["capacity"], 100);
  EXPECT_TRUE(json["validation"].is_null());
  EXPECT_FALSE(json["assumptions"].empty());
  plan.validation.emplace();
  plan.validation->measured_frames_per_s = 12;
  json = Json::parse(RenderPlanJson(plan));
  EXPECT_EQ(json["validation"]["measured_frames_per_s"], 12);
}

}  // namespace
}  // namespace reidbench
