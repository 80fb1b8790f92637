#include "reidbench/datasets/mot_layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>

#include "reidbench/core/error.h"
#include "support/expect_error.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class MotLayout : public ::testing::Test {
 protected:
  MotLayout()
      : root_(fs::path(::testing::TempDir()) /
              ::testing::UnitTest::GetInstance()->current_test_info()->name()) {
    fs::remove_all(root_);
    fs::create_directories(root_);
  }
  ~MotLayout() override { fs::remove_all(root_); }

  void Write(const std::string& path, const std::string& text) {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }
  void WriteSequence(const std::string& folder) {
    Write(folder + "/gt/gt.txt", "1,1,0,0,1,1,1,1,1\n");
    Write(folder + "/seqinfo.ini", "[Sequence]\nseqLength=5\n");
  }
  static std::vector<std::string> Names(const std::vector<MotSequenceFiles>& sequences) {
    std::vector<std::string> names;
    for (const MotSequenceFiles& s : sequences) names.push_back(s.name);
    return names;
  }
  fs::path root_;
};

TEST_F(MotLayout, FindsAFolderOfSequences) {
  WriteSequence("train/B");
  WriteSequence("train/A");
  Write("train/notes.txt", "");
  fs::create_directories(root_ / "train" / "empty");
  const auto sequences = FindMotSequences({root_ / "train", "MOT17", "train", ""});
  EXPECT_THAT(Names(sequences), ElementsAre("A", "B"));
  EXPECT_EQ(sequences[0].frame_count, 5);
  EXPECT_EQ(sequences[0].ground_truth, root_ / "train" / "A" / "gt" / "gt.txt");
  EXPECT_THAT(Names(FindMotSequences({root_ / "train" / "B", "MOT17", "train", ""})),
              ElementsAre("B"));
  EXPECT_THAT(Names(FindMotSequences({root_ / "train" / "B/", "MOT17", "train", ""})),
              ElementsAre("B"));
}

TEST_F(MotLayout, FindsDanceTracksSplitsAndSeqmaps) {
  WriteSequence("val/dancetrack0004");
  WriteSequence("val/dancetrack0005");
  Write("val_seqmap.txt", "name\ndancetrack0005\n");
  EXPECT_THAT(Names(FindMotSequences({root_, "DanceTrack", "val", ""})),
              ElementsAre("dancetrack0005"));
  EXPECT_THAT(Names(FindMotSequences({root_ / "val", "DanceTrack", "val", ""})),
              ElementsAre("dancetrack0004", "dancetrack0005"));
  EXPECT_THAT(
      Names(FindMotSequences({root_ / "val", "DanceTrack", "val", root_ / "val_seqmap.txt"})),
      ElementsAre("dancetrack0005"));
}

TEST_F(MotLayout, FindsTrackEvalsLayout) {
  WriteSequence("gt/mot_challenge/MOT17-train/A");
  WriteSequence("gt/mot_challenge/MOT17-train/B");
  Write("gt/mot_challenge/seqmaps/MOT17-train.txt", "name\nB\n");
  for (const char* tracker : {"T1", "T2"}) {
    Write(std::string("trackers/mot_challenge/MOT17-train/") + tracker + "/data/B.txt", "");
  }
  const auto sequences = FindMotSequences({root_ / "gt" / "mot_challenge", "MOT17", "train", ""});
  EXPECT_THAT(Names(sequences), ElementsAre("B"));
  const auto trackers =
      FindMotTrackers(root_ / "trackers" / "mot_challenge", sequences, "MOT17-train");
  ASSERT_EQ(trackers.size(), 2u);
  EXPECT_EQ(trackers[0].name, "T1");
  EXPECT_EQ(trackers[1].name, "T2");
  EXPECT_EQ(trackers[1].results[0].filename(), "B.txt");
  EXPECT_THAT(
      MessageOfExit(kExitInput,
                    [&] {
                      fs::remove(root_ / "gt/mot_challenge/seqmaps/MOT17-train.txt");
                      FindMotSequences({root_ / "gt" / "mot_challenge", "MOT17", "train", ""});
                    }),
      HasSubstr("seqmaps/MOT17-train.txt"));
}

TEST_F(MotLayout, TakesOneFileOfEach) {
  Write("truth.txt", "1,1,0,0,1,1,1,1,1\n");
  Write("mine.txt", "");
  const auto sequences = FindMotSequences({root_ / "truth.txt", "MOT17", "train", ""});
  ASSERT_THAT(Names(sequences), ElementsAre("truth"));
  EXPECT_EQ(sequences[0].frame_count, 0);
  const auto trackers = FindMotTrackers(root_ / "mine.txt", sequences, "MOT17-train");
  ASSERT_EQ(trackers.size(), 1u);
  EXPECT_EQ(trackers[0].name, "mine");
  WriteSequence("S");
  const auto beside = FindMotSequences({root_ / "S" / "gt" / "gt.txt", "MOT17", "train", ""});
  ASSERT_THAT(Names(beside), ElementsAre("S"));
  EXPECT_EQ(beside[0].frame_count, 5);
}

TEST_F(MotLayout, FindsOneTrackersFolder) {
  WriteSequence("train/A");
  const auto sequences = FindMotSequences({root_ / "train", "MOT17", "train", ""});
  Write("mine/A.txt", "");
  Write("theirs/data/A.txt", "");
  EXPECT_EQ(FindMotTrackers(root_ / "mine", sequences, "MOT17-train")[0].name, "mine");
  EXPECT_EQ(FindMotTrackers(root_ / "theirs", sequences, "MOT17-train")[0].name, "theirs");
  EXPECT_EQ(FindMotTrackers(root_ / "theirs" / "data", sequences, "MOT17-train")[0].name, "theirs");
}

TEST_F(MotLayout, NamesTheFileThatIsMissing) {
  WriteSequence("train/A");
  WriteSequence("train/B");
  Write("tracks/A.txt", "");
  const auto sequences = FindMotSequences({root_ / "train", "MOT17", "train", ""});
  EXPECT_THAT(MessageOfExit(kExitInput,
                            [&] { FindMotTrackers(root_ / "tracks", sequences, "MOT17-train"); }),
              HasSubstr((root_ / "tracks" / "B.txt").string()));
  EXPECT_THAT(
      MessageOfExit(kExitInput,
                    [&] { FindMotTrackers(root_ / "tracks" / "A.txt", sequences, "MOT17-train"); }),
      HasSubstr("one file for 2 sequences"));
  EXPECT_THAT(MessageOfExit(kExitInput,
                            [&] { FindMotTrackers(root_ / "nowhere", sequences, "MOT17-train"); }),
              HasSubstr("nowhere"));
  EXPECT_THAT(MessageOfExit(kExitInput,
                            [&] {
                              FindMotSequences({root_ / "nowhere", "MOT17", "train", ""});
                            }),
              HasSubstr("nowhere"));
  fs::create_directories(root_ / "empty");
  EXPECT_THAT(MessageOfExit(kExitInput,
                            [&] {
                              FindMotSequences({root_ / "empty", "MOT17", "train", ""});
                            }),
              HasSubstr("expected sequence folders"));
  fs::remove(root_ / "train/B/gt/gt.txt");
  EXPECT_THAT(MessageOfExit(kExitInput,
                            [&] {
                              FindMotSequences({root_ / "train", "MOT17", "train", ""});
                            }),
              HasSubstr("B/gt/gt.txt"));
}

std::vector<std::string> BoxNames(const std::vector<MotBoxFiles>& found) {
  std::vector<std::string> names;
  for (const MotBoxFiles& files : found)
    names.push_back(files.detector.empty() ? files.name : files.name + "/" + files.detector);
  return names;
}

TEST_F(MotLayout, DetectionsOfEveryDetector) {
  Write("set/A/det/det.txt", "");
  Write("set/A/seqinfo.ini", "[Sequence]\nseqLength=5\n");
  Write("set/B/det/yolo/det.txt", "");
  Write("set/B/det/acf/det.txt", "");
  Write("set/C/seqinfo.ini", "[Sequence]\nseqLength=5\n");
  std::vector<Error> missing;
  const std::vector<MotBoxFiles> found = FindMotDetections(root_ / "set", &missing);
  EXPECT_THAT(BoxNames(found), ElementsAre("A", "B/acf", "B/yolo"));
  EXPECT_EQ(found[0].sequence_info, root_ / "set/A/seqinfo.ini");
  EXPECT_TRUE(found[1].sequence_info.empty());
  ASSERT_EQ(missing.size(), 1u);
  EXPECT_THAT(missing[0].what(), HasSubstr("C/det/det.txt: expected the detections"));
  EXPECT_THROW(FindMotDetections(root_ / "set"), Error);
  EXPECT_THAT(BoxNames(FindMotDetections(root_ / "set/B/det/acf/det.txt")), ElementsAre("B/acf"));
}

// As detectors write them, beside folders of benchmarks.
TEST_F(MotLayout, DetectionsDirectlyInTheFolderOfASequence) {
  Write("set/A/det.txt", "");
  Write("set/B/det/det.txt", "");
  Write("set/B/det.txt", "");  // the benchmark's own come first
  const std::vector<MotBoxFiles> found = FindMotDetections(root_ / "set");
  EXPECT_THAT(BoxNames(found), ElementsAre("A", "B"));
  EXPECT_EQ(found[0].boxes, root_ / "set/A/det.txt");
  EXPECT_EQ(found[1].boxes, root_ / "set/B/det/det.txt");
  EXPECT_THAT(BoxNames(FindMotDetections(root_ / "set/A")), ElementsAre("A"));
}

TEST_F(MotLayout, ResultsWithoutGroundTruth) {
  Write("tracks/B.txt", "");
  Write("tracks/A.txt", "");
  Write("tracks/pedestrian_summary.txt", "");
  Write("tracks/decisions.csv", "");
  Write("trackeval/data/X.txt", "");
  EXPECT_THAT(BoxNames(FindMotResults(root_ / "tracks")), ElementsAre("A", "B"));
  EXPECT_THAT(BoxNames(FindMotResults(root_ / "trackeval")), ElementsAre("X"));
  EXPECT_THAT(BoxNames(FindMotResults(root_ / "tracks/B.txt")), ElementsAre("B"));
  EXPECT_THROW(FindMotResults(root_ / "none"), Error);
  fs::create_directories(root_ / "empty");
  EXPECT_THROW(FindMotResults(root_ / "empty"), Error);
}

TEST_F(MotLayout, SequenceInfosByName) {
  Write("MOT/train/A/seqinfo.ini", "");
  Write("MOT/train/B/seqinfo.ini", "");
  using Names = std::vector<std::string>;
  EXPECT_THAT(FindSequenceInfos(root_ / "MOT/train", Names{"B", "A"}),
              ElementsAre(root_ / "MOT/train/B/seqinfo.ini", root_ / "MOT/train/A/seqinfo.ini"));
  EXPECT_THAT(FindSequenceInfos(root_ / "MOT", Names{"A"}),
              ElementsAre(root_ / "MOT/train/A/seqinfo.ini"));
  EXPECT_THAT(FindSequenceInfos(root_ / "MOT/train/A", Names{"sort"}),
              ElementsAre(root_ / "MOT/train/A/seqinfo.ini"));
  EXPECT_THROW(FindSequenceInfos(root_ / "MOT", Names{"A", "C"}), Error);
  EXPECT_THROW(FindSequenceInfos(root_ / "none", Names{"A"}), Error);
}

TEST_F(MotLayout, FramesOfASequence) {
  Write("S/seqinfo.ini", "[Sequence]\nseqLength=5\nimDir=images\n");
  Write("S/images/000002.png", "");
  Write("S/images/000001.jpg", "");
  Write("S/images/notes.txt", "");
  EXPECT_EQ(FindFrameFolder(root_ / "S").images, root_ / "S/images");
  const auto frames = FindFrameImages(root_ / "S/images");
  ASSERT_EQ(frames.size(), 2u);
  EXPECT_EQ(frames.at(2), root_ / "S/images/000002.png");
  Write("T/img1/a_7.jpg", "");
  EXPECT_EQ(FindFrameFolder(root_ / "T").images, root_ / "T/img1");
  EXPECT_EQ(FindFrameFolder(root_ / "T/img1").images, root_ / "T/img1");
  Write("T/img1/b_07.jpg", "");
  EXPECT_THROW(FindFrameImages(root_ / "T/img1"), Error);
  Write("U/0.jpg", "");
  EXPECT_THROW(FindFrameImages(root_ / "U"), Error);
}

TEST_F(MotLayout, FindsTheFramesOfASequenceInTheUsualPlaces) {
  Write("set/A/img1/000003.png", "");
  Write("MOT/train/A/pictures/000003.png", "");
  Write("MOT/train/A/seqinfo.ini", "[Sequence]\nseqLength=5\nimDir=pictures\n");
  Write("flat/A/000004.png", "");
  Write("one/img1/000005.png", "");
  Write("bare/000006.png", "");
  const auto in = [&](const char* folder, bool alone) {
    const auto found = FindSequenceFrames(root_ / folder, "A", alone);
    return found ? found->lexically_relative(root_).string() : "none";
  };
  EXPECT_EQ(in("set", false), "set/A");
  EXPECT_EQ(in("set/A", false), "set/A");
  EXPECT_EQ(in("MOT", false), "MOT/train/A");
  EXPECT_EQ(in("flat", false), "flat/A");
  EXPECT_EQ(in("one", true), "one");
  EXPECT_EQ(in("bare", true), "bare");
  // Of several sequences these frames could be anybody's.
  EXPECT_EQ(in("bare", false), "none");
  EXPECT_EQ(in("nothing", true), "none");
}

TEST_F(MotLayout, MatchesByNameOrTakesTheOnlyOne) {
  WriteSequence("train/A");
  WriteSequence("train/B");
  const auto match = [&](const char* path, const std::vector<std::string>& names) {
    return Names(MatchMotSequences({root_ / path, "MOT17", "train", ""}, names, "tracks"));
  };
  EXPECT_THAT(match("train", {"B", "A"}), ElementsAre("B", "A"));
  EXPECT_THAT(match("train/A", {"sort"}), ElementsAre("A"));
  EXPECT_THAT(MessageOfExit(kExitInput,
                            [&] {
                              match("train", {"A", "C", "D"});
                            }),
              HasSubstr("every sequence with tracks, found none for C, D"));
}

TEST_F(MotLayout, FolderOfTextFiles) {
  Write("gt/B.txt", "1,1,0,0,1,1,1,1,1\n");
  Write("gt/A.txt", "1,1,0,0,1,1,1,1,1\n");
  Write("tr/A.txt", "1,1,0,0,1,1,1,-1,-1,-1\n");
  Write("tr/B.txt", "1,1,0,0,1,1,1,-1,-1,-1\n");
  Write("seqmap.txt", "name\nB\n");
  const auto sequences = FindMotSequences({root_ / "gt", "MOT17", "train", ""});
  EXPECT_THAT(Names(sequences), ElementsAre("A", "B"));
  EXPECT_EQ(sequences[1].ground_truth, root_ / "gt/B.txt");
  EXPECT_EQ(sequences[1].frame_count, 0);
  EXPECT_THAT(FindMotTrackers(root_ / "tr", sequences, "MOT17-train").at(0).results,
              ElementsAre(root_ / "tr/A.txt", root_ / "tr/B.txt"));
  EXPECT_THAT(Names(FindMotSequences({root_ / "gt", "MOT17", "train", root_ / "seqmap.txt"})),
              ElementsAre("B"));
}

TEST_F(MotLayout, OneFileOfBoxesASequence) {
  for (const char* file : {"train/SEQ-1/det/det.txt", "SEQ-2/det/yolo/det.txt", "flat/X.txt"})
    Write(file, "1,-1,0,0,1,1,1\n");
  const auto names = [&](MotFileKind kind, const std::vector<std::string>& paths) {
    std::vector<fs::path> full;
    for (const std::string& path : paths) full.push_back(root_ / path);
    std::vector<std::string> found;
    for (const MotBoxFiles& files : FindMotBoxes(kind, full)) found.push_back(files.name);
    return found;
  };
  const MotFileKind detections = MotFileKind::kDetections, results = MotFileKind::kResult;
  EXPECT_THAT(names(detections, {"train", "SEQ-2/det/yolo/det.txt", "flat"}),
              ElementsAre("SEQ-1", "SEQ-2", "X"));
  EXPECT_THAT(names(results, {"flat"}), ElementsAre("X"));
  EXPECT_THAT(MessageOfExit(kExitInput, [&] { names(detections, {"SEQ-2"}); }),
              ::testing::AllOf(HasSubstr("SEQ-2/det/det.txt"), HasSubstr("hint: give one of"),
                               HasSubstr("det/yolo/det.txt")));
  const auto refusal = [&](MotFileKind kind, const std::vector<std::string>& paths) {
    try {
      names(kind, paths);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kUsage);
      return std::string(error.what());
    }
    return std::string("no error");
  };
  EXPECT_EQ(refusal(detections, {"train", "train"}),
            "--detections: sequence SEQ-1 is given more than once");
  EXPECT_EQ(refusal(results, {"flat", "flat/X.txt"}),
            "--tracks: sequence X is given more than once");
}

}  // namespace
}  // namespace reidbench
