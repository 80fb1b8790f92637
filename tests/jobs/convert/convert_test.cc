#include "reidbench/jobs/convert/convert.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "reidbench/core/files.h"
#include "support/expect_error.h"
#include "support/temp_folder.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* kKittiRows =
    "0 1 Pedestrian 0 1 -10 10.5 20 30.75 60 -1 -1 -1 -1000 -1000 -1000 -10\n"
    "1 1 Pedestrian 0 0 -10 11.5 20 31.75 60 -1 -1 -1 -1000 -1000 -1000 -10\n"
    "1 2 Car 0 0 -10 50 20 90 60 -1 -1 -1 -1000 -1000 -1000 -10\n"
    "1 -1 DontCare -1 -1 -10 0 0 9 9 -1 -1 -1 -1000 -1000 -1000 -10\n";

class Convert : public ::testing::Test {
 protected:
  ConvertStageOptions Options(const fs::path& input, const std::string& output,
                              const std::string& to = "mot") const {
    ConvertStageOptions options;
    options.input = input;
    options.output = folder_.path() / output;
    options.to = to;
    return options;
  }
  std::string Text(const std::string& name) const { return ReadFileText(folder_.path() / name); }

  TempFolder folder_;
};

TEST_F(Convert, MakesMotTextOfKitti) {
  const ConvertStageResult result =
      RunConvert(Options(folder_.Write("0001.txt", kKittiRows), "out"), false);
  EXPECT_EQ(result.from, "kitti");
  EXPECT_EQ(result.rows, "gt");
  EXPECT_EQ(Text("out/0001/gt/gt.txt"),
            "1,1,10.5,20,20.25,40,1,1\n2,1,11.5,20,20.25,40,1,1\n2,2,50,20,40,40,1,3\n"
            "2,3,0,0,9,9,0,14\n");
  EXPECT_THAT(Text("out/0001/seqinfo.ini"), HasSubstr("seqLength=2"));
  EXPECT_THAT(result.files, ElementsAre("0001/gt/gt.txt", "0001/seqinfo.ini"));
  EXPECT_FALSE(result.Lossless());  // occlusions
  EXPECT_EQ(result.largest_px, 0);
}

TEST_F(Convert, ThereAndBackIsLossless) {
  const fs::path kitti = folder_.Write("0001.txt", kKittiRows);
  const ConvertStageResult there = RunConvert(Options(kitti, "all.json", "coco"), false);
  EXPECT_TRUE(there.Lossless());
  EXPECT_TRUE(
      RunConvert(Options(folder_.path() / "all.json", "back", "kitti"), false).where.empty());
  EXPECT_EQ(Text("back/0001.txt"), kKittiRows);
}

TEST_F(Convert, MendsCornersInPlaceOfSizes) {
  ConvertStageOptions options =
      Options(folder_.Write("r.txt", "1,3,10.1,20,40.3,60,0.5,-1,-1,-1\n"), "o.txt");
  options.boxes = "corners";
  EXPECT_TRUE(RunConvert(options, false).Lossless());
  EXPECT_EQ(Text("o.txt"), "1,3,10.1,20,30.2,40,0.5,-1,-1,-1\n");
  options.input = folder_.Write("k.txt", kKittiRows);
  options.force = true;
  EXPECT_THAT(MessageOf(ErrorKind::kUsage, [&] { RunConvert(options, false); }),
              HasSubstr("says what its columns are"));
}

TEST_F(Convert, ClassesAreKeptAndRenamed) {
  ConvertStageOptions options = Options(folder_.Write("0001.txt", kKittiRows), "o.txt");
  const auto run = [&](std::vector<std::string> classes) {
    options.classes = std::move(classes);
    options.force = true;
    const ConvertStageResult result = RunConvert(options, false);
    return fmt::format("{} left out\n{}", result.left_out, Text("o.txt"));
  };
  EXPECT_EQ(run({"Pedestrian"}),
            "2 left out\n1,1,10.5,20,20.25,40,1,1\n2,1,11.5,20,20.25,40,1,1\n");
  EXPECT_EQ(run({"Car=20"}), "3 left out\n2,2,50,20,40,40,1,20\n");
  EXPECT_EQ(run({"car=person"}), "3 left out\n2,2,50,20,40,40,1,1\n");
  EXPECT_THAT(run({"Car=Bus", "*"}), HasSubstr("0 left out"));
  EXPECT_THAT(MessageOf(ErrorKind::kUsage, [&] { run({"Cat"}); }), HasSubstr("did you mean 'Car'"));
  EXPECT_THAT(MessageOf(ErrorKind::kUsage, [&] { run({"Car=-1"}); }), HasSubstr("numbers from 0"));
}

TEST_F(Convert, StrictRefusesLossesAndLeavesNothing) {
  ConvertStageOptions options = Options(folder_.Write("0001.txt", kKittiRows), "o.txt");
  options.strict = true;
  EXPECT_THAT(MessageOf(ErrorKind::kInput, [&] { RunConvert(options, false); }),
              HasSubstr("occlusions: 3 dropped: MOT ground truth has none"));
  EXPECT_FALSE(fs::exists(options.output));
}

TEST_F(Convert, OutputIsCheckedBeforeInput) {
  const auto refused = [&](ConvertStageOptions options) {
    options.input = folder_.path() / "nowhere";
    return MessageOf(ErrorKind::kUsage, [&] { RunConvert(options, false); });
  };
  folder_.Write("o.txt", "mine");
  folder_.Write("full/a.txt", "mine");
  EXPECT_THAT(refused(Options("", "o.txt")), HasSubstr("--force"));
  EXPECT_THAT(refused(Options("", "full")), HasSubstr("--force"));
  EXPECT_THAT(refused(Options("", "o.txt", "yolo")), HasSubstr("expected a folder"));
}

// Old labels beside new ones would be frames of the same video.
TEST_F(Convert, LabelsAreNotWrittenAmongOthers) {
  ConvertStageOptions options = Options(folder_.Write("0001.txt", kKittiRows), "labels", "yolo");
  options.image_size = "100x80";
  folder_.Write("labels/000099.txt", "mine");
  options.force = true;
  EXPECT_THAT(MessageOf(ErrorKind::kUsage, [&] { RunConvert(options, false); }),
              HasSubstr("000099.txt"));
  fs::remove(folder_.path() / "labels/000099.txt");
  folder_.Write("labels/notes.md", "mine");
  RunConvert(options, false);
  EXPECT_EQ(Text("labels/notes.md"), "mine");
  EXPECT_THAT(Text("labels/000001.txt"), HasSubstr("0 0.2"));
}

TEST_F(Convert, ADryRunWritesNothing) {
  const ConvertStageResult result =
      RunConvert(Options(folder_.Write("0001.txt", kKittiRows), "out"), true);
  EXPECT_EQ(result.Boxes(), 4);
  EXPECT_FALSE(fs::exists(folder_.path() / "out"));
}

TEST_F(Convert, OptionsAreChecked) {
  const auto refused = [&](const auto& change) {
    ConvertStageOptions options = Options(folder_.Write("r.txt", "1,3,1,2,3,4,1\n"), "o.txt");
    change(options);
    return MessageOf(ErrorKind::kUsage, [&] { RunConvert(options, false); });
  };
  using Options = ConvertStageOptions;
  EXPECT_THAT(refused([](Options& o) { o.image_size = "1920"; }), HasSubstr("1920x1080"));
  EXPECT_THAT(refused([](Options& o) { o.image_size = "0x3"; }), HasSubstr("--image-size 0x3"));
  EXPECT_THAT(refused([](Options& o) { o.scale = 0; }), HasSubstr("--scale 0"));
  EXPECT_THAT(refused([](Options& o) { o.frame_offset = INT64_MIN; }), HasSubstr("--frame-offset"));
}

}  // namespace
}  // namespace reidbench
