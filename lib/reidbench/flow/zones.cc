#include "reidbench/flow/zones.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "reidbench/config/reader.h"
#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/text.h"
#include "reidbench/flow/zone_import.h"

namespace reidbench {
namespace {

constexpr std::pair<std::string_view, ZoneUnits> kUnitNames[] = {
    {"pixels", ZoneUnits::kPixels},
    {"normalised", ZoneUnits::kNormalised},
    {"metres", ZoneUnits::kMetres}};
constexpr std::pair<std::string_view, AnchorPoint> kAnchorNames[] = {
    {"foot", AnchorPoint::kFoot},
    {"centre", AnchorPoint::kCentre},
    {"corners", AnchorPoint::kCorners}};
constexpr std::pair<std::string_view, ZoneKind> kKindNames[] = {{"area", ZoneKind::kArea},
                                                                {"queue", ZoneKind::kQueue},
                                                                {"entrance", ZoneKind::kEntrance},
                                                                {"exit", ZoneKind::kExit}};

template <typename E, size_t kCount>
std::string_view WordOf(const std::pair<std::string_view, E> (&names)[kCount], E value) {
  for (const auto& [word, meaning] : names) {
    if (meaning == value) return word;
  }
  REIDBENCH_CHECK(false);
}

template <typename E, size_t kCount>
std::span<const std::pair<std::string_view, E>> Words(
    const std::pair<std::string_view, E> (&names)[kCount]) {
  return names;
}

PlanePoint PointOf(const ConfigNode& node) {
  std::vector<double> numbers;
  ConvertConfig(node, &numbers);
  if (numbers.size() != 2)
    throw ConfigValueError(node.place, "expected a point [x, y], found " + node.Describe());
  return {numbers[0], numbers[1]};
}

// The key's point; false, with the error noted, when it is missing or no point.
bool ReadPoint(ConfigReader* section, std::string_view key, bool required, PlanePoint* point) {
  const ConfigNode* node = section->Take(key);
  if (node == nullptr) {
    if (required) section->AddError(key, "expected a point [x, y], found nothing");
    return false;
  }
  try {
    *point = PointOf(*node);
    return true;
  } catch (const ConfigValueError& error) {
    section->AddError(key, error.message());
    return false;
  }
}

void ReadPolygon(ConfigReader* section, std::vector<PlanePoint>* polygon) {
  const ConfigNode* node = section->Take("polygon");
  if (node == nullptr) {
    section->AddError("polygon", "expected a list of points [[x, y], ...], found nothing");
    return;
  }
  try {
    RequireConfigList(*node);
    for (const ConfigNode& point : node->children) polygon->push_back(PointOf(point));
    // Written closed or open.
    if (polygon->size() > 3 && polygon->front() == polygon->back()) polygon->pop_back();
    if (polygon->size() < 3) {
      throw ConfigValueError(
          node->place,
          fmt::format("expected a polygon of at least three points, found {}", polygon->size()));
    }
  } catch (const ConfigValueError& error) {
    section->AddError("polygon", error.message());
  }
}

void ReadLines(ConfigReader* root, AnchorPoint anchor, Zones* zones) {
  for (auto& [name, section] : root->Section("lines").NamedSections()) {
    FlowLine line;
    line.name = name;
    line.anchor = anchor;
    line.place = section.place();
    const bool from = ReadPoint(&section, "from", true, &line.from);
    const bool to = ReadPoint(&section, "to", true, &line.to);
    section.ReadChoice("anchor", &line.anchor, Words(kAnchorNames));
    section.ReadChoice("on_line", &line.owner,
                       {{"right", LineOwner::kRight}, {"left", LineOwner::kLeft}});
    section.Read("camera", &line.camera);
    if (from && to && line.from == line.to)
      section.AddError("to", "expected another point than `from`: the line has no length");
    zones->lines.push_back(std::move(line));
  }
}

void ReadZones(ConfigReader* root, AnchorPoint anchor, Zones* zones) {
  for (auto& [name, section] : root->Section("zones").NamedSections()) {
    FlowZone zone;
    zone.name = name;
    zone.anchor = anchor;
    zone.place = section.place();
    ReadPolygon(&section, &zone.polygon);
    section.ReadChoice("kind", &zone.kind, Words(kKindNames));
    section.ReadChoice("anchor", &zone.anchor, Words(kAnchorNames));
    section.ReadChoice("edges", &zone.edges,
                       {{"inside", EdgeRule::kInside},
                        {"outside", EdgeRule::kOutside},
                        {"half_open", EdgeRule::kHalfOpen}});
    PlanePoint point;
    if (ReadPoint(&section, "serving_point", false, &point)) zone.serving_point = point;
    section.Read("serving_radius", &zone.serving_radius, Above(0));
    section.Read("camera", &zone.camera);
    if (zone.kind != ZoneKind::kQueue && zone.serving_point)
      section.AddError("serving_point", "belongs to zones of kind queue");
    zones->zones.push_back(std::move(zone));
  }
}

// Where a zones file is wrong about its picture: the sizes that normalised units need.
[[noreturn]] void ThrowNoSize(const Zones& zones, const std::string& camera) {
  ThrowInput(
      "{}: units normalised need the size of the pictures, and nothing says it{}\n"
      "  hint: add `resolution: [width, height]`, or a seqinfo.ini beside the tracks",
      zones.source, camera.empty() ? "" : " for " + camera);
}

void AddFinding(FindingKind kind, FindingSeverity severity, const ConfigPlace& place,
                std::string message, std::string mend, std::vector<Finding>* findings) {
  Finding& finding = findings->emplace_back();
  finding.kind = kind;
  finding.severity = severity;
  finding.place = fmt::format("{}:{}", place.source, place.line);
  finding.message = std::move(message);
  finding.mend = std::move(mend);
}

bool OutsidePicture(const PlanePoint& p, int64_t width, int64_t height) {
  return p.x < 0 || p.y < 0 || p.x > static_cast<double>(width) ||
         p.y > static_cast<double>(height);
}

void CheckPoints(std::span<const PlanePoint> points, const std::string& what,
                 const ConfigPlace& place, int64_t width, int64_t height,
                 std::vector<Finding>* findings) {
  const auto outside = std::count_if(points.begin(), points.end(), [&](const PlanePoint& p) {
    return OutsidePicture(p, width, height);
  });
  if (outside == 0) return;
  AddFinding(FindingKind::kZonesOutsidePicture, FindingSeverity::kProblem, place,
             fmt::format("{}: {} of {} points lie outside the picture of {} x {} px", what, outside,
                         points.size(), width, height),
             "say the resolution that the points are of: `resolution: [width, height]`", findings);
}

}  // namespace

std::string_view ZoneUnitsName(ZoneUnits units) { return WordOf(kUnitNames, units); }
std::string_view ZoneKindName(ZoneKind kind) { return WordOf(kKindNames, kind); }
std::string_view AnchorName(AnchorPoint anchor) { return WordOf(kAnchorNames, anchor); }

Zones ParseZones(std::string_view text, const std::string& source) {
  const ConfigNode root = ParseConfig(text, source);
  if (!root.IsMapping())
    ThrowConfig("{}:1: expected `lines:` or `zones:`, found {}", source, root.Describe());
  ConfigReader reader(root);
  Zones zones;
  zones.source = source;
  reader.ReadChoice("units", &zones.units, Words(kUnitNames));
  std::vector<int64_t> size;
  if (reader.Read("resolution", &size)) {
    if (size.size() == 2 && size[0] > 0 && size[1] > 0) {
      zones.width = size[0];
      zones.height = size[1];
    } else {
      reader.AddError("resolution", "expected [width, height] in pixels");
    }
  }
  double frame_rate = 0;
  if (reader.Read("frame_rate", &frame_rate, Above(0))) zones.frame_rate = frame_rate;
  std::string site;
  if (reader.Read("site", &site)) zones.site = std::filesystem::path(source).parent_path() / site;
  reader.ReadChoice("ids", &zones.global_ids, {{"camera", false}, {"global", true}});
  double hysteresis = 0;
  if (reader.Read("hysteresis", &hysteresis, AtLeast(0))) zones.hysteresis = hysteresis;
  AnchorPoint anchor = AnchorPoint::kFoot;
  reader.ReadChoice("anchor", &anchor, Words(kAnchorNames));
  if (zones.units == ZoneUnits::kMetres && anchor != AnchorPoint::kFoot)
    reader.AddError("anchor", "expected foot: only feet stand on the ground");
  ReadLines(&reader, anchor, &zones);
  ReadZones(&reader, anchor, &zones);
  if (zones.units == ZoneUnits::kMetres) {
    for (const FlowLine& line : zones.lines) {
      if (line.anchor != AnchorPoint::kFoot && anchor == AnchorPoint::kFoot)
        reader.AddError("lines", fmt::format("{}: only feet stand on the ground", line.name));
    }
    for (const FlowZone& zone : zones.zones) {
      if (zone.anchor != AnchorPoint::kFoot && anchor == AnchorPoint::kFoot)
        reader.AddError("zones", fmt::format("{}: only feet stand on the ground", zone.name));
    }
  }
  if (zones.lines.empty() && zones.zones.empty())
    reader.AddError("zones", "expected at least one of `lines:` and `zones:`");
  reader.Finish();
  return zones;
}

Zones LoadZones(const std::filesystem::path& path) {
  const std::string text = ReadFileText(path);
  if (std::optional<Zones> imported = ImportZones(text, path.string())) return *imported;
  return ParseZones(text, path.string());
}

Zones ZonesOfCamera(const Zones& zones, const std::string& camera, int64_t width, int64_t height) {
  Zones own = zones;
  std::erase_if(own.lines, [&](const FlowLine& line) {
    return !line.camera.empty() && line.camera != camera;
  });
  std::erase_if(own.zones, [&](const FlowZone& zone) {
    return !zone.camera.empty() && zone.camera != camera;
  });
  double x = 1, y = 1;
  if (zones.units == ZoneUnits::kNormalised) {
    const int64_t w = width > 0 ? width : zones.width, h = height > 0 ? height : zones.height;
    if (w == 0) ThrowNoSize(zones, camera);
    x = static_cast<double>(w);
    y = static_cast<double>(h);
  } else if (zones.units == ZoneUnits::kPixels && zones.width > 0 && width > 0) {
    x = static_cast<double>(width) / static_cast<double>(zones.width);
    y = static_cast<double>(height) / static_cast<double>(zones.height);
  }
  if (zones.units != ZoneUnits::kMetres) own.units = ZoneUnits::kPixels;
  if (x == 1 && y == 1) return own;
  const auto scale = [&](PlanePoint* p) { *p = {p->x * x, p->y * y}; };
  for (FlowLine& line : own.lines) {
    scale(&line.from);
    scale(&line.to);
  }
  for (FlowZone& zone : own.zones) {
    for (PlanePoint& p : zone.polygon) scale(&p);
    if (zone.serving_point) scale(&*zone.serving_point);
    zone.serving_radius *= std::sqrt(x * y);
  }
  return own;
}

std::vector<Finding> CheckZones(const Zones& zones, int64_t width, int64_t height) {
  std::vector<Finding> findings;
  int64_t w = zones.width > 0 ? zones.width : width, h = zones.height > 0 ? zones.height : height;
  if (zones.units == ZoneUnits::kNormalised) w = h = 1;
  const bool sized = zones.units != ZoneUnits::kMetres && w > 0 && h > 0;
  for (const FlowLine& line : zones.lines) {
    const PlanePoint ends[] = {line.from, line.to};
    if (sized) CheckPoints(ends, "line " + line.name, line.place, w, h, &findings);
  }
  for (const FlowZone& zone : zones.zones) {
    const std::string what = "zone " + zone.name;
    if (sized) CheckPoints(zone.polygon, what, zone.place, w, h, &findings);
    if (const auto edges = SelfCrossing(zone.polygon)) {
      AddFinding(
          FindingKind::kZonesCrossThemselves, FindingSeverity::kProblem, zone.place,
          fmt::format("{}: its edges {} and {} cross", what, edges->first + 1, edges->second + 1),
          "put the points in the order of the outline", &findings);
    } else if (AreaOf(zone.polygon) == 0) {
      AddFinding(FindingKind::kZonesWithoutUse, FindingSeverity::kProblem, zone.place,
                 what + ": its points lie on one line, so that nobody can be inside", "",
                 &findings);
    }
    if (zone.kind == ZoneKind::kQueue && !zone.serving_point) {
      AddFinding(FindingKind::kZonesWithoutUse, FindingSeverity::kNote, zone.place,
                 what + ": a queue without `serving_point`: waiting ends when somebody leaves it",
                 "", &findings);
    }
    if (zone.serving_point &&
        !InsidePolygon(zone.polygon, *zone.serving_point, EdgeRule::kInside)) {
      AddFinding(FindingKind::kZonesWithoutUse, FindingSeverity::kNote, zone.place,
                 what + ": its serving point lies outside of it", "", &findings);
    }
  }
  return findings;
}

}  // namespace reidbench
