// `reidbench extract` as typed: without weights of one's own, without a network, and with engines
// in plugins that are there, missing or broken.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "reidbench/core/files.h"
#include "support/run_program.h"
#include "support/scoped_variable.h"
#include "support/synthetic_reid.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

class ExtractCommand : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TempFolder;
    SyntheticMarketOptions market;
    market.width = 32;
    market.height = 64;
    WriteSyntheticMarket(Path("market"), market);
  }
  static void TearDownTestSuite() { delete folder_; }

  static std::string Path(const std::string& name) { return (folder_->path() / name).string(); }
  static ProgramResult Extract(const std::string& output, const std::vector<std::string>& more) {
    std::vector<std::string> words = {"extract",      "--dataset", "market1501", "--root",
                                      Path("market"), "--output",  Path(output), "--height",
                                      "64",           "--width",   "32"};
    words.insert(words.end(), more.begin(), more.end());
    return RunReidbench(words);
  }
  static void ExpectOneError(const ProgramResult& result, int code) {
    EXPECT_EQ(result.code, code);
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
  }
  static constexpr const char* kWeights = REIDBENCH_TEST_DATA "/weights/osnet_ain_x0_25.pth";

 private:
  static TempFolder* folder_;
};
TempFolder* ExtractCommand::folder_ = nullptr;

TEST_F(ExtractCommand, TakesTheDefaultWeightsAndSaysSo) {
  const ProgramResult result = Extract("default.h5", {"--quiet"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.err, HasSubstr("taking osnet_x0_25_synthetic.pth"));
  EXPECT_THAT(result.err, HasSubstr("not for real cameras"));
}

TEST_F(ExtractCommand, HasABaselineWithoutWeights) {
  const ProgramResult result = Extract("colours.h5", {"--engine", "histogram"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.err, Not(HasSubstr("synthetic")));
  EXPECT_THAT(result.out, HasSubstr("   768         0  hsv_stripes"));
  const ProgramResult ranked = RunReidbench({"rank", Path("colours.h5")});
  EXPECT_EQ(ranked.code, 0) << ranked.err;
  EXPECT_THAT(ranked.out, HasSubstr("mAP"));

  const ProgramResult both = Extract("y.h5", {"--engine", "histogram", "--weights", Path("x.pth")});
  EXPECT_EQ(both.code, 2);
  EXPECT_THAT(both.err, HasSubstr("engine histogram has no weights"));
  EXPECT_EQ(Extract("y.h5", {"--engine", "histogram", "--mean", "0", "0", "0"}).code, 2);
  const ProgramResult opencv = Extract("y.h5", {"--engine", "opencv"});
  EXPECT_EQ(opencv.code, 2);
  EXPECT_THAT(opencv.err, HasSubstr("needs an ONNX file"));
}

// A LibTorch that no program can load: whatever runs nevertheless does without.
TEST_F(ExtractCommand, StartsLibTorchForItsEngineAlone) {
  fs::create_directory(Path("broken"));
  for (const char* library : {"libtorch_cpu.so.1.13", "libtorch.so.1.13", "libc10.so.1.13",
                              "libtorch_cpu.so", "libtorch.so", "libc10.so"}) {
    WriteFileAtomically(Path("broken") + "/" + library, std::string(1000, 'x'));
  }
  const ScopedVariable variable("LD_LIBRARY_PATH", Path("broken"));
  for (const char* engine : {"auto", "reference"}) {
    const ProgramResult result =
        Extract(std::string(engine) + ".h5", {"--weights", kWeights, "--engine", engine});
    EXPECT_EQ(result.code, 0) << engine << ": " << result.err;
  }
#ifdef REIDBENCH_HAS_TORCH
  const ProgramResult torch = Extract("y.h5", {"--weights", kWeights, "--engine", "libtorch"});
  ExpectOneError(torch, 3);
  EXPECT_THAT(torch.err, HasSubstr("libreidbench_torch.so does not load: "));
  EXPECT_THAT(torch.err, HasSubstr(Path("broken")));
  EXPECT_FALSE(fs::exists(Path("y.h5")));
#endif
}

TEST_F(ExtractCommand, NamesWhatWasLookedForAndWhere) {
  fs::create_directory(Path("plugins"));
  const ScopedVariable variable("REIDBENCH_PLUGIN_PATH", "/nowhere:" + Path("plugins"));
  WriteFileAtomically(Path("plugins") + "/libreidbench_torch.so", std::string(1000, 'x'));
  const ProgramResult broken = Extract("y.h5", {"--weights", kWeights, "--engine", "libtorch"});
  ExpectOneError(broken, 3);
  EXPECT_THAT(broken.err, HasSubstr(Path("plugins") + "/libreidbench_torch.so does not load: "));

  const ProgramResult unknown = Extract("y.h5", {"--weights", kWeights, "--engine", "libtroch"});
  EXPECT_EQ(unknown.code, 2);
  EXPECT_THAT(unknown.err, HasSubstr("libtorch"));
#ifndef REIDBENCH_HAS_TORCH
  fs::remove(Path("plugins") + "/libreidbench_torch.so");
  const ProgramResult missing = Extract("y.h5", {"--weights", kWeights, "--engine", "libtorch"});
  ExpectOneError(missing, 3);
  EXPECT_THAT(missing.err, HasSubstr("libreidbench_torch.so not found: looked in /nowhere, "));
#endif
}

}  // namespace
}  // namespace reidbench
