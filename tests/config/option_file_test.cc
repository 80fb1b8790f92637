#include "reidbench/config/option_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reidbench/config/reader.h"
#include "reidbench/core/error.h"
#include "support/temp_folder.h"

namespace reidbench {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST(OptionFile, OptionsOverTheFile) {
  const TempFolder folder;
  ConfigNode root = LoadOptionFile(folder.Write("x.yaml", "age: 3\nname: sort\n"), "trackers");
  ApplyOption("--option", "age=5", &root);
  ConfigReader reader(root);
  int age = 0;
  std::string name;
  reader.Read("age", &age);
  reader.Read("name", &name);
  EXPECT_NO_THROW(reader.Finish());
  EXPECT_EQ(age, 5);
  EXPECT_EQ(name, "sort");
}

TEST(OptionFile, ErrorsNameTheFlag) {
  ConfigNode root = LoadOptionFile("", "trackers");
  ApplyOption("--sweep", "age=x", &root);
  ConfigReader reader(root);
  int age = 0;
  reader.Read("age", &age);
  EXPECT_THAT([&] { reader.Finish(); }, ThrowsMessage<Error>(HasSubstr("--sweep age=x")));
  EXPECT_THAT([] { OptionKey("--option", "novalue"); },
              ThrowsMessage<Error>(HasSubstr("--option novalue: expected key=value")));
  EXPECT_THROW(OptionKey("--option", "=3"), Error);
  EXPECT_EQ(OptionKey("--option", " age =3"), "age");
}

TEST(OptionFile, NamesOfConfigs) {
  const ConfigNode root = LoadOptionFile("sort", "trackers");
  EXPECT_NE(root.Find("max_age"), nullptr);
  EXPECT_THROW(LoadOptionFile("sort", "relinking"), Error);
  const TempFolder folder;
  EXPECT_THROW(LoadOptionFile(folder.Write("list.yaml", "- a\n- b\n"), "trackers"), Error);
}

}  // namespace
}  // namespace reidbench
