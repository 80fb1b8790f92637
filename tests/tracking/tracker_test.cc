#include "reidbench/tracking/tracker.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/text.h"
#include "reidbench/datasets/mot_files.h"
#include "tracking/scenes.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::ThrowsMessage;

const fs::path kConfigs = fs::path(REIDBENCH_SOURCE_DIR) / "configs" / "trackers";
const fs::path kShared = fs::path(REIDBENCH_SOURCE_DIR) / ".." / "shared";

TEST(Tracker, ConfigsHoldTheDefaults) {
  for (const std::string& file : ListFileNames(kConfigs)) {
    const ConfigNode root = LoadConfig(kConfigs / file);
    ConfigReader reader(root);
    std::string name;
    reader.Require("tracker", &name);
    EXPECT_EQ(name + ".yaml", file);
    const std::vector<OptionInfo> written = TrackerByName(name).describe(&reader);
    EXPECT_NO_THROW(reader.Finish()) << name;
    const std::vector<OptionInfo> defaults = TrackerByName(name).describe(nullptr);
    ASSERT_EQ(written.size(), defaults.size());
    for (size_t i = 0; i < defaults.size(); ++i)
      EXPECT_EQ(written[i].value, defaults[i].value) << file << ": " << defaults[i].key;
  }
}

TEST(Tracker, EveryNameMakesATracker) {
  EXPECT_THAT(MethodNames(Trackers()), testing::IsSupersetOf({"sort", "bytetrack", "deepsort"}));
  for (const TrackerMethod& tracker : Trackers()) EXPECT_NE(MakeTracker(tracker.name), nullptr);
  EXPECT_THAT([] { MakeTracker("bytetrak"); },
              ThrowsMessage<Error>("unknown tracker 'bytetrak'; did you mean 'bytetrack'?"));
}

TEST(Tracker, WrongOptionsAreAllReportedAtTheirPlace) {
  const ConfigNode root =
      ParseConfig("max_age: -2\nmin_hit: 3\ndelta_t: 0\ncompat: old\n", "o.yaml");
  ConfigReader reader(root);
  TrackerByName("ocsort").read(&reader);
  EXPECT_THAT(
      [&] { reader.Finish(); },
      ThrowsMessage<Error>(testing::AllOf(
          HasSubstr("o.yaml:1:10: max_age: expected at least 0, found -2"), HasSubstr("min_hit"),
          HasSubstr("o.yaml:3:10: delta_t: expected 1..1000, found 0"), HasSubstr("compat"))));
}

TEST(Tracker, NewTrackThresholdFollowsTrackThreshold) {
  const ConfigNode root = ParseConfig("track_thresh: 0.4", "x");
  ConfigReader reader(root);
  const std::vector<OptionInfo> options = TrackerByName("bytetrack").describe(&reader);
  const auto follows = std::find_if(options.begin(), options.end(), [](const OptionInfo& option) {
    return option.key == "new_track_thresh";
  });
  ASSERT_NE(follows, options.end());
  EXPECT_EQ(follows->value, "0.5");
}

struct GoldenRun {
  std::string tracker;
  std::string file;
  std::string override_with;
};
const auto kGoldenRuns =
    testing::Values(GoldenRun{"sort", "sort", ""}, GoldenRun{"sort", "sort30", "max_age=30"},
                    GoldenRun{"bytetrack", "bytetrack", ""}, GoldenRun{"ocsort", "ocsort", ""});

void ExpectGoldenTracks(const GoldenRun& run, const fs::path& detections, bool use_scores,
                        const fs::path& golden) {
  ConfigNode root = ParseConfig("{}", "test");
  if (!run.override_with.empty()) ApplyOverride(&root, run.override_with);
  ConfigReader reader(root);
  const TrackerFactory make = TrackerByName(run.tracker).read(&reader);
  reader.Finish();
  const auto tracker = make();

  MotReadOptions options;
  options.kind = MotFileKind::kDetections;
  const MotFile file = ReadMotFile(detections, options);
  std::vector<std::vector<TrackBox>> frames(static_cast<size_t>(file.tracks.frame_count));
  for (TrackBox box : file.tracks.boxes) {
    if (!use_scores) box.confidence = 1;
    frames[static_cast<size_t>(box.frame.value) - 1].push_back(box);
  }
  std::string ours;
  for (const auto& rows : RunTracker(tracker.get(), frames)) {
    for (const TrackBox& row : rows) {
      ours += fmt::format("{},{},{:.2f},{:.2f},{:.2f},{:.2f},1,-1,-1,-1\n", row.frame.value,
                          row.id.value, row.box.left, row.box.top, row.box.width, row.box.height);
    }
  }
  const std::string expected = ReadFileText(golden);
  const auto our_lines = SplitText(ours, '\n');
  const auto expected_lines = SplitText(expected, '\n');
  ASSERT_GT(expected_lines.size(), 200u);
  EXPECT_EQ(our_lines.size(), expected_lines.size());
  for (size_t i = 0; i < std::min(our_lines.size(), expected_lines.size()); ++i)
    ASSERT_EQ(our_lines[i], expected_lines[i]) << "line " << i + 1;
}

// Generated detections, with what our trackers made of them when they equalled the authors' on
// RealTracks.
class GeneratedTracks : public testing::TestWithParam<GoldenRun> {};

TEST_P(GeneratedTracks, StayAsTheyWere) {
  const fs::path folder = fs::path(REIDBENCH_TEST_DATA) / "trackers";
  ExpectGoldenTracks(GetParam(), folder / "detections.txt", true,
                     folder / (GetParam().file + ".txt"));
}

INSTANTIATE_TEST_SUITE_P(Trackers, GeneratedTracks, kGoldenRuns,
                         [](const auto& run) { return run.param.file; });

// Outputs of the authors' programs on a real sequence, four sets of detections.
class RealTracks : public testing::TestWithParam<std::tuple<std::string, GoldenRun>> {};

TEST_P(RealTracks, EqualTheAuthorsBoxForBox) {
  const auto& [set, run] = GetParam();
  const fs::path detections = kShared / "data" / "ADL-Rundle-6" / "det" / set / "det.txt";
  const fs::path golden =
      kShared / "golden" / "trackers" / "ADL-Rundle-6" / set / (run.file + ".txt");
  if (!fs::exists(detections) || !fs::exists(golden))
    GTEST_SKIP() << "needs " << detections << " and " << golden;
  // The scores of "public" are not in 0..1: the programs were given ones.
  ExpectGoldenTracks(run, detections, set != "public", golden);
}

INSTANTIATE_TEST_SUITE_P(
    Programs, RealTracks,
    testing::Combine(testing::Values("yolo11x", "yolov5l", "sort_frcnn", "public"), kGoldenRuns),
    [](const auto& run) { return std::get<0>(run.param) + "_" + std::get<1>(run.param).file; });

}  // namespace
}  // namespace reidbench
