// People who walk through a picture of 1920 x 1080 px, as ground truth and as a detector sees them:
// for tests of what is said about boxes that mean something else.
#pragma once

#include <fmt/core.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "reidbench/core/random.h"
#include "reidbench/core/tracks.h"

namespace reidbench {

inline constexpr double kWalkWidth = 1920, kWalkHeight = 1080;

// `people` of 150 to 400 px, nearer ones larger, who turn at the sides of the picture; some are cut
// by its lower border.
inline TrackSet WalkingPeople(int people, int64_t frames, uint64_t seed) {
  Rng rng(seed);
  TrackSet walk;
  walk.sequence = "walk";
  walk.frame_count = frames;
  for (int p = 1; p <= people; ++p) {
    const double foot = rng.Uniform(500, 1100), height = 150 + 0.4 * (foot - 500);
    const double width = 0.4 * height, speed = rng.Uniform(-9, 9), start = rng.Uniform(0, 1800);
    for (int64_t f = 1; f <= frames; ++f) {
      const double room = kWalkWidth - width;
      const double along = std::fmod(std::abs(start + speed * static_cast<double>(f)), 2 * room);
      TrackBox box;
      box.frame = FrameIndex(f);
      box.id = TrackId(p);
      box.box = {along < room ? along : 2 * room - along, foot - height, width, height};
      box.class_id = 1;
      walk.boxes.push_back(box);
    }
  }
  return walk;
}

// Nine of ten people, a few px off, by frame; ids are those of the people plus 100.
inline TrackSet Tracked(const TrackSet& walk, uint64_t seed) {
  Rng rng(seed);
  TrackSet tracks = walk;
  tracks.boxes.clear();
  for (int64_t f = 1; f <= walk.frame_count; ++f) {
    for (const TrackBox& person : walk.boxes) {
      if (person.frame.value != f) continue;
      const double dx = rng.Uniform(-4, 4), dy = rng.Uniform(-4, 4);
      if (rng.Uniform(0, 1) < 0.1) continue;
      TrackBox box = person;
      box.id = TrackId(person.id.value + 100);
      box.box.left += dx;
      box.box.top += dy;
      box.confidence = 0.9;
      box.class_id = -1;
      tracks.boxes.push_back(box);
    }
  }
  return tracks;
}

// The same boxes, as `change` writes each.
template <typename Change>
TrackSet Rewritten(TrackSet tracks, const Change& change) {
  for (TrackBox& box : tracks.boxes) box.box = change(box.box);
  return tracks;
}

inline BoxLtwh AsCorners(const BoxLtwh& b) {
  return {b.left, b.top, b.left + b.width, b.top + b.height};
}
inline BoxLtwh AsCentre(const BoxLtwh& b) {
  return {b.left + b.width / 2, b.top + b.height / 2, b.width, b.height};
}
inline BoxLtwh AsFractions(const BoxLtwh& b) {
  return {b.left / kWalkWidth, b.top / kWalkHeight, b.width / kWalkWidth, b.height / kWalkHeight};
}

// As rows of MOT files; `end` are the columns behind the seventh: ",1,1" of ground truth.
inline std::string MotRows(const TrackSet& tracks, const char* end) {
  std::string rows;
  for (const TrackBox& b : tracks.boxes) {
    rows += fmt::format("{},{},{:.4f},{:.4f},{:.4f},{:.4f},{}{}\n", b.frame.value, b.id.value,
                        b.box.left, b.box.top, b.box.width, b.box.height, b.confidence, end);
  }
  return rows;
}

}  // namespace reidbench
