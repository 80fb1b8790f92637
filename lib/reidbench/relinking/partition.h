// Who is who: one partition of all pieces of a sequence into persons. Pieces that follow each other
// in a track start out likely to belong together, pieces in one frame never do, appearance and
// motion say the rest. Splits, swap repairs and links all fall out of the same merging: the best
// pair of groups first (greedy additive edge contraction, Keuper et al., "Efficient Decomposition
// of Image and Mesh Graphs by Lifted Multicuts", ICCV 2015, on groups re-scored as wholes), then
// single pieces move to where they fit better.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "reidbench/relinking/evidence.h"
#include "reidbench/relinking/pieces.h"

namespace reidbench {

struct PartitionOptions {
  // Log-likelihood ratio from which two groups become one, and by which a piece must fit better
  // elsewhere to move.
  double margin = 2;
  // Log odds that the pieces on both sides of a candidate cut are one person, before appearance.
  double keep_gap = 2;
  double keep_contact = 4;
  double keep_change = 4;
  double keep_jump = 4;
  double jump_penalty = 3;  // most that a leap across the cut takes from these odds
  double prior_weight = 1.5;
  // A person who walked out of the picture and came back is named as told; kAuto: the same if the
  // evidence is so much stronger.
  ReEntry re_entry = ReEntry::kAuto;
  double return_cost = 2;
  // Evidence it takes to cut off what then belongs to nobody else.
  double split_margin = 8;
  // Evidence that every cut must bring on top: an identity that changes within a track is rare.
  double cut_cost = 2;
  // Neighbours in a track with so much evidence are one person before anything else is asked.
  double certain = 8;
  int refine_sweeps = 4;
  int polish_sweeps = 6;
};

// Why two groups should be one, or not.
struct JoinEvidence {
  static constexpr double kNever = -std::numeric_limits<double>::infinity();
  enum class Veto { kNone, kSameFrame, kFrozen, kReach, kReEntry };
  double total = kNever;
  double appearance = 0;
  double distance = -1;  // cosine distance of the galleries; -1 without
  double continuity = 0;
  double motion = 0;
  Veto veto = Veto::kNone;
};

// Frames of a group as bits.
class FrameSet {
 public:
  FrameSet() = default;
  explicit FrameSet(int64_t frames) : words_((frames + 63) / 64, 0) {}
  void Add(int64_t frame) { words_[frame / 64] |= uint64_t{1} << (frame % 64); }
  void Join(const FrameSet& other) {
    for (size_t k = 0; k < words_.size(); ++k) words_[k] |= other.words_[k];
  }
  bool Meets(const FrameSet& other) const {
    for (size_t k = 0; k < words_.size(); ++k) {
      if ((words_[k] & other.words_[k]) != 0) return true;
    }
    return false;
  }

 private:
  std::vector<uint64_t> words_;
};

struct Group {
  std::vector<int32_t> pieces;  // by first frame
  double self = 0;              // squared length of the summed embedding
  double clean_s = 0;
  int64_t frozen_group = -1;
  FrameSet frames;
  bool changed = true;  // since all pairs were compared last
};

class Partitioner {
 public:
  Partitioner(const Observations& seen, const PieceSet& set, const AppearanceModel& appearance,
              const MotionModel& motion, const PartitionOptions& options);

  // Person of each piece, 0..n-1 by first piece.
  std::vector<int32_t> Solve();

  // Evidence for joining two disjoint sets of pieces.
  JoinEvidence Compare(const std::vector<int32_t>& a, const std::vector<int32_t>& b) const;
  JoinEvidence Compare(const Group& a, const Group& b) const { return Join(a, b, Cross(a, b)); }
  Group MakeGroup(const std::vector<int32_t>& pieces) const;

  double threshold() const { return options_.margin; }

 private:
  JoinEvidence Join(const Group& a, const Group& b, double cross, bool prune = false) const;
  double Continuity(const Group& a, const Group& b) const;
  // Evidence that the earlier piece's person is the later piece's, from where and when.
  double Link(int32_t earlier, int32_t later, JoinEvidence::Veto* veto) const;
  double Cross(const Group& a, const Group& b) const;
  std::vector<Group> JoinNeighbours() const;
  void Contract(std::vector<Group>* groups) const;
  bool Refine(std::vector<Group>* groups);
  bool Polish(std::vector<Group>* groups);
  bool ReconsiderCut(int32_t piece, std::vector<Group>* groups, std::vector<int32_t>* group_of);
  bool Unlink(std::vector<Group>* groups);
  bool Earlier(int32_t a, int32_t b) const { return rank_[a] < rank_[b]; }
  double Total(const std::vector<int32_t>& a, const std::vector<int32_t>& b) const;

  const Observations& seen_;
  const PieceSet& set_;
  const AppearanceModel& appearance_;
  const MotionModel& motion_;
  PartitionOptions options_;
  int64_t frame_count_ = 0;  // of FrameSets
  double tracks_a_second_ = 0;
  FeatureMatrix gram_;  // of the pieces' sums
  std::vector<FrameSet> frames_;
  std::vector<int32_t> rank_;  // of each piece in time
};

}  // namespace reidbench
