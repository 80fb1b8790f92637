// Plain against corrected tracks as typed: exit codes, stdout, stderr and files of compare and of
// score --switches.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
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
using ::testing::StartsWith;
using Json = nlohmann::json;

// One person over twelve frames, renamed after frame 6 and hidden in frame 7 by another one.
class CompareCommand : public ::testing::Test {
 protected:
  CompareCommand() {
    std::string truth;
    for (int f = 1; f <= 12; ++f) {
      truth += fmt::format("{},1,100,100,20,40,1,1,1\n", f);
      truth += fmt::format("{},2,{},105,20,40,1,1,1\n", f, f == 7 ? 102 : 400);
      Add(f, 2, f == 7 ? 102 : 400, 105);
      if (f != 7) Add(f, f < 7 ? 1 : 5, 100, 100);
    }
    folder_.Write("gt.txt", truth);
    folder_.Write("plain.txt", plain_);
    folder_.Write("corrected.txt", corrected_);
  }

  void Add(int frame, int id, int left, int top) {
    const auto row = [&](int shown) {
      return fmt::format("{},{},{},{},20,40,0.9,-1,-1,-1\n", frame, shown, left, top);
    };
    plain_ += row(id);
    corrected_ += row(id == 5 ? 1 : id);
  }
  std::string Path(const std::string& name) const { return (folder_.path() / name).string(); }
  ProgramResult Run(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words = {
        "compare",         "--gt",        Path("gt.txt"),       "--plain",
        Path("plain.txt"), "--corrected", Path("corrected.txt")};
    words.insert(words.end(), more.begin(), more.end());
    return RunReidbench(words);
  }

  TempFolder folder_;
  std::string plain_, corrected_;
};

TEST_F(CompareCommand, EveryFormat) {
  const ProgramResult text = Run();
  ASSERT_EQ(text.code, kExitOk) << text.err;
  EXPECT_THAT(text.err, IsEmpty());
  EXPECT_THAT(text.out, StartsWith("Plain: plain, corrected: corrected; rules of MOT17; 95 % "
                                   "intervals over blocks of 1 frame\nmetric"));
  EXPECT_THAT(text.out, HasSubstr("\noccluded       1      1          0           0          0\n"));
  EXPECT_THAT(text.out, HasSubstr("\nRe-ID raised IDF1 by"));
  const ProgramResult json = Run({"--format", "json", "--timelines"});
  const Json parsed = Json::parse(json.out);
  EXPECT_EQ(parsed["schema"], "reidbench.compare/1");
  const Json& list = parsed["sequences"]["gt"]["switches"]["list"]["plain"];
  EXPECT_EQ(list[0]["cause"], "occluded");
  EXPECT_EQ(list[0]["occluder_gt"], 2);
  EXPECT_EQ(list[0]["occluder_track"], 2);
  EXPECT_THAT(Run({"--format", "csv"}).out, StartsWith("sequence,run,metric,value,"));
  EXPECT_THAT(Run({"--format", "md"}).out, HasSubstr("| IDF1 |"));
  const std::string latex = Run({"--format", "tex"}).out;
  EXPECT_THAT(latex, HasSubstr("\\begin{tabular}"));
  EXPECT_THAT(latex, HasSubstr("\n% Re-ID raised"));
}

TEST_F(CompareCommand, WritesAPage) {
  ASSERT_EQ(Run({"--html", Path("page.html")}).code, kExitOk);
  const std::string page = ReadFileText(Path("page.html"));
  EXPECT_THAT(page, StartsWith("<!doctype html>"));
  const std::string start = "id=\"report-data\">";
  const size_t from = page.find(start) + start.size();
  const Json data = Json::parse(page.substr(from, page.find("</script", from) - from));
  // Every number of the page is the command's own; the page also has time lines.
  const Json alone = Json::parse(Run({"--format", "json", "--timelines"}).out);
  EXPECT_EQ(data["parts"]["compare"], alone);
  // Which the JSON on stdout has only when it was asked for them.
  const Json plain = Json::parse(Run({"--format", "json", "--html", Path("b.html")}).out);
  EXPECT_FALSE(plain["sequences"]["gt"].contains("timelines"));

  const ProgramResult refused = Run({"--html", Path("page.html")});
  EXPECT_EQ(refused.code, kExitUsage);
  EXPECT_THAT(refused.err, HasSubstr("--force"));
  const ProgramResult nowhere = Run({"--html", Path("none/page.html")});
  EXPECT_EQ(nowhere.code, kExitInput);
  EXPECT_THAT(nowhere.err, HasSubstr("none"));
  const ProgramResult lonely = Run({"--frames", Path("")});
  EXPECT_EQ(lonely.code, kExitUsage);
  EXPECT_THAT(lonely.err, HasSubstr("--html"));
  const ProgramResult no_frames = Run({"--html", Path("c.html"), "--frames", Path("none")});
  EXPECT_EQ(no_frames.code, kExitInput);
  EXPECT_THAT(no_frames.err, HasSubstr("expected a folder"));
  EXPECT_FALSE(fs::exists(Path("c.html")));
}

// The evidence of `relink` stands in the page: that of the folder of tracks, or one that is named.
TEST_F(CompareCommand, PageTakesDecisions) {
  const auto decisions_of = [&](const std::string& name) {
    const std::string page = ReadFileText(Path(name));
    const std::string start = "id=\"report-data\">";
    const size_t from = page.find(start) + start.size();
    const Json parts = Json::parse(page.substr(from, page.find("</script", from) - from))["parts"];
    return parts.contains("decisions") ? parts["decisions"] : Json();
  };
  const std::string decisions =
      R"({"schema": "reidbench.relink.decisions/1", "sequences": {"gt": [{"kind": "link"}]}})";
  folder_.Write("elsewhere.json", decisions);
  ASSERT_EQ(Run({"--html", Path("a.html")}).code, kExitOk);
  EXPECT_TRUE(decisions_of("a.html").is_null());
  ASSERT_EQ(Run({"--html", Path("b.html"), "--decisions", Path("elsewhere.json")}).code, kExitOk);
  EXPECT_EQ(decisions_of("b.html"), Json::parse(decisions));
  folder_.Write("all/gt.txt", corrected_);
  folder_.Write("all/decisions.json", decisions);
  ASSERT_EQ(RunReidbench({"compare", "--gt", Path("gt.txt"), "--plain", Path("plain.txt"),
                          "--corrected", Path("all"), "--html", Path("c.html")})
                .code,
            kExitOk);
  EXPECT_EQ(decisions_of("c.html"), Json::parse(decisions));
  const ProgramResult other = Run({"--html", Path("d.html"), "--decisions", Path("plain.txt")});
  EXPECT_EQ(other.code, kExitInput);
  EXPECT_THAT(other.err, HasSubstr("plain.txt:1:2: expected JSON"));
  EXPECT_EQ(Run({"--decisions", Path("elsewhere.json")}).code, kExitUsage);
}

TEST_F(CompareCommand, PicturesNeedFrames) {
  const ProgramResult none = Run({"--pictures", Path("p.json")});
  EXPECT_EQ(none.code, kExitUsage);
  EXPECT_THAT(none.err, HasSubstr("--frames"));
  // Without the frames of this sequence: a note, no broken page.
  ASSERT_EQ(Run({"--pictures", Path("p.json"), "--frames", Path("")}).code, kExitOk);
  EXPECT_THAT(Json::parse(ReadFileText(Path("p.json")))["note"].get<std::string>(),
              HasSubstr("lack pictures"));
}

// Told before anything is computed, in one line.
TEST_F(CompareCommand, AFolderThatTakesNoFiles) {
  std::string page = Path("sealed/page.html");
  fs::create_directory(Path("sealed"));
  fs::permissions(Path("sealed"), fs::perms::owner_read | fs::perms::owner_exec);
  if (::access(Path("sealed").c_str(), W_OK) == 0) page = "/proc/page.html";  // run as root
  const ProgramResult result = Run({"--html", page});
  fs::permissions(Path("sealed"), fs::perms::owner_all);
  EXPECT_EQ(result.code, kExitInput);
  EXPECT_THAT(result.out, IsEmpty());
  EXPECT_THAT(result.err, HasSubstr("cannot create"));
  EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1);
}

TEST_F(CompareCommand, FilesAreWrittenOnceAndOnlyWhenAllIsWell) {
  ASSERT_EQ(Run({"--output", Path("out.json"), "--format", "json"}).code, kExitOk);
  EXPECT_EQ(Json::parse(ReadFileText(Path("out.json")))["COMBINED"]["switches"]["fixed"], 1);
  const ProgramResult refused = Run({"--output", Path("out.json"), "--format", "json"});
  EXPECT_EQ(refused.code, kExitUsage);
  EXPECT_THAT(refused.err, HasSubstr("--force"));
  const ProgramResult dry = Run({"--dry-run"});
  EXPECT_EQ(dry.code, kExitOk);
  EXPECT_THAT(dry.out, IsEmpty());

  folder_.Write("corrected.txt", corrected_ + "9,9,300,100,20,40,0.9,-1,-1,-1\n");
  const ProgramResult bad = Run({"--output", Path("bad.json")});
  EXPECT_EQ(bad.code, kExitInput);
  EXPECT_THAT(bad.out, IsEmpty());
  EXPECT_THAT(bad.err, HasSubstr("reidbench compare: error: "));
  EXPECT_THAT(bad.err, HasSubstr("corrected.txt: expected the boxes of"));
  EXPECT_THAT(bad.err, HasSubstr("--allow-interpolated"));
  EXPECT_FALSE(fs::exists(Path("bad.json")));
  EXPECT_EQ(Run({"--allow-interpolated"}).code, kExitOk);
}

TEST_F(CompareCommand, SwitchesOfBothRuns) {
  ASSERT_EQ(Run({"--switches", Path("s.csv")}).code, kExitOk);
  EXPECT_THAT(ReadFileText(Path("s.csv")),
              HasSubstr("\ngt,plain,fixed,8,6,2,1,1,5,occluded,0.7875,0,2,2,\n"));
  EXPECT_EQ(Run({"--switches", Path("s.csv")}).code, kExitUsage);
  EXPECT_EQ(Run({"--switches", Path("s.csv"), "--force"}).code, kExitOk);
}

TEST_F(CompareCommand, WrongUsage) {
  const ProgramResult none = RunReidbench({"compare", "--plain", Path("plain.txt")});
  EXPECT_EQ(none.code, kExitUsage);
  EXPECT_THAT(none.err, HasSubstr("--gt is missing"));
  EXPECT_EQ(Run({"--block-frames", "-2"}).code, kExitUsage);
  EXPECT_EQ(Run({"--bootstrap", "3"}).code, kExitUsage);
  EXPECT_EQ(Run({"--benchmark", "mot18"}).code, kExitUsage);
  EXPECT_EQ(Run({"--ablation", "x=" + Path("missing")}).code, kExitInput);
}

TEST_F(CompareCommand, ScoreWritesSwitches) {
  const std::vector<std::string> words = {
      "score", "--gt", Path("gt.txt"), "--tracks", Path("plain.txt"), "--switches", Path("s.csv")};
  ASSERT_EQ(RunReidbench(words).code, kExitOk);
  EXPECT_THAT(ReadFileText(Path("s.csv")),
              HasSubstr("\nplain,pedestrian,gt,8,6,2,1,1,5,occluded,0.7875,0,2,2,\n"));
  const ProgramResult again = RunReidbench(words);
  EXPECT_EQ(again.code, kExitUsage);
  EXPECT_THAT(again.err, HasSubstr("--force"));
  EXPECT_EQ(RunReidbench({"score", "--gt", Path("gt.txt"), "--tracks", Path("plain.txt"),
                          "--switches", Path("s.xml")})
                .code,
            kExitUsage);
}

}  // namespace
}  // namespace reidbench
