#include "reidbench/profiling/workload.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reidbench/core/error.h"
#include "reidbench/profiling/planner.h"
#include "support/expect_error.h"
#include "support/machine_profile.h"

namespace reidbench {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::string WorkloadRefusal(const std::string& text) {
  return MessageOf(ErrorKind::kConfig, [&] { ReadWorkload(ParseConfig(text, "w.yaml")); });
}

TEST(ReadWorkload, ReadsEveryValue) {
  const Workload w = ReadWorkload(ParseConfig(R"(name: hall
cameras: 12
frame_rate: 12.5
people_per_frame: 7.5
people_distribution: fixed
reid_every_n_frames: 3
resolution: [640, 480]
crop: [32, 64]
crop_jpeg_bytes: 1500
stages: {decode_frame: edge, track: edge, decode: server, write: server}
architecture: osnet_x1_0
engine: libtorch
precision: fp32
batch: 8
tracker: sort
network: {mbit_per_s: 50, latency_ms: 4}
latency: {percentile: 99, target_ms: 80}
utilisation: 0.5
)",
                                              "w.yaml"));
  EXPECT_EQ(w.cameras, 12);
  EXPECT_FALSE(w.people_vary);
  EXPECT_EQ(w.frame_width, 640);
  EXPECT_EQ(w.crop_height, 64);
  EXPECT_EQ(w.decode_frame, StagePlace::kEdge);
  EXPECT_EQ(w.track, StagePlace::kEdge);
  EXPECT_EQ(w.embed, StagePlace::kServer);  // the default
  EXPECT_EQ(w.network->mbit_per_s, 50);
  EXPECT_EQ(w.latency_percentile, 99);
  EXPECT_EQ(w.utilisation, 0.5);
}

TEST(ReadWorkload, NamesEverythingThatIsImpossible) {
  EXPECT_THAT(
      WorkloadRefusal("cameras: 0\nframe_rate: -25\nutilisation: 1.2\npeople_per_frame: 0\n"),
      AllOf(HasSubstr("w.yaml:1:"), HasSubstr("found '0'"), HasSubstr("frame_rate"),
            HasSubstr("utilisation"), HasSubstr("people_per_frame")));
  EXPECT_THAT(WorkloadRefusal("framerate: 25\n"),
              AllOf(HasSubstr("framerate"), HasSubstr("did you mean 'frame_rate'")));
  EXPECT_THAT(WorkloadRefusal("cameras: many\n"), HasSubstr("or max, found 'many'"));
  EXPECT_THAT(WorkloadRefusal("crop: [64]\n"), HasSubstr("[width, height]"));
  EXPECT_THAT(WorkloadRefusal("stages: {embed: cloud}\n"), HasSubstr("edge"));
  EXPECT_THAT(WorkloadRefusal("stages: {embed: edge, resize: server}\n"),
              HasSubstr("in one place"));
  EXPECT_THAT(WorkloadRefusal("stages: {decode: edge, resize: edge, embed: edge}\n"),
              HasSubstr("network: missing"));
  EXPECT_THAT(WorkloadRefusal("stages: {decode: server, resize: edge, embed: edge, track: none}\n"
                              "network: {mbit_per_s: 10}\n"),
              HasSubstr("data flows one way"));
  EXPECT_THAT(WorkloadRefusal("stages: {decode: none, resize: none, embed: none, track: none}\n"),
              HasSubstr("nothing is left to plan"));
  EXPECT_THAT(WorkloadRefusal("network: {latency_ms: 3}\n"), HasSubstr("mbit_per_s"));
}

TEST(LoadWorkload, SamplesAreInOrder) {
  for (const char* name : {"shop", "airport", "queue"}) {
    const Workload w = LoadWorkload(name);
    EXPECT_EQ(w.name, name);
    EXPECT_TRUE(w.Validate().empty());
  }
  EXPECT_EQ(LoadWorkload("shop", {"people_per_frame=12", "latency.target_ms=90"}).people_per_frame,
            12);
  EXPECT_THROW(LoadWorkload("shop", {"people=12"}), Error);
  EXPECT_THROW(LoadWorkload("nowhere"), Error);
}

}  // namespace
}  // namespace reidbench
