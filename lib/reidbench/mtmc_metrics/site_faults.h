// Faults of a site that no program notices and every score suffers from: frames counted from
// another number, clocks that differ, centimetres for metres, cameras that disagree about a place.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "reidbench/sites/site_tracks.h"

namespace reidbench {

struct SiteFault {
  std::string kind;    // "frame_shift", "unit", "spread": for programs
  std::string camera;  // empty: the whole site
  std::string text;    // one sentence
};

// How well results fit the people when they are moved by so many frames: the mean over people of
// the best IoU. Looked at in a sample of frames.
struct ShiftFit {
  int64_t best = 0;  // frames to add to the results
  double fit = 0;    // of that shift, 0..1
  double fit_unmoved = 0;
};
// Nullopt where a side is empty.
std::optional<ShiftFit> FitShift(const CameraTracks& camera, int64_t most_frames);

// What results show about the frames, units and places of a site, at a cost far below that of a
// score.
std::vector<SiteFault> FindSiteFaults(const SiteTracks& site);

}  // namespace reidbench
