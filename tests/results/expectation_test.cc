#include "reidbench/results/expectation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "reidbench/config/node.h"
#include "reidbench/core/error.h"
#include "support/expect_error.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;

TEST(ExpectationTest, EveryExperimentOfTheRepositoryLoads) {
  std::set<std::string> questions;
  int count = 0;
  for (const auto& entry : fs::directory_iterator(fs::path(REIDBENCH_SOURCE_DIR) / "experiments")) {
    if (entry.path().extension() != ".yaml") continue;
    if (LoadConfig(entry.path()).Find("expect") == nullptr) continue;  // an experiment of our own
    ++count;
    const Expectation expectation = LoadExpectation(entry.path());
    EXPECT_TRUE(questions.insert(expectation.question).second) << expectation.question;
    // The file is named after its data set, which `rank --expect` compares with the features'.
    EXPECT_TRUE(entry.path().filename().string().starts_with(expectation.dataset)) << entry.path();
    EXPECT_TRUE(
        fs::exists(fs::path(REIDBENCH_SOURCE_DIR) / "datasets" / (expectation.dataset + ".yaml")))
        << expectation.dataset;
  }
  EXPECT_GE(count, 40);
}

TEST(ExpectationTest, ComparesInPointsAndFailsOnUndefined) {
  Expectation expectation;
  expectation.values = {{"mAP", 31.0, 0.05}, {"rank1", 59.9, 0.15}};
  const auto measured = [](double map, std::optional<double> rank1) {
    return [=](const std::string& name) { return name == "mAP" ? std::optional(map) : rank1; };
  };
  EXPECT_TRUE(CompareWith(expectation, measured(0.31007, 0.5977)).passed);
  EXPECT_FALSE(CompareWith(expectation, measured(0.3106, 0.5977)).passed);
  EXPECT_FALSE(CompareWith(expectation, measured(0.31, std::nullopt)).passed);
  EXPECT_NEAR(*CompareWith(expectation, measured(0.31007, 0.5977)).rows[1].difference, -0.13, 1e-9);
}

TEST(ExpectationTest, ListsEveryMistakeOfAFile) {
  const fs::path path = fs::path(::testing::TempDir()) / "expectation.yaml";
  std::ofstream(path) << "question: q\nweight: w.pth\ndataset: d\nprotocol: market1501\nmetric: "
                         "euclidean\nsource: s\n"
                         "expect:\n  mAP: 131\ntolerance:\n  mAP: 0.1\n  rank: 0.1\n";
  EXPECT_THAT(MessageOf(ErrorKind::kConfig, [&] { LoadExpectation(path); }),
              testing::AllOf(::testing::HasSubstr("weight"), ::testing::HasSubstr(":8:")));
}

TEST(MatchesPatternTest, StarStandsForAnything) {
  EXPECT_TRUE(MatchesPattern("osnet_ain_x1_0_msmt17_ep50.pth", "osnet_ain_*_ep50.pth"));
  EXPECT_TRUE(MatchesPattern("abc", "*"));
  EXPECT_TRUE(MatchesPattern("aXbXc", "a*b*c"));
  EXPECT_FALSE(MatchesPattern("abc", "abd"));
  EXPECT_FALSE(MatchesPattern("ab", "abc"));
  EXPECT_FALSE(MatchesPattern("abc", ""));
}

}  // namespace
}  // namespace reidbench
