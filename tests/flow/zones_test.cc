#include "reidbench/flow/zones.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reidbench/core/error.h"
#include "support/expect_error.h"

namespace reidbench {
namespace {

using ::testing::HasSubstr;

TEST(Zones, TheSmallestForm) {
  const Zones zones = ParseZones(
      "lines: {door: {from: [1, 2], to: [3, 4]}}\n"
      "zones: {hall: {polygon: [[0, 0], [4, 0], [4, 4]]}}\n",
      "z.yaml");
  ASSERT_EQ(zones.lines.size(), 1u);
  EXPECT_EQ(zones.lines[0].name, "door");
  EXPECT_EQ(zones.lines[0].from, (PlanePoint{1, 2}));
  EXPECT_EQ(zones.lines[0].to, (PlanePoint{3, 4}));
  EXPECT_EQ(zones.lines[0].anchor, AnchorPoint::kFoot);
  ASSERT_EQ(zones.zones.size(), 1u);
  EXPECT_EQ(zones.zones[0].polygon.size(), 3u);
  EXPECT_EQ(zones.units, ZoneUnits::kPixels);
}

TEST(Zones, ErrorsNameLineAndKey) {
  const auto message = [](const std::string& text) {
    return MessageOf(ErrorKind::kConfig, [&] { ParseZones(text, "z.yaml"); });
  };
  EXPECT_THAT(message("lines:\n  a: {from: [0, 0], to: [0, 0]}\n"), HasSubstr("z.yaml:2"));
  EXPECT_THAT(message("lines:\n  a: {from: [0, 0]}\n"), HasSubstr("to"));
  EXPECT_THAT(message("anchor: feet\nlines:\n  a: {from: [0, 0], to: [1, 0]}\n"),
              HasSubstr("foot, centre, corners"));
  EXPECT_THAT(message("zones:\n  a: {polygon: [[0, 0], [1, 0]]}\n"),
              HasSubstr("at least three points, found 2"));
  EXPECT_THAT(message("zones:\n  a: {polygn: [[0, 0], [1, 0], [1, 1]]}\n"),
              HasSubstr("did you mean 'polygon'"));
  EXPECT_THAT(message("units: metres\nanchor: centre\nlines: {a: {from: [0, 0], to: [1, 0]}}\n"),
              HasSubstr("only feet stand on the ground"));
  EXPECT_THAT(message("units: pixels\n"), HasSubstr("at least one of `lines:` and `zones:`"));
  EXPECT_THAT(message("zones:\n  a: {polygon: [[0, 0], [1, 0], [1, 1]], serving_point: [0, 0]}\n"),
              HasSubstr("belongs to zones of kind queue"));
}

TEST(Zones, ScaleToThePicture) {
  const Zones normalised =
      ParseZones("units: normalised\nlines: {a: {from: [0.5, 0.25], to: [1, 1]}}\n", "z.yaml");
  const Zones own = ZonesOfCamera(normalised, "c", 200, 100);
  EXPECT_EQ(own.units, ZoneUnits::kPixels);
  EXPECT_EQ(own.lines[0].from, (PlanePoint{100, 25}));
  EXPECT_THAT(MessageOf(ErrorKind::kInput, [&] { ZonesOfCamera(normalised, "c", 0, 0); }),
              HasSubstr("resolution: [width, height]"));
  const Zones reference =
      ParseZones("resolution: [100, 50]\nlines: {a: {from: [10, 10], to: [20, 20]}}\n", "z.yaml");
  EXPECT_EQ(ZonesOfCamera(reference, "c", 200, 100).lines[0].to, (PlanePoint{40, 40}));
  EXPECT_EQ(ZonesOfCamera(reference, "c", 0, 0).lines[0].to, (PlanePoint{20, 20}));
}

TEST(Zones, ACameraTakesItsOwn) {
  const Zones zones = ParseZones(
      "lines:\n  a: {from: [0, 0], to: [1, 0], camera: c1}\n  b: {from: [0, 0], to: [1, 0]}\n",
      "z.yaml");
  EXPECT_EQ(ZonesOfCamera(zones, "c1", 0, 0).lines.size(), 2u);
  ASSERT_EQ(ZonesOfCamera(zones, "c2", 0, 0).lines.size(), 1u);
  EXPECT_EQ(ZonesOfCamera(zones, "c2", 0, 0).lines[0].name, "b");
}

TEST(Zones, CheckFindsWhatCannotWork) {
  const Zones zones = ParseZones(
      "lines:\n"
      "  away: {from: [0, 0], to: [300, 0]}\n"
      "zones:\n"
      "  bow: {polygon: [[0, 0], [10, 10], [10, 0], [0, 10]]}\n"
      "  flat: {polygon: [[0, 0], [5, 0], [9, 0]]}\n"
      "  q: {polygon: [[0, 0], [5, 0], [5, 5]], kind: queue}\n",
      "z.yaml");
  const std::vector<Finding> findings = CheckZones(zones, 200, 100);
  ASSERT_EQ(findings.size(), 4u);
  EXPECT_EQ(findings[0].kind, FindingKind::kZonesOutsidePicture);
  EXPECT_EQ(findings[0].place, "z.yaml:2");
  EXPECT_EQ(findings[1].kind, FindingKind::kZonesCrossThemselves);
  EXPECT_EQ(findings[2].kind, FindingKind::kZonesWithoutUse);
  EXPECT_EQ(findings[3].severity, FindingSeverity::kNote);
  EXPECT_TRUE(CheckZones(zones, 0, 0).size() == 3) << "without a size nothing is outside";
}

}  // namespace
}  // namespace reidbench
