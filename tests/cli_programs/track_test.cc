// reidbench track as typed: exit codes, output and files.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "support/run_program.h"
#include "support/temp_folder.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Json = nlohmann::json;

class TrackCommand : public ::testing::Test {
 protected:
  TrackCommand() {
    std::string truth;
    std::string detections;
    for (int frame = 1; frame <= 10; ++frame) {
      const std::string box = "," + std::to_string(100 + 3 * frame) + ",50,40,100,";
      truth += std::to_string(frame) + ",4" + box + "1,1,1\n";
      detections += std::to_string(frame) + ",-1" + box + "0.9,-1,-1,-1\n";
    }
    folder_.Write("train/S/gt/gt.txt", truth);
    folder_.Write("train/S/det/det.txt", detections);
    folder_.Write("train/S/seqinfo.ini", "[Sequence]\nseqLength=10\n");
  }
  ProgramResult Run(std::vector<std::string> more) {
    std::vector<std::string> words = {"track", "--detections", (folder_.path() / "train").string()};
    words.insert(words.end(), more.begin(), more.end());
    return RunReidbench(words);
  }
  std::string Tracks() { return (folder_.path() / "tracks").string(); }

  TempFolder folder_;
};

TEST_F(TrackCommand, MainJob) {
  for (const std::string tracker : {"sort", "bytetrack", "ocsort"}) {
    const ProgramResult run = Run({"--tracker", tracker, "--output", Tracks() + tracker});
    EXPECT_EQ(run.code, kExitOk) << run.err;
    EXPECT_THAT(run.out, HasSubstr("frames/s"));
    const std::string text = ReadFileText(Tracks() + tracker + "/S.txt");
    EXPECT_THAT(text, HasSubstr("\n10,1,1")) << tracker;
    const ProgramResult again = Run({"--tracker", tracker, "--output", Tracks() + tracker});
    EXPECT_EQ(again.code, kExitUsage);
    EXPECT_THAT(again.err, HasSubstr("--force"));
    EXPECT_THAT(again.out, IsEmpty());
  }
}

TEST_F(TrackCommand, ScoresASweepWithoutWriting) {
  const ProgramResult run = Run({"--tracker", "sort", "--gt", (folder_.path() / "train").string(),
                                 "--sweep", "min_hits=0,3", "--format", "json", "--quiet"});
  EXPECT_EQ(run.code, kExitOk) << run.err;
  EXPECT_THAT(run.err, HasSubstr("chosen on the sequence they are scored on"));
  const Json json = Json::parse(run.out);
  EXPECT_EQ(json["runs"].size(), 2u);
  EXPECT_EQ(json["runs"][0]["sequences"]["S"]["scores"]["IDF1"], 1.0);
}

TEST_F(TrackCommand, DrawsASweep) {
  const std::string page = (folder_.path() / "sweep.html").string();
  const std::string figure = (folder_.path() / "pareto.pdf").string();
  const std::string truth = (folder_.path() / "train").string();
  const std::vector<std::string> words = {"--gt", truth,      "--sweep", "min_hits=0,3", "--html",
                                          page,   "--pareto", figure,    "--tracker",    "sort"};
  const ProgramResult run = Run(words);
  EXPECT_EQ(run.code, kExitOk) << run.err;
  EXPECT_THAT(ReadFileText(page), HasSubstr("reidbench.track/1"));
  EXPECT_THAT(ReadFileText(figure), HasSubstr("(frames per second) Tj"));
  EXPECT_EQ(Run(words).code, kExitUsage);  // not overwritten
  EXPECT_EQ(Run({"--gt", truth, "--html", page, "--force"}).code, kExitUsage);
  const ProgramResult png = Run({"--gt", truth, "--sweep", "min_hits=0,3", "--pareto", "x.png"});
  EXPECT_EQ(png.code, kExitUsage);
  EXPECT_THAT(png.err, HasSubstr(".svg or .pdf"));
  EXPECT_EQ(Run({"--sweep", "min_hits=0,3", "--pareto", figure, "--output", Tracks()}).code,
            kExitUsage);
}

TEST_F(TrackCommand, WrongUseAndBadRows) {
  EXPECT_EQ(Run({"--tracker", "sort"}).code, kExitUsage);  // neither --output nor --gt
  const ProgramResult unknown = Run({"--tracker", "srot", "--output", Tracks()});
  EXPECT_EQ(unknown.code, kExitUsage);
  EXPECT_THAT(unknown.err, HasSubstr("did you mean 'sort'"));
  EXPECT_EQ(Run({"--tracker", "sort", "--option", "max_ages=3", "--output", Tracks()}).code,
            kExitUsage);
  folder_.Write("train/S/det/det.txt", "1,-1,0,0,10,20,0.9\n11,-1,0,0,10,20,0.9\n");
  const ProgramResult bad = Run({"--tracker", "sort", "--output", Tracks()});
  EXPECT_EQ(bad.code, kExitInput);
  EXPECT_THAT(bad.err, HasSubstr("det.txt:2"));
  EXPECT_FALSE(fs::exists(Tracks()));
}

}  // namespace
}  // namespace reidbench
