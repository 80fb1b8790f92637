// In how many frames two tracks overlap enough: the basis of the metrics that match whole tracks
// (Identity, VACE).
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "reidbench/matching/sparse_scores.h"
#include "reidbench/mot_metrics/sequence.h"

namespace reidbench {

// Frames in which the IoU is at least `threshold`, by MotSequence::track_pairs.
std::vector<int64_t> SharedFrames(const MotSequence& sequence, double threshold);

// Scores of track pairs, [ground truth ids x tracker ids]: score_of(index into track_pairs), pairs
// of score 0 left out.
template <typename ScoreOf>
SparseScores TrackPairScores(const MotSequence& s, ScoreOf&& score_of) {
  struct Entry {
    int32_t tracker;
    double score;
  };
  std::vector<uint32_t> begin(s.gt_id_value.size() + 1, 0);
  std::vector<double> score(s.track_pairs.size());
  for (size_t p = 0; p < s.track_pairs.size(); ++p) {
    score[p] = score_of(p);
    if (score[p] > 0) ++begin[s.track_pairs[p].gt + 1];
  }
  for (size_t g = 1; g < begin.size(); ++g) begin[g] += begin[g - 1];
  std::vector<Entry> entries(begin.back());
  std::vector<uint32_t> next(begin.begin(), begin.end() - 1);
  for (size_t p = 0; p < s.track_pairs.size(); ++p) {
    if (score[p] > 0) entries[next[s.track_pairs[p].gt]++] = {s.track_pairs[p].tracker, score[p]};
  }
  SparseScores out;
  out.Clear(static_cast<int32_t>(s.tracker_id_value.size()));
  for (size_t g = 0; g + 1 < begin.size(); ++g) {
    std::sort(entries.begin() + begin[g], entries.begin() + begin[g + 1],
              [](const Entry& a, const Entry& b) { return a.tracker < b.tracker; });
    for (uint32_t k = begin[g]; k < begin[g + 1]; ++k)
      out.Add(entries[k].tracker, entries[k].score);
    out.EndRow();
  }
  return out;
}

}  // namespace reidbench
