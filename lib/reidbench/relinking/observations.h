// What correction looks at: every box as a place in time and on the ground, how clean its crop is,
// and where it touches others. Lengths become comparable by dividing by body heights, times are in
// seconds, so that nothing depends on resolution or frame rate.
#pragma once

#include <cstdint>
#include <vector>

#include "reidbench/relinking/relink.h"
#include "reidbench/relinking/track_table.h"

namespace reidbench {

inline constexpr double kAssumedFrameRate = 25;  // where it is not known

struct Observation {
  int64_t frame = 0;
  double time_s = 0;
  double x = 0;     // centre, px
  double foot = 0;  // lower edge, px
  double width = 0;
  double height = 0;       // px, at least 1
  float overlap = 0;       // greatest IoU with another box of the frame
  float quality = 0;       // of the crop: 1 = free and whole, 0 = no embedding
  float inverse_norm = 0;  // of the embedding; 0 without one
  int64_t row = -1;        // of the embedding
};

struct Observations {
  TrackTable table;
  std::vector<Observation> box;  // in the order of TrackSet::boxes
  double frame_rate = 25;
  double seconds = 0;        // from the first to the last frame
  double boxes_a_frame = 0;  // mean over frames with boxes
  // The part of the image where people are, in squared body heights: what a place is worth as
  // evidence.
  double area_heights2 = 1;
};

// Throws Error(kInput) as Relink does.
Observations Observe(const RelinkInput& input);

}  // namespace reidbench
