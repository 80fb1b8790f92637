// `reidbench train` as typed, on a small generated data set; a run that is killed; and extraction
// with what was trained, without weights of one's own, and without a network.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "reidbench/core/files.h"
#include "reidbench/core/hash.h"
#include "support/run_program.h"
#include "support/synthetic_reid.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class TrainingCommands : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TempFolder;
    SyntheticMarketOptions market;
    market.width = 32;
    market.height = 64;
    WriteSyntheticMarket(Root(), market);
  }
  static void TearDownTestSuite() { delete folder_; }
  void SetUp() override {
#ifndef REIDBENCH_HAS_TORCH
    GTEST_SKIP() << "built without LibTorch: there is no train command";
#endif
  }

  static std::string Path(const std::string& name) { return (folder_->path() / name).string(); }
  static std::string Root() { return Path("market"); }
  static ProgramResult Train(const std::string& output, const std::vector<std::string>& more,
                             int kill_after_ms = 0) {
    std::vector<std::string> words = {
        "train",   "--data", Root(),         "--output", Path(output),   "--height", "32",
        "--width", "16",     "--batch-size", "16",       "--chunk-size", "8"};
    if (std::find(more.begin(), more.end(), "--epochs") == more.end())
      words.insert(words.end(), {"--epochs", "2"});
    words.insert(words.end(), more.begin(), more.end());
    return RunReidbench(words, kill_after_ms);
  }
  static ProgramResult Extract(const std::string& output, const std::vector<std::string>& more) {
    std::vector<std::string> words = {"extract", "--dataset", "market1501", "--root",
                                      Root(),    "--output",  Path(output), "--height",
                                      "64",      "--width",   "32"};
    words.insert(words.end(), more.begin(), more.end());
    return RunReidbench(words);
  }

 private:
  static TempFolder* folder_;
};
TempFolder* TrainingCommands::folder_ = nullptr;

TEST_F(TrainingCommands, TrainsAndWritesWeightsThatExtractTakes) {
  const ProgramResult result = Train("x.pth", {});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("x.pth"));
  EXPECT_THAT(result.out, HasSubstr("osnet_x0_25"));
  EXPECT_THAT(result.err, HasSubstr("24 images of 4 persons; evaluated with 18 queries in 21 "
                                    "gallery images"));
  EXPECT_THAT(result.err, HasSubstr("epoch 2/2: loss "));
  EXPECT_TRUE(IsFile(Path("x.csv")));
  const ProgramResult extracted = Extract("x.h5", {"--weights", Path("x.pth")});
  EXPECT_EQ(extracted.code, 0) << extracted.err;

  // Nothing is overwritten, and the same again is the same again.
  EXPECT_EQ(Train("x.pth", {}).code, 2);
  const std::string first = Sha256OfFile(Path("x.pth"));
  EXPECT_EQ(Train("x.pth", {"--force", "--threads", "1", "--quiet"}).code, 0);
  EXPECT_EQ(Sha256OfFile(Path("x.pth")), first);
}

TEST_F(TrainingCommands, AKilledRunIsResumed) {
  ASSERT_EQ(Train("whole.pth", {"--epochs", "6", "--quiet"}).code, 0);
  // Killed at some moment of the training, whichever: until one epoch is done, start again.
  for (int attempt = 0; attempt < 20 && !IsFile(Path("killed.pth")); ++attempt) {
    Train("killed.pth", {"--epochs", "6"}, 300 + 100 * attempt);
  }
  if (!IsFile(Path("killed.pth"))) {
    ASSERT_EQ(Train("killed.pth", {"--epochs", "6"}).code, 0);
  }
  EXPECT_EQ(Sha256OfFile(Path("killed.pth")), Sha256OfFile(Path("whole.pth")));
  EXPECT_EQ(ReadFileText(Path("killed.csv")), ReadFileText(Path("whole.csv")));
}

TEST_F(TrainingCommands, WrongUsageIsExplained) {
  const auto expect = [](const ProgramResult& result, int code, const char* text) {
    EXPECT_EQ(result.code, code) << result.err;
    EXPECT_THAT(result.err, HasSubstr(text));
    EXPECT_THAT(result.out, IsEmpty());
  };
  expect(RunReidbench({"train", "--data", Root()}), 2, "--output is missing");
  expect(RunReidbench({"train", "--output", Path("y.pth")}), 2, "--data is missing");
  expect(Train("y.pth", {"--root", Root()}), 2, "give one of them");
  expect(Train("y.pth", {"--arch", "osnet_x0_26"}), 2, "osnet_x0_25");
  expect(Train("y.pth", {"--lr", "-1"}), 2, "learning rate is -1");
  expect(Train("y.pth", {"--triplet", "1", "--images-per-person", "0"}), 2,
         "at least 2 images per person");
  expect(Train("y.pth", {"--device", "cuda:9"}), 2, "cuda:9");
  expect(Train("y.pth", {"--init", Path("none.pth")}), 3, "none.pth");
  expect(Train("nowhere/y.pth", {}), 3, "folder does not exist");
  const ProgramResult dry = Train("y.pth", {"--dry-run"});
  EXPECT_EQ(dry.code, 0) << dry.err;
  EXPECT_FALSE(fs::exists(Path("y.pth")));
}

}  // namespace
}  // namespace reidbench
