// Links by motion alone, for sequences without any embedding. A track that begins either goes on
// from one that ended, or is somebody new; which, is read off the whole sequence at once: how often
// lost tracks come back after so long, how many people begin, and which ends and beginnings compete
// for each other. What the tracker itself saw and refused is left to it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "reidbench/relinking/evidence.h"

namespace reidbench {

struct MotionLinkOptions {
  double least_probability = 0.6;  // of a link taken; above 0.5: no end and no beginning has two
  // All links together must be worth it: a right link counts 1, a wrong one -1, and what is
  // expected of the sum must be so many of its standard deviations. Few doubtful links are a
  // gamble.
  double deviations = 3;
  // The tracker's memory: this quantile of the gaps within its own tracks.
  double memory_quantile = 0.9;
  // What is believed before anything is seen, as so many tracks of which this share comes back.
  double prior_tracks = 5;
  double prior_return = 0.3;
};

// The track `earlier` ends before `later` begins, near enough and soon enough; indices are those of
// TrackTable::tracks.
struct MotionCandidate {
  enum class Veto { kNone, kMemory, kReEntry };
  int32_t earlier = 0;
  int32_t later = 0;
  int64_t frames = 0;  // from the last box to the first: 1 = no frame is missing
  double gap_s = 0;
  double motion = 0;  // log-likelihood ratio of place and size against anywhere people are
  // Log odds of this link against all else, given all the others; of a vetoed one against a new
  // person alone.
  double log_odds = 0;
  Veto veto = Veto::kNone;
  bool linked = false;
};

struct MotionLinks {
  int64_t own_gaps = 0;  // within the tracker's tracks
  // Lost tracks are found again by the tracker itself within so many frames (1 = the next frame); 0
  // = no track has a gap, so that nothing is known and nothing is linked.
  int64_t memory_frames = 0;
  double threshold = 0;                     // log odds from which a link is taken
  std::vector<MotionCandidate> candidates;  // by the later track, then the earlier
};

// `settled` of each box: its person as decided earlier, -1 = open; empty = all open. Tracks whose
// beginning is settled stay as they are, and their ends go to what comes next.
MotionLinks LinkByMotion(const Observations& seen, MotionModel motion, ReEntry re_entry,
                         double return_cost, const MotionLinkOptions& options,
                         const std::vector<int64_t>& settled);

// Person of each box: as settled, else numbers above those.
std::vector<int64_t> PersonsOf(const Observations& seen, const MotionLinks& links,
                               const std::vector<int64_t>& settled);

// The links that `person` of each box makes of whole tracks, in time, and the refused candidates
// that came near.
std::vector<RelinkDecision> ExplainMotionLinks(const Observations& seen, const MotionLinks& links,
                                               const std::vector<int64_t>& person);

// What was done, for the reader.
std::string MotionNote(const MotionAlone& done);

}  // namespace reidbench
