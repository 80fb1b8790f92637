// Boxes with identities in several cameras of one site: what readers make and what scores, checks
// and association take. Ids are global: one id is one person in every camera.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "reidbench/core/box.h"
#include "reidbench/sites/calibration.h"
#include "reidbench/sites/ground_point.h"
#include "reidbench/sites/roi.h"

namespace reidbench {

struct SiteBox {
  int64_t frame = 1;  // from 1 after ReadSiteTracks, but see SiteTracks::results_from_zero
  int64_t id = 0;     // >= 0
  BoxLtwh box;        // pixels
  double confidence = 1;
  std::optional<GroundPoint> ground;  // where the person stands, when somebody says so
};

struct CameraTracks {
  std::string name;
  bool has_truth = false;  // is part of the ground truth, even if nobody was there
  std::vector<SiteBox> truth;
  std::vector<SiteBox> results;
  // What the rules of the AI City challenge and of DukeMTMC need; both may be missing.
  std::optional<RoiMask> roi;
  std::vector<ImagePoint> polygon;  // of the scored area; empty = everything
  int64_t start = 1;                // the site's frame in which the camera's frame 1 was taken
  int64_t image_width = 0;          // px; 0 = not known
  int64_t image_height = 0;
  std::optional<GroundProjection> projection;  // where it is calibrated
};

// Frames of the site that are scored, both included.
struct SiteInterval {
  int64_t first = 1;
  int64_t last = 0;
};

struct SiteTracks {
  std::string name;
  std::vector<CameraTracks> cameras;  // by name
  std::optional<SiteInterval> interval;
  // Results have rows in frame 0 and the ground truth has none: their frames may mean others.
  bool results_from_zero = false;
};

}  // namespace reidbench
