// reidbench relink as typed: exit codes, output and files.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/imaging/encode.h"
#include "support/relink_files.h"
#include "support/run_program.h"
#include "support/temp_folder.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Json = nlohmann::json;

// 31 and 38 are lost and come back as 44 and 42.
class RelinkCommand : public ::testing::Test {
 protected:
  RelinkCommand() {
    scene_.Add(31, 0, 1, 20);
    scene_.Add(38, 1, 1, 20);
    scene_.Add(44, 0, 25, 40);
    scene_.Add(42, 1, 25, 40);
    scene_.Input();
    folder_.Write("tracks/S.txt", TrackRows(scene_.tracks));
    folder_.Write("S/gt/gt.txt", TruthRows(scene_));
    folder_.Write("S/seqinfo.ini",
                  "[Sequence]\nseqLength=40\nframeRate=10\nimWidth=900\nimHeight=300\n");
    WriteFeatures(folder_.path() / "features.h5", scene_);
  }
  std::string Path(const std::string& name) const { return (folder_.path() / name).string(); }
  ProgramResult Run(const std::vector<std::string>& more) const {
    std::vector<std::string> words = {"relink", "--tracks", Path("tracks")};
    words.insert(words.end(), more.begin(), more.end());
    return RunReidbench(words);
  }
  std::vector<std::string> MainJob(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words = {"--features", Path("features.h5"), "--sequences",
                                      Path("S"),    "--output",          Path("corrected"),
                                      "--method",   "gallery-mean"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }

  RelinkScene scene_;
  TempFolder folder_;
};

TEST_F(RelinkCommand, MainJob) {
  const ProgramResult run = Run(MainJob());
  ASSERT_EQ(run.code, kExitOk) << run.err;
  EXPECT_THAT(run.out, AllOf(HasSubstr("sequence"), HasSubstr("S "), HasSubstr("links")));
  const std::string text = ReadFileText(Path("corrected/S.txt"));
  EXPECT_THAT(text, HasSubstr("\n25,31,500.00,0.00,40.00,100.000,0.5000,-1,-1,-1\n"));
  EXPECT_THAT(text, HasSubstr("\n25,38,"));
  EXPECT_TRUE(fs::exists(Path("corrected/decisions.csv")));
  const ProgramResult again = Run(MainJob());
  EXPECT_EQ(again.code, kExitUsage);
  EXPECT_THAT(again.err, HasSubstr("--force"));
  EXPECT_THAT(again.out, IsEmpty());
  EXPECT_EQ(Run(MainJob({"--force"})).code, kExitOk);
}

TEST_F(RelinkCommand, OurOwnMethodRunsWithEverySwitch) {
  const ProgramResult run =
      Run({"--features", Path("features.h5"), "--sequences", Path("S"), "--output", Path("out"),
           "--no-split", "--no-swap", "--no-motion", "--no-appearance", "--re-entry", "same"});
  ASSERT_EQ(run.code, kExitOk) << run.err;
  EXPECT_EQ(ReadFileText(Path("out/S.txt")), ReadFileText(Path("tracks/S.txt")));
  const ProgramResult wrong = Run(MainJob({"--no-swap"}));
  EXPECT_EQ(wrong.code, kExitUsage);
  EXPECT_THAT(wrong.err, HasSubstr("swap"));
}

TEST_F(RelinkCommand, JudgesWithGroundTruthWithoutWriting) {
  const ProgramResult run = Run({"--features", Path("features.h5"), "--gt", Path("S"), "--method",
                                 "gallery-mean", "--format", "json"});
  ASSERT_EQ(run.code, kExitOk) << run.err;
  const Json json = Json::parse(run.out);
  EXPECT_EQ(json["schema"], "reidbench.relink/1");
  EXPECT_EQ(json["sequences"]["S"]["scores"]["plain"]["IDSW"], 2);
  EXPECT_EQ(json["sequences"]["S"]["scores"]["corrected"]["IDF1"], 1.0);
  EXPECT_EQ(json["sequences"]["S"]["decisions_taken"]["right"], 2);
}

TEST_F(RelinkCommand, SavesGalleries) {
  RgbImage image;
  image.width = 900;
  image.height = 300;
  image.pixels.assign(size_t{3} * 900 * 300, 90);
  const std::vector<uint8_t> jpeg = EncodeJpeg(image, 80);
  for (int f = 1; f <= 40; ++f) {
    folder_.Write(fmt::format("S/img1/{:06}.jpg", f),
                  {reinterpret_cast<const char*>(jpeg.data()), jpeg.size()});
  }
  const ProgramResult run = Run(MainJob(
      {"--save-galleries", Path("galleries"), "--frames", Path("S"), "--gallery-crops", "0"}));
  ASSERT_EQ(run.code, kExitOk) << run.err;
  EXPECT_THAT(ListFolderNames(Path("galleries/before")), ElementsAre("31", "38", "42", "44"));
  EXPECT_THAT(ListFolderNames(Path("galleries/after")), ElementsAre("31", "38"));
  EXPECT_EQ(ListFileNames(Path("galleries/after/31")).size(), 36u);
}

TEST_F(RelinkCommand, BadInputIsToldAndNothingWritten) {
  WriteFeatures(folder_.path() / "features.h5", scene_, 5);
  const ProgramResult missing = Run(MainJob());
  EXPECT_EQ(missing.code, kExitInput);
  EXPECT_THAT(missing.err, AllOf(HasSubstr("found none for 5 of 72, first frame 1"),
                                 HasSubstr("--allow-missing")));
  EXPECT_THAT(missing.out, IsEmpty());
  EXPECT_FALSE(fs::exists(Path("corrected")));
  const ProgramResult allowed = Run(MainJob({"--allow-missing", "--format", "json"}));
  ASSERT_EQ(allowed.code, kExitOk) << allowed.err;
  EXPECT_EQ(Json::parse(allowed.out)["ALL"]["boxes_without_embedding"], 5);
  folder_.Write("tracks/S.txt", "1,1,0,0,10,20,1\n2,x,0,0,10,20,1\n");
  const ProgramResult malformed = Run(MainJob({"--force"}));
  EXPECT_EQ(malformed.code, kExitInput);
  EXPECT_THAT(malformed.err, HasSubstr("S.txt:2"));
}

TEST_F(RelinkCommand, WrongUse) {
  EXPECT_EQ(Run({"--features", Path("features.h5")}).code, kExitUsage);  // neither output nor gt
  EXPECT_EQ(Run(MainJob({"--method", "article"})).code, kExitUsage);
  EXPECT_EQ(Run(MainJob({"--benchmark", "mot15"})).code, kExitUsage);  // without --gt
  const ProgramResult none = Run({"--output", Path("corrected")});
  EXPECT_EQ(none.code, kExitUsage);
  EXPECT_THAT(none.err, HasSubstr("--features is missing"));
  const ProgramResult dry = Run(MainJob({"--dry-run"}));
  EXPECT_EQ(dry.code, kExitOk) << dry.err;
  EXPECT_FALSE(fs::exists(Path("corrected")));
}

}  // namespace
}  // namespace reidbench
