#include "reidbench/profiling/planner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "reidbench/core/error.h"
#include "support/expect_error.h"
#include "support/machine_profile.h"

namespace reidbench {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// 10 people in every frame of 10 a second: decoding 0.5 ms, resizing 0.5 ms, embedding 10 images
// 2 + 9 (16 - 2) / 15 = 10.4 ms, tracking 0.02 ms.
Workload TenPeople() {
  Workload w;
  w.frame_rate = 10;
  w.people_per_frame = 10;
  w.people_vary = false;
  w.utilisation = 0.5;
  w.latency_target_ms = 1000;
  return w;
}
constexpr double kFrameMs = 0.5 + 0.5 + 10.4 + 0.02;

std::string Refusal(const MachineProfile& profile, const Workload& workload) {
  return MessageOf(ErrorKind::kConfig, [&] { MakePlan(profile, nullptr, workload); });
}

TEST(CostOn, AddsUpWhatAFrameCosts) {
  const FrameCost cost = CostOn(RoundProfile(), TenPeople(), StagePlace::kServer);
  EXPECT_NEAR(cost.mean_ms, kFrameMs, 1e-9);
  EXPECT_NEAR(cost.every_frame_ms, 0.02, 1e-12);
  EXPECT_EQ(cost.frames_share, 1);
  double shares = 0, mean = 0;
  for (const ServiceClass& c : cost.reid_frames) {
    shares += c.share;
    mean += 1e3 * c.share * c.service_s;
  }
  EXPECT_NEAR(shares, 1, 1e-9);
  EXPECT_NEAR(mean, kFrameMs, 1e-9);
  ASSERT_EQ(cost.plain_frames.size(), 1u);
  EXPECT_NEAR(cost.plain_frames[0].service_s, 0.02e-3, 1e-12);
  EXPECT_EQ(CostOn(RoundProfile(), TenPeople(), StagePlace::kEdge).mean_ms, 0);
}

TEST(CostOn, LargeCrowdsTakeSeveralCalls) {
  Workload w = TenPeople();
  w.people_per_frame = 40;  // calls of 16, 16 and 8: 16 + 16 + (2 + 7 * 14 / 15) ms
  w.track = StagePlace::kNone;
  const FrameCost cost = CostOn(RoundProfile(), w, StagePlace::kServer);
  EXPECT_NEAR(cost.mean_ms, 40 * 0.1 + 32 + 2 + 7.0 * 14 / 15, 1e-9);
}

TEST(CostOn, ReIdEveryFewFramesIsSpread) {
  Workload w = TenPeople();
  w.reid_every_n_frames = 4;
  const FrameCost every = CostOn(RoundProfile(), w, StagePlace::kServer);
  EXPECT_NEAR(every.mean_ms, 0.02 + 11.4 / 4, 1e-9);
  EXPECT_EQ(every.frames_share, 1);  // tracking looks at each
  w.track = StagePlace::kNone;
  const FrameCost some = CostOn(RoundProfile(), w, StagePlace::kServer);
  EXPECT_EQ(some.frames_share, 0.25);
  EXPECT_TRUE(some.plain_frames.empty());
  EXPECT_NEAR(some.reid_frames.at(10).service_s, 0.0114, 1e-9);
}

TEST(CostOn, PoissonCrowdsCostAsMuchOnAverage) {
  Workload w = TenPeople();
  w.batch = 1;  // work is then linear in people
  const double fixed = CostOn(RoundProfile(), w, StagePlace::kServer).mean_ms;
  w.people_vary = true;
  const FrameCost cost = CostOn(RoundProfile(), w, StagePlace::kServer);
  EXPECT_NEAR(cost.mean_ms, fixed, 1e-6 * fixed);
  double squares = 0, mean = 0;
  for (const ServiceClass& c : cost.reid_frames) {
    mean += c.share * c.service_s;
    squares += c.share * c.service_s * c.service_s;
  }
  EXPECT_NEAR(squares / (mean * mean) - 1, 0.1, 0.001);  // Poisson: 1 / 10
}

TEST(MakePlan, FillsFourCores) {
  const Plan plan = MakePlan(RoundProfile(), nullptr, TenPeople());
  // Half of 4000 ms a second, 10 frames a second each.
  EXPECT_EQ(plan.sustainable, static_cast<int64_t>(2000 / (10 * kFrameMs)));
  EXPECT_NEAR(plan.saturated_cameras, 4000 / (10 * kFrameMs), 1e-6);
  EXPECT_EQ(plan.at_latency, plan.sustainable);
  EXPECT_EQ(plan.cameras_per_machine, plan.at_latency);
  EXPECT_EQ(plan.saturates_first, "embed");
  EXPECT_FALSE(plan.network.has_value());
  double used = 0;
  for (const PlanUtilisation& u : plan.utilisation) {
    EXPECT_EQ(u.resource, "server cores");
    used += u.share;
  }
  EXPECT_NEAR(used, static_cast<double>(plan.sustainable) * 10 * kFrameMs / 4000, 1e-9);
  EXPECT_GE(plan.latency_ms.p50, kFrameMs - 1e-6);
  EXPECT_LE(plan.latency_ms.p50, plan.latency_ms.p95);
  EXPECT_LE(plan.latency_ms.p95, plan.latency_ms.p99);
}

TEST(MakePlan, LatencyCanBeTheTighterLimit) {
  Workload w = TenPeople();
  w.utilisation = 1;
  w.latency_percentile = 99;
  w.latency_target_ms = kFrameMs + 2;
  const Plan plan = MakePlan(RoundProfile(), nullptr, w);
  EXPECT_LT(plan.at_latency, plan.sustainable);
  EXPECT_GE(plan.at_latency, 1);
  EXPECT_LE(plan.latency_ms.p99, w.latency_target_ms + 1e-6);
  w.latency_target_ms = 5;  // less than the work itself
  const Plan none = MakePlan(RoundProfile(), nullptr, w);
  EXPECT_EQ(none.at_latency, 0);
  w.cameras = 7;
  EXPECT_EQ(MakePlan(RoundProfile(), nullptr, w).machines_needed, 0);
}

TEST(MakePlan, CountsMachinesForASite) {
  Workload w = TenPeople();
  w.cameras = 100;
  const Plan plan = MakePlan(RoundProfile(), nullptr, w);
  EXPECT_EQ(plan.at_latency, 17);
  EXPECT_EQ(plan.machines_needed, 6);       // 100 / 17
  EXPECT_EQ(plan.cameras_per_machine, 17);  // 100 / 6, the fullest one
}

TEST(MakePlan, MoreOfAnythingHoldsFewerCameras) {
  const int64_t base = MakePlan(RoundProfile(), nullptr, TenPeople()).sustainable;
  Workload w = TenPeople();
  w.people_per_frame = 15;
  EXPECT_LT(MakePlan(RoundProfile(), nullptr, w).sustainable, base);
  w = TenPeople();
  w.frame_rate = 20;
  EXPECT_LT(MakePlan(RoundProfile(), nullptr, w).sustainable, base);
  w = TenPeople();
  w.reid_every_n_frames = 2;
  EXPECT_GT(MakePlan(RoundProfile(), nullptr, w).sustainable, base);
  MachineProfile larger = RoundProfile();
  larger.host.logical_cores = 8;
  EXPECT_GE(MakePlan(larger, nullptr, TenPeople()).sustainable, 2 * base);
}

TEST(MakePlan, TheLinkCanSaturateFirst) {
  Workload w = TenPeople();
  w.network = {.mbit_per_s = 10, .latency_ms = 3};
  const Plan plan = MakePlan(RoundProfile(), nullptr, w);
  // 10 crops of 3000 bytes and 10 boxes of 48, 10 times a second, with 5 % of headers.
  const double mbit = 8e-6 * 1.05 * 10 * (10 * 3000 + 10 * 48);
  EXPECT_EQ(plan.sustainable, static_cast<int64_t>(5 / mbit));
  EXPECT_EQ(plan.saturates_first, "network");
  ASSERT_TRUE(plan.network.has_value());
  EXPECT_NEAR(plan.network->mbit_per_s, static_cast<double>(plan.sustainable) * mbit, 1e-9);
  EXPECT_EQ(plan.network->capacity, 10);
  // Three milliseconds on the way, and 25.6 for ten crops to go through.
  EXPECT_GT(plan.latency_ms.p50, kFrameMs + 3 + 25);
}

TEST(MakePlan, EdgesWorkBesideTheServer) {
  Workload w = TenPeople();
  w.decode = w.resize = w.embed = w.track = StagePlace::kEdge;
  w.write = StagePlace::kServer;
  w.network = {.mbit_per_s = 1000, .latency_ms = 1};
  MachineProfile edge = RoundProfile();
  edge.host.logical_cores = 1;
  const Plan plan = MakePlan(RoundProfile(), &edge, w);
  EXPECT_GT(plan.sustainable, 100);
  double edge_share = 0;
  for (const PlanUtilisation& u : plan.utilisation) {
    if (u.resource == "edge cores") edge_share += u.share;
  }
  EXPECT_NEAR(edge_share, 10 * kFrameMs / 1000, 1e-9);
  // An edge that cannot keep up holds not even its own camera.
  w.frame_rate = 60;
  const Plan slow = MakePlan(RoundProfile(), &edge, w);
  EXPECT_EQ(slow.sustainable, 0);
  EXPECT_EQ(slow.saturates_first, "embed");
}

TEST(CostOn, RelinkingComesInPieces) {
  MachineProfile profile = RoundProfile();
  StageVariant boxes;
  boxes.numbers = {{"boxes_per_frame", 10}};
  profile.stages.push_back(Measured("relink", "boxes", 0.002, boxes));
  Workload w = TenPeople();
  w.relink = StagePlace::kServer;
  const FrameCost cost = CostOn(profile, w, StagePlace::kServer);
  EXPECT_NEAR(cost.mean_ms, kFrameMs + 0.02, 1e-9);
  double mean = 0, longest = 0;
  for (const ServiceClass& c : cost.reid_frames) {
    mean += 1e3 * c.share * c.service_s;
    if (c.share > 0) longest = std::max(longest, 1e3 * c.service_s);
  }
  EXPECT_NEAR(mean, cost.mean_ms, 1e-9);
  EXPECT_NEAR(longest, kFrameMs + 250 * 0.02, 1e-9);
}

TEST(MakePlan, ListsWhatOtherEnginesWouldHold) {
  MachineProfile profile = RoundProfile();
  StageVariant v;
  v.words = {{"architecture", "osnet_x0_25"}, {"engine", "onednn"}, {"precision", "bf16"}};
  v.numbers = {{"batch", 16}, {"threads", 4}};
  profile.stages.push_back(Measured("embed", "images", 0.5, v));
  const Plan plan = MakePlan(profile, nullptr, TenPeople());
  ASSERT_EQ(plan.alternatives.size(), 2u);
  EXPECT_EQ(plan.alternatives[0].precision, "bf16");  // 5 ms a frame in place of 10.4
  EXPECT_EQ(plan.alternatives[0].at_latency, static_cast<int64_t>(2000 / (10 * (1.02 + 5))));
  EXPECT_EQ(plan.alternatives[1].precision, "fp32");
  EXPECT_EQ(plan.alternatives[1].at_latency, plan.at_latency);
}

TEST(MakePlan, EdgesAloneHaveNoLimit) {
  Workload w = TenPeople();
  w.decode = w.resize = w.embed = w.track = StagePlace::kEdge;
  const Plan plan = MakePlan(RoundProfile(), nullptr, w);
  EXPECT_EQ(plan.at_latency, 1'000'000);
  EXPECT_EQ(plan.saturates_first, "embed");
  EXPECT_THAT(plan.assumptions.back(), HasSubstr("nothing limits their number"));
}

TEST(MakePlan, NamesWhatTheProfileLacks) {
  Workload w = TenPeople();
  w.architecture = "osnet_x1_0";
  EXPECT_THAT(Refusal(RoundProfile(), w),
              AllOf(HasSubstr("Round CPU"), HasSubstr("architecture osnet_x1_0"),
                    HasSubstr("it has: architecture osnet_x0_25")));
  w = TenPeople();
  w.engine = "tensorrt";
  EXPECT_THAT(Refusal(RoundProfile(), w), HasSubstr("engine tensorrt"));
  w = TenPeople();
  w.precision = "int8";
  EXPECT_THAT(Refusal(RoundProfile(), w), HasSubstr("precision int8"));
  w = TenPeople();
  w.relink = StagePlace::kServer;
  EXPECT_THAT(Refusal(RoundProfile(), w), HasSubstr("stage relink; it has: none"));
  w = TenPeople();
  w.frame_rate = -1;
  EXPECT_THAT(Refusal(RoundProfile(), w), HasSubstr("frame_rate"));
}

}  // namespace
}  // namespace reidbench
