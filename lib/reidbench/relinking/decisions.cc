// From decisions to identities. All cuts come first, so that a piece is what lies between two cuts
// whatever the order of decisions; then swaps and links join pieces in order. A join that would put
// an identity twice into a frame is void: that happens only when a decision before it is undone.
#include <algorithm>
#include <numeric>
#include <set>
#include <unordered_set>

#include "reidbench/core/error.h"
#include "reidbench/relinking/relink.h"
#include "reidbench/relinking/track_table.h"

namespace reidbench {
namespace {

class Pieces {
 public:
  Pieces(const TrackSet& set, const TrackTable& table, std::vector<std::set<int64_t>> cuts)
      : set_(set), table_(table), cuts_(std::move(cuts)), piece_of_(set.boxes.size(), -1) {
    for (size_t t = 0; t < table.tracks.size(); ++t) {
      auto next_cut = cuts_[t].begin();
      bool fresh = true;
      for (const int32_t box : table.tracks[t].boxes) {
        const int64_t frame = set.boxes[box].frame.value;
        while (next_cut != cuts_[t].end() && *next_cut <= frame) {
          fresh = true;
          ++next_cut;
        }
        if (fresh) {
          frames_.emplace_back();
          first_of_track_.push_back(box == table.tracks[t].boxes.front());
          track_of_.push_back(static_cast<int32_t>(t));
          fresh = false;
        }
        piece_of_[box] = static_cast<int32_t>(frames_.size()) - 1;
        frames_.back().push_back(frame);
      }
    }
    parent_.resize(frames_.size());
    std::iota(parent_.begin(), parent_.end(), 0);
  }

  // The piece of the last box before `frame`, or of the first at or after it; -1 without one.
  int32_t Before(int32_t track, int64_t frame) const {
    const auto at = LowerBound(track, frame);
    return at == table_.tracks[track].boxes.begin() ? -1 : piece_of_[*(at - 1)];
  }
  int32_t From(int32_t track, int64_t frame) const {
    const auto at = LowerBound(track, frame);
    return at == table_.tracks[track].boxes.end() ? -1 : piece_of_[*at];
  }

  // Makes the two one person, unless they share a frame.
  void Join(int32_t a, int32_t b) {
    if (a < 0 || b < 0) return;
    a = Find(a);
    b = Find(b);
    if (a == b) return;
    std::vector<int64_t> both;
    both.reserve(frames_[a].size() + frames_[b].size());
    std::merge(frames_[a].begin(), frames_[a].end(), frames_[b].begin(), frames_[b].end(),
               std::back_inserter(both));
    if (std::adjacent_find(both.begin(), both.end()) != both.end()) return;
    const int32_t root = std::min(a, b);
    parent_[std::max(a, b)] = root;
    frames_[root] = std::move(both);
    frames_[std::max(a, b)].clear();
  }

  // The earliest piece names its person after its track, first come first served; whoever finds
  // all names of its pieces taken gets a new one.
  std::vector<TrackId> Names() {
    const auto pieces = static_cast<int32_t>(frames_.size());
    std::vector<std::vector<int32_t>> members(pieces);
    for (int32_t p = 0; p < pieces; ++p) members[Find(p)].push_back(p);
    std::vector<int32_t> roots;
    for (int32_t p = 0; p < pieces; ++p) {
      if (!members[p].empty()) roots.push_back(p);
    }
    std::stable_sort(roots.begin(), roots.end(),
                     [&](int32_t a, int32_t b) { return frames_[a].front() < frames_[b].front(); });
    int64_t fresh = -1;
    for (const TrackTable::Track& track : table_.tracks) fresh = std::max(fresh, track.id.value);
    std::vector<TrackId> name(pieces);
    std::vector<bool> named(pieces, false);
    std::vector<bool> taken(table_.tracks.size(), false);
    for (const bool first_pieces_only : {true, false}) {
      for (const int32_t root : roots) {
        for (const int32_t p : members[root]) {
          if (named[root]) break;
          if (taken[track_of_[p]] || (first_pieces_only && !first_of_track_[p])) continue;
          taken[track_of_[p]] = named[root] = true;
          name[root] = table_.tracks[track_of_[p]].id;
        }
      }
    }
    for (const int32_t root : roots) {
      if (!named[root]) name[root] = TrackId(++fresh);
    }
    for (int32_t p = 0; p < pieces; ++p) name[p] = name[Find(p)];
    return name;
  }

  int32_t PieceOf(size_t box) const { return piece_of_[box]; }

 private:
  std::vector<int32_t>::const_iterator LowerBound(int32_t track, int64_t frame) const {
    const std::vector<int32_t>& boxes = table_.tracks[track].boxes;
    return std::lower_bound(boxes.begin(), boxes.end(), frame, [&](int32_t box, int64_t f) {
      return set_.boxes[box].frame.value < f;
    });
  }

  int32_t Find(int32_t p) {
    while (parent_[p] != p) p = parent_[p] = parent_[parent_[p]];
    return p;
  }

  const TrackSet& set_;
  const TrackTable& table_;
  std::vector<std::set<int64_t>> cuts_;
  std::vector<int32_t> piece_of_;             // of each box
  std::vector<std::vector<int64_t>> frames_;  // of each root, ascending
  std::vector<bool> first_of_track_;
  std::vector<int32_t> track_of_;
  std::vector<int32_t> parent_;
};

}  // namespace

std::string_view DecisionKindName(RelinkDecisionKind kind) {
  switch (kind) {
    case RelinkDecisionKind::kSplit:
      return "split";
    case RelinkDecisionKind::kSwap:
      return "swap";
    case RelinkDecisionKind::kLink:
      return "link";
  }
  return "";
}

TrackSet ApplyDecisions(const TrackSet& tracks, const std::vector<RelinkDecision>& decisions,
                        int64_t without) {
  const TrackTable table = MakeTrackTable(tracks);
  std::vector<const RelinkDecision*> taken;
  for (size_t d = 0; d < decisions.size(); ++d) {
    if (decisions[d].accepted && static_cast<int64_t>(d) != without) taken.push_back(&decisions[d]);
  }
  const auto index_of = [&](TrackId id) {
    const auto found = table.index_of.find(id);
    if (found == table.index_of.end()) {
      ThrowInput("{}: a decision is about track {}, which is not in the tracks", tracks.sequence,
                 id.value);
    }
    return found->second;
  };
  std::vector<std::set<int64_t>> cuts(table.tracks.size());
  for (const RelinkDecision* d : taken) {
    if (d->kind == RelinkDecisionKind::kLink) continue;
    cuts[index_of(d->track_before)].insert(d->frame_after);
    if (d->kind == RelinkDecisionKind::kSwap) cuts[index_of(d->track_after)].insert(d->frame_after);
  }
  Pieces pieces(tracks, table, std::move(cuts));
  for (const RelinkDecision* d : taken) {
    if (d->kind == RelinkDecisionKind::kSplit) continue;
    const int32_t a = index_of(d->track_before);
    const int32_t b = index_of(d->track_after);
    if (d->kind == RelinkDecisionKind::kLink) {
      pieces.Join(pieces.Before(a, d->frame_before + 1), pieces.From(b, d->frame_after));
    } else {
      pieces.Join(pieces.Before(a, d->frame_after), pieces.From(b, d->frame_after));
      pieces.Join(pieces.Before(b, d->frame_after), pieces.From(a, d->frame_after));
    }
  }
  const std::vector<TrackId> names = pieces.Names();
  TrackSet corrected = tracks;
  for (size_t i = 0; i < corrected.boxes.size(); ++i)
    corrected.boxes[i].id = names[pieces.PieceOf(i)];
  return corrected;
}

}  // namespace reidbench
