#include "reidbench/mtmc_metrics/person_counts.h"

namespace reidbench {
namespace {

// How many of HOTA's thresholds a match reaches.
int AlphasReached(double similarity) {
  int reached = 0;
  while (reached < kAlphas && similarity >= HotaAlphas()[reached] - kEps) ++reached;
  return reached;
}

}  // namespace

std::vector<MotCounts> CountMotByPerson(const MotSequence& s) {
  const size_t persons = s.gt_id_value.size();
  std::vector<MotCounts> counts(persons);
  if (persons == 0) return counts;
  const std::vector<uint32_t> hota = MatchForHota(s), clear = MatchForClear(s);
  const std::vector<int32_t> partner = MatchIdentities(s);
  std::vector<int64_t> boxes(persons, 0), on_person(persons, 0);
  std::vector<int64_t> tracker_boxes(s.tracker_id_value.size(), 0);
  for (const int32_t id : s.gt_id) ++boxes[id];
  for (const int32_t id : s.tracker_id) ++tracker_boxes[id];
  std::vector<AlphaCounts> matches(s.track_pairs.size(), AlphaCounts{});
  std::vector<int32_t> last_tracker(persons, -1);
  int64_t on_nobody = static_cast<int64_t>(s.tracker_id.size());
  for (size_t f = 0; f < s.frame_size(); ++f) {
    const int32_t* const tracker_id = s.tracker_id.data() + s.frames[f].tracker_begin;
    for (uint32_t g = s.frames[f].gt_begin; g < s.frames[f + 1].gt_begin; ++g) {
      const int32_t person = s.gt_id[g];
      MotCounts& own = counts[person];
      if (const uint32_t k = hota[g]; k != kNoPair) {
        const int reached = AlphasReached(s.pair_iou[k]);
        if (reached > 0) {
          ++on_person[person];
          --on_nobody;
        }
        for (int a = 0; a < reached; ++a) {
          ++own.hota.tp[a];
          ++matches[s.pair_tracks[k]][a];
          own.hota.similarity_sum[a] += s.pair_iou[k];
        }
      }
      if (const uint32_t k = clear[g]; k != kNoPair) {
        const int32_t tracker = tracker_id[s.pair_col[k]];
        ++own.clear.tp;
        own.clear.similarity_sum += s.pair_iou[k];
        if (last_tracker[person] != -1 && last_tracker[person] != tracker) ++own.clear.id_switches;
        last_tracker[person] = tracker;
      }
      for (uint32_t k = s.pair_begin[g]; k < s.pair_begin[g + 1]; ++k) {
        if (s.pair_iou[k] >= kIdentityThreshold && tracker_id[s.pair_col[k]] == partner[person])
          ++own.identity.tp;
      }
    }
  }
  for (size_t p = 0; p < s.track_pairs.size(); ++p) {
    const MotSequence::TrackPair& pair = s.track_pairs[p];
    HotaCounts& own = counts[pair.gt].hota;
    for (int a = 0; a < kAlphas && matches[p][a] > 0; ++a) {
      const auto n = static_cast<double>(matches[p][a]);
      const auto of_gt = static_cast<double>(boxes[pair.gt]);
      const auto of_tracker = static_cast<double>(tracker_boxes[pair.tracker]);
      own.ass_a_sum[a] += n * n / (of_gt + of_tracker - n);
      own.ass_re_sum[a] += n * n / of_gt;
      own.ass_pr_sum[a] += n * n / of_tracker;
    }
  }
  const auto all = static_cast<int64_t>(persons);
  for (int64_t person = 0; person < all; ++person) {
    MotCounts& own = counts[person];
    const int64_t results =
        on_person[person] + on_nobody / all + (person < on_nobody % all ? 1 : 0);
    for (int a = 0; a < kAlphas; ++a) {
      own.hota.fn[a] = boxes[person] - own.hota.tp[a];
      own.hota.fp[a] = results - own.hota.tp[a];
    }
    own.clear.fn = boxes[person] - own.clear.tp;
    own.clear.fp = results - own.clear.tp;
    own.clear.frames = s.frame_count / all;
    own.identity.fn = boxes[person] - own.identity.tp;
    own.identity.fp = results - own.identity.tp;
    own.boxes.gt_boxes = boxes[person];
    own.boxes.tracker_boxes = results;
    own.boxes.gt_ids = 1;
  }
  return counts;
}

}  // namespace reidbench
