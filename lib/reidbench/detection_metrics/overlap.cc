#include "reidbench/detection_metrics/overlap.h"

#include <algorithm>
#include <numeric>

namespace reidbench {

double OverlapOf(const BoxLtwh& detection, const TruthBox& truth) {
  const BoxLtwh& box = truth.box;
  const double width = std::min(detection.left + detection.width, box.left + box.width) -
                       std::max(detection.left, box.left);
  if (!(width > 0)) return 0;
  const double height = std::min(detection.top + detection.height, box.top + box.height) -
                        std::max(detection.top, box.top);
  if (!(height > 0)) return 0;
  const double common = width * height;
  const double own = detection.width * detection.height;
  const double whole = truth.is_region ? own : own + box.width * box.height - common;
  return whole > 0 ? common / whole : 0;
}

ClippedBox ClipToPicture(const BoxLtwh& box, const DetectionPicture& picture) {
  ClippedBox out{box.left, box.top, box.left + box.width, box.top + box.height};
  if (picture.width <= 0 || picture.height <= 0) return out;
  const auto width = static_cast<double>(picture.width);
  const auto height = static_cast<double>(picture.height);
  out.left = std::min(std::max(out.left, 0.0), width - 1);
  out.top = std::min(std::max(out.top, 0.0), height - 1);
  out.right = std::max(std::min(out.right, width), 0.0);
  out.bottom = std::max(std::min(out.bottom, height), 0.0);
  return out;
}

double CrowdHumanOverlap(const ClippedBox& detection, const ClippedBox& truth, bool is_region) {
  constexpr double kSlack = 1e-6;
  const auto area = [](const ClippedBox& box) {
    return (box.right - box.left) * (box.bottom - box.top);
  };
  const double width =
      std::max(0.0, std::min(detection.right, truth.right) - std::max(detection.left, truth.left));
  const double height =
      std::max(0.0, std::min(detection.bottom, truth.bottom) - std::max(detection.top, truth.top));
  const double common = width * height;
  return is_region ? common / (area(detection) + kSlack)
                   : common / (area(detection) + area(truth) - common + kSlack);
}

std::vector<int32_t> ByScore(std::span<const DetectedBox> detections) {
  std::vector<int32_t> order(detections.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
    return detections[static_cast<size_t>(a)].score > detections[static_cast<size_t>(b)].score;
  });
  return order;
}

PictureOverlaps::PictureOverlaps(const DetectionPicture& picture, std::span<const int32_t> order) {
  for (const int32_t d : order) {
    const BoxLtwh& box = picture.detections[static_cast<size_t>(d)].box;
    for (size_t g = 0; g < picture.truth.size(); ++g) {
      const double overlap = OverlapOf(box, picture.truth[g]);
      if (overlap > 0) pairs_.push_back({static_cast<int32_t>(g), overlap});
    }
    begin_.push_back(pairs_.size());
  }
}

}  // namespace reidbench
