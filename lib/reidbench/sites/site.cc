#include "reidbench/sites/site.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "reidbench/config/reader.h"
#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/parallel.h"
#include "reidbench/core/text.h"

namespace reidbench {
namespace {

constexpr std::string_view kSceneFile = "scene.json";

std::vector<ImagePoint> PolygonOf(const ConfigNode& node) {
  std::vector<std::vector<double>> points;
  ConvertConfig(node, &points);
  std::vector<ImagePoint> polygon;
  for (const std::vector<double>& point : points) {
    if (point.size() != 2)
      throw ConfigValueError(node.place, "expected points [x, y] in pixels");
    polygon.push_back({point[0], point[1]});
  }
  if (polygon.size() < 3)
    throw ConfigValueError(node.place, "expected a polygon of at least three points");
  return polygon;
}

std::optional<SiteInterval> IntervalOf(const ConfigNode* node) {
  if (node == nullptr || node->IsNull()) return std::nullopt;
  std::vector<int64_t> ends;
  ConvertConfig(*node, &ends);
  if (ends.size() != 2 || ends[1] < ends[0])
    throw ConfigValueError(node->place, "expected [first frame, last frame]");
  return SiteInterval{ends[0], ends[1]};
}

SiteCamera& CameraNamed(const std::string& name, std::vector<SiteCamera>* cameras) {
  const auto found = std::find_if(cameras->begin(), cameras->end(),
                                  [&](const SiteCamera& c) { return c.name == name; });
  if (found != cameras->end()) return *found;
  cameras->emplace_back().name = name;
  return cameras->back();
}

// scene.json. JSON is YAML as far as it is used here.
void ReadScene(const std::filesystem::path& file, Site* site) {
  const ConfigNode scene = LoadConfig(file);
  if (const ConfigNode* names = scene.Find("cameras")) {
    std::vector<std::string> cameras;
    ConvertConfig(*names, &cameras);
    for (const std::string& name : cameras) CameraNamed(name, &site->cameras);
  }
  if (const ConfigNode* units = scene.Find("units")) {
    if (units->AsString() != "m")
      throw ConfigValueError(units->place, "expected units \"m\", found " + units->Describe());
    site->ground = GroundColumns::kTold;
  }
  const ConfigNode* duke = scene.Find("duke");
  if (duke == nullptr) return;
  site->interval = IntervalOf(duke->Find("interval"));
  if (const ConfigNode* polygons = duke->Find("roi")) {
    for (const ConfigNode& polygon : polygons->children)
      CameraNamed(polygon.key, &site->cameras).polygon = PolygonOf(polygon);
  }
  if (const ConfigNode* starts = duke->Find("start")) {
    for (const ConfigNode& start : starts->children)
      CameraNamed(start.key, &site->cameras).start = start.AsInt64();
  }
}

Site LoadFolder(const std::filesystem::path& folder) {
  Site site;
  site.name = FolderName(folder);
  site.source = folder;
  if (IsFile(folder / kSceneFile)) ReadScene(folder / kSceneFile, &site);
  for (const std::string& name : ListFolderNames(folder)) {
    const std::filesystem::path truth = folder / name / "gt.txt";
    if (IsFile(truth)) CameraNamed(name, &site.cameras).truth = truth;
  }
  for (SiteCamera& camera : site.cameras) {
    for (const char* name : {"roi.png", "roi.jpg"}) {
      const std::filesystem::path roi = folder / camera.name / name;
      if (camera.roi.empty() && IsFile(roi)) camera.roi = roi;
    }
  }
  return site;
}

void RequireIdsOnce(const std::vector<SiteBox>& boxes, const std::filesystem::path& file) {
  std::vector<std::pair<int64_t, int64_t>> keys;
  keys.reserve(boxes.size());
  for (const SiteBox& box : boxes) keys.emplace_back(box.frame, box.id);
  std::sort(keys.begin(), keys.end());
  const auto twice = std::adjacent_find(keys.begin(), keys.end());
  if (twice == keys.end()) return;
  ThrowInput("{}: expected each ground truth id once in a frame, found id {} twice in frame {}",
             file.string(), twice->second, twice->first);
}

// RESULTS/CAMERA/pred.txt or RESULTS/CAMERA.txt, by camera.
std::map<std::string, std::filesystem::path> FindResults(const Site& site,
                                                         const std::filesystem::path& results) {
  if (!IsFolder(results)) {
    ThrowIo("{}: expected a folder with CAMERA/pred.txt or CAMERA.txt of each camera",
            results.string());
  }
  std::map<std::string, std::filesystem::path> files;
  for (const std::string& name : ListFolderNames(results)) {
    if (IsFile(results / name / "pred.txt")) files[name] = results / name / "pred.txt";
  }
  const bool in_folders = !files.empty();
  for (const std::string& name : ListFileNames(results)) {
    if (!EndsWith(name, ".txt")) continue;
    const std::string camera = name.substr(0, name.size() - 4);
    const bool known = std::any_of(site.cameras.begin(), site.cameras.end(),
                                   [&](const SiteCamera& c) { return c.name == camera; });
    // Beside folders of cameras lie files of other kinds.
    if (known || !in_folders) files.emplace(camera, results / name);
  }
  if (files.empty()) {
    ThrowIo("{}: expected CAMERA/pred.txt or CAMERA.txt of cameras {}, found neither",
            results.string(), fmt::join([&] {
              std::vector<std::string> names;
              for (const SiteCamera& camera : site.cameras) names.push_back(camera.name);
              return names;
            }(), ", "));
  }
  return files;
}

std::vector<std::string> NamesOf(const std::vector<CameraTracks>& cameras, bool truth) {
  std::vector<std::string> names;
  for (const CameraTracks& camera : cameras) {
    if (truth ? camera.has_truth : !camera.results.empty()) names.push_back(camera.name);
  }
  return names;
}

// What the cameras of both sides have to do with each other.
void CompareCameras(const Site& site, const std::map<std::string, std::filesystem::path>& files,
                    SiteReading* reading) {
  const std::vector<CameraTracks>& cameras = reading->tracks.cameras;
  bool any_results = false, any_common = false;
  std::vector<std::string> lacking, unknown, empty;
  for (const CameraTracks& camera : cameras) {
    any_results = any_results || !camera.results.empty();
    any_common = any_common || (camera.has_truth && !camera.results.empty());
    if (camera.has_truth && files.count(camera.name) == 0) lacking.push_back(camera.name);
    if (!camera.truth.empty() && camera.results.empty() && files.count(camera.name) != 0)
      empty.push_back(camera.name);
    if (!camera.has_truth && files.count(camera.name) != 0) unknown.push_back(camera.name);
  }
  if (NamesOf(cameras, true).empty()) {
    ThrowInput("{}: expected CAMERA/gt.txt of at least one camera, found none",
               site.source.string());
  }
  if (any_results && !any_common) {
    ThrowInput("no camera in common: the ground truth has {}, the results have {}",
               fmt::join(NamesOf(cameras, true), ", "), fmt::join(NamesOf(cameras, false), ", "));
  }
  if (site.closed && !lacking.empty()) {
    ThrowInput("the results lack camera{} {} of {}: an empty file says that nobody was seen",
               lacking.size() == 1 ? "" : "s", fmt::join(lacking, ", "), site.source.string());
  }
  std::vector<std::string>& warnings = reading->warnings;
  if (!any_results) warnings.push_back("the results hold no box: every score is 0 or undefined");
  for (const std::string& name : lacking) {
    warnings.push_back(
        fmt::format("camera {}: no result file; all its people count as missed", name));
  }
  for (const std::string& name : any_results ? empty : std::vector<std::string>()) {
    warnings.push_back(
        fmt::format("camera {}: its result file is empty; all its people count as missed", name));
  }
  for (const std::string& name : unknown) {
    warnings.push_back(fmt::format(
        "camera {}: results without ground truth are ignored, except that aicity counts the camera "
        "when it asks whether an id was seen by two, and metropolis_3d takes its positions",
        name));
  }
}

// Frames of sites that count from 0 are moved by one, so that everything else can count from 1.
void CountFramesFromOne(SiteReading* reading) {
  bool truth_zero = false, results_zero = false;
  for (const CameraTracks& camera : reading->tracks.cameras) {
    for (const SiteBox& box : camera.truth) truth_zero = truth_zero || box.frame == 0;
    for (const SiteBox& box : camera.results) results_zero = results_zero || box.frame == 0;
  }
  reading->tracks.results_from_zero = results_zero && !truth_zero;
  if (!truth_zero) return;
  for (CameraTracks& camera : reading->tracks.cameras) {
    for (SiteBox& box : camera.truth) ++box.frame;
    for (SiteBox& box : camera.results) ++box.frame;
  }
  reading->warnings.push_back(
      "frames count from 0: scored as if every frame number were one higher, because "
      "concatenation by the largest number would lay frame 0 of a camera on the last frame of the "
      "one before");
}

}  // namespace

Site LoadSite(const std::filesystem::path& path) {
  if (!IsFolder(path)) {
    ThrowIo("{}: expected a site: a folder with CAMERA/gt.txt of each camera", path.string());
  }
  Site site = LoadFolder(path);
  std::sort(site.cameras.begin(), site.cameras.end(),
            [](const SiteCamera& a, const SiteCamera& b) { return a.name < b.name; });
  return site;
}

SiteReading ReadSiteTracks(const Site& site, const std::filesystem::path& results) {
  SiteReading reading;
  reading.tracks.name = site.name;
  reading.tracks.interval = site.interval;
  const std::map<std::string, std::filesystem::path> files = FindResults(site, results);
  std::map<std::string, SiteCamera> described;
  for (const SiteCamera& camera : site.cameras) described[camera.name] = camera;
  for (const auto& [name, file] : files) {
    if (described.count(name) != 0) continue;
    if (site.closed) {
      std::vector<std::string> known;
      for (const SiteCamera& camera : site.cameras) known.push_back(camera.name);
      ThrowInput("{}: {} has no camera '{}'{}", file.string(), site.source.string(), name,
                 SuggestName(name, known));
    }
    described[name].name = name;
  }
  std::vector<CameraTracks>& cameras = reading.tracks.cameras;
  std::vector<const SiteCamera*> sources;
  for (const auto& [name, camera] : described) sources.push_back(&camera);
  cameras.resize(sources.size());
  std::vector<int64_t> zero_marks(sources.size(), 0);
  ParallelFor(static_cast<int64_t>(sources.size()), [&](int64_t k) {
    const SiteCamera& camera = *sources[k];
    CameraTracks& tracks = cameras[k];
    tracks.name = camera.name;
    tracks.polygon = camera.polygon;
    tracks.start = camera.start;
    if (!camera.roi.empty()) tracks.roi = ReadRoiMask(camera.roi);
    if (!camera.truth.empty()) {
      SiteRows rows = ReadSiteRows(camera.truth, site.ground);
      RequireIdsOnce(rows.boxes, camera.truth);
      zero_marks[k] = rows.zero_marks;
      tracks.has_truth = true;
      tracks.truth = std::move(rows.boxes);
    }
    const auto file = files.find(camera.name);
    if (file != files.end()) tracks.results = ReadSiteRows(file->second, site.ground).boxes;
  });
  CompareCameras(site, files, &reading);
  CountFramesFromOne(&reading);
  int64_t marked_zero = 0, rows = 0;
  for (size_t k = 0; k < cameras.size(); ++k) {
    marked_zero += zero_marks[k];
    rows += static_cast<int64_t>(cameras[k].truth.size());
    if (cameras[k].roi && cameras[k].roi->ExcludesEverything()) {
      reading.warnings.push_back(fmt::format(
          "camera {}: its mask has no white (255), so aicity removes every box; masks saved as "
          "JPEG lose their white",
          cameras[k].name));
    }
    if (cameras[k].roi && cameras[k].roi->height > cameras[k].roi->width) {
      reading.warnings.push_back(fmt::format(
          "camera {}: its mask is higher than wide and is used upright; the official aicity program "
          "reads such masks lying on their side",
          cameras[k].name));
    }
    if (cameras[k].roi && cameras[k].roi->colour) {
      reading.warnings.push_back(fmt::format(
          "camera {}: its mask has colours and is used as grey; the official aicity program leaves "
          "such masks out",
          cameras[k].name));
    }
  }
  if (marked_zero > 0) {
    reading.warnings.push_back(fmt::format(
        "{} of {} ground truth rows have mark 0 (column 7): they are scored; programs that drop "
        "such rows would drop these",
        marked_zero, rows));
  }
  return reading;
}

}  // namespace reidbench
