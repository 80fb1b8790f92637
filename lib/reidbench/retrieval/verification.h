// "Are these two images the same person?": error rates of accepting a pair when its distance is at
// most t. Pairs: every (query, gallery) except same person and same camera; genuine = same person;
// rows of person 0 (distractors) make impostor pairs only. Exact counts over all pairs, no
// histogram approximation. (fast-reid's roc.py labels the pairs the wrong way round, fast-reid
// issue 168: its "TPR@FPR" is another quantity.)
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace reidbench {

struct OperatingPoint {
  double max_fpr = 0;              // asked for
  double tpr = 0;                  // share of genuine pairs accepted
  double fpr = 0;                  // share of impostor pairs accepted, <= max_fpr
  std::optional<float> threshold;  // largest distance that occurs and is accepted; nullopt: even
                                   // the nearest is too far
};

struct RocPoint {
  double fpr = 0;
  double tpr = 0;
  float threshold = 0;  // accept when distance <= threshold
};

struct VerificationResult {
  int64_t num_genuine = 0;
  int64_t num_impostor = 0;
  // For 1e-2, 1e-3, 1e-4 in this order; nullopt where max_fpr * num_impostor < 1 (not resolvable)
  // or a class of pairs is empty.
  std::vector<double> fpr_levels;
  std::vector<std::optional<OperatingPoint>> tpr_at_fpr;
  // Where FPR and 1 - TPR are nearest among the distances that occur; the rate is their mean.
  std::optional<double> eer;
  std::optional<float> eer_threshold;
  // |mean impostor - mean genuine| / sqrt((variance impostor + variance genuine) / 2)
  std::optional<double> d_prime;
  // "Which threshold means same person?": the point of FPR <= 1e-3, at which one in a thousand
  // pairs of strangers is accepted; nullopt when that is not resolvable or accepts nothing.
  std::optional<OperatingPoint> recommended;
  // Exact points of the curve, FPR ascending, at most about 200: log-spaced below 1 %, even in
  // distance above.
  std::vector<RocPoint> roc;
};

}  // namespace reidbench
