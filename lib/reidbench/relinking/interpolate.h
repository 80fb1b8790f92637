// Filling the gaps of tracks with boxes between their ends. Apart from correction: it adds boxes
// that nobody detected.
#pragma once

#include <cstdint>
#include <vector>

#include "reidbench/core/tracks.h"

namespace reidbench {

// A gap that was filled.
struct FilledGap {
  TrackId track{-1};
  int64_t frame_before = 0;  // last frame before the gap
  int64_t frame_after = 0;   // first frame after it
};

struct Interpolation {
  std::vector<TrackBox> added;  // by frame, within a frame by track; box and score on the straight
                                // line between the gap's ends
  std::vector<FilledGap> gaps;  // by track's place in the video, then by frame
};

// Fills gaps of at most `max_missing_frames` (>= 0) frames, of tracks with more than
// `more_than_boxes` boxes. Throws Error(kInput) for an id twice in a frame.
Interpolation InterpolateGaps(const TrackSet& tracks, int64_t max_missing_frames,
                              size_t more_than_boxes = 0);

}  // namespace reidbench
