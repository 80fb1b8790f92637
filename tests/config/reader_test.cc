#include "reidbench/config/reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "reidbench/core/error.h"
#include "support/expect_error.h"

namespace reidbench {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::string FinishErrorOf(ConfigReader* reader) {
  return MessageOf(ErrorKind::kConfig, [&] { reader->Finish(); });
}

TEST(ConfigReader, ReadsEveryType) {
  const ConfigNode root = ParseConfig(
      "flag: true\nsmall: -2\nbig: 5000000000\nseed: 18446744073709551615\nratio: 0.25\nscale: "
      "0.5\nname: x\n"
      "file: a/b.pth\nranks: [1, 5, 10]\nnested: [[1], [2, 3]]\nlimit: 4\nnone: null\n",
      "x.yaml");
  bool flag = false;
  int small = 0;
  int64_t big = 0;
  uint64_t seed = 0;
  double ratio = 0;
  float scale = 0;
  std::string name;
  std::filesystem::path file;
  std::vector<int> ranks;
  std::vector<std::vector<int>> nested;
  std::optional<int> limit;
  std::optional<int> none = 3;
  int absent = 42;
  ConfigReader reader(root);
  EXPECT_TRUE(reader.Read("flag", &flag));
  EXPECT_TRUE(reader.Read("small", &small));
  EXPECT_TRUE(reader.Read("big", &big));
  EXPECT_TRUE(reader.Read("seed", &seed));
  EXPECT_TRUE(reader.Read("ratio", &ratio, Between(0, 1)));
  EXPECT_TRUE(reader.Read("scale", &scale));
  EXPECT_TRUE(reader.Read("name", &name));
  EXPECT_TRUE(reader.Read("file", &file));
  EXPECT_TRUE(reader.Read("ranks", &ranks, AtLeast(1)));
  EXPECT_TRUE(reader.Read("nested", &nested));
  EXPECT_TRUE(reader.Read("limit", &limit, Above(3)));
  EXPECT_TRUE(reader.Read("none", &none, Above(3)));
  EXPECT_FALSE(reader.Read("absent", &absent));
  reader.Finish();
  EXPECT_TRUE(flag);
  EXPECT_EQ(small, -2);
  EXPECT_EQ(big, 5'000'000'000);
  EXPECT_EQ(seed, UINT64_MAX);
  EXPECT_EQ(ratio, 0.25);
  EXPECT_EQ(scale, 0.5f);
  EXPECT_EQ(name, "x");
  EXPECT_EQ(file, "a/b.pth");
  EXPECT_THAT(ranks, ElementsAre(1, 5, 10));
  EXPECT_THAT(nested, ElementsAre(ElementsAre(1), ElementsAre(2, 3)));
  EXPECT_EQ(limit, 4);
  EXPECT_EQ(none, std::nullopt);
  EXPECT_EQ(absent, 42);
}

TEST(ConfigReader, CollectsAllErrorsInFileOrder) {
  const ConfigNode root = ParseConfig(
      "metrik: cosine\n"
      "tracker:\n"
      "  max_age: thirty\n"
      "  gate: 1.5\n"
      "ranks: [1, 0]\n",
      "x.yaml");
  std::string metric = "euclidean";
  int max_age = 30;
  double gate = 0.5;
  std::vector<int> ranks = {1};
  std::string weights;
  ConfigReader reader(root);
  reader.Read("metric", &metric);
  reader.Read("ranks", &ranks, AtLeast(1));
  ConfigReader tracker = reader.Section("tracker");
  tracker.Read("gate", &gate, Between(0, 1));
  tracker.Read("max_age", &max_age, AtLeast(1));
  tracker.Require("weights", &weights);
  EXPECT_EQ(FinishErrorOf(&reader),
            "5 errors in the configuration:\n"
            "  x.yaml:1:1: unknown key 'metrik'; did you mean 'metric'?\n"
            "  x.yaml:3:3: key 'weights' is missing in section 'tracker'\n"
            "  x.yaml:3:12: tracker.max_age: expected a whole number, found 'thirty'\n"
            "  x.yaml:4:9: tracker.gate: must lie between 0 and 1, found '1.5'\n"
            "  x.yaml:5:8: ranks: must be at least 1, found a list");
  EXPECT_EQ(max_age, 30);  // fields with errors keep their defaults
  EXPECT_EQ(gate, 0.5);
  EXPECT_THAT(ranks, ElementsAre(1));
}

TEST(ConfigReader, OneErrorIsOneLine) {
  const ConfigNode root = ParseConfig("a: 010\n", "x.yaml");
  int a = 0;
  ConfigReader reader(root);
  reader.Read("a", &a);
  EXPECT_EQ(FinishErrorOf(&reader),
            "x.yaml:1:4: a: expected a whole number, found '010'; a leading 0 is ambiguous (octal "
            "or decimal): write 10");
}

TEST(ConfigReader, NarrowTypesAreChecked) {
  const ConfigNode root = ParseConfig("a: 2147483648\nb: 1e39\nc: \"\"\nd: [1, x]\n", "x.yaml");
  int a = 0;
  float b = 0;
  std::filesystem::path c;
  std::vector<int> d;
  ConfigReader reader(root);
  reader.Read("a", &a);
  reader.Read("b", &b);
  reader.Read("c", &c);
  reader.Read("d", &d);
  EXPECT_THAT(FinishErrorOf(&reader),
              AllOf(HasSubstr("x.yaml:1:4: a: expected a whole number of at most 32 bits"),
                    HasSubstr("x.yaml:2:4: b: expected a number of at most 3.4e38"),
                    HasSubstr("x.yaml:3:4: c: expected a path"),
                    HasSubstr("x.yaml:4:8: d: expected a whole number")));
}

enum class Metric { kEuclidean, kCosine };

TEST(ConfigReader, ChoicesNameTheNearest) {
  const ConfigNode root = ParseConfig("a: cosine\nb: cosin\nc: 5\n", "x.yaml");
  Metric a = Metric::kEuclidean;
  Metric b = Metric::kEuclidean;
  ConfigReader reader(root);
  EXPECT_TRUE(
      reader.ReadChoice("a", &a, {{"euclidean", Metric::kEuclidean}, {"cosine", Metric::kCosine}}));
  EXPECT_FALSE(
      reader.ReadChoice("b", &b, {{"euclidean", Metric::kEuclidean}, {"cosine", Metric::kCosine}}));
  EXPECT_FALSE(
      reader.ReadChoice("c", &b, {{"euclidean", Metric::kEuclidean}, {"cosine", Metric::kCosine}}));
  EXPECT_EQ(a, Metric::kCosine);
  EXPECT_THAT(
      FinishErrorOf(&reader),
      AllOf(
          HasSubstr("b: expected one of euclidean, cosine, found 'cosin'; did you mean 'cosine'?"),
          HasSubstr("c: expected one of euclidean, cosine, found '5'")));
}

TEST(ConfigReader, SectionsMayBeAbsentListedOrNamed) {
  const ConfigNode root = ParseConfig(
      "runs:\n- {name: a}\n- {name: b, nam: c}\nsplits:\n  train: {images: 1}\n  query: {images: "
      "2}\nempty:\n",
      "x.yaml");
  ConfigReader reader(root);
  EXPECT_FALSE(reader.Section("absent").exists());
  EXPECT_FALSE(reader.Section("empty").exists());
  int unset = 7;
  reader.Section("absent").Section("below").Read("x", &unset);
  EXPECT_EQ(unset, 7);
  std::vector<std::string> names;
  for (ConfigReader& run : reader.Sections("runs")) run.Require("name", &names.emplace_back());
  EXPECT_THAT(names, ElementsAre("a", "b"));
  int total = 0;
  for (auto& [name, split] : reader.Section("splits").NamedSections()) {
    int images = 0;
    split.Read("images", &images);
    total += images;
  }
  EXPECT_EQ(total, 3);
  EXPECT_EQ(FinishErrorOf(&reader),
            "x.yaml:3:13: unknown key 'nam' in section 'runs.1'; did you mean 'name'?");
}

TEST(ConfigReader, WrongShapesAreErrorsNotCrashes) {
  const ConfigNode root = ParseConfig("a: 5\nb: {x: 1}\nc: [1]\n", "x.yaml");
  ConfigReader reader(root);
  reader.Section("a");
  reader.Sections("b");
  reader.Sections("c");
  EXPECT_THAT(FinishErrorOf(&reader),
              AllOf(HasSubstr("a: expected a section"), HasSubstr("b: expected a list"),
                    HasSubstr("c.0: expected a section")));
  const ConfigNode list = ParseConfig("[1]", "x.yaml");
  ConfigReader of_list(list);
  EXPECT_THAT(FinishErrorOf(&of_list), HasSubstr("expected 'key: value' lines, found a list"));
}

TEST(ConfigReader, OwnChecksAndRepeatedSections) {
  const ConfigNode root = ParseConfig("s: {low: 5, high: 3}\n", "x.yaml");
  int low = 0;
  int high = 0;
  ConfigReader reader(root);
  reader.Section("s").Read("low", &low);
  ConfigReader again = reader.Section("s");
  again.Read("high", &high);
  if (low > high) again.AddError("low", "must not exceed high");
  EXPECT_EQ(FinishErrorOf(&reader), "x.yaml:1:10: s.low: must not exceed high");
}

TEST(ConfigReader, LongErrorListsAreCut) {
  std::string text;
  for (int i = 0; i < 60; ++i) text += fmt::format("key_{}: 1\n", i);
  const ConfigNode root = ParseConfig(text, "x.yaml");
  ConfigReader reader(root);
  EXPECT_THAT(FinishErrorOf(&reader), AllOf(HasSubstr("60 errors"), HasSubstr("'key_49'"),
                                            Not(HasSubstr("'key_50'")), HasSubstr("and 10 more")));
}

}  // namespace
}  // namespace reidbench
