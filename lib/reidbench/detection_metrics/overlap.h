// Overlaps of detections with ground truth as pycocotools (cocodataset/cocoapi@8c9bcc3, maskApi's
// bbIou) and Dollar's toolbox (bbGt compOa) compute them: areas are width * height. TrackEval's and
// the MOTChallenge devkit's (matching/iou.h) take areas from the corners, which may differ in the
// last bit.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "reidbench/detection_metrics/picture.h"

namespace reidbench {

// The share of the union; of a region the share of the detection that lies in it.
double OverlapOf(const BoxLtwh& detection, const TruthBox& truth);

// A box within its picture, as CrowdHuman's evaluation (xg-chu/CrowdDet, APMRToolkits and
// JIToolkits) clips it: the first corner at most to the last pixel, the opposite one to the size.
// As it is where the picture's size is not known.
struct ClippedBox {
  double left = 0, top = 0, right = 0, bottom = 0;
};
ClippedBox ClipToPicture(const BoxLtwh& box, const DetectionPicture& picture);
// OverlapOf in that evaluation: 1e-6 is added to what is divided by.
double CrowdHumanOverlap(const ClippedBox& detection, const ClippedBox& truth, bool is_region);

// Indices of detections by descending score; equal ones stay in the order of the file.
std::vector<int32_t> ByScore(std::span<const DetectedBox> detections);

// All overlaps above 0 of one picture, detection by detection.
class PictureOverlaps {
 public:
  struct Pair {
    int32_t truth = 0;
    double overlap = 0;
  };

  // `order`: the detections that are looked at, best first.
  PictureOverlaps(const DetectionPicture& picture, std::span<const int32_t> order);

  // Of order[k], in the order of the ground truth.
  std::span<const Pair> Of(size_t k) const {
    return std::span(pairs_).subspan(begin_[k], begin_[k + 1] - begin_[k]);
  }
  size_t size() const { return begin_.size() - 1; }

 private:
  std::vector<size_t> begin_{0};
  std::vector<Pair> pairs_;
};

}  // namespace reidbench
