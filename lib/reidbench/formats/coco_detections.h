// COCO's files as detectors are scored with them: instances (images, categories, annotations) and a
// list of results. Unlike the table of boxes (box_format.h) this keeps image ids, areas and crowds,
// which COCO's rules go by, and makes no videos of the images.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "reidbench/core/box.h"

namespace reidbench {

struct CocoPicture {
  int64_t id = 0;
  int64_t width = 0;  // pixels; 0: not stated
  int64_t height = 0;
};

struct CocoCategory {
  int64_t id = 0;
  std::string name;
};

// In the order of the file. Its "ignore" says nothing: pycocotools overwrites it with iscrowd.
struct CocoAnnotation {
  int32_t picture = 0;   // index into CocoInstances::pictures
  int32_t category = 0;  // index into CocoInstances::categories
  BoxLtwh box;
  double area = 0;  // as stated, of an outline; the box's where it is not
  bool is_crowd = false;
};

struct CocoInstances {
  std::vector<CocoPicture> pictures;     // by id
  std::vector<CocoCategory> categories;  // by id
  std::vector<CocoAnnotation> annotations;
  std::vector<std::string> warnings;
};

// Throws Error(kInput) with the place in the file, Error(kIo).
CocoInstances ReadCocoInstances(const std::filesystem::path& file);

struct CocoDetection {
  int32_t picture = 0;
  int32_t category = 0;
  BoxLtwh box;
  double score = 0;
};

struct CocoDetections {
  std::vector<CocoDetection> detections;  // in the order of the file
  std::vector<std::string> warnings;
};

// A list of {image_id, category_id, bbox, score}, or an object with such "annotations". Images must
// be those of `instances`; results of other categories are left out with a warning, as pycocotools
// does. Throws as above.
CocoDetections ReadCocoDetections(const std::filesystem::path& file,
                                  const CocoInstances& instances);

}  // namespace reidbench
