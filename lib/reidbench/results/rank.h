// What `reidbench rank` found: as tables for people, as JSON (kRankSchema) and as tidy CSV.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "reidbench/core/embedding_set.h"
#include "reidbench/features/feature_store.h"
#include "reidbench/reporting/figure.h"
#include "reidbench/reporting/table.h"
#include "reidbench/results/expectation.h"
#include "reidbench/results/json_values.h"
#include "reidbench/retrieval/ranking.h"
#include "reidbench/retrieval/reranking.h"

namespace reidbench {

// Rows of one split over all files, as one matrix.
struct LoadedSplit {
  FeatureMatrix features;  // [n x d]
  std::vector<PersonId> person;
  std::vector<CameraId> camera;
  std::vector<std::string> path;
  // Equal for the same picture, whatever file it is in; empty where paths are.
  std::vector<std::string> picture;
};

struct RerankOutcome {
  RerankOptions options;
  std::optional<double> mean_ap_before;
  std::optional<double> rank1_before;
};

struct RankStageResult {
  std::vector<std::string> files;
  FeatureProvenance provenance;  // of the first file
  RankingOptions options;
  std::optional<ExpansionOptions> expansion;
  LoadedSplit query;  // labels and paths; features are freed
  LoadedSplit gallery;
  std::vector<std::string> skipped;  // corrupt images that the extraction left out
  RankingResult ranking;
  std::optional<RerankOutcome> rerank;
  std::vector<RuleEffect> effects;  // with explain
  std::optional<std::string> versus_file;
  std::optional<PairedScores> versus;  // a = features, b = versus
  std::optional<Expectation> expectation;
  std::optional<ExpectationOutcome> expectation_outcome;
  std::vector<std::string>
      notes;  // what the reader should know: fewer valid queries, other weights than published

  // CMC@k; the last value where the gallery is smaller than k. Nullopt without a valid query.
  std::optional<double> Cmc(int k) const;
};

// Text, Markdown or LaTeX tables: the main one and those that were asked for.
std::string RenderRankTables(const RankStageResult& result, TableFormat format,
                             bool with_camera_pairs);
// mAP, CMC and mINP with their intervals.
Table RankScoresTable(const RankStageResult& result);
// Published numbers against these; `result` must have an outcome.
Table ExpectationTable(const RankStageResult& result);
// One row a metric: metric,value,ci95_low,ci95_high; fractions, empty where undefined.
std::string RenderRankCsv(const RankStageResult& result);
// Fractions in [0, 1], null where undefined; keys in a fixed order.
std::string RenderRankJson(const RankStageResult& result);
// The scores of all queries together, what they were re-ranked from, and the published numbers; not
// what was asked for beside them. Throws Error(kInput) for another document or one that is not
// whole.
RankStageResult RankFromJson(const Json& json, const std::string& place);
// Every query: its AP, first match and nearest gallery images. CSV, or JSON when `json`.
std::string RenderPerQuery(const RankStageResult& result, bool json);
// CMC in percent up to rank 20, or to the longest that was computed.
Figure CmcFigure(const RankStageResult& result);

}  // namespace reidbench
