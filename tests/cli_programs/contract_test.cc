// What every command keeps to, held against each of them: existing output is refused before any
// work, a dry run looks at the input and computes nothing, and the result comes in every format.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "detection/tiny_detectors.h"
#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/text.h"
#include "reidbench/imaging/encode.h"
#include "reidbench/results/profile.h"
#include "support/machine_profile.h"
#include "support/relink_files.h"
#include "support/run_program.h"
#include "support/synthetic_reid.h"
#include "support/temp_folder.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;
using Json = nlohmann::json;

struct CommandCase {
  std::string command;
  std::string schema;              // of its JSON
  std::vector<std::string> words;  // a whole command line but for --output; "@x" is a file below
  std::vector<std::string> bad;    // added: input that cannot be read,
  std::string bad_name;            // which the error names
  std::string output;              // of --output
  std::string made;                // the file that is then there; a folder's is refused by it
  bool reports_on_stdout = true;   // although --output is given
  bool needs_torch = false;

  friend std::ostream& operator<<(std::ostream& out, const CommandCase& c) {
    return out << c.command;
  }
};

const std::vector<CommandCase>& Commands() {
  static const std::vector<CommandCase> cases = {
      {"check",
       "reidbench.check/1",
       {"--gt", "@S", "--tracks", "@tracks"},
       {"--tracks", "@bad.txt"},
       "bad.txt",
       "o.txt",
       "o.txt",
       false},
      {"rank",
       "reidbench.rank/1",
       {"@reid.h5", "--bootstrap", "100"},
       {"--versus", "@bad.txt"},
       "bad.txt",
       "o.txt",
       "o.txt",
       false},
      {"score",
       "reidbench.score/1",
       {"--gt", "@S", "--tracks", "@tracks"},
       {"--tracks", "@bad/S.txt"},
       "S.txt",
       "o.txt",
       "o.txt",
       false},
      {"score-detections",
       "reidbench.detections/1",
       {"--gt", "@S", "--detections", "@S", "--bootstrap", "100"},
       {"--detections", "@bad/S.txt"},
       "S.txt",
       "o.txt",
       "o.txt",
       false},
      {"flow",
       "reidbench.flow/1",
       {"--gt", "@S", "--tracks", "@tracks", "--zones", "@zones.yaml", "--bootstrap", "100"},
       {"--zones", "@bad.txt"},
       "bad.txt",
       "o",
       "o/events.csv"},
      {"compare",
       "reidbench.compare/1",
       {"--gt", "@S", "--plain", "@tracks", "--corrected", "@tracks", "--bootstrap", "100"},
       {"--corrected", "@bad/S.txt"},
       "S.txt",
       "o.txt",
       "o.txt",
       false},
      {"convert",
       "reidbench.convert/1",
       {"@S/gt/gt.txt", "--to", "kitti"},
       {"--sequences", "@nowhere"},
       "nowhere",
       "o.txt",
       "o.txt"},
      {"profile",
       "reidbench.plan/1",
       {"--plan", "@shop.yaml", "--profile", "@profile.json"},
       {"--profile", "@bad.txt"},
       "bad.txt",
       "o.txt",
       "o.txt",
       false},
      {"track",
       "reidbench.track/1",
       {"--detections", "@S", "--tracker", "sort"},
       {"--detections", "@bad/T.txt"},
       "T.txt",
       "o",
       "o/S.txt"},
      {"relink",
       "reidbench.relink/1",
       {"--tracks", "@tracks", "--features", "@boxes.h5", "--sequences", "@S"},
       {"--features", "@bad.txt"},
       "bad.txt",
       "o",
       "o/S.txt"},
      {"link",
       "reidbench.link/1",
       {"--site", "@site", "--tracks", "@tracks", "--features", "@boxes", "--frame-rate", "10"},
       {"--tracks", "@bad"},
       "S.txt",
       "o",
       "o/S.txt"},
      {"render",
       "reidbench.render/1",
       {"--sequence", "@S", "--tracks", "@tracks/S.txt", "--frames", "1-2", "--codec", "mpeg4"},
       {"--tracks", "@bad/S.txt"},
       "S.txt",
       "o.mp4",
       "o.mp4"},
      {"synth",
       "reidbench.synth/1",
       {"--cameras", "1", "--frames", "2", "--image-width", "320", "--image-height", "240",
        "--people", "2", "--reid-identities", "0"},
       {"--people", "-1"},
       "people",
       "o",
       "o/world.yaml"},
      {"detect",
       "reidbench.detect/1",
       {"--frames", "@seen", "--detector", "@detector.onnx", "--engine", "reference"},
       {"--frames", "@bad.txt"},
       "bad.txt",
       "o",
       "o/seen/det.txt"},
      {"extract",
       "reidbench.extract/1",
       {"--dataset", "market1501", "--root", "@market", "--engine", "histogram", "--height", "64",
        "--width", "32"},
       {"--root", "@nowhere"},
       "nowhere",
       "o.h5",
       "o.h5",
       true},
      {"train",
       "reidbench.train/1",
       {"--data", "@market", "--epochs", "0", "--height", "32", "--width", "16"},
       {"--init", "@bad.txt"},
       "bad.txt",
       "o.pth",
       "o.pth",
       true,
       true},
  };
  return cases;
}

class CommandContract : public ::testing::TestWithParam<CommandCase> {
 protected:
  static void SetUpTestSuite() {
    input_ = new TempFolder;
    RelinkScene scene;
    scene.Add(31, 0, 1, 20);
    scene.Add(38, 1, 1, 20);
    scene.Add(44, 0, 25, 40);
    scene.Input();
    input_->Write("tracks/S.txt", TrackRows(scene.tracks));
    input_->Write("S/gt/gt.txt", TruthRows(scene));
    input_->Write("S/det/det.txt", TrackRows(scene.tracks));
    input_->Write("S/seqinfo.ini",
                  "[Sequence]\nseqLength=40\nframeRate=10\nimWidth=960\nimHeight=540\n");
    WriteFeatures(input_->path() / "boxes.h5", scene);
    input_->Write("zones.yaml", "lines: {middle: {from: [480, 0], to: [480, 540]}}\n");
    WriteFeatures(input_->path() / "boxes/S.h5", scene);
    input_->Write("site/S/gt.txt", TruthRows(scene));
    input_->Write("bad.txt", "1,2\n");
    input_->Write("bad/S.txt", "1,2\n");
    input_->Write("bad/T.txt", "1,2\n");
    input_->Write("profile.json", RenderProfileJson(RoundProfile()));
    input_->Write("shop.yaml",
                  "name: shop\nstages: {decode: server, resize: none, embed: none, track: none}\n");
    FeatureLabels labels;
    for (int i = 0; i < 8; ++i) {
      labels.person_id.emplace_back(1 + i / 2 % 2);
      labels.camera_id.emplace_back(i % 2);
      labels.split.push_back(i < 4 ? Split::kQuery : Split::kGallery);
      labels.path.push_back(fmt::format("{}.jpg", i));
    }
    FeatureFileWriter writer(input_->path() / "reid.h5", 2, labels, {}, {});
    for (int i = 0; i < 8; ++i) {
      const std::vector<float> row = {static_cast<float>(i / 2 % 2), static_cast<float>(i)};
      writer.Append(row);
    }
    writer.Finish();
    input_->Write(
        "detector.onnx",
        TinyDetector({TinyTable("output", {1, 300, 6}).Set(0, {16, 8, 32, 40}).Score(4)}));
    const std::vector<uint8_t> png = EncodePng({64, 64, std::vector<uint8_t>(64 * 64 * 3, 200)});
    input_->Write("seen/000001.png", {reinterpret_cast<const char*>(png.data()), png.size()});
    SyntheticMarketOptions market;
    market.width = 32;
    market.height = 64;
    WriteSyntheticMarket(input_->path() / "market", market);
  }
  static void TearDownTestSuite() { delete input_; }
  void SetUp() override {
#ifndef REIDBENCH_HAS_TORCH
    if (GetParam().needs_torch) GTEST_SKIP() << "built without LibTorch";
#endif
  }

  std::string Output() const { return (folder_.path() / GetParam().output).string(); }
  ProgramResult Run(const std::vector<std::string>& more) const {
    std::vector<std::string> words = {GetParam().command};
    words.insert(words.end(), GetParam().words.begin(), GetParam().words.end());
    words.insert(words.end(), more.begin(), more.end());
    for (std::string& word : words) {
      if (word.starts_with('@')) word = (input_->path() / word.substr(1)).string();
    }
    return RunReidbench(words);
  }
  ProgramResult RunWithOutput(std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"--output", Output()});
    return Run(more);
  }
  std::set<std::string> Files() const {
    std::set<std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(folder_.path()))
      files.insert(entry.path().string());
    return files;
  }

  static TempFolder* input_;
  TempFolder folder_;  // of what is written
};
TempFolder* CommandContract::input_ = nullptr;

TEST_P(CommandContract, ADryRunComputesNothing) {
  const ProgramResult result = RunWithOutput({"--dry-run"});
  EXPECT_EQ(result.code, kExitOk) << result.err;
  EXPECT_THAT(result.out, IsEmpty());
  EXPECT_THAT(result.err, HasSubstr("dry run: options and files are in order"));
  EXPECT_THAT(Files(), IsEmpty());
  EXPECT_THAT(RunWithOutput({"--dry-run", "--quiet"}).err, Not(HasSubstr("note: ")));
}

TEST_P(CommandContract, ADryRunLooksAtTheInput) {
  std::vector<std::string> words = GetParam().bad;
  words.emplace_back("--dry-run");
  const ProgramResult result = RunWithOutput(words);
  EXPECT_THAT(result.code, ::testing::AnyOf(kExitUsage, kExitInput)) << result.err;
  EXPECT_THAT(result.err, HasSubstr(": error: "));
  EXPECT_THAT(result.err, HasSubstr(GetParam().bad_name));
  EXPECT_THAT(result.out, IsEmpty());
}

// With input that cannot be read: it is not even looked at.
TEST_P(CommandContract, ExistingOutputIsRefusedBeforeAnyWork) {
  folder_.Write(GetParam().made, "mine");
  const auto before = Files();
  for (const bool dry_run : {false, true}) {
    std::vector<std::string> words = GetParam().bad;
    if (dry_run) words.emplace_back("--dry-run");
    const ProgramResult refused = RunWithOutput(words);
    EXPECT_EQ(refused.code, kExitUsage) << refused.err;
    EXPECT_THAT(refused.err, HasSubstr("--force"));
    EXPECT_THAT(refused.err, HasSubstr(Output()));
    EXPECT_THAT(refused.out, IsEmpty());
  }
  EXPECT_EQ(Files(), before);
  EXPECT_EQ(ReadFileText(folder_.path() / GetParam().made), "mine");
}

TEST_P(CommandContract, ForceOverwrites) {
  ASSERT_EQ(RunWithOutput({"--quiet"}).code, kExitOk);
  ASSERT_TRUE(IsFile(folder_.path() / GetParam().made));
  EXPECT_EQ(RunWithOutput({"--quiet"}).code, kExitUsage);
  const ProgramResult again = RunWithOutput({"--quiet", "--force"});
  EXPECT_EQ(again.code, kExitOk) << again.err;
  EXPECT_EQ(again.out.empty(), !GetParam().reports_on_stdout);
}

TEST_P(CommandContract, TheResultComesInEveryFormat) {
  const auto print = [&](const std::string& format) {
    // What makes a file needs it; the others print to stdout without.
    const std::vector<std::string> more = {"--format", format, "--quiet", "--force"};
    const ProgramResult result = GetParam().reports_on_stdout ? RunWithOutput(more) : Run(more);
    EXPECT_EQ(result.code, kExitOk) << result.err;
    EXPECT_THAT(result.err, Not(HasSubstr("note: ")));
    return result.out;
  };
  EXPECT_EQ(Json::parse(print("json"))["schema"], GetParam().schema);
  const std::string csv = print("csv");
  const std::string header = csv.substr(0, csv.find('\n'));
  EXPECT_THAT(header, HasSubstr(","));
  EXPECT_THAT(print("md"), HasSubstr("|---"));
  EXPECT_THAT(print("tex"), HasSubstr("\\begin{tabular}"));
  EXPECT_THAT(print("text"), Not(IsEmpty()));
}

TEST_P(CommandContract, CommonOptionsAreCheckedAlike) {
  const auto refusal = [&](const std::vector<std::string>& more) {
    const ProgramResult result = RunWithOutput(more);
    EXPECT_EQ(result.code, kExitUsage) << result.err;
    EXPECT_THAT(Files(), IsEmpty());
    return result.err;
  };
  EXPECT_THAT(refusal({"--format", "xml"}), HasSubstr("known: text, json, csv, md, tex"));
  EXPECT_THAT(refusal({"--threads", "-1"}), HasSubstr("--threads -1"));
  EXPECT_THAT(refusal({"--threads", "many"}), HasSubstr("--threads: expected a whole number"));
  EXPECT_THAT(refusal({"--seed", "-1"}), HasSubstr("--seed: expected a whole number from 0"));
  EXPECT_THAT(refusal({"--set", "dry_runs=true"}), HasSubstr("did you mean 'dry_run'"));
}

// A link is followed and stays, a pipe and a device are written into, and nothing is put beside
// them.
TEST_P(CommandContract, OutputGoesWhereItsNameLeads) {
  const fs::path output = Output();
  const bool is_file = GetParam().made == GetParam().output;
  const auto devices = [] {
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator("/dev")) names.insert(entry.path().string());
    return names;
  };
  const auto before = devices();
  fs::create_symlink("/dev/null", output);
  const ProgramResult device = RunWithOutput({"--quiet", "--force"});
  EXPECT_EQ(device.code, is_file ? kExitOk : kExitUsage) << device.err;
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
  EXPECT_EQ(devices(), before);
  EXPECT_EQ(Files(), std::set<std::string>{output.string()});
  fs::remove(output);

  const fs::path elsewhere = folder_.path() / "elsewhere";
  fs::create_directory(elsewhere);
  const fs::path target = elsewhere / output.filename();
  if (is_file) {
    WriteFileAtomically(target, "old");
  } else {
    fs::create_directory(target);
  }
  fs::create_symlink(fs::path("elsewhere") / output.filename(), output);
  const ProgramResult linked = RunWithOutput({"--quiet", "--force"});
  ASSERT_EQ(linked.code, kExitOk) << linked.err;
  EXPECT_TRUE(fs::is_symlink(output));
  const fs::path made = elsewhere / GetParam().made;
  ASSERT_TRUE(IsFile(made));
  const std::string content = ReadFileText(made);
  EXPECT_NE(content, "old");
  fs::remove(output);
  fs::remove_all(elsewhere);
  fs::remove(fs::path(output).replace_extension(".csv"));  // the log of train
  if (!is_file) return;

  ASSERT_EQ(::mkfifo(output.c_str(), 0600), 0);
  std::string received;
  // Waits as long as the command works, which ReadFileText would not.
  std::thread reader([&] {
    std::ifstream in(output, std::ios::binary);
    received.assign(std::istreambuf_iterator<char>(in), {});
  });
  const ProgramResult piped = RunWithOutput({"--quiet"});
  // A command that failed before it wrote has left the reader waiting.
  if (const int end = ::open(output.c_str(), O_WRONLY | O_NONBLOCK); end >= 0) ::close(end);
  reader.join();
  EXPECT_EQ(piped.code, kExitOk) << piped.err;
  EXPECT_EQ(received, content);
  EXPECT_EQ(Files(), std::set<std::string>{output.string()});
}

INSTANTIATE_TEST_SUITE_P(Every, CommandContract, ::testing::ValuesIn(Commands()),
                         [](const auto& tested) {
                           std::string name = tested.param.command;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

// Nobody is left out of the table but `run`, whose every run has a folder of its own and whose dry
// run prints the plan (run_test.cc).
TEST(CommandContractTable, HoldsEveryCommand) {
  std::set<std::string> listed = {"run"};
  for (const CommandCase& c : Commands()) {
#ifndef REIDBENCH_HAS_TORCH
    if (c.needs_torch) continue;
#endif
    listed.insert(c.command);
  }
  const std::string help = RunReidbench({"--help"}).out;
  std::set<std::string> known;
  for (const std::string_view line : SplitText(help, '\n')) {
    if (!line.starts_with("  ") || line.size() < 4 || line[2] == ' ' || line[2] == '-') continue;
    known.emplace(line.substr(2, line.find(' ', 2) - 2));
  }
  known.erase("reidbench");  // of the examples
  EXPECT_EQ(known, listed);
}

// A name that a second output has too is refused, and so is one whose folder is not there.
TEST(CommandOutputs, EveryFileIsCheckedFirst) {
  const TempFolder folder;
  const auto path = [&](const std::string& name) { return (folder.path() / name).string(); };
  const auto error = [&](const std::vector<std::string>& more) {
    std::vector<std::string> words = {"compare",  "--gt",        path("no"), "--plain",
                                      path("no"), "--corrected", path("no")};
    words.insert(words.end(), more.begin(), more.end());
    return RunReidbench(words).err;
  };
  EXPECT_THAT(error({"--html", path("a"), "--output", path("./a")}), HasSubstr("another output"));
  EXPECT_THAT(error({"--html", path("none/a")}), HasSubstr("folder does not exist"));
  folder.Write("here.csv");
  EXPECT_THAT(error({"--switches", path("here.csv")}), HasSubstr("--force"));
}

}  // namespace
}  // namespace reidbench
