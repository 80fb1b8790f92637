#include "reidbench/formats/box_format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "formats/row_text.h"
#include "support/expect_error.h"
#include "support/temp_folder.h"

namespace reidbench {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(BoxFormats, HaveNames) {
  for (const BoxFormatInfo& info : BoxFormats()) {
    EXPECT_EQ(BoxFormatOf(info.name), info.format);
    EXPECT_EQ(&InfoOf(info.format), &info);
  }
  EXPECT_THAT(MessageOf(ErrorKind::kUsage, [] { BoxFormatOf("kiti"); }),
              HasSubstr("did you mean 'kitti'"));
}

TEST(DetectBoxFormat, LooksAtTheContent) {
  const TempFolder folder;
  const auto detected = [&](const std::string& name, std::string_view content) {
    return std::string(InfoOf(DetectBoxFormat(folder.Write(name, content))).name);
  };
  EXPECT_EQ(detected("a.txt", "1,1,10,20,30,40,1,-1,-1,-1\n"), "mot");
  EXPECT_EQ(detected("b.txt", "0 2 Pedestrian 0 1 -2.5 10.5 20 30.75 60 1 1 1 1 1 1 1\n"), "kitti");
  EXPECT_EQ(detected("c.txt", "0 0.5 0.5 0.125 0.25\n"), "yolo");
  EXPECT_EQ(detected("d.json", R"({"images": [], "annotations": [], "categories": []})"), "coco");
  EXPECT_EQ(detected("e.xml",
                     "<?xml version=\"1.0\"?>\n<annotations>\n<version>1.1</version>\n"
                     "<track id=\"0\" label=\"a\"></track></annotations>"),
            "cvat");
  EXPECT_EQ(detected("f.csv",
                     "x_min,y_min,x_max,y_max,class_id,confidence,tracker_id,frame_index\n"
                     "1,2,3,4,0,0.5,1,1\n"),
            "mot-header");
  EXPECT_THAT(
      MessageOf(ErrorKind::kInput, [&] { detected("g.txt", "<!DOCTYPE html><html></html>"); }),
      HasSubstr("a web page"));
}

TEST(DetectBoxFormat, LooksIntoFolders) {
  const TempFolder folder;
  folder.Write("mot/S/gt/gt.txt", "1,1,10,20,30,40,1,1,1\n");
  folder.Write("yolo/labels/000001.txt", "");
  folder.Write("yolo/labels/000002.txt", "0 0.5 0.5 0.125 0.25\n");
  folder.Write("yolo/classes.txt", "person\n");
  EXPECT_EQ(DetectBoxFormat(folder.path() / "mot"), BoxFormat::kMot);
  EXPECT_EQ(DetectBoxFormat(folder.path() / "yolo"), BoxFormat::kYolo);
  folder.Write("none/README.md", "text");
  EXPECT_THAT(MessageOf(ErrorKind::kIo, [&] { DetectBoxFormat(folder.path() / "none"); }),
              HasSubstr("found none"));
}

TEST(ReadBoxes, ReadsFoldersOfFiles) {
  const TempFolder folder;
  folder.Write("kitti/label_02/0001.txt", "0 2 Car 0 0 0 1 2 4 6 1 1 1 1 1 1 1\n");
  folder.Write("kitti/label_02/0002.txt", "");
  const BoxTable kitti = ReadBoxes(folder.path() / "kitti", BoxFormat::kKitti, {});
  ASSERT_EQ(kitti.sequences.size(), 2);
  EXPECT_EQ(kitti.rows.size(), 1);
  folder.Write("gt/S/gt/gt.txt", "1,1,10,20,30,40,1,1,1\n");
  folder.Write("gt/S/seqinfo.ini",
               "[Sequence]\nseqLength=9\nimWidth=64\nimHeight=48\nframeRate=5\n");
  const BoxTable gt = ReadBoxes(folder.path() / "gt", BoxFormat::kMot, {});
  EXPECT_THAT(RowTexts(gt), ElementsAre("S 1 id=1 1:pedestrian [10 20 30 40] mark=1 visibility=1"));
  EXPECT_EQ(gt.sequences[0].frame_count, 9);
  EXPECT_EQ(gt.sequences[0].size.width, 64);
  EXPECT_EQ(gt.sequences[0].frame_rate, 5);
}

TEST(ReadBoxes, ReadsYoloFoldersWithNamesOfClasses) {
  const TempFolder folder;
  folder.Write("run/labels/video_1.txt", "1 0.5 0.5 0.25 0.5\n");
  folder.Write("run/labels/video_3.txt", "0 0.5 0.5 0.25 0.5\n");
  folder.Write("run/classes.txt", "person\ncar\n");
  BoxReadOptions options;
  EXPECT_THAT(MessageOf(ErrorKind::kUsage,
                        [&] { ReadBoxes(folder.path() / "run", BoxFormat::kYolo, options); }),
              HasSubstr("--image-size"));
  options.image_size = {200, 100};
  const BoxTable table = ReadBoxes(folder.path() / "run", BoxFormat::kYolo, options);
  EXPECT_THAT(RowTexts(table),
              ElementsAre("video 1 1:car [75 25 50 50]", "video 3 0:person [75 25 50 50]"));
}

TEST(ReadBoxes, ScalesAndShifts) {
  const TempFolder folder;
  const auto file = folder.Write("S.txt", "4,3,10,20,30,40,1\n");
  BoxReadOptions options;
  options.scale = 1.5;
  options.frame_offset = -3;
  EXPECT_THAT(RowTexts(ReadBoxes(file, BoxFormat::kMot, options)),
              ElementsAre("S 1 id=3 [15 30 45 60] score=1"));
  options.frame_offset = -4;
  EXPECT_THAT(MessageOf(ErrorKind::kInput, [&] { ReadBoxes(file, BoxFormat::kMot, options); }),
              HasSubstr("S.txt:1: expected frame 1 or later, found frame 0"));
}

// What MOT text refuses, which is where the offset is needed.
TEST(ReadBoxes, MendsFramesFromZero) {
  const TempFolder folder;
  BoxReadOptions options;
  options.frame_offset = 1;
  EXPECT_THAT(
      RowTexts(ReadBoxes(folder.Write("S.txt", "0,3,10,20,30,40,1\n"), BoxFormat::kMot, options)),
      ElementsAre("S 1 id=3 [10 20 30 40] score=1"));
}

}  // namespace
}  // namespace reidbench
