// All detection metrics of some pictures: what adds up, the numbers that follow, their names, how
// sure they are, and whether one detector is better than another.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "reidbench/core/better.h"
#include "reidbench/core/statistics.h"
#include "reidbench/detection_metrics/coco_ap.h"
#include "reidbench/detection_metrics/detection_clear.h"
#include "reidbench/detection_metrics/error_kinds.h"
#include "reidbench/detection_metrics/greedy_match.h"
#include "reidbench/detection_metrics/jaccard.h"
#include "reidbench/detection_metrics/picture.h"

namespace reidbench {

struct DetectionRules {
  int max_detections = kCocoMaxDetections;  // of a picture and class, of COCO's AP and AR
  // Detections of a lower score do not count for what has no curve: MODA, MODP, recall, precision
  // and counts. AP, miss rates, JI and thresholds look at all.
  std::optional<double> least_score;
};

// Of the pictures of one video; or of several, added.
struct DetectionCounts {
  std::vector<CocoCounts> coco;  // of each class
  // Of the one class that the rest is about, where there is one.
  ScoredMatches caltech, crowdhuman;
  JaccardCounts jaccard;
  ClearDetectionCounts clear;
  RecallTables recall;
  ErrorCounts errors;
  int64_t removed = 0;  // MotPictures
  int64_t hidden = 0;
};

// Adds a picture to everything but `coco`.
class DetectionCounter {
 public:
  explicit DetectionCounter(const DetectionRules& rules) : rules_(rules) {}
  void Add(const DetectionPicture& picture, DetectionCounts* counts);

 private:
  const DetectionRules rules_;
  DetectionAssigner assigner_;
};

// One class in one video: AP and all the rest.
DetectionCounts CountDetections(std::span<const DetectionPicture> pictures,
                                const DetectionRules& rules);

struct DetectionSummary {
  CocoSummary coco;
  std::optional<double> mr2, mr2_crowdhuman;
  std::optional<JaccardIndex> jaccard;
  std::optional<double> ap_devkit, ap_crowdhuman;
  ClearDetectionCounts clear;
};
// Of all pictures of all parts.
DetectionSummary SummarizeDetections(std::span<const DetectionCounts* const> parts);

// The numbers as data: one row a number.
struct DetectionField {
  enum class Kind {
    kRatio,  // fraction; tables show percent
    kRate,   // quotient or score that is no fraction
    kCount,
  };
  std::string_view name;   // in JSON: "AP50"
  std::string_view title;  // for people
  Kind kind = Kind::kRatio;
  Better better = Better::kHigher;
  bool is_usual = false;  // in the first table
  std::optional<double> (*get)(const DetectionSummary&) = nullptr;
};
std::span<const DetectionField> DetectionFields();
// Throws Error(kUsage) with the nearest name for an unknown one.
const DetectionField& FindDetectionField(std::string_view name);

// The names of what has intervals, in the order of the values below.
inline constexpr std::string_view kResampledFields[] = {"AP",   "AP50", "AP75",   "MR2",      "JI",
                                                        "MODA", "MODP", "recall", "precision"};

struct DetectionInterval {
  std::string_view field;
  std::optional<double> value, low, high;
};
// Videos are drawn with replacement; the scores are recomputed from all their boxes. Without limits
// for fewer than two videos or without resampling. Throws Error(kUsage) for invalid options.
std::vector<DetectionInterval> BootstrapDetections(std::span<const DetectionCounts* const> videos,
                                                   const BootstrapOptions& options);

struct DetectionDifference {
  std::string_view field;
  std::optional<double> value_a, value_b, difference;  // value_b - value_a
  std::optional<double> low, high;                     // the same videos are drawn for both
  // Two-sided permutation test: the detectors change places within videos, in all 2^n ways where
  // these are no more than the resamples.
  std::optional<double> p_value;
};
// Video i of both is the same. Throws Error(kInput) when the numbers differ, Error(kUsage) as
// above.
std::vector<DetectionDifference> CompareDetections(std::span<const DetectionCounts* const> a,
                                                   std::span<const DetectionCounts* const> b,
                                                   const BootstrapOptions& options);

}  // namespace reidbench
