// What detection metrics see: the boxes of one picture, after the rules of a benchmark
// (mot_pictures.h) or of COCO said which of them count.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "reidbench/core/box.h"

namespace reidbench {

// A person, or a region where nobody in particular was annotated.
struct TruthBox {
  BoxLtwh box;      // pixels, not clipped to the picture
  double area = 0;  // square pixels: COCO's "area", which of outlines is not width * height
  // COCO's crowd, CrowdHuman's and VisDrone's ignored region: detections of which enough lies
  // inside are forgiven, any number of them, and nobody misses it.
  bool is_region = false;
  float visibility = std::numeric_limits<float>::quiet_NaN();  // 0..1; NaN: not stated
};

struct DetectedBox {
  BoxLtwh box;
  double score = 0;
};

struct DetectionPicture {
  int64_t number = 0;  // of the frame, from 1, or COCO's image id
  // Pixels; 0: not known. The CrowdHuman dialects clip boxes to it.
  int64_t width = 0;
  int64_t height = 0;
  std::vector<TruthBox> truth;  // in the order of the file, which decides between equal ones
  std::vector<DetectedBox> detections;  // likewise
};

}  // namespace reidbench
