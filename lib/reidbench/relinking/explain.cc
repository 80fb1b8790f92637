#include "reidbench/relinking/explain.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace reidbench {
namespace {

constexpr double kExchange_s = 3;    // a swap's two sides lie no further apart
constexpr double kVetoedWorth = 4;   // appearance that a vetoed pair needs on top to be told
constexpr double kImpossible = -50;  // log-likelihood ratio to print for what a veto excludes

// A stretch of track of one person: one part.
struct Segment {
  int32_t track;
  int64_t person;
  int64_t first_frame, last_frame;
  int32_t next = -1;  // of the same person, in time
  int32_t previous = -1;
};

class Explainer {
 public:
  Explainer(const Observations& seen, const PieceSet& parts, const std::vector<int64_t>& person,
            const Partitioner& partitioner)
      : seen_(seen), parts_(parts), partitioner_(partitioner) {
    for (const Piece& part : parts.pieces) {
      segments_.push_back({part.track, person[seen.table.tracks[part.track].boxes[part.begin]],
                           part.first_frame, part.last_frame});
    }
    for (int32_t s = 0; s < static_cast<int32_t>(segments_.size()); ++s)
      of_person_[segments_[s].person].push_back(s);
    for (auto& [id, chain] : of_person_) {
      std::stable_sort(chain.begin(), chain.end(), [&](int32_t a, int32_t b) {
        return segments_[a].first_frame < segments_[b].first_frame;
      });
      for (size_t k = 1; k < chain.size(); ++k) {
        segments_[chain[k - 1]].next = chain[k];
        segments_[chain[k]].previous = chain[k - 1];
      }
      groups_.emplace(id, partitioner.MakeGroup(chain));
    }
  }

  std::vector<RelinkDecision> Run() {
    const auto n = static_cast<int32_t>(segments_.size());
    std::vector<bool> cut_told(n, false);   // the cut in front of the segment
    std::vector<bool> join_told(n, false);  // the join in front of the segment
    // Swaps whose both sides go on come before takeovers, where one side has ended or just begun.
    for (const bool full : {true, false}) {
      for (int32_t after = 1; after < n; ++after) {
        const int32_t before = after - 1;
        if (cut_told[after] || !IsCut(after)) continue;
        const int32_t other = FindExchange(before, after, full, cut_told, join_told);
        if (other < 0) continue;
        TellSwap(before, after, other, &cut_told, &join_told);
      }
    }
    for (int32_t after = 1; after < n; ++after) {
      if (IsCut(after) && !cut_told[after]) TellSplit(after);
    }
    std::stable_sort(decisions_.begin(), decisions_.end(),
                     [](const RelinkDecision& a, const RelinkDecision& b) {
                       return a.frame_after < b.frame_after;
                     });
    std::vector<RelinkDecision> links;
    for (int32_t s = 0; s < n; ++s) {
      if (segments_[s].previous >= 0 && !join_told[s]) links.push_back(TellLink(s));
    }
    std::stable_sort(links.begin(), links.end(),
                     [](const RelinkDecision& a, const RelinkDecision& b) {
                       return a.frame_after < b.frame_after;
                     });
    decisions_.insert(decisions_.end(), links.begin(), links.end());
    TellRefused();
    return std::move(decisions_);
  }

 private:
  bool IsCut(int32_t after) const {
    return after > 0 && segments_[after].track == segments_[after - 1].track;
  }
  TrackId IdOf(const Segment& s) const { return seen_.table.tracks[s.track].id; }
  double Seconds(int64_t frames) const { return static_cast<double>(frames) / seen_.frame_rate; }

  // The frame from which track of (before, after) and track of (b_before, b_after) exchange; -1
  // if there is none. Either of the latter may be -1: the track ends or begins there.
  int64_t ExchangeFrame(int32_t before, int32_t after, int32_t b_before, int32_t b_after) const {
    int64_t last = segments_[before].last_frame;
    int64_t first = segments_[after].first_frame;
    if (b_before >= 0) last = std::max(last, segments_[b_before].last_frame);
    if (b_after >= 0) first = std::min(first, segments_[b_after].first_frame);
    return first > last ? first : -1;
  }

  // The first segment of the other track's second half if it exists, else the last of its first.
  int32_t FindExchange(int32_t before, int32_t after, bool full, const std::vector<bool>& cut_told,
                       const std::vector<bool>& join_told) const {
    const int32_t heir = segments_[before].next;       // continues the person before the cut
    const int32_t origin = segments_[after].previous;  // where the person after the cut was
    if (full) {
      if (heir < 0 || origin < 0 || !IsCut(heir) || heir - 1 != origin) return -1;
      if (cut_told[heir] || join_told[heir] || join_told[after]) return -1;
      if (segments_[heir].track == segments_[before].track) return -1;
      return ExchangeFrame(before, after, origin, heir) < 0 ? -1 : heir;
    }
    // Takeover: the other track ended, and its person goes on under this one's identity.
    if (origin >= 0 && !join_told[after] && segments_[origin].track != segments_[after].track &&
        !IsCut(origin + 1 < static_cast<int32_t>(segments_.size()) ? origin + 1 : 0) &&
        Seconds(segments_[after].first_frame - segments_[origin].last_frame) <= kExchange_s &&
        ExchangeFrame(before, after, origin, -1) >= 0) {
      return origin;
    }
    // Its mirror image: this track's person goes on in a track that begins.
    if (heir >= 0 && !join_told[heir] && !IsCut(heir) &&
        segments_[heir].track != segments_[before].track &&
        Seconds(segments_[heir].first_frame - segments_[before].last_frame) <= kExchange_s &&
        ExchangeFrame(before, after, -1, heir) >= 0) {
      return heir;
    }
    return -1;
  }

  // Pieces of the segment's person up to and including it, or from it on.
  std::vector<int32_t> PiecesUpTo(int32_t segment) const { return Collect(segment, true); }
  std::vector<int32_t> PiecesFrom(int32_t segment) const { return Collect(segment, false); }
  std::vector<int32_t> Collect(int32_t segment, bool backwards) const {
    std::vector<int32_t> pieces;
    for (int32_t s = segment; s >= 0; s = backwards ? segments_[s].previous : segments_[s].next) {
      pieces.push_back(s);
    }
    return pieces;
  }
  double Ratio(const std::vector<int32_t>& a, const std::vector<int32_t>& b) const {
    const double total = partitioner_.Compare(a, b).total;
    return std::isinf(total) ? kImpossible : total;
  }

  void TellSwap(int32_t before, int32_t after, int32_t other, std::vector<bool>* cut_told,
                std::vector<bool>* join_told) {
    int32_t b_before = -1;
    int32_t b_after = -1;
    if (segments_[before].next == other) {
      b_after = other;
      if (IsCut(other) && segments_[after].previous == other - 1) b_before = other - 1;
    } else {
      b_before = other;
    }
    RelinkDecision d;
    d.kind = RelinkDecisionKind::kSwap;
    d.accepted = true;
    d.step = "swap";
    d.track_before = IdOf(segments_[before]);
    d.track_after = IdOf(segments_[other]);
    d.frame_after = ExchangeFrame(before, after, b_before, b_after);
    d.frame_before = segments_[before].last_frame;
    d.gap_s = Seconds(segments_[after].first_frame - segments_[before].last_frame - 1);
    const double kept = Ratio(PiecesUpTo(before), PiecesFrom(after));
    double exchanged = 0;
    std::optional<double> distance;
    const auto compare = [&](int32_t from, int32_t to) {
      const JoinEvidence e = partitioner_.Compare(PiecesUpTo(from), PiecesFrom(to));
      if (e.distance >= 0) distance = std::max(distance.value_or(0), e.distance);
      exchanged += std::isinf(e.total) ? kImpossible : e.total;
    };
    if (b_after >= 0) compare(before, b_after);
    if (b_before >= 0) compare(b_before, after);
    const double other_kept =
        b_before >= 0 && b_after >= 0 ? Ratio(PiecesUpTo(b_before), PiecesFrom(b_after)) : 0;
    d.appearance_distance = distance;
    d.log_likelihood_ratio = exchanged - kept - other_kept;
    d.gates = {{"exchanged", exchanged}, {"kept", kept + other_kept}};
    (*cut_told)[after] = true;
    if (b_before >= 0 && b_after >= 0) (*cut_told)[b_after] = true;
    if (b_after >= 0) (*join_told)[b_after] = true;
    if (b_before >= 0) (*join_told)[after] = true;
    decisions_.push_back(std::move(d));
  }

  void TellSplit(int32_t after) {
    const Segment& a = segments_[after - 1];
    const Segment& b = segments_[after];
    RelinkDecision d;
    d.kind = RelinkDecisionKind::kSplit;
    d.accepted = true;
    d.step = "split";
    d.track_before = d.track_after = IdOf(a);
    d.frame_before = a.last_frame;
    d.frame_after = b.first_frame;
    d.gap_s = Seconds(b.first_frame - a.last_frame - 1);
    JoinEvidence e = partitioner_.Compare(PiecesUpTo(after - 1), PiecesFrom(after));
    if (e.distance >= 0) d.appearance_distance = e.distance;
    d.log_likelihood_ratio = std::isinf(e.total) ? -kImpossible : -e.total;
    d.gates = {{"appearance", e.appearance},
               {"continuity", e.continuity},
               {"change", parts_.pieces[after].cut_change}};
    decisions_.push_back(std::move(d));
  }

  RelinkDecision TellLink(int32_t later) {
    const Segment& b = segments_[later];
    const Segment& a = segments_[b.previous];
    RelinkDecision d;
    d.kind = RelinkDecisionKind::kLink;
    d.accepted = true;
    d.track_before = IdOf(a);
    d.track_after = IdOf(b);
    d.frame_before = a.last_frame;
    d.frame_after = b.first_frame;
    d.gap_s = Seconds(std::max<int64_t>(b.first_frame - a.last_frame - 1, 0));
    const Group rest = partitioner_.MakeGroup(PiecesFrom(later));
    const JoinEvidence e =
        partitioner_.Compare(partitioner_.MakeGroup(PiecesUpTo(b.previous)), rest);
    // Who else it could have been.
    for (const auto& [other, group] : groups_) {
      if (other == b.person) continue;
      const double total = partitioner_.Compare(group, rest).total;
      if (std::isinf(total) || (d.runner_up.has_value() && total <= *d.runner_up)) continue;
      d.runner_up = total;
      d.runner_up_track = IdOf(segments_[of_person_.at(other).front()]);
    }
    if (e.distance >= 0) d.appearance_distance = e.distance;
    d.log_likelihood_ratio = std::isinf(e.total) ? kImpossible : e.total;
    d.threshold = partitioner_.threshold();
    // Where place and time alone speak for it, appearance only had to agree.
    d.step = e.motion >= 0 ? "motion" : "appearance";
    d.gates = {{"appearance", e.appearance}, {"motion", e.motion}, {"continuity", e.continuity}};
    return d;
  }

  // Pairs of persons that were nearly one, or whom only a veto kept apart.
  void TellRefused() {
    struct Candidate {
      JoinEvidence evidence;
      double worth;
      int64_t a, b;
    };
    std::vector<Candidate> candidates;
    for (auto a = groups_.begin(); a != groups_.end(); ++a) {
      for (auto b = std::next(a); b != groups_.end(); ++b) {
        const JoinEvidence e = partitioner_.Compare(a->second, b->second);
        const bool vetoed = e.veto != JoinEvidence::Veto::kNone;
        const double worth = vetoed ? e.appearance - kVetoedWorth : e.total;
        if (worth >= partitioner_.threshold() - kToldBelowThreshold)
          candidates.push_back({e, worth, a->first, b->first});
      }
    }
    std::stable_sort(candidates.begin(), candidates.end(),
                     [](const Candidate& x, const Candidate& y) { return x.worth > y.worth; });
    std::map<int64_t, int> told;
    for (const Candidate& c : candidates) {
      if (++told[c.a] > kToldRefusedEach || ++told[c.b] > kToldRefusedEach) continue;
      decisions_.push_back(Refusal(c.evidence, of_person_.at(c.a), of_person_.at(c.b)));
    }
  }

  RelinkDecision Refusal(const JoinEvidence& e, const std::vector<int32_t>& a,
                         const std::vector<int32_t>& b) const {
    // Where the two would have met: the later of both beginnings.
    const bool a_first = segments_[a.front()].first_frame <= segments_[b.front()].first_frame;
    const std::vector<int32_t>& early = a_first ? a : b;
    const Segment& later = segments_[a_first ? b.front() : a.front()];
    const Segment* before = &segments_[early.front()];
    for (const int32_t s : early) {
      if (segments_[s].first_frame <= later.first_frame) before = &segments_[s];
    }
    RelinkDecision d;
    d.kind = RelinkDecisionKind::kLink;
    d.step = e.veto == JoinEvidence::Veto::kNone && e.motion >= 0 ? "motion" : "appearance";
    d.track_before = IdOf(*before);
    d.track_after = IdOf(later);
    d.frame_before = before->last_frame;
    d.frame_after = later.first_frame;
    d.gap_s = Seconds(std::max<int64_t>(d.frame_after - d.frame_before - 1, 0));
    if (e.distance >= 0) d.appearance_distance = e.distance;
    d.threshold = partitioner_.threshold();
    d.log_likelihood_ratio = std::isinf(e.total) ? kImpossible : e.total;
    d.gates = {{"appearance", e.appearance}, {"motion", e.motion}, {"continuity", e.continuity}};
    switch (e.veto) {
      case JoinEvidence::Veto::kSameFrame:
        d.reason = fmt::format("veto: both in frame {}", SharedFrame(a, b));
        break;
      case JoinEvidence::Veto::kReach:
        d.reason = "veto: cannot get there";
        break;
      case JoinEvidence::Veto::kReEntry:
        d.reason = "veto: left the picture";
        break;
      case JoinEvidence::Veto::kFrozen:
        d.reason = "veto: decided earlier";
        break;
      case JoinEvidence::Veto::kNone:
        d.reason = e.total < d.threshold ? "threshold" : "decided earlier";
        break;
    }
    return d;
  }

  int64_t SharedFrame(const std::vector<int32_t>& a, const std::vector<int32_t>& b) const {
    const auto frames = [&](const std::vector<int32_t>& chain) {
      std::vector<int64_t> all;
      for (const int32_t s : chain) {
        const Piece& part = parts_.pieces[s];
        for (int32_t k = part.begin; k < part.end; ++k)
          all.push_back(seen_.box[seen_.table.tracks[part.track].boxes[k]].frame);
      }
      std::sort(all.begin(), all.end());
      return all;
    };
    const std::vector<int64_t> x = frames(a);
    const std::vector<int64_t> y = frames(b);
    std::vector<int64_t> both;
    std::set_intersection(x.begin(), x.end(), y.begin(), y.end(), std::back_inserter(both));
    return both.empty() ? -1 : both.front();
  }

  const Observations& seen_;
  const PieceSet& parts_;
  const Partitioner& partitioner_;
  std::vector<Segment> segments_;  // by track, then in time
  std::map<int64_t, std::vector<int32_t>> of_person_;
  std::map<int64_t, Group> groups_;  // the parts of each person
  std::vector<RelinkDecision> decisions_;
};

}  // namespace

std::vector<RelinkDecision> Explain(const Observations& seen, const PieceSet& parts,
                                    const std::vector<int64_t>& person,
                                    const Partitioner& partitioner) {
  return Explainer(seen, parts, person, partitioner).Run();
}

}  // namespace reidbench
