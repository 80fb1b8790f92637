#include "reidbench/retrieval/ranking_scores.h"

#include <algorithm>

namespace reidbench {
namespace {

// Mean over positives of (hits so far) / rank; ranks ascending.
double StepAp(std::span<const int64_t> ranks) {
  double sum = 0;
  for (size_t k = 0; k < ranks.size(); ++k)
    sum += static_cast<double>(k + 1) / static_cast<double>(ranks[k]);
  return sum / static_cast<double>(ranks.size());
}

// Area under the precision-recall curve by trapezoids, precision before the first image being 1.
double TrapezoidAp(std::span<const int64_t> ranks) {
  double sum = 0;
  for (size_t k = 0; k < ranks.size(); ++k) {
    const double precision = static_cast<double>(k + 1) / static_cast<double>(ranks[k]);
    const double before =
        ranks[k] == 1 ? 1 : static_cast<double>(k) / static_cast<double>(ranks[k] - 1);
    sum += (precision + before) / 2;
  }
  return sum / static_cast<double>(ranks.size());
}

// Musgrave et al., "A Metric Learning Reality Check", ECCV 2020: only the first R ranks count, R =
// number of positives.
double MapAtR(std::span<const int64_t> ranks) {
  double sum = 0;
  for (size_t k = 0; k < ranks.size() && ranks[k] <= static_cast<int64_t>(ranks.size()); ++k) {
    sum += static_cast<double>(k + 1) / static_cast<double>(ranks[k]);
  }
  return sum / static_cast<double>(ranks.size());
}

// OML divides by the hits inside the first `limit` ranks.
double OmlMapAtK(std::span<const int64_t> ranks, int64_t limit) {
  double sum = 0;
  int64_t hits = 0;
  while (hits < static_cast<int64_t>(ranks.size()) && ranks[static_cast<size_t>(hits)] <= limit) {
    sum += static_cast<double>(hits + 1) / static_cast<double>(ranks[static_cast<size_t>(hits)]);
    ++hits;
  }
  return hits == 0 ? 0 : sum / static_cast<double>(hits);
}

}  // namespace

VariantScore ScoreBoard::Sum::Mean(int64_t divisor) const {
  VariantScore score;
  score.num_queries = divisor;
  if (divisor > 0) {
    score.mean_ap = ap / static_cast<double>(divisor);
    score.rank1 = rank1 / static_cast<double>(divisor);
  }
  return score;
}

ScoreBoard::ScoreBoard(const RankingOptions& options, int64_t num_gallery)
    : options_(options),
      single_shot_(options.protocol == Protocol::kCuhk03 ||
                   options.protocol == Protocol::kCuhk03SeparateCameras),
      cmc_(static_cast<size_t>(std::min<int64_t>(options.max_rank, num_gallery))) {}

void ScoreBoard::AddQuery(std::span<const Match> matches, bool query_is_distractor,
                          CameraId query_camera, std::span<const CameraId> gallery_cameras,
                          QueryResult* result) {
  ++queries_;
  std::vector<int64_t> all;   // ranks of all of the person's images, camera rule off
  std::vector<int64_t> kept;  // ranks of the positives
  std::vector<int64_t> best, worst;
  std::vector<int64_t> without_distractors;
  double sklearn = 0;
  for (size_t m = 0; m < matches.size(); ++m) {
    const Match& match = matches[m];
    if (match.own) continue;
    const int64_t ahead = int64_t{match.ahead[0]} + match.ahead[1];
    const int64_t nearer = int64_t{match.nearer[0]} + match.nearer[1];
    const int64_t tied = int64_t{match.tied[0]} + match.tied[1];
    all.push_back(ahead + static_cast<int64_t>(all.size()) + 1);
    if (match.dropped) continue;
    const int64_t hits = static_cast<int64_t>(kept.size()) + 1;
    kept.push_back(ahead + hits);
    best.push_back(nearer + hits);
    worst.push_back(nearer + tied + hits);
    without_distractors.push_back(match.ahead[0] + hits);
    tied_positives_ += tied > 0;
    // All positives at this distance enter at once.
    int64_t hits_here = hits;
    for (size_t next = m + 1; next < matches.size() && matches[next].distance == match.distance;
         ++next) {
      hits_here += !matches[next].dropped;
    }
    sklearn += static_cast<double>(hits_here) / static_cast<double>(hits_here + nearer + tied);
  }
  if (!all.empty()) no_camera_rule_.Add(StepAp(all), all.front() == 1);
  result->num_positives = static_cast<int64_t>(kept.size());
  if (kept.empty()) {
    result->status = all.empty() ? QueryStatus::kNoPositive : QueryStatus::kSameCameraOnly;
    return;
  }
  const bool hit = kept.front() == 1;
  result->status = QueryStatus::kValid;
  result->first_match_rank = kept.front();
  result->last_match_rank = kept.back();
  result->average_precision = StepAp(kept);
  step_.Add(result->average_precision, hit);
  trapezoid_.Add(TrapezoidAp(kept), hit);
  sklearn_.Add(sklearn / static_cast<double>(kept.size()), hit);
  map_at_r_.Add(MapAtR(kept), hit);
  oml_.Add(OmlMapAtK(kept, options_.oml_k), hit);
  best_.Add(StepAp(best), best.front() == 1);
  worst_.Add(StepAp(worst), worst.front() == 1);
  if (!query_is_distractor)
    no_distractors_.Add(StepAp(without_distractors), without_distractors.front() == 1);
  inp_ += static_cast<double>(kept.size()) / static_cast<double>(kept.back());

  const auto add_to_cmc = [&](int64_t rank, double share) {
    if (rank <= static_cast<int64_t>(cmc_.size())) cmc_[static_cast<size_t>(rank - 1)] += share;
  };
  if (options_.protocol == Protocol::kMarket1501) {
    add_to_cmc(kept.front(), 1);
    result->rank1 = hit;
  } else if (options_.protocol == Protocol::kAllshots) {
    const double share = 1 / static_cast<double>(kept.size());
    for (size_t k = 0; k < kept.size(); ++k) {
      const int64_t rank = kept[k] - static_cast<int64_t>(k);
      add_to_cmc(rank, share);
      if (rank == 1) result->rank1 += share;
    }
  }

  if (options_.camera_pairs && !gallery_cameras.empty()) {
    std::map<int32_t, std::vector<int64_t>> by_camera;
    for (const Match& match : matches) {
      if (match.dropped) continue;
      std::vector<int64_t>& ranks = by_camera[match.camera];
      ranks.push_back(match.ahead_in_camera + static_cast<int64_t>(ranks.size()) + 1);
    }
    for (const auto& [camera, ranks] : by_camera) {
      camera_pairs_[{query_camera, gallery_cameras[static_cast<size_t>(camera)]}].Add(
          StepAp(ranks), ranks.front() == 1);
    }
  }
}

void ScoreBoard::AddSingleShot(std::span<const double> cmc) {
  for (size_t k = 0; k < cmc_.size() && k < cmc.size(); ++k)
    cmc_[k] += cmc[k] - (k == 0 ? 0 : cmc[k - 1]);
}

void ScoreBoard::Finish(std::span<const PersonId> query_person, RankingResult* result) const {
  result->num_valid = step_.queries;
  for (const QueryResult& query : result->queries) {
    result->num_no_positive += query.status == QueryStatus::kNoPositive;
    result->num_same_camera_only += query.status == QueryStatus::kSameCameraOnly;
  }
  const int64_t valid = step_.queries;
  result->trapezoid = trapezoid_.Mean(valid);
  result->layumi = trapezoid_.Mean(queries_);
  result->sklearn_ties_grouped = sklearn_.Mean(valid);
  result->map_at_r = map_at_r_.Mean(valid);
  result->oml_map_at_k = oml_.Mean(valid);
  result->no_camera_rule = no_camera_rule_.Mean(no_camera_rule_.queries);
  result->no_distractors = no_distractors_.Mean(no_distractors_.queries);
  for (const auto& [cameras, sum] : camera_pairs_) {
    const VariantScore mean = sum.Mean(sum.queries);
    result->camera_pairs.push_back(
        {cameras.first, cameras.second, sum.queries, mean.mean_ap, mean.rank1});
  }
  if (valid == 0) return;
  result->mean_ap = step_.Mean(valid).mean_ap;
  result->mean_inp = inp_ / static_cast<double>(valid);
  result->mean_ap_best = best_.Mean(valid).mean_ap;
  result->mean_ap_worst = worst_.Mean(valid).mean_ap;
  result->rank1_best = best_.Mean(valid).rank1;
  result->rank1_worst = worst_.Mean(valid).rank1;
  result->num_tied_positives = tied_positives_;
  double total = 0;
  for (const double added : cmc_) {
    total += added;
    // Shares like 1/3 + 1/3 + 1/3 may sum to a little more than the whole.
    result->cmc.push_back(std::min(total / static_cast<double>(valid), 1.0));
  }

  std::vector<PersonId> person;
  std::vector<double> ap, rank1, inp;
  for (size_t q = 0; q < result->queries.size(); ++q) {
    const QueryResult& query = result->queries[q];
    if (query.status != QueryStatus::kValid) continue;
    person.push_back(query_person[q]);
    ap.push_back(query.average_precision);
    rank1.push_back(query.rank1);
    inp.push_back(static_cast<double>(query.num_positives) /
                  static_cast<double>(query.last_match_rank));
  }
  result->mean_ap_interval = BootstrapMean(ap, person, options_.bootstrap);
  result->rank1_interval = BootstrapMean(rank1, person, options_.bootstrap);
  result->mean_inp_interval = BootstrapMean(inp, person, options_.bootstrap);
}

}  // namespace reidbench
