#include "reidbench/relinking/motion_links.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "reidbench/core/random.h"
#include "reidbench/relinking/relink.h"
#include "reidbench/relinking/tuning.h"

namespace reidbench {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr double kLaneRate = 25;
constexpr int64_t kLaneFrames = 200;

// People of 100 px who walk slowly to the right, half a pixel a frame, each in a lane of their own,
// without any embedding. The tracker loses each of the bystanders once and finds them again: that
// is what it remembers.
class Lanes {
 public:
  // `own_gap`: frames from the last box before such a loss to the first after it.
  explicit Lanes(int64_t own_gap) {
    set_.sequence = "lanes";
    set_.frame_count = kLaneFrames;
    for (int64_t lane = 0; lane < 6; ++lane) {
      const int64_t lost = 30 + 20 * lane;
      Walk(lane + 1, lane, 0, 1, lost);
      Walk(lane + 1, lane, 0, lost + own_gap, kLaneFrames);
    }
  }

  // Track `id` in frames first..last, `aside` px right of where the lane's person is.
  void Walk(int64_t id, int64_t lane, double aside, int64_t first, int64_t last) {
    for (int64_t f = first; f <= last; ++f) {
      const double x = 100 + 0.5 * static_cast<double>(f) + aside + 0.5 * rng_.Normal();
      set_.boxes.push_back(
          {FrameIndex(f), TrackId(id), {x, 20 + 150.0 * static_cast<double>(lane), 40, 100}, 1});
    }
  }

  RelinkInput Input() const {
    RelinkInput input;
    input.tracks = &set_;
    input.embeddings = &none_;
    input.embedding_row.assign(set_.boxes.size(), -1);
    input.frame_rate = kLaneRate;
    return input;
  }
  RelinkResult Correct(const RelinkOptions& options = {}) const { return Relink(Input(), options); }
  TrackSet& set() { return set_; }

 private:
  TrackSet set_;
  FeatureMatrix none_{0, 1};
  Rng rng_{5};
};

std::vector<RelinkDecision> LinksTaken(const RelinkResult& result) {
  std::vector<RelinkDecision> taken;
  for (const RelinkDecision& d : result.decisions) {
    if (d.accepted) taken.push_back(d);
  }
  return taken;
}

// The refused link of track 20 to track 21; fails without one.
RelinkDecision RefusedLink(const RelinkResult& result) {
  for (const RelinkDecision& d : result.decisions) {
    if (!d.accepted && d.track_before.value == 20 && d.track_after.value == 21) return d;
  }
  ADD_FAILURE() << "nothing is told of tracks 20 and 21";
  return {};
}

TEST(MotionLinks, WhoGoesOnAsExpectedIsLinkedBeyondTheTrackersMemory) {
  Lanes lanes(3);
  lanes.Walk(20, 7, 0, 1, 80);
  lanes.Walk(21, 7, 0, 96, kLaneFrames);
  const RelinkResult result = lanes.Correct();
  const std::vector<RelinkDecision> taken = LinksTaken(result);
  ASSERT_EQ(taken.size(), 1U);
  EXPECT_EQ(taken[0].step, "motion");
  EXPECT_EQ(taken[0].track_before.value, 20);
  EXPECT_EQ(taken[0].track_after.value, 21);
  EXPECT_EQ(taken[0].frame_before, 80);
  EXPECT_EQ(taken[0].frame_after, 96);
  EXPECT_NEAR(taken[0].gap_s, 15 / kLaneRate, 1e-12);
  EXPECT_NEAR(taken[0].threshold, std::log(0.6 / 0.4), 1e-12);
  EXPECT_GT(taken[0].log_likelihood_ratio, taken[0].threshold);
  for (const TrackBox& box : result.tracks.boxes) EXPECT_NE(box.id.value, 21);
  EXPECT_EQ(ApplyDecisions(lanes.set(), result.decisions).boxes, result.tracks.boxes);
  ASSERT_TRUE(result.calibration.motion_alone.has_value());
  EXPECT_EQ(result.calibration.motion_alone->memory_frames, 3);
  EXPECT_EQ(result.calibration.motion_alone->own_gaps, 6);
  EXPECT_EQ(result.calibration.motion_alone->links, 1);
  EXPECT_EQ(result.calibration.motion_alone->frames_bridged, 15);
  EXPECT_THAT(result.calibration.note,
              AllOf(HasSubstr("1 link by motion alone over 15 frames"), HasSubstr("3 frames")));
}

TEST(MotionLinks, WithinTheTrackersMemoryItsRefusalStands) {
  // The same loss, of a tracker that finds people again after 16 frames and did not find this one.
  Lanes lanes(16);
  lanes.Walk(20, 7, 0, 1, 80);
  lanes.Walk(21, 7, 0, 96, kLaneFrames);
  const RelinkResult result = lanes.Correct();
  EXPECT_EQ(result.tracks.boxes, lanes.set().boxes);
  EXPECT_EQ(result.calibration.motion_alone->memory_frames, 16);
  EXPECT_EQ(result.calibration.motion_alone->links, 0);
  EXPECT_EQ(RefusedLink(result).reason, "veto: within the tracker's own memory");
  // One frame more, and it is for motion to say.
  Lanes later(15);
  later.Walk(20, 7, 0, 1, 80);
  later.Walk(21, 7, 0, 96, kLaneFrames);
  EXPECT_EQ(LinksTaken(later.Correct()).size(), 1U);
}

TEST(MotionLinks, OfTwoWhoFitAlikeNobodyIsLinked) {
  Lanes lanes(3);
  lanes.Walk(20, 7, -10, 1, 80);
  lanes.Walk(22, 7, 10, 1, 80);
  lanes.Walk(21, 7, 0, 96, kLaneFrames);
  const RelinkResult result = lanes.Correct();
  EXPECT_EQ(result.tracks.boxes, lanes.set().boxes);
  const RelinkDecision refused = RefusedLink(result);
  EXPECT_EQ(refused.reason, "threshold");
  EXPECT_LT(refused.log_likelihood_ratio, refused.threshold);
  ASSERT_TRUE(refused.runner_up.has_value());
  EXPECT_EQ(refused.runner_up_track.value, 22);
  // When both go on, a little further apart, each has its own.
  Lanes both(3);
  both.Walk(20, 7, -20, 1, 80);
  both.Walk(22, 7, 20, 1, 80);
  both.Walk(21, 7, -20, 96, kLaneFrames);
  both.Walk(23, 7, 20, 96, kLaneFrames);
  std::map<int64_t, int64_t> linked;
  for (const RelinkDecision& d : LinksTaken(both.Correct()))
    linked[d.track_before.value] = d.track_after.value;
  EXPECT_EQ(linked, (std::map<int64_t, int64_t>{{20, 21}, {22, 23}}));
}

TEST(MotionLinks, WhoBeginsAsideIsNew) {
  Lanes lanes(3);
  lanes.Walk(20, 7, 0, 1, 80);
  lanes.Walk(21, 7, 120, 96, kLaneFrames);
  EXPECT_EQ(lanes.Correct().tracks.boxes, lanes.set().boxes);
}

TEST(MotionLinks, WithoutAGapTheTrackersMemoryIsNotKnown) {
  Lanes lanes(1);
  lanes.Walk(20, 7, 0, 1, 80);
  lanes.Walk(21, 7, 0, 96, kLaneFrames);
  const RelinkResult result = lanes.Correct();
  EXPECT_EQ(result.tracks.boxes, lanes.set().boxes);
  EXPECT_TRUE(result.decisions.empty());
  EXPECT_EQ(result.calibration.motion_alone->own_gaps, 0);
  EXPECT_THAT(result.calibration.note, HasSubstr("nothing is linked"));
}

TEST(MotionLinks, OddsAreThoseOfTheModel) {
  // Rates that the prior holds fixed: the odds can be written down.
  Lanes lanes(3);
  lanes.Walk(20, 7, -10, 1, 80);
  lanes.Walk(22, 7, 10, 1, 80);
  lanes.Walk(21, 7, 3, 96, kLaneFrames);
  const Observations seen = Observe(lanes.Input());
  MotionLinkOptions options;
  options.prior_tracks = 1e12;
  const MotionLinks links =
      LinkByMotion(seen, CalibrateMotion(seen), ReEntry::kSame, 0, options, {});
  std::vector<const MotionCandidate*> rivals;
  double expected_links = 0;
  for (const MotionCandidate& c : links.candidates) {
    expected_links += 1 / (1 + std::exp(-c.log_odds));
    if (seen.table.tracks[c.later].id.value == 21) rivals.push_back(&c);
  }
  ASSERT_EQ(rivals.size(), 2U);
  const double seconds = kLaneFrames / kLaneRate;
  const double begins_a_second = (9 - expected_links) / seconds;
  const double returns_a_second = 0.3 / 3.5;
  const auto weight = [&](const MotionCandidate& c) {
    return returns_a_second / begins_a_second / (1 - 0.3) * std::exp(c.motion);
  };
  EXPECT_NEAR(rivals[0]->log_odds, std::log(weight(*rivals[0]) / (1 + weight(*rivals[1]))), 1e-6);
  EXPECT_NEAR(rivals[1]->log_odds, std::log(weight(*rivals[1]) / (1 + weight(*rivals[0]))), 1e-6);
}

TEST(MotionLinks, FewDoubtfulLinksAreNotWorthTheirRisk) {
  // One link alone is taken from a probability of 0.974 on: there 2 p - 1 is 3 sqrt(4 p (1 - p)).
  for (const double aside : {0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0}) {
    Lanes lanes(3);
    lanes.Walk(20, 7, 0, 1, 80);
    lanes.Walk(21, 7, aside, 96, kLaneFrames);
    const Observations seen = Observe(lanes.Input());
    const MotionLinks links = LinkByMotion(seen, CalibrateMotion(seen), ReEntry::kSame, 0, {}, {});
    const auto found = std::find_if(links.candidates.begin(), links.candidates.end(),
                                    [&](const MotionCandidate& c) {
                                      return seen.table.tracks[c.earlier].id.value == 20 &&
                                             seen.table.tracks[c.later].id.value == 21;
                                    });
    ASSERT_NE(found, links.candidates.end()) << aside;
    const double p = 1 / (1 + std::exp(-found->log_odds));
    EXPECT_EQ(found->linked, 2 * p - 1 >= 3 * std::sqrt(4 * p * (1 - p))) << aside << " " << p;
    EXPECT_EQ(found->linked, found->log_odds >= links.threshold) << aside;
    // Both must be seen: the nearest is linked, the farthest is not.
    if (aside == 0 || aside == 60) {
      EXPECT_EQ(found->linked, aside == 0);
    }
  }
}

TEST(MotionLinks, GivesTheSamePartitionForOtherLabelsAndOrder) {
  Lanes lanes(3);
  lanes.Walk(20, 7, 0, 1, 80);
  lanes.Walk(21, 7, 0, 96, kLaneFrames);
  const RelinkResult result = lanes.Correct();
  Lanes other = lanes;
  std::reverse(other.set().boxes.begin(), other.set().boxes.end());
  for (TrackBox& box : other.set().boxes) box.id = TrackId(1000 - box.id.value);
  const RelinkResult again = other.Correct();
  std::map<int64_t, int64_t> name;
  const size_t n = result.tracks.boxes.size();
  for (size_t i = 0; i < n; ++i) {
    const int64_t there = again.tracks.boxes[n - 1 - i].id.value;
    EXPECT_EQ(name.try_emplace(result.tracks.boxes[i].id.value, there).first->second, there);
  }
  EXPECT_EQ(name.size(), 7U);
}

TEST(MotionLinks, BoundedDelayDecidesFromWhatIsSeen) {
  Lanes lanes(3);
  lanes.Walk(20, 7, 0, 1, 80);
  lanes.Walk(21, 7, 0, 96, 150);
  lanes.Walk(22, 7, 0, 166, kLaneFrames);
  RelinkOptions options;
  options.window_s = 1;
  std::map<int64_t, int64_t> linked;
  for (const RelinkDecision& d : LinksTaken(lanes.Correct(options)))
    linked[d.track_before.value] = d.track_after.value;
  EXPECT_EQ(linked, (std::map<int64_t, int64_t>{{20, 21}, {21, 22}}));
  // The person is named after its first track all along.
  for (const TrackBox& box : lanes.Correct(options).tracks.boxes) {
    EXPECT_NE(box.id.value, 21);
    EXPECT_NE(box.id.value, 22);
  }
}

TEST(MotionLinks, TheStepCanBeLeftOut) {
  Lanes lanes(3);
  lanes.Walk(20, 7, 0, 1, 80);
  lanes.Walk(21, 7, 0, 96, kLaneFrames);
  RelinkOptions options;
  options.motion_link = false;
  const RelinkResult result = lanes.Correct(options);
  EXPECT_EQ(result.tracks.boxes, lanes.set().boxes);
  EXPECT_EQ(RefusedLink(result).reason, "step left out");
  EXPECT_EQ(result.calibration.motion_alone->links, 0);
}

TEST(MotionLinks, WhoLeftThePictureIsNamedAsAsked) {
  Lanes lanes(3);
  lanes.Walk(20, 7, 0, 1, 80);
  lanes.Walk(21, 7, 0, 110, kLaneFrames);
  RelinkInput input = lanes.Input();
  input.image_width = 180;  // track 20 ends with its right edge at the border
  input.image_height = 1400;
  RelinkTuning tuning;
  tuning.motion_links.deviations = 0;  // the one link of this test need not be certain
  RelinkOptions options;
  options.re_entry = ReEntry::kSame;
  EXPECT_EQ(LinksTaken(RelinkTuned(input, options, tuning)).size(), 1U);
  options.re_entry = ReEntry::kNew;
  const RelinkResult as_new = RelinkTuned(input, options, tuning);
  EXPECT_EQ(LinksTaken(as_new).size(), 0U);
  EXPECT_EQ(RefusedLink(as_new).reason, "veto: left the picture");
}

}  // namespace
}  // namespace reidbench
