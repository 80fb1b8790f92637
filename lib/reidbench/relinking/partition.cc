#include "reidbench/relinking/partition.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "reidbench/core/row_products.h"
#include "reidbench/matching/merging.h"

namespace reidbench {
namespace {

// What is not worth a closer look while everything is compared with everything: motion and
// continuity do not make up for that.
constexpr double kHopeless = 3;
constexpr double kDifferent = 9;

// Numbers frames from 0: those of the video, or only those with boxes where frame numbers are
// times.
class FramePlaces {
 public:
  explicit FramePlaces(const Observations& seen) {
    if (seen.box.empty()) return;
    first_ = last_ = seen.box.front().frame;
    for (const Observation& o : seen.box) {
      first_ = std::min(first_, o.frame);
      last_ = std::max(last_, o.frame);
    }
    if (last_ - first_ < 4096 + 4 * static_cast<int64_t>(seen.box.size())) return;
    for (const Observation& o : seen.box) frames_.push_back(o.frame);
    std::sort(frames_.begin(), frames_.end());
    frames_.erase(std::unique(frames_.begin(), frames_.end()), frames_.end());
  }

  int64_t size() const {
    return frames_.empty() ? last_ - first_ + 1 : static_cast<int64_t>(frames_.size());
  }
  int64_t Of(int64_t frame) const {
    if (frames_.empty()) return frame - first_;
    return std::lower_bound(frames_.begin(), frames_.end(), frame) - frames_.begin();
  }

 private:
  int64_t first_ = 0, last_ = -1;
  std::vector<int64_t> frames_;  // with boxes, ascending; empty where all are numbered
};

}  // namespace

Partitioner::Partitioner(const Observations& seen, const PieceSet& set,
                         const AppearanceModel& appearance, const MotionModel& motion,
                         const PartitionOptions& options)
    : seen_(seen), set_(set), appearance_(appearance), motion_(motion), options_(options) {
  if (set.pieces.empty()) return;
  const FramePlaces places(seen);
  frame_count_ = places.size();
  tracks_a_second_ = static_cast<double>(seen.table.tracks.size()) / std::max(seen.seconds, 1.0);
  frames_.assign(set.pieces.size(), FrameSet(frame_count_));
  for (size_t p = 0; p < set.pieces.size(); ++p) {
    const Piece& piece = set.pieces[p];
    for (int32_t k = piece.begin; k < piece.end; ++k)
      frames_[p].Add(places.Of(seen.box[seen.table.tracks[piece.track].boxes[k]].frame));
  }
  gram_ = RightFactor(ViewOf(set.sums)).LeftTimes(ViewOf(set.sums));
  std::vector<int32_t> order(set.pieces.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
    return set.pieces[a].first_frame < set.pieces[b].first_frame;
  });
  rank_.resize(order.size());
  for (size_t k = 0; k < order.size(); ++k) rank_[order[k]] = static_cast<int32_t>(k);
}

Group Partitioner::MakeGroup(const std::vector<int32_t>& pieces) const {
  Group g;
  g.pieces = pieces;
  std::sort(g.pieces.begin(), g.pieces.end(), [&](int32_t a, int32_t b) { return Earlier(a, b); });
  g.frames = FrameSet(frame_count_);
  for (const int32_t p : g.pieces) {
    g.clean_s += set_.pieces[p].clean_s;
    g.frames.Join(frames_[p]);
    if (set_.pieces[p].frozen_group >= 0) g.frozen_group = set_.pieces[p].frozen_group;
    for (const int32_t q : g.pieces) g.self += gram_(p, q);
  }
  return g;
}

double Partitioner::Cross(const Group& a, const Group& b) const {
  double sum = 0;
  for (const int32_t p : a.pieces) {
    for (const int32_t q : b.pieces) sum += gram_(p, q);
  }
  return sum;
}

double Partitioner::Continuity(const Group& a, const Group& b) const {
  const Group& few = a.pieces.size() <= b.pieces.size() ? a : b;
  const Group& many = &few == &a ? b : a;
  const auto holds = [&](int32_t p) {
    const auto at = std::lower_bound(many.pieces.begin(), many.pieces.end(), p,
                                     [&](int32_t x, int32_t y) { return Earlier(x, y); });
    return at != many.pieces.end() && *at == p;
  };
  const auto odds = [&](int32_t later) {
    const double leap = motion_.Leap(set_.pieces[later - 1].tail, set_.pieces[later].head);
    const double taken = std::min(leap, options_.jump_penalty);
    switch (set_.pieces[later].cut) {
      case CutKind::kGap:
        return options_.keep_gap - taken;
      case CutKind::kContact:
        return options_.keep_contact - taken;
      case CutKind::kJump:
        return options_.keep_jump - taken;
      default:
        return options_.keep_change - taken;
    }
  };
  double sum = 0;
  for (const int32_t p : few.pieces) {
    if (p > 0 && set_.pieces[p].cut != CutKind::kTrackStart && holds(p - 1)) sum += odds(p);
    const auto next = static_cast<size_t>(p) + 1;
    if (next < set_.pieces.size() && set_.pieces[next].cut != CutKind::kTrackStart && holds(p + 1))
      sum += odds(p + 1);
  }
  return sum;
}

double Partitioner::Link(int32_t earlier, int32_t later, JoinEvidence::Veto* veto) const {
  const Piece& p = set_.pieces[earlier];
  const Piece& q = set_.pieces[later];
  // Neighbours in a track: the tracker's own evidence is in Continuity().
  if (later == earlier + 1 && q.cut != CutKind::kTrackStart) return 0;
  const double gap_s = std::max(q.head.time_s - p.tail.time_s, 0.0);
  const double prior = -std::log(1 + 0.5 * seen_.boxes_a_frame + tracks_a_second_ * gap_s);
  if (q.first_frame <= p.last_frame) return options_.prior_weight * prior;  // interleaved
  if (veto != nullptr && !motion_.Reachable(p.tail, q.head)) *veto = JoinEvidence::Veto::kReach;
  double back = 0;
  if (options_.re_entry != ReEntry::kSame && motion_.Leaves(p.tail, gap_s)) {
    back = options_.return_cost;
    if (options_.re_entry == ReEntry::kNew && veto != nullptr) *veto = JoinEvidence::Veto::kReEntry;
  }
  return options_.prior_weight * prior + motion_.LogRatio(p.tail, q.head) - back;
}

JoinEvidence Partitioner::Join(const Group& a, const Group& b, double cross, bool prune) const {
  JoinEvidence e;
  if (a.frozen_group >= 0 && b.frozen_group >= 0 && a.frozen_group != b.frozen_group) {
    e.veto = JoinEvidence::Veto::kFrozen;
    return e;
  }
  const double norms = std::sqrt(a.self * b.self);
  if (norms > 1e-9) {
    e.distance = 1 - cross / norms;
    e.appearance = appearance_.LogRatio(e.distance, std::min(a.clean_s, b.clean_s));
  }
  if (prune && e.appearance < -kDifferent) return e;
  if (a.frames.Meets(b.frames)) {
    e.veto = JoinEvidence::Veto::kSameFrame;
    return e;
  }
  e.continuity = Continuity(a, b);
  if (prune && e.appearance + e.continuity < -kHopeless) return e;
  // The chain in time that both make together, against the two chains apart.
  size_t i = 0;
  size_t j = 0;
  int32_t last = -1;
  bool last_in_a = false;
  while (i < a.pieces.size() || j < b.pieces.size()) {
    const bool from_a =
        j == b.pieces.size() || (i < a.pieces.size() && Earlier(a.pieces[i], b.pieces[j]));
    const Group& own = from_a ? a : b;
    size_t& k = from_a ? i : j;
    const int32_t piece = own.pieces[k];
    if (last >= 0 && from_a != last_in_a) {
      e.motion += Link(last, piece, &e.veto);
      if (k > 0) e.motion -= Link(own.pieces[k - 1], piece, nullptr);
    }
    last = piece;
    last_in_a = from_a;
    ++k;
  }
  if (e.veto != JoinEvidence::Veto::kNone) return e;
  e.total = e.appearance + e.continuity + e.motion;
  return e;
}

JoinEvidence Partitioner::Compare(const std::vector<int32_t>& a,
                                  const std::vector<int32_t>& b) const {
  const Group x = MakeGroup(a);
  const Group y = MakeGroup(b);
  return Join(x, y, Cross(x, y));
}

void Partitioner::Contract(std::vector<Group>* groups) const {
  std::vector<Group>& g = *groups;
  const auto n = static_cast<int32_t>(g.size());
  // Pairs that did not merge before and are as they were need no second look. While few are new,
  // products are cheaper summed when needed than kept for all pairs.
  const auto fresh = std::count_if(g.begin(), g.end(), [](const Group& x) { return x.changed; });
  if (fresh == 0) return;
  const bool keep_cross = 4 * fresh > n;
  RowMatrix cross;
  if (keep_cross) {
    cross.resize(n, n);
    for (int32_t a = 0; a < n; ++a) {
      for (int32_t b = a; b < n; ++b)
        cross(a, b) = cross(b, a) = static_cast<float>(a == b ? g[a].self : Cross(g[a], g[b]));
    }
  }
  const auto product = [&](int32_t a, int32_t b) {
    return keep_cross ? cross(a, b) : Cross(g[a], g[b]);
  };
  const auto compare = [&](int32_t a, int32_t b) {
    return static_cast<float>(Join(g[a], g[b], product(a, b), true).total);
  };
  const auto least = static_cast<float>(options_.margin);
  std::vector<ScoredPair> pairs;
  for (int32_t a = 0; a < n; ++a) {
    for (int32_t b = a + 1; b < n; ++b) {
      if (!g[a].changed && !g[b].changed) continue;
      const float score = compare(a, b);
      if (score >= least) pairs.push_back({a, b, score});
    }
  }
  const auto merge = [&](int32_t a, int32_t b) {
    std::vector<int32_t> pieces;
    std::merge(g[a].pieces.begin(), g[a].pieces.end(), g[b].pieces.begin(), g[b].pieces.end(),
               std::back_inserter(pieces), [&](int32_t x, int32_t y) { return Earlier(x, y); });
    g[a].self += g[b].self + 2.0 * product(a, b);
    g[a].clean_s += g[b].clean_s;
    g[a].frames.Join(g[b].frames);
    if (g[b].frozen_group >= 0) g[a].frozen_group = g[b].frozen_group;
    g[a].pieces = std::move(pieces);
    g[b].pieces.clear();
    if (keep_cross) {
      cross.row(a) += cross.row(b);
      cross.col(a) = cross.row(a).transpose();
    }
    return true;
  };
  MergeBestFirst(n, least, pairs, merge, [&](int32_t a, const auto& emit) {
    for (int32_t c = 0; c < n; ++c) {
      if (c != a && !g[c].pieces.empty()) emit(c, compare(a, c));
    }
  });
  std::erase_if(g, [](const Group& x) { return x.pieces.empty(); });
  for (Group& group : g) group.changed = false;
}

// Moves single pieces to the group they fit best. Returns whether anything moved.
bool Partitioner::Refine(std::vector<Group>* groups) {
  std::vector<Group>& g = *groups;
  std::vector<int32_t> group_of(set_.pieces.size());
  for (size_t k = 0; k < g.size(); ++k) {
    for (const int32_t p : g[k].pieces) group_of[p] = static_cast<int32_t>(k);
  }
  bool moved = false;
  for (int32_t p = 0; p < static_cast<int32_t>(set_.pieces.size()); ++p) {
    if (set_.pieces[p].frozen_group >= 0) continue;
    const int32_t home = group_of[p];
    const Group alone = MakeGroup({p});
    double here = 0;
    std::vector<int32_t> rest;
    if (g[home].pieces.size() > 1) {
      for (const int32_t q : g[home].pieces) {
        if (q != p) rest.push_back(q);
      }
      const Group left = MakeGroup(rest);
      here = Join(left, alone, Cross(left, alone)).total;
      if (std::isinf(here)) here = -100;
      if (here >= options_.certain) continue;
    }
    int32_t target = -1;
    double most = std::max(here, 0.0) + options_.margin;
    for (size_t k = 0; k < g.size(); ++k) {
      if (static_cast<int32_t>(k) == home || g[k].pieces.empty()) continue;
      const double there = Join(g[k], alone, Cross(g[k], alone), true).total;
      if (there > most) {
        most = there;
        target = static_cast<int32_t>(k);
      }
    }
    if (target < 0) continue;
    moved = true;
    group_of[p] = target;
    g[home] = MakeGroup(rest);
    std::vector<int32_t> more = g[target].pieces;
    more.push_back(p);
    g[target] = MakeGroup(more);
  }
  std::erase_if(g, [](const Group& x) { return x.pieces.empty(); });
  return moved;
}

double Partitioner::Total(const std::vector<int32_t>& a, const std::vector<int32_t>& b) const {
  if (a.empty() || b.empty()) return 0;
  return Compare(a, b).total;
}

// At a cut, three ways to undo it: the two persons exchange all that follows, or the stretch of
// track on one side goes over to the other side's person.
bool Partitioner::ReconsiderCut(int32_t piece, std::vector<Group>* groups,
                                std::vector<int32_t>* group_of) {
  std::vector<Group>& g = *groups;
  const int32_t p = (*group_of)[piece - 1];
  const int32_t q = (*group_of)[piece];
  const int64_t frame = set_.pieces[piece].first_frame;
  std::vector<int32_t> p_head, p_tail, q_head, q_tail;
  for (const int32_t k : g[p].pieces)
    (set_.pieces[k].first_frame < frame ? p_head : p_tail).push_back(k);
  for (const int32_t k : g[q].pieces)
    (set_.pieces[k].first_frame < frame ? q_head : q_tail).push_back(k);
  const auto track_run = [&](int32_t from, int32_t step, int32_t group) {
    std::vector<int32_t> run;
    for (int32_t k = from;
         k >= 0 && k < static_cast<int32_t>(set_.pieces.size()) &&
         set_.pieces[k].track == set_.pieces[piece].track && (*group_of)[k] == group;
         k += step) {
      run.push_back(k);
    }
    std::sort(run.begin(), run.end());
    return run;
  };
  const auto without = [&](const std::vector<int32_t>& all, const std::vector<int32_t>& some) {
    std::vector<int32_t> rest;
    for (const int32_t k : all) {
      if (!std::binary_search(some.begin(), some.end(), k)) rest.push_back(k);
    }
    return rest;
  };
  double best = 1e-6;
  std::vector<int32_t> new_p;
  std::vector<int32_t> new_q;
  // Cuts within tracks between the two persons.
  const auto count_cuts = [&](std::vector<int32_t> first, const std::vector<int32_t>& second) {
    std::sort(first.begin(), first.end());
    int cuts = 0;
    for (const int32_t k : second) {
      if (set_.pieces[k].cut != CutKind::kTrackStart)
        cuts += std::binary_search(first.begin(), first.end(), k - 1);
      const auto next = static_cast<size_t>(k) + 1;
      if (next < set_.pieces.size() && set_.pieces[next].cut != CutKind::kTrackStart)
        cuts += std::binary_search(first.begin(), first.end(), k + 1);
    }
    return cuts;
  };
  // What is decided stays: nobody may lose an identity or get two.
  const auto keeps_frozen = [&](const std::vector<int32_t>& first,
                                const std::vector<int32_t>& second) {
    const auto id_of = [&](const std::vector<int32_t>& pieces, bool* mixed) {
      int64_t id = -1;
      for (const int32_t k : pieces) {
        const int64_t own = set_.pieces[k].frozen_group;
        *mixed |= own >= 0 && id >= 0 && own != id;
        if (own >= 0) id = own;
      }
      return id;
    };
    bool mixed = false;
    const int64_t a = id_of(first, &mixed);
    const int64_t b = id_of(second, &mixed);
    return !mixed && (a < 0 || a != b);
  };
  const int cuts_now = count_cuts(g[p].pieces, g[q].pieces);
  const auto consider = [&](double gain, std::vector<int32_t> first, std::vector<int32_t> second) {
    if (std::isfinite(gain)) gain += options_.cut_cost * (cuts_now - count_cuts(first, second));
    if (!(gain > best) || !keeps_frozen(first, second)) return;  // also refuses inf - inf
    best = gain;
    new_p = std::move(first);
    new_q = std::move(second);
  };
  const auto joined = [](std::vector<int32_t> a, const std::vector<int32_t>& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
  };
  const double now = Total(p_head, p_tail) + Total(q_head, q_tail);
  // An exchange that leaves fewer persons undoes a split for which there was no other use.
  const double orphan = p_tail.empty() && q_head.empty() ? options_.split_margin : 0;
  consider(Total(p_head, q_tail) + Total(q_head, p_tail) - now + orphan, joined(p_head, q_tail),
           joined(q_head, p_tail));
  const std::vector<int32_t> later = track_run(piece, 1, q);
  const std::vector<int32_t> q_rest = without(g[q].pieces, later);
  consider(Total(g[p].pieces, later) - Total(q_rest, later) +
               (q_rest.empty() ? options_.split_margin : 0),
           joined(g[p].pieces, later), q_rest);
  const std::vector<int32_t> earlier = track_run(piece - 1, -1, p);
  const std::vector<int32_t> p_rest = without(g[p].pieces, earlier);
  consider(Total(g[q].pieces, earlier) - Total(p_rest, earlier) +
               (p_rest.empty() ? options_.split_margin : 0),
           p_rest, joined(g[q].pieces, earlier));
  if (best <= 1e-6) return false;
  for (const int32_t k : new_p) (*group_of)[k] = p;
  for (const int32_t k : new_q) (*group_of)[k] = q;
  g[p] = MakeGroup(new_p);
  g[q] = MakeGroup(new_q);
  return true;
}

// Parts what, seen from the end, does not belong together.
bool Partitioner::Unlink(std::vector<Group>* groups) {
  bool changed = false;
  std::vector<Group> parted;
  const auto parts_frozen = [&](const std::vector<int32_t>& pieces, size_t k) {
    const auto frozen = [&](int32_t p) { return set_.pieces[p].frozen_group >= 0; };
    const auto middle = pieces.begin() + static_cast<int64_t>(k);
    return std::any_of(pieces.begin(), middle, frozen) && std::any_of(middle, pieces.end(), frozen);
  };
  for (Group& group : *groups) {
    std::vector<int32_t> rest = group.pieces;
    bool again = true;
    while (again && rest.size() > 1) {
      again = false;
      double least = 0;
      size_t place = 0;
      for (size_t k = 1; k < rest.size(); ++k) {
        const bool same_track =
            rest[k] == rest[k - 1] + 1 && set_.pieces[rest[k]].cut != CutKind::kTrackStart;
        if (same_track || (group.frozen_group >= 0 && parts_frozen(rest, k))) continue;
        const double total = Total({rest.begin(), rest.begin() + static_cast<int64_t>(k)},
                                   {rest.begin() + static_cast<int64_t>(k), rest.end()});
        if (total < least) {
          least = total;
          place = k;
        }
      }
      if (place == 0) break;
      parted.push_back(MakeGroup({rest.begin() + static_cast<int64_t>(place), rest.end()}));
      rest.resize(place);
      again = changed = true;
    }
    if (rest.size() != group.pieces.size()) group = MakeGroup(rest);
  }
  groups->insert(groups->end(), std::make_move_iterator(parted.begin()),
                 std::make_move_iterator(parted.end()));
  return changed;
}

bool Partitioner::Polish(std::vector<Group>* groups) {
  std::vector<Group>& g = *groups;
  bool changed = Unlink(groups);
  std::vector<int32_t> group_of(set_.pieces.size());
  for (size_t k = 0; k < g.size(); ++k) {
    for (const int32_t p : g[k].pieces) group_of[p] = static_cast<int32_t>(k);
  }
  for (int32_t p = 1; p < static_cast<int32_t>(set_.pieces.size()); ++p) {
    if (set_.pieces[p].cut == CutKind::kTrackStart || group_of[p] == group_of[p - 1]) continue;
    changed |= ReconsiderCut(p, groups, &group_of);
  }
  std::erase_if(g, [](const Group& x) { return x.pieces.empty(); });
  return changed;
}

// Pieces as groups; neighbours in a track that are certainly one person together.
std::vector<Group> Partitioner::JoinNeighbours() const {
  std::vector<Group> groups;
  bool open = false;
  for (int32_t p = 0; p < static_cast<int32_t>(set_.pieces.size()); ++p) {
    const Piece& piece = set_.pieces[p];
    if (piece.frozen_group >= 0) {
      open = false;
      continue;
    }
    Group alone = MakeGroup({p});
    if (open && piece.cut != CutKind::kTrackStart) {
      Group& last = groups.back();
      const double cross = Cross(last, alone);
      if (Join(last, alone, cross).total >= options_.certain) {
        last.pieces.push_back(p);
        last.self += alone.self + 2 * cross;
        last.clean_s += alone.clean_s;
        last.frames.Join(alone.frames);
        continue;
      }
    }
    groups.push_back(std::move(alone));
    open = true;
  }
  return groups;
}

std::vector<int32_t> Partitioner::Solve() {
  const auto n = static_cast<int32_t>(set_.pieces.size());
  std::vector<Group> groups = JoinNeighbours();
  std::vector<std::vector<int32_t>> frozen;
  std::vector<std::pair<int64_t, size_t>> frozen_place;
  for (int32_t p = 0; p < n; ++p) {
    const int64_t id = set_.pieces[p].frozen_group;
    if (id < 0) continue;
    const auto known = std::find_if(frozen_place.begin(), frozen_place.end(),
                                    [&](const auto& f) { return f.first == id; });
    if (known == frozen_place.end()) {
      frozen_place.emplace_back(id, frozen.size());
      frozen.push_back({p});
    } else {
      frozen[known->second].push_back(p);
    }
  }
  for (const std::vector<int32_t>& pieces : frozen) groups.push_back(MakeGroup(pieces));
  Contract(&groups);
  for (int sweep = 0; sweep < options_.refine_sweeps; ++sweep) {
    if (!Refine(&groups)) break;
    Contract(&groups);
  }
  for (int sweep = 0; sweep < options_.polish_sweeps; ++sweep) {
    if (!Polish(&groups)) break;
    Contract(&groups);
  }
  std::sort(groups.begin(), groups.end(), [&](const Group& a, const Group& b) {
    return Earlier(a.pieces.front(), b.pieces.front());
  });
  std::vector<int32_t> person(n, -1);
  for (size_t k = 0; k < groups.size(); ++k) {
    for (const int32_t p : groups[k].pieces) person[p] = static_cast<int32_t>(k);
  }
  return person;
}

}  // namespace reidbench
