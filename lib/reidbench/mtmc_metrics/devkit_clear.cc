#include "reidbench/mtmc_metrics/devkit_clear.h"

#include <algorithm>
#include <vector>

#include "reidbench/matching/assignment.h"

namespace reidbench {
namespace {

constexpr double kDevkitDistance = 0.5;
constexpr double kDevkitTieStep = 1e-9;  // per allowed pair, so that ties have an order

struct DevkitPerson {
  int64_t present_in = -1;  // frame number
  int64_t matched_in = -1;
  int32_t tracker = -1;  // of the last match ever
};

}  // namespace

std::optional<double> DevkitClearCounts::mota() const {
  if (tp + fn == 0) return std::nullopt;
  return 1 - static_cast<double>(fp + fn + id_switches) / static_cast<double>(tp + fn);
}

DevkitClearCounts CountDevkitClear(const MotSequence& s) {
  DevkitClearCounts total;
  std::vector<DevkitPerson> persons(s.gt_id_value.size());
  std::vector<uint32_t> pair_of_row;
  std::vector<char> taken;
  std::vector<int32_t> gt_order, tracker_order, tracker_rank;
  std::vector<double> cost;
  for (size_t f = 0; f < s.frame_size(); ++f) {
    const int64_t number = s.frames[f].number;
    const uint32_t first = s.frames[f].gt_begin;
    const int32_t rows = s.GtBoxes(f), cols = s.TrackerBoxes(f);
    const int32_t* const tracker_id = s.tracker_id.data() + s.frames[f].tracker_begin;
    pair_of_row.assign(rows, kNoPair);
    taken.assign(cols, 0);
    const auto allowed = [&](uint32_t k) { return 1 - s.pair_iou[k] <= kDevkitDistance; };
    for (int32_t r = 0; r < rows; ++r) {
      const DevkitPerson& person = persons[s.gt_id[first + r]];
      if (person.matched_in != number - 1) continue;
      for (uint32_t k = s.pair_begin[first + r]; k < s.pair_begin[first + r + 1]; ++k) {
        if (tracker_id[s.pair_col[k]] != person.tracker || !allowed(k)) continue;
        pair_of_row[r] = k;
        taken[s.pair_col[k]] = 1;
      }
    }
    // Both sides by id, which is the order of the kit's matrices.
    gt_order.clear();
    tracker_order.clear();
    for (int32_t r = 0; r < rows; ++r) {
      if (pair_of_row[r] == kNoPair) gt_order.push_back(r);
    }
    for (int32_t c = 0; c < cols; ++c) {
      if (taken[c] == 0) tracker_order.push_back(c);
    }
    std::sort(gt_order.begin(), gt_order.end(),
              [&](int32_t a, int32_t b) { return s.gt_id[first + a] < s.gt_id[first + b]; });
    std::sort(tracker_order.begin(), tracker_order.end(),
              [&](int32_t a, int32_t b) { return tracker_id[a] < tracker_id[b]; });
    tracker_rank.assign(cols, kUnassigned);
    for (size_t c = 0; c < tracker_order.size(); ++c)
      tracker_rank[tracker_order[c]] = static_cast<int32_t>(c);
    const size_t width = tracker_order.size();
    const double forbidden = static_cast<double>(std::min(gt_order.size(), width)) + 1;
    cost.assign(gt_order.size() * width, forbidden);
    std::vector<uint32_t> pair_at(cost.size(), kNoPair);
    for (size_t r = 0; r < gt_order.size(); ++r) {
      const uint32_t g = first + gt_order[r];
      for (uint32_t k = s.pair_begin[g]; k < s.pair_begin[g + 1]; ++k) {
        const int32_t c = tracker_rank[s.pair_col[k]];
        if (c != kUnassigned && allowed(k)) pair_at[r * width + c] = k;
      }
    }
    int64_t pairs = 0;
    for (size_t at = 0; at < pair_at.size(); ++at) {
      if (pair_at[at] == kNoPair) continue;
      cost[at] = 1 - s.pair_iou[pair_at[at]] + kDevkitTieStep * static_cast<double>(++pairs);
    }
    if (pairs > 0) {
      const std::vector<int32_t> match = LinearSumAssignment(static_cast<int32_t>(gt_order.size()),
                                                             static_cast<int32_t>(width), cost);
      for (size_t r = 0; r < match.size(); ++r) {
        if (match[r] != kUnassigned) pair_of_row[gt_order[r]] = pair_at[r * width + match[r]];
      }
    }
    int64_t found = 0;
    for (int32_t r = 0; r < rows; ++r) {
      DevkitPerson& person = persons[s.gt_id[first + r]];
      if (pair_of_row[r] != kNoPair) {
        const int32_t tracker = tracker_id[s.pair_col[pair_of_row[r]]];
        if (person.tracker != -1 && person.tracker != tracker && person.present_in == number - 1)
          ++total.id_switches;
        total.distance_sum += 1 - s.pair_iou[pair_of_row[r]];
        person.tracker = tracker;
        person.matched_in = number;
        ++found;
      }
      person.present_in = number;
    }
    total.tp += found;
    total.fn += rows - found;
    total.fp += cols - found;
  }
  return total;
}

}  // namespace reidbench
