// Small sites written by hand: boxes 10 x 10 at a place on a line, 100 pixels apart, so that boxes
// of one place overlap fully and others not at all; a shift of 2 gives IoU 8/12. People stand on
// the ground at (place, 0) m.
#pragma once

#include <string>
#include <vector>

#include "reidbench/sites/site_tracks.h"

namespace reidbench {

struct SiteSpot {
  int64_t frame;
  int64_t id;
  double place;
  double shift = 0;
};

inline std::vector<SiteBox> SiteBoxes(const std::vector<SiteSpot>& spots) {
  std::vector<SiteBox> boxes;
  for (const SiteSpot& s : spots) {
    SiteBox box;
    box.frame = s.frame;
    box.id = s.id;
    box.box = {100 * s.place + s.shift, 0, 10, 10};
    box.ground = GroundPoint{s.place + s.shift / 10, 0};
    boxes.push_back(box);
  }
  return boxes;
}

inline CameraTracks HandCamera(const std::string& name, const std::vector<SiteSpot>& truth,
                               const std::vector<SiteSpot>& results) {
  CameraTracks camera;
  camera.name = name;
  camera.has_truth = true;
  camera.truth = SiteBoxes(truth);
  camera.results = SiteBoxes(results);
  return camera;
}

// Two people in both cameras in frames 1 to 4, found everywhere; results 11 and 12 are people 1
// and 2.
inline SiteTracks PerfectSite() {
  SiteTracks site;
  site.name = "hand";
  for (const char* name : {"a", "b"}) {
    std::vector<SiteSpot> truth, results;
    for (int64_t frame = 1; frame <= 4; ++frame) {
      for (int64_t person : {1, 2}) {
        truth.push_back({frame, person, static_cast<double>(2 * person)});
        results.push_back({frame, 10 + person, static_cast<double>(2 * person)});
      }
    }
    site.cameras.push_back(HandCamera(name, truth, results));
  }
  return site;
}

}  // namespace reidbench
