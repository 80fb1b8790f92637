#include "reidbench/jobs/relink/relink_truth.h"

#include <algorithm>
#include <limits>
#include <map>
#include <unordered_map>

#include "reidbench/core/parallel.h"
#include "reidbench/mot_metrics/ceilings.h"
#include "reidbench/mot_metrics/clear.h"
#include "reidbench/mot_metrics/identity.h"
#include "reidbench/mot_metrics/sequence.h"

namespace reidbench {
namespace {

// A sequence whose tracker ids are the indices of the boxes: what survives the benchmark's rules,
// and all overlaps, whatever the identities are.
MotSequence PrepareBoxes(const TrackSet& truth, TrackSet tracks, const MotBenchmark& benchmark,
                         const FrameRange& scored) {
  for (size_t i = 0; i < tracks.boxes.size(); ++i)
    tracks.boxes[i].id = TrackId(static_cast<int64_t>(i));
  if (benchmark.frames != FramePart::kAll && !benchmark.results_renumbered)
    KeepFrames(scored, &tracks);
  return PrepareSequence(truth, tracks, benchmark, benchmark.classes.front());
}

// The same with the identities of `tracks`.
MotSequence WithIdentities(const MotSequence& by_box, const TrackSet& tracks) {
  MotSequence out = by_box;
  std::vector<int64_t>& values = out.tracker_id_value;
  std::vector<int64_t> of_box;  // identity, by the dense id of by_box
  for (const int64_t box : by_box.tracker_id_value)
    of_box.push_back(tracks.boxes[static_cast<size_t>(box)].id.value);
  values = of_box;
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  const auto dense = [&](int32_t box) {
    return static_cast<int32_t>(
        std::lower_bound(values.begin(), values.end(), of_box[static_cast<size_t>(box)]) -
        values.begin());
  };
  for (int32_t& id : out.tracker_id) id = dense(id);
  out.track_pairs.clear();
  std::unordered_map<uint64_t, uint32_t> known;
  std::vector<uint32_t> pair_of(by_box.track_pairs.size());
  for (size_t p = 0; p < pair_of.size(); ++p) {
    const MotSequence::TrackPair pair{by_box.track_pairs[p].gt,
                                      dense(by_box.track_pairs[p].tracker)};
    const uint64_t key = (static_cast<uint64_t>(static_cast<uint32_t>(pair.gt)) << 32) |
                         static_cast<uint32_t>(pair.tracker);
    const auto [at, is_new] = known.try_emplace(key, static_cast<uint32_t>(out.track_pairs.size()));
    if (is_new) out.track_pairs.push_back(pair);
    pair_of[p] = at->second;
  }
  for (uint32_t& pair : out.pair_tracks) pair = pair_of[pair];
  return out;
}

// The ground truth in the frame numbers of the tracks.
TrackSet InFramesOfTracks(TrackSet truth, const TrackSet& tracks, const MotBenchmark& benchmark,
                          const FrameRange& scored) {
  if (benchmark.frames == FramePart::kAll || benchmark.results_renumbered) return truth;
  for (TrackBox& box : truth.boxes) box.frame.value += scored.first - 1;
  truth.frame_count = std::max(tracks.frame_count, scored.last);
  return truth;
}

// The stretches between a track's cuts, and whose they are.
class Stretches {
 public:
  Stretches(const TrackSet& tracks, const std::vector<int64_t>& person,
            const std::vector<RelinkDecision>& decisions) {
    for (size_t i = 0; i < tracks.boxes.size(); ++i)
      boxes_[tracks.boxes[i].id].push_back({tracks.boxes[i].frame.value, person[i]});
    for (auto& [track, boxes] : boxes_) std::sort(boxes.begin(), boxes.end());
    for (const RelinkDecision& d : decisions) {
      if (!d.accepted || d.kind == RelinkDecisionKind::kLink) continue;
      cuts_[d.track_before].push_back(d.frame_after);
      if (d.kind == RelinkDecisionKind::kSwap) cuts_[d.track_after].push_back(d.frame_after);
    }
    for (auto& [track, cuts] : cuts_) std::sort(cuts.begin(), cuts.end());
  }

  // Of the boxes before `end` and after the cut before that.
  int64_t Before(TrackId track, int64_t end) const {
    const std::vector<int64_t>& cuts = CutsOf(track);
    const auto at = std::lower_bound(cuts.begin(), cuts.end(), end);
    return Majority(track, at == cuts.begin() ? 0 : *(at - 1), end);
  }
  // Of the boxes from `begin` on, until the next cut.
  int64_t From(TrackId track, int64_t begin) const {
    const std::vector<int64_t>& cuts = CutsOf(track);
    const auto at = std::upper_bound(cuts.begin(), cuts.end(), begin);
    return Majority(track, begin, at == cuts.end() ? std::numeric_limits<int64_t>::max() : *at);
  }

 private:
  struct Box {
    int64_t frame;
    int64_t person;
    friend auto operator<=>(const Box&, const Box&) = default;
  };

  const std::vector<int64_t>& CutsOf(TrackId track) const {
    static const std::vector<int64_t> kNone;
    const auto found = cuts_.find(track);
    return found == cuts_.end() ? kNone : found->second;
  }

  int64_t Majority(TrackId track, int64_t begin, int64_t end) const {
    const auto found = boxes_.find(track);
    if (found == boxes_.end()) return kNoPerson;
    std::map<int64_t, int64_t> votes;
    const auto first =
        std::lower_bound(found->second.begin(), found->second.end(), begin,
                         [](const Box& b, int64_t frame) { return b.frame < frame; });
    int64_t boxes = 0;
    for (auto at = first; at != found->second.end() && at->frame < end; ++at) {
      ++boxes;
      if (at->person != kNoPerson) ++votes[at->person];
    }
    int64_t matched = 0;
    std::pair<int64_t, int64_t> best{0, kNoPerson};
    for (const auto& [person, count] : votes) {
      matched += count;
      if (count > best.first) best = {count, person};
    }
    return 2 * matched < boxes ? kNoPerson : best.second;
  }

  std::unordered_map<TrackId, std::vector<Box>> boxes_;
  std::unordered_map<TrackId, std::vector<int64_t>> cuts_;
};

DecisionTruth::Verdict Judge(const RelinkDecision& d, const Stretches& stretches) {
  using Verdict = DecisionTruth::Verdict;
  const auto opposite_if_refused = [&](bool good_to_take) {
    return good_to_take == d.accepted ? Verdict::kRight : Verdict::kWrong;
  };
  if (d.kind == RelinkDecisionKind::kSwap) {
    const int64_t a_before = stretches.Before(d.track_before, d.frame_after);
    const int64_t b_before = stretches.Before(d.track_after, d.frame_after);
    const int64_t a_after = stretches.From(d.track_before, d.frame_after);
    const int64_t b_after = stretches.From(d.track_after, d.frame_after);
    // Each person known on both sides of one of the two joins is a witness.
    const bool first_known = a_before != kNoPerson && b_after != kNoPerson;
    const bool second_known = b_before != kNoPerson && a_after != kNoPerson;
    if (!first_known && !second_known) return Verdict::kNeutral;
    return opposite_if_refused((!first_known || a_before == b_after) &&
                               (!second_known || b_before == a_after));
  }
  const bool is_split = d.kind == RelinkDecisionKind::kSplit;
  const int64_t before =
      stretches.Before(d.track_before, is_split ? d.frame_after : d.frame_before + 1);
  const int64_t after = stretches.From(is_split ? d.track_before : d.track_after, d.frame_after);
  if (before == kNoPerson || after == kNoPerson) return Verdict::kNeutral;
  return opposite_if_refused((before == after) != is_split);
}

}  // namespace

RelinkTruth JudgeRelinking(TrackSet truth, const TrackSet& tracks, const RelinkResult& result,
                           const MotBenchmark& benchmark) {
  const FrameRange scored = ScoredFrames(benchmark, truth.frame_count);
  if (benchmark.frames != FramePart::kAll) KeepFrames(scored, &truth);
  const MotSequence by_box = PrepareBoxes(truth, tracks, benchmark, scored);
  RelinkTruth out;
  out.plain = CountMot(WithIdentities(by_box, tracks));
  out.corrected = CountMot(WithIdentities(by_box, result.tracks));
  const double idf1 = Summarize(out.corrected.identity).f1;
  const int64_t switches = out.corrected.clear.id_switches;
  const std::vector<int64_t> persons =
      PersonsOfBoxes(InFramesOfTracks(truth, tracks, benchmark, scored), tracks, benchmark,
                     benchmark.classes.front());
  const Stretches stretches(tracks, persons, result.decisions);
  out.decisions.resize(result.decisions.size());
  ParallelFor(static_cast<int64_t>(result.decisions.size()), [&](int64_t d) {
    DecisionTruth& judged = out.decisions[static_cast<size_t>(d)];
    const RelinkDecision& decision = result.decisions[static_cast<size_t>(d)];
    judged.verdict = Judge(decision, stretches);
    if (!decision.accepted) return;
    const MotSequence undone = WithIdentities(by_box, ApplyDecisions(tracks, result.decisions, d));
    judged.idf1_change = Summarize(CountIdentity(undone)).f1 - idf1;
    judged.idsw_change = CountClear(undone).id_switches - switches;
  });
  return out;
}

}  // namespace reidbench
