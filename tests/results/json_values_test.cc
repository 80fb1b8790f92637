#include "reidbench/results/json_values.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace reidbench {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string Refusal(const std::function<void()>& act, ErrorKind kind = ErrorKind::kInput) {
  try {
    act();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind);
    return error.what();
  }
  return "nothing was thrown";
}

TEST(RequireSchema, NamesExpectedAndFound) {
  const auto refusal = [](const Json& json) {
    return Refusal([&] { RequireSchema(json, "a/1", "reidbench a", "f.json"); });
  };
  EXPECT_NO_THROW(RequireSchema({{"schema", "a/1"}}, "a/1", "reidbench a", "f.json"));
  EXPECT_EQ(refusal({{"schema", "b/2"}}),
            "f.json: expected schema \"a/1\", found \"b/2\"; write one with reidbench a");
  EXPECT_THAT(refusal(Json::array()), HasSubstr("found none"));
  EXPECT_THAT(refusal({{"schema", 7}}), HasSubstr("found 7"));
}

TEST(JsonReader, NamesThePathOfWhatIsWrong) {
  const Json json = ParseJson(
      R"({"a": {"b": [1, "x", null, -2.5]}, "t": ["p", "q"], "f": true, "n": null})", "f");
  const std::string place = "f.json";
  const JsonReader root(json, place);
  EXPECT_EQ(root.At("a").At("b").Items()[0].Integer(), 1);
  EXPECT_EQ(root.At("a").At("b").Items()[3].Number(), -2.5);
  EXPECT_FALSE(root.At("n").OptionalNumber());
  EXPECT_FALSE(root.Find("n"));
  EXPECT_FALSE(root.Find("missing"));
  EXPECT_TRUE(root.Find("a"));
  EXPECT_TRUE(root.At("f").Flag());
  EXPECT_THAT(root.At("t").Texts(), ElementsAre("p", "q"));
  EXPECT_THAT(Refusal([&] { root.At("a").At("c"); }), HasSubstr("f.json: a.c is missing"));
  EXPECT_EQ(Refusal([&] { root.At("a").At("b").Items()[1].Number(); }),
            "f.json: a.b[1]: expected a number, found \"x\"");
  EXPECT_THAT(Refusal([&] { root.At("a").At("b").Items()[3].Number(0); }),
              HasSubstr("a.b[3]: expected a number of at least 0, found -2.5"));
  EXPECT_THAT(Refusal([&] { root.At("a").Items(); }), HasSubstr("a: expected a list"));
  EXPECT_THAT(
      Refusal([&] { JsonReader(json, place, ErrorKind::kConfig).Text(); }, ErrorKind::kConfig),
      HasSubstr("f.json: the file: expected a text"));
}

TEST(WarningsOf, AreEmptyWhereThereAreNone) {
  EXPECT_THAT(WarningsOf({{"warnings", {"odd", 3, "even"}}}), ElementsAre("odd", "even"));
  EXPECT_TRUE(WarningsOf(Json::array()).empty());
  EXPECT_TRUE(WarningsOf({{"a", 1}}).empty());
}

}  // namespace
}  // namespace reidbench
