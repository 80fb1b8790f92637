#include "reidbench/flow/zone_import.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reidbench/core/error.h"
#include "support/expect_error.h"

namespace reidbench {
namespace {

using ::testing::HasSubstr;

TEST(ZoneImport, OursIsLeftAlone) {
  EXPECT_FALSE(ImportZones("lines: {a: {from: [0, 0], to: [1, 0]}}\n", "z.yaml").has_value());
  EXPECT_FALSE(
      ImportZones(R"({"lines": {"a": {"from": [0, 0], "to": [1, 0]}}})", "z.json").has_value());
}

TEST(ZoneImport, SupervisionCountsWhatComesToTheLeftAsIn) {
  const auto zones = ImportZones(
      R"({"polygons": [[[0, 0], [4, 0], [4, 4]]], "lines": [{"name": "d", "start": [0, 9], "end": [5, 9]}]})",
      "z.json");
  ASSERT_TRUE(zones.has_value());
  EXPECT_EQ(zones->zones[0].polygon[2], (PlanePoint{4, 4}));
  EXPECT_EQ(zones->lines[0].anchor, AnchorPoint::kCorners);
  EXPECT_EQ(zones->lines[0].from, (PlanePoint{5, 9}));
  const auto list = ImportZones("[[[0, 0], [4, 0], [4, 4]], [[1, 1], [2, 1], [2, 2]]]", "z.json");
  ASSERT_TRUE(list.has_value());
  EXPECT_EQ(list->zones.size(), 2u);
}

TEST(ZoneImport, DeepStreamLinesHaveADirection) {
  const auto zones = ImportZones(
      "[property]\nenable=1\nconfig-width=1920\nconfig-height=1080\n"
      "[line-crossing-stream-0]\nenable=1\nline-crossing-Entry=500;300;500;600;100;400;900;400\n"
      "[roi-filtering-stream-0]\nenable=0\nroi-No=0;0;1;0;1;1\n"
      "[overcrowding-stream-0]\nenable=1\nroi-OC=0;0;9;0;9;9;0;9\n",
      "a.txt");
  ASSERT_TRUE(zones.has_value());
  EXPECT_EQ(zones->width, 1920);
  ASSERT_EQ(zones->lines.size(), 1u);
  EXPECT_EQ(zones->lines[0].name, "Entry");
  // The way down is in: from left to right of from -> to.
  EXPECT_EQ(zones->lines[0].from, (PlanePoint{100, 400}));
  EXPECT_EQ(zones->lines[0].camera, "");
  ASSERT_EQ(zones->zones.size(), 1u);
  EXPECT_EQ(zones->zones[0].name, "OC");
  const auto up = ImportZones(
      "[property]\nenable=1\n[line-crossing-stream-0]\nenable=1\nline-crossing-Exit=500;600;500;"
      "300;100;400;900;400\n",
      "a.txt");
  EXPECT_EQ(up->lines[0].from, (PlanePoint{900, 400}));
}

TEST(ZoneImport, FrigateIsPerCamera) {
  const auto zones = ImportZones(
      "cameras:\n"
      "  front:\n"
      "    detect: {width: 1280, height: 720}\n"
      "    zones:\n"
      "      porch: {coordinates: \"0.1,0.2,0.5,0.2,0.5,0.9\", inertia: 3}\n",
      "config.yml");
  ASSERT_TRUE(zones.has_value());
  EXPECT_EQ(zones->units, ZoneUnits::kNormalised);
  EXPECT_EQ(zones->zones[0].name, "porch");
  EXPECT_EQ(zones->zones[0].polygon[1], (PlanePoint{0.5, 0.2}));
}

TEST(ZoneImport, CvatShapes) {
  const auto zones = ImportZones(
      "<?xml version=\"1.0\"?>\n<annotations><image id=\"0\" name=\"a.png\" width=\"640\" "
      "height=\"480\">"
      "<polygon label=\"hall\" points=\"0,0;10,0;10,10\"/><polyline label=\"door\" "
      "points=\"1,2;3,4.5\"/>"
      "</image></annotations>\n",
      "a.xml");
  ASSERT_TRUE(zones.has_value());
  EXPECT_EQ(zones->width, 640);
  EXPECT_EQ(zones->zones[0].name, "hall");
  EXPECT_EQ(zones->lines[0].to, (PlanePoint{3, 4.5}));
}

TEST(ZoneImport, ErrorsNameTheLine) {
  const auto message = [](const std::string& text) {
    return MessageOf(ErrorKind::kInput, [&] { ImportZones(text, "z"); });
  };
  EXPECT_THAT(message("[property]\n[line-crossing-stream-0]\nenable=1\nline-crossing-A=1;2;3;4\n"),
              HasSubstr("z:4: expected 8 numbers"));
  EXPECT_THAT(message("[property]\n[roi-filtering-stream-0]\nroi-A=1;2;3\n"), HasSubstr("z:3"));
  EXPECT_THAT(message("[[[0, 0], [1, 1]]]"), HasSubstr("at least three points"));
  EXPECT_THAT(message("<annotations></annotations>"), HasSubstr("<polygon>"));
  EXPECT_THAT(message("<annotations><polygon label=\"a\" points=\"1;2\"/></annotations>"),
              HasSubstr("x,y"));
}

TEST(ZoneImport, OursCanBeWritten) {
  const auto zones = ImportZones("[[[0, 0], [4, 0], [4, 4]]]", "z.json");
  const Zones again = ParseZones(FormatZones(*zones), "again.yaml");
  EXPECT_EQ(again.zones[0].polygon, zones->zones[0].polygon);
}

}  // namespace
}  // namespace reidbench
