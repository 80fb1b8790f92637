#include "reidbench/results/json_values.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "support/temp_folder.h"

namespace reidbench {
namespace {

using ::testing::AllOf;
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

TEST(DumpJson, BytesThatAreNoTextBecomeText) {
  const Json json = {{"na\xefve", "caf\xe9"}};
  EXPECT_EQ(DumpJson(json, -1), "{\"na\xef\xbf\xbdve\":\"caf\xef\xbf\xbd\"}");
  EXPECT_EQ(DumpJson({{"a", 1}}), "{\n \"a\": 1\n}\n");
}

TEST(ParseJson, NamesThePlace) {
  EXPECT_EQ(ParseJson(" {\"a\": [1, null]}", "x")["a"][0], 1);
  EXPECT_THAT(Refusal([] { ParseJson("{\n \"a\": 1,\n oops}", "f.json"); }),
              AllOf(HasSubstr("f.json:3:2: expected JSON: "), HasSubstr("invalid literal")));
  EXPECT_THAT(Refusal([] { ParseJson("", "f.json"); }), HasSubstr("f.json:1:1: expected JSON"));
  EXPECT_THAT(Refusal([] { ParseJson("[\"\xff\"]", "f.json"); }), HasSubstr("UTF-8"));
  EXPECT_THAT(Refusal([] { ParseJson("1e999", "f.json"); }), HasSubstr("f.json: expected JSON"));
  EXPECT_THAT(Refusal([] { ParseJson("{", "p", ErrorKind::kConfig); }, ErrorKind::kConfig),
              HasSubstr("p:1:2"));
}

TEST(ParseJson, RefusesWhatIsNestedTooDeep) {
  const auto nested = [](size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_NO_THROW(ParseJson(nested(kDeepestJson), "f"));
  EXPECT_THAT(Refusal([&] { ParseJson(nested(kDeepestJson + 1), "f"); }),
              HasSubstr("f:1:65: expected JSON nested at most 64 levels deep"));
  EXPECT_THAT(Refusal([&] { ParseJson(nested(10'000'000), "f"); }), HasSubstr("64 levels"));
  // Brackets in texts are no nesting.
  EXPECT_NO_THROW(ParseJson("\"" + std::string(1000, '[') + "\\\"[\"", "f"));
}

TEST(ReadJson, IsOfAFile) {
  const TempFolder folder;
  EXPECT_EQ(ReadJson(folder.Write("a.json", "[7]"))[0], 7);
  EXPECT_THAT(Refusal([&] { ReadJson(folder.Write("b.json", "[7")); }), HasSubstr("b.json:1:3"));
  EXPECT_THAT(Refusal([&] { ReadJson(folder.path() / "none"); }, ErrorKind::kIo),
              HasSubstr("none"));
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
