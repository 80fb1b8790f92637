// Tracks cut into pieces of one person each, as far as events can tell: at gaps, at contacts with
// other boxes, and where the appearance changes most. Cuts are candidates: partition.h decides
// which of them stay.
#pragma once

#include <cstdint>
#include <vector>

#include "reidbench/core/eigen_views.h"
#include "reidbench/relinking/observations.h"

namespace reidbench {

// Place and velocity at an end of a piece.
struct Motion {
  double time_s = 0;
  double x = 0;
  double foot = 0;
  double height = 1;
  double width = 1;
  double velocity_x = 0;  // px/s
  double velocity_foot = 0;
};

enum class CutKind { kTrackStart, kGap, kContact, kChange, kJump, kFrozen };

struct Piece {
  int32_t track = 0;  // in TrackTable::tracks
  int32_t begin = 0;  // boxes of the track [begin, end)
  int32_t end = 0;
  int64_t first_frame = 0;
  int64_t last_frame = 0;
  double clean_s = 0;  // seconds of clean crops: the sum of qualities over the frame rate
  Motion head;
  Motion tail;
  // The candidate cut in front of the piece.
  CutKind cut = CutKind::kTrackStart;
  double cut_gap_s = 0;       // time without a box
  double cut_change = 0;      // cosine distance of half a second before and after
  int64_t frozen_group = -1;  // decided earlier (bounded delay): a person; -1 = open
};

struct PieceSet {
  std::vector<Piece> pieces;  // by track, then in time: piece k+1 may follow k in its track
  RowMatrix sums;             // [pieces x d], quality-weighted sum of normalised embeddings
  double usual_change = 0;    // level of cut_change that made a place a candidate
};

struct PieceOptions {
  double least_gap_s = 0.09;      // and at least two frames without a box
  double contact_overlap = 0.05;  // IoU
  double change_window_s = 0.5;   // each side
  double change_spacing_s = 0.25;
  double change_quantile = 0.8;  // a local maximum above this share of all places is a candidate
  double jump_factor = 5;        // of the median deviation from constant velocity
  bool cut = true;               // false: whole tracks
};

// Straight line through the boxes [begin, end) of a track within half a second of one end.
Motion FitMotion(const Observations& seen, const std::vector<int32_t>& boxes, int32_t begin,
                 int32_t end, bool at_tail);

// Tracks cut exactly where the person of their boxes changes. Other fields as in CutPieces.
PieceSet PiecesOfPersons(const RelinkInput& input, const Observations& seen,
                         const std::vector<int64_t>& person_of_box);

// `frozen_group` of each box, or empty.
PieceSet CutPieces(const RelinkInput& input, const Observations& seen, const PieceOptions& options,
                   const std::vector<int64_t>& frozen_group);

}  // namespace reidbench
