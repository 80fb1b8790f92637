// `reidbench run` as typed: plans, runs, reuses, resumes after kills, and says what is wrong before
// it computes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "support/run_program.h"
#include "support/temp_folder.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using Json = nlohmann::json;

// Two sequences of thirty frames with two walking people; one is not detected for a while, so that
// a short buffer gives him two identities.
class RunCommand : public ::testing::Test {
 protected:
  RunCommand() {
    for (const char* name : {"A", "B"}) {
      const std::string sequence = std::string("train/") + name;
      folder_.Write(sequence + "/seqinfo.ini",
                    fmt::format("[Sequence]\nname={}\nseqLength=30\nframeRate=25\nimWidth=640\n"
                                "imHeight=480\nimDir=img1\nimExt=.jpg\n",
                                name));
      std::string truth, detections;
      for (int f = 1; f <= 30; ++f) {
        for (int person = 1; person <= 2; ++person) {
          const std::string box = fmt::format("{},{},40,90", 5 * f, 150 * person);
          truth += fmt::format("{},{},{},1,1,0.8\n", f, person, box);
          if (person == 1 || f < 12 || f > 16) detections += fmt::format("{},-1,{},0.9\n", f, box);
        }
      }
      folder_.Write(sequence + "/gt/gt.txt", truth);
      folder_.Write(sequence + "/det/det.txt", detections);
    }
    Experiment(
        "question: How long should a lost track wait?\n"
        "data: {sequences: train}\n"
        "trackers:\n"
        "  - name: sort\n"
        "    options: {max_age: [1, 10]}\n"
        "  - name: bytetrack\n");
  }

  void Experiment(const std::string& yaml) { folder_.Write("buffer.yaml", yaml); }
  std::string Path(const std::string& name) const { return (folder_.path() / name).string(); }

  std::vector<std::string> Words(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words = {"run", Path("buffer.yaml"), "--output", Path("out")};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }

  // run.json of the newest run: names tell runs of one second apart, but not their order.
  Json Record() const {
    fs::path newest;
    for (const std::string& run : ListFolderNames(folder_.path() / "out/buffer")) {
      const fs::path record = folder_.path() / "out/buffer" / run / "run.json";
      if (!fs::exists(record)) continue;  // killed before its first stage
      if (newest.empty() || fs::last_write_time(record) > fs::last_write_time(newest))
        newest = record;
    }
    return Json::parse(ReadFileText(newest));
  }

  static std::map<std::string, std::string> StatusById(const Json& record) {
    std::map<std::string, std::string> status;
    for (const Json& stage : record["stages"]) status[stage["id"]] = stage["status"];
    return status;
  }

  static std::vector<std::string> Statuses(const Json& record) {
    std::vector<std::string> all;
    for (const auto& [id, status] : StatusById(record)) all.push_back(status);
    return all;
  }

  TempFolder folder_;
};

TEST_F(RunCommand, ScoresEveryConfigurationAndRecordsHow) {
  const ProgramResult result = RunReidbench(Words());
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out, AllOf(HasSubstr("sort max_age=10"), HasSubstr("bytetrack"),
                                HasSubstr("leave one sequence out"), HasSubstr("report: ")));
  EXPECT_THAT(result.err, HasSubstr("run: [6/6] "));

  const Json record = Record();
  EXPECT_EQ(record["schema"], "reidbench.run/1");
  EXPECT_EQ(record["status"], "finished");
  EXPECT_EQ(record["sequences"], (Json{"A", "B"}));
  EXPECT_THAT(Statuses(record), Each(std::string("finished")));
  for (const Json& stage : record["stages"]) {
    EXPECT_GT(stage["seconds"], 0);
    EXPECT_GT(stage["peak_rss_bytes"], 1'000'000);
    EXPECT_EQ(stage["exit_code"], 0);
    EXPECT_FALSE(stage["command_line"].empty());
  }
  for (const char* key : {"reidbench_version", "compiler", "libraries", "cpu", "threads", "seeds"})
    EXPECT_TRUE(record["provenance"].contains(key)) << key;
  // Ground truth, detections and seqinfo.ini of both, the benchmark's rules.
  EXPECT_GE(record["inputs"].size(), 7u);

  const Json& tracking = record["results"]["tracking"];
  ASSERT_EQ(tracking.size(), 3u);
  EXPECT_EQ(tracking[1]["options"]["max_age"], "10");
  // A short buffer gives the person two identities in each sequence, a long one does not.
  EXPECT_EQ(tracking[0]["score"]["COMBINED"]["Count"]["IDs"], 6);
  EXPECT_EQ(tracking[1]["score"]["COMBINED"]["Count"]["IDs"], 4);
  const Json& sweep = record["results"]["sweep"];
  EXPECT_EQ(sweep["rows"].size(), 3u);
  EXPECT_GE(sweep["rows"][0]["HOTA"], sweep["rows"][1]["HOTA"]);
  EXPECT_GE(sweep["rows"][1]["HOTA"], sweep["rows"][2]["HOTA"]);
  EXPECT_EQ(sweep["leave_one_out"]["chosen_on_the_others"]["A"]["name"], sweep["rows"][0]["name"]);
  EXPECT_THAT(record["headline"], HasSubstr("best HOTA"));
}

TEST_F(RunCommand, CombinesSequencesAsScoreDoes) {
  ASSERT_EQ(RunReidbench(Words()).code, 0);
  const Json record = Record();
  for (const Json& row : record["results"]["sweep"]["rows"]) {
    for (const Json& entry : record["results"]["tracking"]) {
      if (entry["name"] != row["name"]) continue;
      const Json& combined = entry["score"]["COMBINED"];
      EXPECT_NEAR(row["HOTA"], combined["HOTA"]["HOTA"], 1e-12);
      EXPECT_NEAR(row["AssA"], combined["HOTA"]["AssA"], 1e-12);
      EXPECT_NEAR(row["IDF1"], combined["Identity"]["IDF1"], 1e-12);
      EXPECT_NEAR(row["MOTA"], combined["CLEAR"]["MOTA"], 1e-12);
      EXPECT_EQ(row["IDSW"], combined["CLEAR"]["IDSW"]);
    }
  }
}

TEST_F(RunCommand, ReusesWhatNothingChangedFor) {
  ASSERT_EQ(RunReidbench(Words()).code, 0);
  ASSERT_EQ(RunReidbench(Words()).code, 0);
  EXPECT_THAT(Statuses(Record()), Each(std::string("reused")));

  // One option of one tracker: only its own stages.
  ASSERT_EQ(RunReidbench(Words({"--set", "trackers.0.options.max_age=[1, 12]"})).code, 0);
  auto status = StatusById(Record());
  EXPECT_EQ(status["track sort max_age=1"], "reused");
  EXPECT_EQ(status["score bytetrack"], "reused");
  EXPECT_EQ(status["track sort max_age=12"], "finished");
  EXPECT_EQ(status["score sort max_age=12"], "finished");

  // Another ground truth: the scores alone.
  folder_.Write("train/A/gt/gt.txt", "1,1,5,150,40,90,1,1,0.8\n");
  ASSERT_EQ(RunReidbench(Words()).code, 0);
  status = StatusById(Record());
  EXPECT_EQ(status["track bytetrack"], "reused");
  EXPECT_EQ(status["score bytetrack"], "finished");

  ASSERT_EQ(RunReidbench(Words({"--no-reuse"})).code, 0);
  EXPECT_THAT(Statuses(Record()), Each(std::string("finished")));
}

TEST_F(RunCommand, DryRunShowsThePlanAndRunsNothing) {
  ProgramResult result = RunReidbench(Words({"--dry-run", "--format", "json"}));
  ASSERT_EQ(result.code, 0) << result.err;
  Json plan = Json::parse(result.out);
  EXPECT_EQ(plan["schema"], "reidbench.run_plan/1");
  ASSERT_EQ(plan["stages"].size(), 6u);
  for (const Json& stage : plan["stages"]) EXPECT_EQ(stage["status"], "run");
  EXPECT_FALSE(fs::exists(Path("out/buffer")));

  ASSERT_EQ(RunReidbench(Words()).code, 0);
  result = RunReidbench(Words({"--dry-run", "--format", "json"}));
  plan = Json::parse(result.out);
  for (const Json& stage : plan["stages"]) EXPECT_EQ(stage["status"], "reused");
}

TEST_F(RunCommand, KilledAnywhereLosesNothingFinished) {
  int kills = 0;
  ProgramResult result;
  // Closer together early, and in proportion later: a slow build is killed as often, not for ever.
  for (int ms = 10;; ms += std::max(15, ms / 8)) {
    result = RunReidbench(Words({"--threads", "2"}), ms);
    if (result.code != 128 + SIGKILL) break;
    ++kills;
    ASSERT_LT(kills, 400) << "never ends";
    // Whatever has its final name is whole.
    if (!fs::exists(Path("out/.cache"))) continue;
    for (const std::string& name : ListFolderNames(Path("out/.cache"))) {
      if (name == "locks" || name.ends_with(".partial") || name.front() == '.') continue;
      const std::string text = ReadFileText(folder_.path() / "out/.cache" / name / "stage.json");
      EXPECT_TRUE(Json::accept(text)) << text;
    }
  }
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_GT(kills, 3);
  const Json survived = Record();
  EXPECT_EQ(survived["status"], "finished");

  // The same as an undisturbed run, but for times.
  std::vector<std::string> words = Words();
  words[3] = Path("undisturbed");
  ASSERT_EQ(RunReidbench(words).code, 0);
  const fs::path runs = folder_.path() / "undisturbed/buffer";
  const Json undisturbed =
      Json::parse(ReadFileText(runs / ListFolderNames(runs).back() / "run.json"));
  for (size_t i = 0; i < 3; ++i)
    EXPECT_EQ(survived["results"]["tracking"][i]["score"],
              undisturbed["results"]["tracking"][i]["score"]);
}

TEST_F(RunCommand, InterruptedRunSaysSo) {
  // So many configurations that the signal comes before the end.
  std::string ages;
  for (int i = 1; i <= 60; ++i) ages += fmt::format("{}{}", i == 1 ? "" : ", ", i);
  const std::string set = "trackers.0.options.max_age=[" + ages + "]";
  const pid_t child = ::fork();
  if (child == 0) {
    std::vector<std::string> words = Words({"--set", set, "--quiet"});
    words.insert(words.begin(), REIDBENCH_PROGRAM);
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    (void)std::freopen(Path("stderr").c_str(), "w", stderr);
    ::execv(argv[0], argv.data());
    ::_exit(127);
  }
  // Interrupt it as soon as something is finished.
  for (int i = 0; i < 30000; ++i) {
    ::usleep(10'000);
    if (!fs::exists(Path("out/buffer"))) continue;
    const auto runs = ListFolderNames(Path("out/buffer"));
    if (runs.empty() || !fs::exists(folder_.path() / "out/buffer" / runs.back() / "run.json"))
      continue;
    const Json record = Record();
    if (record["stages"][0]["status"] == "finished") break;
  }
  ::kill(child, SIGINT);
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), kExitInterrupted);
  EXPECT_THAT(ReadFileText(Path("stderr")), HasSubstr("will be reused"));
  EXPECT_EQ(Record()["status"], "interrupted");
}

TEST_F(RunCommand, WrongExperimentsAreRefusedBeforeAnythingRuns) {
  const auto expect_refused = [&](const std::vector<std::string>& more, int code,
                                  const auto& message) {
    const ProgramResult result = RunReidbench(Words(more));
    EXPECT_EQ(result.code, code) << result.err;
    EXPECT_THAT(result.err, message);
    EXPECT_THAT(result.out, IsEmpty());
    EXPECT_FALSE(fs::exists(Path("out/buffer")));
  };
  // An option that the tracker does not have, and one that the command does not have: both named.
  expect_refused({"--set", "trackers.0.options.max_aeg=3", "--set", "score.options.boot=3"},
                 kExitUsage,
                 AllOf(HasSubstr("max_aeg"), HasSubstr("max_age"), HasSubstr("--boot")));
  expect_refused({"--set", "trackers.1.name=bytetrak"}, kExitUsage, HasSubstr("bytetrak"));
  expect_refused({"--set", "trakcers=[]"}, kExitUsage, HasSubstr("did you mean 'trackers'"));
  expect_refused({"--set", "data.benchmark=mot71"}, kExitUsage, HasSubstr("mot71"));
  expect_refused({"--set", "data.detections=yolo"}, kExitInput,
                 AllOf(HasSubstr("train/A/det/yolo/det.txt"), HasSubstr("train/B/det/yolo")));
  expect_refused({"--sequences", Path("nowhere")}, kExitInput, HasSubstr("nowhere"));

  folder_.Write("train/B/det/det.txt", "1,-1,nan,150,40,90,0.9\n");
  folder_.Write("train/A/gt/gt.txt", "1,1,nan,150,40,90,1,1,0.8\n");
  expect_refused({}, kExitInput, AllOf(HasSubstr("det.txt:1"), HasSubstr("gt.txt:1")));

  ProgramResult result = RunReidbench({"run", Path("none.yaml")});
  EXPECT_EQ(result.code, kExitInput);
  EXPECT_THAT(result.err, HasSubstr("none.yaml"));
  result = RunReidbench({"run"});
  EXPECT_EQ(result.code, kExitUsage);
}

TEST_F(RunCommand, FailedStageFailsTheRunAndKeepGoingMakesItPartial) {
  // What no check can foresee: the scores cannot be written, the tracks can.
  const std::string set = "score.options.trackeval_output=/proc/none";
  ProgramResult result = RunReidbench(Words({"--threads", "1", "--set", set}));
  EXPECT_EQ(result.code, kExitInput);
  EXPECT_THAT(result.err, AllOf(HasSubstr("/proc/none"), HasSubstr("the result is failed")));
  EXPECT_EQ(Record()["status"], "failed");

  result = RunReidbench(Words({"--keep-going", "--set", set}));
  EXPECT_EQ(result.code, kExitInput);
  const Json record = Record();
  EXPECT_EQ(record["status"], "partial");
  const auto status = StatusById(record);
  EXPECT_NE(status.at("track bytetrack"), "failed");
  EXPECT_EQ(status.at("score bytetrack"), "failed");
  EXPECT_TRUE(record["results"]["tracking"][2]["score"].is_null());
  EXPECT_FALSE(record["results"]["tracking"][2]["track"].is_null());
  const auto runs = ListFolderNames(Path("out/buffer"));
  EXPECT_THAT(
      ReadFileText(folder_.path() / "out/buffer" / runs.back() / "report.md"),
      AllOf(HasSubstr("The run is partial"), HasSubstr("## Failed"), HasSubstr("/proc/none")));
}

// A command's warnings reach the record as data of its result, also those of stages that are
// reused.
TEST_F(RunCommand, RecordsTheWarningsOfItsStages) {
  folder_.Write("train/A/det/det.txt", "1,-1,5,150,40,90,90\n");  // a score of 90
  for (const char* status : {"finished", "reused"}) {
    ASSERT_EQ(RunReidbench(Words({"--quiet"})).code, 0);
    const Json record = Record();  // a temporary would not outlive the loop's first look
    for (const Json& stage : record["stages"]) {
      EXPECT_EQ(stage["status"], status);
      const std::string text = stage["warnings"].dump();
      if (stage["id"] == "track bytetrack") {
        EXPECT_THAT(text, HasSubstr("scores outside 0..1"));
      } else {
        EXPECT_EQ(text, "[]") << stage["id"];
      }
    }
  }
  const auto runs = ListFolderNames(Path("out/buffer"));
  EXPECT_THAT(ReadFileText(folder_.path() / "out/buffer" / runs.back() / "report.md"),
              HasSubstr("- track bytetrack: "));
}

TEST_F(RunCommand, PageHoldsTheRecord) {
  ASSERT_EQ(RunReidbench(Words()).code, 0);
  const auto runs = ListFolderNames(Path("out/buffer"));
  const fs::path folder = fs::path(Path("out/buffer")) / runs.back();
  const std::string page = ReadFileText(folder / "report.html");
  const std::string start = "id=\"report-data\">";
  const size_t from = page.find(start) + start.size();
  const Json data = Json::parse(page.substr(from, page.find("</script", from) - from));
  // All but what no part of the page shows.
  Json record = Json::parse(ReadFileText(folder / "run.json"));
  for (Json& stage : record["stages"]) {
    for (const char* key : {"key", "command_line", "artifact", "exit_code"}) stage.erase(key);
  }
  for (Json& entry : record["results"]["tracking"]) {
    for (const char* key : {"track", "score"}) entry.erase(key);
  }
  EXPECT_EQ(data["parts"]["run"], record);
}

TEST_F(RunCommand, OtherFormats) {
  ASSERT_EQ(RunReidbench(Words()).code, 0);
  const ProgramResult csv = RunReidbench(Words({"--format", "csv"}));
  EXPECT_THAT(csv.out, AllOf(HasSubstr("part,name,correction,sequence,metric,value\n"),
                             HasSubstr("tracking,sort max_age=10,,A,IDF1,")));
  const ProgramResult md = RunReidbench(Words({"--format", "md"}));
  EXPECT_THAT(md.out, HasSubstr("| bytetrack"));
  const ProgramResult json = RunReidbench(Words({"--format", "json", "--quiet"}));
  EXPECT_EQ(Json::parse(json.out)["schema"], "reidbench.run/1");
  EXPECT_THAT(json.err, IsEmpty());
}

}  // namespace
}  // namespace reidbench
