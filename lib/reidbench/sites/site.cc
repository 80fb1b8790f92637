#include "reidbench/sites/site.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <utility>

#include "reidbench/config/reader.h"
#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/parallel.h"
#include "reidbench/core/text.h"

namespace reidbench {
namespace {

constexpr std::string_view kSceneFile = "scene.json";

// Two whole numbers: width and height.
void ReadResolution(const ConfigNode& node, SiteCamera* camera) {
  std::vector<int64_t> size;
  ConvertConfig(node, &size);
  if (size.size() != 2 || size[0] < 1 || size[1] < 1)
    throw ConfigValueError(node.place, "expected [width, height] in pixels");
  camera->image_width = size[0];
  camera->image_height = size[1];
}

std::vector<ImagePoint> PolygonOf(const ConfigNode& node) {
  std::vector<std::vector<double>> points;
  ConvertConfig(node, &points);
  std::vector<ImagePoint> polygon;
  for (const std::vector<double>& point : points) {
    if (point.size() != 2) throw ConfigValueError(node.place, "expected points [x, y] in pixels");
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
  if (const ConfigNode* image = scene.Find("image")) {
    for (SiteCamera& camera : site->cameras) ReadResolution(*image, &camera);
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
  for (const std::string& name : ListFolderNames(folder)) {
    const std::filesystem::path truth = folder / name / "gt.txt";
    if (IsFile(truth)) CameraNamed(name, &site.cameras).truth = truth;
  }
  if (IsFile(folder / kSceneFile)) ReadScene(folder / kSceneFile, &site);
  for (SiteCamera& camera : site.cameras) {
    for (const char* name : {"roi.png", "roi.jpg"}) {
      const std::filesystem::path roi = folder / camera.name / name;
      if (camera.roi.empty() && IsFile(roi)) camera.roi = roi;
    }
  }
  return site;
}

// A matrix is a list of its rows, a list of its numbers, or the path of a text file of them.
template <size_t kCount>
std::array<double, kCount> NumbersOf(const ConfigNode& node, const std::filesystem::path& folder) {
  std::vector<double> numbers;
  if (node.IsScalar()) {
    numbers = ReadNumbers(folder / node.AsString(), kCount);
  } else if (!node.children.empty() && node.children.front().IsSequence()) {
    std::vector<std::vector<double>> rows;
    ConvertConfig(node, &rows);
    for (const std::vector<double>& row : rows)
      numbers.insert(numbers.end(), row.begin(), row.end());
  } else {
    ConvertConfig(node, &numbers);
  }
  if (numbers.size() != kCount) {
    throw ConfigValueError(node.place,
                           fmt::format("expected {} numbers, found {}", kCount, numbers.size()));
  }
  std::array<double, kCount> out{};
  std::copy(numbers.begin(), numbers.end(), out.begin());
  return out;
}

// The translation of inner and outer parameters is in a unit of its own; so are the world's
// coordinates that a matrix takes or a homography gives.
constexpr std::pair<std::string_view, double> kMetresOfUnit[] = {
    {"m", 1.0}, {"cm", 0.01}, {"mm", 0.001}};

GroundProjection ComposeProjection(const Matrix3& intrinsic, const Matrix3& rotation,
                                   Vector3 translation, double unit,
                                   const std::optional<std::array<double, 5>>& distortion,
                                   const std::string& where) {
  for (double& value : translation) value *= unit;
  std::optional<LensDistortion> lens;
  if (distortion) lens = LensDistortion{intrinsic, *distortion};
  return GroundProjection::FromMatrix(ComposeMatrix(intrinsic, rotation, translation), where, lens);
}

// The files of OpenCV that WILDTRACK brings along: intrinsic parameters in one, rotation vector and
// translation in the other.
GroundProjection ReadXmlCalibration(const std::filesystem::path& intrinsic_file,
                                    const std::filesystem::path& extrinsic_file, double unit) {
  const std::string inner = ReadFileText(intrinsic_file), outer = ReadFileText(extrinsic_file);
  const auto to_array = [](const std::vector<double>& numbers, auto* out) {
    std::copy(numbers.begin(), numbers.end(), out->begin());
  };
  Matrix3 intrinsic{};
  Vector3 rotation{}, translation{};
  std::array<double, 5> distortion{};
  to_array(XmlNumbers(inner, "camera_matrix", 9, intrinsic_file.string()), &intrinsic);
  to_array(XmlNumbers(inner, "distortion_coefficients", 5, intrinsic_file.string()), &distortion);
  to_array(XmlNumbers(outer, "rvec", 3, extrinsic_file.string()), &rotation);
  to_array(XmlNumbers(outer, "tvec", 3, extrinsic_file.string()), &translation);
  return ComposeProjection(intrinsic, RotationOf(rotation), translation, unit, distortion,
                           extrinsic_file.string());
}

// One of: homography; matrix; intrinsic, rotation, translation and distortion; intrinsic_xml and
// extrinsic_xml.
void ReadCalibration(ConfigReader section, const std::filesystem::path& folder,
                     SiteCamera* camera) {
  if (!section.exists()) return;
  const std::string where = section.place().ToString() + ": camera " + camera->name;
  const ConfigNode* homography = section.Take("homography");
  const ConfigNode* matrix = section.Take("matrix");
  const ConfigNode* intrinsic = section.Take("intrinsic");
  const ConfigNode* rotation = section.Take("rotation");
  const ConfigNode* translation = section.Take("translation");
  const ConfigNode* distortion = section.Take("distortion");
  std::filesystem::path intrinsic_xml, extrinsic_xml;
  section.Read("intrinsic_xml", &intrinsic_xml);
  section.Read("extrinsic_xml", &extrinsic_xml);
  double unit = 1;
  section.ReadChoice("unit", &unit, kMetresOfUnit);
  const int ways = (homography != nullptr) + (matrix != nullptr) + (intrinsic != nullptr) +
                   !intrinsic_xml.empty();
  if (ways != 1) {
    section.AddError(
        "calibration",
        "expected one of homography, matrix, intrinsic (with rotation and translation) "
        "and intrinsic_xml (with extrinsic_xml)");
    return;
  }
  if (homography != nullptr) {
    Matrix3 ground_from_image = NumbersOf<9>(*homography, folder);
    for (int k = 0; k < 6; ++k) ground_from_image[k] *= unit;
    const ImagePoint lower_edge = camera->image_height > 0
                                      ? ImagePoint{static_cast<double>(camera->image_width) / 2,
                                                   static_cast<double>(camera->image_height)}
                                      : ImagePoint{640, 720};
    camera->projection = GroundProjection::FromHomography(ground_from_image, lower_edge, where);
  } else if (matrix != nullptr) {
    Matrix34 image_from_world = NumbersOf<12>(*matrix, folder);
    for (int row = 0; row < 3; ++row) {
      for (int col = 0; col < 3; ++col) image_from_world[4 * row + col] /= unit;
    }
    camera->projection = GroundProjection::FromMatrix(image_from_world, where);
  } else if (!intrinsic_xml.empty()) {
    if (extrinsic_xml.empty()) {
      section.AddError("intrinsic_xml", "expected extrinsic_xml beside it");
      return;
    }
    camera->projection = ReadXmlCalibration(folder / intrinsic_xml, folder / extrinsic_xml, unit);
  } else {
    if (rotation == nullptr || translation == nullptr) {
      section.AddError("intrinsic", "expected rotation and translation beside it");
      return;
    }
    size_t numbers = 0;
    for (const ConfigNode& child : rotation->children)
      numbers += child.IsSequence() ? child.children.size() : 1;
    const Matrix3 turned = rotation->IsSequence() && numbers == 3
                               ? RotationOf(NumbersOf<3>(*rotation, folder))
                               : NumbersOf<9>(*rotation, folder);
    std::optional<std::array<double, 5>> lens;
    if (distortion != nullptr) lens = NumbersOf<5>(*distortion, folder);
    camera->projection = ComposeProjection(NumbersOf<9>(*intrinsic, folder), turned,
                                           NumbersOf<3>(*translation, folder), unit, lens, where);
  }
}

void ReadCamera(ConfigReader* section, const std::filesystem::path& folder, SiteCamera* camera) {
  std::filesystem::path truth, roi;
  section->Read("truth", &truth);
  section->Read("roi", &roi);
  if (!truth.empty()) camera->truth = folder / truth;
  if (!roi.empty()) camera->roi = folder / roi;
  if (const ConfigNode* size = section->Take("resolution")) ReadResolution(*size, camera);
  if (const ConfigNode* polygon = section->Take("polygon")) camera->polygon = PolygonOf(*polygon);
  section->Read("start", &camera->start);
  section->Read("frame_rate", &camera->frame_rate, Above(0));
  ConfigReader clock = section->Section("clock");
  clock.Read("offset_s", &camera->clock_offset_s);
  clock.Read("rate", &camera->clock_rate, Above(0));
  ReadCalibration(section->Section("calibration"), folder, camera);
}

Site LoadDescription(const std::filesystem::path& file) {
  const ConfigNode root = LoadConfig(file);
  const std::filesystem::path folder = file.parent_path();
  Site site;
  site.name = file.stem().string();
  site.source = file;
  site.closed = true;
  ConfigReader reader(root);
  reader.Read("name", &site.name);
  reader.Read("frame_rate", &site.frame_rate, Above(0));
  std::filesystem::path truth_rows;
  reader.Read("truth_rows", &truth_rows);
  if (!truth_rows.empty()) site.truth_rows = folder / truth_rows;
  reader.ReadChoice("ground_columns", &site.ground,
                    {{"metres", GroundColumns::kTold},
                     {"guess", GroundColumns::kGuessed},
                     {"none", GroundColumns::kNone}});
  reader.ReadChoice("result_ids", &site.local_ids, {{"global", false}, {"local", true}});
  site.interval = IntervalOf(reader.Take("interval"));
  ConfigReader cameras = reader.RequireSection("cameras");
  for (auto& [name, section] : cameras.NamedSections()) {
    SiteCamera& camera = site.cameras.emplace_back();
    camera.name = name;
    ReadCamera(&section, folder, &camera);
    const bool other_clock =
        camera.frame_rate || camera.clock_offset_s != 0 || camera.clock_rate != 1;
    if (other_clock && !site.frame_rate)
      section.AddError("clock", "expected a frame_rate of the site, which frames are counted in");
  }
  reader.Finish();
  return site;
}

void RequireIdsOnce(const std::vector<SiteBox>& boxes, const std::filesystem::path& file) {
  std::vector<std::pair<int64_t, int64_t>> keys;
  keys.reserve(boxes.size());
  for (const SiteBox& box : boxes) keys.emplace_back(box.frame, box.id);
  if (!std::is_sorted(keys.begin(), keys.end())) std::sort(keys.begin(), keys.end());
  const auto twice = std::adjacent_find(keys.begin(), keys.end());
  if (twice == keys.end()) return;
  ThrowInput("{}: expected each ground truth id once in a frame, found id {} twice in frame {}",
             file.string(), twice->second, twice->first);
}

// RESULTS/CAMERA/pred.txt or RESULTS/CAMERA.txt, by camera.
std::map<std::string, std::filesystem::path> FindResults(const Site& site,
                                                         const std::filesystem::path& results) {
  if (!IsFolder(results)) {
    ThrowIo(
        "{}: expected a folder with CAMERA/pred.txt or CAMERA.txt of each camera, or one file of "
        "all",
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
            results.string(),
            fmt::join(
                [&] {
                  std::vector<std::string> names;
                  for (const SiteCamera& camera : site.cameras) names.push_back(camera.name);
                  return names;
                }(),
                ", "));
  }
  return files;
}

// The number that a camera's name ends with.
std::optional<int64_t> NumberOfCamera(const std::string& name) {
  const size_t last = name.find_last_not_of("0123456789");
  return ParseInt(name.substr(last == std::string::npos ? 0 : last + 1));
}

// Rows of one file for all cameras, by the names of the cameras.
using RowsByCamera = std::map<std::string, SiteRows>;

RowsByCamera ReadRowsOfAll(const Site& site, const std::filesystem::path& file) {
  RowsByCamera named;
  for (auto& [number, rows] : ParseAiCityRows(ReadFileText(file), file)) {
    const auto camera = std::find_if(
        site.cameras.begin(), site.cameras.end(),
        [&, number = number](const SiteCamera& c) { return NumberOfCamera(c.name) == number; });
    named[camera == site.cameras.end() ? fmt::format("{}", number) : camera->name] =
        std::move(rows);
  }
  return named;
}

// What is read before the cameras are: which files there are, and rows that stand in one file.
struct SiteInputs {
  std::map<std::string, std::filesystem::path> files;  // of results, by camera
  std::optional<RowsByCamera> truth, results;
};

SiteInputs FindInputs(const Site& site, const std::filesystem::path& results) {
  SiteInputs inputs;
  if (!site.truth_rows.empty()) inputs.truth = ReadRowsOfAll(site, site.truth_rows);
  if (!IsFile(results)) {
    inputs.files = FindResults(site, results);
    return inputs;
  }
  inputs.results = ReadRowsOfAll(site, results);
  // A camera without rows is one in which nobody was found.
  for (const SiteCamera& camera : site.cameras) inputs.files[camera.name] = results;
  for (const auto& [name, rows] : *inputs.results) inputs.files[name] = results;
  return inputs;
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

void PlaceOnGround(const SiteCamera& camera, std::vector<SiteBox>* boxes) {
  if (!camera.projection) return;
  for (SiteBox& box : *boxes) {
    if (box.ground) continue;
    box.ground = camera.projection->ToGround(
        {box.box.left + box.box.width / 2, box.box.top + box.box.height});
  }
}

// Frames of the camera's own count to those of the site.
void FollowClock(const Site& site, const SiteCamera& camera, std::vector<SiteBox>* boxes) {
  if (!site.frame_rate) return;
  const double own = camera.frame_rate.value_or(*site.frame_rate);
  if (own == *site.frame_rate && camera.clock_offset_s == 0 && camera.clock_rate == 1) return;
  std::map<int64_t, int64_t> camera_frame_of;
  for (SiteBox& box : *boxes) {
    const double seconds =
        camera.clock_offset_s + camera.clock_rate * static_cast<double>(box.frame - 1) / own;
    const int64_t frame = std::llround(seconds * *site.frame_rate) + 1;
    if (frame < 0) {
      ThrowInput(
          "camera {}: its clock puts frame {} before the site's first; correct offset_s in {}",
          camera.name, box.frame, site.source.string());
    }
    const int64_t taken = camera_frame_of.emplace(frame, box.frame).first->second;
    if (taken != box.frame) {
      ThrowInput(
          "camera {}: its frames {} and {} are both frame {} of the site; expected a site's "
          "frame_rate in {} that is at least the camera's",
          camera.name, taken, box.frame, frame, site.source.string());
    }
    box.frame = frame;
  }
}

// Returns the number of ground truth rows with mark 0.
int64_t ReadCameraTracks(const Site& site, const SiteCamera& camera, const SiteInputs& inputs,
                         CameraTracks* tracks) {
  const auto rows_of = [&](const RowsByCamera& all) {
    const auto found = all.find(camera.name);
    return found == all.end() ? std::vector<SiteBox>() : found->second.boxes;
  };
  int64_t zero_marks = 0;
  tracks->name = camera.name;
  tracks->polygon = camera.polygon;
  tracks->start = camera.start;
  tracks->image_width = camera.image_width;
  tracks->image_height = camera.image_height;
  tracks->projection = camera.projection;
  if (!camera.roi.empty()) tracks->roi = ReadRoiMask(camera.roi);
  if (!camera.truth.empty()) {
    SiteRows rows = ReadSiteRows(camera.truth, site.ground);
    RequireIdsOnce(rows.boxes, camera.truth);
    zero_marks = rows.zero_marks;
    tracks->has_truth = true;
    tracks->truth = std::move(rows.boxes);
  } else if (inputs.truth) {
    tracks->truth = rows_of(*inputs.truth);
    tracks->has_truth = true;
    RequireIdsOnce(tracks->truth, site.truth_rows);
  }
  const auto file = inputs.files.find(camera.name);
  if (inputs.results) {
    tracks->results = rows_of(*inputs.results);
  } else if (file != inputs.files.end()) {
    tracks->results = ReadSiteRows(file->second, site.ground).boxes;
  }
  for (std::vector<SiteBox>* boxes : {&tracks->truth, &tracks->results}) {
    PlaceOnGround(camera, boxes);
    FollowClock(site, camera, boxes);
  }
  return zero_marks;
}

// All of them in one, so that one run names every malformed file.
void ThrowCameraErrors(const std::vector<std::optional<Error>>& errors) {
  std::optional<ErrorKind> kind;
  std::vector<std::string> messages;
  for (const std::optional<Error>& error : errors) {
    if (!error) continue;
    if (!kind) kind = error->kind();
    messages.emplace_back(error->what());
  }
  if (kind) throw Error(*kind, JoinText(messages, "\n"));
}

void RequireLocalIdsApart(const Site& site, const std::vector<CameraTracks>& cameras) {
  if (!site.local_ids) return;
  std::map<int64_t, std::string> camera_of;
  for (const CameraTracks& camera : cameras) {
    for (const SiteBox& box : camera.results) {
      const std::string& other = camera_of.emplace(box.id, camera.name).first->second;
      if (other == camera.name) continue;
      ThrowInput(
          "id {} is in the results of cameras {} and {}, yet {} says that ids are local: people "
          "would be mixed up; give the ids of each camera a range of their own, or link the "
          "cameras "
          "and say result_ids: global",
          box.id, other, camera.name, site.source.string());
    }
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

// The cameras of the site, and those of its results where it does not say which there are.
std::map<std::string, SiteCamera> DescribeCameras(
    const Site& site, const std::map<std::string, std::filesystem::path>& files) {
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
  return described;
}

}  // namespace

Site LoadSite(const std::filesystem::path& path) {
  if (!IsFolder(path) && !IsFile(path)) {
    ThrowIo("{}: expected a site: a .yaml file, or a folder with CAMERA/gt.txt of each camera",
            path.string());
  }
  Site site = IsFolder(path) ? LoadFolder(path) : LoadDescription(path);
  std::sort(site.cameras.begin(), site.cameras.end(),
            [](const SiteCamera& a, const SiteCamera& b) { return a.name < b.name; });
  return site;
}

std::vector<std::string> FindSites(const std::filesystem::path& path) {
  if (!IsFolder(path) || IsFile(path / kSceneFile)) return {};
  std::vector<std::string> sites;
  for (const std::string& name : ListFolderNames(path)) {
    if (IsFile(path / name / "gt.txt")) return {};  // a camera
    const std::vector<std::string> cameras = ListFolderNames(path / name);
    if (IsFile(path / name / kSceneFile) ||
        std::any_of(cameras.begin(), cameras.end(), [&](const std::string& camera) {
          return IsFile(path / name / camera / "gt.txt");
        })) {
      sites.push_back(name);
    }
  }
  return sites;
}

SiteReading ReadSiteTracks(const Site& site, const std::filesystem::path& results) {
  SiteReading reading;
  reading.tracks.name = site.name;
  reading.tracks.interval = site.interval;
  const SiteInputs inputs = FindInputs(site, results);
  const std::map<std::string, SiteCamera> described = DescribeCameras(site, inputs.files);
  std::vector<CameraTracks>& cameras = reading.tracks.cameras;
  std::vector<const SiteCamera*> sources;
  for (const auto& [name, camera] : described) sources.push_back(&camera);
  cameras.resize(sources.size());
  std::vector<int64_t> zero_marks(sources.size(), 0);
  std::vector<std::optional<Error>> errors(sources.size());
  ParallelFor(static_cast<int64_t>(sources.size()), [&](int64_t k) {
    try {
      zero_marks[k] = ReadCameraTracks(site, *sources[k], inputs, &cameras[k]);
    } catch (const Error& error) {
      errors[k] = error;
    }
  });
  ThrowCameraErrors(errors);
  RequireLocalIdsApart(site, cameras);
  CompareCameras(site, inputs.files, &reading);
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
      reading.warnings.push_back(
          fmt::format("camera {}: its mask is higher than wide and is used upright; the official "
                      "aicity program "
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

SiteReading ReadSiteTruth(const Site& site) {
  SiteReading reading;
  reading.tracks.name = site.name;
  reading.tracks.interval = site.interval;
  SiteInputs inputs;
  if (!site.truth_rows.empty()) inputs.truth = ReadRowsOfAll(site, site.truth_rows);
  std::vector<CameraTracks>& cameras = reading.tracks.cameras;
  cameras.resize(site.cameras.size());
  std::vector<std::optional<Error>> errors(site.cameras.size());
  ParallelFor(static_cast<int64_t>(site.cameras.size()), [&](int64_t k) {
    try {
      ReadCameraTracks(site, site.cameras[static_cast<size_t>(k)], inputs,
                       &cameras[static_cast<size_t>(k)]);
    } catch (const Error& error) {
      errors[static_cast<size_t>(k)] = error;
    }
  });
  ThrowCameraErrors(errors);
  CountFramesFromOne(&reading);
  return reading;
}

std::vector<SiteResults> ReadSiteResults(const Site& site, const std::filesystem::path& results) {
  const std::map<std::string, std::filesystem::path> files = FindResults(site, results);
  std::vector<SiteResults> all;
  std::vector<std::string> lacking;
  for (const auto& [name, camera] : DescribeCameras(site, files)) {
    const auto file = files.find(name);
    if (file == files.end()) {
      lacking.push_back(name);
    } else {
      all.push_back({camera, file->second, {}});
    }
  }
  if (site.closed && !lacking.empty()) {
    ThrowInput("the results lack camera{} {} of {}: an empty file says that nobody was seen",
               lacking.size() == 1 ? "" : "s", fmt::join(lacking, ", "), site.source.string());
  }
  std::vector<std::optional<Error>> errors(all.size());
  ParallelFor(static_cast<int64_t>(all.size()), [&](int64_t k) {
    try {
      SiteResults& one = all[static_cast<size_t>(k)];
      one.boxes = ReadSiteRows(one.file, site.ground).boxes;
      PlaceOnGround(one.camera, &one.boxes);
    } catch (const Error& error) {
      errors[static_cast<size_t>(k)] = error;
    }
  });
  ThrowCameraErrors(errors);
  return all;
}

}  // namespace reidbench
