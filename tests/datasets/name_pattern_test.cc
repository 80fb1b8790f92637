#include "reidbench/datasets/name_pattern.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reidbench/core/error.h"
#include "support/expect_error.h"

namespace reidbench {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kMarket = "{person}_c{camera}s{number}_{number}_{number}";

std::string Parsed(std::string_view pattern, std::string_view name) {
  const auto match = NamePattern(pattern).Parse(name);
  if (!match) return "no match";
  return fmt::format("{} {}", match->person ? fmt::format("{}", *match->person) : "-",
                     match->camera ? fmt::format("{}", *match->camera) : "-");
}

TEST(NamePattern, ReadsMarketNames) {
  EXPECT_EQ(Parsed(kMarket, "0002_c1s1_000451_03.jpg"), "2 1");
  EXPECT_EQ(Parsed(kMarket, "-1_c6s4_012345_00.jpg"), "-1 6");
  EXPECT_EQ(Parsed(kMarket, "0000_c3s2_000001_01.jpg"), "0 3");
  EXPECT_EQ(Parsed(kMarket, "0005_c2s1_000451_03.jpg.jpg"), "5 2");
  EXPECT_EQ(Parsed(kMarket, "0005_c2s1_000451_03.JPG"), "5 2");
}

TEST(NamePattern, RefusesWhatDoesNotFitAsAWhole) {
  for (const char* name :
       {"", ".jpg", "0002_c1_f0046182.jpg", "0002_c1s1_000451.jpg", "0002_c1s1_000451_03_x.jpg",
        "x0002_c1s1_000451_03.jpg", "--1_c1s1_1_1.jpg", "0002_c-1s1_1_1.jpg", "0002_cs1_1_1.jpg",
        "1234567890123456789_c1s1_1_1.jpg", "0002_c1s1_000451_03 (1).jpg"}) {
    EXPECT_EQ(Parsed(kMarket, name), "no match") << name;
  }
}

TEST(NamePattern, OtherDataSets) {
  EXPECT_EQ(Parsed("{person}_c{camera}_f{number}", "0002_c1_f0046182.jpg"), "2 1");
  EXPECT_EQ(Parsed("{number}_{number}_{camera}_*", "0000_000_01_0303morning_0015_0.jpg"), "- 1");
  EXPECT_EQ(Parsed("{number}_{number}_{camera}_*", "0000_000_15_.jpg"), "- 15");
  // Two {person} fields are joined: person 7 of pair 2 is not person 7 of pair 1.
  EXPECT_EQ(Parsed("{person}_{person}_{camera}_{number}", "1_007_2_06.png"), "1007 2");
  EXPECT_EQ(Parsed("{person}_{person}_{camera}_{number}", "2_007_1_01.png"), "2007 1");
  EXPECT_EQ(Parsed("{person}_{number}", "000_45.bmp"), "0 -");
  EXPECT_EQ(Parsed("{person}_c{camera}*", "12_c10"), "12 10");
}

TEST(NamePattern, RefusesAmbiguousPatterns) {
  const auto error_of = [](std::string_view pattern) -> std::string {
    return MessageOf(ErrorKind::kConfig, [&] { NamePattern parsed(pattern); });
  };
  EXPECT_THAT(error_of(""), HasSubstr("is empty"));
  EXPECT_THAT(error_of("{person}{camera}"), HasSubstr("where does it begin"));
  EXPECT_THAT(error_of("{person}0"), HasSubstr("where does that end"));
  EXPECT_THAT(error_of("c1{camera}"), HasSubstr("where does it begin"));
  EXPECT_THAT(error_of("{camera}_{camera}"), HasSubstr("given twice"));
  EXPECT_THAT(error_of("{frame}"), HasSubstr("unknown field '{frame}'"));
  EXPECT_THAT(error_of("{person"), HasSubstr("unknown field"));
  EXPECT_THAT(error_of("person}"), HasSubstr("without '{'"));
  EXPECT_THAT(error_of("*_{person}"), HasSubstr("only at the end"));
  EXPECT_THAT(error_of("a/{person}"), HasSubstr("'/'"));
}

TEST(ImageName, ByExtensionInAnyCase) {
  for (const char* name : {"a.jpg", "a.JPG", "a.jpeg", "a.png", "a.bmp", "a.jpg.jpg", "a.b.tiff"}) {
    EXPECT_TRUE(IsImageName(name)) << name;
  }
  for (const char* name :
       {"Thumbs.db", "a", "jpg", ".jpg", "._0001_c1.jpg", "a.jpg.txt", "a.mat", ""}) {
    EXPECT_FALSE(IsImageName(name)) << name;
  }
  EXPECT_EQ(StripImageExtensions("a.jpg.jpg"), "a");
  EXPECT_EQ(StripImageExtensions("a.b.jpg"), "a.b");
  EXPECT_EQ(BaseName("2024_c1/x/0002_c3s1_1_1.jpg"), "0002_c3s1_1_1.jpg");
}

TEST(FindCameraInName, KnowsTheUsualForms) {
  EXPECT_EQ(FindCameraInName("0001_c3.jpg"), 3);
  EXPECT_EQ(FindCameraInName("c3_0001.jpg"), 3);
  EXPECT_EQ(FindCameraInName("0001_c3s1_07.jpg"), 3);
  EXPECT_EQ(FindCameraInName("0001_cam12.jpg"), 12);
  EXPECT_EQ(FindCameraInName("0001-Camera2-5.png"), 2);
  EXPECT_EQ(FindCameraInName("0001_c1_c2.jpg"), 1);
  for (const char* name : {"0001.jpg", "c.jpg", "0001_c3po.jpg", "abc3.jpg", "c3s.jpg",
                           "0001_c3sx.jpg", "c12345678.jpg", ""}) {
    EXPECT_EQ(FindCameraInName(name), std::nullopt) << name;
  }
}

}  // namespace
}  // namespace reidbench
