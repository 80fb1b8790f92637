#include "reidbench/jobs/check/check_mot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "reidbench/core/error.h"
#include "reidbench/core/parallel.h"
#include "reidbench/imaging/encode.h"
#include "reidbench/jobs/check/check.h"
#include "support/expect_error.h"
#include "support/temp_folder.h"
#include "support/walking_people.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

// Five frames. Person 1 in frames 1-4, person 2 in frames 1-2 with a third of the picture in
// common with 1 (boxes 10 x 20, 4 px apart: IoU 6/14 = 0.43), person 3 far away in frame 2, half
// hidden. A car and a person marked 0 lie on person 1 and do not count.
constexpr char kTruth[] =
    "1,1,0,0,10,20,1,1,1\n2,1,0,0,10,20,1,1,1\n3,1,0,0,10,20,1,1,1\n4,1,0,0,10,20,1,1,1\n"
    "1,2,4,0,10,20,1,1,0.4\n2,2,4,0,10,20,1,1,0.4\n"
    "2,3,500,0,10,20,1,1,0.2\n"
    "3,4,0,0,10,20,1,3,1\n4,5,0,0,10,20,0,1,1\n";
constexpr char kResult[] =
    "1,7,0,0,10,20,0.9,-1,-1,-1\n3,7,0,0,10,20,0.5,-1,-1,-1\n3,8,90,0,10,20,-2,-1,-1,-1\n";
constexpr char kInfo[] = "[Sequence]\nseqLength=5\n";

class CheckMot : public ::testing::Test {
 protected:
  CheckMot() { options_.ground_truth = root() / "train"; }

  fs::path root() const { return folder_.path(); }
  void WriteSequence(const std::string& name) {
    folder_.Write("train/" + name + "/gt/gt.txt", kTruth);
    folder_.Write("train/" + name + "/seqinfo.ini", kInfo);
  }
  std::string ErrorOf(const MotCheckOptions& options) {
    return MessageOfExit(kExitInput, [&] { CheckMotFiles(options); });
  }
  static std::vector<std::string> Sequences(const std::vector<MotFileSummary>& files) {
    std::vector<std::string> names;
    for (const MotFileSummary& file : files) {
      names.push_back(file.tracker.empty() ? file.sequence : file.tracker + "/" + file.sequence);
    }
    return names;
  }

  TempFolder folder_;
  MotCheckOptions options_;
};

TEST_F(CheckMot, DescribesGroundTruth) {
  WriteSequence("A");
  const MotCheckResult result = CheckMotFiles(options_);
  ASSERT_THAT(Sequences(result.ground_truth), ElementsAre("A"));
  const MotBoxStatistics& s = result.ground_truth[0].boxes;
  EXPECT_EQ(s.frames, 5);
  EXPECT_EQ(s.frames_with_boxes, 4);
  EXPECT_EQ(s.boxes, 7);
  EXPECT_EQ(s.boxes_not_scored, 2);
  EXPECT_EQ(s.ids(), 3);
  EXPECT_THAT(s.track_lengths, ElementsAre(1, 2, 4));
  EXPECT_EQ(s.median_track_length(), 2.0);
  EXPECT_EQ(s.boxes_per_frame(), 7.0 / 5);
  EXPECT_EQ(s.most_boxes_in_a_frame, 3);
  EXPECT_EQ(s.overlapped_boxes, 4);  // 1 and 2 in frames 1 and 2
  EXPECT_NEAR(*s.mean_visibility(), (4 * 1.0 + 2 * 0.4 + 0.2) / 7, 1e-7);  // stored as floats
  EXPECT_EQ(s.boxes_half_hidden, 3);
  EXPECT_FALSE(s.lowest_score.has_value());
}

TEST_F(CheckMot, DescribesTracksAndDetections) {
  options_.ground_truth.clear();
  options_.tracks = {folder_.Write("tracks/A.txt", kResult)};
  options_.detections = {
      folder_.Write("SEQ/det/det.txt", "1,-1,0,0,10,20,0.5\n1,-1,0,0,10,20,3\n2,-1,0,0,10,20,1\n")};
  folder_.Write("SEQ/seqinfo.ini", kInfo);
  const MotCheckResult result = CheckMotFiles(options_);
  ASSERT_THAT(Sequences(result.tracks), ElementsAre("tracks/A"));
  const MotBoxStatistics& tracks = result.tracks[0].boxes;
  EXPECT_EQ(tracks.frames, 3);  // no seqinfo.ini: the last frame with a box
  EXPECT_EQ(tracks.ids(), 2);
  EXPECT_EQ(tracks.median_track_length(), 1.5);
  EXPECT_EQ(tracks.overlapped(), 0.0);
  EXPECT_EQ(tracks.lowest_score, -2);
  EXPECT_EQ(tracks.highest_score, 0.9);
  EXPECT_FALSE(tracks.mean_visibility().has_value());

  ASSERT_THAT(Sequences(result.detections), ElementsAre("SEQ"));
  const MotBoxStatistics& detections = result.detections[0].boxes;
  EXPECT_EQ(detections.frames, 5);
  EXPECT_EQ(detections.boxes, 3);
  EXPECT_EQ(detections.overlapped_boxes, 2);
  EXPECT_FALSE(detections.ids().has_value());
  EXPECT_EQ(detections.highest_score, 3);
}

TEST_F(CheckMot, SumsAreOfAllFiles) {
  WriteSequence("A");
  WriteSequence("B");
  MotBoxStatistics sum;
  for (const MotFileSummary& file : CheckMotFiles(options_).ground_truth) sum += file.boxes;
  EXPECT_EQ(sum.frames, 10);
  EXPECT_EQ(sum.boxes, 14);
  EXPECT_EQ(sum.ids(), 6);
  EXPECT_THAT(sum.track_lengths, ElementsAre(1, 1, 2, 2, 4, 4));
  EXPECT_EQ(sum.most_boxes_in_a_frame, 3);
  EXPECT_EQ(sum.boxes_per_frame(), 1.4);
}

TEST_F(CheckMot, NothingToDivideByIsNotAvailable) {
  folder_.Write("train/A/gt/gt.txt", "");
  folder_.Write("train/A/seqinfo.ini", kInfo);
  CheckResult result;
  result.mot = CheckMotFiles(options_);
  EXPECT_EQ(result.mot->ground_truth[0].boxes.boxes_per_frame(), 0.0);
  EXPECT_THAT(RenderCheckTables(result, TableFormat::kText), HasSubstr("n/a"));
  const nlohmann::json json = nlohmann::json::parse(RenderCheckJson(result));
  const nlohmann::json& file = json["mot"]["ground_truth"][0];
  EXPECT_EQ(file["ids"], 0);
  EXPECT_TRUE(file["median_track_length"].is_null());
  EXPECT_TRUE(file["overlapped"].is_null());
}

TEST_F(CheckMot, FindsTrackersInEveryLayout) {
  options_.ground_truth.clear();
  folder_.Write("many/x/A.txt", kResult);
  folder_.Write("many/x/B.txt", kResult);
  folder_.Write("many/x/pedestrian_summary.txt", "HOTA\r\n50\r\n");  // score --trackeval-output
  folder_.Write("many/y/data/A.txt", kResult);
  folder_.Write("te/MOT17-train/z/data/A.txt", kResult);
  const auto found = [&](const char* path) {
    options_.tracks = {root() / path};
    return Sequences(CheckMotFiles(options_).tracks);
  };
  EXPECT_THAT(found("many"), ElementsAre("x/A", "x/B", "y/A"));
  EXPECT_THAT(found("many/y"), ElementsAre("y/A"));
  EXPECT_THAT(found("many/y/data"), ElementsAre("y/A"));
  EXPECT_THAT(found("te"), ElementsAre("z/A"));
}

TEST_F(CheckMot, FindsDetectionsInEveryLayout) {
  options_.ground_truth.clear();
  constexpr char kRow[] = "1,-1,0,0,10,20,0.5\n";
  folder_.Write("set/A/det/det.txt", kRow);
  folder_.Write("set/B/det/yolo/det.txt", kRow);
  folder_.Write("set/B/det/public/det.txt", kRow);
  folder_.Write("set/B/seqinfo.ini", kInfo);
  folder_.Write("flat/C.txt", kRow);
  const auto found = [&](const char* path) {
    options_.detections = {root() / path};
    return Sequences(CheckMotFiles(options_).detections);
  };
  EXPECT_THAT(found("set"), ElementsAre("A", "B/public", "B/yolo"));
  EXPECT_THAT(found("set/A"), ElementsAre("A"));
  EXPECT_THAT(found("set/A/det/det.txt"), ElementsAre("A"));
  EXPECT_THAT(found("set/B/det/yolo/det.txt"), ElementsAre("B/yolo"));
  EXPECT_EQ(CheckMotFiles(options_).detections[0].boxes.frames, 5);  // of B/seqinfo.ini
  EXPECT_THAT(found("flat"), ElementsAre("C"));
}

TEST_F(CheckMot, NamesEveryBadAndEveryMissingFile) {
  WriteSequence("A");
  WriteSequence("B");
  folder_.Write("train/B/gt/gt.txt", "1,1,0,0,10,20,1,99,1\n");
  folder_.Write("tracks/A.txt", "6,7,0,0,10,20,0.9\n");
  folder_.Write("tracks/B.txt", "1,7,0,0,10,20,0.9\n1,7,0,0,10,20,0.9\n");
  folder_.Write("incomplete/A.txt", kResult);
  options_.tracks = {root() / "tracks", root() / "incomplete"};
  folder_.Write("det/A.txt", "1,-1,0,0,wide,20,0.9\n");
  options_.detections = {root() / "det", root() / "nowhere"};
  const std::string error = ErrorOf(options_);
  EXPECT_THAT(error, HasSubstr("B/gt/gt.txt:1: expected class"));
  EXPECT_THAT(error, HasSubstr("tracks/A.txt:1: expected frame 1..5, found frame 6"));
  EXPECT_THAT(error, HasSubstr("tracks/B.txt:2: expected each id once per frame"));
  EXPECT_THAT(error, HasSubstr("incomplete/B.txt: expected the result"));
  EXPECT_THAT(error, HasSubstr("det/A.txt:1: expected a number in column 5, found wide"));
  EXPECT_THAT(error, HasSubstr("nowhere: expected a detection file or folder"));
}

TEST_F(CheckMot, MissingGroundTruthDoesNotKeepTracksFromBeingChecked) {
  options_.tracks = {folder_.Write("tracks/A.txt", "1,-1,0,0,10,20,0.9\n")};
  const std::string error = ErrorOf(options_);
  EXPECT_THAT(error, HasSubstr("train: expected a ground truth file or folder"));
  EXPECT_THAT(error, HasSubstr("A.txt:1: expected id >= 0, found -1"));
}

TEST_F(CheckMot, EmptyFoldersAreErrors) {
  fs::create_directories(root() / "empty");
  MotCheckOptions tracks;
  tracks.tracks = {root() / "empty"};
  EXPECT_THAT(ErrorOf(tracks), HasSubstr("expected result files"));
  MotCheckOptions detections;
  detections.detections = {root() / "empty"};
  EXPECT_THAT(ErrorOf(detections), HasSubstr("expected sequence folders with det/det.txt"));
  fs::create_directories(root() / "SEQ" / "det");
  detections.detections = {root() / "SEQ"};
  EXPECT_THAT(ErrorOf(detections), HasSubstr("the detections of sequence SEQ"));
}

TEST_F(CheckMot, BenchmarkSaysWhatIsScored) {
  // MOT15: columns 8-10 are world coordinates, every marked row counts.
  options_.ground_truth = folder_.Write("gt.txt", "1,1,0,0,9,9,1,3.5,2,0\n1,2,50,0,9,9,0,-1,0,0\n");
  EXPECT_THAT(ErrorOf(options_), HasSubstr("gt.txt:1"));
  options_.benchmark = "mot15";
  const MotBoxStatistics s = CheckMotFiles(options_).ground_truth[0].boxes;
  EXPECT_EQ(s.boxes, 1);
  EXPECT_EQ(s.boxes_not_scored, 1);
  EXPECT_FALSE(s.mean_visibility().has_value());

  WriteSequence("A");
  options_.ground_truth = root() / "train";
  options_.benchmark = "mot17_half_val";  // frames 4 and 5 of 5
  const MotBoxStatistics half = CheckMotFiles(options_).ground_truth[0].boxes;
  EXPECT_EQ(half.frames, 2);
  EXPECT_EQ(half.boxes, 1);
}

TEST_F(CheckMot, BoxWithoutAreaIsAProblem) {
  options_.ground_truth.clear();
  options_.tracks = {folder_.Write("A.txt", "1,7,0,0,-10,20,0.9\n")};
  CheckResult result;
  result.mot = CheckMotFiles(options_);
  ASSERT_EQ(result.mot->findings.size(), 1u);
  EXPECT_EQ(result.mot->findings[0].kind, FindingKind::kBoxesWithoutArea);
  EXPECT_THAT(result.mot->findings[0].place, HasSubstr("A.txt:1"));
  EXPECT_EQ(result.mot->tracks[0].boxes.overlapped_boxes, 0);
  EXPECT_FALSE(result.ok());
  const std::string text = RenderCheckTables(result, TableFormat::kText);
  EXPECT_THAT(text,
              HasSubstr("PROBLEM: 1 of 1 boxes have no area, the first of -10 x 20 px\n  in "));
  EXPECT_THAT(text, HasSubstr("\n  hint: each counts as a false positive"));
  EXPECT_THAT(text, HasSubstr("the tracking files have problems\n"));
  const nlohmann::json json = nlohmann::json::parse(RenderCheckJson(result));
  EXPECT_EQ(json["ok"], false);
  const nlohmann::json& finding = json["findings"][0];
  EXPECT_EQ(finding["kind"], "boxes-without-area");
  EXPECT_EQ(finding["severity"], "problem");
  EXPECT_EQ(finding["count"], 1);
  EXPECT_EQ(finding["share"], 1.0);
  EXPECT_EQ(finding["mend"], "each counts as a false positive: remove these rows");
}

TEST_F(CheckMot, VisibilityThatIsNoneIsNotStated) {
  folder_.Write("train/A/gt/gt.txt", "1,1,0,0,10,20,1,1,-1\n2,1,0,0,10,20,1,1,-1\n");
  folder_.Write("train/A/seqinfo.ini", kInfo);
  const MotCheckResult minus = CheckMotFiles(options_);
  EXPECT_FALSE(minus.ground_truth[0].boxes.mean_visibility().has_value());
  ASSERT_EQ(minus.findings.size(), 1u);
  EXPECT_EQ(minus.findings[0].kind, FindingKind::kVisibilityNotStated);
  folder_.Write("train/A/gt/gt.txt", "1,1,0,0,10,20,1,1,0\n2,1,0,0,10,20,1,1,0\n");
  EXPECT_FALSE(CheckMotFiles(options_).ground_truth[0].boxes.mean_visibility().has_value());
  folder_.Write("train/A/gt/gt.txt", "1,1,0,0,10,20,1,1,0\n2,1,0,0,10,20,1,1,0.5\n");
  EXPECT_EQ(CheckMotFiles(options_).ground_truth[0].boxes.mean_visibility(), 0.25);
}

TEST_F(CheckMot, BoxesAreHeldAgainstPictureAndGroundTruth) {
  const TrackSet walk = WalkingPeople(10, 60, 9);
  const TrackSet tracks = Tracked(walk, 10);
  // A sequence by its own path, with MOT15's columns and no --benchmark.
  folder_.Write("W/gt/gt.txt", MotRows(walk, ",-1,-1,-1"));
  folder_.Write("W/seqinfo.ini", "[Sequence]\nseqLength=60\nimWidth=1920\nimHeight=1080\n");
  options_.ground_truth = root() / "W";
  options_.choose_rules = true;
  options_.tracks = {folder_.Write("t.txt", MotRows(tracks, ",-1,-1,-1"))};
  TrackSet detections = tracks;
  for (TrackBox& box : detections.boxes) box.id = TrackId(-1);
  options_.detections = {folder_.Write("d.txt", MotRows(detections, ""))};
  const auto kinds = [&] {
    std::vector<std::string> ids;
    for (const Finding& finding : CheckMotFiles(options_).findings)
      ids.emplace_back(FindingKindId(finding.kind));
    return ids;
  };
  EXPECT_THAT(kinds(), ElementsAre("rules-chosen"));
  folder_.Write("t.txt", MotRows(Rewritten(tracks, AsCorners), ",-1,-1,-1"));
  folder_.Write("d.txt", MotRows(Rewritten(detections, AsCentre), ""));
  EXPECT_THAT(kinds(),
              ElementsAre("rules-chosen", "boxes-in-another-form", "boxes-in-another-form"));
  // The first frame tells the size where seqinfo.ini does not.
  folder_.Write("W/seqinfo.ini", "[Sequence]\nseqLength=60\n");
  const RgbImage frame{960, 540, std::vector<uint8_t>(size_t{3} * 960 * 540)};
  const std::vector<uint8_t> png = EncodePng(frame);
  folder_.Write("W/img1/000001.png", std::string(png.begin(), png.end()));
  // So many that they reach all borders, which is what the factor is told from.
  const TrackSet crowd = WalkingPeople(40, 60, 9);
  folder_.Write("W/gt/gt.txt", MotRows(crowd, ",-1,-1,-1"));
  folder_.Write("t.txt", MotRows(Tracked(crowd, 10), ",-1,-1,-1"));
  options_.detections.clear();
  EXPECT_THAT(CheckMotFiles(options_).findings[1].message, HasSubstr("scaled by 0.5"));
  options_.choose_rules = false;
  EXPECT_THAT(ErrorOf(options_), HasSubstr("gt.txt:1: expected class"));
}

TEST_F(CheckMot, OutputDoesNotDependOnThreadsAndHasEveryFormat) {
  for (const char* name : {"A", "B", "C"}) WriteSequence(name);
  std::vector<std::string> json;
  for (const int threads : {1, 4}) {
    const ThreadLimit limit(threads);
    CheckResult result;
    result.mot = CheckMotFiles(options_);
    json.push_back(RenderCheckJson(result));
    EXPECT_THAT(RenderCheckTables(result, TableFormat::kText), HasSubstr("Ground truth, rules of"));
    EXPECT_THAT(RenderCheckTables(result, TableFormat::kCsv),
                HasSubstr("\nall,15,3,21,6,9,2,1.40"));
    EXPECT_THAT(RenderCheckTables(result, TableFormat::kMarkdown), HasSubstr("| C "));
    EXPECT_THAT(RenderCheckTables(result, TableFormat::kLatex), HasSubstr("tabular"));
  }
  EXPECT_EQ(json[0], json[1]);
  EXPECT_THAT(json[0], Not(HasSubstr("tracker")));
}

}  // namespace
}  // namespace reidbench
