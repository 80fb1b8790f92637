#include "reidbench/json/json_text.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "support/expect_error.h"
#include "support/temp_folder.h"

namespace reidbench {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::string RefusedJson(const std::function<void()>& act, ErrorKind kind = ErrorKind::kInput) {
  return MessageOf(kind, act);
}

TEST(DumpJson, BytesThatAreNoTextBecomeText) {
  const Json json = {{"na\xefve", "caf\xe9"}};
  EXPECT_EQ(DumpJson(json, -1), "{\"na\xef\xbf\xbdve\":\"caf\xef\xbf\xbd\"}");
  EXPECT_EQ(DumpJson({{"a", 1}}), "{\n \"a\": 1\n}\n");
}

TEST(ParseJson, NamesThePlace) {
  EXPECT_EQ(ParseJson(" {\"a\": [1, null]}", "x")["a"][0], 1);
  EXPECT_THAT(RefusedJson([] { ParseJson("{\n \"a\": 1,\n oops}", "f.json"); }),
              AllOf(HasSubstr("f.json:3:2: expected JSON: "), HasSubstr("invalid literal")));
  EXPECT_THAT(RefusedJson([] { ParseJson("", "f.json"); }), HasSubstr("f.json:1:1: expected JSON"));
  EXPECT_THAT(RefusedJson([] { ParseJson("[\"\xff\"]", "f.json"); }), HasSubstr("UTF-8"));
  EXPECT_THAT(RefusedJson([] { ParseJson("1e999", "f.json"); }),
              HasSubstr("f.json: expected JSON"));
  EXPECT_THAT(RefusedJson([] { ParseJson("{", "p", ErrorKind::kConfig); }, ErrorKind::kConfig),
              HasSubstr("p:1:2"));
}

TEST(ParseJson, RefusesWhatIsNestedTooDeep) {
  const auto nested = [](size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_NO_THROW(ParseJson(nested(kDeepestJson), "f"));
  EXPECT_THAT(RefusedJson([&] { ParseJson(nested(kDeepestJson + 1), "f"); }),
              HasSubstr("f:1:65: expected JSON nested at most 64 levels deep"));
  EXPECT_THAT(RefusedJson([&] { ParseJson(nested(10'000'000), "f"); }), HasSubstr("64 levels"));
  // Brackets in texts are no nesting.
  EXPECT_NO_THROW(ParseJson("\"" + std::string(1000, '[') + "\\\"[\"", "f"));
}

TEST(ReadJson, IsOfAFile) {
  const TempFolder folder;
  EXPECT_EQ(ReadJson(folder.Write("a.json", "[7]"))[0], 7);
  EXPECT_THAT(RefusedJson([&] { ReadJson(folder.Write("b.json", "[7")); }),
              HasSubstr("b.json:1:3"));
  EXPECT_THAT(RefusedJson([&] { ReadJson(folder.path() / "none"); }, ErrorKind::kIo),
              HasSubstr("none"));
}

// The calls as a text that looks like the input.
class EventText final : public JsonEvents {
 public:
  void BeginObject() override { text += "{ "; }
  void Key(std::string& key) override { text += key + ": "; }
  void EndObject() override { text += "} "; }
  void BeginList() override { text += "[ "; }
  void EndList() override { text += "] "; }
  void Text(std::string& value) override { text += "'" + value + "' "; }
  void Number(double value) override { text += fmt::format("{}n ", value); }
  void Integer(int64_t value) override { text += fmt::format("{}i ", value); }
  void Flag(bool value) override { text += value ? "true " : "false "; }
  void Null() override { text += "null "; }

  std::string text;
};

std::string Streamed(std::string_view text) {
  EventText events;
  StreamJson(text, "f.json", &events);
  return events.text;
}

TEST(StreamJson, HandsOverEveryValue) {
  EXPECT_EQ(Streamed(R"({"a": [1, -2, 0.1, "x\n", true], "b": {"c": null}})"),
            "{ a: [ 1i -2i 0.1n 'x\n' true ] b: { c: null } } ");
  EXPECT_EQ(Streamed("18446744073709551615"), "1.8446744073709552e+19n ");
}

TEST(StreamJson, RefusesWhatParseJsonRefuses) {
  EXPECT_THAT(RefusedJson([] { Streamed("{\n \"a\": oops}"); }),
              AllOf(HasSubstr("f.json:2:"), HasSubstr("expected JSON: ")));
  EXPECT_THAT(RefusedJson([] { Streamed(""); }), HasSubstr("f.json:1:"));
  EXPECT_THAT(RefusedJson([] { Streamed("[1] 2"); }), HasSubstr("expected JSON"));
  EXPECT_THAT(RefusedJson([] { Streamed("[\"\xff\"]"); }), HasSubstr("UTF-8"));
  EXPECT_THAT(RefusedJson([] { Streamed("1e999"); }), HasSubstr("f.json: expected JSON"));
  EXPECT_NO_THROW(Streamed(std::string(kDeepestJson, '[') + std::string(kDeepestJson, ']')));
  EXPECT_THAT(RefusedJson([] { Streamed(std::string(10'000'000, '[')); }), HasSubstr("64 levels"));
}

// Longer than what is read at a time, so that every kind of token is cut somewhere.
TEST(StreamJsonFile, IsTheSameInPieces) {
  std::string text = "[";
  for (int i = 0; i < 20000; ++i)
    text += fmt::format("{}{{\"key{}\": [{}, {}.5, \"t\\u00e9xt\", null]}}", i == 0 ? "" : ", ", i,
                        i, i);
  text += "]";
  ASSERT_GT(text.size(), size_t{1} << 19);
  const TempFolder folder;
  EventText events;
  StreamJsonFile(folder.Write("a.json", text), &events);
  EXPECT_EQ(events.text, Streamed(text));
  EXPECT_THAT(RefusedJson([&] { StreamJsonFile(folder.path() / "none", &events); }, ErrorKind::kIo),
              HasSubstr("none"));
}

}  // namespace
}  // namespace reidbench
