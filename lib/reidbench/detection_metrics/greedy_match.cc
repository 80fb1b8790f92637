#include "reidbench/detection_metrics/greedy_match.h"

#include <algorithm>

#include "reidbench/detection_metrics/overlap.h"

namespace reidbench {
namespace {

std::vector<GreedyMatch> MatchLikeCaltech(const DetectionPicture& picture,
                                          const std::vector<int32_t>& order) {
  const PictureOverlaps overlaps(picture, order);
  std::vector<bool> is_taken(picture.truth.size(), false);
  std::vector<GreedyMatch> out;
  out.reserve(order.size());
  for (size_t k = 0; k < order.size(); ++k) {
    GreedyMatch match{order[k], -1, MatchOutcome::kFalse};
    double most = kMatchThreshold;
    for (const PictureOverlaps::Pair& pair : overlaps.Of(k)) {
      const auto g = static_cast<size_t>(pair.truth);
      if (picture.truth[g].is_region || is_taken[g] || pair.overlap < most) continue;
      most = pair.overlap;
      match = {order[k], pair.truth, MatchOutcome::kMatched};
    }
    if (match.outcome == MatchOutcome::kMatched) {
      is_taken[static_cast<size_t>(match.truth)] = true;
    } else {
      for (const PictureOverlaps::Pair& pair : overlaps.Of(k)) {
        if (!picture.truth[static_cast<size_t>(pair.truth)].is_region ||
            pair.overlap < kMatchThreshold)
          continue;
        match = {order[k], pair.truth, MatchOutcome::kForgiven};
        break;
      }
    }
    out.push_back(match);
  }
  return out;
}

std::vector<GreedyMatch> MatchLikeCrowdHuman(const DetectionPicture& picture,
                                             const std::vector<int32_t>& order) {
  std::vector<ClippedBox> truth;
  truth.reserve(picture.truth.size());
  for (const TruthBox& box : picture.truth) truth.push_back(ClipToPicture(box.box, picture));
  std::vector<bool> is_taken(truth.size(), false);
  std::vector<GreedyMatch> out;
  out.reserve(order.size());
  for (const int32_t d : order) {
    const ClippedBox box = ClipToPicture(picture.detections[static_cast<size_t>(d)].box, picture);
    GreedyMatch match{d, -1, MatchOutcome::kFalse};
    for (const bool regions : {false, true}) {
      double most = kMatchThreshold;
      for (size_t g = 0; g < truth.size(); ++g) {
        if (picture.truth[g].is_region != regions || is_taken[g]) continue;
        const double overlap = CrowdHumanOverlap(box, truth[g], regions);
        if (!(overlap > most)) continue;
        most = overlap;
        match = {d, static_cast<int32_t>(g),
                 regions ? MatchOutcome::kForgiven : MatchOutcome::kMatched};
        if (regions) break;
      }
      if (match.truth >= 0) break;
    }
    if (match.outcome == MatchOutcome::kMatched) is_taken[static_cast<size_t>(match.truth)] = true;
    out.push_back(match);
  }
  return out;
}

}  // namespace

std::vector<GreedyMatch> MatchGreedily(const DetectionPicture& picture, MatchDialect dialect) {
  const std::vector<int32_t> order = ByScore(picture.detections);
  return dialect == MatchDialect::kCaltech ? MatchLikeCaltech(picture, order)
                                           : MatchLikeCrowdHuman(picture, order);
}

void AddMatches(const DetectionPicture& picture, std::span<const GreedyMatch> matches,
                ScoredMatches* sum) {
  ++sum->pictures;
  sum->truth += std::count_if(picture.truth.begin(), picture.truth.end(),
                              [](const TruthBox& box) { return !box.is_region; });
  for (const GreedyMatch& match : matches) {
    if (match.outcome == MatchOutcome::kForgiven) continue;
    sum->rows.push_back({picture.detections[static_cast<size_t>(match.detection)].score,
                         match.outcome == MatchOutcome::kMatched});
  }
}

ScoredMatches PoolMatches(std::span<const ScoredMatches* const> parts) {
  ScoredMatches out;
  size_t rows = 0;
  for (const ScoredMatches* part : parts) rows += part->rows.size();
  out.rows.reserve(rows);
  for (const ScoredMatches* part : parts) {
    out.rows.insert(out.rows.end(), part->rows.begin(), part->rows.end());
    out.truth += part->truth;
    out.pictures += part->pictures;
  }
  std::stable_sort(out.rows.begin(), out.rows.end(),
                   [](const ScoredMatch& a, const ScoredMatch& b) { return a.score > b.score; });
  return out;
}

}  // namespace reidbench
