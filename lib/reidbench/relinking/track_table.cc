#include "reidbench/relinking/track_table.h"

#include <algorithm>
#include <limits>
#include <tuple>

#include "reidbench/core/error.h"

namespace reidbench {
namespace {

auto PlaceOf(const TrackBox& b) {
  return std::make_tuple(b.frame.value, b.box.left, b.box.top, b.box.width, b.box.height,
                         b.confidence);
}

}  // namespace

TrackTable MakeTrackTable(const TrackSet& set) {
  if (set.boxes.size() > static_cast<size_t>(std::numeric_limits<int32_t>::max()))
    ThrowInput("{}: expected fewer than 2^31 boxes, found {}", set.sequence, set.boxes.size());
  TrackTable table;
  for (size_t i = 0; i < set.boxes.size(); ++i) {
    const auto [place, is_new] =
        table.index_of.try_emplace(set.boxes[i].id, static_cast<int32_t>(table.tracks.size()));
    if (is_new) table.tracks.push_back({set.boxes[i].id, {}});
    table.tracks[place->second].boxes.push_back(static_cast<int32_t>(i));
  }
  for (TrackTable::Track& track : table.tracks) {
    std::sort(track.boxes.begin(), track.boxes.end(),
              [&](int32_t a, int32_t b) { return set.boxes[a].frame < set.boxes[b].frame; });
    const auto twice = std::adjacent_find(
        track.boxes.begin(), track.boxes.end(),
        [&](int32_t a, int32_t b) { return set.boxes[a].frame == set.boxes[b].frame; });
    if (twice != track.boxes.end()) {
      ThrowInput("{}: expected every id at most once in a frame, found id {} twice in frame {}",
                 set.sequence, track.id.value, set.boxes[*twice].frame.value);
    }
  }
  std::sort(table.tracks.begin(), table.tracks.end(),
            [&](const TrackTable::Track& a, const TrackTable::Track& b) {
              const size_t common = std::min(a.boxes.size(), b.boxes.size());
              for (size_t k = 0; k < common; ++k) {
                const auto place_a = PlaceOf(set.boxes[a.boxes[k]]);
                const auto place_b = PlaceOf(set.boxes[b.boxes[k]]);
                if (place_a != place_b) return place_a < place_b;
              }
              if (a.boxes.size() != b.boxes.size()) return a.boxes.size() < b.boxes.size();
              return a.id < b.id;
            });
  for (size_t t = 0; t < table.tracks.size(); ++t)
    table.index_of[table.tracks[t].id] = static_cast<int32_t>(t);
  return table;
}

}  // namespace reidbench
