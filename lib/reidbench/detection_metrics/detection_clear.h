// Detections and ground truth matched as a whole, whatever the scores: true and false positives,
// MODA and MODP as the MOTChallenge devkit (antonmil/motchallenge-devkit@fb8b935, CLEAR_MOD_HUN)
// counts them; and recall among people who are small, hidden or in crowds.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "reidbench/detection_metrics/picture.h"
#include "reidbench/matching/assignment.h"

namespace reidbench {

struct ClearDetectionCounts {
  int64_t tp = 0;
  int64_t fp = 0;
  int64_t fn = 0;
  int64_t pictures = 0;
  double overlap_sum = 0;  // IoU of the true positives

  ClearDetectionCounts& operator+=(const ClearDetectionCounts& other);

  int64_t truth() const { return tp + fn; }
  // nullopt where there is nothing to divide by.
  std::optional<double> recall() const;
  std::optional<double> precision() const;
  std::optional<double> f1() const;
  std::optional<double> moda() const;  // 1 - (FN + FP) / ground truth: below 0 for many FP
  std::optional<double> modp() const;  // mean IoU of the true positives
  std::optional<double> false_per_picture() const;
};

inline constexpr double kDetectionThreshold = 0.5;

// One-to-one pairs of at least some IoU (as the devkit compares them: by 1 - IoU) with the largest
// sum; scipy's choice among equal ones. Keeps buffers: one a thread.
class DetectionAssigner {
 public:
  // The detection of each ground truth box, kUnassigned where there is none.
  std::vector<int32_t> Assign(std::span<const BoxLtwh> truth, std::span<const BoxLtwh> detections,
                              double least = kDetectionThreshold);

 private:
  SparseAssigner assigner_;
};

// The ground truth of one kind, how much of it, and how much of that was found.
struct RecallBin {
  int64_t truth = 0;
  int64_t found = 0;
};
// Bins of each way to look at people.
inline constexpr std::array<std::string_view, 5> kHeightBins = {
    "< 50 px", "50 .. 100 px", "100 .. 200 px", "200 .. 400 px", ">= 400 px"};
inline constexpr std::array<std::string_view, 5> kVisibilityBins = {
    "< 0.25", "0.25 .. 0.5", "0.5 .. 0.75", "0.75 .. 1", "1"};
// The largest IoU with another person.
inline constexpr std::array<std::string_view, 4> kCrowdingBins = {"0", "< 0.25", "0.25 .. 0.5",
                                                                  ">= 0.5"};
struct RecallTables {
  std::array<RecallBin, kHeightBins.size()> height{};
  std::array<RecallBin, kVisibilityBins.size()> visibility{};  // of those that state it
  std::array<RecallBin, kCrowdingBins.size()> crowding{};

  RecallTables& operator+=(const RecallTables& other);
};

// Adds a picture; a detection that is matched with nobody and lies in a region by half of its area
// or more does not count.
void CountClear(const DetectionPicture& picture, DetectionAssigner* assigner,
                ClearDetectionCounts* counts, RecallTables* tables);

}  // namespace reidbench
