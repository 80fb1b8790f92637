#include "reidbench/datasets/image_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "reidbench/core/error.h"
#include "support/expect_error.h"

namespace reidbench {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::string ListErrorOf(std::string_view text) {
  return MessageOf(ErrorKind::kInput, [&] { ParseImageList(text, "x.csv"); });
}

std::string Shown(const std::vector<ListedImage>& images) {
  std::string shown;
  for (const ListedImage& image : images) {
    shown +=
        fmt::format("{}|{}|{}|{};", image.path, image.person,
                    image.camera ? fmt::format("{}", *image.camera) : "-", SplitName(image.split));
  }
  return shown;
}

TEST(ParseImageList, ReadsCsvWithColumnsInAnyOrder) {
  EXPECT_EQ(Shown(ParseImageList(
                "path,person,camera,split\na.jpg,1,2,query\nb/c.jpg,-1,0,gallery\n", "x.csv")),
            "a.jpg|1|2|query;b/c.jpg|-1|0|gallery;");
  EXPECT_EQ(
      Shown(ParseImageList("note,Split, Person ,path\nhello,train,7,a.jpg\n,,8,b.jpg", "x.csv")),
      "a.jpg|7|-|train;b.jpg|8|-|none;");
}

TEST(ParseImageList, ToleratesWhatSpreadsheetsWrite) {
  EXPECT_EQ(Shown(ParseImageList("\xEF\xBB\xBFpath,person\r\na.jpg,1\r\n\r\nb.jpg,2", "x.csv")),
            "a.jpg|1|-|none;b.jpg|2|-|none;");
  EXPECT_EQ(Shown(ParseImageList("path;person;camera\n\"a;b.jpg\";1;2\n", "x.csv")),
            "a;b.jpg|1|2|none;");
  EXPECT_EQ(Shown(ParseImageList("path\tperson\na b.jpg\t3\n", "x.csv")), "a b.jpg|3|-|none;");
  EXPECT_EQ(Shown(ParseImageList("\"path\",\"person\"\n\"a,\"\"b\"\".jpg\" ,\"1\"\n", "x.csv")),
            "a,\"b\".jpg|1|-|none;");
}

TEST(ParseImageList, CsvErrorsNameLineAndCount) {
  EXPECT_EQ(ListErrorOf("path,person\na.jpg,1\nb.jpg,x\nc.jpg,2\nd.jpg,\n"),
            "x.csv: line 3: person 'x': expected a whole number, -1 for junk or 0 for a distractor "
            "(first of 2 wrong entries of 4)");
  EXPECT_THAT(ListErrorOf(""), HasSubstr("is empty"));
  EXPECT_THAT(ListErrorOf("a.jpg,1\n"),
              AllOf(HasSubstr("line 1"), HasSubstr("expected a header"), HasSubstr("a.jpg, 1")));
  EXPECT_THAT(ListErrorOf("path,person,path\n"), HasSubstr("column 'path' is given twice"));
  EXPECT_THAT(ListErrorOf("path,person\na.jpg,1,2\n"),
              HasSubstr("line 2: 3 fields, the header has 2"));
  EXPECT_THAT(ListErrorOf("path,person\n,1\n"), HasSubstr("empty path"));
  EXPECT_THAT(ListErrorOf("path,person\na.jpg,1.0\n"), HasSubstr("person '1.0'"));
  EXPECT_THAT(ListErrorOf("path,person\na.jpg,-2\n"), HasSubstr("person '-2'"));
  EXPECT_THAT(ListErrorOf("path,person\na.jpg,99999999999999999999\n"), HasSubstr("person '9999"));
  EXPECT_THAT(ListErrorOf("path,person,camera\na.jpg,1,-1\n"), HasSubstr("camera '-1'"));
  EXPECT_THAT(ListErrorOf("path,person,split\na.jpg,1,test\n"),
              HasSubstr("test images are query or gallery"));
  EXPECT_THAT(ListErrorOf("path,person\n\"a.jpg,1\nb.jpg,2\n"),
              HasSubstr("line 2: a quote is opened and never closed"));
  EXPECT_THAT(ListErrorOf("path,person\n\"a\"b,1\n"),
              HasSubstr("line 2: text after a closing quote"));
  EXPECT_THAT(ListErrorOf("path,person\na\xFF.jpg,1\n"), HasSubstr("not plain UTF-8"));
  EXPECT_THAT(ListErrorOf("path,person\n\"a\nb.jpg\",1\n"),
              HasSubstr("not plain UTF-8"));  // a line break in a name
}

TEST(ParseImageList, ReadsJson) {
  EXPECT_EQ(Shown(ParseImageList(
                R"( [{"path": "a.jpg", "person": 1, "camera": 2, "split": "query", "note": [1]},
                                      {"person": 0, "path": "b.jpg", "camera": null}] )",
                "x.json")),
            "a.jpg|1|2|query;b.jpg|0|-|none;");
  EXPECT_TRUE(ParseImageList("[]", "x.json").empty());
}

TEST(ParseImageList, JsonErrorsNameTheEntry) {
  EXPECT_THAT(ListErrorOf("{\"path\": \"a\"}"), HasSubstr("expected a JSON array"));
  EXPECT_THAT(ListErrorOf("[1]"), HasSubstr("entry 1: expected an object"));
  EXPECT_THAT(ListErrorOf("[{\"path\": \"a\", \"person\": 1}, {\"path\": 5, \"person\": 1}]"),
              HasSubstr("entry 2: key \"path\""));
  EXPECT_THAT(ListErrorOf("[{\"path\": \"a\", \"person\": \"1\"}]"),
              HasSubstr("key \"person\": expected a whole number"));
  EXPECT_THAT(ListErrorOf("[{\"path\": \"a\", \"person\": 1.0}]"), HasSubstr("key \"person\""));
  EXPECT_THAT(ListErrorOf("[{\"path\": \"a\", \"person\": 18446744073709551615}]"),
              HasSubstr("key \"person\""));
  EXPECT_THAT(ListErrorOf("[{\"path\": \"a\", \"person\": 1, \"camera\": -1}]"),
              HasSubstr("key \"camera\""));
  EXPECT_THAT(ListErrorOf("[{\"path\": \"a\", \"person\": 1, \"split\": \"test\"}]"),
              HasSubstr("split 'test'"));
  EXPECT_THAT(ListErrorOf("[{\"path\": \"a\", \"path\": \"b\", \"person\": 1}]"),
              HasSubstr("key \"path\" is given twice"));
  EXPECT_THAT(ListErrorOf("[{\"path\": "), HasSubstr("not valid JSON"));
  EXPECT_THAT(ListErrorOf("[1e999]"), HasSubstr("not valid JSON"));
  EXPECT_THAT(ListErrorOf(std::string(100'000, '[')), HasSubstr("nested deeper"));
}

TEST(ParsePathPersonLines, ReadsMsmtLists) {
  const auto images =
      ParsePathPersonLines("0000/0000_000_01_x.jpg 0\r\n\n0001/a b.jpg 12\n", "list.txt");
  EXPECT_EQ(Shown(images), "0000/0000_000_01_x.jpg|0|-|none;0001/a b.jpg|12|-|none;");
  EXPECT_EQ(images[1].line, 3);
  EXPECT_EQ(
      MessageOf(ErrorKind::kInput,
                [] { ParsePathPersonLines("a.jpg 1\nb.jpg\nc.jpg x\n", "list.txt"); }),
      "list.txt: line 2: expected 'path person', found 'b.jpg' (first of 2 wrong entries of 3)");
  EXPECT_THAT(MessageOf(ErrorKind::kInput, [] { ParsePathPersonLines("\n\n", "list.txt"); }),
              HasSubstr("is empty"));
  EXPECT_THAT(MessageOf(ErrorKind::kInput, [] { ParsePathPersonLines("a.jpg -1\n", "list.txt"); }),
              HasSubstr("line 1"));
}

TEST(ParseTorchreidSplits, ReadsOneSplit) {
  const std::string text =
      R"([{"train": [["/home/x/viper/cam_a/001_0.bmp", 0, 0]], "query": [], "gallery": [], "num_train_pids": 1},
          {"train": [], "query": [["cam_a/002_0.bmp", 5, 0, 0]], "gallery": [["cam_b/002_90.bmp", 5, 1]]}])";
  EXPECT_EQ(Shown(ParseTorchreidSplits(text, "splits.json", 0)),
            "/home/x/viper/cam_a/001_0.bmp|0|0|train;");
  EXPECT_EQ(Shown(ParseTorchreidSplits(text, "splits.json", 1)),
            "cam_a/002_0.bmp|5|0|query;cam_b/002_90.bmp|5|1|gallery;");
  EXPECT_EQ(MessageOf(ErrorKind::kUsage, [&] { ParseTorchreidSplits(text, "splits.json", 2); }),
            "split 2: splits.json holds 2 splits, numbered from 0");
  EXPECT_THAT(MessageOf(ErrorKind::kUsage, [&] { ParseTorchreidSplits(text, "splits.json", -1); }),
              HasSubstr("split -1"));
  for (const char* wrong : {"[]", "{}", "[5]", "[{}]", R"([{"train": 5}])",
                            R"([{"train": [["a", 1]], "query": [], "gallery": []}])",
                            R"([{"train": [["a", "1", 0]], "query": [], "gallery": []}])"}) {
    MessageOf(ErrorKind::kInput, [&] { ParseTorchreidSplits(wrong, "splits.json", 0); });
  }
}

TEST(NormalizeListedPath, KeepsPathsBelowTheRoot) {
  EXPECT_EQ(NormalizeListedPath("./a//b/../c.jpg", "/data"), "a/c.jpg");
  EXPECT_EQ(NormalizeListedPath("/data/x/a.jpg", "/data"), "x/a.jpg");
  EXPECT_EQ(NormalizeListedPath("/data/x/a.jpg", "/data/"), "x/a.jpg");
  EXPECT_EQ(NormalizeListedPath("/data/x/a.jpg", "/data/./y/.."), "x/a.jpg");
  for (const char* path : {"../a.jpg", "a/../../b.jpg", "/other/a.jpg", "/data", "/", ".", "..",
                           "a/", "/data2/a.jpg"}) {
    EXPECT_EQ(NormalizeListedPath(path, "/data"), std::nullopt) << path;
  }
}

}  // namespace
}  // namespace reidbench
