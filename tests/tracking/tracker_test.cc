#include "reidbench/tracking/tracker.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <numeric>
#include <optional>
#include <vector>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/text.h"
#include "reidbench/datasets/affine_files.h"
#include "reidbench/datasets/mot_files.h"
#include "reidbench/features/feature_store.h"
#include "support/packed_text.h"
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

// The trackers that may be given looks and camera motion.
struct VariantRun {
  std::string tracker;
  std::string variant;      // folder of the authors' outputs
  std::string options;      // YAML
  std::string motion = "";  // affines/SEQ_<motion>.txt of a camera that stands still
  bool looks() const { return variant.find("reid") != std::string::npos; }
  bool camera() const { return variant.find("cmc") != std::string::npos; }
};

const std::string kPlainBoost =
    "{rich_similarity: false, soft_boost: false, varying_threshold: false}";
const std::vector<VariantRun> kVariantRuns = [] {
  const std::vector<std::pair<std::string, std::string>> trackers{
      {"botsort", "botsort_sparseOptFlow"},
      {"strongsort", "strongsort_ecc"},
      {"deepocsort", "botsort_sparseOptFlow"},
      {"hybridsort", "hybridsort_ecc"},
      {"boosttrack", "boosttrack_ecc"}};
  std::vector<VariantRun> runs;
  for (const auto& [tracker, motion] : trackers) {
    for (const char* variant : {"motion", "cmc", "reid", "reid_cmc"})
      runs.push_back({tracker, variant, "{}", motion});
  }
  runs.push_back({"deepocsort", "newkf_reid_cmc", "size_filter: true", "botsort_sparseOptFlow"});
  runs.push_back({"boosttrack", "plain_cmc", kPlainBoost, "boosttrack_ecc"});
  runs.push_back({"boosttrack", "plus_reid_cmc", kPlainBoost, "boosttrack_ecc"});
  return runs;
}();

std::string VariantName(const VariantRun& run) { return run.tracker + "_" + run.variant; }

// The rows of all frames. `look` gives the embedding of the i-th detection of the file.
std::vector<TrackBox> RunVariant(const VariantRun& run, const TrackSet& detections,
                                 const std::function<std::vector<float>(size_t)>& look,
                                 const std::function<std::optional<Affine>(int64_t)>& motion_into) {
  const ConfigNode root = ParseConfig(run.options, "test");
  ConfigReader reader(root);
  const TrackerFactory make = TrackerByName(run.tracker).read(&reader);
  reader.Finish();
  const auto tracker = make();
  std::vector<std::vector<Seen>> frames(static_cast<size_t>(detections.frame_count));
  for (size_t i = 0; i < detections.boxes.size(); ++i) {
    const TrackBox& box = detections.boxes[i];
    frames[static_cast<size_t>(box.frame.value) - 1].push_back(
        {box.box, run.looks() ? look(i) : std::vector<float>{}, box.confidence});
  }
  std::vector<TrackBox> rows;
  for (size_t f = 0; f < frames.size(); ++f) {
    const auto frame = static_cast<int64_t>(f) + 1;
    const auto reported =
        StepWith(tracker.get(), frame, frames[f], run.camera() ? motion_into(frame) : std::nullopt);
    rows.insert(rows.end(), reported.begin(), reported.end());
  }
  return rows;
}

MotFile ReadDetectionFile(const fs::path& path) {
  MotReadOptions options;
  options.kind = MotFileKind::kDetections;
  return ReadMotFile(path, options);
}

// Generated detections with made-up looks and camera motion, and what our trackers made of them
// when they equalled the authors' on PublishedTracks.
class GeneratedVariants : public testing::TestWithParam<VariantRun> {};

TEST_P(GeneratedVariants, StayAsTheyWere) {
  const fs::path folder = fs::path(REIDBENCH_TEST_DATA) / "trackers";
  const TrackSet detections = ReadDetectionFile(folder / "detections.txt").tracks;
  // People differ in height: waves of it tell them apart, roughly.
  const auto look = [&](size_t i) {
    std::vector<float> values;
    for (const double wave : {0.03, 0.06, 0.09, 0.12}) {
      const double phase = wave * detections.boxes[i].box.height;
      values.push_back(static_cast<float>(std::cos(phase)));
      values.push_back(static_cast<float>(std::sin(phase)));
    }
    return values;
  };
  const auto motion_into = [](int64_t frame) -> std::optional<Affine> {
    if (frame == 1) return std::nullopt;
    const auto f = static_cast<double>(frame);
    const double zoom = 1 + 0.01 * std::sin(0.7 * f);
    const double turn = 0.008 * std::sin(0.4 * f);
    return Affine{zoom, -turn, 4 * std::sin(0.9 * f), turn, zoom, 3 * std::cos(1.1 * f)};
  };
  std::string ours;
  for (const TrackBox& row : RunVariant(GetParam(), detections, look, motion_into)) {
    ours += fmt::format("{},{},{:.2f},{:.2f},{:.2f},{:.2f}\n", row.frame.value, row.id.value,
                        row.box.left, row.box.top, row.box.width, row.box.height);
  }
  const std::string expected = ReadFileText(folder / (VariantName(GetParam()) + ".txt"));
  const auto our_lines = SplitText(ours, '\n');
  const auto expected_lines = SplitText(expected, '\n');
  ASSERT_GT(expected_lines.size(), 200u);
  EXPECT_EQ(our_lines.size(), expected_lines.size());
  for (size_t i = 0; i < std::min(our_lines.size(), expected_lines.size()); ++i)
    ASSERT_EQ(our_lines[i], expected_lines[i]) << "line " << i + 1;
}

const auto kGeneratedRuns = [] {
  std::vector<VariantRun> runs;
  for (const VariantRun& run : kVariantRuns) {
    for (const char* variant : {"motion", "reid_cmc", "newkf_reid_cmc", "plain_cmc"}) {
      if (run.variant == variant) runs.push_back(run);
    }
  }
  return runs;
}();

INSTANTIATE_TEST_SUITE_P(Trackers, GeneratedVariants, testing::ValuesIn(kGeneratedRuns),
                         [](const auto& run) { return VariantName(run.param); });

// Outputs of the authors' programs on a real sequence. Those with looks need the feature files of
// its detections, SET.h5 in the folder REIDBENCH_ADL_FEATURES (reidbench extract --frames
// ADL-Rundle-6
// --boxes SET/det.txt --weights osnet_x0_25_msmt17_bnfolded.pth).
class PublishedTracks : public testing::TestWithParam<std::tuple<std::string, VariantRun>> {};

TEST_P(PublishedTracks, EqualTheAuthorsBoxForBox) {
  const auto& [set, run] = GetParam();
  const bool shaken = EndsWith(set, "_shake");
  const std::string frames_of = shaken ? set.substr(0, set.size() - 6) : set;
  const fs::path goldens = kShared / "golden" / "trackers2";
  const std::optional<std::string> golden =
      TextOrPacked(goldens / run.tracker / run.variant / (set + ".txt"));
  if (!golden) GTEST_SKIP() << "needs " << goldens / run.tracker / run.variant / (set + ".txt");
  const std::optional<std::string> detection_text =
      TextOrPacked(shaken ? goldens / "shake" / "det.txt"
                          : kShared / "data" / "ADL-Rundle-6" / "det" / set / "det.txt");
  ASSERT_TRUE(detection_text);
  FeatureMatrix looks;
  MotReadOptions read;
  read.kind = MotFileKind::kDetections;
  const TrackSet detections = ParseMotText(*detection_text, set, read).tracks;
  if (run.looks()) {
    const char* const folder = std::getenv("REIDBENCH_ADL_FEATURES");
    if (folder == nullptr) GTEST_SKIP() << "needs REIDBENCH_ADL_FEATURES";
    std::vector<int64_t> all(detections.boxes.size());
    std::iota(all.begin(), all.end(), int64_t{0});
    looks = FeatureFile(fs::path(folder) / (frames_of + ".h5")).ReadRows(all);
  }
  const AffineTrack motion = ReadAffines(
      goldens / "affines" / fmt::format("ADL-Rundle-6_{}.txt", shaken ? "shake" : run.motion),
      detections.frame_count);
  const std::vector<TrackBox> ours = RunVariant(
      run, detections,
      [&](size_t i) {
        const auto row = looks.row(static_cast<int64_t>(i));
        return std::vector<float>(row.begin(), row.end());
      },
      [&](int64_t frame) { return MotionInto(motion, frame); });

  MotReadOptions as_result;
  const TrackSet expected = ParseMotText(*golden, "golden", as_result).tracks;
  ASSERT_EQ(ours.size(), expected.boxes.size());
  std::map<int64_t, int64_t> ours_of, expected_of;  // identities one to one
  std::multimap<int64_t, const TrackBox*> by_frame;
  for (const TrackBox& row : ours) by_frame.emplace(row.frame.value, &row);
  for (const TrackBox& row : expected.boxes) {
    auto [at, end] = by_frame.equal_range(row.frame.value);
    const auto differs = [&](const TrackBox& a) {
      return std::max({std::abs(a.box.left - row.box.left), std::abs(a.box.top - row.box.top),
                       std::abs(a.box.width - row.box.width),
                       std::abs(a.box.height - row.box.height)});
    };
    at = std::find_if(at, end, [&](const auto& entry) { return differs(*entry.second) <= 2e-3; });
    ASSERT_NE(at, end) << "frame " << row.frame.value << " id " << row.id.value;
    const int64_t id = at->second->id.value;
    ASSERT_EQ(ours_of.emplace(row.id.value, id).first->second, id) << "frame " << row.frame.value;
    ASSERT_EQ(expected_of.emplace(id, row.id.value).first->second, row.id.value)
        << "frame " << row.frame.value;
    by_frame.erase(at);
  }
}

const auto kPublishedRuns = [] {
  std::vector<std::tuple<std::string, VariantRun>> runs;
  for (const VariantRun& run : kVariantRuns) {
    const bool named = run.options != "{}";
    std::vector<std::string> sets{"yolo11x"};
    if (!named && run.variant != "reid") sets.emplace_back("yolo11x_shake");
    if (run.variant == "motion" || run.variant == "reid_cmc")
      sets.insert(sets.end(), {"sort_frcnn", "yolov5s"});
    if (run.variant == "reid_cmc") sets.emplace_back("yolov5l");
    for (const std::string& set : sets) runs.emplace_back(set, run);
  }
  return runs;
}();

INSTANTIATE_TEST_SUITE_P(Programs, PublishedTracks, testing::ValuesIn(kPublishedRuns),
                         [](const auto& run) {
                           return VariantName(std::get<1>(run.param)) + "_" +
                                  std::get<0>(run.param);
                         });

}  // namespace
}  // namespace reidbench
