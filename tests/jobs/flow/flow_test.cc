#include "reidbench/jobs/flow/flow.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "reidbench/core/error.h"
#include "reidbench/core/parallel.h"
#include "support/expect_error.h"
#include "support/temp_folder.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::HasSubstr;
using Json = nlohmann::json;

class FlowJob : public ::testing::Test {
 protected:
  FlowJob() {
    zones_ =
        folder_.Write("zones.yaml",
                      "lines: {door: {from: [0, 200], to: [400, 200]}}\n"
                      "zones: {hall: {polygon: [[0, 200], [400, 200], [400, 400], [0, 400]]}}\n");
    std::string truth, tracks;
    for (int f = 1; f <= 80; ++f) {
      for (int id = 1; id <= 3; ++id) {
        const double y = 120 + 2 * f - 20 * id;
        truth += fmt::format("{},{},{},{},40,100,1,1,1\n", f, id, 100 * id - 20, y - 100);
        // Person 3 is renamed at the line, behind a gap.
        if (id == 3 && f > 66 && f < 72) continue;
        tracks += fmt::format("{},{},{},{},40,100,0.9,-1,-1,-1\n", f, id == 3 && f >= 72 ? 9 : id,
                              100 * id - 20, y - 100);
      }
      truth += fmt::format("{},50,10,10,40,100,0,8,1\n", f);  // a mannequin
    }
    truth_ = folder_.Write("w/S/gt/gt.txt", truth);
    folder_.Write("w/S/seqinfo.ini",
                  "[Sequence]\nseqLength=80\nframeRate=10\nimWidth=400\nimHeight=500\n");
    tracks_ = folder_.Write("tracks/S.txt", tracks).parent_path();
  }
  FlowStageOptions Options() const {
    FlowStageOptions options;
    options.tracks = {tracks_};
    options.ground_truth = folder_.path() / "w";
    options.zones = zones_;
    options.bootstrap.resamples = 100;
    return options;
  }

  TempFolder folder_;
  fs::path zones_, truth_, tracks_;
};

TEST_F(FlowJob, TheContractOfTheJson) {
  const Json json = Json::parse(RenderFlowJson(RunFlow(Options())));
  EXPECT_EQ(json["schema"], "reidbench.flow/1");
  const Json& run = json["runs"]["tracks"];
  EXPECT_EQ(run["lines"]["door"]["in"], 3);
  EXPECT_EQ(run["lines"]["door"]["out"], 0);
  EXPECT_EQ(run["zones"]["hall"]["visits"], 3);
  EXPECT_TRUE(run["zones"]["hall"]["dwell_s"]["p90"].is_number());
  EXPECT_EQ(run["unique"], 4);
  EXPECT_TRUE(run["presence_s"]["mean"].is_number());
  const Json& errors = run["errors"]["lines"]["door"];
  EXPECT_EQ(errors["F1"], 1);
  EXPECT_EQ(errors["net"], 0);
  EXPECT_EQ(errors["gross"], 0);
  EXPECT_TRUE(errors["causes"].empty());
  EXPECT_EQ(run["errors"]["unique"]["splits"], 1);
  EXPECT_EQ(json["truth"]["unique"], 3);
}

TEST_F(FlowJob, WithoutStitchingTheFragmentIsNamed) {
  FlowStageOptions options = Options();
  options.options = {"stitch=false"};
  const FlowResult result = RunFlow(options);
  const EventErrors& errors = result.runs[0].errors->lines[0].second;
  EXPECT_EQ(errors.truth, 3);
  EXPECT_EQ(errors.found, 2);
  ASSERT_EQ(errors.unmatched.size(), 1u);
  EXPECT_EQ(errors.unmatched[0].id, 3);
  EXPECT_EQ(errors.unmatched[0].cause, EventCause::kFragment);
}

TEST_F(FlowJob, TheTruthAgainstItselfIsPerfect) {
  FlowStageOptions options = Options();
  options.tracks = {truth_};
  options.ground_truth = truth_;
  const FlowResult result = RunFlow(options);
  EXPECT_EQ(*result.runs[0].errors->all_lines.f1(), 1);
  EXPECT_EQ(*result.runs[0].errors->all_zones.f1(), 1);
  EXPECT_THAT(result.warnings, Contains(HasSubstr("the ground truth itself")));
}

TEST_F(FlowJob, CorrectedTracksStandBesidePlainOnes) {
  std::string corrected;
  for (int f = 1; f <= 80; ++f) {
    for (int id = 1; id <= 3; ++id)
      corrected +=
          fmt::format("{},{},{},{},40,100,0.9\n", f, id, 100 * id - 20, 20 + 2 * f - 20 * id);
  }
  folder_.Write("better/S.txt", corrected);
  FlowStageOptions options = Options();
  options.corrected = {folder_.path() / "better"};
  const FlowResult result = RunFlow(options);
  ASSERT_EQ(result.runs.size(), 2u);
  EXPECT_EQ(result.runs[1].errors->unique_found, 3);
  EXPECT_THAT(FlowVerdict(result), HasSubstr("unique people from 4 to 3 (truth 3)"));
}

TEST_F(FlowJob, OutputHoldsEveryEvent) {
  FlowStageOptions options = Options();
  options.output = folder_.path() / "out";
  RunFlow(options);
  const std::string events = ReadFileText(options.output / "events.csv");
  EXPECT_THAT(events, HasSubstr("\ntracks,S,crossing,door,in,1,"));
  EXPECT_THAT(events, HasSubstr("\ntracks,S,visit,hall,,9,72,"));
  for (const std::string& name : FlowFileNames(true))
    EXPECT_TRUE(IsFile(options.output / name)) << name;
  EXPECT_THAT(MessageOf(ErrorKind::kUsage, [&] { RunFlow(options); }), HasSubstr("--force"));
}

TEST_F(FlowJob, TheSameForAnyNumberOfThreads) {
  std::vector<std::string> texts;
  for (const int threads : {1, 4}) {
    const ThreadLimit limit(threads);
    texts.push_back(RenderFlowJson(RunFlow(Options())));
  }
  EXPECT_EQ(texts[0], texts[1]);
}

TEST_F(FlowJob, BadInputIsNamed) {
  FlowStageOptions options = Options();
  options.ground_truth.clear();
  EXPECT_THAT(MessageOf(ErrorKind::kInput, [&] { RunFlow(options); }),
              HasSubstr("expected a frame rate, found none"));
  options.frame_rate = 10;
  options.zones =
      folder_.Write("m.yaml", "units: metres\nlines: {a: {from: [0, 0], to: [1, 0]}}\n");
  EXPECT_THAT(MessageOf(ErrorKind::kInput, [&] { RunFlow(options); }),
              HasSubstr("m.yaml: units metres need places"));
  options.zones = folder_.Write("o.yaml", "lines: {a: {from: [0, 0], to: [900, 0]}}\n");
  options.sequences = folder_.path() / "w";
  EXPECT_THAT(RunFlow(options).warnings,
              Contains(HasSubstr("o.yaml:1: line a: 1 of 2 points lie outside the picture")));
  options.options = {"stich=false"};
  EXPECT_THAT(MessageOf(ErrorKind::kConfig, [&] { RunFlow(options); }),
              HasSubstr("did you mean 'stitch'"));
  options.options.clear();
  options.tracks = {folder_.Write("bad/S.txt", "1,2\n")};
  EXPECT_THAT(MessageOf(ErrorKind::kInput, [&] { RunFlow(options); }), HasSubstr("S.txt:1"));
}

}  // namespace
}  // namespace reidbench
