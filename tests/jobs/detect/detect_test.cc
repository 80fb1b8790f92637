#include "reidbench/jobs/detect/detect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "detection/tiny_detectors.h"
#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/parallel.h"
#include "reidbench/datasets/mot_files.h"
#include "reidbench/imaging/encode.h"
#include "support/expect_error.h"
#include "support/motion_jpeg.h"
#include "support/temp_folder.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// A person whose score is the red of the picture, and one more at 0.5.
std::string TwoPeople() {
  return TinyDetector({TinyTable("output", {1, 300, 6})
                           .Set(0, {40, 8, 56, 40, 0.5F, 0})
                           .Set(6, {16, 8, 32, 40})
                           .Score(6 + 4)});
}

std::vector<uint8_t> PlainPng(int red) {
  RgbImage image{128, 128, {}};
  for (int i = 0; i < 128 * 128; ++i)
    image.pixels.insert(image.pixels.end(), {static_cast<uint8_t>(red), 9, 9});
  return EncodePng(image);
}
std::string AsText(const std::vector<uint8_t>& bytes) { return {bytes.begin(), bytes.end()}; }

class DetectJob : public ::testing::Test {
 protected:
  DetectJob() {
    options_.frames = {folder_.path() / "train"};
    options_.detector.weights = folder_.Write("two.onnx", TwoPeople());
    options_.detector.engine = "reference";
    options_.output = folder_.path() / "det";
  }
  void WriteSequence(const std::string& name, const std::vector<int>& reds) const {
    for (size_t i = 0; i < reds.size(); ++i) {
      if (reds[i] >= 0) {
        folder_.Write(fmt::format("train/{}/img1/{:06}.png", name, i + 1),
                      AsText(PlainPng(reds[i])));
      }
    }
    folder_.Write("train/" + name + "/seqinfo.ini",
                  fmt::format("[Sequence]\nseqLength={}\nframeRate=10\n", reds.size()));
  }
  DetectStageResult Run(bool check_only = false) const {
    return RunDetect(options_, check_only, {});
  }
  std::string Text(const std::string& sequence) const {
    return ReadFileText(options_.output / sequence / "det.txt");
  }

  const TempFolder folder_;
  DetectStageOptions options_;
};

TEST_F(DetectJob, WritesMotTextBestFirst) {
  WriteSequence("A", {255, 51});
  WriteSequence("B", {153});
  const DetectStageResult result = Run();
  EXPECT_EQ(Text("A"),
            "1,-1,32.000,16.000,32.000,64.000,1.00000,-1,-1,-1\n"
            "1,-1,80.000,16.000,32.000,64.000,0.50000,-1,-1,-1\n"
            "2,-1,80.000,16.000,32.000,64.000,0.50000,-1,-1,-1\n"
            "2,-1,32.000,16.000,32.000,64.000,0.20000,-1,-1,-1\n");
  ASSERT_EQ(result.sequences.size(), 2U);
  EXPECT_EQ(result.sequences[0].boxes, 4);
  EXPECT_EQ(result.sequences[1].name, "B");
  EXPECT_THAT(result.warnings, IsEmpty());
  EXPECT_THAT(result.recognised, HasSubstr("yolov10"));
  MotReadOptions read;
  read.kind = MotFileKind::kDetections;
  const MotFile file = ReadMotFile(options_.output / "A" / "det.txt", read);
  EXPECT_EQ(file.tracks.boxes.size(), 4U);
  EXPECT_THAT(file.warnings, IsEmpty());
  const nlohmann::json json = nlohmann::json::parse(RenderDetectJson(result));
  EXPECT_EQ(json["schema"], "reidbench.detect/1");
  EXPECT_EQ(json["sequences"][0]["boxes"], 4);
}

TEST_F(DetectJob, ThreadsDoNotChangeAByte) {
  std::vector<int> reds;
  for (int i = 0; i < 40; ++i) reds.push_back(100 + i);
  WriteSequence("A", reds);
  std::string first;
  for (const int threads : {1, 2, 5}) {
    const ThreadLimit limit(threads);
    options_.force = true;
    Run();
    if (first.empty()) first = Text("A");
    EXPECT_EQ(Text("A"), first) << threads;
  }
}

TEST_F(DetectJob, VideosAndFoldersOfFrames) {
  RgbImage image{128, 128, std::vector<uint8_t>(3 * 128 * 128, 200)};
  const std::string jpeg = AsText(EncodeJpeg(image, 95));
  options_.frames = {folder_.Write("walk.avi", MotionJpegAvi({jpeg, jpeg, jpeg}, 128, 128)),
                     folder_.Write("plain/000005.png", AsText(PlainPng(204))).parent_path()};
  const DetectStageResult result = Run();
  ASSERT_EQ(result.sequences.size(), 2U);
  EXPECT_EQ(result.sequences[0].name, "walk");
  EXPECT_EQ(result.sequences[0].frames, 3);
  EXPECT_THAT(Text("walk"), HasSubstr("\n3,-1,"));
  EXPECT_EQ(result.sequences[1].name, "plain");
  EXPECT_EQ(result.sequences[1].missing, 4);
  EXPECT_THAT(Text("plain"), HasSubstr("5,-1,32.000"));
}

TEST_F(DetectJob, FramesThatAreMissingOrDamagedAreCounted) {
  WriteSequence("A", {255, -1, 255});
  folder_.Write("train/A/img1/000003.png", "no picture");
  const DetectStageResult result = Run();
  EXPECT_EQ(result.sequences[0].missing, 1);
  EXPECT_EQ(result.sequences[0].corrupt, 1);
  EXPECT_THAT(result.warnings, ElementsAre(HasSubstr("1 of 3 frames have no picture"),
                                           AllOf(HasSubstr("1 of 3 frames do not decode"),
                                                 HasSubstr("000003.png"))));
  fs::remove(folder_.path() / "train/A/img1/000001.png");
  options_.force = true;
  EXPECT_THAT(MessageOf(ErrorKind::kInput, [&] { Run(); }), HasSubstr("found none that decodes"));
}

TEST_F(DetectJob, EveryNthFrameKeepsItsNumber) {
  WriteSequence("A", {255, 255, 255, 255, 255});
  options_.every = 2;
  const DetectStageResult result = Run();
  EXPECT_EQ(result.sequences[0].frames, 3);
  EXPECT_THAT(Text("A"),
              AllOf(HasSubstr("\n3,-1,"), HasSubstr("\n5,-1,"), Not(HasSubstr("\n2,-1,"))));
}

TEST_F(DetectJob, NobodyIsWarnedAbout) {
  WriteSequence("A", {255, 255});
  options_.detector.weights =
      folder_.Write("none.onnx", TinyDetector({TinyTable("output", {1, 300, 6})}));
  const DetectStageResult result = Run();
  EXPECT_EQ(Text("A"), "");
  EXPECT_THAT(result.warnings, ElementsAre(HasSubstr("nobody was found in 2 pictures")));
}

TEST_F(DetectJob, AWrongDescriptionIsRefusedAndNothingWritten) {
  WriteSequence("A", {255, 255, 255, 255, 255, 255});
  options_.detector.config =
      folder_.Write("unit.yaml", "preset: yolov10\noutput: {units: unit, clip: false}\n");
  EXPECT_THAT(MessageOf(ErrorKind::kConfig, [&] { Run(); }), HasSubstr("output.units: input"));
  EXPECT_FALSE(fs::exists(options_.output / "A" / "det.txt"));
}

TEST_F(DetectJob, ExistingFilesAreRefusedBeforeAnythingIsRead) {
  WriteSequence("A", {255});
  folder_.Write("det/A/det.txt", "mine");
  options_.detector.weights = folder_.path() / "nowhere.onnx";
  EXPECT_THAT(MessageOf(ErrorKind::kUsage, [&] { Run(); }), HasSubstr("--force"));
  EXPECT_EQ(Text("A"), "mine");
}

TEST_F(DetectJob, TwoOfOneNameAreRefused) {
  WriteSequence("A", {255});
  options_.frames.push_back(folder_.Write("A.mp4"));
  EXPECT_THAT(MessageOf(ErrorKind::kUsage, [&] { Run(true); }), HasSubstr("called 'A'"));
  options_.frames = {folder_.path() / "nowhere"};
  EXPECT_THAT(MessageOf(ErrorKind::kIo, [&] { Run(true); }), HasSubstr("nowhere"));
}

TEST_F(DetectJob, ADryRunReadsTheNetworkAndWritesNothing) {
  WriteSequence("A", {255});
  EXPECT_THAT(Run(true).description, HasSubstr("finished of output"));
  EXPECT_FALSE(fs::exists(options_.output));
}

}  // namespace
}  // namespace reidbench
