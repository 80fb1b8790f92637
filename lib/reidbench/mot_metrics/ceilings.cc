#include "reidbench/mot_metrics/ceilings.h"

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <vector>

#include "reidbench/core/error.h"
#include "reidbench/matching/assignment.h"
#include "reidbench/mot_metrics/frame_rows.h"
#include "reidbench/mot_metrics/sequence.h"

namespace reidbench {
namespace {

constexpr double kThreshold = 0.5;

// Rows of each track in the order of time. Tracks of the most rows come first, among equals the one
// that begins first, then the one that the file names first: never by id, which is only a name.
std::vector<std::vector<uint32_t>> TrackletsByLength(const TrackSet& tracks) {
  const FrameRows by_frame = GroupByFrame(tracks.boxes);
  std::map<int64_t, size_t> index;
  std::vector<std::vector<uint32_t>> tracklets;
  for (const uint32_t row : by_frame.order) {
    const auto [at, is_new] = index.emplace(tracks.boxes[row].id.value, tracklets.size());
    if (is_new) tracklets.emplace_back();
    tracklets[at->second].push_back(row);
  }
  std::stable_sort(tracklets.begin(), tracklets.end(),
                   [](const auto& a, const auto& b) { return a.size() > b.size(); });
  return tracklets;
}

int64_t LargestId(const TrackSet& tracks) {
  int64_t largest = 0;
  for (const TrackBox& box : tracks.boxes) largest = std::max(largest, box.id.value);
  return largest;
}

// The person of most rows; among equals the one seen first. kNoPerson is one of them.
int64_t Majority(const std::vector<uint32_t>& rows, const std::vector<int64_t>& persons) {
  struct Votes {
    int64_t person;
    int64_t count;
  };
  std::vector<Votes> votes;
  for (const uint32_t row : rows) {
    const auto found = std::find_if(votes.begin(), votes.end(),
                                    [&](const Votes& v) { return v.person == persons[row]; });
    if (found == votes.end()) {
      votes.push_back({persons[row], 1});
    } else {
      ++found->count;
    }
  }
  return std::max_element(votes.begin(), votes.end(),
                          [](const Votes& a, const Votes& b) { return a.count < b.count; })
      ->person;
}

}  // namespace

std::vector<int64_t> PersonsOfBoxes(const TrackSet& ground_truth, const TrackSet& results,
                                    const MotBenchmark& benchmark, const MotClass& scored) {
  // Boxes on distractors and in ignored regions stay in a file that is corrected, so they stay
  // here.
  MotBenchmark rules = benchmark;
  rules.distractor_classes.clear();
  rules.ignored_classes.clear();
  const MotSequence s = PrepareSequence(ground_truth, results, rules, scored);
  const FrameRows rows = GroupByFrame(results.boxes);
  std::vector<int64_t> persons(results.boxes.size(), kNoPerson);
  SparseAssigner assigner;
  SparseScores scores;
  std::vector<int64_t> person_of_column;
  for (size_t f = 0; f < s.frame_size(); ++f) {
    const uint32_t first = s.frames[f].gt_begin, last = s.frames[f + 1].gt_begin;
    scores.Clear(s.TrackerBoxes(f));
    for (uint32_t g = first; g < last; ++g) {
      for (uint32_t k = s.pair_begin[g]; k < s.pair_begin[g + 1]; ++k) {
        if (s.pair_iou[k] >= kThreshold - kEps) scores.Add(s.pair_col[k], s.pair_iou[k]);
      }
      scores.EndRow();
    }
    if (scores.col.empty()) continue;
    person_of_column.assign(s.TrackerBoxes(f), kNoPerson);
    const std::span<const int32_t> match = assigner.MaximiseLikeScipy(scores.View());
    for (uint32_t g = first; g < last; ++g) {
      if (match[g - first] != kUnassigned)
        person_of_column[match[g - first]] = s.gt_id_value[s.gt_id[g]];
    }
    // The prepared sequence keeps the order of the rows, and leaves out those of other classes.
    size_t column = 0;
    for (const uint32_t row : rows.Of(s.frames[f].number)) {
      if (column == person_of_column.size()) break;
      const int32_t dense = s.tracker_id[s.frames[f].tracker_begin + column];
      if (results.boxes[row].id.value == s.tracker_id_value[dense])
        persons[row] = person_of_column[column++];
    }
    REIDBENCH_CHECK(column == person_of_column.size());
  }
  return persons;
}

TrackSet LinkPerfectly(const TrackSet& ground_truth, const TrackSet& results,
                       const MotBenchmark& benchmark, const MotClass& scored) {
  const std::vector<int64_t> persons = PersonsOfBoxes(ground_truth, results, benchmark, scored);
  TrackSet out = results;
  std::map<int64_t, std::set<int64_t>> taken;  // frames of each person's tracklets so far
  int64_t next_id = LargestId(ground_truth);
  for (const std::vector<uint32_t>& rows : TrackletsByLength(results)) {
    int64_t id = Majority(rows, persons);
    if (id != kNoPerson) {
      std::set<int64_t>& frames = taken[id];
      const bool free = std::none_of(rows.begin(), rows.end(), [&](uint32_t row) {
        return frames.count(results.boxes[row].frame.value) > 0;
      });
      if (free) {
        for (const uint32_t row : rows) frames.insert(results.boxes[row].frame.value);
      } else {
        id = kNoPerson;
      }
    }
    if (id == kNoPerson) id = ++next_id;
    for (const uint32_t row : rows) out.boxes[row].id = TrackId(id);
  }
  return out;
}

TrackSet SplitAndLinkPerfectly(const TrackSet& ground_truth, const TrackSet& results,
                               const MotBenchmark& benchmark, const MotClass& scored) {
  const std::vector<int64_t> persons = PersonsOfBoxes(ground_truth, results, benchmark, scored);
  TrackSet out = results;
  const int64_t offset = LargestId(ground_truth) + 1;
  for (size_t k = 0; k < out.boxes.size(); ++k) {
    out.boxes[k].id =
        TrackId(persons[k] != kNoPerson ? persons[k] : offset + results.boxes[k].id.value);
  }
  return out;
}

}  // namespace reidbench
