#include "reidbench/detection_metrics/thresholds.h"

#include <algorithm>
#include <cstdint>

namespace reidbench {
namespace {

struct PartRow {
  double score = 0;
  bool is_match = false;
  size_t part = 0;
};

double ValueOfCut(ThresholdGoal goal, int64_t tp, int64_t fp, int64_t truth) {
  if (goal == ThresholdGoal::kModa)
    return static_cast<double>(tp - fp) / static_cast<double>(truth);
  return 2 * static_cast<double>(tp) / static_cast<double>(tp + fp + truth);
}

struct Cut {
  double threshold = 0;
  double value = 0;
};

// The best cut for all parts but `without` (the number of parts: for all).
std::optional<Cut> FindCut(const std::vector<PartRow>& rows, int64_t truth, size_t without,
                           ThresholdGoal goal) {
  if (truth <= 0) return std::nullopt;
  std::optional<Cut> best;
  int64_t tp = 0, fp = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].part != without) ++(rows[i].is_match ? tp : fp);
    // Equal scores are kept or dropped together.
    if (i + 1 < rows.size() && rows[i + 1].score == rows[i].score) continue;
    if (tp + fp == 0) continue;
    const double value = ValueOfCut(goal, tp, fp, truth);
    if (!best || value > best->value) best = Cut{rows[i].score, value};
  }
  return best;
}

}  // namespace

std::vector<CurvePoint> PrecisionRecallCurve(const ScoredMatches& pooled) {
  std::vector<CurvePoint> curve;
  if (pooled.truth == 0) return curve;
  int64_t tp = 0;
  int step = 1;
  for (size_t i = 0; i < pooled.rows.size(); ++i) {
    tp += pooled.rows[i].is_match ? 1 : 0;
    // A point is a score that somebody can cut at.
    const bool is_last = i + 1 == pooled.rows.size();
    if (!is_last && pooled.rows[i + 1].score == pooled.rows[i].score) continue;
    const double recall = static_cast<double>(tp) / static_cast<double>(pooled.truth);
    if (recall < step * 0.01 && !is_last) continue;
    while (recall >= step * 0.01) ++step;
    curve.push_back(
        {pooled.rows[i].score, recall, static_cast<double>(tp) / static_cast<double>(i + 1)});
  }
  return curve;
}

std::optional<BestThreshold> FindBestThreshold(std::span<const ScoredMatches* const> parts,
                                               ThresholdGoal goal) {
  std::vector<PartRow> rows;
  int64_t truth = 0;
  for (size_t p = 0; p < parts.size(); ++p) {
    truth += parts[p]->truth;
    for (const ScoredMatch& row : parts[p]->rows) rows.push_back({row.score, row.is_match, p});
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [](const PartRow& a, const PartRow& b) { return a.score > b.score; });
  const std::optional<Cut> all = FindCut(rows, truth, parts.size(), goal);
  if (!all) return std::nullopt;
  BestThreshold best{all->threshold, all->value, std::nullopt};
  if (parts.size() < 2) return best;
  int64_t tp = 0, fp = 0;
  for (size_t p = 0; p < parts.size(); ++p) {
    const std::optional<Cut> others = FindCut(rows, truth - parts[p]->truth, p, goal);
    if (!others) return best;
    for (const ScoredMatch& row : parts[p]->rows) {
      if (row.score >= others->threshold) ++(row.is_match ? tp : fp);
    }
  }
  best.held_out = ValueOfCut(goal, tp, fp, truth);
  return best;
}

}  // namespace reidbench
