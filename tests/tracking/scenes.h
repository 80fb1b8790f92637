// Small scenes for the tests of trackers.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "reidbench/core/tracks.h"
#include "reidbench/tracking/tracker.h"

namespace reidbench {

inline TrackBox Detection(const BoxLtwh& box, double score = 0.9) {
  TrackBox d;
  d.box = box;
  d.confidence = score;
  return d;
}

// frames[i] holds the detections of frame i + 1. Returns the rows reported in each frame.
inline std::vector<std::vector<TrackBox>> RunTracker(
    Tracker* tracker, const std::vector<std::vector<TrackBox>>& frames) {
  std::vector<std::vector<TrackBox>> rows;
  for (size_t i = 0; i < frames.size(); ++i) {
    FrameInput input;
    input.frame = FrameIndex(static_cast<int64_t>(i) + 1);
    input.detections = frames[i];
    const auto reported = tracker->Step(input);
    rows.emplace_back(reported.begin(), reported.end());
  }
  return rows;
}

inline std::vector<int64_t> Ids(const std::vector<TrackBox>& rows) {
  std::vector<int64_t> ids;
  for (const TrackBox& row : rows) ids.push_back(row.id.value);
  return ids;
}

}  // namespace reidbench
