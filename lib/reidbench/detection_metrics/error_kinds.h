// What is wrong with a detector: each false positive and each missed person has one kind, after
// TIDE (Bolya et al., ECCV 2020) for a single class, with the matches of greedy_match.h.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "reidbench/detection_metrics/greedy_match.h"
#include "reidbench/detection_metrics/picture.h"

namespace reidbench {

// IoU from which a false positive is about somebody, not background.
inline constexpr double kBackgroundThreshold = 0.1;

enum class DetectionError : uint8_t {
  kNone,
  kDuplicate,     // IoU 0.5 or more with somebody who has a better detection
  kLocalisation,  // IoU 0.1 to 0.5
  kBackground,    // less
  kMissed,        // ground truth without a match, and without a badly placed detection either
};
inline constexpr std::array kDetectionErrors = {DetectionError::kMissed, DetectionError::kDuplicate,
                                                DetectionError::kLocalisation,
                                                DetectionError::kBackground};
std::string_view DetectionErrorName(DetectionError error);

// A detection that counts.
struct ErrorRow {
  double score = 0;
  DetectionError error = DetectionError::kNone;
  // Of kLocalisation: the best one on somebody who has no match: well placed it would be one.
  bool would_match = false;
};

// What adds up over pictures.
struct ErrorCounts {
  std::vector<ErrorRow> rows;  // picture by picture, each best first
  int64_t truth = 0;
  int64_t missed = 0;      // kMissed
  int64_t mislocated = 0;  // ground truth without a match that has a badly placed detection
};

void CountErrors(const DetectionPicture& picture, std::span<const GreedyMatch> matches,
                 ErrorCounts* counts);

struct ErrorShare {
  DetectionError error = DetectionError::kNone;
  int64_t count = 0;
  std::optional<double> share;  // of all errors of the four kinds
  std::optional<double> ap50;   // that would be won if there were none of this kind
};
// In the order of kDetectionErrors.
std::vector<ErrorShare> SummarizeErrors(std::span<const ErrorCounts* const> parts);

}  // namespace reidbench
