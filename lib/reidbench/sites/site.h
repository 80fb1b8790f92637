// A site: cameras that see the same people, with ground truth, calibration and areas that count.
// Described by a YAML file (configs/sites/example.yaml shows every key), or by a plain folder with
// one sub-folder a camera: CAMERA/gt.txt, CAMERA/roi.png, and scene.json, which says the image
// size, the units of columns 8 and 9, and what DukeMTMC's rules need (polygons, start frames,
// interval).
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "reidbench/sites/site_rows.h"
#include "reidbench/sites/site_tracks.h"

namespace reidbench {

struct SiteCamera {
  std::string name;
  std::filesystem::path truth;  // empty: not part of the ground truth
  std::filesystem::path roi;    // empty: the whole picture counts
  std::vector<ImagePoint> polygon;
  int64_t start = 1;
  int64_t image_width = 0;  // px; 0 = not known
  int64_t image_height = 0;
  std::optional<GroundProjection> projection;
  // The site's time of a frame: offset + rate (frame - 1) / frames a second. Frames become those of
  // the site when any of these is told.
  std::optional<double> frame_rate;  // where it is not the site's
  double clock_offset_s = 0;
  double clock_rate = 1;
};

struct Site {
  std::string name;
  std::filesystem::path source;     // the file or folder, for messages
  std::vector<SiteCamera> cameras;  // by name
  std::optional<SiteInterval> interval;
  std::optional<double> frame_rate;  // frames a second
  GroundColumns ground = GroundColumns::kGuessed;
  std::filesystem::path truth_rows;  // ground truth of all cameras in one file (ParseAiCityRows)
  bool local_ids = false;            // an id of the results is a person in one camera only
  // Whether `cameras` is all there is: then results may neither lack one nor have another.
  bool closed = false;
};

// Throws Error(kIo) for what is missing, Error(kConfig) or Error(kInput) for what is malformed.
Site LoadSite(const std::filesystem::path& path);

// Names of the sites in a folder of site folders; empty when `path` is itself a site.
std::vector<std::string> FindSites(const std::filesystem::path& path);

struct SiteReading {
  SiteTracks tracks;
  std::vector<std::string> warnings;
};

// Ground truth of the site and results from `results`: RESULTS/CAMERA/pred.txt or
// RESULTS/CAMERA.txt, or one file of all cameras as the AI City challenge has it, in which a camera
// is the number that its name ends with (c041: 41). Boxes without a place get that of their foot
// point (the middle of the lower edge) where the camera is calibrated. Throws Error(kInput) for
// malformed rows, an id that the ground truth has twice in a camera's frame, cameras that do not
// fit, and local ids that several cameras share; Error(kIo) without any result file.
SiteReading ReadSiteTracks(const Site& site, const std::filesystem::path& results);

// The ground truth alone. Throws as ReadSiteTracks.
SiteReading ReadSiteTruth(const Site& site);

// Results of one camera as its file has them.
struct SiteResults {
  SiteCamera camera;
  std::filesystem::path file;
  std::vector<SiteBox> boxes;  // in the order of the file; frames are the camera's own
};

// The results alone, of every camera by name: for what gives them other ids. They may be local.
// Throws as ReadSiteTracks, and for results that are one file.
std::vector<SiteResults> ReadSiteResults(const Site& site, const std::filesystem::path& results);

}  // namespace reidbench
