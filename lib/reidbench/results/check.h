// What `reidbench check` found: tables and JSON (kCheckSchema).
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "reidbench/core/finding.h"
#include "reidbench/datasets/audit.h"
#include "reidbench/datasets/reid_dataset.h"
#include "reidbench/networks/summary.h"
#include "reidbench/reporting/table.h"

namespace reidbench {

// What the boxes of one file, or of several added up, look like. In ground truth only those count
// that the benchmark scores: a mark other than 0 and a scored class. Published figures (boxes,
// tracks, density) mean these.
struct MotBoxStatistics {
  int64_t frames = 0;
  int64_t frames_with_boxes = 0;
  int64_t boxes = 0;
  int64_t boxes_not_scored = 0;  // ground truth: marked 0 or of another class
  int64_t most_boxes_in_a_frame = 0;
  int64_t overlapped_boxes = 0;        // IoU > 0.3 with another of these boxes in the same frame
  bool has_identities = false;         // ground truth and results
  std::vector<int64_t> track_lengths;  // frames with a box, one per identity, ascending
  int64_t boxes_with_visibility = 0;   // ground truth that states it
  int64_t boxes_half_hidden = 0;       // of these, visibility < 0.5
  double visibility_sum = 0;
  std::optional<double> lowest_score;  // results and detections
  std::optional<double> highest_score;

  // Shares are 0..1; nothing where there is nothing to divide by.
  std::optional<int64_t> ids() const;  // not of detections
  std::optional<double> median_track_length() const;
  std::optional<double> boxes_per_frame() const;
  std::optional<double> overlapped() const;
  std::optional<double> mean_visibility() const;
  std::optional<double> half_hidden() const;

  MotBoxStatistics& operator+=(const MotBoxStatistics& other);
};

struct MotFileSummary {
  std::string tracker;   // of results; empty otherwise
  std::string sequence;  // the file's name where no folder tells
  std::filesystem::path path;
  MotBoxStatistics boxes;
};

struct MotCheckResult {
  std::string benchmark;
  std::vector<MotFileSummary> ground_truth;
  std::vector<MotFileSummary> tracks;  // tracker by tracker
  std::vector<MotFileSummary> detections;
  std::vector<Finding> findings;
};

struct ZonesCheckResult {
  std::string path;
  int64_t lines = 0;
  int64_t zones = 0;
  std::vector<Finding> findings;
};

struct SiteCheckCamera {
  std::string name;
  int64_t boxes = 0;
  int64_t ids = 0;
  bool calibrated = false;
  // Foot points by the calibration against places that the files say.
  std::optional<double> median_m, median_px, scale;
  std::optional<double> beyond_horizon;  // share of foot points at or near the horizon
  std::optional<double> clock_shift_s;   // against what is told; nullopt where nothing shows it
};

// Two cameras that show the same ground.
struct SiteCheckPair {
  std::string first, second;
  bool agree = false;
  double clock_shift_s = 0;  // to be added to the second camera's times
  double median_m = 0;       // between places of one person
  double scale = 1;          // distances of the second against those of the first
};

struct SiteCheckResult {
  std::string name;
  bool by_truth = false;  // ground truth was looked at, otherwise results
  std::vector<SiteCheckCamera> cameras;
  std::vector<SiteCheckPair> pairs;
  std::vector<Finding> findings;
};

struct CheckResult {
  std::optional<ReidDataset> dataset;
  std::optional<ReidAudit> audit;
  std::optional<WeightsSummary> weights;
  std::optional<MotCheckResult> mot;
  std::optional<ZonesCheckResult> zones;
  std::optional<SiteCheckResult> site;

  // Of everything that was checked, in the order of the members.
  std::vector<Finding> findings() const;
  bool ok() const { return !HasProblem(findings()); }
};

// Of a weights file: all of them notes.
std::vector<Finding> WeightsFindings(const WeightsSummary& weights);

std::string RenderCheckTables(const CheckResult& result, TableFormat format);
std::string RenderCheckJson(const CheckResult& result);

}  // namespace reidbench
