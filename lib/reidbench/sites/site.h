// A site: cameras that see the same people, with ground truth, calibration and areas that count.
// Described by a YAML file (configs/sites/*.yaml), or by a plain folder with one sub-folder a
// camera: CAMERA/gt.txt, CAMERA/roi.png, and scene.json, which says the image size, the units of
// columns 8 and 9, and what DukeMTMC's rules need (polygons, start frames, interval).
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
};

struct Site {
  std::string name;
  std::filesystem::path source;     // the file or folder, for messages
  std::vector<SiteCamera> cameras;  // by name
  std::optional<SiteInterval> interval;
  GroundColumns ground = GroundColumns::kGuessed;
  // Whether `cameras` is all there is: then results may neither lack one nor have another.
  bool closed = false;
};

// Throws Error(kIo) for what is missing, Error(kConfig) or Error(kInput) for what is malformed.
Site LoadSite(const std::filesystem::path& path);

struct SiteReading {
  SiteTracks tracks;
  std::vector<std::string> warnings;
};

// Ground truth of the site and results from `results`: RESULTS/CAMERA/pred.txt or
// RESULTS/CAMERA.txt. Throws Error(kInput) for malformed rows, an id that the ground truth has twice
// in a camera's frame, and cameras that do not fit; Error(kIo) without any result file.
SiteReading ReadSiteTracks(const Site& site, const std::filesystem::path& results);

}  // namespace reidbench
