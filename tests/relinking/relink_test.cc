#include "reidbench/relinking/relink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include "reidbench/core/error.h"
#include "reidbench/core/parallel.h"
#include "reidbench/core/random.h"
#include "relinking/street.h"
#include "support/expect_error.h"

namespace reidbench {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(Relink, LeavesPerfectTracksAlone) {
  for (const uint64_t seed : {1, 2, 3}) {
    Street street(seed);
    const RelinkResult result = Relink(street.Input(), {});
    EXPECT_EQ(result.tracks.boxes, street.tracks().boxes) << "seed " << seed;
    EXPECT_TRUE(result.calibration.appearance_usable);
    EXPECT_GT(result.calibration.separation, 0.95);
  }
}

TEST(Relink, MemoryAndTimeFollowBoxesNotFrames) {
  // Later frames are numbered by a clock.
  Street street(4);
  street.Interrupt(3, 60, 75, 100);
  RelinkInput input = street.Input();
  TrackSet late = street.tracks();
  for (TrackBox& box : late.boxes) {
    if (box.frame.value > 150) box.frame.value += 1'700'000'000'000;
  }
  input.tracks = &late;
  for (const double window_s : {0.0, 2.0}) {
    RelinkOptions options;
    options.window_s = window_s;
    const RelinkResult result = Relink(input, options);
    ASSERT_EQ(result.tracks.boxes.size(), late.boxes.size());
    EXPECT_EQ(street.IdAt(result.tracks, 3, 80), 3) << window_s;
  }
}

TEST(Relink, GivesTheOldIdentityBackAfterAGap) {
  Street street(4);
  street.Interrupt(3, 60, 75, 100);  // person 3 is lost for 15 frames and returns as 100
  const RelinkResult result = Relink(street.Input(), {});
  EXPECT_EQ(street.Purity(result.tracks), 1.0);
  EXPECT_EQ(street.IdAt(result.tracks, 3, 80), 3);
  ASSERT_EQ(std::count_if(result.decisions.begin(), result.decisions.end(),
                          [](const RelinkDecision& x) { return x.accepted; }),
            1);
  const RelinkDecision& d = result.decisions.front();
  EXPECT_TRUE(d.accepted);
  EXPECT_EQ(d.kind, RelinkDecisionKind::kLink);
  EXPECT_EQ(d.track_before.value, 3);
  EXPECT_EQ(d.track_after.value, 100);
  EXPECT_EQ(d.frame_before, 59);
  EXPECT_EQ(d.frame_after, 76);
  EXPECT_NEAR(d.gap_s, 16 / 25.0, 1e-9);
  EXPECT_GE(d.log_likelihood_ratio, d.threshold);
  EXPECT_LT(d.appearance_distance.value(), 0.3);
}

TEST(Relink, UndoesASwapAtACrossing) {
  Street street(5);
  street.Exchange(1, 2, street.Meeting(1, 2));
  const RelinkResult result = Relink(street.Input(), {});
  EXPECT_GT(street.Purity(result.tracks), 0.98);
  const auto swaps = std::count_if(
      result.decisions.begin(), result.decisions.end(),
      [](const RelinkDecision& d) { return d.accepted && d.kind == RelinkDecisionKind::kSwap; });
  EXPECT_EQ(swaps, 1);
  RelinkOptions without;
  without.split = without.swap = false;
  EXPECT_LT(street.Purity(Relink(street.Input(), without).tracks), 0.98);
}

TEST(Relink, UndoesATakeover) {
  Street street(6);
  const int64_t frame = street.Meeting(1, 2);
  // Person 1's track goes on with person 2, who had a track of its own; person 1 returns as 50.
  street.Exchange(1, 2, frame);
  street.Interrupt(1, frame, frame + 20, 50);
  const RelinkResult result = Relink(street.Input(), {});
  EXPECT_GT(street.Purity(result.tracks), 0.97);
}

TEST(Relink, HoldsItsPromisesOnDamagedTracks) {
  for (uint64_t seed = 10; seed < 16; ++seed) {
    Street street(seed);
    street.Damage(seed);
    const RelinkInput input = street.Input();
    const RelinkResult result = Relink(input, {});
    const TrackSet& before = street.tracks();
    ASSERT_EQ(result.tracks.boxes.size(), before.boxes.size());
    std::set<std::pair<int64_t, int64_t>> seen;
    for (size_t i = 0; i < before.boxes.size(); ++i) {
      TrackBox box = result.tracks.boxes[i];
      EXPECT_TRUE(seen.insert({box.frame.value, box.id.value}).second)
          << "twice in frame " << box.frame.value;
      box.id = before.boxes[i].id;
      EXPECT_EQ(box, before.boxes[i]);
    }
    EXPECT_EQ(ApplyDecisions(before, result.decisions).boxes, result.tracks.boxes);
    for (size_t d = 0; d < result.decisions.size(); ++d) {
      std::set<std::pair<int64_t, int64_t>> undone;
      for (const TrackBox& box :
           ApplyDecisions(before, result.decisions, static_cast<int64_t>(d)).boxes)
        EXPECT_TRUE(undone.insert({box.frame.value, box.id.value}).second);
    }
    EXPECT_GT(street.Purity(result.tracks), street.Purity(before));
  }
}

TEST(Relink, GivesTheSamePartitionForOtherLabelsAndOrder) {
  for (uint64_t seed = 20; seed < 24; ++seed) {
    Street street(seed);
    street.Damage(seed);
    const RelinkResult result = Relink(street.Input(), {});
    // New ids in a different order, rows shuffled, each with its embedding.
    TrackSet other = street.tracks();
    std::vector<size_t> order(other.boxes.size());
    std::iota(order.begin(), order.end(), 0);
    Rng rng(seed);
    rng.Shuffle(std::span(order));
    RelinkInput input = street.Input();
    const RelinkInput plain = input;
    for (size_t i = 0; i < order.size(); ++i) {
      other.boxes[i] = street.tracks().boxes[order[i]];
      other.boxes[i].id = TrackId(9999 - 7 * other.boxes[i].id.value);
      input.embedding_row[i] = plain.embedding_row[order[i]];
    }
    input.tracks = &other;
    const RelinkResult again = Relink(input, {});
    std::map<int64_t, int64_t> there;
    std::map<int64_t, int64_t> back;
    for (size_t i = 0; i < order.size(); ++i) {
      const int64_t a = result.tracks.boxes[order[i]].id.value;
      const int64_t b = again.tracks.boxes[i].id.value;
      EXPECT_EQ(there.try_emplace(a, b).first->second, b);
      EXPECT_EQ(back.try_emplace(b, a).first->second, a);
    }
  }
}

TEST(Relink, IsTheSameForAnyNumberOfThreads) {
  Street street(30);
  street.Damage(30);
  const auto run = [&](int threads) {
    const ThreadLimit limit(threads);
    return Relink(street.Input(), {});
  };
  const RelinkResult one = run(1);
  const RelinkResult four = run(4);
  EXPECT_EQ(one.tracks.boxes, four.tracks.boxes);
  ASSERT_EQ(one.decisions.size(), four.decisions.size());
  for (size_t d = 0; d < one.decisions.size(); ++d)
    EXPECT_EQ(one.decisions[d].log_likelihood_ratio, four.decisions[d].log_likelihood_ratio);
}

TEST(Relink, NoticesThatEmbeddingsAreNoise) {
  Street street(40);
  street.Damage(40);
  street.ReplaceEmbeddingsByNoise();
  const RelinkResult result = Relink(street.Input(), {});
  EXPECT_FALSE(result.calibration.appearance_usable);
  EXPECT_THAT(result.calibration.note, HasSubstr("do not tell people apart"));
  EXPECT_NEAR(result.calibration.separation, 0.5, 0.15);
  EXPECT_GE(street.Purity(result.tracks), street.Purity(street.tracks()) - 0.01);
}

TEST(Relink, WorksWithoutAnyEmbedding) {
  Street street(41);
  street.Interrupt(3, 60, 63, 100);
  RelinkInput input = street.Input();
  std::fill(input.embedding_row.begin(), input.embedding_row.end(), -1);
  const RelinkResult result = Relink(input, {});
  EXPECT_FALSE(result.calibration.appearance_usable);
  EXPECT_EQ(result.boxes_without_embedding, static_cast<int64_t>(street.tracks().boxes.size()));
}

// The tracks' boxes up to a frame, with their embeddings.
RelinkInput Until(int64_t frame, const RelinkInput& input, TrackSet* part) {
  RelinkInput out = input;
  out.embedding_row.clear();
  part->boxes.clear();
  for (size_t i = 0; i < input.tracks->boxes.size(); ++i) {
    if (input.tracks->boxes[i].frame.value > frame) continue;
    part->boxes.push_back(input.tracks->boxes[i]);
    out.embedding_row.push_back(input.embedding_row[i]);
  }
  out.tracks = part;
  return out;
}

TEST(Relink, WithBoundedDelayTheFutureDoesNotChangeThePast) {
  Street street(60);
  street.Damage(60);
  RelinkOptions options;
  options.window_s = 1;
  const RelinkInput input = street.Input();
  const RelinkResult whole = Relink(input, options);
  EXPECT_GT(street.Purity(whole.tracks), street.Purity(street.tracks()));
  for (const int64_t end : {75, 120, 160}) {
    TrackSet part;
    const RelinkInput early = Until(end, input, &part);
    const RelinkResult cut = Relink(early, options);
    // Who is who among the boxes older than the delay.
    std::map<int64_t, int64_t> there;
    std::map<int64_t, int64_t> back;
    size_t k = 0;
    for (size_t i = 0; i < input.tracks->boxes.size(); ++i) {
      const int64_t frame = input.tracks->boxes[i].frame.value;
      if (frame > end) continue;
      const int64_t a = whole.tracks.boxes[i].id.value;
      const int64_t b = cut.tracks.boxes[k++].id.value;
      if (frame > end - static_cast<int64_t>(Street::kRate)) continue;
      EXPECT_EQ(there.try_emplace(a, b).first->second, b) << "frame " << frame << " end " << end;
      EXPECT_EQ(back.try_emplace(b, a).first->second, a) << "frame " << frame << " end " << end;
    }
  }
}

TEST(Relink, APersonWhoLeftAndCameBackIsNamedAsAsked) {
  Street street(61);
  street.WalkOut(4, 60, 120, 100);  // out over the right border, back in as 100
  RelinkInput input = street.Input();
  RelinkOptions options;
  options.re_entry = ReEntry::kSame;
  EXPECT_EQ(street.IdAt(Relink(input, options).tracks, 4, 150), 4);
  options.re_entry = ReEntry::kNew;
  const RelinkResult fresh = Relink(input, options);
  EXPECT_EQ(street.IdAt(fresh.tracks, 4, 150), 100);
  const auto refused =
      std::find_if(fresh.decisions.begin(), fresh.decisions.end(),
                   [](const RelinkDecision& d) { return d.reason == "veto: left the picture"; });
  ASSERT_NE(refused, fresh.decisions.end());
  EXPECT_EQ(refused->track_before.value, 4);
  EXPECT_EQ(refused->track_after.value, 100);
  EXPECT_FALSE(refused->accepted);
  // Who is lost in the middle of the picture did not leave it.
  Street other(62);
  other.Interrupt(3, 60, 110, 100);
  EXPECT_EQ(other.IdAt(Relink(other.Input(), options).tracks, 3, 150), 3);
}

TEST(Relink, StepsCanBeLeftOut) {
  Street street(63);
  street.Damage(63);
  RelinkOptions options;
  options.motion_link = options.appearance_link = false;
  const RelinkResult result = Relink(street.Input(), options);
  int64_t left_out = 0;
  for (const RelinkDecision& d : result.decisions) {
    if (d.kind == RelinkDecisionKind::kLink) {
      EXPECT_FALSE(d.accepted);
    }
    left_out += d.reason == "step left out";
  }
  EXPECT_GT(left_out, 0);
  EXPECT_GT(street.Purity(Relink(street.Input(), {}).tracks), street.Purity(result.tracks));
  options.split = options.swap = false;
  EXPECT_EQ(Relink(street.Input(), options).tracks.boxes, street.tracks().boxes);
}

TEST(Relink, NamesTheRunnerUpAndWhatARefusedLinkLacked) {
  Street street(64);
  street.Interrupt(3, 60, 75, 100);
  street.Interrupt(9, 62, 78, 101);
  const RelinkResult result = Relink(street.Input(), {});
  for (const RelinkDecision& d : result.decisions) {
    if (d.accepted) {
      EXPECT_TRUE(d.reason.empty());
      if (d.runner_up.has_value()) {
        EXPECT_LT(*d.runner_up, d.log_likelihood_ratio);
      }
    } else {
      EXPECT_FALSE(d.reason.empty());
    }
    EXPECT_FALSE(d.gates.empty());
  }
}

TEST(Relink, TakesNoTracksForAnAnswer) {
  const TrackSet none;
  const FeatureMatrix embeddings(0, 8);
  RelinkInput input;
  input.tracks = &none;
  input.embeddings = &embeddings;
  EXPECT_THAT(Relink(input, {}).tracks.boxes, IsEmpty());
}

TEST(Relink, RefusesContradictions) {
  Street street(50);
  RelinkInput input = street.Input();
  input.embedding_row.pop_back();
  EXPECT_THROW(Relink(input, {}), Error);
  input = street.Input();
  input.embedding_row[5] = input.embeddings->rows();
  EXPECT_THROW(Relink(input, {}), Error);
  input = street.Input();
  FeatureMatrix broken = *input.embeddings;
  broken(7, 3) = std::nanf("");
  input.embeddings = &broken;
  EXPECT_THAT(MessageOf(ErrorKind::kInput, [&] { Relink(input, {}); }), HasSubstr("row 7"));
  RelinkOptions options;
  options.window_s = -1;
  EXPECT_THROW(Relink(street.Input(), options), Error);
}

}  // namespace
}  // namespace reidbench
