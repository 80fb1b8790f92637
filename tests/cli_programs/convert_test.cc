// `reidbench convert` as users type it: what it makes is what the other commands read.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "support/run_program.h"
#include "support/temp_folder.h"

namespace reidbench {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

class ConvertProgram : public ::testing::Test {
 protected:
  std::string Path(const std::string& name) const { return (folder_.path() / name).string(); }
  std::string Convert(std::vector<std::string> words) const {
    words.insert(words.begin(), "convert");
    const ProgramResult result = RunReidbench(words);
    EXPECT_EQ(result.code, kExitOk) << result.err;
    return result.out;
  }
  // HOTA of the result `tracks` against the ground truth `truth`.
  double Hota(const std::string& truth, const std::string& tracks) const {
    const ProgramResult result =
        RunReidbench({"score", "--gt", Path(truth), "--tracks", Path(tracks), "--format", "json"});
    EXPECT_EQ(result.code, kExitOk) << result.err;
    if (result.code != kExitOk) return -1;
    const Json json = Json::parse(result.out);
    return json["trackers"].begin().value()["sequences"]["S"]["HOTA"]["HOTA"];
  }

  TempFolder folder_;
};

// Two people, one of whom leaves for a frame.
constexpr const char* kTracks =
    "1,1,10.5,20,30,40,0.9,1,-1,-1\n1,2,100,20,30.25,40,0.8,1,-1,-1\n"
    "2,1,12.5,20,30,40,0.9,1,-1,-1\n4,1,16.5,20,30,40,0.9,1,-1,-1\n"
    "4,2,110,20,30.25,40,0.7,1,-1,-1\n";

TEST_F(ConvertProgram, WhatWentThroughAFormatScoresTheSame) {
  folder_.Write("tracks/S.txt", kTracks);
  for (const std::string format :
       {"coco", "cvat", "kitti", "visdrone", "yolo", "supervision", "mot-header", "numpy"}) {
    Convert({Path("tracks"), "--to", format, "--output", Path(format), "--image-size", "640x480"});
    // VisDrone's result rows look like MOT's.
    Convert({Path(format), "--from", format == "visdrone" ? format : "auto", "--output",
             Path(format + "_back"), "--rows", "gt", "--image-size", "640x480", "--quiet"});
    const std::string name = format == "yolo" ? "yolo" : "S";  // of the folder, which has no other
    const std::string back = format + "_back/" + name + "/gt/gt.txt";
    ASSERT_TRUE(IsFile(folder_.path() / back)) << format;
    const std::string truth = folder_.Write(format + "_gt/S/gt/gt.txt", ReadFileText(Path(back)));
    EXPECT_EQ(Hota(format + "_gt/S/gt/gt.txt", "tracks/S.txt"), 1) << format << " " << truth;
  }
}

TEST_F(ConvertProgram, SaysWhatItDropped) {
  folder_.Write("S.txt", kTracks);
  Convert({Path("S.txt"), "--to", "mot-header", "--output", Path("S.csv")});
  const ProgramResult result = RunReidbench(
      {"convert", Path("S.csv"), "--to", "mot", "--rows", "gt", "--output", Path("gt.txt")});
  EXPECT_EQ(result.code, kExitOk);
  EXPECT_THAT(result.err, HasSubstr("warning: scores: 5 dropped: MOT ground truth has no score"));
  const ProgramResult strict = RunReidbench({"convert", Path("S.csv"), "--to", "mot", "--rows",
                                             "gt", "--output", Path("strict.txt"), "--strict"});
  EXPECT_EQ(strict.code, kExitInput);
  EXPECT_THAT(strict.err, HasSubstr("scores: 5 dropped"));
  EXPECT_FALSE(IsFile(folder_.path() / "strict.txt"));
}

TEST_F(ConvertProgram, WritesIntoPipes) {
  folder_.Write("S.txt", kTracks);
  EXPECT_THAT(Convert({Path("S.txt"), "--output", "/dev/null", "--format", "json"}),
              HasSubstr("\"lossless\": true"));
}

TEST_F(ConvertProgram, NamesTheWayOutOfBadInput) {
  folder_.Write("page.txt", "<!DOCTYPE html><html><head><title>404</title></head></html>");
  const ProgramResult page = RunReidbench({"convert", Path("page.txt"), "--output", Path("o.txt")});
  EXPECT_EQ(page.code, kExitInput);
  EXPECT_THAT(page.err, HasSubstr("a web page"));
  EXPECT_EQ(RunReidbench({"convert", Path("page.txt")}).code, kExitUsage);
  EXPECT_EQ(RunReidbench({"convert", Path("none"), "--output", Path("o.txt")}).code, kExitInput);
}

}  // namespace
}  // namespace reidbench
