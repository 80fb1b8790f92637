// Lines and zones that people are counted at, as a YAML file describes them
// (configs/zones/example.yaml has every key). The smallest form:
//
//   lines: {door: {from: [100, 400], to: [500, 400]}}
//   zones: {hall: {polygon: [[0, 0], [640, 0], [640, 480], [0, 480]]}}
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reidbench/config/node.h"
#include "reidbench/core/finding.h"
#include "reidbench/flow/geometry.h"

namespace reidbench {

enum class ZoneUnits {
  kPixels,      // of the picture, or of one of `resolution`
  kNormalised,  // 0..1 of the picture's width and height
  kMetres,      // on the ground; x and y as a map has them, seen from above
};

// Which point of a box stands for the person.
enum class AnchorPoint {
  kFoot,     // the middle of the lower edge
  kCentre,   // of the box
  kCorners,  // all four: on one side, or inside, only when all of them are
};

// To which side points belong that lie exactly on the line.
enum class LineOwner { kRight, kLeft };

enum class ZoneKind { kArea, kQueue, kEntrance, kExit };

struct FlowLine {
  std::string name;
  PlanePoint from;
  PlanePoint to;
  AnchorPoint anchor = AnchorPoint::kFoot;
  LineOwner owner = LineOwner::kRight;
  std::string camera;  // the sequence that it is of; empty: every one
  ConfigPlace place;   // where it is written
};

struct FlowZone {
  std::string name;
  std::vector<PlanePoint> polygon;
  ZoneKind kind = ZoneKind::kArea;
  AnchorPoint anchor = AnchorPoint::kFoot;
  EdgeRule edges = EdgeRule::kInside;
  std::optional<PlanePoint> serving_point;  // of a queue
  double serving_radius = 0;                // in the units; 0 = kServingRadius body heights
  std::string camera;
  ConfigPlace place;
};

inline constexpr double kServingRadius = 0.3;  // body heights
inline constexpr double kBodyHeightM = 1.7;

struct Zones {
  std::string source;  // the file, for messages
  ZoneUnits units = ZoneUnits::kPixels;
  // Of the picture that pixels are of; 0 = of the sequence's own.
  int64_t width = 0;
  int64_t height = 0;
  std::optional<double> frame_rate;  // frames a second, where nothing else says so
  std::filesystem::path site;        // calibration of the cameras; empty: none
  bool global_ids = false;           // one id is one person in every camera
  std::optional<double> hysteresis;  // body heights, over the rules' own
  std::vector<FlowLine> lines;       // in the order of the file
  std::vector<FlowZone> zones;
};

// Throws Error(kConfig) with every violation and its line: unknown keys, anchors and units, lines
// of no length, polygons of fewer than three points, names that are given twice.
Zones ParseZones(std::string_view text, const std::string& source);
// Throws also Error(kIo). Files of other programs are read as well (zone_import.h).
Zones LoadZones(const std::filesystem::path& path);

// Lines and zones as one camera's counter takes them: those of the camera, in its pixels or metres.
// `width`, `height` are those of its pictures, px, 0 = not known. Throws Error(kInput) that names
// the file when units or a reference resolution need a size that nobody told.
Zones ZonesOfCamera(const Zones& zones, const std::string& camera, int64_t width, int64_t height);

// What is odd about zones that can be read: lines and polygons outside the picture, polygons that
// cross themselves, zones without area, queues without serving point, no entrance to judge births
// by. Sizes as above.
std::vector<Finding> CheckZones(const Zones& zones, int64_t width, int64_t height);

std::string_view ZoneUnitsName(ZoneUnits units);
std::string_view ZoneKindName(ZoneKind kind);
std::string_view AnchorName(AnchorPoint anchor);

}  // namespace reidbench
