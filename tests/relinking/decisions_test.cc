#include <gtest/gtest.h>

#include "reidbench/core/error.h"
#include "reidbench/relinking/relink.h"

namespace reidbench {
namespace {

// Track 1 in frames 1..9 but not 5, track 2 in frames 1..8, track 3 in frames 12..14.
TrackSet Tracks() {
  TrackSet set;
  set.sequence = "S";
  const auto add = [&](int64_t id, int64_t first, int64_t last) {
    for (int64_t f = first; f <= last; ++f) {
      if (id == 1 && f == 5) continue;
      set.boxes.push_back(
          {FrameIndex(f), TrackId(id), {100.0 * static_cast<double>(id), 50, 40, 100}});
    }
  };
  add(1, 1, 9);
  add(2, 1, 8);
  add(3, 12, 14);
  return set;
}

RelinkDecision Decide(RelinkDecisionKind kind, int64_t track_before, int64_t track_after,
                      int64_t frame_before, int64_t frame_after) {
  RelinkDecision d;
  d.kind = kind;
  d.accepted = true;
  d.track_before = TrackId(track_before);
  d.track_after = TrackId(track_after);
  d.frame_before = frame_before;
  d.frame_after = frame_after;
  return d;
}

// The id of input track `id` in `frame`.
int64_t IdAt(const TrackSet& before, const TrackSet& after, int64_t id, int64_t frame) {
  for (size_t i = 0; i < before.boxes.size(); ++i) {
    if (before.boxes[i].id.value == id && before.boxes[i].frame.value == frame)
      return after.boxes[i].id.value;
  }
  return -1;
}

TEST(ApplyDecisions, NothingDecidedChangesNothing) {
  const TrackSet set = Tracks();
  EXPECT_EQ(ApplyDecisions(set, {}).boxes, set.boxes);
  RelinkDecision refused = Decide(RelinkDecisionKind::kLink, 1, 3, 9, 12);
  refused.accepted = false;
  EXPECT_EQ(ApplyDecisions(set, {refused}).boxes, set.boxes);
}

TEST(ApplyDecisions, ALinkGivesTheEarlierIdentity) {
  const TrackSet set = Tracks();
  const TrackSet linked = ApplyDecisions(set, {Decide(RelinkDecisionKind::kLink, 2, 3, 8, 12)});
  EXPECT_EQ(IdAt(set, linked, 3, 12), 2);
  EXPECT_EQ(IdAt(set, linked, 1, 9), 1);
}

TEST(ApplyDecisions, ASplitGivesTheLaterPieceANewIdentity) {
  const TrackSet set = Tracks();
  const TrackSet split = ApplyDecisions(set, {Decide(RelinkDecisionKind::kSplit, 1, 1, 4, 6)});
  EXPECT_EQ(IdAt(set, split, 1, 4), 1);
  EXPECT_EQ(IdAt(set, split, 1, 6), 4);  // one above the highest
}

TEST(ApplyDecisions, ASwapExchangesWhatFollows) {
  const TrackSet set = Tracks();
  const TrackSet swapped = ApplyDecisions(set, {Decide(RelinkDecisionKind::kSwap, 1, 2, 4, 5)});
  EXPECT_EQ(IdAt(set, swapped, 1, 4), 1);
  EXPECT_EQ(IdAt(set, swapped, 2, 4), 2);
  EXPECT_EQ(IdAt(set, swapped, 1, 6), 2);
  EXPECT_EQ(IdAt(set, swapped, 2, 5), 1);
}

TEST(ApplyDecisions, OneDecisionCanBeUndone) {
  const TrackSet set = Tracks();
  const std::vector<RelinkDecision> decisions = {Decide(RelinkDecisionKind::kSwap, 1, 2, 4, 5),
                                                 Decide(RelinkDecisionKind::kLink, 1, 3, 9, 12),
                                                 Decide(RelinkDecisionKind::kSplit, 3, 3, 12, 13)};
  const TrackSet all = ApplyDecisions(set, decisions);
  EXPECT_EQ(IdAt(set, all, 3, 12), 2);  // by way of the swap
  EXPECT_EQ(IdAt(set, all, 3, 13), 3);  // the name that the first piece left free
  EXPECT_EQ(IdAt(set, ApplyDecisions(set, decisions, 0), 3, 12), 1);
  EXPECT_EQ(IdAt(set, ApplyDecisions(set, decisions, 1), 3, 12), 3);
  EXPECT_EQ(IdAt(set, ApplyDecisions(set, decisions, 2), 3, 13), 2);
}

TEST(ApplyDecisions, AJoinThatWouldDoubleAnIdentityIsVoid) {
  const TrackSet set = Tracks();
  // Track 1 after its cut continues track 2 up to its cut: fine together, impossible without the
  // cut.
  const std::vector<RelinkDecision> decisions = {Decide(RelinkDecisionKind::kSplit, 1, 1, 4, 6),
                                                 Decide(RelinkDecisionKind::kSplit, 2, 2, 4, 5),
                                                 Decide(RelinkDecisionKind::kLink, 2, 1, 4, 6)};
  EXPECT_EQ(IdAt(set, ApplyDecisions(set, decisions), 1, 6), 2);
  const TrackSet undone = ApplyDecisions(set, decisions, 0);
  EXPECT_EQ(IdAt(set, undone, 1, 6), 1);
  EXPECT_EQ(IdAt(set, undone, 2, 4), 2);
}

TEST(ApplyDecisions, RefusesTracksThatAreNotThere) {
  EXPECT_THROW(ApplyDecisions(Tracks(), {Decide(RelinkDecisionKind::kLink, 1, 7, 9, 12)}), Error);
  TrackSet twice = Tracks();
  twice.boxes.push_back(twice.boxes.front());
  EXPECT_THROW(ApplyDecisions(twice, {}), Error);
}

}  // namespace
}  // namespace reidbench
