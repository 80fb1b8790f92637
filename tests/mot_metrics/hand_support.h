// Small tracking problems written by hand: boxes 10 x 10 at a place on a line, 100 pixels apart, so
// that boxes of one place overlap fully and others not at all; a shift of 2 gives IoU 8/12.
#pragma once

#include <string>
#include <vector>

#include "reidbench/mot_metrics/scores.h"

namespace reidbench {

struct Spot {
  int64_t frame;
  int64_t id;
  double place;
  double shift = 0;
  int32_t class_id = 1;
  double mark = 1;
};

inline TrackSet Tracks(const std::vector<Spot>& spots, int64_t frame_count) {
  TrackSet tracks{"S", frame_count, {}};
  for (const Spot& s : spots) {
    TrackBox box;
    box.frame = FrameIndex(s.frame);
    box.id = TrackId(s.id);
    box.box = {100 * s.place + s.shift, 0, 10, 10};
    box.confidence = s.mark;
    box.class_id = s.class_id;
    tracks.boxes.push_back(box);
  }
  return tracks;
}

inline MotBenchmark PedestrianRules() {
  MotBenchmark benchmark;
  benchmark.distractor_classes = {2, 7, 8, 12};
  return benchmark;
}

inline MotSequence Prepared(const std::vector<Spot>& gt, const std::vector<Spot>& tracker,
                            int64_t frame_count,
                            const MotBenchmark& benchmark = PedestrianRules()) {
  return PrepareSequence(Tracks(gt, frame_count), Tracks(tracker, frame_count), benchmark,
                         benchmark.classes.front());
}

}  // namespace reidbench
