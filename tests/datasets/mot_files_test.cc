#include "reidbench/datasets/mot_files.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "reidbench/core/error.h"
#include "support/expect_error.h"

namespace reidbench {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

MotFile Parse(std::string_view text, MotReadOptions options = {}) {
  return ParseMotText(text, "f.txt", options);
}

MotReadOptions GroundTruth() {
  MotReadOptions options;
  options.kind = MotFileKind::kGroundTruth;
  return options;
}

std::string ErrorOf(std::string_view text, const MotReadOptions& options = {}) {
  return MessageOf(ErrorKind::kInput, [&] { Parse(text, options); });
}

TEST(MotFiles, ReadsResultRows) {
  const MotFile file = Parse("2,7,1.5,-2,30.25,40,0.9,-1,-1,-1\n1,300000000,0,0,1e1,1E+1,.5\n");
  ASSERT_EQ(file.tracks.boxes.size(), 2u);
  const TrackBox& box = file.tracks.boxes[0];
  EXPECT_EQ(box.frame, FrameIndex(2));
  EXPECT_EQ(box.id, TrackId(7));
  EXPECT_EQ(box.box, (BoxLtwh{1.5, -2, 30.25, 40}));
  EXPECT_EQ(box.confidence, 0.9);
  EXPECT_EQ(box.class_id, -1);
  EXPECT_EQ(file.tracks.boxes[1].id, TrackId(300000000));
  EXPECT_EQ(file.tracks.boxes[1].box, (BoxLtwh{0, 0, 10, 10}));
  EXPECT_EQ(file.tracks.frame_count, 2);
  EXPECT_THAT(file.line, ElementsAre(1, 2));
}

TEST(MotFiles, ReadsGroundTruthRows) {
  const MotFile file = Parse("1,1,1,2,3,4,0,7,0.25\n1,2,5,6,7,8,1,1,1\n", GroundTruth());
  ASSERT_EQ(file.tracks.boxes.size(), 2u);
  EXPECT_EQ(file.tracks.boxes[0].confidence, 0);
  EXPECT_EQ(file.tracks.boxes[0].class_id, 7);
  EXPECT_EQ(file.tracks.boxes[0].visibility, 0.25f);
}

TEST(MotFiles, ReadsDecimalsToTheLastBit) {
  const MotFile file =
      Parse("1,1,0.1,123456789.123456789,0.30000000000000004,1234567890123456789012,1e-400\n");
  ASSERT_EQ(file.tracks.boxes.size(), 1u);
  EXPECT_EQ(file.tracks.boxes[0].box,
            (BoxLtwh{0.1, 123456789.123456789, 0.30000000000000004, 1234567890123456789012.0}));
  EXPECT_EQ(file.tracks.boxes[0].confidence, 0);  // too small for a double
}

class Dialects : public ::testing::TestWithParam<const char*> {};

TEST_P(Dialects, AreReadAlike) {
  const MotFile wanted = Parse("1,7,10,20,30,40,0.5\n2,7,11,21,31,41,0.6\n");
  const MotFile file = Parse(GetParam());
  EXPECT_EQ(file.tracks.boxes, wanted.tracks.boxes);
  EXPECT_THAT(file.warnings, IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Files, Dialects,
                         ::testing::Values("1, 7, 10, 20, 30, 40, 0.5\n2, 7, 11, 21, 31, 41, 0.6\n",
                                           "1 7 10 20 30 40 0.5\n2 7 11 21 31 41 0.6\n",
                                           "  1   7 10  20 30 40 0.5  \n2 7 11 21 31 41 0.6\n",
                                           "1\t7\t10\t20\t30\t40\t0.5\n2\t7\t11\t21\t31\t41\t0.6\n",
                                           "1;7;10;20;30;40;0.5\n2;7;11;21;31;41;0.6\n",
                                           "1,7,10,20,30,40,0.5\r\n2,7,11,21,31,41,0.6\r\n",
                                           "1,7,10,20,30,40,0.5,\n2,7,11,21,31,41,0.6,\n",
                                           "\xEF\xBB\xBF"
                                           "1,7,10,20,30,40,0.5\n2,7,11,21,31,41,0.6",
                                           "1,7,10,20,30,40,0.5\n2,7,11,21,31,41,0.6\n\n \n",
                                           "1.0,7,+10,20.,30,4e1,5e-1\n2e0,7,11,21,31,41,0.6\n"));

TEST(MotFiles, WarnsOfWhatIsOdd) {
  EXPECT_THAT(Parse("frame,id,x,y,w,h,c\n1,7,0,0,10,10,1\n").warnings,
              ElementsAre("f.txt:1: line 1 is a header and was skipped"));
  EXPECT_THAT(Parse("1,7,0,0,10,10,1\n\n\n2,7,0,0,10,10,1\n").warnings,
              ElementsAre("f.txt:2: line 2 is blank (2 such lines)"));
  EXPECT_THAT(Parse("1,7,0,0,10,10,1,-1\n2,7,0,0,10,10,1\n").warnings,
              ElementsAre("f.txt:2: the column count changes from 8 to 7"));
  EXPECT_THAT(
      Parse("1,7,0,0,10,10,1\n2,7,0,0,-10,10,1\n").warnings,
      ElementsAre("f.txt:2: width -10: such a box never matches and counts as a false positive"));
  EXPECT_THAT(Parse("1,7,0,0,10,0,1,1,1\n", GroundTruth()).warnings,
              ElementsAre("f.txt:1: height 0: such a box never matches and counts as missed"));
  EXPECT_THAT(Parse("").warnings, ElementsAre("f.txt: tracker output has no boxes"));
}

TEST(MotFiles, NamesTheFirstBadRowCountsAllAndListsSome) {
  std::string text = "1,1,0,0,10,10,1\n";
  for (int i = 2; i < 12; ++i) text += std::to_string(i) + ",1,0,0,10,ten,1\n";
  const std::string message = ErrorOf(text);
  EXPECT_THAT(message,
              HasSubstr("f.txt:2: expected a number in column 6, found ten (10 bad rows)"));
  EXPECT_THAT(message, HasSubstr("also line 6:"));
  EXPECT_THAT(message, HasSubstr("and 5 more"));
  EXPECT_THAT(message, ::testing::Not(HasSubstr("line 7:")));
}

TEST(MotFiles, NamesBothLinesOfARepeatedId) {
  EXPECT_THAT(ErrorOf("1,5,0,0,1,1,1\n2,5,0,0,1,1,1\n1,5,9,9,1,1,1\n1,5,9,9,1,1,1\n"),
              HasSubstr("f.txt:3: expected each id once per frame, found id 5 twice in frame 1 "
                        "(first on line 1) (2 bad rows)"));
  MotReadOptions detections;
  detections.kind = MotFileKind::kDetections;
  EXPECT_EQ(Parse("1,-1,0,0,1,1,1\n1,-1,2,0,1,1,1\n", detections).tracks.boxes.size(), 2u);
}

TEST(MotFiles, HintsAtShiftedFrames) {
  MotReadOptions options;
  options.frame_count = 3;
  EXPECT_THAT(ErrorOf("0,1,0,0,1,1,1\n1,1,0,0,1,1,1\n2,1,0,0,1,1,1\n", options),
              HasSubstr("add 1 to all"));
  EXPECT_THAT(ErrorOf("2,1,0,0,1,1,1\n3,1,0,0,1,1,1\n4,1,0,0,1,1,1\n", options),
              HasSubstr("subtract 1"));
  EXPECT_THAT(ErrorOf("0,1,0,0,1,1,1\n"), HasSubstr("expected frame 1 or later, found frame 0"));
  options.frame_count = 600;
  EXPECT_THAT(ErrorOf("1700000000000,1,0,0,1,1,1\n", options),
              AllOf(HasSubstr("expected frame 1..600, found frame 1700000000000"),
                    HasSubstr("look like times, not frames: number the frames 1, 2, 3")));
}

TEST(MotFiles, RefusesWhatTheReferenceMisreads) {
  EXPECT_THAT(ErrorOf("1,-1,0,0,1,1,1\n"), HasSubstr("looks like a detection file"));
  EXPECT_THAT(ErrorOf("1,1.5,0,0,1,1,1\n"), HasSubstr("an integral id, found 1.5"));
  EXPECT_THAT(ErrorOf("nan,1,0,0,1,1,1\n"), HasSubstr("an integral frame number, found nan"));
  EXPECT_THAT(ErrorOf("1,1,0,1e999,1,1,1\n"),
              HasSubstr("a finite number in column 4, found 1e999"));
  EXPECT_THAT(ErrorOf("1,1,0,,1,1,1\n"), HasSubstr("a number in column 4, found nothing"));
  EXPECT_THAT(ErrorOf("1,1,0,0x1,1,1,1\n"), HasSubstr("found 0x1"));
  EXPECT_THAT(ErrorOf("1,1,0,0,1,1,1\n1,2,0,\x01\xff,1,1,1\n"), HasSubstr("found \\x01\\xff"));
}

TEST(MotFiles, ReadsColumnEightByBenchmark) {
  EXPECT_THAT(ErrorOf("1,1,0,0,1,1,1,2\n"),
              HasSubstr("expected class 1, 0 or -1 in column 8, found 2"));
  MotReadOptions world;
  world.has_classes = false;
  EXPECT_EQ(Parse("1,1,0,0,1,1,1,5.2,3.1,0\n", world).tracks.boxes.size(), 1u);
  MotReadOptions several;
  several.result_classes = {1, 3};
  EXPECT_EQ(Parse("1,1,0,0,1,1,1,3\n", several).tracks.boxes[0].class_id, 3);
  MotReadOptions truth = GroundTruth();
  truth.known_classes = {1, 2, 3};
  EXPECT_THAT(ErrorOf("1,1,0,0,1,1,1,4,1\n", truth), HasSubstr("expected class 1..3, found 4"));
  EXPECT_THAT(ErrorOf("1,1,0,0,1,1,1\n", truth), HasSubstr("at least 8 columns, found 7 columns"));
}

// Six boxes of two tracks, as MOT text.
constexpr const char* kSixRows =
    "1,1,101,50,40,80,0.9\n1,2,201,50,40,80,0.9\n2,1,102,50,40,80,0.9\n2,2,202,50,40,80,0.9\n"
    "3,1,103,50,40,80,0.9\n3,2,203,50,40,80,0.9\n";

// The same boxes as a table whose rows are written like `row`.
std::string SixRowTable(const std::string& header, const std::string& row) {
  std::string text = fmt::format(fmt::runtime(header), fmt::arg("q", '"')) + "\n";
  for (int k = 0; k < 6; ++k) {
    const int frame = 1 + k / 2, id = 1 + k % 2, left = 100 * id + frame;
    text += fmt::format(fmt::runtime(row), fmt::arg("f", frame), fmt::arg("f0", frame - 1),
                        fmt::arg("id", id), fmt::arg("k", k), fmt::arg("l", left),
                        fmt::arg("r", left + 40), fmt::arg("cx", left + 20), fmt::arg("q", '"')) +
            "\n";
  }
  return text;
}

struct NamedTable {
  const char* header;
  const char* row;
};

class NamedColumns : public ::testing::TestWithParam<NamedTable> {};

TEST_P(NamedColumns, AreReadByTheirNames) {
  const std::string text = SixRowTable(GetParam().header, GetParam().row);
  const MotFile file = Parse(text);
  std::vector<TrackBox> boxes = file.tracks.boxes;
  for (TrackBox& box : boxes) box.class_id = -1;
  EXPECT_EQ(boxes, Parse(kSixRows).tracks.boxes) << text;
  EXPECT_EQ(file.tracks.frame_count, 3);
  EXPECT_THAT(file.warnings, ::testing::Not(IsEmpty()));
  // The ids can be replaced in the same text.
  const std::vector<TrackId> ids(6, TrackId(77));
  const std::string other = ReplaceMotIds(text, file, ids);
  const MotReadOptions detections{.kind = MotFileKind::kDetections};  // which may repeat ids
  const MotFile again = Parse(other, detections);
  ASSERT_EQ(again.tracks.boxes.size(), 6u) << other;
  for (const TrackBox& box : again.tracks.boxes) EXPECT_EQ(box.id, TrackId(77)) << other;
}

INSTANTIATE_TEST_SUITE_P(
    Tables, NamedColumns,
    ::testing::Values(
        NamedTable{"frame,id,x1,y1,x2,y2,conf", "{f},{id},{l},50,{r},130,0.9"},
        NamedTable{"id,frame,x,y,w,h,conf", "{id},{f},{l},50,40,80,0.9"},
        NamedTable{"x_min,y_min,x_max,y_max,class_id,confidence,tracker_id,frame_index",
                   "{l},50,{r},130,0,0.90,{id},{f}"},
        NamedTable{"x_min,y_min,x_max,y_max,class_id,confidence,tracker_id,frame_index",
                   "{l},50,{r},130,0,0.90,{id},{f0}"},
        NamedTable{"frame,id,bb_left,bb_top,bb_width,bb_height,conf,x,y,z",
                   "{f},{id},{l},50,40,80,0.9,-1,-1,-1"},
        NamedTable{"frame,id,bb_left,bb_top,bb_width,bb_height,conf,x,y,z",
                   "{f},{id},{l},50,40,80,0.9,5.25,3,0"},
        NamedTable{"Frame;Track ID;BB-Left;BB-Top;BB-Right;BB-Bottom;Score",
                   "{f};{id};{l};50;{r};130;0.9"},
        NamedTable{"FRAME\tTRACK_ID\tCX\tCY\tWIDTH\tHEIGHT\tCONFIDENCE",
                   "{f}\t{id}\t{cx}\t90\t40\t80\t0.9"},
        NamedTable{"score track_id frame_id xmin ymin xmax ymax", "0.9 {id} {f} {l} 50 {r} 130"},
        NamedTable{",frame,id,left,top,width,height,score", "{k},{f},{id},{l},50,40,80,0.9"},
        NamedTable{"Unnamed: 0,frame,id,left,top,right,bottom,score",
                   "{k},{f}.0,{id}.0,{l},50,{r},130,0.9"},
        NamedTable{"index,frame_idx,object_id,x0,y0,x1,y1,prob",
                   "{k},{f0},{id},{l},50,{r},130,0.9"},
        NamedTable{"{q}frame{q},{q}id{q},{q}x1{q},{q}y1{q},{q}x2{q},{q}y2{q},{q}conf{q}",
                   "{q}{f}{q},{q}{id}{q},{q}{l}{q},{q}50{q},{q}{r}{q},{q}130{q},{q}0.9{q}"},
        NamedTable{"\"frame\",\"note, if any\",\"id\",\"x1\",\"y1\",\"x2\",\"y2\",\"conf\"",
                   "{f},{q}a, {q}{q}b{q}{q}{q},{id},{l},50,{r},130,0.9"},
        NamedTable{"# frame, id, x1, y1, x2, y2, conf", "{f},{id},{l},50,{r},130,0.9"},
        NamedTable{"# made by a tracker\n# frame id x1 y1 x2 y2 conf",
                   "{f} {id} {l} 50 {r} 130 0.9"},
        NamedTable{"frame,id,x [px],y [px],w (px),h (px),conf,speed",
                   "{f},{id},{l},50,40,80,0.9,1.5"},
        NamedTable{"label,conf,h,w,top,left,id,frame", "person,0.9,80,40,50,{l},{id},{f}"},
        NamedTable{"class_id,class_name,frame,id,x1,y1,x2,y2,conf",
                   "1,person,{f},{id},{l},50,{r},130,0.9"},
        NamedTable{"frame,id,x1,y1,x2,y2,conf,visibility", "{f},{id},{l},50,{r},130,0.9,"},
        NamedTable{"\xEF\xBB\xBF"
                   "frame,id,x1,y1,x2,y2,conf\r",
                   "{f},{id},{l},50,{r},130,0.9\r"}));

TEST(MotFiles, SaysHowNamedColumnsAreRead) {
  EXPECT_THAT(
      Parse("x_min,y_min,x_max,y_max,class_id,confidence,tracker_id,frame_index,camera\n"
            "1,2,11,22,0,0.5,7,0,left\n")
          .warnings,
      ElementsAre("f.txt:1: columns are read by their names: frame=frame_index, id=tracker_id, "
                  "left=x_min, width=x_max-x_min, top=y_min, height=y_max-y_min, "
                  "score=confidence, class=class_id",
                  "f.txt:1: columns that are not read: camera",
                  "f.txt:1: frames start at 0, so 1 is added to all of them"));
  EXPECT_THAT(Parse("frame_idx,id,x1,y1,x2,y2\n3,7,0,0,10,10\n").warnings,
              ::testing::Contains(HasSubstr("'frame_idx' starts at 3, so it is taken as counted")));
  EXPECT_THAT(Parse("frame,id,x1,y1,x2,y2,class_id\n3,7,0,0,9,9,0\n3,8,0,0,9,9,1\n").warnings,
              ::testing::Contains(HasSubstr("where 0 means person (YOLO, supervision)")));
  EXPECT_THAT(
      Parse("frame,id,x1,y1,x2,y2\n3,7,0,0,9,9\nframe,id,x1,y1,x2,y2\n4,7,0,0,9,9\n").warnings,
      ::testing::Contains("f.txt:3: line 3 repeats the header and was skipped"));
  EXPECT_THAT(Parse("# by a tracker\n3,7,0,0,9,9,1\n").warnings,
              ElementsAre("f.txt:1: line 1 is a remark and was skipped"));
}

TEST(MotFiles, GroundTruthOfNamedColumns) {
  const MotFile file =
      Parse("frame,id,x1,y1,x2,y2,consider,visibility\n1,7,0,0,9,9,True,0.5\n2,7,0,0,9,9,0,\n",
            GroundTruth());
  ASSERT_EQ(file.tracks.boxes.size(), 2u);
  EXPECT_EQ(file.tracks.boxes[0].class_id, 1);
  EXPECT_EQ(file.tracks.boxes[0].confidence, 1);
  EXPECT_EQ(file.tracks.boxes[0].visibility, 0.5F);
  EXPECT_EQ(file.tracks.boxes[1].confidence, 0);
  EXPECT_NE(file.tracks.boxes[1].visibility, file.tracks.boxes[1].visibility);
  EXPECT_THAT(file.warnings, ::testing::Contains(HasSubstr("every row is taken as class 1")));
}

TEST(MotFiles, DetectionsOfNamedColumnsNeedNoIds) {
  const MotReadOptions detections{.kind = MotFileKind::kDetections};
  const MotFile file = Parse("frame,score,xmin,ymin,xmax,ymax\n1,0.5,1,2,11,22\n", detections);
  ASSERT_EQ(file.tracks.boxes.size(), 1u);
  EXPECT_EQ(file.tracks.boxes[0].id, TrackId(-1));
  EXPECT_EQ(file.tracks.boxes[0].box, (BoxLtwh{1, 2, 10, 20}));
  EXPECT_EQ(file.tracks.boxes[0].confidence, 0.5);
}

TEST(MotFiles, RowsOfNamedColumnsAreNamedWhenTheyAreBad) {
  EXPECT_THAT(ErrorOf("frame,id,x1,y1,x2,y2\n1,7,0,zero,9,9\n"),
              HasSubstr("f.txt:2: expected a number in column 'y1', found zero"));
  EXPECT_THAT(ErrorOf("frame,id,x1,y1,x2,y2\n1,7,0,0,9\n"),
              HasSubstr("f.txt:2: expected 6 columns, as line 1 names, found 5 columns"));
  EXPECT_THAT(ErrorOf("frame,id,x1,y1,x2,y2,label\n1,7,0,0,9,9,car\n"),
              HasSubstr("expected a number in column 'label', found car"));
  EXPECT_THAT(ErrorOf("frame,id,x1,y1,x2,y2\n1,,0,0,9,9\n"),
              HasSubstr("expected a number in column 'id', found nothing"));
  MotReadOptions options;
  options.frame_count = 3;
  EXPECT_THAT(ErrorOf("frame,id,x1,y1,x2,y2\n0,7,0,0,9,9\n3,7,0,0,9,9\n", options),
              HasSubstr("f.txt:3: expected frame 1..3, found frame 4"));
}

TEST(MotFiles, SaysWhatAForeignFileIs) {
  EXPECT_THAT(ErrorOf("<!DOCTYPE html><html><body>404</body></html>"),
              AllOf(HasSubstr("f.txt: expected boxes as text"),
                    HasSubstr("found a web page (HTML)"), HasSubstr("hint: ")));
  EXPECT_THAT(ErrorOf("[{\"frame\":1,\"id\":2,\"bbox\":[1,2,3,4]}]"), HasSubstr("found JSON text"));
  EXPECT_THAT(ErrorOf(std::string(4096, '\0')), HasSubstr("found 4096 NUL bytes"));
  EXPECT_THAT(ErrorOf("1,1,0,0,9,9,1\n" + std::string(300, '\0')),
              HasSubstr("found text with NUL bytes in line 2"));
  EXPECT_THAT(
      ErrorOf("0 1 Pedestrian 0 0 -1.79 296.7 161.7 455.2 292.3 2 1.8 4.4 -4.5 1.8 13 -2\n"),
      AllOf(HasSubstr("found tracking labels of KITTI"),
            HasSubstr("reidbench convert f.txt --from kitti --output OUT")));
  EXPECT_THAT(ErrorOf("0 0.5 0.5 0.25 0.125\n0 0.25 0.5 0.25 0.125\n"),
              HasSubstr("found labels of YOLO"));
  EXPECT_THAT(ErrorOf("1;1;101,5;50;40;80;0,9\n2;1;102;50;40;80;1\n"),
              AllOf(HasSubstr("found numbers with decimal commas"), HasSubstr("tr ',;' '.,'")));
  EXPECT_THAT(ErrorOf("1,1,0,0,9,9,1\nTraceback (most recent call last):\n  File \"a.py\", line "
                      "1\nValueError: no boxes\n"),
              AllOf(HasSubstr("f.txt:2: expected boxes as text"),
                    HasSubstr("found a Python traceback (ValueError: no boxes)")));
  EXPECT_THAT(ErrorOf("name,age,city\nAnn,7,Rome\n"), HasSubstr("found text that is no table"));
  EXPECT_THAT(ErrorOf("a,b,c,d\n1,2,3,4\n"),
              HasSubstr("f.txt:1: expected the names of columns or numbers, found a,b,c,d"));
}

TEST(MotFiles, TakesTimesForFramesAndSaysSo) {
  const MotFile file = Parse("1700000001,11,255,175,50,27,1\n1700000000123,12,323,175,35,21,1\n");
  ASSERT_EQ(file.tracks.boxes.size(), 2u);
  EXPECT_EQ(file.tracks.boxes[1].frame, FrameIndex(1700000000123));
  EXPECT_EQ(file.tracks.frame_count, 1700000000123);
  EXPECT_THAT(file.warnings, ElementsAre(HasSubstr("frames up to 1,700,000,000,123 look like times "
                                                   "(milliseconds)")));
  EXPECT_THAT(ErrorOf("0.04,1,0,0,9,9,1\n0.08,1,0,0,9,9,1\n"),
              AllOf(HasSubstr("expected an integral frame number, found 0.04"),
                    HasSubstr("these look like times, not frames")));
  EXPECT_THAT(ErrorOf("1.7e+12,11,0,0,9,9,1\n1.7e+12,11,5,0,9,9,1\n"),
              HasSubstr("times of too few digits"));
}

TEST(MotFiles, RowsThatDoNotCountMayRepeatAnId) {
  MotReadOptions truth = GroundTruth();
  truth.counted_classes = {1};
  const char* regions =
      "1,0,593,43,174,190,0,0,0,0\n1,0,10,10,30,30,0,0,0,0\n"
      "1,1,100,100,20,40,1,1,0,0\n1,1,200,100,60,40,1,4,0,1\n";
  EXPECT_EQ(Parse(regions, truth).tracks.boxes.size(), 4u);
  truth.counted_classes = {1, 4};
  EXPECT_THAT(ErrorOf(regions, truth),
              AllOf(HasSubstr("f.txt:4: expected each id once per frame, found id 1 twice in frame "
                              "1 (first on line 3) (1 bad row)"),
                    HasSubstr("ignored regions may share an id")));
  truth.known_classes = {1, 2, 3};
  EXPECT_THAT(ErrorOf(regions, truth), HasSubstr("looks like an ignored region of VisDrone"));
}

TEST(MotFiles, WarnsOfGroundTruthInWhichNothingCounts) {
  MotReadOptions truth = GroundTruth();
  truth.counted_classes = {1};
  EXPECT_THAT(Parse("1,1,9,4,9,9,0,7,1\n2,1,9,4,9,9,0,1,1\n3,1,9,4,9,9,1,3,1\n", truth).warnings,
              ElementsAre("f.txt: no row counts: of 3 rows the rules leave out 2 by mark 0 in "
                          "column 7, 1 by a class in column 8 other than 1"));
  EXPECT_THAT(Parse("1,1,9,4,9,9,0,7,1\n2,1,9,4,9,9,1,1,1\n", truth).warnings, IsEmpty());
}

TEST(MotFiles, WritesWhatItReads) {
  const MotFile file = Parse("1,7,0.1,-20,30.25,1e-5,0.5\n2,8,11,21,31,41,0.30000000000000004\n");
  EXPECT_EQ(FormatMotResult(file.tracks).substr(0, 40),
            "1,7,0.1,-20,30.25,1e-05,0.5,-1,-1,-1\n2,8");
  EXPECT_EQ(Parse(FormatMotResult(file.tracks)).tracks.boxes, file.tracks.boxes);
}

TEST(SequenceInfoFile, ReadsKeysOfItsSection) {
  const SequenceInfo info = ParseSequenceInfo(
      "\xEF\xBB\xBF[Other]\r\nseqLength=9\r\n[Sequence]\r\n; note\r\nname = "
      "A\r\nimDir=img1\r\nframeRate=29.97\r\n"
      "seqlength=525\r\nimWidth=1920\r\nimHeight=1080\r\nimExt=.jpg\r\n",
      "s.ini");
  EXPECT_EQ(info.name, "A");
  EXPECT_EQ(info.image_dir, "img1");
  EXPECT_EQ(info.image_extension, ".jpg");
  EXPECT_EQ(info.frame_count, 525);
  EXPECT_EQ(info.frame_rate, 29.97);
  EXPECT_EQ(info.image_width, 1920);
  EXPECT_EQ(info.image_height, 1080);
}

TEST(SequenceInfoFile, RefusesWhatHasNoLength) {
  for (const char* text : {"", "[Sequence]\nname=A\n", "seqLength=5\n", "[Sequence]\nseqLength=0\n",
                           "[Sequence]\nseqLength=five\n", "[Sequence]\nseqLength=5\nnonsense\n"}) {
    EXPECT_THROW(ParseSequenceInfo(text, "s.ini"), Error) << text;
  }
}

TEST(SequenceInfoFile, WholeNumbersMayBeWrittenAsFloats) {
  const SequenceInfo info =
      ParseSequenceInfo("[Sequence]\nseqLength=5.0\nimWidth=1920.0\nimHeight=1e3\n", "s.ini");
  EXPECT_EQ(info.frame_count, 5);
  EXPECT_EQ(info.image_width, 1920);
  EXPECT_EQ(info.image_height, 1000);
  EXPECT_THAT(MessageOf(ErrorKind::kInput,
                        [] { ParseSequenceInfo("[Sequence]\nseqLength=5.5\n", "s.ini"); }),
              HasSubstr("s.ini:2: expected seqLength = a whole number"));
}

TEST(SequenceInfoFile, Utf16IsNamed) {
  const std::string text("\xFF\xFE[\0S\0", 6);
  EXPECT_THAT(MessageOf(ErrorKind::kInput, [&] { ParseSequenceInfo(text, "s.ini"); }),
              AllOf(HasSubstr("s.ini: expected a [Sequence] section"), HasSubstr("found UTF-16"),
                    HasSubstr("iconv -f utf-16 -t utf-8 s.ini")));
  EXPECT_THAT(MessageOf(ErrorKind::kInput, [&] { ParseSeqmap(text, "m.txt", {}); }),
              HasSubstr("m.txt: expected a header line, then one sequence per line, found UTF-16"));
  EXPECT_THAT(MessageOf(ErrorKind::kInput, [&] { ParseMotText(text, "a.txt", {}); }),
              AllOf(HasSubstr("a.txt: expected boxes as text"), HasSubstr("found UTF-16 text")));
}

TEST(Seqmap, ListsNamesBelowTheHeader) {
  EXPECT_THAT(ParseSeqmap("name\r\nA\r\n\r\nB\r\n", "m.txt", {"A", "B", "C"}),
              ElementsAre("A", "B"));
}

TEST(Seqmap, NeverLosesASequence) {
  const auto error = [](const char* text) -> std::string {
    return MessageOf(ErrorKind::kInput, [&] { ParseSeqmap(text, "m.txt", {"A", "B"}); });
  };
  EXPECT_THAT(error("A\nB\n"), HasSubstr("m.txt:1: expected a header line"));
  EXPECT_THAT(error("name\nA\nX\n"),
              HasSubstr("m.txt:3: expected the name of a sequence folder, found X"));
  EXPECT_THAT(error("name\nA\nA\n"), HasSubstr("first on line 2"));
  EXPECT_THAT(error("name\n"), HasSubstr("found no sequence"));
}

std::vector<TrackId> Ids(const std::vector<int64_t>& values) {
  std::vector<TrackId> ids;
  for (const int64_t value : values) ids.emplace_back(value);
  return ids;
}

TEST(ReplaceMotIds, ChangesNothingElse) {
  const std::string text =
      "\xEF\xBB\xBF"
      "frame,id,x,y,w,h,s\r\n1,7,1.50,2,3,4,0.90,-1,-1,-1\r\n\r\n 2, 7 "
      ",1e1,2,3,4,1\n3,+8,1,2,3,4,1";
  const MotFile file = ParseMotText(text, "S.txt", {});
  ASSERT_EQ(file.tracks.boxes.size(), 3u);
  EXPECT_EQ(ReplaceMotIds(text, file, Ids({12, 7, 0})),
            "\xEF\xBB\xBF"
            "frame,id,x,y,w,h,s\r\n1,12,1.50,2,3,4,0.90,-1,-1,-1\r\n\r\n 2, 7 ,1e1,2,3,4,1\n"
            "3,0,1,2,3,4,1");
  EXPECT_EQ(ReplaceMotIds(text, file, Ids({7, 7, 8})), text);
}

TEST(ReplaceMotIds, EveryDelimiter) {
  for (const std::string delimiter : {",", ";", "\t", " ", ", "}) {
    std::string text;
    for (const char* field : {"1", "7.0", "10", "20", "30", "40"}) text += field + delimiter;
    text += "1\n";
    const MotFile file = ParseMotText(text, "S.txt", {});
    std::string expected = text;
    expected.replace(expected.find("7.0"), 3, "1234567");
    EXPECT_EQ(ReplaceMotIds(text, file, Ids({1234567})), expected);
    EXPECT_EQ(ReplaceMotIds(text, file, Ids({7})), text);
  }
  EXPECT_EQ(ReplaceMotIds("", MotFile(), {}), "");
}

}  // namespace
}  // namespace reidbench
