// `reidbench rank`: feature files -> ranking, re-ranking, comparison of two models, published
// numbers.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "reidbench/core/embedding_set.h"
#include "reidbench/features/feature_store.h"
#include "reidbench/results/expectation.h"
#include "reidbench/retrieval/ranking.h"
#include "reidbench/retrieval/reranking.h"

namespace reidbench {

struct RankStageOptions {
  std::vector<std::filesystem::path> features;  // several files are ranked as one set
  std::filesystem::path versus;                 // a second model's features of the same images
  bool allow_mixed = false;  // rank files of different provenance together all the same
  Split query_split = Split::kQuery;
  Split gallery_split = Split::kGallery;
  RankingOptions ranking;
  std::optional<RerankOptions> rerank;        // its metric is taken from `ranking`
  std::optional<ExpansionOptions> expansion;  // alpha query expansion, before everything else
  bool explain = false;
  std::filesystem::path expect;
};

// Rows of one split over all files, as one matrix.
struct LoadedSplit {
  FeatureMatrix features;  // [n x d]
  std::vector<PersonId> person;
  std::vector<CameraId> camera;
  std::vector<std::string> path;
};

struct RerankOutcome {
  RerankOptions options;
  std::optional<double> mean_ap_before;
  std::optional<double> rank1_before;
};

struct RankStageResult {
  std::vector<std::string> files;
  FeatureProvenance provenance;  // of the first file
  RankStageOptions options;
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

// Throws Error(kUsage) for files that may not be mixed, Error(kInput) for empty splits and when no
// query is valid (naming the cause and the cameras seen), and what reading and ranking throw. With
// `check_only` files and labels are read, embeddings are not, and nothing is ranked.
RankStageResult RunRank(const RankStageOptions& options, bool check_only = false);

}  // namespace reidbench
