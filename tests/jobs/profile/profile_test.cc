#include "reidbench/jobs/profile/profile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "reidbench/core/error.h"
#include "reidbench/imaging/decode.h"
#include "reidbench/jobs/profile/profile_inputs.h"
#include "reidbench/jobs/profile/profile_paced.h"
#include "reidbench/results/plan.h"
#include "reidbench/results/profile.h"
#include "support/expect_error.h"
#include "support/fake_engine.h"
#include "support/machine_profile.h"

namespace reidbench {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

const ProfileProgress kSilent = [](int64_t, int64_t, const std::string&) {};

std::string Refusal(const ProfileOptions& options) {
  return MessageOf(ErrorKind::kUsage, [&] { RunProfile(options, FakeEngines(), true, kSilent); });
}

TEST(RunProfile, MeasuresEveryStage) {
  ProfileOptions options;
  options.quick = true;
  options.look_s = 0.01;
  options.threads = 2;
  int64_t last = 0, total = 0;
  const MachineProfile profile =
      RunProfile(options, FakeEngines(), false, [&](int64_t done, int64_t of, const std::string&) {
        EXPECT_GE(done, last);
        last = done;
        total = of;
      });
  EXPECT_EQ(last, total);
  EXPECT_EQ(static_cast<size_t>(total), profile.stages.size() + 1);
  std::set<std::string> stages;
  for (const StageMeasurement& s : profile.stages) {
    stages.insert(s.stage);
    EXPECT_GT(s.rate, 0) << s.stage;
    EXPECT_GT(s.cpu_ms_per_item, 0) << s.stage;
    EXPECT_GT(s.latency_ms.p50, 0) << s.stage;
    EXPECT_LE(s.latency_ms.p50, s.latency_ms.p99) << s.stage;
    EXPECT_GT(s.peak_rss_mb, 1) << s.stage;
    EXPECT_GE(s.samples, 3) << s.stage;
  }
  EXPECT_EQ(stages, std::set<std::string>(ProfileStageNames().begin(), ProfileStageNames().end()));
  EXPECT_EQ(profile.peaks.size(), 2u);
  // The file carries all of it.
  const std::string json = RenderProfileJson(profile);
  EXPECT_EQ(RenderProfileJson(ParseProfileJson(json, "p")), json);
}

TEST(RunProfile, MeasuresWhatAWorkloadNeeds) {
  ProfileOptions options;
  options.quick = true;
  options.look_s = 0.01;
  options.threads = 1;
  options.workload.emplace();
  options.workload->people_per_frame = 6;
  options.workload->batch = 8;
  options.workload->tracker = "sort";
  options.workload->precision = "bf16";
  const MachineProfile profile = RunProfile(options, FakeEngines(), false, kSilent);
  std::set<std::string> stages;
  std::set<int64_t> batches;
  for (const StageMeasurement& s : profile.stages) {
    stages.insert(s.stage);
    if (s.stage == "embed") {
      batches.insert(*s.variant.Number("batch"));
      EXPECT_EQ(s.variant.Word("precision"), "bf16");
    }
  }
  EXPECT_EQ(stages, (std::set<std::string>{"decode", "resize", "embed", "track"}));
  EXPECT_EQ(batches, (std::set<int64_t>{1, 3, 6, 8}));
  EXPECT_GE(MakePlan(profile, nullptr, *options.workload).sustainable, 1);
}

TEST(RunProfile, NamesWhatItCannotMeasure) {
  ProfileOptions options;
  options.stages = {"decod"};
  EXPECT_THAT(Refusal(options), HasSubstr("unknown stage 'decod'; did you mean 'decode'?"));
  options = {};
  options.precision = "int8";
  EXPECT_THAT(Refusal(options), AllOf(HasSubstr("precision int8"), HasSubstr("fake fp32")));
  options = {};
  options.engine = "tensorrt";
  EXPECT_THAT(Refusal(options), HasSubstr("engine tensorrt"));
  options = {};
  options.architectures = {"osnet_x9"};
  EXPECT_THAT(Refusal(options), HasSubstr("osnet_x9"));
  options = {};
  options.workload.emplace();
  options.workload->engine = "tensorrt";
  EXPECT_THAT(Refusal(options), HasSubstr("engine tensorrt"));
  options.workload->engine = "auto";
  options.workload->tracker = "sorted";
  EXPECT_THAT(Refusal(options), HasSubstr("tracker 'sorted'"));
  options.workload->tracker = "deepsort";
  EXPECT_THAT(Refusal(options), HasSubstr("embeddings"));
}

TEST(RunProfile, ABuildWithoutEnginesMeasuresTheRest) {
  ProfileOptions options;
  options.stages = {"embed"};
  const MachineProfile profile = RunProfile(options, {}, true, kSilent);
  ASSERT_EQ(profile.warnings.size(), 1u);
  EXPECT_THAT(profile.warnings.front(), HasSubstr("no engine"));
}

TEST(ProfileInputs, CropsShowPeopleAndAreTheSameEveryTime) {
  const GeneratedPictures a = MakeCrops(32, 64, 5, 3);
  ASSERT_EQ(a.crops.size(), 5u);
  EXPECT_TRUE(a.frames.empty());
  EXPECT_EQ(a.crops, MakeCrops(32, 64, 5, 3).crops);
  EXPECT_NE(a.crops[0], a.crops[1]);
  RgbImage image;
  for (const JpegFile& crop : a.crops) {
    DecodeImage(crop, "crop", ExifOrientation::kIgnore, &image);
    EXPECT_EQ(image.width, 32);
    EXPECT_EQ(image.height, 64);
    EXPECT_NE(*std::max_element(image.pixels.begin(), image.pixels.end()),
              *std::min_element(image.pixels.begin(), image.pixels.end()));
  }
  EXPECT_GT(a.MeanBytes(), 300);
  const GeneratedPictures back = UnpackPictures(PackPictures(a));
  EXPECT_EQ(back.crops, a.crops);
  EXPECT_TRUE(back.frames.empty());
}

TEST(ProfileInputs, BrokenTracksAreLostAndFoundAgain) {
  const GeneratedTracks generated = MakeBrokenTracks(10, 250, 8, 7);
  EXPECT_EQ(generated.embeddings.rows(), static_cast<int64_t>(generated.tracks.boxes.size()));
  std::set<int64_t> ids;
  for (const TrackBox& box : generated.tracks.boxes) ids.insert(box.id.value);
  EXPECT_GT(ids.size(), 10u);
  EXPECT_LT(ids.size(), 60u);
}

// 5 ms an image on each of two threads: 400 images a second.
class Paced : public ::testing::Test {
 protected:
  Paced() {
    workload_.people_per_frame = 2;
    workload_.track = StagePlace::kServer;
    workload_.tracker = "sort";
    workload_.write = StagePlace::kServer;
    workload_.crop_width = 32;
    workload_.crop_height = 64;
    server_ = std::make_unique<PacedServer>(workload_, 2, MakeCrops(32, 64, 3, 1),
                                            std::make_unique<SleepingEmbedder>(5), 1);
  }
  Workload workload_;
  std::unique_ptr<PacedServer> server_;
};

TEST_F(Paced, KeepsUpWithFewFrames) {
  const PacedResult result = server_->Run(3, 20, 0.6, false);
  EXPECT_EQ(result.frames, 12);
  EXPECT_LT(result.lag_per_s, 0.3);
  EXPECT_GE(result.reid_latency_ms.p99, 5);
}

TEST_F(Paced, BacklogGrowsWithManyAndTheRestIsLeft) {
  const PacedResult result = server_->Run(5, 2000, 0.5, true);  // ten times too many
  EXPECT_GT(result.lag_per_s, 1);
  EXPECT_GT(result.frames, 0);
  EXPECT_LT(result.frames, 500);
}

TEST(ValidatePlan, HoldsThePredictionAgainstARealRun) {
  // A profile that says what the sleeping network takes: 5 ms of a core an image.
  MachineProfile profile = RoundProfile();
  for (StageMeasurement& s : profile.stages) {
    if (s.stage == "embed") s.cpu_ms_per_item = 5;
  }
  ValidationOptions options;
  options.workload.people_per_frame = 2;
  options.workload.people_vary = false;
  options.threads = 2;
  options.seconds = 0.4;
  options.steps = 3;
  options.frames = 20;
  int64_t steps = 0;
  const PlanValidation v =
      ValidatePlan(profile, options, FakeEngines(), [&](int64_t, int64_t total) { steps = total; });
  EXPECT_EQ(steps, 0);  // progress is shown by the process that runs
  EXPECT_NEAR(v.predicted_frames_per_s, 2000 / 10.21, 2);
  // Between the ends of the search whatever the machine does.
  EXPECT_GE(v.measured_frames_per_s, 0.5 * v.predicted_frames_per_s);
  EXPECT_LE(v.measured_frames_per_s, 1.6 * v.predicted_frames_per_s);
  EXPECT_NEAR(v.error_percent, 100 * (v.predicted_frames_per_s / v.measured_frames_per_s - 1),
              1e-9);
  EXPECT_GT(v.measured_latency_ms.p50, 0);
  EXPECT_GT(v.predicted_latency_ms.p50, 10);
  options.workload.decode = options.workload.resize = options.workload.embed =
      options.workload.track = StagePlace::kNone;
  EXPECT_THROW(ValidatePlan(profile, options, FakeEngines(), [](int64_t, int64_t) {}), Error);
}

TEST(ProfileReport, TableAndCsvHaveEveryVariant) {
  MachineProfile profile = RoundProfile();
  AddSharesOfPeak(&profile);
  const std::string text = RenderProfileTables(profile, TableFormat::kText);
  EXPECT_THAT(text, AllOf(HasSubstr("Round CPU"), HasSubstr("4 logical, 2 physical"),
                          HasSubstr("380"), HasSubstr("batch=16 threads=4"), HasSubstr("50.0")));
  const std::string csv = RenderProfileCsv(profile);
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'),
            1 + static_cast<int64_t>(profile.stages.size()));
  EXPECT_THAT(csv, HasSubstr("stage,unit,width,height,threads,architecture,engine,precision,batch,"
                             "type,rows,tracker,boxes_per_frame,rate,p50_ms,"));
  EXPECT_THAT(csv, HasSubstr("embed,images,,,4,osnet_x0_25,onednn,fp32,16,,,,,1000,1,1.5,2,1,64,"
                             "190,3,0.5,10"));
}

TEST(ProfileReport, PlanSaysWhatItMeans) {
  Workload w;
  w.cameras = 100;
  w.network.emplace();
  Plan plan = MakePlan(RoundProfile(), nullptr, w);
  plan.validation.emplace();
  plan.validation->error_percent = -20.5;
  plan.validation->note = "something else ran";
  const std::string text = RenderPlanTables(plan, TableFormat::kText);
  EXPECT_THAT(text, AllOf(HasSubstr("for 100 cameras"), HasSubstr("saturates first"),
                          HasSubstr("of 1,000 Mbit/s"), HasSubstr("-20.5 % (OFF)"),
                          HasSubstr("something else ran"), HasSubstr("This holds as long as")));
  EXPECT_THAT(RenderPlanCsv(plan), AllOf(HasSubstr("quantity,resource,stage,value"),
                                         HasSubstr("utilisation,server cores,embed,")));
}

}  // namespace
}  // namespace reidbench
