#include "reidbench/formats/json_records.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/expect_error.h"

namespace reidbench {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> Records(std::string_view text) {
  std::vector<std::string> records;
  JsonRecords reader("f.json", [&](const std::string& list, const JsonRecord& record) {
    std::string line = list + ":";
    for (size_t i = 0; i < record.size(); ++i) {
      const JsonRecord::Field& field = record.field(i);
      line += " " + field.key + "=";
      switch (field.kind) {
        case JsonRecord::Kind::kText:
          line += "'" + field.text + "'";
          break;
        case JsonRecord::Kind::kNumbers:
          line += fmt::format("{} numbers", field.numbers.size());
          break;
        case JsonRecord::Kind::kOther:
          line += "other";
          break;
        default:
          line += fmt::format("{}", field.number);
      }
    }
    records.push_back(line);
  });
  StreamJson(text, "f.json", &reader);
  return records;
}

TEST(JsonRecords, AreTheObjectsOfTheRootsLists) {
  EXPECT_THAT(Records(R"({"info": {"a": [{"no": 1}]}, "one": [{"id": 1, "name": "x", "b": true},
                          {"id": 2.5, "none": null}], "two": [{}], "n": 3})"),
              ElementsAre("one: id=1 name='x' b=1", "one: id=2.5", "two:"));
  EXPECT_THAT(Records(R"([{"id": 7}, {"id": 8}])"), ElementsAre(": id=7", ": id=8"));
}

TEST(JsonRecords, FlattenObjectsAndKeepShortLists) {
  EXPECT_THAT(
      Records(R"([{"bbox": [1, 2, 3.5, 4], "attributes": {"occluded": false, "deep": {"er": 1}},
                   "polygons": [[1, 2], [3]], "boxes": [{"x": 1}], "after": 5, "empty": []}])"),
      ElementsAre(": bbox=4 numbers attributes.occluded=0 attributes.deep.er=1 polygons=other "
                  "boxes=other after=5 empty=0 numbers"));
  std::string longer = "[{\"a\": [0";
  for (int i = 0; i < 100; ++i) longer += ",1";
  EXPECT_THAT(Records(longer + "]}]"), ElementsAre(": a=other"));
}

TEST(JsonRecords, NameWhatIsWrong) {
  const auto refused = [](std::string_view text,
                          const std::function<void(const JsonRecord&)>& use) {
    return MessageOf(ErrorKind::kInput, [&] {
      JsonRecords reader("f.json",
                         [&](const std::string&, const JsonRecord& record) { use(record); });
      StreamJson(text, "f.json", &reader);
    });
  };
  const auto integer = [](const JsonRecord& record) { (void)record.Integer("id"); };
  EXPECT_THAT(refused(R"({"a": [{"id": 1}, {"id": "x"}]})", integer),
              HasSubstr("f.json: a[1].id: expected a whole number, found \"x\""));
  EXPECT_THAT(refused(R"([{"id": 1.5}])", integer), HasSubstr("found 1.5"));
  EXPECT_THAT(refused(R"([{}])", integer), HasSubstr("found nothing"));
  EXPECT_THAT(refused(R"([{"id": [1]}])", integer), HasSubstr("found a list of 1 numbers"));
  EXPECT_THAT(refused(R"([{"id": 1},)", integer), HasSubstr("f.json:1:"));
}

}  // namespace
}  // namespace reidbench
