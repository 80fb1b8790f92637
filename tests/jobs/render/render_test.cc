#include "reidbench/jobs/render/render.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <string>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/parallel.h"
#include "reidbench/imaging/decode.h"
#include "reidbench/imaging/encode.h"
#include "reidbench/jobs/render/render_overlay.h"
#include "reidbench/jobs/render/render_report.h"
#include "reidbench/jobs/render/render_scene.h"
#include "reidbench/video/frame_source.h"
#include "support/expect_error.h"
#include "support/motion_jpeg.h"
#include "support/temp_folder.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Json = nlohmann::json;

// Person 1 walks right for 20 frames, is missed in 9 and 10, and is track 3 from 11 on; the
// corrected tracks call it 1 throughout.
class RenderTest : public ::testing::Test {
 protected:
  RenderTest() { MakeSequence("A"); }

  void MakeSequence(const std::string& name) {
    folder_.Write(name + "/seqinfo.ini",
                  "[Sequence]\nseqLength=20\nframeRate=10\nimWidth=200\nimHeight=100\n");
    std::string truth, plain, corrected;
    for (int f = 1; f <= 20; ++f) {
      const std::string box = fmt::format("{},30,20,40", 20 + 5 * f);
      truth += fmt::format("{},1,{},1,1,1\n", f, box);
      if (f != 9 && f != 10) {
        plain += fmt::format("{},{},{},1,-1,-1,-1\n", f, f < 9 ? 1 : 3, box);
        corrected += fmt::format("{},1,{},1,-1,-1,-1\n", f, box);
      }
      WriteFrame(name, f, 200);
    }
    folder_.Write(name + "/gt/gt.txt", truth);
    folder_.Write("plain/" + name + ".txt", plain);
    folder_.Write("corrected/" + name + ".txt", corrected);
    options_.sequence = folder_.path() / name;
    options_.tracks = folder_.path() / "plain" / (name + ".txt");
    options_.output = folder_.path() / "out";
    options_.picture = "png";
    options_.codec = "mpeg4";
  }
  void WriteFrame(const std::string& sequence, int frame, int width) {
    const RgbImage image{width, 100,
                         std::vector<uint8_t>(size_t{3} * 100 * static_cast<size_t>(width), 90)};
    const std::vector<uint8_t> bytes = EncodePng(image);
    folder_.Write(fmt::format("{}/img1/{:06}.png", sequence, frame),
                  std::string(bytes.begin(), bytes.end()));
  }
  void Versus() { options_.corrected = folder_.path() / "corrected" / options_.tracks.filename(); }
  RgbImage Picture(int frame) const {
    return DecodeImageFile(options_.output / fmt::format("{:06}.png", frame),
                           ExifOrientation::kIgnore);
  }
  // Pixels of about this colour from column `from` on to before `to`.
  static int Count(const RgbImage& image, int from, int to, int r, int g, int b) {
    int count = 0;
    for (int y = 0; y < image.height; ++y) {
      for (int x = from; x < to; ++x) {
        const uint8_t* p = image.Row(y) + 3 * x;
        count += std::abs(p[0] - r) < 8 && std::abs(p[1] - g) < 8 && std::abs(p[2] - b) < 8;
      }
    }
    return count;
  }
  static int Red(const RgbImage& i, int from, int to) { return Count(i, from, to, 220, 38, 38); }
  static int Green(const RgbImage& i, int from, int to) { return Count(i, from, to, 30, 170, 70); }

  std::vector<std::string> HiddenNames() const {
    std::vector<std::string> names;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder_.path())) {
      const std::string name = entry.path().filename().string();
      if (name.starts_with('.')) names.push_back(name);
    }
    return names;
  }

  void ExpectError(ErrorKind kind, const std::string& text) const {
    EXPECT_THAT(MessageOf(kind, [&] { RunRender(options_, false, {}); }), HasSubstr(text));
    EXPECT_FALSE(fs::exists(options_.output));
    EXPECT_THAT(HiddenNames(), IsEmpty());
  }

  TempFolder folder_;
  RenderStageOptions options_;
};

TEST_F(RenderTest, MarksSwitchAndRepairWhereTheyAre) {
  Versus();
  options_.ground_truth = options_.sequence;
  const RenderStageResult result = RunRender(options_, false, {});
  EXPECT_EQ(result.frames, 20);
  EXPECT_EQ(result.switches, 1);
  EXPECT_EQ(result.given_back, 1);
  EXPECT_THAT(result.warnings, IsEmpty());
  EXPECT_EQ(ListFileNames(options_.output).size(), 20u);
  const RgbImage before = Picture(8), at = Picture(11), later = Picture(20);
  EXPECT_EQ(before.width, result.width);
  EXPECT_EQ(before.height, result.height);
  const int middle = 202;  // between the panels
  EXPECT_EQ(Red(before, 0, before.width) + Green(before, 0, before.width), 0);
  EXPECT_GT(Red(at, 0, middle), 200);
  EXPECT_EQ(Red(at, middle, at.width), 0);
  EXPECT_GT(Green(at, middle, at.width), 200);
  EXPECT_EQ(Green(at, 0, middle), 0);
  EXPECT_GT(Red(later, 0, middle), 200);  // one second is ten frames: 11 to 20
}

TEST_F(RenderTest, WithoutGroundTruthIdsTell) {
  Versus();
  const RenderStageResult result = RunRender(options_, false, {});
  EXPECT_EQ(result.switches, 1);
  EXPECT_EQ(result.given_back, 1);
  EXPECT_GT(Green(Picture(11), 202, result.width), 200);
}

TEST_F(RenderTest, OneColourAPersonOnBothSides) {
  TrackSet plain, corrected;
  for (int f = 1; f <= 4; ++f) {
    const BoxLtwh a{10.0 * f, 0, 5, 10}, b{10.0 * f, 50, 5, 10};
    plain.boxes.push_back({.frame = FrameIndex{f}, .id = TrackId{f < 3 ? 7 : 9}, .box = a});
    plain.boxes.push_back({.frame = FrameIndex{f}, .id = TrackId{8}, .box = b});
    corrected.boxes.push_back({.frame = FrameIndex{f}, .id = TrackId{7}, .box = a});
    corrected.boxes.push_back({.frame = FrameIndex{f}, .id = TrackId{8}, .box = b});
  }
  RenderSide left(plain, 4, 1, 2), right(corrected, 4, 1, 2);
  left.NamePersonsBy(right);
  right.NamePersonsBy(right);
  AddRepairs(&left, &right);
  const std::vector<DrawnBox> l = left.Boxes(3), r = right.Boxes(3);
  EXPECT_EQ(l[0].person, r[0].person);
  EXPECT_EQ(l[1].person, r[1].person);
  EXPECT_NE(l[0].person, l[1].person);
  EXPECT_EQ(l[0].label, "9 (was 7)");
  EXPECT_EQ(r[0].label, "7, not 9");
  EXPECT_EQ(l[0].ring, Ring::kSwitch);
  EXPECT_EQ(r[0].ring, Ring::kRepair);
  EXPECT_EQ(l[1].ring, Ring::kNone);
  EXPECT_EQ(left.Boxes(4)[0].ring, Ring::kNone);
  // Trails are of one id: 9 begins in frame 3.
  EXPECT_EQ(l[0].trail.size(), 1u);
  EXPECT_EQ(right.Boxes(4)[0].trail.size(), 3u);
}

TEST_F(RenderTest, VideoHasEveryFrameAtItsRate) {
  options_.output = folder_.path() / "out.mp4";
  options_.scale = 1.5;
  const RenderStageResult result = RunRender(options_, false, {});
  EXPECT_EQ(result.codec, "mpeg4");
  EXPECT_THAT(result.files, ElementsAre(options_.output));
  const std::unique_ptr<FrameSource> video = OpenVideo(options_.output);
  EXPECT_EQ(video->info().frame_count, 20);
  EXPECT_EQ(video->info().frame_rate, 10);
  EXPECT_EQ(video->info().width, 300);
  Frame frame;
  int pictures = 0;
  while (video->Next(&frame)) pictures += frame.status == FrameStatus::kPicture ? 1 : 0;
  EXPECT_EQ(pictures, 20);
  const Json json = Json::parse(RenderRenderJson(result));
  EXPECT_EQ(json["schema"], "reidbench.render/1");
  EXPECT_EQ(json["frames"], 20);
}

TEST_F(RenderTest, MissingAndCorruptFramesAreGrey) {
  fs::remove(options_.sequence / "img1/000005.png");
  folder_.Write("A/img1/000006.png", "not a picture");
  const RenderStageResult result = RunRender(options_, false, {});
  EXPECT_EQ(result.missing_frames, 2);
  ASSERT_EQ(result.warnings.size(), 1u);
  EXPECT_THAT(result.warnings[0], HasSubstr("2 of 20 frames are grey: frame 5 has no picture; "));
  EXPECT_THAT(result.warnings[0], HasSubstr("000006.png: not an image"));
  EXPECT_GT(Count(Picture(5), 0, 200, 110, 110, 110), 10000);
  EXPECT_LT(Count(Picture(4), 0, 200, 110, 110, 110), 100);  // letters have grey edges
}

TEST_F(RenderTest, VideosAreDrawnOverLikeFolders) {
  std::vector<std::string> jpegs;
  for (int f = 1; f <= 20; ++f) {
    const RgbImage image{200, 100, std::vector<uint8_t>(size_t{3} * 100 * 200, 90)};
    const std::vector<uint8_t> bytes = EncodeJpeg(image, 95);
    jpegs.emplace_back(bytes.begin(), bytes.end());
  }
  jpegs[5] = "damaged";
  options_.sequence = folder_.Write("clip.avi", MotionJpegAvi(jpegs, 200, 100, 22));
  options_.frames = "4-21";
  const RenderStageResult result = RunRender(options_, false, {});
  EXPECT_EQ(result.frames, 18);
  EXPECT_EQ(result.frame_rate, 25);
  EXPECT_EQ(result.missing_frames, 2);  // the damaged one, and one that only the header knows
  ASSERT_EQ(result.warnings.size(), 1u);
  EXPECT_THAT(result.warnings[0], HasSubstr("clip.avi: frame 6: corrupt"));
  EXPECT_THAT(result.warnings[0], HasSubstr("frame 21 has no picture"));
  EXPECT_GT(Count(Picture(5), 0, 200, 90, 90, 90), 10000);
  EXPECT_GT(Count(Picture(6), 0, 200, 110, 110, 110), 10000);
}

TEST_F(RenderTest, SequencesWithoutPicturesAreGrey) {
  fs::remove_all(options_.sequence / "img1");
  const RenderStageResult result = RunRender(options_, false, {});
  EXPECT_EQ(result.missing_frames, 20);
  ASSERT_EQ(result.warnings.size(), 1u);
  EXPECT_THAT(result.warnings[0], HasSubstr("every frame is grey"));
}

TEST_F(RenderTest, SameBytesForAnyNumberOfThreads) {
  options_.trail_seconds = 1;
  std::vector<std::string> bytes[2];
  for (const int threads : {1, 2}) {
    const ThreadLimit limit(threads);
    options_.output = folder_.path() / fmt::format("out{}", threads);
    RunRender(options_, false, {});
    for (const std::string& name : ListFileNames(options_.output))
      bytes[threads - 1].push_back(ReadFileText(options_.output / name));
  }
  EXPECT_EQ(bytes[0].size(), 20u);
  EXPECT_EQ(bytes[0], bytes[1]);
}

TEST_F(RenderTest, AClipOfEverySwitch) {
  Versus();
  options_.ground_truth = options_.sequence / "gt/gt.txt";
  options_.output.clear();
  options_.clips = folder_.path() / "clips";
  options_.clip_seconds = 0.5;
  const RenderStageResult result = RunRender(options_, false, {});
  EXPECT_THAT(ListFileNames(options_.clips), ElementsAre("A_frame000011_person1_missed_fixed.mp4"));
  EXPECT_EQ(result.frames, 11);  // 6 to 16
}

TEST_F(RenderTest, HostileNamesAreOnlyNames) {
  const std::string name = "a\"<b>' ü " + std::string(230, 'x');
  MakeSequence(name);
  Versus();
  options_.ground_truth = options_.sequence;
  options_.clips = folder_.path() / "clips";
  RunRender(options_, false, {});
  const std::vector<std::string> clips = ListFileNames(options_.clips);
  ASSERT_EQ(clips.size(), 1u);
  EXPECT_THAT(clips[0], HasSubstr("xx_frame000011_person1_missed_fixed.mp4"));
  EXPECT_EQ(PlainText("a\xc3\xbc\n\"b", 10), "a??\"b");
  EXPECT_EQ(PlainText("abcdefgh", 6), "abc...");
}

TEST_F(RenderTest, WhatCannotBeDrawnIsSaid) {
  WriteFrame("A", 7, 100);
  ExpectError(ErrorKind::kInput, "000007.png: expected 200 x 100 px");
  options_.output = folder_.path() / "out.mp4";
  ExpectError(ErrorKind::kInput, "000007.png: expected 200 x 100 px");
  EXPECT_EQ(ListFileNames(folder_.path()).size(), 0u);  // no half a video either
  options_.frames = "3-30";
  ExpectError(ErrorKind::kUsage, "--frames 3-30: expected A-B with 1 <= A <= B <= 20");
  options_.frames = "1-3";
  options_.clips = folder_.path() / "clips";
  ExpectError(ErrorKind::kUsage, "--clip-switches needs --gt");
  options_.clips.clear();
  options_.scale = 9;
  options_.trail_seconds = -1;
  ExpectError(ErrorKind::kUsage, "--scale 9: expected 0.1 to 4; --trail -1: expected");
  options_.scale = 1;
  options_.trail_seconds = 0;
  options_.output = folder_.path() / "nowhere/out.mp4";
  ExpectError(ErrorKind::kIo, "nowhere");
  options_.output = folder_.path() / "out.mp4";
  folder_.Write("beyond.txt", "21,1,1,1,10,10,1,-1,-1,-1\n");
  options_.tracks = folder_.path() / "beyond.txt";
  ExpectError(ErrorKind::kInput, "beyond.txt:1");
}

TEST_F(RenderTest, NothingIsOverwrittenByAccident) {
  folder_.Write("out/mine.txt", "mine");
  EXPECT_THROW(RunRender(options_, false, {}), Error);
  options_.force = true;
  RunRender(options_, false, {});
  EXPECT_EQ(ReadFileText(options_.output / "mine.txt"), "mine");
  EXPECT_EQ(ListFileNames(options_.output).size(), 21u);
  // A file is not replaced by a folder.
  folder_.Write("file", "mine");
  options_.output = folder_.path() / "file";
  EXPECT_THROW(RunRender(options_, false, {}), Error);
  EXPECT_EQ(ReadFileText(options_.output), "mine");
}

TEST_F(RenderTest, FoldersBesideTheOutputAreLeftAlone) {
  folder_.Write("out.partial/mine.txt", "mine");
  const std::string taken = fmt::format(".out.partial-{}", ::getpid());
  folder_.Write(taken + "/mine.txt", "mine");
  RunRender(options_, false, {});
  EXPECT_EQ(ListFileNames(options_.output).size(), 20u);
  EXPECT_EQ(ReadFileText(folder_.path() / "out.partial/mine.txt"), "mine");
  EXPECT_EQ(ReadFileText(folder_.path() / taken / "mine.txt"), "mine");
  EXPECT_THAT(HiddenNames(), ElementsAre(taken));
}

TEST_F(RenderTest, OutputsAreFoldersOrVideosByTheirNames) {
  options_.frames = "1-2";
  options_.output = folder_.path() / "frames/";  // as people type folders
  RenderStageResult result = RunRender(options_, false, {});
  EXPECT_THAT(result.files, ElementsAre(folder_.path() / "frames"));
  EXPECT_THAT(ListFileNames(folder_.path() / "frames"), ElementsAre("000001.png", "000002.png"));
  options_.output = folder_.path() / "OUT.MP4";
  result = RunRender(options_, false, {});
  EXPECT_EQ(result.codec, "mpeg4");
  EXPECT_TRUE(IsFile(options_.output));
}

}  // namespace
}  // namespace reidbench
