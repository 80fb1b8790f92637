#include "reidbench/datasets/mot_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "reidbench/core/error.h"
#include "support/expect_error.h"

namespace reidbench {
namespace {

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
  EXPECT_THAT(ErrorOf("99999999999,1,0,0,1,1,1\n"), HasSubstr("found frame 99999999999"));
}

TEST(MotFiles, RefusesWhatTheReferenceMisreads) {
  EXPECT_THAT(ErrorOf("1,-1,0,0,1,1,1\n"), HasSubstr("looks like a detection file"));
  EXPECT_THAT(ErrorOf("1,1.5,0,0,1,1,1\n"), HasSubstr("an integral id, found 1.5"));
  EXPECT_THAT(ErrorOf("nan,1,0,0,1,1,1\n"), HasSubstr("an integral frame number, found nan"));
  EXPECT_THAT(ErrorOf("1,1,0,1e999,1,1,1\n"),
              HasSubstr("a finite number in column 4, found 1e999"));
  EXPECT_THAT(ErrorOf("1,1,0,,1,1,1\n"), HasSubstr("a number in column 4, found nothing"));
  EXPECT_THAT(ErrorOf("1,1,0,0x1,1,1,1\n"), HasSubstr("found 0x1"));
  EXPECT_THAT(ErrorOf(std::string_view("1,1,0,\0\xff,1,1,1\n", 16)), HasSubstr("found \\x00\\xff"));
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
              HasSubstr("s.ini: expected UTF-8 text, found UTF-16"));
  EXPECT_THAT(MessageOf(ErrorKind::kInput, [&] { ParseMotText(text, "a.txt", {}); }),
              HasSubstr("a.txt: expected UTF-8 text, found UTF-16"));
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
  EXPECT_EQ(ReplaceMotIds(text, file.line, Ids({12, 7, 0})),
            "\xEF\xBB\xBF"
            "frame,id,x,y,w,h,s\r\n1,12,1.50,2,3,4,0.90,-1,-1,-1\r\n\r\n 2, 7 ,1e1,2,3,4,1\n"
            "3,0,1,2,3,4,1");
  EXPECT_EQ(ReplaceMotIds(text, file.line, Ids({7, 7, 8})), text);
}

TEST(ReplaceMotIds, EveryDelimiter) {
  for (const std::string delimiter : {",", ";", "\t", " ", ", "}) {
    std::string text;
    for (const char* field : {"1", "7.0", "10", "20", "30", "40"}) text += field + delimiter;
    text += "1\n";
    const MotFile file = ParseMotText(text, "S.txt", {});
    std::string expected = text;
    expected.replace(expected.find("7.0"), 3, "1234567");
    EXPECT_EQ(ReplaceMotIds(text, file.line, Ids({1234567})), expected);
    EXPECT_EQ(ReplaceMotIds(text, file.line, Ids({7})), text);
  }
  EXPECT_EQ(ReplaceMotIds("", {}, {}), "");
}

}  // namespace
}  // namespace reidbench
