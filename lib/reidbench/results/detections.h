// What `reidbench score-detections` found: COCO's average precision, miss rates, JI, MODA and what
// is wrong with each detector. As tables, JSON (kDetectionsSchema) and CSV.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "reidbench/detection_metrics/coco_ap.h"
#include "reidbench/detection_metrics/detection_clear.h"
#include "reidbench/detection_metrics/detection_scores.h"
#include "reidbench/detection_metrics/error_kinds.h"
#include "reidbench/detection_metrics/thresholds.h"
#include "reidbench/reporting/table.h"

namespace reidbench {

struct DetectorScore {
  std::string name;
  std::vector<DetectionSummary> sequences;  // in the order of DetectionsResult::sequences
  DetectionSummary combined;                // of all boxes of all sequences, never a mean
  // Of each class, in the order of DetectionsResult::classes, where there are several.
  std::vector<CocoSummary> classes;
  std::vector<DetectionInterval> intervals;  // empty unless asked for
  std::vector<ErrorShare> errors;
  RecallTables recall;
  std::vector<CurvePoint> curve;
  std::optional<BestThreshold> best_f1, best_moda;
  int64_t removed = 0;  // detections on who does not count
  int64_t hidden = 0;   // people who are hidden too much to count
};

// `other` against `best`: value_a is other's, value_b best's.
struct DetectorComparison {
  std::string best;
  std::string other;
  std::vector<DetectionDifference> differences;
};

struct DetectionsResult {
  std::string benchmark;                    // whose rules; "COCO" for COCO's files
  std::vector<std::string> classes;         // that AP is the mean of
  std::optional<std::string> scored_class;  // that all the rest is about; none: there is no such
  DetectionRules rules;
  std::vector<std::string> sequences;
  std::vector<DetectorScore> detectors;  // best AP first
  std::vector<DetectorComparison> comparisons;
  std::vector<std::string> warnings;
};

// A ranked table when there are several detectors; then, of each, the sequences, recall by height,
// visibility and crowding, kinds of errors and best thresholds.
std::string RenderDetectionsTables(const DetectionsResult& result, TableFormat format);
// One row per detector, sequence and metric: fractions, empty where undefined.
std::string RenderDetectionsCsv(const DetectionsResult& result);
std::string RenderDetectionsJson(const DetectionsResult& result);

}  // namespace reidbench
