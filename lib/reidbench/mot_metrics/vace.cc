#include "reidbench/mot_metrics/vace.h"

#include <vector>

#include "reidbench/core/parallel.h"
#include "reidbench/matching/assignment.h"
#include "reidbench/mot_metrics/track_overlap.h"

namespace reidbench {
namespace {

constexpr double kVaceThreshold = 0.5;

double SumOf(const SparseScoresView& scores, std::span<const int32_t> match) {
  double sum = 0;
  for (int32_t r = 0; r < scores.rows; ++r) {
    if (match[r] == kUnassigned) continue;
    uint32_t k = scores.row_begin[r];
    while (scores.col[k] != match[r]) ++k;
    sum += scores.value[k];
  }
  return sum;
}

// The frames (as places in MotSequence::frames) of each id, ascending.
struct FramesOfIds {
  std::vector<uint32_t> begin;
  std::vector<uint32_t> frame;
};

FramesOfIds ListFrames(const MotSequence& s, bool gt) {
  const std::vector<int32_t>& ids = gt ? s.gt_id : s.tracker_id;
  FramesOfIds out;
  out.begin.assign((gt ? s.gt_id_value : s.tracker_id_value).size() + 1, 0);
  for (const int32_t id : ids) ++out.begin[id + 1];
  for (size_t i = 1; i < out.begin.size(); ++i) out.begin[i] += out.begin[i - 1];
  out.frame.resize(ids.size());
  std::vector<uint32_t> next(out.begin.begin(), out.begin.end() - 1);
  for (size_t f = 0; f < s.frame_size(); ++f) {
    const uint32_t begin = gt ? s.frames[f].gt_begin : s.frames[f].tracker_begin;
    const uint32_t end = gt ? s.frames[f + 1].gt_begin : s.frames[f + 1].tracker_begin;
    for (uint32_t k = begin; k < end; ++k) out.frame[next[ids[k]]++] = static_cast<uint32_t>(f);
  }
  return out;
}

int64_t CommonFrames(std::span<const uint32_t> a, std::span<const uint32_t> b) {
  int64_t common = 0;
  for (size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    common += a[i] == b[j];
    const bool step_a = a[i] <= b[j];
    const bool step_b = b[j] <= a[i];
    i += step_a;
    j += step_b;
  }
  return common;
}

}  // namespace

VaceCounts& VaceCounts::operator+=(const VaceCounts& other) {
  tracker_ids += other.tracker_ids;
  gt_ids += other.gt_ids;
  non_empty_frames += other.non_empty_frames;
  stda += other.stda;
  fda += other.fda;
  return *this;
}

VaceCounts CountVace(const MotSequence& s) {
  VaceCounts out;
  out.gt_ids = static_cast<int64_t>(s.gt_id_value.size());
  out.tracker_ids = static_cast<int64_t>(s.tracker_id_value.size());
  out.non_empty_frames = static_cast<int64_t>(s.frame_size());

  const std::vector<int64_t> shared = SharedFrames(s, kVaceThreshold);
  const FramesOfIds gt_frames = ListFrames(s, true);
  const FramesOfIds tracker_frames = ListFrames(s, false);
  const SparseScores temporal_iou = TrackPairScores(s, [&](size_t p) {
    if (shared[p] == 0) return 0.0;
    const MotSequence::TrackPair& pair = s.track_pairs[p];
    const std::span gt(gt_frames.frame.data() + gt_frames.begin[pair.gt],
                       gt_frames.begin[pair.gt + 1] - gt_frames.begin[pair.gt]);
    const std::span tracker(
        tracker_frames.frame.data() + tracker_frames.begin[pair.tracker],
        tracker_frames.begin[pair.tracker + 1] - tracker_frames.begin[pair.tracker]);
    const int64_t either =
        static_cast<int64_t>(gt.size() + tracker.size()) - CommonFrames(gt, tracker);
    return static_cast<double>(shared[p]) / static_cast<double>(either);
  });
  SparseAssigner assigner;
  out.stda = SumOf(temporal_iou.View(), assigner.Maximise(temporal_iou.View()));

  std::vector<double> accuracy(s.frame_size(), 0.0);
  ParallelChunks(static_cast<int64_t>(s.frame_size()), kFramesPerTask,
                 [&](int64_t begin, int64_t end) {
                   SparseAssigner frame_assigner;
                   for (int64_t f = begin; f < end; ++f) {
                     const SparseScoresView similarity = s.Similarity(f);
                     if (similarity.rows == 0 || similarity.cols == 0) continue;
                     const double best = SumOf(similarity, frame_assigner.Maximise(similarity));
                     accuracy[f] = best / (0.5 * (similarity.rows + similarity.cols));
                   }
                 });
  for (const double a : accuracy) out.fda += a;
  return out;
}

VaceSummary Summarize(const VaceCounts& c) {
  VaceSummary out;
  out.counts = c;
  const double ids = 0.5 * static_cast<double>(c.tracker_ids + c.gt_ids);
  if (ids > 0) out.ata = c.stda / ids;
  if (c.non_empty_frames > 0) out.sfda = c.fda / static_cast<double>(c.non_empty_frames);
  return out;
}

}  // namespace reidbench
