#include "reidbench/flow/zone_import.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "reidbench/core/error.h"
#include "reidbench/core/text.h"
#include "reidbench/formats/xml_reader.h"
#include "reidbench/json/json_text.h"

namespace reidbench {
namespace {

ConfigPlace PlaceAt(const std::string& source, int line) { return {source, line, 1}; }

// Our lines count "in" from the left to the right of from -> to. One that counts a walk along
// `direction` as in has `direction` to the right.
void OrientAlong(const PlanePoint& direction, FlowLine* line) {
  const PlanePoint ahead = {line->from.x + direction.x, line->from.y + direction.y};
  if (CrossOf(line->from, line->to, ahead) < 0) std::swap(line->from, line->to);
}

// supervision.

[[noreturn]] void ThrowJson(const std::string& source, const std::string& expected) {
  ThrowInput(
      "{}: expected {}\n  hint: supervision's forms are [[[x, y], ...], ...] and "
      "{{\"polygons\": [...], \"lines\": [{{\"start\": [x, y], \"end\": [x, y]}}]}}",
      source, expected);
}

PlanePoint JsonPoint(const Json& json, const std::string& source) {
  if (json.is_array() && json.size() == 2 && json[0].is_number() && json[1].is_number())
    return {json[0].get<double>(), json[1].get<double>()};
  if (json.is_object() && json.contains("x") && json.contains("y") && json["x"].is_number() &&
      json["y"].is_number())
    return {json["x"].get<double>(), json["y"].get<double>()};
  ThrowJson(source, "a point [x, y], found " + DumpJson(json, -1).substr(0, 60));
}

void AddJsonPolygon(const Json& json, const std::string& name, const std::string& source,
                    Zones* zones) {
  if (!json.is_array() || json.size() < 3)
    ThrowJson(source, fmt::format("{}: a polygon of at least three points", name));
  FlowZone zone;
  zone.name = name;
  zone.place = PlaceAt(source, 1);
  for (const Json& point : json) zone.polygon.push_back(JsonPoint(point, source));
  zones->zones.push_back(std::move(zone));
}

Zones FromSupervision(std::string_view text, const std::string& source) {
  const Json json = ParseJson(text, source);
  Zones zones;
  zones.source = source;
  const Json* polygons = json.is_array() ? &json : nullptr;
  if (json.is_object()) {
    for (const char* key : {"polygons", "zones"}) {
      if (json.contains(key)) polygons = &json[key];
    }
    if (json.contains("lines")) {
      if (!json["lines"].is_array()) ThrowJson(source, "a list behind \"lines\"");
      for (const Json& entry : json["lines"]) {
        if (!entry.is_object() || !entry.contains("start") || !entry.contains("end"))
          ThrowJson(source, "lines with \"start\" and \"end\"");
        FlowLine line;
        line.name = entry.contains("name") && entry["name"].is_string()
                        ? entry["name"].get<std::string>()
                        : fmt::format("line {}", zones.lines.size() + 1);
        line.place = PlaceAt(source, 1);
        line.anchor = AnchorPoint::kCorners;
        // LineZone counts what comes to the left of start -> end as in.
        line.from = JsonPoint(entry["end"], source);
        line.to = JsonPoint(entry["start"], source);
        if (line.from == line.to) ThrowJson(source, line.name + ": two different ends");
        zones.lines.push_back(std::move(line));
      }
    }
  }
  if (polygons != nullptr && polygons->is_array()) {
    for (const Json& polygon : *polygons) {
      const std::string name = fmt::format("zone {}", zones.zones.size() + 1);
      if (polygon.is_object() && polygon.contains("polygon")) {
        AddJsonPolygon(polygon["polygon"],
                       polygon.contains("name") && polygon["name"].is_string()
                           ? polygon["name"].get<std::string>()
                           : name,
                       source, &zones);
      } else {
        AddJsonPolygon(polygon, name, source, &zones);
      }
    }
  }
  if (zones.zones.empty() && zones.lines.empty()) ThrowJson(source, "polygons or lines");
  return zones;
}

// DeepStream.

std::vector<PlanePoint> SemicolonPoints(std::string_view text, const std::string& source,
                                        int line) {
  std::vector<double> numbers;
  for (const std::string_view part : SplitText(text, ';')) {
    if (Trim(part).empty()) continue;
    const auto number = ParseDouble(Trim(part));
    if (!number || !std::isfinite(*number)) {
      ThrowInput("{}:{}: expected x;y;x;y;..., found '{}'\n  hint: correct the number", source,
                 line, std::string(part));
    }
    numbers.push_back(*number);
  }
  if (numbers.size() % 2 != 0)
    ThrowInput("{}:{}: expected x;y;x;y;..., found {} numbers\n  hint: a y is missing", source,
               line, numbers.size());
  std::vector<PlanePoint> points;
  for (size_t i = 0; i + 1 < numbers.size(); i += 2) points.push_back({numbers[i], numbers[i + 1]});
  return points;
}

Zones FromDeepStream(std::string_view text, const std::string& source) {
  Zones zones;
  zones.source = source;
  std::string section;
  std::map<std::string, bool> streams;
  bool enabled = true;
  int number = 0;
  struct Pending {
    size_t line, zone;
  };
  Pending since{0, 0};
  const auto drop_disabled = [&] {
    if (enabled) return;
    zones.lines.resize(since.line);
    zones.zones.resize(since.zone);
  };
  for (std::string_view row : SplitText(text, '\n')) {
    ++number;
    row = Trim(row);
    if (row.empty() || row.front() == '#' || row.front() == ';') continue;
    if (row.front() == '[') {
      drop_disabled();
      section = std::string(Trim(row.substr(1, row.find(']') - 1)));
      enabled = true;
      since = {zones.lines.size(), zones.zones.size()};
      continue;
    }
    const size_t equals = row.find('=');
    if (equals == std::string_view::npos) {
      ThrowInput("{}:{}: expected key=value, found '{}'\n  hint: correct or remove the row", source,
                 number, std::string(row));
    }
    const std::string key(Trim(row.substr(0, equals)));
    const std::string_view value = Trim(row.substr(equals + 1));
    if (section == "property") {
      if (key == "config-width") zones.width = ParseInt(value).value_or(0);
      if (key == "config-height") zones.height = ParseInt(value).value_or(0);
      continue;
    }
    if (key == "enable") {
      enabled = value != "0";
      continue;
    }
    const size_t stream_at = section.find("-stream-");
    const std::string stream = stream_at == std::string::npos ? "" : section.substr(stream_at + 8);
    if (StartsWith(key, "line-crossing-")) {
      const auto points = SemicolonPoints(value, source, number);
      if (points.size() != 4) {
        ThrowInput(
            "{}:{}: expected 8 numbers (direction, then line), found {}\n  hint: "
            "x1d;y1d;x2d;y2d;x1c;y1c;x2c;y2c",
            source, number, 2 * points.size());
      }
      FlowLine line;
      line.name = key.substr(14);
      line.place = PlaceAt(source, number);
      line.camera = stream;
      line.from = points[2];
      line.to = points[3];
      if (line.from == line.to)
        ThrowInput(
            "{}:{}: expected two different ends of a line\n  hint: correct the last four numbers",
            source, number);
      OrientAlong({points[1].x - points[0].x, points[1].y - points[0].y}, &line);
      streams[stream] = true;
      zones.lines.push_back(std::move(line));
    } else if (StartsWith(key, "roi-")) {
      FlowZone zone;
      zone.name = key.substr(4);
      zone.place = PlaceAt(source, number);
      zone.camera = stream;
      zone.polygon = SemicolonPoints(value, source, number);
      if (zone.polygon.size() < 3)
        ThrowInput(
            "{}:{}: expected a polygon of at least three points, found {}\n  hint: x;y;x;y;x;y;...",
            source, number, zone.polygon.size());
      streams[stream] = true;
      zones.zones.push_back(std::move(zone));
    }
  }
  drop_disabled();
  if (zones.lines.empty() && zones.zones.empty())
    ThrowInput(
        "{}: expected line-crossing-NAME=... or roi-NAME=..., found none that is enabled\n  hint: "
        "set enable=1",
        source);
  if (streams.size() == 1) {
    for (FlowLine& line : zones.lines) line.camera.clear();
    for (FlowZone& zone : zones.zones) zone.camera.clear();
  }
  return zones;
}

// Frigate.

std::vector<PlanePoint> FrigatePoints(const ConfigNode& node) {
  std::vector<double> numbers;
  const auto take = [&](std::string_view text, const ConfigNode& from) {
    for (const std::string_view part : SplitText(text, ',')) {
      const auto number = ParseDouble(Trim(part));
      if (!number)
        throw ConfigValueError(from.place, "expected x,y,x,y,..., found " + from.Describe());
      numbers.push_back(*number);
    }
  };
  if (node.IsSequence()) {
    for (const ConfigNode& child : node.children) take(child.text, child);
  } else {
    take(node.text, node);
  }
  std::vector<PlanePoint> points;
  for (size_t i = 0; i + 1 < numbers.size(); i += 2) points.push_back({numbers[i], numbers[i + 1]});
  if (numbers.size() % 2 != 0 || points.size() < 3)
    throw ConfigValueError(node.place, "expected at least three points x,y,x,y,x,y");
  return points;
}

Zones FromFrigate(const ConfigNode& root, const std::string& source) {
  Zones zones;
  zones.source = source;
  bool normalised = true;
  const ConfigNode* cameras = root.Find("cameras");
  for (const ConfigNode& camera : cameras->children) {
    const ConfigNode* list = camera.Find("zones");
    if (list == nullptr) continue;
    for (const ConfigNode& entry : list->children) {
      const ConfigNode* coordinates = entry.Find("coordinates");
      if (coordinates == nullptr)
        throw ConfigValueError(entry.place, "expected `coordinates` of zone " + entry.key);
      FlowZone zone;
      zone.name = entry.key;
      zone.camera = camera.key;
      zone.place = entry.key_place;
      zone.polygon = FrigatePoints(*coordinates);
      for (const PlanePoint& p : zone.polygon) normalised = normalised && p.x <= 1 && p.y <= 1;
      zones.zones.push_back(std::move(zone));
    }
    if (const ConfigNode* detect = camera.Find("detect")) {
      if (const ConfigNode* width = detect->Find("width")) zones.width = width->AsInt64();
      if (const ConfigNode* height = detect->Find("height")) zones.height = height->AsInt64();
    }
  }
  if (zones.zones.empty())
    ThrowInput(
        "{}: expected zones of cameras, found none\n  hint: cameras.NAME.zones.ZONE.coordinates",
        source);
  if (normalised) zones.units = ZoneUnits::kNormalised;
  // Of one camera, whatever the sequence is called.
  const bool one = std::all_of(zones.zones.begin(), zones.zones.end(), [&](const FlowZone& zone) {
    return zone.camera == zones.zones.front().camera;
  });
  for (FlowZone& zone : zones.zones) {
    if (one) {
      zone.camera.clear();
    }
  }
  return zones;
}

// CVAT.

Zones FromCvat(std::string_view text, const std::string& source) {
  XmlReader xml(text, source);
  Zones zones;
  zones.source = source;
  std::map<std::string, int> times;
  while (true) {
    const XmlReader::Event event = xml.Next();
    if (event == XmlReader::Event::kDone) break;
    if (event != XmlReader::Event::kBegin) continue;
    if (xml.name() == "image" && xml.Has("width") && zones.width == 0) {
      zones.width = xml.Integer("width", 1, 1 << 20);
      zones.height = xml.Integer("height", 1, 1 << 20);
    }
    const bool polygon = xml.name() == "polygon";
    if (!polygon && xml.name() != "polyline") continue;
    std::vector<PlanePoint> points;
    for (const std::string_view pair : SplitText(xml.Attribute("points"), ';')) {
      const auto parts = SplitText(pair, ',');
      const auto x = ParseDouble(Trim(parts[0]));
      const auto y = parts.size() == 2 ? ParseDouble(Trim(parts[1])) : std::nullopt;
      if (!x || !y) xml.Fail("points x,y;x,y;...", std::string(pair));
      points.push_back({*x, *y});
    }
    std::string name = xml.Has("label") ? xml.Attribute("label") : xml.name();
    const int count = ++times[name];
    if (count > 1) name += fmt::format(" {}", count);
    if (polygon) {
      if (points.size() < 3)
        xml.Fail("a polygon of at least three points", std::to_string(points.size()));
      FlowZone zone;
      zone.name = name;
      zone.place = PlaceAt(source, 1);
      zone.polygon = std::move(points);
      zones.zones.push_back(std::move(zone));
    } else {
      if (points.size() < 2) xml.Fail("a line of two points", std::to_string(points.size()));
      FlowLine line;
      line.name = name;
      line.place = PlaceAt(source, 1);
      line.from = points.front();
      line.to = points.back();
      zones.lines.push_back(std::move(line));
    }
  }
  if (zones.lines.empty() && zones.zones.empty())
    ThrowInput(
        "{}: expected <polygon> or <polyline>, found none\n  hint: export the annotations as "
        "\"CVAT for images 1.1\"",
        source);
  return zones;
}

// The first line that says something.
std::string_view FirstRow(std::string_view text) {
  for (const std::string_view row : SplitText(text, '\n')) {
    const std::string_view trimmed = Trim(row);
    if (!trimmed.empty() && trimmed.front() != '#') return trimmed;
  }
  return {};
}

std::string PointText(const PlanePoint& p) { return fmt::format("[{}, {}]", p.x, p.y); }

}  // namespace

std::optional<Zones> ImportZones(std::string_view text, const std::string& source) {
  if (StartsWith(text, kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  const std::string_view first = FirstRow(text);
  if (StartsWith(first, "<")) return FromCvat(text, source);
  if (StartsWith(first, "[") && EndsWith(first, "]") && first.find('-') != std::string_view::npos &&
      first.find('[', 1) == std::string_view::npos && first.find(',') == std::string_view::npos)
    return FromDeepStream(text, source);
  if (first == "[property]") return FromDeepStream(text, source);
  if (StartsWith(first, "[") || StartsWith(first, "{")) {
    if (StartsWith(first, "{")) {
      // Ours may be written as JSON, too: its lines and zones are by name.
      const Json json = ParseJson(text, source);
      const bool ours = (json.contains("lines") && json["lines"].is_object()) ||
                        (json.contains("zones") && json["zones"].is_object());
      if (ours) return std::nullopt;
    }
    return FromSupervision(text, source);
  }
  if (text.find("cameras:") != std::string_view::npos) {
    const ConfigNode root = ParseConfig(text, source);
    const ConfigNode* cameras = root.Find("cameras");
    if (cameras != nullptr && cameras->IsMapping()) return FromFrigate(root, source);
  }
  return std::nullopt;
}

std::string FormatZones(const Zones& zones) {
  std::string out = fmt::format("units: {}\n", ZoneUnitsName(zones.units));
  if (zones.width > 0) out += fmt::format("resolution: [{}, {}]\n", zones.width, zones.height);
  if (zones.frame_rate) out += fmt::format("frame_rate: {}\n", *zones.frame_rate);
  const auto quoted = [](const std::string& name) { return DumpJson(Json(name), -1); };
  if (!zones.lines.empty()) out += "lines:\n";
  for (const FlowLine& line : zones.lines) {
    out += fmt::format("  {}: {{from: {}, to: {}, anchor: {}{}}}\n", quoted(line.name),
                       PointText(line.from), PointText(line.to), AnchorName(line.anchor),
                       line.camera.empty() ? "" : ", camera: " + quoted(line.camera));
  }
  if (!zones.zones.empty()) out += "zones:\n";
  for (const FlowZone& zone : zones.zones) {
    std::vector<std::string> points;
    for (const PlanePoint& p : zone.polygon) points.push_back(PointText(p));
    out += fmt::format("  {}: {{polygon: [{}], kind: {}, anchor: {}{}}}\n", quoted(zone.name),
                       fmt::join(points, ", "), ZoneKindName(zone.kind), AnchorName(zone.anchor),
                       zone.camera.empty() ? "" : ", camera: " + quoted(zone.camera));
  }
  return out;
}

}  // namespace reidbench
