#include "reidbench/jobs/synth/synth.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/hash.h"
#include "reidbench/core/parallel.h"
#include "reidbench/core/text.h"
#include "reidbench/datasets/mot_files.h"
#include "reidbench/datasets/mot_layout.h"
#include "reidbench/features/feature_store.h"
#include "reidbench/imaging/decode.h"
#include "reidbench/jobs/check/check.h"
#include "reidbench/jobs/synth/synth_reid.h"
#include "reidbench/results/synth.h"
#include "reidbench/sites/site.h"
#include "reidbench/synth/world.h"
#include "support/expect_error.h"
#include "support/temp_folder.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using Json = nlohmann::json;

SynthStageOptions Small(const fs::path& output) {
  SynthStageOptions options;
  options.world = SynthSceneDefaults("mall");
  options.world.seed = 5;
  options.world.cameras = 2;
  options.world.image_width = 320;
  options.world.image_height = 240;
  options.world.frames = 10;
  options.world.frame_rate = {10, 5};
  options.world.people = 15;
  options.world.reid_identities = 4;
  options.world.reid_images = 2;
  options.world.staff = 1;
  options.world.mannequins = 2;
  options.output = output;
  return options;
}

std::map<std::string, std::string> HashesBelow(const fs::path& folder) {
  std::map<std::string, std::string> hashes;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file())
      hashes[fs::relative(entry.path(), folder).string()] = Sha256OfFile(entry.path());
  }
  return hashes;
}

std::vector<std::vector<std::string>> ReadCsv(const fs::path& path) {
  std::vector<std::vector<std::string>> rows;
  const std::string text = ReadFileText(path);
  for (const std::string_view line : SplitText(Trim(text), '\n')) {
    std::vector<std::string>& row = rows.emplace_back();
    for (const std::string_view field : SplitText(line, ',')) row.emplace_back(field);
  }
  return rows;
}

// One world for the tests that only look.
class SynthFolder : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TempFolder;
    result_ = new SynthStageResult(RunSynth(Small(folder_->path() / "world"), false, nullptr));
  }
  static void TearDownTestSuite() {
    delete result_;
    delete folder_;
  }
  static fs::path Root() { return folder_->path() / "world"; }

  static TempFolder* folder_;
  static SynthStageResult* result_;
};
TempFolder* SynthFolder::folder_ = nullptr;
SynthStageResult* SynthFolder::result_ = nullptr;

TEST_F(SynthFolder, OurReadersReadItAndCheckIsContent) {
  CheckOptions check;
  check.dataset = ReidDatasetOptions{.name = "market_layout", .root = Root() / "reid"};
  check.mot.ground_truth = Root() / "mot";
  check.mot.detections = {Root() / "mot" / "train"};
  const CheckResult checked = RunCheck(check);
  for (const Finding& finding : checked.mot->findings) ADD_FAILURE() << finding.message;
  EXPECT_TRUE(checked.ok()) << JoinText(checked.audit->problems(), "\n");
  EXPECT_EQ(checked.audit->train_test_persons, 0);
  ASSERT_EQ(checked.mot->ground_truth.size(), 2u);
  for (size_t c = 0; c < 2; ++c) {
    EXPECT_EQ(checked.mot->ground_truth[c].boxes.boxes, result_->cameras[c].boxes);
    EXPECT_EQ(checked.mot->detections[c].boxes.boxes, result_->cameras[c].detections);
    EXPECT_GT(result_->cameras[c].boxes, 10);
  }
  // The second camera takes half as many frames in the same time.
  EXPECT_EQ(result_->cameras[0].frames, 10);
  EXPECT_EQ(result_->cameras[1].frames, 5);

  const SynthReidSummary& reid = result_->reid;
  EXPECT_EQ(reid.train_persons, 2);
  EXPECT_EQ(reid.test_persons, 2);
  for (const ReidAudit::SplitCounts& split : checked.audit->splits) {
    const int64_t images = split.split == Split::kTrain   ? reid.train_images
                           : split.split == Split::kQuery ? reid.query_images
                                                          : reid.gallery_images;
    EXPECT_EQ(split.images, images);
  }
  EXPECT_GE(reid.train_images, 6);
  EXPECT_EQ(reid.query_images, 4);
}

TEST_F(SynthFolder, SequencesAreWholeAndConsistent) {
  for (const MotSequenceFiles& files : FindMotSequences(
           {Root() / "mot", "MOT17", "train", Root() / "mot" / "seqmaps" / "train.txt"})) {
    const SequenceInfo info = ReadSequenceInfo(files.sequence_info);
    EXPECT_EQ(info.image_width, 320);
    EXPECT_EQ(info.image_height, 240);
    EXPECT_EQ(info.name, files.name);
    const fs::path pictures = files.sequence_info.parent_path() / info.image_dir;
    EXPECT_EQ(static_cast<int64_t>(ListFileNames(pictures).size()), info.frame_count);
    const RgbImage picture = DecodeImageFile(pictures / "000001.jpg", ExifOrientation::kIgnore);
    EXPECT_EQ(picture.width, 320);
    EXPECT_EQ(picture.height, 240);

    MotReadOptions read;
    read.kind = MotFileKind::kGroundTruth;
    read.frame_count = info.frame_count;
    for (const TrackBox& box : ReadMotFile(files.ground_truth, read).tracks.boxes) {
      const int64_t id = box.id.value;
      if (id < kSynthFirstFixedIdentity) {
        EXPECT_EQ(box.class_id, 1);
        EXPECT_EQ(box.confidence, 1);
      } else {  // staff comes first
        EXPECT_EQ(box.class_id, id == kSynthFirstFixedIdentity ? 7 : 8);
        EXPECT_EQ(box.confidence, 0);
      }
      EXPECT_GE(box.visibility, 0);
      EXPECT_LE(box.visibility, 1);
      EXPECT_GT(box.box.width, 0);
    }
  }
}

TEST_F(SynthFolder, WhatHappenedAgreesWithTheVideos) {
  const auto truth = ReadCsv(Root() / "ground_truth.csv");
  const auto visits = ReadCsv(Root() / "visits.csv");
  const auto identities = ReadCsv(Root() / "identities.csv");
  EXPECT_EQ(truth[0][2], "identity");
  std::set<std::string> walked, visited, listed, tests, trains;
  std::set<std::string> frames;
  for (size_t k = 1; k < truth.size(); ++k) {
    walked.insert(truth[k][2]);
    frames.insert(truth[k][0]);
  }
  EXPECT_EQ(frames.size(), 10u);
  for (size_t k = 1; k < visits.size(); ++k) {
    ASSERT_EQ(visits[k].size(), visits[0].size());
    visited.insert(visits[k][0]);
  }
  for (size_t k = 1; k < identities.size(); ++k) {
    ASSERT_EQ(identities[k].size(), 7u);
    listed.insert(identities[k][0]);
    if (identities[k][2] == "test") tests.insert(identities[k][0]);
    if (identities[k][2] == "train") trains.insert(identities[k][0]);
  }
  EXPECT_TRUE(std::includes(visited.begin(), visited.end(), walked.begin(), walked.end()));
  EXPECT_TRUE(std::includes(listed.begin(), listed.end(), visited.begin(), visited.end()));
  EXPECT_EQ(tests.size(), 2u);
  EXPECT_EQ(trains.size(), 2u);
  // Nobody to train on is in the videos, so that they can test what was trained.
  for (const std::string& identity : trains) EXPECT_FALSE(visited.contains(identity));

  // Where a person's box is, the world's position projects to: the feet.
  const SynthWorld world(Small("x").world);
  std::map<std::string, Eigen::Vector2d> at_first;
  for (size_t k = 1; k < truth.size() && truth[k][0] == "1"; ++k)
    at_first[truth[k][2]] = {*ParseDouble(truth[k][3]), *ParseDouble(truth[k][4])};
  int compared = 0;
  for (const MotSequenceFiles& files : FindMotSequences({Root() / "mot", "MOT17", "train", ""})) {
    const SynthCamera& camera = world.cameras()[files.name.back() == '1' ? 0 : 1];
    MotReadOptions read;
    read.kind = MotFileKind::kGroundTruth;
    for (const TrackBox& box : ReadMotFile(files.ground_truth, read).tracks.boxes) {
      if (box.frame.value != 1 || box.id.value >= kSynthFirstFixedIdentity) continue;
      const auto at = at_first.find(fmt::format("{}", box.id.value));
      ASSERT_NE(at, at_first.end());
      const Eigen::Vector3d feet = camera.Project({at->second.x(), at->second.y(), 0});
      EXPECT_NEAR(feet.x(), box.box.left + 0.5 * box.box.width, 0.5 * box.box.width + 2);
      EXPECT_NEAR(feet.y(), box.box.top + box.box.height, 0.2 * box.box.height + 2);
      ++compared;
    }
  }
  EXPECT_GT(compared, 3);
}

TEST_F(SynthFolder, TheRecordMakesTheSameWorld) {
  const std::string record = ReadFileText(Root() / "world.yaml");
  EXPECT_THAT(record, HasSubstr("scene: mall\nseed: 5\n"));
  EXPECT_THAT(record, HasSubstr("frame_rate: [10, 5]"));
  for (const SynthKnob& knob : SynthKnobs()) EXPECT_THAT(record, HasSubstr(knob.name));
  EXPECT_FALSE(fs::exists(Root() / "UNFINISHED.txt"));
}

TEST_F(SynthFolder, Reports) {
  const Json json = Json::parse(RenderSynthJson(*result_));
  EXPECT_EQ(json["schema"], "reidbench.synth/1");
  EXPECT_EQ(json["cameras"][0]["frames"], 10);
  EXPECT_EQ(json["cameras"][0]["visibility_histogram"].size(), 10u);
  EXPECT_EQ(json["world"]["people"], 15);
  EXPECT_THAT(RenderSynthTables(*result_, TableFormat::kText), HasSubstr("mall-5-c1"));
  EXPECT_EQ(SplitText(Trim(RenderSynthCsv(*result_)), '\n').size(), 3u);
}

TEST(Synth, SameBytesForAnyNumberOfThreads) {
  const TempFolder folder;
  std::map<std::string, std::string> hashes[2];
  for (const int threads : {1, 2}) {
    const ThreadLimit limit(threads);
    const fs::path output = folder.path() / fmt::format("threads{}", threads);
    SynthStageOptions options = Small(output);
    options.world.frames = 5;
    RunSynth(options, false, nullptr);
    hashes[threads - 1] = HashesBelow(output);
  }
  EXPECT_GT(hashes[0].size(), 25u);
  EXPECT_EQ(hashes[0], hashes[1]);
}

TEST(Synth, PerfectDetectionsAreTheBoxesOfWhoIsSeen) {
  const TempFolder folder;
  SynthStageOptions options = Small(folder.path() / "world");
  options.world.frames = 3;
  options.world.reid_identities = 0;
  options.world.perfect_detections = true;
  const SynthStageResult result = RunSynth(options, false, nullptr);
  const fs::path sequence = options.output / "mot" / "train" / result.cameras[0].sequence;
  std::set<std::string> boxes;
  const auto truth = ReadCsv(sequence / "gt" / "gt.txt");
  for (const auto& row : truth) {
    if (row[7] == "1" && *ParseDouble(row[8]) > 0)
      boxes.insert(JoinText(std::vector<std::string>{row[0], row[2], row[3], row[4], row[5]}, ","));
  }
  const auto detections = ReadCsv(sequence / "det" / "det.txt");
  EXPECT_EQ(detections.size(), boxes.size());
  for (const auto& row : detections) {
    EXPECT_TRUE(boxes.contains(
        JoinText(std::vector<std::string>{row[0], row[2], row[3], row[4], row[5]}, ",")));
    EXPECT_EQ(*ParseDouble(row[6]), 1);
  }
  EXPECT_FALSE(fs::exists(options.output / "reid"));
}

TEST(Synth, NothingIsOverwrittenByAccident) {
  const TempFolder folder;
  SynthStageOptions options = Small(folder.path() / "world");
  options.world.frames = 1;
  options.world.reid_identities = 0;
  const auto run = [&] { RunSynth(options, false, nullptr); };
  const auto error = [&] { return MessageOfExit(kExitUsage, run); };
  run();
  EXPECT_THAT(error(), HasSubstr("add --force"));
  options.force = true;
  options.world.seed = 6;
  run();
  EXPECT_THAT(ReadFileText(options.output / "world.yaml"), HasSubstr("seed: 6"));
  // Somebody's own folder is never emptied.
  options.output = folder.path() / "home";
  folder.Write("home/letter.txt");
  EXPECT_THAT(error(), HasSubstr("is no world"));
  // Nor what merely has a name such as ours.
  options.output = folder.path() / "other";
  for (const char* theirs : {"other.partial/letter.txt", "other.replaced/letter.txt"})
    folder.Write(theirs);
  run();
  run();
  for (const char* theirs : {"other.partial/letter.txt", "other.replaced/letter.txt"})
    EXPECT_TRUE(fs::exists(folder.path() / theirs));
  options.output = folder.path() / "no" / "such" / "folder";
  run();  // made, as mkdir -p does
}

TEST(Synth, ACheckWritesNothing) {
  const TempFolder folder;
  SynthStageOptions options = Small(folder.path() / "world");
  options.world.cameras = 1;
  options.world.frame_rate = {10};
  const SynthStageResult result = RunSynth(options, true, nullptr);
  EXPECT_FALSE(fs::exists(options.output));
  EXPECT_THAT(result.notes, ::testing::Contains(HasSubstr("no re-ID set")));
}

TEST(Synth, AFullDiskLeavesNothing) {
  const TempFolder folder;
  SynthStageOptions options = Small(folder.path() / "world");
  const auto old_handler = ::signal(SIGXFSZ, SIG_IGN);
  struct rlimit before {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  struct rlimit small = before;
  small.rlim_cur = 6000;  // less than a picture takes
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const std::string message = MessageOf(ErrorKind::kIo, [&] { RunSynth(options, false, nullptr); });
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  ::signal(SIGXFSZ, old_handler);
  EXPECT_THAT(message, HasSubstr("write failed"));
  EXPECT_FALSE(fs::exists(options.output));
  EXPECT_FALSE(fs::exists(folder.path() / "world.partial"));
}

TEST(SynthReidPersonsTest, TrainingPersonsComeAfterThoseInTheVideos) {
  SynthOptions options;
  options.reid_identities = 10;
  options.reid_train = 0.4;
  const SynthReidPersons few = ChooseSynthReidPersons(options, 3);
  EXPECT_EQ(few.test, (std::vector<int64_t>{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(few.train, (std::vector<int64_t>{7, 8, 9, 10}));
  EXPECT_EQ(ChooseSynthReidPersons(options, 200).train.front(), 201);
}

// A site of the same boxes, and a sketch with embeddings in place of pictures.
TEST(SynthSite, TruthOfTheSiteIsThatOfTheCamerasWithPlaces) {
  const TempFolder folder;
  SynthStageOptions options = Small(folder.path() / "w");
  options.world.frame_rate = {10};
  options.world.frames = 30;
  options.world.overlap = 1;
  options.world.sketch = true;
  options.world.clock_offset_s = 1;
  const SynthStageResult result = RunSynth(options, false, nullptr);
  EXPECT_THAT(result.notes, ::testing::Contains(HasSubstr("a sketch has no pictures")));
  EXPECT_LT(result.cameras[1].frames, result.cameras[0].frames);  // starts later
  const Site site = LoadSite(options.output / "site.yaml");
  const SiteReading truth = ReadSiteTruth(site);
  ASSERT_EQ(truth.tracks.cameras.size(), 2u);
  std::map<std::pair<int64_t, int64_t>, GroundPoint> first;  // time in half frames, and person
  int64_t shared = 0;
  for (size_t c = 0; c < 2; ++c) {
    const CameraTracks& camera = truth.tracks.cameras[c];
    EXPECT_EQ(static_cast<int64_t>(camera.truth.size()), result.cameras[c].boxes);
    for (const SiteBox& box : camera.truth) {
      ASSERT_TRUE(box.ground);
      // The calibration puts the feet where the person stands.
      const auto foot = camera.projection->ToImage(*box.ground);
      ASSERT_TRUE(foot);
      EXPECT_NEAR(foot->y, box.box.top + box.box.height, 0.06 * box.box.height);
      if (c == 0) first[{box.frame, box.id}] = *box.ground;
      for (const int64_t near : {-1, 0, 1}) {
        const auto other = first.find({box.frame + near, box.id});
        if (c == 0 || other == first.end()) continue;
        ++shared;
        EXPECT_LT(std::hypot(other->second.x - box.ground->x, other->second.y - box.ground->y),
                  0.3);
      }
    }
    const std::string& name = result.cameras[c].sequence;
    const FeatureFile features(options.output / "features" / (name + ".h5"));
    EXPECT_EQ(features.rows(), result.cameras[c].detections);
    EXPECT_FALSE(IsFolder(options.output / "mot/train" / name / "img1"));
  }
  EXPECT_GT(shared, 50);
}

TEST(SynthSite, AreasDoNotOverlap) {
  SynthOptions options = SynthSceneDefaults("mall");
  options.hall_width_m = 44;
  options.hall_depth_m = 12;
  options.cameras = 4;
  options.areas = 4;
  options.frames = 1;  // where the cameras stand is asked, not who walks there
  const SynthWorld world(options);
  int seen_by_several = 0, seen = 0;
  for (double x = 0.5; x < 44; x += 0.5) {
    for (double y = 0.5; y < 12; y += 0.5) {
      int cameras = 0;
      for (const SynthCamera& camera : world.cameras()) {
        const Eigen::Vector3d p = camera.Project({x, y, 0.9});
        cameras += p.z() > 0 && p.x() > 0 && p.x() < camera.width_px && p.y() > 0 &&
                   p.y() < camera.height_px;
      }
      seen += cameras > 0;
      seen_by_several += cameras > 1;
    }
  }
  EXPECT_GT(seen, 300);
  EXPECT_EQ(seen_by_several, 0);
}

}  // namespace
}  // namespace reidbench
