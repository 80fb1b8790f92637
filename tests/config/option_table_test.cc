#include "reidbench/config/option_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reidbench/core/error.h"

namespace reidbench {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

enum class Shape { kRound, kSquare };

struct Sample {
  bool on = true;
  int count = 3;
  double ratio = 0.5;
  double twice = 1;  // follows ratio
  std::optional<double> limit;
  Shape shape = Shape::kSquare;

  OptionTable Table() {
    return OptionTable()
        .Add("on", &on, "Whether")
        .Add("count", &count, {.low = 1}, "How many")
        .Add("ratio", &ratio, {0, 1}, "What part")
        .Then([this] { twice = 2 * ratio; })
        .Add("twice", &twice, {0, 2}, "Twice that")
        .Add("limit", &limit, OptionRange{}, "How far")
        .AddChoice("shape", &shape, {{"round", Shape::kRound}, {"square", Shape::kSquare}}, "Form");
  }
};

std::string ErrorOf(const std::string& yaml) {
  const ConfigNode root = ParseConfig(yaml, "o.yaml");
  ConfigReader reader(root);
  Sample sample;
  sample.Table().Read(&reader);
  try {
    reader.Finish();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(OptionTable, ReadsWhatIsWritten) {
  const ConfigNode root =
      ParseConfig("on: false\ncount: 7\nratio: 0.25\nlimit: 2.5\nshape: round\n", "o.yaml");
  ConfigReader reader(root);
  Sample sample;
  sample.Table().Read(&reader);
  reader.Finish();
  EXPECT_FALSE(sample.on);
  EXPECT_EQ(sample.count, 7);
  EXPECT_EQ(sample.ratio, 0.25);
  EXPECT_EQ(sample.twice, 0.5);
  EXPECT_EQ(sample.limit, 2.5);
  EXPECT_EQ(sample.shape, Shape::kRound);
}

TEST(OptionTable, DescribesDefaultsAndRanges) {
  Sample sample;
  std::vector<std::string> lines;
  for (const OptionInfo& option : sample.Table().Describe())
    lines.push_back(option.key + "=" + option.value + " (" + option.expected + ") " + option.help);
  EXPECT_THAT(lines,
              ElementsAre("on=true (true or false) Whether", "count=3 (at least 1) How many",
                          "ratio=0.5 (0..1) What part", "twice=1 (0..2) Twice that",
                          "limit=null (a number) How far", "shape=square (round or square) Form"));
}

TEST(OptionTable, ErrorsStandAtTheirPlace) {
  EXPECT_THAT(ErrorOf("count: 1\nratio: 0\nlimit: null\n"), IsEmpty());
  const std::string error =
      ErrorOf("on: 3\ncount: 0\nratio: 1.5\nlimit: far\nshape: flat\ncuont: 3\n");
  EXPECT_THAT(error, HasSubstr("o.yaml:1:5: on: expected true or false"));
  EXPECT_THAT(error, HasSubstr("o.yaml:2:8: count: expected at least 1, found 0"));
  EXPECT_THAT(error, HasSubstr("o.yaml:3:8: ratio: expected 0..1, found 1.5"));
  EXPECT_THAT(error, HasSubstr("o.yaml:4:8: limit: expected a finite number"));
  EXPECT_THAT(error, HasSubstr("shape: expected one of round, square"));
  EXPECT_THAT(error, HasSubstr("unknown key 'cuont'; did you mean 'count'?"));
}

TEST(OptionTable, ViolationsOfValuesSetInCode) {
  Sample sample;
  sample.count = -2;
  sample.ratio = std::numeric_limits<double>::quiet_NaN();
  sample.limit = std::numeric_limits<double>::infinity();
  EXPECT_THAT(OptionViolations(sample),
              ElementsAre("count: expected at least 1, found -2", "ratio: expected 0..1, found nan",
                          "limit: expected a number, found inf"));
  EXPECT_THROW(RequireOptions("sample", OptionViolations(sample)), Error);
  EXPECT_NO_THROW(RequireOptions("sample", {}));
}

}  // namespace
}  // namespace reidbench
