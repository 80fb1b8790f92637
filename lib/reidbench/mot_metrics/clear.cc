#include "reidbench/mot_metrics/clear.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "reidbench/matching/assignment.h"
#include "reidbench/mot_metrics/frame_blocks.h"

namespace reidbench {
namespace {

constexpr int32_t kNoTracker = -1;

// Walks the frames; `per_frame(f, counts of this frame alone)` gets tp, fn, fp, switches and IoU
// sum, `per_match(ground truth box, pair)` every match.
template <typename PerFrame, typename PerMatch>
ClearCounts Walk(const MotSequence& s, PerFrame&& per_frame, PerMatch&& per_match) {
  const size_t gt_ids = s.gt_id_value.size();
  std::vector<int32_t> last_tracker(gt_ids,
                                    kNoTracker);  // of the last match at any time: decides switches
  std::vector<int32_t> previous_tracker(
      gt_ids, kNoTracker);  // of the match in the previous processed frame, if `previous_step`
  std::vector<int64_t> previous_step(gt_ids, -1);  // processed frame of that match
  std::vector<int64_t> present(gt_ids, 0), matched(gt_ids, 0), begun(gt_ids, 0);
  int64_t step = 0;
  SparseAssigner assigner;
  SparseScores scores;
  std::vector<uint32_t> pair;  // of the entries of `scores`
  ClearCounts total;
  for (size_t f = 0; f < s.frame_size(); ++f) {
    const uint32_t first = s.frames[f].gt_begin;
    const uint32_t last = s.frames[f + 1].gt_begin;
    const int32_t* const tracker_id = s.tracker_id.data() + s.frames[f].tracker_begin;
    ClearCounts here;
    here.fn = s.GtBoxes(f);
    here.fp = s.TrackerBoxes(f);
    for (uint32_t g = first; g < last; ++g) ++present[s.gt_id[g]];
    if (here.fn > 0 && here.fp > 0) {
      ++step;
      scores.Clear(s.TrackerBoxes(f));
      pair.clear();
      for (uint32_t g = first; g < last; ++g) {
        const int32_t id = s.gt_id[g];
        const int32_t keep = previous_step[id] == step - 1 ? previous_tracker[id] : kNoTracker;
        for (uint32_t k = s.pair_begin[g]; k < s.pair_begin[g + 1]; ++k) {
          if (s.pair_iou[k] < kClearThreshold - kEps) continue;
          const double kept = tracker_id[s.pair_col[k]] == keep ? 1000.0 : 0.0;
          scores.Add(s.pair_col[k], kept + s.pair_iou[k]);
          pair.push_back(k);
        }
        scores.EndRow();
      }
      if (!scores.col.empty()) {
        const std::span<const int32_t> match = assigner.MaximiseLikeScipy(scores.View());
        for (uint32_t g = first; g < last; ++g) {
          const int32_t col = match[g - first];
          if (col == kUnassigned) continue;
          const int32_t id = s.gt_id[g];
          const int32_t tracker = tracker_id[col];
          uint32_t k = scores.row_begin[g - first];
          while (scores.col[k] != col) ++k;
          ++here.tp;
          here.similarity_sum += s.pair_iou[pair[k]];
          per_match(g, pair[k]);
          ++matched[id];
          if (last_tracker[id] != kNoTracker && last_tracker[id] != tracker) ++here.id_switches;
          if (previous_step[id] != step - 1) ++begun[id];
          last_tracker[id] = tracker;
          previous_tracker[id] = tracker;
          previous_step[id] = step;
        }
      }
      here.fn -= here.tp;
      here.fp -= here.tp;
    }
    per_frame(f, here);
    total += here;
  }
  for (size_t id = 0; id < gt_ids; ++id) {
    const double ratio = static_cast<double>(matched[id]) / static_cast<double>(present[id]);
    if (ratio > 0.8) {
      ++total.mostly_tracked;
    } else if (ratio >= 0.2) {
      ++total.partly_tracked;
    } else {
      ++total.mostly_lost;
    }
    total.fragmentations += std::max<int64_t>(0, begun[id] - 1);
  }
  total.one_side_empty = s.gt_id.empty() || s.tracker_id.empty();
  total.frames = total.one_side_empty ? 0 : s.frame_count;
  return total;
}

}  // namespace

ClearCounts& ClearCounts::operator+=(const ClearCounts& other) {
  tp += other.tp;
  fn += other.fn;
  fp += other.fp;
  id_switches += other.id_switches;
  mostly_tracked += other.mostly_tracked;
  partly_tracked += other.partly_tracked;
  mostly_lost += other.mostly_lost;
  fragmentations += other.fragmentations;
  frames += other.frames;
  similarity_sum += other.similarity_sum;
  one_side_empty = false;
  return *this;
}

std::vector<uint32_t> MatchForClear(const MotSequence& sequence) {
  std::vector<uint32_t> pair_of_box(sequence.gt_id.size(), kNoPair);
  Walk(
      sequence, [](size_t, const ClearCounts&) {},
      [&](uint32_t box, uint32_t pair) { pair_of_box[box] = pair; });
  return pair_of_box;
}

ClearCounts CountClear(const MotSequence& sequence) {
  return Walk(
      sequence, [](size_t, const ClearCounts&) {}, [](uint32_t, uint32_t) {});
}

std::vector<ClearCounts> CountClearBlocks(const MotSequence& sequence, int64_t block_frames) {
  const FrameBlocks block_of(sequence, block_frames);
  std::vector<ClearCounts> blocks(block_of.size());
  for (size_t b = 0; b < blocks.size(); ++b) blocks[b].frames = block_of.Frames(b);
  Walk(
      sequence,
      [&](size_t f, const ClearCounts& here) {
        blocks[block_of.Of(sequence.frames[f].number)] += here;
      },
      [](uint32_t, uint32_t) {});
  return blocks;
}

ClearSummary Summarize(const ClearCounts& c) {
  ClearSummary out;
  out.counts = c;
  if (c.one_side_empty) {
    out.mostly_lost_ratio = 1;
    return out;
  }
  const auto tp = static_cast<double>(c.tp), fn = static_cast<double>(c.fn),
             fp = static_cast<double>(c.fp);
  const auto switches = static_cast<double>(c.id_switches);
  const double gt_boxes = std::max(1.0, tp + fn);
  const double tracks =
      std::max(1.0, static_cast<double>(c.mostly_tracked + c.mostly_lost + c.partly_tracked));
  out.mostly_tracked_ratio = static_cast<double>(c.mostly_tracked) / tracks;
  out.partly_tracked_ratio = static_cast<double>(c.partly_tracked) / tracks;
  out.mostly_lost_ratio = static_cast<double>(c.mostly_lost) / tracks;
  out.recall = tp / gt_boxes;
  out.precision = tp / std::max(1.0, tp + fp);
  out.moda = (tp - fp) / gt_boxes;
  out.mota = (tp - fp - switches) / gt_boxes;
  out.motp = c.similarity_sum / std::max(1.0, tp);
  out.soft_mota = (c.similarity_sum - fp - switches) / gt_boxes;
  out.f1 = tp / std::max(1.0, tp + 0.5 * fn + 0.5 * fp);
  out.fp_per_frame = fp / std::max(1.0, static_cast<double>(c.frames));
  out.motal = (tp - fp - (switches > 0 ? std::log10(switches) : 0.0)) / gt_boxes;
  return out;
}

}  // namespace reidbench
