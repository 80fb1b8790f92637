// Ranks a gallery for every query and scores it: CMC, mAP, mINP, verification, per-query results,
// per-camera-pair tables and the rules of other programs, exactly and in one streaming pass over
// distance tiles (no distance matrix, no sort). Numbers agree with torchreid f8cd150 (Zheng et al.,
// "Scalable Person Re-identification", ICCV 2015; mINP: Ye et al., 2021), and per dialect with the
// official MATLAB code, fast-reid, layumi, open-reid, OML and pytorch-metric-learning.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "reidbench/core/embedding_set.h"
#include "reidbench/core/ids.h"
#include "reidbench/retrieval/distance.h"
#include "reidbench/retrieval/statistics.h"
#include "reidbench/retrieval/verification.h"

namespace reidbench {

// What counts as a hit. All drop gallery images of the query's person and camera (the camera rule).
enum class Protocol {
  kMarket1501,  // CMC from the first hit on
  kAllshots,    // open-reid "allshots": each of the n hits adds 1/n at (rank - earlier hits)
  kCuhk03,      // torchreid "cuhk03": single-shot CMC, one image per gallery person
  kCuhk03SeparateCameras,  // open-reid "cuhk03": as kCuhk03, and the query's whole camera is
                           // dropped from the CMC's gallery
};
std::string_view ProtocolName(
    Protocol protocol);  // "market1501", "allshots", "cuhk03", "cuhk03-separate-cameras"
std::optional<Protocol> ParseProtocol(std::string_view name);

// Labels and features of what is ranked. Views: nothing is copied, the caller keeps the data alive.
// Person 0 = distractor (ranked, never a query's match unless the query is 0 too); gallery rows of
// person < 0 are junk and left out.
struct RankingInput {
  FeatureView query;                         // [q x d]
  FeatureView gallery;                       // [g x d]
  std::span<const PersonId> query_person;    // q entries
  std::span<const PersonId> gallery_person;  // g entries
  std::span<const CameraId> query_camera;    // q entries; empty only with camera_rule = false
  std::span<const CameraId> gallery_camera;  // g entries; likewise
  // Numbers of pictures (retrieval/pictures.h): a query's own picture in the gallery is left out of
  // everything. Empty where no picture is in both.
  std::span<const int32_t> query_picture = {};    // q entries
  std::span<const int32_t> gallery_picture = {};  // g entries
};

struct RankingOptions {
  Metric metric = Metric::kEuclidean;
  Protocol protocol = Protocol::kMarket1501;
  bool camera_rule =
      true;  // false: keep gallery images of the query's own camera (not what papers report)
  int max_rank = 50;  // length of the CMC; shorter when fewer gallery rows
  int top_k = 0;      // gallery rows to list per query
  int oml_k = 5;      // k of OML's map@k
  bool verification = true;
  bool camera_pairs = true;  // per-camera-pair table
  int single_shot_repeats =
      0;  // kCuhk03*: 0 = exact expectation, else mean of so many seeded draws (torchreid: 10)
  BootstrapOptions
      bootstrap;  // of mAP, rank-1 and mINP; its seed also drives the single-shot draws
  // Gallery images of the queries' own persons whose counts are held at once, about 50 bytes each;
  // a set with more is ranked in several passes over the gallery. Does not change results.
  int64_t max_matches = int64_t{2} << 20;

  std::vector<std::string> Validate() const;
};

enum class QueryStatus : uint8_t {
  kValid,
  kNoPositive,      // the person is not in the gallery at all
  kSameCameraOnly,  // all images of the person are of the query's own camera
};

struct RankedImage {
  int64_t gallery_row = 0;
  float distance = 0;
};

struct QueryResult {
  QueryStatus status = QueryStatus::kValid;
  int64_t num_positives = 0;
  int64_t first_match_rank =
      0;  // 1-based among the gallery without dropped images; 0 = invalid query
  int64_t last_match_rank = 0;  // of the hardest positive
  double rank1 = 0;  // this query's share of CMC@1 under the protocol: 0 or 1, or a probability
  double average_precision = 0;  // step AP; 0 = invalid query
  std::vector<RankedImage> top;  // top_k nearest, dropped images left out, by (distance, gallery
                                 // row); invalid queries too
};

// Of gallery images of one camera, for queries of one camera. Queries without a positive there are
// not counted.
struct CameraPairScore {
  CameraId query_camera{0};
  CameraId gallery_camera{0};
  int64_t num_queries = 0;
  std::optional<double> mean_ap;
  std::optional<double> rank1;
};

// mAP and rank-1 under another rule, on the same distances.
struct VariantScore {
  int64_t num_queries = 0;
  std::optional<double> mean_ap;
  std::optional<double> rank1;
};

// All in [0, 1]. Scores are nullopt and `cmc` empty when no query is valid; the counts then say
// why.
struct RankingResult {
  int64_t num_queries = 0;
  int64_t num_gallery = 0;      // without junk
  int64_t num_junk = 0;         // gallery rows of person < 0, left out
  int64_t num_distractors = 0;  // gallery rows of person 0
  int64_t num_own_pictures =
      0;  // pairs of a query and a gallery row that are one picture: left out
  int64_t num_valid = 0;
  int64_t num_no_positive = 0;  // queries by QueryStatus
  int64_t num_same_camera_only = 0;
  std::vector<CameraId> query_cameras;  // seen, ascending
  std::vector<CameraId> gallery_cameras;

  std::optional<double> mean_ap;  // step AP (torchreid, fast-reid)
  std::optional<double> mean_inp;
  std::vector<double> cmc;  // cmc[k - 1] = CMC@k of the protocol

  // Equal distances are ordered by gallery row. The same scores if each tie went for or against the
  // query:
  std::optional<double> mean_ap_best, mean_ap_worst;
  std::optional<double> rank1_best, rank1_worst;
  int64_t num_tied_positives = 0;  // positives at the same distance as some other person's image

  // The rules of other programs. num_queries of each is what it divides by.
  VariantScore trapezoid;             // official Market-1501 MATLAB
  VariantScore layumi;                // trapezoid, divided by all queries
  VariantScore sklearn_ties_grouped;  // open-reid with scikit-learn >= 0.19 (rank-1 is ours)
  VariantScore map_at_r;              // pytorch-metric-learning
  VariantScore oml_map_at_k;          // open-metric-learning, k = RankingOptions::oml_k
  VariantScore no_camera_rule;        // step AP, same-camera images of the person count as hits
  VariantScore no_distractors;        // step AP, gallery without person 0

  std::optional<ConfidenceInterval> mean_ap_interval, rank1_interval, mean_inp_interval;
  std::vector<CameraPairScore> camera_pairs;  // by (query camera, gallery camera)
  std::optional<VerificationResult> verification;
  std::vector<QueryResult> queries;  // one per query, in input order
};

// Ranks by the distances of input's features, or by `source` when given (re-ranked distances; the
// metric is then unused). Memory: O(queries x positives + tile), the features are not copied. The
// same bytes for any number of threads. Throws Error(kConfig) for options that do not validate;
// Error(kInput) for empty sets, lengths or dimensions that do not agree, NaN or infinite features,
// queries of person < 0, a picture of two persons; Interrupted on Ctrl-C.
RankingResult Rank(const RankingInput& input, const RankingOptions& options,
                   const DistanceSource* source = nullptr);

// How much each choice of rule moves mAP and rank-1 of the same features.
struct RuleEffect {
  std::string rule;     // "AP: trapezoid"
  std::string used_by;  // "official Market-1501 code, layumi"
  VariantScore score;
  std::optional<double> mean_ap_change;  // against base
  std::optional<double> rank1_change;
};

// `base` is the result of Rank(input, options). Ranks once more for the other metric; with
// re-ranked distances (`source` given to Rank) pass with_other_metric = false.
std::vector<RuleEffect> ExplainRules(const RankingInput& input, const RankingOptions& options,
                                     const RankingResult& base, bool with_other_metric = true);

// Per query, for ComparePaired: AP, rank-1 hit and person of every valid query of both results.
// Throws Error(kInput) when the two rankings do not have the same queries.
struct PairedScores {
  PairedDifference mean_ap;
  PairedDifference rank1;
};
PairedScores CompareRankings(const RankingResult& a, const RankingResult& b,
                             std::span<const PersonId> query_person,
                             const BootstrapOptions& options);

}  // namespace reidbench
