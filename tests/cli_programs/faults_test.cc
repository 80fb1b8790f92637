// Faults that once crashed a command or made it hang or keep silent, one by one. tests/faults/run
// finds new ones.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "support/relink_files.h"
#include "support/run_program.h"
#include "support/sanitizers.h"
#include "support/temp_folder.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;

class Faults : public ::testing::Test {
 protected:
  Faults() {
    scene_.Add(31, 0, 1, 20);
    scene_.Add(38, 1, 1, 20);
    scene_.Add(44, 0, 25, 40);
    scene_.Input();
    folder_.Write("tracks/S.txt", TrackRows(scene_.tracks));
    folder_.Write("train/S/gt/gt.txt", TruthRows(scene_));
    folder_.Write("train/S/det/det.txt", TrackRows(scene_.tracks));
    folder_.Write("train/S/seqinfo.ini",
                  "[Sequence]\nseqLength=40\nframeRate=10\nimWidth=1200\nimHeight=800\n");
  }
  std::string Path(const std::string& name) const { return (folder_.path() / name).string(); }

  TempFolder folder_;
  RelinkScene scene_;
};

TEST_F(Faults, DecisionsNestedWithoutEndAreRefused) {
  const std::string deep(100'000, '[');
  folder_.Write("deep.json",
                "{\"schema\": \"reidbench.relink.decisions/1\", \"sequences\": {\"S\": " + deep +
                    std::string(deep.size(), ']') + "}}");
  const ProgramResult result =
      RunReidbench({"compare", "--gt", Path("train"), "--plain", Path("tracks"), "--corrected",
                    Path("tracks"), "--html", Path("page.html"), "--decisions", Path("deep.json")});
  EXPECT_EQ(result.code, kExitInput);
  EXPECT_THAT(result.err, HasSubstr("deep.json:1:"));
  EXPECT_FALSE(fs::exists(Path("page.html")));
}

// libhdf5 crashed over a damaged name or B-tree of a file without checksums.
TEST_F(Faults, DamagedFeatureFilesNeverCrashACommand) {
  const std::string whole = ReadFileText(WriteFeatures(Path("S.h5"), scene_));
  const std::string plain = whole.substr(0, whole.rfind("RBSUMS01"));
  for (size_t i = 0; i < 24; ++i) {
    std::string damaged = plain;
    const size_t at = i < 12 ? 40 * i : plain.size() - 1 - 61 * (i - 12);
    damaged[at] = static_cast<char>(damaged[at] ^ 0xFF);
    WriteFileAtomically(Path("S.h5"), damaged);
    const ProgramResult result =
        RunReidbench({"relink", "--tracks", Path("tracks"), "--features", Path("S.h5"),
                      "--sequences", Path("train"), "--output", Path("out"), "--force", "--quiet"});
    EXPECT_THAT(result.code, AnyOf(kExitOk, kExitInput)) << at << ": " << result.err;
    if (result.code == kExitOk) continue;
    EXPECT_THAT(result.err, HasSubstr("S.h5")) << at;
  }
}

// A data folder with two links to itself: 2^40 paths.
TEST_F(Faults, ADataFolderThatHoldsItselfIsReadOnce) {
  for (const char* name : {"self", "again"})
    fs::create_directory_symlink(".", Path("train") + "/S/" + name);
  folder_.Write("e.yaml", "question: q\ndata: {sequences: train}\ntrackers: [{name: sort}]\n");
  const ProgramResult result =
      RunReidbench({"run", Path("e.yaml"), "--output", Path("out"), "--quiet"});
  EXPECT_EQ(result.code, kExitOk) << result.err;
}

TEST_F(Faults, AMissingFolderForTemporaryFilesIsNamed) {
  // A device has no place beside it, so that the bytes are gathered there.
  const ProgramResult result = RunReidbench(
      {"track", "--detections", Path("train"), "--tracker", "sort", "--output", Path("out"), "--gt",
       Path("train"), "--sweep", "max_age=1,2", "--html", "/dev/null", "--quiet", "--force"},
      0, {{"TMPDIR", Path("nowhere")}});
  EXPECT_EQ(result.code, kExitInput);
  EXPECT_THAT(result.err, HasSubstr("nowhere"));
  EXPECT_THAT(result.err, HasSubstr("TMPDIR"));
}

// In a container without /proc every command was unknown.
TEST_F(Faults, WithoutProcCommandsAreFoundAllTheSame) {
#ifdef REIDBENCH_ASAN
  GTEST_SKIP() << "the sanitizer itself needs /proc";
#endif
  const auto in_a_world_without_proc = [&](const std::vector<std::string>& arguments,
                                           bool by_path) {
    int out[2];
    EXPECT_EQ(::pipe(out), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      if (::unshare(CLONE_NEWNS) != 0 ||
          ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
          ::mount("none", "/proc", "tmpfs", 0, nullptr) != 0) {
        ::_exit(99);
      }
      ::dup2(out[1], STDERR_FILENO);
      std::vector<std::string> words = {by_path ? REIDBENCH_PROGRAM : "reidbench"};
      words.insert(words.end(), arguments.begin(), arguments.end());
      std::vector<char*> argv;
      for (std::string& word : words) argv.push_back(word.data());
      argv.push_back(nullptr);
      ::execv(REIDBENCH_PROGRAM, argv.data());
      ::_exit(98);
    }
    ::close(out[1]);
    ProgramResult result;
    char buffer[4096];
    for (ssize_t got; (got = ::read(out[0], buffer, sizeof buffer)) > 0;)
      result.err.append(buffer, static_cast<size_t>(got));
    ::close(out[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    result.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return result;
  };
  const std::vector<std::string> words = {"score",        "--gt",     Path("train"),    "--tracks",
                                          Path("tracks"), "--output", Path("score.txt")};
  for (const bool by_path : {true, false}) {
    const ProgramResult result = in_a_world_without_proc(words, by_path);
    if (result.code == 99) GTEST_SKIP() << "no right to unmount /proc";
    EXPECT_EQ(result.code, kExitOk) << result.err;
    fs::remove(Path("score.txt"));
  }
}

TEST_F(Faults, NamesAreNoFormulasUnlessAskedFor) {
  fs::rename(Path("train/S"), Path("train/=1+1"));
  fs::rename(Path("tracks/S.txt"), Path("tracks/=1+1.txt"));
  const auto csv = [&](const std::vector<std::string>& more) {
    std::vector<std::string> words = {"score",        "--gt",     Path("train"), "--tracks",
                                      Path("tracks"), "--format", "csv"};
    words.insert(words.end(), more.begin(), more.end());
    return RunReidbench(words).out;
  };
  EXPECT_THAT(csv({}), HasSubstr(",'=1+1,"));
  EXPECT_THAT(csv({}), Not(HasSubstr(",=1+1,")));
  EXPECT_THAT(csv({"--raw-cells"}), HasSubstr(",=1+1,"));
}

}  // namespace
}  // namespace reidbench
