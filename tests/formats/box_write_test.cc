// Whatever a table holds: what a format can hold of it comes back from its files bit by bit, and
// what it cannot is counted.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "formats/row_text.h"
#include "reidbench/core/files.h"
#include "reidbench/formats/box_format.h"
#include "support/temp_folder.h"

namespace reidbench {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Decimals as people write them, floats, and doubles with all their digits.
double RandomPlace(std::mt19937_64* random, double low, double high) {
  const double value = std::uniform_real_distribution<double>(low, high)(*random);
  switch ((*random)() % 4) {
    case 0:
      return std::round(value);
    case 1:
      return std::round(value * 100) / 100;
    case 2:
      return static_cast<float>(value);
    default:
      return value;
  }
}

BoxTable RandomTable(uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto chance = [&](int of) { return static_cast<int>(random() % 100) < of; };
  BoxTable table;
  const char* names[] = {"MOT17-02", "caf\xC3\xA9 \xE4\xB8\xAD", "a&b<c>", "cam 3"};
  const size_t sequences = 1 + random() % 3;
  for (size_t s = 0; s < sequences; ++s) {
    BoxSequence& sequence = table.sequences[static_cast<size_t>(table.Sequence(names[s]))];
    sequence.size = {640 + static_cast<int64_t>(s), 480};
    if (chance(50)) sequence.frame_rate = 12.5;
    sequence.frame_count = chance(70) ? 30 : 0;
    if (chance(30)) sequence.frame_names[3] = "third \"one\".png";
    if (chance(30)) sequence.frame_sizes[2] = {320, 200};
  }
  const BoxClass classes[] = {
      {1, "pedestrian"}, {3, "car"}, {7, ""}, {-1, "Vélo & Co"}, {0, "zero"}};
  const bool ids = chance(70), scores = chance(60), marks = chance(30), stated = chance(50);
  const bool classed = chance(80), all_classes = chance(50), extras = chance(50);
  for (int64_t frame = 1; frame <= 20; ++frame) {
    if (chance(30)) continue;
    for (int64_t box = 0; box < 6; ++box) {
      if (chance(40)) continue;
      BoxRow row;
      row.sequence = static_cast<int32_t>(random() % sequences);
      row.frame = static_cast<int32_t>(frame);
      if (ids && chance(95)) row.track_id = box * 1000 + 3;
      if (classed && chance(80)) {
        const BoxClass& box_class = classes[all_classes ? random() % 5 : 0];
        row.box_class = table.Class(box_class.number, box_class.name);
      }
      row.box = {RandomPlace(&random, -50, 900), RandomPlace(&random, -50, 500),
                 std::abs(RandomPlace(&random, 0, 300)), std::abs(RandomPlace(&random, 0, 300))};
      if (scores && chance(90)) row.score = RandomPlace(&random, -1, 1);
      if (marks) row.mark = chance(80) ? 1 : 0;
      if (stated && chance(80)) row.visibility = std::uniform_real_distribution<>(0, 1)(random);
      if (stated && chance(80)) row.occluded = static_cast<double>(random() % 4);
      if (stated && chance(80)) row.truncated = static_cast<double>(random() % 2);
      table.rows.push_back(row);
      if (extras && chance(50)) table.SetExtra("alpha", RandomPlace(&random, -3, 3));
      if (extras && chance(50)) table.SetExtra("colour", chance(50) ? "red" : "\"b,lue\" <&>");
      if (extras && chance(20)) table.SetExtra("rotation_y", 0.5);
      if (extras && chance(20)) table.SetExtra("world_x", RandomPlace(&random, -9, 9));
    }
  }
  return table;
}

struct RoundTrip {
  BoxTable written, read;
  FittedBoxes fitted;
};

RoundTrip GoRound(BoxTable table, BoxFormat format, MotRows rows, bool is_folder) {
  RoundTrip trip;
  BoxTarget target{format, rows, is_folder};
  trip.fitted = FitToFormat(target, &table);
  target.rows = trip.fitted.rows;
  const TempFolder folder;
  const std::filesystem::path path =
      is_folder ? folder.path() : folder.path() / ("one" + std::string(InfoOf(format).extension));
  WriteBoxes(table, target, path);
  BoxReadOptions read;
  read.rows = target.rows;
  read.known = &table.sequences;
  trip.read = ReadBoxes(path, format, read);
  if (trip.read.sequences.size() == 1 && !InfoOf(format).many_sequences)
    trip.read.sequences[0].name = table.sequences[0].name;
  trip.written = std::move(table);
  return trip;
}

class EveryFormat : public ::testing::TestWithParam<BoxFormatInfo> {};

TEST_P(EveryFormat, GivesBackWhatItHolds) {
  const BoxFormat format = GetParam().format;
  for (uint64_t seed = 0; seed < 120; ++seed) {
    for (const MotRows rows : {MotRows::kAuto, MotRows::kGroundTruth, MotRows::kResults}) {
      if (rows != MotRows::kAuto && format != BoxFormat::kMot) continue;
      const RoundTrip trip = GoRound(RandomTable(seed), format, rows, true);
      const TableDifference difference = CompareTables(trip.written, trip.read);
      ASSERT_EQ(difference.mismatch, "") << "seed " << seed;
      // Shares of the picture round; nothing else does.
      ASSERT_LE(difference.largest_px, format == BoxFormat::kYolo ? 1e-12 : 0) << "seed " << seed;
      // The reader of MOT text keeps visibilities as floats.
      ASSERT_LE(difference.largest_value, format == BoxFormat::kMot ? 1e-7 : 0) << "seed " << seed;
    }
  }
}

TEST_P(EveryFormat, HoldsATableWithoutBoxes) {
  const BoxFormat format = GetParam().format;
  BoxTable table;
  BoxSequence& sequence = table.sequences[static_cast<size_t>(table.Sequence("S"))];
  sequence.size = {640, 480};
  sequence.frame_count = 3;
  const RoundTrip trip = GoRound(table, format, MotRows::kAuto, true);
  EXPECT_EQ(CompareTables(trip.written, trip.read).mismatch, "");
}

INSTANTIATE_TEST_SUITE_P(Formats, EveryFormat,
                         ::testing::ValuesIn(BoxFormats().begin(), BoxFormats().end()),
                         [](const auto& tested) {
                           std::string name = tested.param.name;
                           std::erase(name, '-');
                           return name;
                         });

BoxTable OneBox() {
  BoxTable table;
  const int32_t sequence = table.Sequence("S");
  table.sequences[0].size = {200, 100};
  table.sequences[0].frame_count = 3;
  BoxRow row;
  row.sequence = sequence;
  row.frame = 2;
  row.track_id = 7;
  row.box_class = table.Class(1, "pedestrian");
  row.box = {10.5, 20, 30.25, 40};
  table.rows.push_back(row);
  return table;
}

std::string FileOf(BoxTable table, BoxFormat format, MotRows rows, const std::string& file) {
  BoxTarget target{format, rows, true};
  target.rows = FitToFormat(target, &table).rows;
  const TempFolder folder;
  WriteBoxes(table, target, folder.path());
  return ReadFileText(folder.path() / file);
}

TEST(WriteBoxes, WritesWhatTheFormatsDocumentationShows) {
  EXPECT_EQ(FileOf(OneBox(), BoxFormat::kMot, MotRows::kAuto, "S/gt/gt.txt"),
            "2,7,10.5,20,30.25,40,1,1\n");
  EXPECT_THAT(FileOf(OneBox(), BoxFormat::kMot, MotRows::kAuto, "S/seqinfo.ini"),
              HasSubstr("seqLength=3\nimWidth=200\nimHeight=100\n"));
  EXPECT_EQ(FileOf(OneBox(), BoxFormat::kMot, MotRows::kResults, "S.txt"),
            "2,7,10.5,20,30.25,40,1,1,-1,-1\n");
  EXPECT_EQ(FileOf(OneBox(), BoxFormat::kMotHeader, MotRows::kAuto, "S.csv"),
            "frame,id,bb_left,bb_top,bb_width,bb_height,conf,class\n2,7,10.5,20,30.25,40,1,1\n");
  EXPECT_EQ(FileOf(OneBox(), BoxFormat::kSupervision, MotRows::kAuto, "S.csv"),
            "x_min,y_min,x_max,y_max,class_id,confidence,tracker_id,class_name,frame_index\n"
            "10.5,20,40.75,60,1,,7,pedestrian,2\n");
  EXPECT_EQ(FileOf(OneBox(), BoxFormat::kKitti, MotRows::kAuto, "S.txt"),
            "1 7 Pedestrian -1 -1 -10 10.5 20 40.75 60 -1 -1 -1 -1000 -1000 -1000 -10\n");
  EXPECT_EQ(FileOf(OneBox(), BoxFormat::kVisDrone, MotRows::kAuto, "S.txt"),
            "2,7,10.5,20,30.25,40,1,1,0,0\n");
  EXPECT_EQ(FileOf(OneBox(), BoxFormat::kYolo, MotRows::kAuto, "000002.txt"),
            "0 0.128125 0.4 0.15125 0.4 1 7\n");
  EXPECT_EQ(FileOf(OneBox(), BoxFormat::kYolo, MotRows::kAuto, "000003.txt"), "");
  EXPECT_EQ(FileOf(OneBox(), BoxFormat::kYolo, MotRows::kAuto, "classes.txt"), "pedestrian\n");
  EXPECT_THAT(FileOf(OneBox(), BoxFormat::kCoco, MotRows::kAuto, "annotations.json"),
              HasSubstr(R"({"id":1,"image_id":2,"video_id":1,"category_id":1,"track_id":7,)"
                        R"("bbox":[10.5,20,30.25,40],"area":1210,"iscrowd":0})"));
  const std::string cvat = FileOf(OneBox(), BoxFormat::kCvat, MotRows::kAuto, "S.xml");
  EXPECT_THAT(cvat, HasSubstr("<track id=\"7\" label=\"pedestrian\">\n"
                              "    <box frame=\"1\" keyframe=\"1\" outside=\"0\" xtl=\"10.5\" "
                              "ytl=\"20\" xbr=\"40.75\" ybr=\"60\" z_order=\"0\"/>\n"));
  // CVAT would draw the box to the end of the video otherwise.
  EXPECT_THAT(cvat, HasSubstr("<box frame=\"2\" keyframe=\"1\" outside=\"1\""));
  EXPECT_EQ(FileOf(OneBox(), BoxFormat::kNumpy, MotRows::kAuto, "S.npy").size(), 128 + 80);
}

TEST(WriteBoxes, WritesMot15WhereBoxesHavePlacesInTheWorld) {
  BoxTable table = OneBox();
  table.rows[0].box_class = kNoClass;
  table.SetExtra("world_x", -4.5);
  table.SetExtra("world_y", 2);
  EXPECT_EQ(FileOf(table, BoxFormat::kMot, MotRows::kAuto, "S/gt/gt.txt"),
            "2,7,10.5,20,30.25,40,1,-4.5,2,-1\n");
  table.rows[0].box_class = 0;  // of which there is no place then
  EXPECT_EQ(FileOf(table, BoxFormat::kMot, MotRows::kAuto, "S/gt/gt.txt"),
            "2,7,10.5,20,30.25,40,1,1\n");
}

}  // namespace
}  // namespace reidbench
