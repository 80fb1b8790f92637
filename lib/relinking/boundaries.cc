#include "relinking/boundaries.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <unordered_map>

namespace reidbench {
namespace {

constexpr double kJumpWeight = 1.5;  // most that a jump or gap counts, in log-likelihood
constexpr double kJump = 0.15;       // body heights beyond constant velocity that count half
constexpr double kJumpGap_s = 0.1;

struct Cut {
  int32_t piece;          // the first one after it
  int32_t before, after;  // persons
  int64_t frame;
  int32_t partner = -1;  // index of the cut it slides with
  bool done = false;
};

class Placer {
 public:
  Placer(const RelinkInput& input, const Observations& seen, const PieceSet& set,
         const std::vector<int32_t>& person, const AppearanceModel& appearance, double reach_s)
      : input_(input),
        seen_(seen),
        set_(set),
        person_(person),
        appearance_(appearance),
        reach_(static_cast<int64_t>(std::lround(reach_s * seen.frame_rate))),
        of_box_(seen.box.size(), -1) {
    int64_t persons = 0;
    for (size_t p = 0; p < set.pieces.size(); ++p) {
      persons = std::max<int64_t>(persons, person[p] + 1);
      for (int32_t k = set.pieces[p].begin; k < set.pieces[p].end; ++k)
        of_box_[BoxesOf(static_cast<int32_t>(p))[k]] = person[p];
    }
    sums_.setZero(persons, set.sums.cols());
    for (size_t p = 0; p < set.pieces.size(); ++p)
      sums_.row(person[p]) += set.sums.row(static_cast<int64_t>(p));
    for (size_t i = 0; i < of_box_.size(); ++i)
      box_at_[Key(of_box_[i], seen.box[i].frame)] = static_cast<int32_t>(i);
  }

  std::vector<int32_t> Run() {
    for (int32_t p = 1; p < static_cast<int32_t>(set_.pieces.size()); ++p) {
      const Piece& piece = set_.pieces[p];
      if (piece.cut == CutKind::kTrackStart || person_[p] == person_[p - 1]) continue;
      if (piece.frozen_group >= 0) continue;
      cuts_.push_back({p, person_[p - 1], person_[p], piece.first_frame});
    }
    for (size_t a = 0; a < cuts_.size(); ++a) {
      for (size_t b = a + 1; b < cuts_.size() && cuts_[a].partner < 0; ++b) {
        if (cuts_[b].partner >= 0 || cuts_[a].before != cuts_[b].after ||
            cuts_[a].after != cuts_[b].before ||
            set_.pieces[cuts_[a].piece].track == set_.pieces[cuts_[b].piece].track ||
            std::abs(cuts_[a].frame - cuts_[b].frame) > reach_) {
          continue;
        }
        cuts_[a].partner = static_cast<int32_t>(b);
        cuts_[b].partner = static_cast<int32_t>(a);
      }
    }
    for (size_t c = 0; c < cuts_.size(); ++c) {
      if (!cuts_[c].done) Slide(static_cast<int32_t>(c));
    }
    return std::move(of_box_);
  }

 private:
  static uint64_t Key(int32_t person, int64_t frame) {
    return (static_cast<uint64_t>(static_cast<uint32_t>(person)) << 32) ^
           static_cast<uint64_t>(frame);
  }
  const std::vector<int32_t>& BoxesOf(int32_t piece) const {
    return seen_.table.tracks[set_.pieces[piece].track].boxes;
  }

  // The stretch of track in which a cut may slide.
  struct Stretch {
    const std::vector<int32_t>* boxes;
    int32_t begin, end;  // boxes [begin, end) may change sides
    int32_t cut;
    std::vector<double> gain;  // [end - begin + 1]: of cutting in front of box begin + k
  };

  Stretch Measure(const Cut& cut) const {
    Stretch s;
    s.boxes = &BoxesOf(cut.piece);
    s.cut = set_.pieces[cut.piece].begin;
    // One box of each side stays where it is.
    s.begin = s.cut;
    while (s.begin > 1 && of_box_[(*s.boxes)[s.begin - 1]] == cut.before &&
           of_box_[(*s.boxes)[s.begin - 2]] == cut.before && Within((*s.boxes)[s.begin - 1], cut))
      --s.begin;
    s.end = s.cut;
    const auto n = static_cast<int32_t>(s.boxes->size());
    while (s.end + 1 < n && of_box_[(*s.boxes)[s.end]] == cut.after &&
           of_box_[(*s.boxes)[s.end + 1]] == cut.after && Within((*s.boxes)[s.end], cut))
      ++s.end;
    // Galleries without the boxes in question.
    Eigen::RowVectorXf before = sums_.row(cut.before);
    Eigen::RowVectorXf after = sums_.row(cut.after);
    for (int32_t k = s.begin; k < s.end; ++k) {
      const Observation& o = seen_.box[(*s.boxes)[k]];
      if (o.quality <= 0) continue;
      (k < s.cut ? before : after) -= o.quality * o.inverse_norm * input_.embeddings->row(o.row);
    }
    const float before_norm = before.norm();
    const float after_norm = after.norm();
    const bool comparable = before_norm > 1e-3F && after_norm > 1e-3F;
    s.gain.assign(s.end - s.begin + 1, 0);
    double sum = 0;
    for (int32_t k = s.begin; k <= s.end; ++k) {
      s.gain[k - s.begin] = sum + Jump(*s.boxes, k);
      if (k == s.end) break;
      const Observation& o = seen_.box[(*s.boxes)[k]];
      if (o.quality <= 0 || !comparable) continue;
      const auto row = input_.embeddings->row(o.row);
      const double difference =
          o.inverse_norm * (row.dot(before) / before_norm - row.dot(after) / after_norm);
      // Boxes a frame apart repeat each other: together they say no more than a tenth of a second.
      const double weight = std::min(1.0, 1 / (appearance_.options.certain_s * seen_.frame_rate));
      sum += weight * o.quality * appearance_.slope * difference;
    }
    return s;
  }

  bool Within(int32_t box, const Cut& cut) const {
    return std::abs(seen_.box[box].frame - cut.frame) <= reach_;
  }

  // How much the place in front of box k looks like a change of person by geometry alone.
  double Jump(const std::vector<int32_t>& boxes, int32_t k) const {
    if (k < 1 || k >= static_cast<int32_t>(boxes.size())) return 0;
    const Observation& a = seen_.box[boxes[k - 1]];
    const Observation& b = seen_.box[boxes[k]];
    double vx = 0;
    double vf = 0;
    if (k >= 3 && a.frame - seen_.box[boxes[k - 3]].frame <= 4) {
      const Observation& c = seen_.box[boxes[k - 3]];
      vx = (a.x - c.x) / static_cast<double>(a.frame - c.frame);
      vf = (a.foot - c.foot) / static_cast<double>(a.frame - c.frame);
    }
    const auto step = static_cast<double>(b.frame - a.frame);
    const double away = std::hypot(b.x - a.x - vx * step, b.foot - a.foot - vf * step) /
                        std::max(a.height, b.height);
    const double size = std::abs(std::log(b.height / a.height));
    const double gap_s = (step - 1) / seen_.frame_rate;
    const double jump = away + size;
    return kJumpWeight * (jump / (jump + kJump) + gap_s / (gap_s + kJumpGap_s));
  }

  bool IsFree(int32_t person, int64_t frame, int32_t track_a, int32_t track_b) const {
    const auto found = box_at_.find(Key(person, frame));
    if (found == box_at_.end()) return true;
    const int32_t track = seen_.table.index_of.at(input_.tracks->boxes[found->second].id);
    return track == track_a || track == track_b;
  }

  void Slide(int32_t c) {
    Cut& a = cuts_[c];
    a.done = true;
    const Stretch x = Measure(a);
    Cut* b = a.partner >= 0 && !cuts_[a.partner].done ? &cuts_[a.partner] : nullptr;
    Stretch y;
    if (b != nullptr) {
      b->done = true;
      y = Measure(*b);
    }
    const int32_t track_a = set_.pieces[a.piece].track;
    const int32_t track_b = b == nullptr ? track_a : set_.pieces[b->piece].track;
    const auto frame_at = [&](const Stretch& s, int32_t k) {
      return k < static_cast<int32_t>(s.boxes->size()) ? seen_.box[(*s.boxes)[k]].frame
                                                       : seen_.box[s.boxes->back()].frame + 1;
    };
    // Moving boxes of [from, to) of a stretch to `person` must find its frames free.
    const auto may_move = [&](const Stretch& s, int32_t k, int32_t before, int32_t after) {
      for (int32_t i = std::min(k, s.cut); i < std::max(k, s.cut); ++i) {
        const int32_t gains = k > s.cut ? before : after;
        if (!IsFree(gains, seen_.box[(*s.boxes)[i]].frame, track_a, track_b)) return false;
      }
      return true;
    };
    double best = -1e300;
    int32_t best_a = x.cut;
    int32_t best_b = b == nullptr ? 0 : y.cut;
    for (int32_t k = x.begin; k <= x.end; ++k) {
      if (!may_move(x, k, a.before, a.after)) continue;
      double gain = x.gain[k - x.begin];
      int32_t kb = 0;
      if (b != nullptr) {
        // The other track's cut at the same moment.
        const int64_t frame = frame_at(x, k);
        kb = y.begin;
        while (kb <= y.end && frame_at(y, kb) < frame) ++kb;
        if (kb > y.end) continue;
        // A box before it must not lie after the first track's cut, nor the other way round.
        if (kb > 0 && k > 0 && kb < static_cast<int32_t>(y.boxes->size()) &&
            frame_at(y, kb) <= frame_at(x, k - 1)) {
          continue;
        }
        if (kb == y.begin && kb > 0 && frame_at(y, kb - 1) >= frame) continue;
        if (!may_move(y, kb, b->before, b->after)) continue;
        gain += y.gain[kb - y.begin];
      }
      // Ties stay where they are.
      const double near = -1e-9 * std::abs(k - x.cut);
      if (gain + near > best) {
        best = gain + near;
        best_a = k;
        best_b = kb;
      }
    }
    if (best < -1e299) return;
    Move(x, best_a, a.before, a.after);
    if (b != nullptr) Move(y, best_b, b->before, b->after);
  }

  void Move(const Stretch& s, int32_t k, int32_t before, int32_t after) {
    const int32_t gains = k > s.cut ? before : after;
    for (int32_t i = std::min(k, s.cut); i < std::max(k, s.cut); ++i) {
      const int32_t box = (*s.boxes)[i];
      const auto old = box_at_.find(Key(of_box_[box], seen_.box[box].frame));
      if (old != box_at_.end() && old->second == box) box_at_.erase(old);
      of_box_[box] = gains;
      box_at_[Key(gains, seen_.box[box].frame)] = box;
    }
  }

  const RelinkInput& input_;
  const Observations& seen_;
  const PieceSet& set_;
  const std::vector<int32_t>& person_;
  const AppearanceModel& appearance_;
  int64_t reach_;  // frames
  std::vector<int32_t> of_box_;
  FeatureMatrix sums_;  // of each person
  std::unordered_map<uint64_t, int32_t> box_at_;
  std::vector<Cut> cuts_;
};

}  // namespace

std::vector<int32_t> PlaceBoundaries(const RelinkInput& input, const Observations& seen,
                                     const PieceSet& set, const std::vector<int32_t>& person,
                                     const AppearanceModel& appearance, double reach_s) {
  return Placer(input, seen, set, person, appearance, reach_s).Run();
}

}  // namespace reidbench
