// Pictures written by hand.
#pragma once

#include <utility>
#include <vector>

#include "reidbench/detection_metrics/picture.h"

namespace reidbench {

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
