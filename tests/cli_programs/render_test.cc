// reidbench render as typed.
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

TEST(RenderCommand, WritesAVideoAndSaysSo) {
  const TempFolder folder;
  folder.Write("A/seqinfo.ini", "[Sequence]\nseqLength=3\nimWidth=64\nimHeight=48\n");
  folder.Write("t.txt", "1,1,5,5,10,20,1,-1,-1,-1\n2,1,6,5,10,20,1,-1,-1,-1\n");
  const std::string video = (folder.path() / "v.mp4").string();
  const std::vector<std::string> words = {"render",
                                          "--sequence",
                                          (folder.path() / "A").string(),
                                          "--tracks",
                                          (folder.path() / "t.txt").string(),
                                          "--output",
                                          video};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), words.begin(), words.end());
    return RunReidbench(more);
  };
  const ProgramResult checked = with({"--dry-run"});
  EXPECT_EQ(checked.code, kExitOk) << checked.err;
  EXPECT_FALSE(IsFile(video));
  const ProgramResult ran = with({"--format", "json", "--codec", "mpeg4"});
  ASSERT_EQ(ran.code, kExitOk) << ran.err;
  EXPECT_THAT(ran.err, HasSubstr("no pictures there: every frame is grey"));
  EXPECT_THAT(ran.err, HasSubstr("the frame rate is not known: taken as 25"));
  const nlohmann::json json = nlohmann::json::parse(ran.out);
  EXPECT_EQ(json["frames"], 3);
  EXPECT_EQ(json["missing_frames"], 3);
  EXPECT_TRUE(IsFile(video));
  const ProgramResult again = with({});
  EXPECT_EQ(again.code, kExitUsage);
  EXPECT_THAT(again.err, HasSubstr("v.mp4"));
  EXPECT_EQ(with({"--force", "--fps", "900"}).code, kExitUsage);
  EXPECT_EQ(with({"--benchmark", "mot17"}).code, kExitUsage);
  EXPECT_EQ(RunReidbench({"render"}).code, kExitUsage);
}

TEST(RenderCommand, AFolderThatCannotBeWrittenIsOneError) {
  const TempFolder folder;
  folder.Write("A/seqinfo.ini", "[Sequence]\nseqLength=3\nimWidth=64\nimHeight=48\n");
  folder.Write("t.txt", "1,1,5,5,10,20,1,-1,-1,-1\n");
  folder.Write("file", "");  // in the place of a folder: refused to root as well
  for (const char* output : {"file/v.mp4", "file/frames"}) {
    const ProgramResult ran = RunReidbench({"render", "--sequence", (folder.path() / "A").string(),
                                            "--tracks", (folder.path() / "t.txt").string(),
                                            "--output", (folder.path() / output).string()});
    EXPECT_EQ(ran.code, kExitInput) << ran.err;
    EXPECT_THAT(ran.err, HasSubstr("reidbench render: error: "));
    EXPECT_THAT(ran.err, HasSubstr("file"));
  }
}

}  // namespace
}  // namespace reidbench
