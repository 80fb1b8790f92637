// `reidbench rank`: feature files -> ranking, re-ranking, comparison of two models, published
// numbers.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "reidbench/features/feature_store.h"
#include "reidbench/results/rank.h"
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

// Throws Error(kUsage) for files that may not be mixed, Error(kInput) for empty splits and when no
// query is valid (naming the cause and the cameras seen), and what reading and ranking throw. With
// `check_only` files and labels are read, embeddings are not, and nothing is ranked.
RankStageResult RunRank(const RankStageOptions& options, bool check_only = false);

}  // namespace reidbench
