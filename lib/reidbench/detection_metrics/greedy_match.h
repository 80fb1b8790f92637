// Detections matched one by one, best score first, at one threshold of IoU: what miss rates, the
// MOTChallenge devkit's average precision and curves are made of. Two dialects: Dollar's toolbox
// (bbGt evalRes, also in antonmil/motchallenge-devkit@fb8b935) and CrowdHuman's (APMRToolkits).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "reidbench/detection_metrics/picture.h"

namespace reidbench {

enum class MatchDialect {
  // IoU at least the threshold; of equal ones the later ground truth.
  kCaltech,
  // Boxes clipped to the picture where its size is known, IoU above the threshold with 1e-6 added
  // to the union, of equal ones the earlier ground truth.
  kCrowdHuman,
};

inline constexpr double kMatchThreshold = 0.5;

enum class MatchOutcome : uint8_t {
  kFalse,  // lies on nobody who is free
  kMatched,
  kForgiven,  // lies in a region
};

struct GreedyMatch {
  int32_t detection = 0;  // index into the picture's
  int32_t truth = -1;     // likewise; of kMatched and kForgiven
  MatchOutcome outcome = MatchOutcome::kFalse;
};

// All detections of a picture, best first. Who counts is preferred to regions, which any number of
// detections may lie in.
std::vector<GreedyMatch> MatchGreedily(const DetectionPicture& picture, MatchDialect dialect);

// A detection that counts, for or against.
struct ScoredMatch {
  double score = 0;
  bool is_match = false;
};

// What adds up over pictures.
struct ScoredMatches {
  std::vector<ScoredMatch> rows;  // picture by picture, each best first
  int64_t truth = 0;              // without regions
  int64_t pictures = 0;           // with or without boxes
};

void AddMatches(const DetectionPicture& picture, std::span<const GreedyMatch> matches,
                ScoredMatches* sum);

// The rows of several parts in one order, best first; equal ones as they stand.
ScoredMatches PoolMatches(std::span<const ScoredMatches* const> parts);

}  // namespace reidbench
