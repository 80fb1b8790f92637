#include "reidbench/core/error.h"
#include "reidbench/retrieval/ranking.h"

namespace reidbench {
namespace {

std::optional<double> Change(std::optional<double> score, std::optional<double> base) {
  if (!score || !base) return std::nullopt;
  return *score - *base;
}

std::optional<double> Rank1Of(const RankingResult& result) {
  return result.cmc.empty() ? std::nullopt : std::optional(result.cmc.front());
}

}  // namespace

std::vector<RuleEffect> ExplainRules(const RankingInput& input, const RankingOptions& options,
                                     const RankingResult& base, bool with_other_metric) {
  std::vector<RuleEffect> effects;
  const auto add = [&](std::string rule, std::string used_by, const VariantScore& score) {
    effects.push_back({std::move(rule), std::move(used_by), score,
                       Change(score.mean_ap, base.mean_ap), Change(score.rank1, Rank1Of(base))});
  };
  add("AP: step", "torchreid, fast-reid, BoT, TransReID",
      {base.num_valid, base.mean_ap, Rank1Of(base)});
  add("AP: trapezoid", "official Market-1501 code", base.trapezoid);
  add("AP: trapezoid, all queries counted", "layumi", base.layumi);
  add("AP: ties grouped", "open-reid with scikit-learn >= 0.19", base.sklearn_ties_grouped);
  add("AP: MAP@R", "pytorch-metric-learning", base.map_at_r);
  add(fmt::format("AP: map@{}", options.oml_k), "open-metric-learning", base.oml_map_at_k);
  if (options.camera_rule)
    add("images of the query's camera kept", "nobody: too easy", base.no_camera_rule);
  add("distractors (person 0) left out", "nobody: too easy", base.no_distractors);
  if (with_other_metric) {
    RankingOptions other = options;
    other.metric = options.metric == Metric::kEuclidean ? Metric::kCosine : Metric::kEuclidean;
    other.verification = false;
    other.camera_pairs = false;
    other.top_k = 0;
    other.bootstrap.resamples = 0;
    const RankingResult result = Rank(input, other);
    add(fmt::format("metric: {}", MetricName(other.metric)), "see each model's table",
        {result.num_valid, result.mean_ap, Rank1Of(result)});
  }
  return effects;
}

PairedScores CompareRankings(const RankingResult& a, const RankingResult& b,
                             std::span<const PersonId> query_person,
                             const BootstrapOptions& options) {
  if (a.queries.size() != b.queries.size() || a.queries.size() != query_person.size()) {
    ThrowInput(
        "cannot compare rankings of {} and {} queries ({} person ids): both need the same queries",
        a.queries.size(), b.queries.size(), query_person.size());
  }
  std::vector<double> ap_a, ap_b, rank1_a, rank1_b;
  std::vector<PersonId> person;
  for (size_t q = 0; q < a.queries.size(); ++q) {
    const QueryResult& query_a = a.queries[q];
    const QueryResult& query_b = b.queries[q];
    if (query_a.num_positives != query_b.num_positives) {
      ThrowInput(
          "cannot compare rankings: query {} has {} positives in one and {} in the other; rank "
          "both on the same data with the "
          "same rules",
          q, query_a.num_positives, query_b.num_positives);
    }
    if (query_a.status != QueryStatus::kValid) continue;
    ap_a.push_back(query_a.average_precision);
    ap_b.push_back(query_b.average_precision);
    rank1_a.push_back(query_a.rank1);
    rank1_b.push_back(query_b.rank1);
    person.push_back(query_person[q]);
  }
  return {ComparePaired(ap_a, ap_b, person, options),
          ComparePaired(rank1_a, rank1_b, person, options)};
}

}  // namespace reidbench
