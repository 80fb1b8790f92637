// The boxes of a track set by track, in an order that depends on where the boxes are and not on how
// tracks are numbered or rows are sorted: what makes correction independent of both.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "reidbench/core/tracks.h"

namespace reidbench {

struct TrackTable {
  struct Track {
    TrackId id;
    std::vector<int32_t> boxes;  // indices into TrackSet::boxes, ascending by frame
  };
  // Ascending by first frame, then by the first box's place and size, then by the later ones.
  std::vector<Track> tracks;
  std::unordered_map<TrackId, int32_t> index_of;  // position in `tracks`
};

// Throws Error(kInput) for an id that is twice in one frame, and for more than 2^31 - 1 boxes.
TrackTable MakeTrackTable(const TrackSet& tracks);

}  // namespace reidbench
