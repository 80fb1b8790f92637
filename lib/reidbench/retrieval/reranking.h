// k-reciprocal re-ranking (Zhong et al., "Re-ranking Person Re-identification with k-reciprocal
// Encoding", CVPR 2017) in sparse form: exact, O(N k) memory instead of six N x N matrices; and
// alpha query expansion (Radenovic et al., 2018, as fast-reid has it). Numbers agree with the named
// programs, including where they differ from the paper.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "reidbench/core/embedding_set.h"
#include "reidbench/retrieval/distance.h"

namespace reidbench {

// Which program's distances, neighbour counts and weights.
enum class RerankDialect {
  kZhong,      // the paper: squared distance / row maximum
  kBot,        // BoT, TransReID: as kZhong, in half precision
  kTorchreid,  // squares the already squared distance again; with cosine also layumi's
  kFastreid,   // fast-reid, OpenUnReID: k1 (not k1 + 1) neighbours, softmax weights, no
               // normalisation, raw distance mixed in
};
std::string_view RerankDialectName(
    RerankDialect dialect);  // "zhong", "bot", "torchreid", "fastreid"
std::optional<RerankDialect> ParseRerankDialect(std::string_view name);

struct RerankOptions {
  RerankDialect dialect = RerankDialect::kZhong;
  Metric metric = Metric::kEuclidean;
  int k1 = 20;          // neighbours that must be reciprocal, >= 1
  int k2 = 6;           // neighbours averaged (local query expansion), >= 1; 1 = none
  double lambda = 0.3;  // share of the original distance, in [0, 1]

  std::vector<std::string> Validate() const;
};

// Final distances (1 - lambda) * Jaccard + lambda * original, made row by row from sparse codes:
// pass it to Rank(). Features must outlive it. Neighbours at equal distance are ordered by row,
// queries first. Throws Error(kConfig) for options that do not validate, Error(kInput) as
// FeatureDistances.
// Copies of a picture (`first_of_picture`, retrieval/pictures.h) are one node of the graph.
std::unique_ptr<DistanceSource> MakeRerankedDistances(
    FeatureView query, FeatureView gallery, const RerankOptions& options,
    std::span<const int32_t> first_of_picture = {});

// All distances between the rows of query and gallery in three parts: [q x g], [q x q], [g x g].
// The square ones are read as symmetric.
struct DistanceParts {
  FeatureView query_gallery;
  FeatureView query_query;
  FeatureView gallery_gallery;
};

// The same from distances that somebody else computed, which must outlive the result and enter as
// they are: the dialect `kTorchreid` squares them, `kZhong` does not; options.metric is not looked
// at. Throws besides Error(kInput) for shapes that do not fit, NaN and infinity.
std::unique_ptr<DistanceSource> MakeRerankedDistances(const DistanceParts& distances,
                                                      const RerankOptions& options);

// Alpha query expansion over query and gallery together: each row becomes the mean over its
// `neighbors` nearest rows by cosine (itself included) of row * cos^alpha, not normalised
// afterwards.
struct ExpansionOptions {
  int neighbors = 5;  // >= 1, capped at the number of rows
  double alpha = 3;   // >= 0; negative cosines count as 0 when alpha is not a whole number
  int rounds = 1;     // >= 1

  std::vector<std::string> Validate() const;
};
struct ExpandedFeatures {
  FeatureMatrix query;
  FeatureMatrix gallery;
};
// Copies of a picture are no neighbours (as above).
ExpandedFeatures ExpandFeatures(FeatureView query, FeatureView gallery,
                                const ExpansionOptions& options,
                                std::span<const int32_t> first_of_picture = {});

}  // namespace reidbench
