// What association looks at: stretches of a camera's tracks that are one person as far as that
// camera alone can tell, with a gallery, and where on the ground the person went.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "reidbench/core/eigen_views.h"
#include "reidbench/relinking/relink.h"
#include "reidbench/sites/site_tracks.h"

namespace reidbench {

// Places of people are compared at these steps of the site's time.
inline constexpr double kCell_s = 0.2;

// Where a person stood during a cell.
struct TrailPoint {
  int64_t cell = 0;
  float x = 0, y = 0;  // m
  float sigma = 0;     // m, of each coordinate
};

struct FrameRun {
  int64_t first = 0, last = 0;  // both included
};

// A place with a velocity, at an end of a tracklet.
struct GroundMotion {
  double x = 0, y = 0;    // m
  double vx = 0, vy = 0;  // m/s
  double sigma = 0;       // m
};

struct SiteTracklet {
  int32_t camera = 0;
  int64_t track = 0;  // id in the input, of the first box
  // The one before it that the camera's own correction calls the same person; -1 = none. An index
  // into the camera's tracklets, later into those of the site.
  int32_t before = -1;
  bool goes_on = false;        // and both ends are one track of the input
  std::vector<int32_t> boxes;  // of the camera's, ascending by frame
  int64_t first_frame = 0;     // the site's
  int64_t last_frame = 0;
  double first_s = 0;  // the site's time
  double last_s = 0;
  std::vector<FrameRun> runs;     // frames with a box, those of the camera
  double clean_s = 0;             // seconds of clean crops
  std::vector<TrailPoint> trail;  // by cell; empty without places
  std::optional<GroundMotion> head, tail;
};

// One camera's tracks.
struct LinkCamera {
  std::string name;
  std::span<const SiteBox> boxes;  // frames are the camera's own
  const FeatureMatrix* embeddings = nullptr;
  std::vector<int64_t> embedding_row;  // of each box; -1 = none
  double frame_rate = 25;              // of the camera
  double clock_offset_s = 0;           // as SiteCamera
  double clock_rate = 1;
  double site_rate = 25;
  int64_t image_width = 0;  // px; 0 = not known
  int64_t image_height = 0;
  const GroundProjection* projection = nullptr;
};

struct CameraTracklets {
  std::vector<SiteTracklet> tracklets;  // by first frame
  RowMatrix sums;                       // [tracklets x d]: quality-weighted, of unit embeddings
  RelinkResult corrected;               // of the camera alone
  int64_t boxes_without_embedding = 0;
};

// Corrects the camera's tracks by themselves unless `options` is null, and cuts what is left where
// a person was away for long. Throws Error(kInput) as Relink does.
CameraTracklets DescribeCamera(const LinkCamera& camera, const RelinkOptions* options);

}  // namespace reidbench
