#include "reidbench/relinking/interpolate.h"

#include <algorithm>

#include "reidbench/core/error.h"
#include "reidbench/relinking/track_table.h"

namespace reidbench {

Interpolation InterpolateGaps(const TrackSet& tracks, int64_t max_missing_frames,
                              size_t more_than_boxes) {
  REIDBENCH_CHECK(max_missing_frames >= 0);
  Interpolation out;
  const TrackTable table = MakeTrackTable(tracks);
  for (const TrackTable::Track& track : table.tracks) {
    if (track.boxes.size() <= more_than_boxes) continue;
    for (size_t k = 1; k < track.boxes.size(); ++k) {
      const TrackBox& before = tracks.boxes[track.boxes[k - 1]];
      const TrackBox& after = tracks.boxes[track.boxes[k]];
      const int64_t span = after.frame.value - before.frame.value;
      if (span < 2 || span - 1 > max_missing_frames) continue;
      out.gaps.push_back({track.id, before.frame.value, after.frame.value});
      for (int64_t step = 1; step < span; ++step) {
        const double t = static_cast<double>(step) / static_cast<double>(span);
        const auto between = [&](double a, double b) { return a + t * (b - a); };
        TrackBox box = before;
        box.frame = FrameIndex(before.frame.value + step);
        box.box = {between(before.box.left, after.box.left), between(before.box.top, after.box.top),
                   between(before.box.width, after.box.width),
                   between(before.box.height, after.box.height)};
        box.confidence = between(before.confidence, after.confidence);
        out.added.push_back(box);
      }
    }
  }
  std::stable_sort(out.added.begin(), out.added.end(),
                   [](const TrackBox& a, const TrackBox& b) { return a.frame < b.frame; });
  return out;
}

}  // namespace reidbench
