// Re-ID correction of finished tracks: gives a lost person the old identity back, undoes swaps, and
// explains every decision. Includes neither trackers nor metrics: they meet in core/tracks.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reidbench/config/option_table.h"
#include "reidbench/core/embedding_set.h"
#include "reidbench/core/tracks.h"

namespace reidbench {

// One sequence and the appearance of its boxes.
struct RelinkInput {
  const TrackSet* tracks = nullptr;           // boxes in any order
  const FeatureMatrix* embeddings = nullptr;  // [m x d], normalised or not
  // Row of `embeddings` of each box of tracks->boxes; -1 = none (motion only).
  std::vector<int64_t> embedding_row;
  double frame_rate = 0;  // frames per second; 0 = not known, 25 is assumed
  int image_width = 0;    // px; 0 = not known: no border logic
  int image_height = 0;
};

enum class RelinkDecisionKind {
  kSplit,  // a track is cut before frame_after
  kSwap,   // two tracks exchange identities from frame_after on
  kLink,   // the piece that begins at frame_after continues the one that ends at frame_before
};
// "split", "swap", "link": as results say it.
std::string_view DecisionKindName(RelinkDecisionKind kind);

// One decision, taken or refused near the threshold. Pieces are named by the input track they come
// from and a frame they contain.
struct RelinkDecision {
  RelinkDecisionKind kind = RelinkDecisionKind::kLink;
  bool accepted = false;
  std::string step;          // "split", "swap", "motion", "appearance", ...
  TrackId track_before{-1};  // input id of the piece before (kSplit: the track itself)
  TrackId track_after{-1};   // input id of the piece after (kSwap: the other track)
  int64_t frame_before = 0;  // last frame of the piece before
  int64_t frame_after = 0;   // first frame of the piece after
  double gap_s = 0;
  std::optional<double> appearance_distance;  // cosine distance of the galleries compared
  // In favour of the decision, seen from the finished result: kLink one person against two, kSplit
  // two against one, kSwap exchanged against as tracked. +-50: the other is impossible.
  double log_likelihood_ratio = 0;
  double threshold = 0;             // accepted at or above this
  std::optional<double> runner_up;  // log-likelihood ratio of the second best
  TrackId runner_up_track{-1};
  std::string reason;  // why refused: "veto: both in frame 31", "margin", "threshold", ...
  std::vector<std::pair<std::string, double>> gates;  // name and value of every gate looked at
};

// What was done where no box has an embedding. Frames count from a box to the next: 1 = none is
// missing.
struct MotionAlone {
  // The tracker finds people again by itself within so many frames, so that no link spans fewer: 90
  // % of the gaps in its tracks. 0 = no track has a gap: nothing is known, and nothing is linked.
  int64_t memory_frames = 0;
  int64_t own_gaps = 0;        // in the tracks given
  int64_t links = 0;           // taken
  int64_t frames_bridged = 0;  // without a box, within those links
};

// What the sequence said about itself, without ground truth.
struct RelinkCalibration {
  bool appearance_usable = true;            // false: embeddings do not tell people apart here
  std::string note;                         // for the reader, when something is unusual
  int64_t positive_pairs = 0;               // halves of one tracklet
  int64_t negative_pairs = 0;               // tracklets that overlap in time
  double separation = 0;                    // AUC of positives against negatives
  std::optional<MotionAlone> motion_alone;  // absent where any box has an embedding
};

struct RelinkResult {
  TrackSet tracks;                        // boxes, scores and order of the input; only ids differ
  std::vector<RelinkDecision> decisions;  // in the order taken
  RelinkCalibration calibration;
  int64_t boxes_without_embedding = 0;
};

// What a person who left the picture and came back is called.
enum class ReEntry {
  kSame,  // the same person for ever: the earlier identity
  kNew,   // a new visit: a new identity
  kAuto,  // as the sequence's own evidence says (see README.md)
};

// Defaults are one setting for every sequence, detector, tracker and frame rate. Each step can be
// left out to see what it contributes.
struct RelinkOptions {
  bool split = true;
  bool swap = true;
  bool motion_link = true;
  bool appearance_link = true;
  ReEntry re_entry = ReEntry::kAuto;
  // Bounded delay: an identity may only be decided from what is seen until so many seconds after
  // the box (s, > 0); 0 = offline, the whole sequence.
  double window_s = 0;

  OptionTable Table();
  std::vector<std::string> Validate() const { return OptionViolations(*this); }
};

// Throws Error(kInput) when the input contradicts itself (rows out of range, NaN embeddings).
// Relabelling or shuffling the input's tracks gives the same partition of its boxes.
RelinkResult Relink(const RelinkInput& input, const RelinkOptions& options);

// The identities that the accepted decisions give, with decision `without` undone; -1 = all of
// them. ApplyDecisions(tracks, r.decisions) equals r.tracks.
TrackSet ApplyDecisions(const TrackSet& tracks, const std::vector<RelinkDecision>& decisions,
                        int64_t without = -1);

}  // namespace reidbench
