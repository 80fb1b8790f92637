#include "reidbench/mot_metrics/sequence.h"

#include <algorithm>
#include <atomic>
#include <limits>

#include "reidbench/core/error.h"
#include "reidbench/core/parallel.h"
#include "reidbench/matching/assignment.h"
#include "reidbench/matching/iou.h"
#include "reidbench/mot_metrics/frame_rows.h"

namespace reidbench {
namespace {

// Replaces ids by their rank among all ids that occur; returns the ids by rank.
std::vector<int64_t> Relabel(const std::vector<int64_t>& ids, std::vector<int32_t>* ranks) {
  std::vector<int64_t> values;
  ranks->resize(ids.size());
  if (ids.empty()) return values;
  const auto [low, high] = std::minmax_element(ids.begin(), ids.end());
  const uint64_t span = static_cast<uint64_t>(*high) - static_cast<uint64_t>(*low);
  if (span < 4 * ids.size() + 1024) {
    const int64_t base = *low;
    std::vector<int32_t> rank(span + 1, 0);
    for (const int64_t id : ids) rank[id - base] = 1;
    for (size_t k = 0; k <= span; ++k) {
      if (rank[k] == 0) continue;
      rank[k] = static_cast<int32_t>(values.size());
      values.push_back(base + static_cast<int64_t>(k));
    }
    for (size_t i = 0; i < ids.size(); ++i) (*ranks)[i] = rank[ids[i] - base];
    return values;
  }
  values = ids;
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  for (size_t i = 0; i < ids.size(); ++i) {
    (*ranks)[i] = static_cast<int32_t>(std::lower_bound(values.begin(), values.end(), ids[i]) -
                                       values.begin());
  }
  return values;
}

void CheckIdsOnce(const MotSequence& sequence, const std::vector<int32_t>& ids,
                  const std::vector<int64_t>& values, bool ground_truth) {
  std::vector<size_t> last_frame(values.size(), std::numeric_limits<size_t>::max());
  for (size_t f = 0; f < sequence.frame_size(); ++f) {
    const MotSequence::Frame &frame = sequence.frames[f], &next = sequence.frames[f + 1];
    const uint32_t begin = ground_truth ? frame.gt_begin : frame.tracker_begin;
    const uint32_t end = ground_truth ? next.gt_begin : next.tracker_begin;
    for (uint32_t k = begin; k < end; ++k) {
      if (last_frame[ids[k]] == f) {
        ThrowInput("sequence {}: expected each id once per frame, found {} id {} twice in frame {}",
                   sequence.name, ground_truth ? "ground truth" : "tracker", values[ids[k]],
                   frame.number);
      }
      last_frame[ids[k]] = f;
    }
  }
}

// Numbers the pairs (gt id, tracker id) in the order they are first asked for.
class PairNumbering {
 public:
  explicit PairNumbering(std::vector<MotSequence::TrackPair>* pairs) : pairs_(pairs) {
    slots_.assign(1024, 0);
  }

  uint32_t NumberOf(int32_t gt, int32_t tracker) {
    const size_t mask = slots_.size() - 1;
    for (size_t at = Hash(gt, tracker) & mask;; at = (at + 1) & mask) {
      const uint32_t slot = slots_[at];
      if (slot == 0) {
        pairs_->push_back({gt, tracker});
        slots_[at] = static_cast<uint32_t>(pairs_->size());
        if (pairs_->size() * 2 > slots_.size()) Grow();
        return static_cast<uint32_t>(pairs_->size() - 1);
      }
      const MotSequence::TrackPair& pair = (*pairs_)[slot - 1];
      if (pair.gt == gt && pair.tracker == tracker) return slot - 1;
    }
  }

 private:
  static size_t Hash(int32_t gt, int32_t tracker) {
    const uint64_t key =
        (static_cast<uint64_t>(static_cast<uint32_t>(gt)) << 32) | static_cast<uint32_t>(tracker);
    return (key * 0x9e3779b97f4a7c15ULL) >> 24;
  }
  void Grow() {
    slots_.assign(slots_.size() * 2, 0);
    const size_t mask = slots_.size() - 1;
    for (size_t k = 0; k < pairs_->size(); ++k) {
      size_t at = Hash((*pairs_)[k].gt, (*pairs_)[k].tracker) & mask;
      while (slots_[at] != 0) at = (at + 1) & mask;
      slots_[at] = static_cast<uint32_t>(k + 1);
    }
  }

  std::vector<MotSequence::TrackPair>* pairs_;
  std::vector<uint32_t> slots_;  // pair number + 1; 0 = empty
};

void NumberPairs(MotSequence* out) {
  PairNumbering numbering(&out->track_pairs);
  out->pair_tracks.resize(out->pair_col.size());
  for (size_t f = 0; f < out->frame_size(); ++f) {
    const int32_t* const tracker_id = out->tracker_id.data() + out->frames[f].tracker_begin;
    for (uint32_t g = out->frames[f].gt_begin; g < out->frames[f + 1].gt_begin; ++g) {
      for (uint32_t k = out->pair_begin[g]; k < out->pair_begin[g + 1]; ++k) {
        out->pair_tracks[k] = numbering.NumberOf(out->gt_id[g], tracker_id[out->pair_col[k]]);
      }
    }
  }
}

// What follows from frames, pairs and the ids of the files.
void FinishSequence(int64_t frame_count, const std::vector<int64_t>& gt_raw,
                    const std::vector<int64_t>& tracker_raw, MotSequence* out) {
  out->frame_count = frame_count;
  out->frames.push_back({frame_count + 1, static_cast<uint32_t>(gt_raw.size()),
                         static_cast<uint32_t>(tracker_raw.size())});
  out->gt_id_value = Relabel(gt_raw, &out->gt_id);
  out->tracker_id_value = Relabel(tracker_raw, &out->tracker_id);
  CheckIdsOnce(*out, out->gt_id, out->gt_id_value, true);
  CheckIdsOnce(*out, out->tracker_id, out->tracker_id_value, false);
  NumberPairs(out);
}

// One frame of both sides: indices of boxes.
struct FramePlan {
  int64_t number = 0;
  uint32_t gt_begin = 0, gt_end = 0;
  uint32_t tracker_begin = 0, tracker_end = 0;
};

// Frames of one task after the rules were applied.
struct TaskResult {
  std::vector<MotSequence::Frame> frames;  // offsets within the task
  std::vector<int64_t> gt_id, tracker_id;
  SparseScores overlaps;
};

class Preparer {
 public:
  Preparer(const TrackSet& ground_truth, const TrackSet& results, const MotBenchmark& benchmark,
           const MotClass& scored)
      : gt_(ground_truth.boxes), tracker_(results.boxes), benchmark_(benchmark), scored_(scored) {
    by_class_ = benchmark.preprocess && benchmark.has_classes;
  }

  MotSequence Prepare(std::string name, int64_t frame_count) {
    name_ = name;
    gt_by_frame_ = GroupByFrame(gt_);
    tracker_by_frame_ = GroupByFrame(tracker_);
    const std::vector<FramePlan> plan = Plan();
    const int64_t tasks = (static_cast<int64_t>(plan.size()) + kFramesPerTask - 1) / kFramesPerTask;
    std::vector<TaskResult> results(tasks);
    ParallelChunks(static_cast<int64_t>(plan.size()), kFramesPerTask,
                   [&](int64_t begin, int64_t end) {
                     results[begin / kFramesPerTask] = RunTask(plan, begin, end);
                   });

    MotSequence out;
    out.name = std::move(name);
    size_t pairs = 0, gt_boxes = 0, tracker_boxes = 0;
    for (const TaskResult& r : results) {
      pairs += r.overlaps.col.size();
      gt_boxes += r.gt_id.size();
      tracker_boxes += r.tracker_id.size();
    }
    std::vector<int64_t> gt_raw, tracker_raw;
    gt_raw.reserve(gt_boxes);
    tracker_raw.reserve(tracker_boxes);
    out.pair_begin.reserve(gt_boxes + 1);
    out.pair_col.reserve(pairs);
    out.pair_iou.reserve(pairs);
    for (TaskResult& r : results) {
      const auto gt_base = static_cast<uint32_t>(gt_raw.size());
      const auto tracker_base = static_cast<uint32_t>(tracker_raw.size());
      const auto pair_base = static_cast<uint32_t>(out.pair_col.size());
      for (const MotSequence::Frame& frame : r.frames) {
        out.frames.push_back(
            {frame.number, gt_base + frame.gt_begin, tracker_base + frame.tracker_begin});
      }
      gt_raw.insert(gt_raw.end(), r.gt_id.begin(), r.gt_id.end());
      tracker_raw.insert(tracker_raw.end(), r.tracker_id.begin(), r.tracker_id.end());
      for (size_t k = 1; k < r.overlaps.row_begin.size(); ++k) {
        out.pair_begin.push_back(pair_base + r.overlaps.row_begin[k]);
      }
      out.pair_col.insert(out.pair_col.end(), r.overlaps.col.begin(), r.overlaps.col.end());
      out.pair_iou.insert(out.pair_iou.end(), r.overlaps.value.begin(), r.overlaps.value.end());
      r = TaskResult();
    }
    FinishSequence(frame_count, gt_raw, tracker_raw, &out);
    return out;
  }

 private:
  static constexpr int64_t kNoFrame = std::numeric_limits<int64_t>::max();
  static constexpr double kMatched = 0.5;  // IoU that keeps a box in an ignored region

  std::vector<FramePlan> Plan() const {
    std::vector<FramePlan> plan;
    size_t g = 0, t = 0;
    for (;;) {
      const int64_t gt_number = g < gt_by_frame_.number.size() ? gt_by_frame_.number[g] : kNoFrame;
      const int64_t tracker_number =
          t < tracker_by_frame_.number.size() ? tracker_by_frame_.number[t] : kNoFrame;
      FramePlan frame;
      frame.number = std::min(gt_number, tracker_number);
      if (frame.number == kNoFrame) return plan;
      frame.gt_begin = gt_by_frame_.begin[g];
      if (gt_number == frame.number) ++g;
      frame.gt_end = gt_by_frame_.begin[g];
      frame.tracker_begin = tracker_by_frame_.begin[t];
      if (tracker_number == frame.number) ++t;
      frame.tracker_end = tracker_by_frame_.begin[t];
      plan.push_back(frame);
    }
  }

  bool Counts(const TrackBox& gt) const {
    return gt.confidence != 0 && (!by_class_ || gt.class_id == scored_.id);
  }
  bool IsIgnoredRegion(const TrackBox& gt) const {
    return by_class_ &&
           std::find(benchmark_.ignored_classes.begin(), benchmark_.ignored_classes.end(),
                     gt.class_id) != benchmark_.ignored_classes.end();
  }
  // Whether the box lies in one of the regions.
  bool IsInside(const BoxCorners& box, const std::vector<BoxCorners>& regions) const {
    return std::any_of(regions.begin(), regions.end(), [&](const BoxCorners& region) {
      const double width = std::min(box.right, region.right) - std::max(box.left, region.left);
      const double height = std::min(box.bottom, region.bottom) - std::max(box.top, region.top);
      return width > 0 && height > 0 && box.area > 0 &&
             width * height >= benchmark_.ignored_threshold * box.area;
    });
  }
  bool IsDistractor(const TrackBox& gt) const {
    return by_class_ &&
           std::find(benchmark_.distractor_classes.begin(), benchmark_.distractor_classes.end(),
                     gt.class_id) != benchmark_.distractor_classes.end();
  }
  // A result row without a class belongs to every class.
  bool IsOfClass(const TrackBox& box) const {
    return !benchmark_.has_classes || box.class_id <= 0 || box.class_id == scored_.id;
  }

  TaskResult RunTask(const std::vector<FramePlan>& plan, int64_t begin, int64_t end) {
    TaskResult out;
    OverlapFinder finder;
    SparseAssigner assigner;
    SparseScores overlaps, strong;
    std::vector<BoxCorners> gt_corners, tracker_corners, regions;
    std::vector<uint32_t> gt_rows, tracker_rows;
    std::vector<int32_t> new_col;
    for (int64_t f = begin; f < end; ++f) {
      const FramePlan& frame = plan[f];
      gt_rows.clear();
      tracker_rows.clear();
      regions.clear();
      bool has_distractors = false;
      for (uint32_t k = frame.tracker_begin; k < frame.tracker_end; ++k) {
        const uint32_t row = tracker_by_frame_.order[k];
        if (IsOfClass(tracker_[row])) tracker_rows.push_back(row);
      }
      for (uint32_t k = frame.gt_begin; k < frame.gt_end; ++k) {
        const TrackBox& row = gt_[gt_by_frame_.order[k]];
        has_distractors = has_distractors || IsDistractor(row);
        if (IsIgnoredRegion(row)) regions.push_back(CornersOf(row.box));
      }
      // All rows but regions take part in the match with distractors; without distractors only
      // those that count matter.
      for (uint32_t k = frame.gt_begin; k < frame.gt_end; ++k) {
        const uint32_t row = gt_by_frame_.order[k];
        if (IsIgnoredRegion(gt_[row])) continue;
        if (has_distractors || Counts(gt_[row])) gt_rows.push_back(row);
      }
      gt_corners.clear();
      tracker_corners.clear();
      for (const uint32_t row : gt_rows) gt_corners.push_back(CornersOf(gt_[row].box));
      for (const uint32_t row : tracker_rows)
        tracker_corners.push_back(CornersOf(tracker_[row].box));
      overlaps.Clear(static_cast<int32_t>(tracker_rows.size()));
      finder.Append(gt_corners, tracker_corners, &overlaps);
      if (pairs_.fetch_add(overlaps.col.size()) > OverlapFinder::kMaxPairs) {
        ThrowInput(
            "sequence {}: expected boxes spread over the image, found more than {} overlapping "
            "pairs up to frame "
            "{}; check for rows that repeat one box",
            name_, OverlapFinder::kMaxPairs, frame.number);
      }

      new_col.assign(tracker_rows.size(), 0);
      if (has_distractors) {
        strong.Clear(overlaps.cols);
        for (size_t r = 0; r < gt_rows.size(); ++r) {
          for (uint32_t k = overlaps.row_begin[r]; k < overlaps.row_begin[r + 1]; ++k) {
            if (!(overlaps.value[k] < benchmark_.distractor_threshold - kEps))
              strong.Add(overlaps.col[k], overlaps.value[k]);
          }
          strong.EndRow();
        }
        const std::span<const int32_t> match = assigner.MaximiseLikeScipy(strong.View());
        for (size_t r = 0; r < gt_rows.size(); ++r) {
          if (match[r] != kUnassigned && IsDistractor(gt_[gt_rows[r]]))
            new_col[match[r]] = kUnassigned;
        }
      }
      if (!regions.empty())
        RemoveInside(regions, tracker_corners, gt_rows, overlaps, &strong, &assigner, &new_col);
      const MotSequence::Frame start{frame.number, static_cast<uint32_t>(out.gt_id.size()),
                                     static_cast<uint32_t>(out.tracker_id.size())};
      int32_t kept = 0;
      for (size_t c = 0; c < tracker_rows.size(); ++c) {
        if (new_col[c] == kUnassigned) continue;
        new_col[c] = kept++;
        out.tracker_id.push_back(tracker_[tracker_rows[c]].id.value);
      }
      for (size_t r = 0; r < gt_rows.size(); ++r) {
        if (!Counts(gt_[gt_rows[r]])) continue;
        out.gt_id.push_back(gt_[gt_rows[r]].id.value);
        for (uint32_t k = overlaps.row_begin[r]; k < overlaps.row_begin[r + 1]; ++k) {
          const int32_t col = new_col[overlaps.col[k]];
          if (col != kUnassigned) out.overlaps.Add(col, overlaps.value[k]);
        }
        out.overlaps.EndRow();
      }
      if (out.gt_id.size() > start.gt_begin || out.tracker_id.size() > start.tracker_begin)
        out.frames.push_back(start);
    }
    return out;
  }

  // Marks the tracker boxes in regions, except those that are matched with a row that counts.
  void RemoveInside(const std::vector<BoxCorners>& regions,
                    const std::vector<BoxCorners>& tracker_corners,
                    const std::vector<uint32_t>& gt_rows, const SparseScores& overlaps,
                    SparseScores* strong, SparseAssigner* assigner,
                    std::vector<int32_t>* new_col) const {
    strong->Clear(overlaps.cols);
    for (size_t r = 0; r < gt_rows.size(); ++r) {
      for (uint32_t k = overlaps.row_begin[r];
           k < overlaps.row_begin[r + 1] && Counts(gt_[gt_rows[r]]); ++k) {
        if ((*new_col)[overlaps.col[k]] != kUnassigned && overlaps.value[k] >= kMatched - kEps)
          strong->Add(overlaps.col[k], overlaps.value[k]);
      }
      strong->EndRow();
    }
    std::vector<bool> matched(tracker_corners.size(), false);
    for (const int32_t col : assigner->MaximiseLikeScipy(strong->View())) {
      if (col != kUnassigned) matched[static_cast<size_t>(col)] = true;
    }
    for (size_t c = 0; c < tracker_corners.size(); ++c) {
      if (!matched[c] && IsInside(tracker_corners[c], regions)) (*new_col)[c] = kUnassigned;
    }
  }

  const std::vector<TrackBox>& gt_;
  const std::vector<TrackBox>& tracker_;
  const MotBenchmark& benchmark_;
  const MotClass& scored_;
  bool by_class_ = true;
  std::string name_;
  std::atomic<size_t> pairs_{0};
  FrameRows gt_by_frame_;
  FrameRows tracker_by_frame_;
};

}  // namespace

void SequenceBuilder::AddFrame(int64_t number, std::span<const int64_t> gt_ids,
                               std::span<const int64_t> tracker_ids,
                               const SparseScoresView& similarity) {
  if (gt_ids.empty() && tracker_ids.empty()) return;
  MotSequence& s = sequence_;
  s.frames.push_back(
      {number, static_cast<uint32_t>(gt_id_.size()), static_cast<uint32_t>(tracker_id_.size())});
  gt_id_.insert(gt_id_.end(), gt_ids.begin(), gt_ids.end());
  tracker_id_.insert(tracker_id_.end(), tracker_ids.begin(), tracker_ids.end());
  for (size_t g = 0; g < gt_ids.size(); ++g) {
    const uint32_t begin = similarity.row_begin[g], end = similarity.row_begin[g + 1];
    s.pair_col.insert(s.pair_col.end(), similarity.col + begin, similarity.col + end);
    s.pair_iou.insert(s.pair_iou.end(), similarity.value + begin, similarity.value + end);
    s.pair_begin.push_back(static_cast<uint32_t>(s.pair_col.size()));
  }
}

MotSequence SequenceBuilder::Finish(int64_t frame_count) {
  FinishSequence(frame_count, gt_id_, tracker_id_, &sequence_);
  return std::move(sequence_);
}

MotSequence PrepareSequence(const TrackSet& ground_truth, const TrackSet& results,
                            const MotBenchmark& benchmark, const MotClass& scored) {
  return Preparer(ground_truth, results, benchmark, scored)
      .Prepare(ground_truth.sequence, std::max(ground_truth.frame_count, results.frame_count));
}

}  // namespace reidbench
