// Inside of lib/reidbench/retrieval: from the counts of one query to its scores under every rule,
// and from queries to means.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "reidbench/retrieval/ranking.h"

namespace reidbench {

// A gallery image of the query's person and how many images of other persons precede it. Class 0:
// persons, 1: distractors.
struct Match {
  float distance = 0;
  int32_t row = 0;          // gallery row
  int32_t camera = 0;       // index into the layout's cameras
  bool own = false;         // the query's picture itself: counts nowhere
  bool dropped = false;     // own, or by the camera rule
  uint32_t nearer[2] = {};  // strictly
  uint32_t ahead[2] = {};   // nearer, or as near and of a smaller row
  uint32_t tied[2] = {};
  uint32_t ahead_in_camera = 0;  // ahead and of the match's own camera
};

// Sums of all queries' scores. Add queries in input order.
class ScoreBoard {
 public:
  ScoreBoard(const RankingOptions& options, int64_t num_gallery);

  // `matches` by (distance, row), all gallery images of the query's person. Fills everything of
  // `result` but `top` and, for the single-shot protocols, rank1.
  void AddQuery(std::span<const Match> matches, bool query_is_distractor, CameraId query_camera,
                std::span<const CameraId> gallery_cameras, QueryResult* result);

  // Adds the single-shot CMC of one valid query, instead of the one from its matches.
  void AddSingleShot(std::span<const double> cmc);

  // Everything of the result that is a mean, and the camera pairs. `query_person` of all queries,
  // for the intervals.
  void Finish(std::span<const PersonId> query_person, RankingResult* result) const;

 private:
  struct Sum {
    int64_t queries = 0;
    double ap = 0;
    double rank1 = 0;
    void Add(double query_ap, bool hit) {
      ++queries;
      ap += query_ap;
      rank1 += hit;
    }
    VariantScore Mean(int64_t divisor) const;
  };

  const RankingOptions& options_;
  bool single_shot_;
  Sum step_, trapezoid_, sklearn_, map_at_r_, oml_, no_camera_rule_, no_distractors_, best_, worst_;
  double inp_ = 0;
  int64_t tied_positives_ = 0;
  int64_t queries_ = 0;
  std::vector<double> cmc_;  // per rank what queries add at it
  std::map<std::pair<CameraId, CameraId>, Sum> camera_pairs_;
};

}  // namespace reidbench
