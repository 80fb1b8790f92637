#include "reidbench/relinking/motion_links.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "reidbench/core/statistics.h"
#include "reidbench/relinking/explain.h"

namespace reidbench {
namespace {

constexpr double kMostGap_s = 3.5;
// The share of lost tracks that come back is told apart by how long they were away.
constexpr std::array<double, 6> kAbsence_s = {0, 0.2, 0.5, 1, 2, kMostGap_s};
constexpr size_t kAbsences = kAbsence_s.size() - 1;
constexpr double kMostReturns = 0.95;  // of lost tracks: some end
constexpr int kEstimations = 30;
constexpr int kPasses = 30;
constexpr double kMostMotion = 12;  // a closer hit says no more
constexpr double kLeastMotion = -30;
constexpr double kCertain = 50;  // log odds to print for what nothing competes with
constexpr double kSizeWeight = 0.5;

double LogOdds(double probability) { return std::log(probability / (1 - probability)); }

// Ends and beginnings of the tracks.
struct Ends {
  Motion head;
  Motion tail;
  int64_t first_frame;
  int64_t last_frame;
};

std::vector<Ends> EndsOf(const Observations& seen) {
  std::vector<Ends> ends;
  for (const TrackTable::Track& track : seen.table.tracks) {
    const auto n = static_cast<int32_t>(track.boxes.size());
    ends.push_back({FitMotion(seen, track.boxes, 0, n, false),
                    FitMotion(seen, track.boxes, 0, n, true), seen.box[track.boxes.front()].frame,
                    seen.box[track.boxes.back()].frame});
  }
  return ends;
}

size_t AbsenceOf(double gap_s) {
  size_t k = 0;
  while (k + 1 < kAbsences && gap_s > kAbsence_s[k + 1]) ++k;
  return k;
}

// How often lost tracks come back and how many people begin, and with these the odds of every
// candidate: expectation and maximisation, the expectation by sum-product messages on the graph of
// ends and beginnings, each of which takes part in one link at most.
class Estimate {
 public:
  Estimate(const Observations& seen, const std::vector<Ends>& ends,
           std::vector<MotionCandidate*> candidates, std::vector<double> costs,
           const MotionLinkOptions& options)
      : candidates_(std::move(candidates)),
        costs_(std::move(costs)),
        tracks_(ends.size()),
        seconds_(seen.seconds + 1 / seen.frame_rate),
        options_(options) {
    const double last_s = [&] {
      double last = 0;
      for (const Ends& e : ends) last = std::max(last, e.tail.time_s);
      return last + 1 / seen.frame_rate;
    }();
    for (size_t k = 0; k < kAbsences; ++k) {
      const double width = kAbsence_s[k + 1] - kAbsence_s[k];
      for (const Ends& e : ends) {
        // A track that ends with the video has no time to come back.
        exposed_[k] += std::clamp((last_s - e.tail.time_s - kAbsence_s[k]) / width, 0.0, 1.0);
      }
      returns_[k] = options.prior_return / kAbsences;
    }
    begins_a_second_ = std::max(0.5 * static_cast<double>(tracks_), 1.0) / seconds_;
  }

  void Run() {
    for (int round = 0; round < kEstimations; ++round) {
      Expect();
      Maximise();
    }
    Expect();
    for (size_t c = 0; c < candidates_.size(); ++c)
      candidates_[c]->log_odds = std::clamp(std::log(odds_[c]), -kCertain, kCertain);
  }

  // Log odds against a new person, were there no other candidate.
  double AloneLogOdds(const MotionCandidate& candidate) const {
    return std::clamp(std::log(Weight(candidate, 0)), -kCertain, kCertain);
  }

 private:
  double Returns() const {
    double sum = 0;
    for (const double share : returns_) sum += share;
    return sum;
  }

  // Of the hypothesis that the two are one person against an end and a beginning.
  double Weight(const MotionCandidate& c, double cost) const {
    const size_t k = AbsenceOf(c.gap_s);
    const double a_second = returns_[k] / (kAbsence_s[k + 1] - kAbsence_s[k]);
    return a_second / begins_a_second_ / (1 - Returns()) * std::exp(c.motion - cost);
  }

  void Expect() {
    const size_t n = candidates_.size();
    weight_.resize(n);
    for (size_t c = 0; c < n; ++c) weight_[c] = Weight(*candidates_[c], costs_[c]);
    from_end_.assign(n, 0);
    from_beginning_.assign(n, 1);
    for (int pass = 0; pass < kPasses; ++pass) {
      std::vector<double> sum(tracks_, 0);
      for (size_t c = 0; c < n; ++c)
        sum[candidates_[c]->earlier] += weight_[c] * from_beginning_[c];
      for (size_t c = 0; c < n; ++c) {
        const double others =
            std::max(sum[candidates_[c]->earlier] - weight_[c] * from_beginning_[c], 0.0);
        from_end_[c] = 1 / (1 + others);
      }
      sum.assign(tracks_, 0);
      for (size_t c = 0; c < n; ++c) sum[candidates_[c]->later] += weight_[c] * from_end_[c];
      for (size_t c = 0; c < n; ++c) {
        const double others = std::max(sum[candidates_[c]->later] - weight_[c] * from_end_[c], 0.0);
        from_beginning_[c] = 1 / (1 + others);
      }
    }
    odds_.resize(n);
    for (size_t c = 0; c < n; ++c) odds_[c] = weight_[c] * from_end_[c] * from_beginning_[c];
  }

  void Maximise() {
    std::array<double, kAbsences> came_back{};
    double links = 0;
    for (size_t c = 0; c < candidates_.size(); ++c) {
      const double probability = odds_[c] / (1 + odds_[c]);
      came_back[AbsenceOf(candidates_[c]->gap_s)] += probability;
      links += probability;
    }
    for (size_t k = 0; k < kAbsences; ++k) {
      const double prior =
          options_.prior_return * (kAbsence_s[k + 1] - kAbsence_s[k]) / kAbsence_s.back();
      returns_[k] =
          (came_back[k] + options_.prior_tracks * prior) / (exposed_[k] + options_.prior_tracks);
    }
    if (const double all = Returns(); all > kMostReturns) {
      for (double& share : returns_) share *= kMostReturns / all;
    }
    begins_a_second_ = std::max(static_cast<double>(tracks_) - links, 1.0) / seconds_;
  }

  std::vector<MotionCandidate*> candidates_;
  std::vector<double> costs_;  // taken from the evidence of each
  size_t tracks_;
  double seconds_;
  MotionLinkOptions options_;
  std::array<double, kAbsences> exposed_{};  // ends that could come back after so long
  std::array<double, kAbsences> returns_{};  // the share of them that does
  double begins_a_second_ = 1;               // people who are new
  std::vector<double> weight_, odds_, from_end_, from_beginning_;
};

int64_t MemoryFrames(const Observations& seen, double quantile, int64_t* own_gaps) {
  std::vector<double> gaps;
  for (const TrackTable::Track& track : seen.table.tracks) {
    for (size_t k = 1; k < track.boxes.size(); ++k) {
      const int64_t frames = seen.box[track.boxes[k]].frame - seen.box[track.boxes[k - 1]].frame;
      if (frames > 1) gaps.push_back(static_cast<double>(frames));
    }
  }
  *own_gaps = static_cast<int64_t>(gaps.size());
  if (gaps.empty()) return 0;
  return static_cast<int64_t>(Quantile(std::move(gaps), quantile, QuantileRule::kInterpolated));
}

// Tracks by their first frame, then as in the table.
std::vector<int32_t> ByBeginning(const std::vector<Ends>& ends) {
  std::vector<int32_t> order(ends.size());
  for (size_t k = 0; k < order.size(); ++k) order[k] = static_cast<int32_t>(k);
  std::stable_sort(order.begin(), order.end(),
                   [&](int32_t a, int32_t b) { return ends[a].first_frame < ends[b].first_frame; });
  return order;
}

std::vector<MotionCandidate> FindCandidates(const Observations& seen, const MotionModel& motion,
                                            const std::vector<Ends>& ends, int64_t memory_frames,
                                            ReEntry re_entry) {
  const std::vector<int32_t> order = ByBeginning(ends);
  std::vector<MotionCandidate> candidates;
  for (int32_t earlier = 0; earlier < static_cast<int32_t>(ends.size()); ++earlier) {
    const Ends& e = ends[earlier];
    auto at = std::upper_bound(order.begin(), order.end(), e.last_frame,
                               [&](int64_t f, int32_t t) { return f < ends[t].first_frame; });
    for (; at != order.end(); ++at) {
      MotionCandidate c;
      const Ends& l = ends[*at];
      c.earlier = earlier;
      c.later = *at;
      c.frames = l.first_frame - e.last_frame;
      c.gap_s = static_cast<double>(c.frames) / seen.frame_rate;
      if (c.gap_s > kMostGap_s) break;
      if (!motion.Reachable(e.tail, l.head)) continue;
      c.motion = motion.LogRatio(e.tail, l.head);
      if (c.frames <= memory_frames) {
        c.veto = MotionCandidate::Veto::kMemory;
      } else if (re_entry == ReEntry::kNew && motion.Leaves(e.tail, c.gap_s)) {
        c.veto = MotionCandidate::Veto::kReEntry;
      }
      candidates.push_back(c);
    }
  }
  std::sort(candidates.begin(), candidates.end(),
            [](const MotionCandidate& a, const MotionCandidate& b) {
              return std::pair(a.later, a.earlier) < std::pair(b.later, b.earlier);
            });
  return candidates;
}

// Those that may be linked, the best first.
std::vector<MotionCandidate*> BestFirst(std::vector<MotionCandidate>* candidates,
                                        double threshold) {
  std::vector<MotionCandidate*> order;
  for (MotionCandidate& c : *candidates) {
    if (c.veto == MotionCandidate::Veto::kNone && c.log_odds >= threshold) order.push_back(&c);
  }
  std::stable_sort(
      order.begin(), order.end(),
      [](const MotionCandidate* a, const MotionCandidate* b) { return a->log_odds > b->log_odds; });
  return order;
}

// Log odds from which links are worth it together: as many as possible of the best.
double Threshold(size_t tracks, const MotionLinkOptions& options,
                 std::vector<MotionCandidate>* candidates) {
  const double least = LogOdds(options.least_probability);
  // What a single link would need.
  const double z = options.deviations;
  double threshold = LogOdds(0.5 * (1 + z / std::sqrt(1 + z * z)));
  double expected = 0;
  double variance = 0;
  bool all = true;
  std::vector<bool> ended(tracks, false);
  std::vector<bool> begun(tracks, false);
  for (const MotionCandidate* c : BestFirst(candidates, least)) {
    if (ended[c->earlier] || begun[c->later]) continue;
    ended[c->earlier] = begun[c->later] = true;
    const double probability = 1 / (1 + std::exp(-c->log_odds));
    expected += 2 * probability - 1;
    variance += 4 * probability * (1 - probability);
    all = expected >= z * std::sqrt(variance);
    if (all) threshold = c->log_odds;
  }
  return all ? least : threshold;
}

// The best candidates first, as long as both sides are free.
void Choose(const Observations& seen, const std::vector<int64_t>& settled, double threshold,
            std::vector<MotionCandidate>* candidates) {
  const size_t n = seen.table.tracks.size();
  std::vector<bool> ended(n, false);
  std::vector<bool> begun(n, false);
  if (!settled.empty()) {
    // A settled person goes on from the last of its tracks only.
    std::map<int64_t, std::pair<int64_t, size_t>> last_of;
    for (size_t t = 0; t < n; ++t) {
      const std::vector<int32_t>& boxes = seen.table.tracks[t].boxes;
      const int64_t person = settled[boxes.front()];
      if (person < 0) continue;
      begun[t] = ended[t] = true;
      const std::pair at(seen.box[boxes.front()].frame, t);
      const auto [known, is_new] = last_of.try_emplace(person, at);
      if (!is_new) known->second = std::max(known->second, at);
    }
    for (const auto& [person, last] : last_of) ended[last.second] = false;
  }
  for (MotionCandidate* c : BestFirst(candidates, threshold)) {
    if (ended[c->earlier] || begun[c->later]) continue;
    c->linked = ended[c->earlier] = begun[c->later] = true;
  }
}

std::string_view ReasonOf(const MotionCandidate& c) {
  switch (c.veto) {
    case MotionCandidate::Veto::kMemory:
      return "veto: within the tracker's own memory";
    case MotionCandidate::Veto::kReEntry:
      return "veto: left the picture";
    case MotionCandidate::Veto::kNone:
      return "threshold";
  }
  return "";
}

}  // namespace

MotionLinks LinkByMotion(const Observations& seen, MotionModel motion, ReEntry re_entry,
                         double return_cost, const MotionLinkOptions& options,
                         const std::vector<int64_t>& settled) {
  // Every rival is in the comparison itself here, so that motion may say more than elsewhere.
  motion.cap = kMostMotion;
  motion.floor = kLeastMotion;
  motion.size_weight = kSizeWeight;
  MotionLinks links;
  links.memory_frames = MemoryFrames(seen, options.memory_quantile, &links.own_gaps);
  if (links.own_gaps == 0) return links;
  const std::vector<Ends> ends = EndsOf(seen);
  links.candidates = FindCandidates(seen, motion, ends, links.memory_frames, re_entry);
  std::vector<MotionCandidate*> open;
  std::vector<double> costs;
  for (MotionCandidate& c : links.candidates) {
    if (c.veto != MotionCandidate::Veto::kNone) continue;
    open.push_back(&c);
    const bool leaves = re_entry == ReEntry::kAuto && motion.Leaves(ends[c.earlier].tail, c.gap_s);
    costs.push_back(leaves ? return_cost : 0);
  }
  Estimate estimate(seen, ends, std::move(open), std::move(costs), options);
  estimate.Run();
  for (MotionCandidate& c : links.candidates) {
    if (c.veto != MotionCandidate::Veto::kNone) c.log_odds = estimate.AloneLogOdds(c);
  }
  links.threshold = Threshold(ends.size(), options, &links.candidates);
  Choose(seen, settled, links.threshold, &links.candidates);
  return links;
}

std::vector<int64_t> PersonsOf(const Observations& seen, const MotionLinks& links,
                               const std::vector<int64_t>& settled) {
  const std::vector<TrackTable::Track>& tracks = seen.table.tracks;
  std::vector<int32_t> previous(tracks.size(), -1);
  for (const MotionCandidate& c : links.candidates) {
    if (c.linked) previous[c.later] = c.earlier;
  }
  int64_t fresh = 0;
  for (const int64_t id : settled) fresh = std::max(fresh, id + 1);
  std::vector<int64_t> person(seen.box.size(), -1);
  // The table has tracks by their first frame, so that whoever is gone on from is known already.
  for (size_t t = 0; t < tracks.size(); ++t) {
    const int32_t first = tracks[t].boxes.front();
    int64_t id = settled.empty() ? -1 : settled[first];
    if (id < 0) {
      id = previous[t] >= 0 ? person[tracks[previous[t]].boxes.front()] : fresh++;
    }
    for (const int32_t box : tracks[t].boxes) person[box] = id;
  }
  return person;
}

std::vector<RelinkDecision> ExplainMotionLinks(const Observations& seen, const MotionLinks& links,
                                               const std::vector<int64_t>& person) {
  const std::vector<TrackTable::Track>& tracks = seen.table.tracks;
  const double threshold = links.threshold;
  std::map<int64_t, int32_t> last_of;
  std::vector<int32_t> previous(tracks.size(), -1);
  for (int32_t t = 0; t < static_cast<int32_t>(tracks.size()); ++t) {
    const auto [known, is_new] = last_of.try_emplace(person[tracks[t].boxes.front()], t);
    if (is_new) continue;
    previous[t] = known->second;
    known->second = t;
  }
  const auto tell = [&](int32_t earlier, int32_t later) {
    RelinkDecision d;
    d.kind = RelinkDecisionKind::kLink;
    d.step = "motion";
    d.track_before = tracks[earlier].id;
    d.track_after = tracks[later].id;
    d.frame_before = seen.box[tracks[earlier].boxes.back()].frame;
    d.frame_after = seen.box[tracks[later].boxes.front()].frame;
    d.gap_s = static_cast<double>(d.frame_after - d.frame_before - 1) / seen.frame_rate;
    d.threshold = threshold;
    const auto from =
        std::lower_bound(links.candidates.begin(), links.candidates.end(), later,
                         [](const MotionCandidate& c, int32_t track) { return c.later < track; });
    for (auto c = from; c != links.candidates.end() && c->later == later; ++c) {
      if (c->earlier == earlier) {
        d.log_likelihood_ratio = c->log_odds;
        d.reason = ReasonOf(*c);
        d.gates = {{"motion", c->motion}, {"memory_frames", links.memory_frames}};
      } else if (c->veto == MotionCandidate::Veto::kNone &&
                 (!d.runner_up.has_value() || c->log_odds > *d.runner_up)) {
        d.runner_up = c->log_odds;
        d.runner_up_track = tracks[c->earlier].id;
      }
    }
    return d;
  };
  std::vector<RelinkDecision> decisions;
  std::vector<bool> goes_on(tracks.size(), false);
  for (int32_t t = 0; t < static_cast<int32_t>(tracks.size()); ++t) {
    if (previous[t] < 0) continue;
    goes_on[previous[t]] = true;
    decisions.push_back(tell(previous[t], t));
    decisions.back().accepted = true;
    decisions.back().reason.clear();
  }
  std::vector<const MotionCandidate*> refused;
  for (const MotionCandidate& c : links.candidates) {
    if (previous[c.later] == c.earlier || c.log_odds < threshold - kToldBelowThreshold) continue;
    // What is only kept apart by a veto is told where nothing else was found for either.
    if (c.veto != MotionCandidate::Veto::kNone &&
        (c.log_odds < threshold || previous[c.later] >= 0 || goes_on[c.earlier])) {
      continue;
    }
    refused.push_back(&c);
  }
  std::stable_sort(
      refused.begin(), refused.end(),
      [](const MotionCandidate* a, const MotionCandidate* b) { return a->log_odds > b->log_odds; });
  std::map<int32_t, int> told;
  for (const MotionCandidate* c : refused) {
    if (++told[c->earlier] > kToldRefusedEach || ++told[c->later] > kToldRefusedEach) continue;
    decisions.push_back(tell(c->earlier, c->later));
    if (c->veto == MotionCandidate::Veto::kNone && c->log_odds >= threshold)
      decisions.back().reason = "decided earlier";
  }
  return decisions;
}

std::string MotionNote(const MotionAlone& done) {
  if (done.own_gaps == 0) {
    return "no box has an embedding, and no track has a gap that would show how long the tracker "
           "remembers: nothing is linked";
  }
  return fmt::format(
      "no box has an embedding: {} link{} by motion alone over {} frames without a box, none "
      "within "
      "the tracker's own memory of {} frames (90 % of {} gaps in its tracks)",
      done.links, done.links == 1 ? "" : "s", done.frames_bridged, done.memory_frames,
      done.own_gaps);
}

}  // namespace reidbench
