#include "reidbench/cli/command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "reidbench/core/error.h"

namespace reidbench {
namespace {

using ::testing::HasSubstr;

// A command with one option of each kind, run on given arguments.
struct Outcome {
  int code = 0;
  std::string out;
  std::string err;
  int batch = 8;
  double ratio = 0.5;
  bool skip = false;
  std::string metric = "euclidean";
  std::vector<std::string> ranks;
  std::string file;
  CommonOptions common;
};

Outcome RunOn(
    std::vector<std::string> arguments, const std::function<int()>& body = [] { return 0; }) {
  Outcome outcome;
  Command command("probe", "Does nothing.", "reidbench probe x --batch-size 4");
  command.Option("--batch-size", &outcome.batch, "Images a batch");
  command.Option("--ratio", &outcome.ratio, "A ratio");
  command.Flag("--skip-corrupt", &outcome.skip, "Skip");
  command.Choice("--metric", &outcome.metric, {"euclidean", "cosine"}, "Metric");
  command.Option("--ranks", &outcome.ranks, "Ranks");
  command.Positional("file", &outcome.file, "File");
  arguments.insert(arguments.begin(), "probe");
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  outcome.code =
      command.Run(static_cast<int>(argv.size()), argv.data(), [&](const CommonOptions& common) {
        outcome.common = common;
        return body();
      });
  outcome.out = ::testing::internal::GetCapturedStdout();
  outcome.err = ::testing::internal::GetCapturedStderr();
  return outcome;
}

std::string WriteConfig(const std::string& text) {
  const auto path =
      std::filesystem::path(::testing::TempDir()) /
      (std::string(::testing::UnitTest::GetInstance()->current_test_info()->name()) + ".yaml");
  std::ofstream(path) << text;
  return path.string();
}

TEST(CommandTest, TakesFlagsOfEveryKind) {
  const Outcome outcome =
      RunOn({"x", "--batch-size", "4", "--ratio=0.25", "--skip-corrupt", "--metric", "cosine",
             "--ranks", "1", "5", "--threads", "2", "--format", "json"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.file, "x");
  EXPECT_EQ(outcome.batch, 4);
  EXPECT_EQ(outcome.ratio, 0.25);
  EXPECT_TRUE(outcome.skip);
  EXPECT_EQ(outcome.metric, "cosine");
  EXPECT_THAT(outcome.ranks, ::testing::ElementsAre("1", "5"));
  EXPECT_EQ(outcome.common.threads, 2);
  EXPECT_EQ(outcome.common.format, OutputFormat::kJson);
}

TEST(CommandTest, ConfigFillsWhatFlagsAndSetLeave) {
  const std::string config =
      WriteConfig("batch_size: 16\nratio: 0.75\nskip_corrupt: true\nranks: [1, 10]\n");
  const Outcome outcome =
      RunOn({"x", "--config", config, "--ratio", "0.1", "--set", "batch_size=32"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.batch, 32);
  EXPECT_EQ(outcome.ratio, 0.1);
  EXPECT_TRUE(outcome.skip);
  EXPECT_THAT(outcome.ranks, ::testing::ElementsAre("1", "10"));
}

TEST(CommandTest, ConfigErrorsAreAllListedWithTheirLine) {
  const std::string config = WriteConfig("batchsize: 16\nratio: high\nmetric: cosin\n");
  const Outcome outcome = RunOn({"x", "--config", config});
  EXPECT_EQ(outcome.code, kExitUsage);
  EXPECT_THAT(outcome.err,
              HasSubstr(config + ":1:1: unknown option 'batchsize'; did you mean 'batch_size'?"));
  EXPECT_THAT(outcome.err, HasSubstr(config + ":2:8: ratio: expected a number, found 'high'"));
  EXPECT_THAT(outcome.err, HasSubstr("metric: unknown value 'cosin'; did you mean 'cosine'?"));
}

TEST(CommandTest, WrongUsageExitsWith2AndSaysWhy) {
  EXPECT_THAT(RunOn({"x", "--batch-size", "many"}).err,
              HasSubstr("--batch-size: expected a whole number, found 'many'"));
  EXPECT_EQ(RunOn({"x", "--batch-size", "many"}).code, kExitUsage);
  EXPECT_THAT(RunOn({}).err, HasSubstr("file is missing"));
  EXPECT_EQ(RunOn({"x", "--no-such"}).code, kExitUsage);
  EXPECT_THAT(RunOn({"x", "--batch-size", "99999999999"}).err,
              HasSubstr("expected a whole number"));
  EXPECT_THAT(RunOn({"x", "--set", "batch_size=010"}).err, HasSubstr("without leading zeros"));
  EXPECT_EQ(RunOn({"x", "--seed", "-1"}).code, kExitUsage);
}

TEST(CommandTest, HelpStartsWithAnExample) {
  const Outcome outcome = RunOn({"--help"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_TRUE(outcome.out.starts_with("Example:\n  reidbench probe x")) << outcome.out;
  EXPECT_THAT(outcome.out, HasSubstr("Exit codes"));
}

TEST(CommandTest, EveryErrorKindHasItsExitCode) {
  EXPECT_EQ(RunOn({"x"}, [] { return kExitCheckFailed; }).code, 1);
  EXPECT_EQ(RunOn({"x"}, []() -> int { ThrowConfig("c"); }).code, 2);
  EXPECT_EQ(RunOn({"x"}, []() -> int { ThrowInput("i"); }).code, 3);
  EXPECT_EQ(RunOn({"x"}, []() -> int { ThrowModel("m"); }).code, 3);
  EXPECT_EQ(RunOn({"x"}, []() -> int { throw std::logic_error("bug"); }).code, 4);
  EXPECT_EQ(RunOn({"x"}, []() -> int { throw Interrupted("stop"); }).code, 130);
  EXPECT_THAT(RunOn({"x"}, []() -> int { ThrowIo("f.h5: gone"); }).err,
              HasSubstr("reidbench probe: error: f.h5: gone\n"));
}

}  // namespace
}  // namespace reidbench
