// Pictures written by hand.
#pragma once

#include <utility>
#include <vector>

#include "reidbench/core/box.h"
#include "reidbench/detection_metrics/picture.h"

namespace reidbench {

// People apart from each other.
inline const BoxLtwh kA{0, 0, 40, 100}, kB{200, 0, 40, 100}, kC{400, 0, 40, 100};

inline TruthBox Person(const BoxLtwh& box) {
  TruthBox truth;
  truth.box = box;
  truth.area = box.width * box.height;
  return truth;
}

inline TruthBox Region(const BoxLtwh& box) {
  TruthBox truth = Person(box);
  truth.is_region = true;
  return truth;
}

inline DetectionPicture MakePicture(std::vector<TruthBox> truth,
                                    std::vector<DetectedBox> detections) {
  DetectionPicture picture;
  picture.truth = std::move(truth);
  picture.detections = std::move(detections);
  return picture;
}

}  // namespace reidbench
