// Small scenes for the tests of trackers.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
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

struct Seen {
  BoxLtwh box;
  std::vector<float> embedding;  // empty in all: none
  double score = 0.9;
};

// One frame of detections with embeddings, and where the camera went.
inline std::vector<TrackBox> StepWith(Tracker* tracker, int64_t frame,
                                      const std::vector<Seen>& seen,
                                      const std::optional<Affine>& affine = std::nullopt) {
  std::vector<TrackBox> detections;
  FeatureMatrix embeddings(static_cast<int64_t>(seen.size()),
                           seen.empty() ? 0 : static_cast<int64_t>(seen[0].embedding.size()));
  for (size_t i = 0; i < seen.size(); ++i) {
    detections.push_back(Detection(seen[i].box, seen[i].score));
    std::ranges::copy(seen[i].embedding, embeddings.row(static_cast<int64_t>(i)).begin());
  }
  FrameInput input{FrameIndex(frame), detections, {}, nullptr, affine};
  if (embeddings.cols() > 0) input.embeddings = ViewOf(embeddings);
  const auto rows = tracker->Step(input);
  return {rows.begin(), rows.end()};
}

// A picture that moved by (x, y).
inline Affine Shifted(double x, double y) { return {1, 0, x, 0, 1, y}; }

inline std::vector<int64_t> Ids(const std::vector<TrackBox>& rows) {
  std::vector<int64_t> ids;
  for (const TrackBox& row : rows) ids.push_back(row.id.value);
  return ids;
}

}  // namespace reidbench
