#include "reidbench/mtmc_metrics/accumulator.h"

#include <algorithm>
#include <vector>

#include "reidbench/matching/assignment.h"
#include "reidbench/mot_metrics/identity.h"

namespace reidbench {
namespace {

constexpr int32_t kNeverMatched = -1;

std::optional<double> Quotient(double above, double below) {
  if (below == 0) return std::nullopt;
  return above / below;
}

// One frame's rest: the most pairs, and of those the least distance. [rows x cols] with a cost for
// pairs that may not match which no sum of others reaches.
class RestMatcher {
 public:
  void Reset(const std::vector<uint32_t>& rows, const std::vector<int32_t>& cols) {
    rows_ = static_cast<int32_t>(rows.size());
    cols_ = static_cast<int32_t>(cols.size());
    forbidden_ = 2.0 * (std::min(rows_, cols_) + 1) * kAccumulatorOffset;
    cost_.assign(rows.size() * cols.size(), forbidden_);
  }
  void Allow(size_t row, size_t col, double distance) { cost_[row * cols_ + col] = distance; }
  // The column of each row, kUnassigned without one.
  std::vector<int32_t> Solve() const {
    std::vector<int32_t> match = LinearSumAssignment(rows_, cols_, cost_);
    for (size_t row = 0; row < match.size(); ++row) {
      if (match[row] != kUnassigned && cost_[row * cols_ + match[row]] == forbidden_)
        match[row] = kUnassigned;
    }
    return match;
  }

 private:
  int32_t rows_ = 0, cols_ = 0;
  double forbidden_ = 0;
  std::vector<double> cost_;
};

// What happened to one person so far.
struct PersonHistory {
  int32_t last_tracker = kNeverMatched;
  int64_t present = 0, tracked = 0;
  bool missed_since = false;  // between the last match and now
  int64_t fragmentations = 0;
};

}  // namespace

AccumulatorCounts Accumulate(const MotSequence& s) {
  AccumulatorCounts total;
  std::vector<PersonHistory> history(s.gt_id_value.size());
  std::vector<int32_t> column_of_tracker(s.tracker_id_value.size());
  std::vector<char> taken;
  std::vector<uint32_t> rows;
  std::vector<int32_t> cols, place;
  RestMatcher rest;
  for (size_t f = 0; f < s.frame_size(); ++f) {
    const uint32_t first = s.frames[f].gt_begin, last = s.frames[f + 1].gt_begin;
    const int32_t* const tracker_id = s.tracker_id.data() + s.frames[f].tracker_begin;
    const int32_t trackers = s.TrackerBoxes(f);
    taken.assign(trackers, 0);
    rows.clear();
    int64_t found = 0;
    const auto match = [&](uint32_t g, uint32_t pair) {
      PersonHistory& person = history[s.gt_id[g]];
      const int32_t tracker = tracker_id[s.pair_col[pair]];
      const bool is_switch = person.last_tracker != kNeverMatched && person.last_tracker != tracker;
      ++(is_switch ? total.switches : total.matches);
      total.distance_sum += kAccumulatorOffset - s.pair_iou[pair];
      if (person.missed_since && person.tracked > 0) ++person.fragmentations;
      person.missed_since = false;
      person.last_tracker = tracker;
      ++person.tracked;
      taken[s.pair_col[pair]] = 1;
      ++found;
    };
    const auto pair_of = [&](uint32_t g, int32_t col) {
      for (uint32_t k = s.pair_begin[g]; k < s.pair_begin[g + 1]; ++k) {
        if (s.pair_col[k] == col) return k;
      }
      return kNoPair;
    };
    for (uint32_t g = first; g < last; ++g) {
      const PersonHistory& person = history[s.gt_id[g]];
      uint32_t kept = kNoPair;
      for (uint32_t k = s.pair_begin[g]; k < s.pair_begin[g + 1]; ++k) {
        if (tracker_id[s.pair_col[k]] == person.last_tracker && taken[s.pair_col[k]] == 0) kept = k;
      }
      ++history[s.gt_id[g]].present;
      if (kept != kNoPair) {
        match(g, kept);
      } else {
        rows.push_back(g);
      }
    }
    cols.clear();
    place.assign(trackers, kUnassigned);
    for (int32_t c = 0; c < trackers; ++c) {
      if (taken[c] != 0) continue;
      place[c] = static_cast<int32_t>(cols.size());
      cols.push_back(c);
    }
    rest.Reset(rows, cols);
    bool any = false;
    for (size_t r = 0; r < rows.size(); ++r) {
      for (uint32_t k = s.pair_begin[rows[r]]; k < s.pair_begin[rows[r] + 1]; ++k) {
        if (place[s.pair_col[k]] == kUnassigned) continue;
        rest.Allow(r, place[s.pair_col[k]], kAccumulatorOffset - s.pair_iou[k]);
        any = true;
      }
    }
    const std::vector<int32_t> assigned =
        any ? rest.Solve() : std::vector<int32_t>(rows.size(), kUnassigned);
    for (size_t r = 0; r < rows.size(); ++r) {
      if (assigned[r] != kUnassigned) {
        match(rows[r], pair_of(rows[r], cols[assigned[r]]));
      } else {
        ++total.misses;
        history[s.gt_id[rows[r]]].missed_since = true;
      }
    }
    total.false_positives += trackers - found;
  }
  total.frames = static_cast<int64_t>(s.frame_size());
  total.objects = static_cast<int64_t>(s.gt_id.size());
  total.predictions = static_cast<int64_t>(s.tracker_id.size());
  total.persons = static_cast<int64_t>(s.gt_id_value.size());
  for (const PersonHistory& person : history) {
    const double share = static_cast<double>(person.tracked) / static_cast<double>(person.present);
    ++(share >= 0.8   ? total.mostly_tracked
       : share >= 0.2 ? total.partly_tracked
                      : total.mostly_lost);
    total.fragmentations += person.fragmentations;
  }
  // Every pair is above Identity's threshold: kAccumulatorOffset - distance is at least 1.
  const IdentityCounts identity = CountIdentity(s);
  total.id_tp = identity.tp;
  total.id_fp = identity.fp;
  total.id_fn = identity.fn;
  return total;
}

AccumulatorSummary Summarize(const AccumulatorCounts& c) {
  const auto objects = static_cast<double>(c.objects);
  const auto predictions = static_cast<double>(c.predictions);
  const auto found = static_cast<double>(c.matches + c.switches);
  const auto tp = static_cast<double>(c.id_tp);
  AccumulatorSummary out;
  out.counts = c;
  out.idf1 = Quotient(2 * tp, objects + predictions);
  out.idp = Quotient(tp, predictions);
  out.idr = Quotient(tp, objects);
  out.recall = Quotient(found, objects);
  out.precision = Quotient(found, found + static_cast<double>(c.false_positives));
  const auto errors = static_cast<double>(c.misses + c.switches + c.false_positives);
  if (c.objects > 0) out.mota = 1 - errors / objects;
  out.motp = Quotient(c.distance_sum, found);
  return out;
}

MotSequence ForAccumulator(const MotSequence& iou) {
  SequenceBuilder builder(iou.name);
  std::vector<int64_t> gt, tracker;
  SparseScores kept;
  for (size_t f = 0; f < iou.frame_size(); ++f) {
    const MotSequence::Frame &frame = iou.frames[f], &next = iou.frames[f + 1];
    gt.clear();
    tracker.clear();
    for (uint32_t t = frame.tracker_begin; t < next.tracker_begin; ++t)
      tracker.push_back(iou.tracker_id_value[iou.tracker_id[t]]);
    kept.Clear(static_cast<int32_t>(tracker.size()));
    for (uint32_t g = frame.gt_begin; g < next.gt_begin; ++g) {
      gt.push_back(iou.gt_id_value[iou.gt_id[g]]);
      for (uint32_t k = iou.pair_begin[g]; k < iou.pair_begin[g + 1]; ++k) {
        const double distance = 1 - iou.pair_iou[k];
        if (!(distance > 0.5)) kept.Add(iou.pair_col[k], kAccumulatorOffset - distance);
      }
      kept.EndRow();
    }
    builder.AddFrame(frame.number, gt, tracker, kept.View());
  }
  return builder.Finish(iou.frame_count);
}

}  // namespace reidbench
