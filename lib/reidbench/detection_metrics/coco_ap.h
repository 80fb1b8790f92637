// COCO's average precision and recall of boxes, by the rules of pycocotools
// (cocodataset/cocoapi@8c9bcc3, cocoeval.py): ten thresholds of IoU from 0.5 to 0.95, precision at
// 101 recalls under its envelope, the best detections of each picture, ranges of area in which
// others are ignored, crowds that forgive.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "reidbench/detection_metrics/picture.h"

namespace reidbench {

inline constexpr int kCocoThresholds = 10;
inline constexpr int kCocoRecalls = 101;
// All areas; up to 32^2; from there up to 96^2; from there on, in square pixels.
inline constexpr int kCocoAreas = 4;
// COCO's usual number of detections of a picture and class.
inline constexpr int kCocoMaxDetections = 100;

const std::array<double, kCocoThresholds>& CocoThresholds();

// The mean of the precisions at COCO's 101 recalls, of points in the order of falling scores:
// precision is made monotone from the right, and each recall takes the first point that reaches it,
// or 0. `precision` is overwritten.
double MeanUnderEnvelope(std::span<const double> recall, std::vector<double>* precision);

// One detection: what became of it in every range of area (bit t: at threshold t).
struct CocoRow {
  double score = 0;
  int32_t rank = 0;  // in its picture, from 0
  std::array<uint16_t, kCocoAreas> matched{};
  std::array<uint16_t, kCocoAreas> ignored{};
};

// Of some pictures and one class; what adds up.
struct CocoCounts {
  std::vector<CocoRow> rows;                // picture by picture, each best first
  std::array<int64_t, kCocoAreas> truth{};  // that is not ignored
  int64_t left_out = 0;                     // detections beyond the best of their picture
  int64_t crowded_pictures = 0;             // that have such
};

// Adds a picture. Of equal overlaps the later ground truth is taken; ground truth that is ignored
// only where no other fits, and a region again and again.
void CountCoco(const DetectionPicture& picture, int max_detections, CocoCounts* counts);

// Fractions; nullopt without ground truth in the range (pycocotools says -1).
struct CocoSummary {
  std::optional<double> ap, ap50, ap75, ap_small, ap_medium, ap_large;
  std::optional<double> ar_1, ar_10, ar, ar_small, ar_medium, ar_large;  // ar: of all that count
};

// The detections of several parts (videos) in one order by score; equal ones in the order of the
// parts and of their rows, as pycocotools' stable sort over ascending image ids has them.
class CocoPool {
 public:
  // What `parts` point to must outlive the pool.
  explicit CocoPool(std::vector<const CocoCounts*> parts);

  CocoSummary Summarize() const;
  // As if part p were there times[p] times: of a resample. Only ap, ap50 and ap75 are set.
  CocoSummary SummarizeTimes(std::span<const int> times) const;

 private:
  struct Place {
    const CocoRow* row;
    uint32_t part;
  };
  std::optional<double> Precision(int area, int threshold, std::span<const int> times) const;
  std::optional<double> Recall(int area, int32_t most) const;
  int64_t Truth(int area, std::span<const int> times) const;

  std::vector<Place> sorted_;
  std::vector<const CocoCounts*> parts_;
};

// Of several classes: the mean over those that have a value.
CocoSummary MeanOverClasses(std::span<const CocoSummary> classes);

}  // namespace reidbench
