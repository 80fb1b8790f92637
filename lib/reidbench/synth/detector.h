// A person detector that errs as real ones do: it misses who is hidden or small, for several frames
// in a row, boxes jitter with their size, scores follow visibility, boxes of hidden people shrink
// to what is seen, overlapping boxes suppress each other, and now and then it finds nobody.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "reidbench/core/box.h"

namespace reidbench {

struct SynthDetectorOptions {
  double miss_rate = 0.008;       // of clearly seen people, 0..1
  double false_positives = 0.4;   // boxes of nobody per frame
  double jitter = 0.025;          // standard deviation of an edge, of the box's size
  double suppression_iou = 0.65;  // overlapping boxes: the lower score goes
  double lowest_score = 0.1;
  uint64_t seed = 0;  // of this camera
};

// Somebody in the picture.
struct SynthTarget {
  int64_t identity = 0;
  BoxLtwh box;            // whole silhouette, px
  BoxLtwh visible_box;    // of what is seen of it
  double visibility = 1;  // 0..1
  bool person = true;     // false: a mannequin, found less often
};

struct SynthDetection {
  BoxLtwh box;
  double score = 1;
  int64_t identity = -1;  // -1: nobody
};

// Detections of one frame by descending score. What it returns depends on the arguments alone.
std::vector<SynthDetection> DetectSynthPeople(std::span<const SynthTarget> targets, double time_s,
                                              int image_width, int image_height,
                                              const SynthDetectorOptions& options);

}  // namespace reidbench
