#include "reidbench/detection_metrics/miss_rate.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace reidbench {
namespace {

constexpr int kRates = 9;  // false positives a picture, from 10^-2 to 1

double CaltechMissRate(const ScoredMatches& pooled) {
  const auto pictures = static_cast<double>(pooled.pictures);
  const auto truth = static_cast<double>(pooled.truth);
  double sum = 0;
  size_t at = 0;
  int64_t tp = 0, fp = 0;
  for (int i = 0; i < kRates; ++i) {
    const double rate = std::pow(10.0, -2 + 0.25 * i);
    while (at < pooled.rows.size()) {
      const int64_t next_fp = fp + (pooled.rows[at].is_match ? 0 : 1);
      if (static_cast<double>(next_fp) / pictures > rate) break;
      fp = next_fp;
      tp += pooled.rows[at].is_match ? 1 : 0;
      ++at;
    }
    sum += std::log(std::max(1e-10, 1 - static_cast<double>(tp) / truth));
  }
  return std::exp(sum / kRates);
}

double CrowdHumanMissRate(const ScoredMatches& pooled) {
  // As its program writes them, with four digits.
  static constexpr std::array<double, kRates> kWritten = {0.0100, 0.0178, 0.03160, 0.0562, 0.1000,
                                                          0.1778, 0.3162, 0.5623,  1.000};
  if (pooled.rows.empty()) return 1;
  const auto pictures = static_cast<double>(pooled.pictures);
  const auto truth = static_cast<double>(pooled.truth);
  double sum = 0;
  size_t at = 0;
  int64_t tp = pooled.rows[0].is_match ? 1 : 0;
  int64_t fp = 1 - tp;
  for (const double rate : kWritten) {
    while (static_cast<double>(fp) / pictures < rate && at + 1 < pooled.rows.size()) {
      ++at;
      ++(pooled.rows[at].is_match ? tp : fp);
    }
    sum += std::log(1 - static_cast<double>(tp) / truth);  // of 0: minus infinity, the rate is 0
  }
  return std::exp(sum / kRates);
}

}  // namespace

std::optional<double> MissRate(const ScoredMatches& pooled, MatchDialect dialect) {
  if (pooled.truth == 0 || pooled.pictures == 0) return std::nullopt;
  return dialect == MatchDialect::kCaltech ? CaltechMissRate(pooled) : CrowdHumanMissRate(pooled);
}

std::optional<double> DevkitAveragePrecision(const ScoredMatches& pooled) {
  if (pooled.truth == 0) return std::nullopt;
  constexpr int kPoints = 11;
  double sum = 0;
  size_t at = 0;
  int64_t tp = 0;
  double recall = -1, precision = 0;
  for (int i = 0; i < kPoints; ++i) {
    // MATLAB's 0:.1:1 counts up to the middle and down from the end behind it.
    const double wanted = i <= kPoints / 2 ? i * 0.1 : 1 - (kPoints - 1 - i) * 0.1;
    while (recall < wanted && at < pooled.rows.size()) {
      tp += pooled.rows[at].is_match ? 1 : 0;
      ++at;
      recall = static_cast<double>(tp) / static_cast<double>(pooled.truth);
      precision = static_cast<double>(tp) / static_cast<double>(at);
    }
    if (recall < wanted) break;
    sum += precision;
  }
  return sum / kPoints;
}

std::optional<double> CrowdHumanAveragePrecision(const ScoredMatches& pooled) {
  if (pooled.truth == 0) return std::nullopt;
  double area = 0, last_recall = 0, last_precision = 0;
  int64_t tp = 0;
  for (size_t i = 0; i < pooled.rows.size(); ++i) {
    tp += pooled.rows[i].is_match ? 1 : 0;
    const double recall = static_cast<double>(tp) / static_cast<double>(pooled.truth);
    const double precision = static_cast<double>(tp) / static_cast<double>(i + 1);
    if (i > 0) area += (recall - last_recall) * ((last_precision + precision) / 2);
    last_recall = recall;
    last_precision = precision;
  }
  return area;
}

}  // namespace reidbench
