#include "reidbench/config/node.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <string>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "support/expect_error.h"

namespace reidbench {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string ParseErrorOf(std::string_view text) {
  return MessageOf(ErrorKind::kConfig, [&] { ParseConfig(text, "x.yaml"); });
}

ConfigNode Value(std::string_view text) { return *ParseConfig(text, "x.yaml").Find("v"); }

TEST(ParseConfig, KeepsTextOrderAndPlaces) {
  const ConfigNode root = ParseConfig(
      "name: osnet\n"
      "ranks: [1, 5]\n"
      "gate:\n"
      "  max: 0.50\n"
      "  note: \"010\"\n",
      "x.yaml");
  ASSERT_TRUE(root.IsMapping());
  ASSERT_EQ(root.children.size(), 3u);
  EXPECT_EQ(root.children[0].key, "name");
  EXPECT_EQ(root.children[0].text, "osnet");
  EXPECT_EQ(root.Find("ranks")->children[1].AsInt64(), 5);
  EXPECT_EQ(root.Find("ranks")->children[1].place.ToString(), "x.yaml:2:12");
  const ConfigNode* max = root.Find("gate")->Find("max");
  EXPECT_EQ(max->text, "0.50");
  EXPECT_EQ(max->key_place.ToString(), "x.yaml:4:3");
  EXPECT_EQ(max->place.ToString(), "x.yaml:4:8");
  EXPECT_TRUE(root.Find("gate")->Find("note")->quoted);
  EXPECT_EQ(root.Find("absent"), nullptr);
}

TEST(ParseConfig, EmptyTextIsNull) {
  for (const char* text : {"", "\n# only a comment\n", "---\n", "~", "\xEF\xBB\xBF"}) {
    EXPECT_TRUE(ParseConfig(text, "x.yaml").IsNull()) << text;
  }
}

TEST(ParseConfig, ToleratesByteOrderMarkAndCarriageReturns) {
  const ConfigNode root = ParseConfig(
      "\xEF\xBB\xBF"
      "a: 1\r\nb: x\r\n",
      "x.yaml");
  EXPECT_EQ(root.Find("a")->AsInt64(), 1);
  EXPECT_EQ(root.Find("b")->AsString(), "x");
}

TEST(ParseConfig, DuplicateKeyNamesBothLines) {
  EXPECT_EQ(ParseErrorOf("a: 1\nb: 2\na: 3\n"),
            "x.yaml:3:1: key 'a' is given twice; first at line 1");
  EXPECT_THAT(ParseErrorOf("s: {a: 1, a: 2}"), HasSubstr("x.yaml:1:11: key 'a' is given twice"));
  EXPECT_THAT(ParseErrorOf("a: 1\n\"a\": 3\n"), HasSubstr("given twice"));
}

TEST(ParseConfig, RefusesWhatHidesValues) {
  EXPECT_THAT(ParseErrorOf("a: &x 1\nb: *x\n"), HasSubstr("x.yaml:1:4: anchors"));
  EXPECT_THAT(ParseErrorOf("a: *x\n"), HasSubstr("x.yaml:1:"));
  EXPECT_THAT(ParseErrorOf("<<: {a: 1}\n"), HasSubstr("merge keys"));
  EXPECT_THAT(ParseErrorOf("a: !!int 1\n"), AllOf(HasSubstr("x.yaml:1:4"), HasSubstr("tags")));
  EXPECT_THAT(ParseErrorOf("a: !mine [1]\n"), HasSubstr("tags"));
  EXPECT_THAT(ParseErrorOf("a: 1\n---\nb: 2\n"), HasSubstr("x.yaml:2:1: a second YAML document"));
  EXPECT_THAT(ParseErrorOf("? [a, b]\n: 1\n"), HasSubstr("a key must be plain text"));
  EXPECT_THAT(ParseErrorOf(": 1\n"), HasSubstr("empty key"));
  EXPECT_THAT(ParseErrorOf("~: 1\n"), HasSubstr("empty key"));
}

TEST(ParseConfig, BillionLaughsIsRefusedAtTheFirstAnchor) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 10; ++i) {
    text += fmt::format("a{0}: &a{0} [*a{1}, *a{1}, *a{1}, *a{1}, *a{1}]\n", i, i - 1);
  }
  EXPECT_THAT(ParseErrorOf(text), StartsWith("x.yaml:1:"));
}

TEST(ParseConfig, NamesThePlaceOfASyntaxError) {
  EXPECT_THAT(ParseErrorOf("a: 1\nb: [1, 2\n"), StartsWith("x.yaml:"));
  EXPECT_THAT(ParseErrorOf("a: 1\n\tb: 2\n"), StartsWith("x.yaml:2:"));
  EXPECT_THAT(ParseErrorOf("a: b: c\n"),
              AllOf(StartsWith("x.yaml:1:"), HasSubstr("not valid YAML")));
}

TEST(ParseConfig, BoundsDepthSizeAndCount) {
  const std::string open(100, '[');
  EXPECT_THAT(ParseErrorOf(open + std::string(100, ']')), HasSubstr("nested deeper than 64"));
  EXPECT_THAT(ParseErrorOf(std::string(100'000, '[')), StartsWith("x.yaml:1:"));
  EXPECT_THAT(ParseErrorOf(std::string(kMaxConfigBytes + 1, '#')),
              HasSubstr("is this a config file?"));
  std::string many = "[";
  for (size_t i = 0; i <= kMaxConfigNodes; ++i) many += "1,";
  EXPECT_THAT(ParseErrorOf(many + "]"), HasSubstr("more than 100000 values"));
}

TEST(ParseConfig, RefusesBinary) {
  EXPECT_THAT(ParseErrorOf("a: 1\nb: \xFF\n"), HasSubstr("x.yaml:2: not valid UTF-8"));
  EXPECT_THAT(ParseErrorOf(std::string_view("a: 1\0b", 6)), HasSubstr("control character 0x00"));
  // yaml-cpp would stop reading here without a word.
  EXPECT_THAT(ParseErrorOf("a: 1\n\x04\nb: 2\n"), HasSubstr("x.yaml:2: control character 0x04"));
  EXPECT_THAT(ParseErrorOf("a: \xED\xA0\x80"), HasSubstr("UTF-8"));  // a lone surrogate
  EXPECT_THAT(ParseErrorOf("a: \xC0\x80"), HasSubstr("UTF-8"));      // overlong
  EXPECT_THAT(ParseErrorOf("a: \"\\N\""), HasSubstr("x.yaml:1:4: an escape"));
  EXPECT_EQ(Value("v: \"\\u00fc\"").AsString(), "ü");
  EXPECT_EQ(Value("v: Zürich 東京 🚶").AsString(), "Zürich 東京 🚶");
}

TEST(ConfigNode, BoolsAreTrueOrFalseOnly) {
  EXPECT_TRUE(Value("v: true").AsBool());
  EXPECT_FALSE(Value("v: false").AsBool());
  for (const char* text :
       {"v: yes", "v: True", "v: on", "v: 1", "v: \"true\"", "v: ", "v: [true]"}) {
    EXPECT_THAT(MessageOf(ErrorKind::kConfig, [&] { Value(text).AsBool(); }),
                HasSubstr("expected true or false"))
        << text;
  }
}

TEST(ConfigNode, IntegersAreDecimal) {
  EXPECT_EQ(Value("v: 10").AsInt64(), 10);
  EXPECT_EQ(Value("v: -3").AsInt64(), -3);
  EXPECT_EQ(Value("v: 0").AsInt64(), 0);
  EXPECT_EQ(Value("v: 18446744073709551615").AsUint64(), UINT64_MAX);
  EXPECT_THAT(MessageOf(ErrorKind::kConfig, [&] { Value("v: 010").AsInt64(); }),
              AllOf(HasSubstr("x.yaml:1:4"), HasSubstr("write 10")));
  EXPECT_THAT(MessageOf(ErrorKind::kConfig, [&] { Value("v: -010").AsInt64(); }),
              HasSubstr("write -10"));
  EXPECT_THAT(MessageOf(ErrorKind::kConfig, [&] { Value("v: 5.0").AsInt64(); }),
              HasSubstr("write 5"));
  EXPECT_THAT(MessageOf(ErrorKind::kConfig, [&] { Value("v: 1e3").AsInt64(); }),
              HasSubstr("write 1000"));
  EXPECT_THAT(MessageOf(ErrorKind::kConfig, [&] { Value("v: \"5\"").AsInt64(); }),
              HasSubstr("remove the quotes"));
  EXPECT_THAT(MessageOf(ErrorKind::kConfig, [&] { Value("v: 9223372036854775808").AsInt64(); }),
              HasSubstr("does not fit 64 bits"));
  EXPECT_THAT(MessageOf(ErrorKind::kConfig, [&] { Value("v: -1").AsUint64(); }),
              HasSubstr("not negative"));
  for (const char* text : {"v: 0x10", "v: 1_000", "v: 2.5", "v: five", "v: ", "v: {}", "v: 0o17"}) {
    EXPECT_THAT(MessageOf(ErrorKind::kConfig, [&] { Value(text).AsInt64(); }),
                HasSubstr("expected a whole number"))
        << text;
  }
}

TEST(ConfigNode, DoublesAreDecimalAndFinite) {
  EXPECT_EQ(Value("v: 0.1").AsDouble(), 0.1);
  EXPECT_EQ(Value("v: 1e-4").AsDouble(), 1e-4);
  EXPECT_EQ(Value("v: 7").AsDouble(), 7.0);
  for (const char* text :
       {"v: nan", "v: .nan", "v: inf", "v: -.inf", "v: 1e999", "v: 1,5", "v: \"0.5\"", "v: 00.5"}) {
    EXPECT_THAT(MessageOf(ErrorKind::kConfig, [&] { Value(text).AsDouble(); }), HasSubstr("number"))
        << text;
  }
}

TEST(ConfigNode, StringsKeepTheirText) {
  EXPECT_EQ(Value("v: 010").AsString(), "010");
  EXPECT_EQ(Value("v: 1.50").AsString(), "1.50");
  EXPECT_EQ(Value("v: yes").AsString(), "yes");
  EXPECT_EQ(Value("v: \"\"").AsString(), "");
  EXPECT_EQ(Value("v: |\n  two\n  lines\n").AsString(), "two\nlines\n");
  EXPECT_THAT(MessageOf(ErrorKind::kConfig, [&] { Value("v:").AsString(); }),
              HasSubstr("expected a text, found nothing"));
}

TEST(ApplyOverride, SetsCreatesAndIndexes) {
  ConfigNode root = ParseConfig("a: {b: 1}\nlist: [{x: 1}, {x: 2}]\nempty:\n", "x.yaml");
  ApplyOverride(&root, "a.b=2");
  ApplyOverride(&root, "a.c.d=[1, two]");
  ApplyOverride(&root, "list.1.x=7");
  ApplyOverride(&root, "empty.k=v=w");
  EXPECT_EQ(root.Find("a")->Find("b")->AsInt64(), 2);
  EXPECT_EQ(root.Find("a")->Find("b")->place.ToString(), "--set a.b=2");
  EXPECT_EQ(root.Find("a")->Find("c")->Find("d")->children[1].AsString(), "two");
  EXPECT_EQ(root.Find("list")->children[0].Find("x")->AsInt64(), 1);
  EXPECT_EQ(root.Find("list")->children[1].Find("x")->AsInt64(), 7);
  EXPECT_EQ(root.Find("empty")->Find("k")->AsString(), "v=w");

  ConfigNode fresh;
  ApplyOverride(&fresh, "a.b=true");
  EXPECT_TRUE(fresh.Find("a")->Find("b")->AsBool());
}

TEST(ApplyOverride, ExplainsWhatIsWrong) {
  ConfigNode root = ParseConfig("a: {b: 1}\nlist: [1, 2]\n", "x.yaml");
  const auto error_of = [&](const char* assignment) {
    return MessageOf(ErrorKind::kConfig, [&] { ApplyOverride(&root, assignment); });
  };
  EXPECT_THAT(error_of("a.b"), AllOf(StartsWith("--set a.b"), HasSubstr("no '='")));
  EXPECT_THAT(error_of("a..b=1"), HasSubstr("empty name"));
  EXPECT_THAT(error_of("=1"), HasSubstr("empty name"));
  EXPECT_THAT(error_of("a.b="), HasSubstr("no value"));
  EXPECT_THAT(error_of("a.b=#5"), HasSubstr("no value"));
  EXPECT_THAT(error_of("a.b=x: y: z"), HasSubstr("in quotes"));
  EXPECT_THAT(error_of("a.b.c=1"),
              AllOf(HasSubstr("'a.b' is '1' (x.yaml:1:8)"), HasSubstr("has no 'c'")));
  EXPECT_THAT(error_of("list.2=1"),
              AllOf(HasSubstr("a list of 2 entries"), HasSubstr("'2' is none of them")));
  EXPECT_THAT(error_of("list.x=1"), HasSubstr("'x' is none of them"));
  EXPECT_THAT(error_of("list.99999999999999999999=1"), HasSubstr("none of them"));
  const std::string deep = [] {
    std::string path = "a";
    for (int i = 0; i < 100; ++i) path += ".a";
    return path + "=1";
  }();
  EXPECT_THAT(error_of(deep.c_str()), HasSubstr("deeper than 64"));
  EXPECT_EQ(DumpConfig(root), "a:\n  b: 1\nlist: [1, 2]\n");  // nothing changed on the way
}

TEST(MergeConfig, MergesSectionsAndReplacesTheRest) {
  ConfigNode base = ParseConfig("a: {x: 1, y: 2}\nlist: [1, 2, 3]\n", "base.yaml");
  MergeConfig(&base, ParseConfig("a: {y: 5, z: 6}\nlist: [9]\nb: 1\n", "over.yaml"));
  EXPECT_EQ(DumpConfig(base), "a:\n  x: 1\n  y: 5\n  z: 6\nlist: [9]\nb: 1\n");
  EXPECT_EQ(base.Find("a")->Find("x")->place.source, "base.yaml");
  EXPECT_EQ(base.Find("a")->Find("y")->place.source, "over.yaml");
}

bool SameTree(const ConfigNode& a, const ConfigNode& b) {
  if (a.kind != b.kind || a.text != b.text || a.key != b.key ||
      a.children.size() != b.children.size())
    return false;
  for (size_t i = 0; i < a.children.size(); ++i) {
    if (!SameTree(a.children[i], b.children[i])) return false;
  }
  return true;
}

TEST(DumpConfig, ReadsBackAsTheSameTree) {
  for (const char* text : {
           "a: 1\nb: [1, 2.5, x]\nc:\n  d: {}\n  e: []\n  f:\n",
           "- a\n- {b: 1, c: [1]}\n- [[1, 2], [3]]\n- []\n- - - deep\n",
           "s: \"quoted: # text\"\nt: 'it''s'\nu: \"\"\nv: \"null\"\nw: \"~\"\nx: "
           "\"line\\nbreak\\t\\x01\"\n",
           "\"odd key: #\": 1\n\"- x\": 2\n\"\\\"\": 3\n",
           "just text",
           "5",
           "",
           "[]",
           "{}",
           "v: |\n  a\n\n  b\n",
           "n: -5\nm: -x\nd: .5\ne: ...\nf: Zürich\n",
           "list:\n- a: 1\n  b:\n    c: 2\n- a: 3\n",
       }) {
    const ConfigNode tree = ParseConfig(text, "x.yaml");
    const std::string dump = DumpConfig(tree);
    const ConfigNode again = ParseConfig(dump, "dump");
    EXPECT_TRUE(SameTree(tree, again)) << text << "\n->\n" << dump;
    EXPECT_EQ(DumpConfig(again), dump);
    EXPECT_TRUE(SameTree(tree, ParseConfig(DumpConfig(tree, true), "dump"))) << text;
  }
}

TEST(DumpConfig, IsReadable) {
  EXPECT_EQ(DumpConfig(ParseConfig("b: {c: [1, 2], d: [{e: 1, f: 2}]}\na: \"x\"", "x.yaml")),
            "b:\n"
            "  c: [1, 2]\n"
            "  d:\n"
            "    - e: 1\n"
            "      f: 2\n"
            "a: \"x\"\n");
}

TEST(DumpConfig, NamesPlacesWhenAsked) {
  ConfigNode root = ParseConfig("a: 1\nb: 2\n", "x.yaml");
  ApplyOverride(&root, "b=3");
  EXPECT_EQ(DumpConfig(root, true), "a: 1  # x.yaml:1:4\nb: 3  # --set b=3\n");
}

TEST(LoadConfig, NamesTheFile) {
  const std::filesystem::path path =
      std::filesystem::path(testing::TempDir()) / "reidbench_node_test.yaml";
  WriteFileAtomically(path, "a: 1\na: 2\n");
  EXPECT_THAT(MessageOf(ErrorKind::kConfig, [&] { LoadConfig(path); }),
              StartsWith(path.string() + ":2:1: "));
  std::filesystem::remove(path);
  EXPECT_THAT(MessageOf(ErrorKind::kIo, [&] { LoadConfig(path); }), HasSubstr(path.string()));
}

}  // namespace
}  // namespace reidbench
