#include "reidbench/mot_metrics/switches.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "mot_metrics/golden_support.h"
#include "mot_metrics/hand_support.h"
#include "reidbench/core/error.h"
#include "reidbench/core/random.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::SizeIs;

// One box: a person 20 x 40 whose left edge is at x and whose feet are at `foot`.
struct Person {
  int64_t frame;
  int64_t id;
  double x;
  double foot = 100;
  double visibility = std::numeric_limits<double>::quiet_NaN();
};

TrackSet People(const std::vector<Person>& people, int64_t frame_count) {
  TrackSet tracks{"S", frame_count, {}};
  for (const Person& p : people) {
    TrackBox box;
    box.frame = FrameIndex(p.frame);
    box.id = TrackId(p.id);
    box.box = {p.x, p.foot - 40, 20, 40};
    box.class_id = 1;
    box.visibility = static_cast<float>(p.visibility);
    tracks.boxes.push_back(box);
  }
  return tracks;
}

std::vector<IdSwitch> SwitchesOf(const std::vector<Person>& gt, const std::vector<Person>& tracks,
                                 SwitchOptions options = {}) {
  options.image_width = 1000;
  options.image_height = 500;
  const TrackSet truth = People(gt, 20), results = People(tracks, 20);
  const MotBenchmark rules = PedestrianRules();
  const MotSequence s = PrepareSequence(truth, results, rules, rules.classes[0]);
  const std::vector<IdSwitch> switches = FindSwitches(s, truth, results, options);
  EXPECT_THAT(switches, SizeIs(CountClear(s).id_switches));
  return switches;
}

TEST(Switches, TimesAsFramesAreNotWalkedThrough) {
  constexpr int64_t kLater = 1'700'000'000'000;
  const TrackSet truth = People({{1, 1, 300}, {2, 1, 300}, {kLater, 1, 300}}, kLater);
  const TrackSet results = People({{1, 7, 300}, {2, 7, 300}, {kLater, 8, 300}}, kLater);
  const MotBenchmark rules = PedestrianRules();
  const std::vector<IdSwitch> switches =
      FindSwitches(PrepareSequence(truth, results, rules, rules.classes[0]), truth, results, {});
  ASSERT_THAT(switches, SizeIs(1));
  EXPECT_EQ(switches[0].absent_frames, kLater - 3);
  EXPECT_EQ(switches[0].cause, SwitchCause::kLeft);
}

TEST(Switches, RegionsHideNobodyAndMayHaveAnyId) {
  TrackSet truth = People({{1, 1, 300}, {2, 1, 10}, {2, 1, 300}, {2, 5, 290, 120}, {3, 1, 300}}, 3);
  for (const size_t region : {1, 3}) {
    truth.boxes[region].class_id = 0;
    truth.boxes[region].confidence = 0;
    truth.boxes[region].box.width = 60;
  }
  const TrackSet results = People({{1, 7, 300}, {3, 8, 300}}, 3);
  MotBenchmark rules = PedestrianRules();
  SwitchOptions options;
  const auto hidden = [&] {
    return FindSwitches(PrepareSequence(truth, results, rules, rules.classes[0]), truth, results,
                        options)
        .at(0)
        .hidden_share;
  };
  EXPECT_GT(hidden(), 0.4);  // as any other row that does not count
  rules.ignored_classes = options.region_classes = {0};
  EXPECT_EQ(hidden(), 0);
}

SwitchCause CauseOf(const std::vector<IdSwitch>& switches) {
  EXPECT_THAT(switches, SizeIs(1));
  return switches.at(0).cause;
}

// The examples of README.md, one a cause.

TEST(SwitchCauses, Duplicate) {
  // Two ids on person 1 in frame 2; 7 ends, 8 goes on.
  const std::vector<IdSwitch> switches =
      SwitchesOf({{1, 1, 100}, {2, 1, 100}, {3, 1, 100}},
                 {{1, 7, 100}, {2, 7, 100}, {2, 8, 104}, {3, 8, 104}});
  EXPECT_EQ(CauseOf(switches), SwitchCause::kDuplicate);
  EXPECT_EQ(switches[0].gap_frames(), 1);
}

TEST(SwitchCauses, SwappedAtACrossing) {
  // 7 and 8 change places between frames 2 and 3: a switch of each person.
  const std::vector<IdSwitch> switches =
      SwitchesOf({{1, 1, 100}, {2, 1, 100}, {3, 1, 100}, {1, 2, 110}, {2, 2, 110}, {3, 2, 110}},
                 {{1, 7, 100}, {2, 7, 100}, {3, 8, 100}, {1, 8, 110}, {2, 8, 110}, {3, 7, 110}});
  ASSERT_THAT(switches, SizeIs(2));
  EXPECT_EQ(switches[0].cause, SwitchCause::kSwapped);
  EXPECT_EQ(switches[0].other_gt, 2);
  EXPECT_EQ(switches[1].cause, SwitchCause::kSwapped);
  EXPECT_EQ(switches[1].other_gt, 1);
}

TEST(SwitchCauses, SwappedByATakeover) {
  // Person 2 hides person 1 and is lost when 1 comes back: 8 stays where it is, on person 1.
  const std::vector<IdSwitch> switches =
      SwitchesOf({{1, 1, 100}, {2, 1, 100}, {3, 1, 100}, {2, 2, 102, 105}, {3, 2, 300}},
                 {{1, 7, 100}, {2, 8, 102, 105}, {3, 8, 100}});
  EXPECT_EQ(CauseOf(switches), SwitchCause::kSwapped);
  EXPECT_EQ(switches[0].other_gt, 2);
}

TEST(SwitchCauses, SwappedByAHandover) {
  // 7 moves on to person 2, whose own track was lost; person 1 gets a fresh id.
  const std::vector<IdSwitch> switches =
      SwitchesOf({{1, 1, 100}, {2, 1, 100}, {2, 2, 110}}, {{1, 7, 100}, {2, 9, 100}, {2, 7, 110}});
  EXPECT_EQ(CauseOf(switches), SwitchCause::kSwapped);
  EXPECT_EQ(switches[0].other_gt, 2);
}

TEST(SwitchCauses, LeftThroughTheBorder) {
  // Person 1 walks out to the left, is away for three frames, and comes back there.
  const std::vector<IdSwitch> switches = SwitchesOf({{1, 1, 5}, {5, 1, 5}}, {{1, 7, 5}, {5, 8, 5}});
  EXPECT_EQ(CauseOf(switches), SwitchCause::kLeft);
  EXPECT_EQ(switches[0].absent_frames, 3);
  // The same with ground truth that goes on outside the image.
  EXPECT_EQ(
      CauseOf(SwitchesOf({{1, 1, 5}, {2, 1, -12}, {3, 1, -12}, {4, 1, 5}}, {{1, 7, 5}, {4, 8, 5}})),
      SwitchCause::kLeft);
}

TEST(SwitchCauses, LeftWithoutAnythingInFront) {
  // Away in the middle of the image, and nobody was near: through a door, say.
  EXPECT_EQ(CauseOf(SwitchesOf({{1, 1, 500}, {5, 1, 500}}, {{1, 7, 500}, {5, 8, 500}})),
            SwitchCause::kLeft);
}

TEST(SwitchCauses, Occluded) {
  // Person 2 stands nearer to the camera and covers 16 of 20 columns and 35 of 40 rows of person 1
  // in frame 2: 70 % hidden. Its own id is 9.
  const std::vector<IdSwitch> switches =
      SwitchesOf({{1, 1, 100}, {2, 1, 100}, {3, 1, 100}, {2, 2, 104, 105}},
                 {{1, 7, 100}, {2, 9, 104, 105}, {3, 8, 100}});
  EXPECT_EQ(CauseOf(switches), SwitchCause::kOccluded);
  EXPECT_DOUBLE_EQ(switches[0].hidden_share, 16.0 / 20 * 35 / 40);
  EXPECT_EQ(switches[0].occluder_gt, 2);
  EXPECT_EQ(switches[0].occluder_track, 9);
  EXPECT_EQ(switches[0].last_frame, 1);
  EXPECT_EQ(switches[0].frame, 3);
  EXPECT_EQ(switches[0].old_box, (BoxLtwh{100, 60, 20, 40}));
  // The one behind hides nobody: person 2's feet are higher up.
  EXPECT_EQ(CauseOf(SwitchesOf({{1, 1, 100}, {2, 1, 100}, {3, 1, 100}, {2, 2, 104, 95}},
                               {{1, 7, 100}, {2, 9, 104, 95}, {3, 8, 100}})),
            SwitchCause::kMissed);
}

TEST(SwitchCauses, OccludedByTwoTogether) {
  // Each covers 8 of 20 columns and 35 of 40 rows, on different sides: 70 % together.
  const std::vector<IdSwitch> switches =
      SwitchesOf({{1, 1, 100}, {2, 1, 100}, {3, 1, 100}, {2, 2, 88, 105}, {2, 3, 112, 105}},
                 {{1, 7, 100}, {3, 8, 100}});
  EXPECT_EQ(CauseOf(switches), SwitchCause::kOccluded);
  EXPECT_DOUBLE_EQ(switches[0].hidden_share, 16.0 / 20 * 35 / 40);
  EXPECT_EQ(switches[0].occluder_gt, 2);  // of equals the first of the file
  EXPECT_EQ(switches[0].occluder_track, std::nullopt);
}

TEST(SwitchCauses, OccludedAsTheVisibilityColumnSays) {
  const std::vector<IdSwitch> switches =
      SwitchesOf({{1, 1, 100, 100, 1}, {2, 1, 100, 100, 0.25}, {3, 1, 100, 100, 1}},
                 {{1, 7, 100}, {3, 8, 100}});
  EXPECT_EQ(CauseOf(switches), SwitchCause::kOccluded);
  EXPECT_EQ(switches[0].hidden_share, 0.75);
  EXPECT_EQ(switches[0].occluder_gt, std::nullopt);  // a tree, say
}

TEST(SwitchCauses, OccludedWhereTheGroundTruthPauses) {
  // MOT15 does not annotate who cannot be seen: hidden in the last box, then no box.
  EXPECT_EQ(
      CauseOf(SwitchesOf({{1, 1, 500}, {1, 2, 504, 105}, {4, 1, 500}}, {{1, 7, 500}, {4, 8, 500}})),
      SwitchCause::kOccluded);
}

TEST(SwitchCauses, Missed) {
  const std::vector<IdSwitch> switches =
      SwitchesOf({{1, 1, 100}, {2, 1, 100}, {3, 1, 100}}, {{1, 7, 100}, {3, 8, 100}});
  EXPECT_EQ(CauseOf(switches), SwitchCause::kMissed);
  EXPECT_EQ(switches[0].gap_frames(), 2);
}

TEST(SwitchCauses, Renamed) {
  EXPECT_EQ(CauseOf(SwitchesOf({{1, 1, 100}, {2, 1, 100}}, {{1, 7, 100}, {2, 8, 100}})),
            SwitchCause::kRenamed);
}

TEST(SwitchCauses, TheFirstThatAppliesWins) {
  // Hidden in frame 2 and absent in frame 3 at the border: left before occluded.
  EXPECT_EQ(CauseOf(SwitchesOf({{1, 1, 5}, {2, 1, 5}, {4, 1, 5}, {2, 2, 7, 105}},
                               {{1, 7, 5}, {4, 8, 5}})),
            SwitchCause::kLeft);
  // Hidden, and the fresh id comes from person 2: swapped before occluded.
  EXPECT_EQ(CauseOf(SwitchesOf({{1, 1, 100}, {2, 1, 100}, {3, 1, 100}, {2, 2, 104, 105}},
                               {{1, 7, 100}, {2, 8, 104, 105}, {3, 8, 100}})),
            SwitchCause::kSwapped);
}

TEST(SwitchCauses, OptionsAreChecked) {
  SwitchOptions options;
  options.least_hidden = 0;
  EXPECT_THROW(SwitchesOf({{1, 1, 0}}, {{1, 1, 0}}, options), Error);
  options.least_hidden = 0.8;
  EXPECT_EQ(CauseOf(SwitchesOf({{1, 1, 100}, {2, 1, 100}, {3, 1, 100}, {2, 2, 104, 105}},
                               {{1, 7, 100}, {2, 9, 104, 105}, {3, 8, 100}}, options)),
            SwitchCause::kMissed);
}

IdSwitch Between(int64_t gt, int64_t last_frame, int64_t frame) {
  IdSwitch s;
  s.gt_id = gt;
  s.last_frame = last_frame;
  s.frame = frame;
  return s;
}

TEST(SwitchStatus, HandMade) {
  const std::vector<IdSwitch> plain = {Between(1, 4, 8), Between(2, 4, 8), Between(1, 10, 12),
                                       Between(1, 20, 21)};
  // Person 1: the same span, one that began a frame later, and one where there was none. Person 3
  // had none.
  const std::vector<IdSwitch> corrected = {Between(3, 4, 8), Between(1, 4, 8), Between(1, 11, 12),
                                           Between(1, 21, 22)};
  const SwitchComparison c = CompareSwitches(plain, corrected);
  EXPECT_THAT(c.plain, ElementsAre(SwitchStatus::kRemaining, SwitchStatus::kFixed,
                                   SwitchStatus::kRemaining, SwitchStatus::kFixed));
  EXPECT_THAT(c.corrected, ElementsAre(SwitchStatus::kIntroduced, SwitchStatus::kRemaining,
                                       SwitchStatus::kRemaining, SwitchStatus::kIntroduced));
  EXPECT_EQ(c.fixed, 2);
  EXPECT_EQ(c.remaining, 2);
  EXPECT_EQ(c.introduced, 2);
}

TEST(SwitchStatus, EqualSpansComeBeforeOnesThatOnlyMeet) {
  // The first meets both, but the second has an equal of its own.
  const SwitchComparison c =
      CompareSwitches({Between(1, 2, 9), Between(1, 9, 12)}, {Between(1, 9, 12)});
  EXPECT_THAT(c.plain, ElementsAre(SwitchStatus::kFixed, SwitchStatus::kRemaining));
  const SwitchComparison one =
      CompareSwitches({Between(1, 2, 9)}, {Between(1, 2, 5), Between(1, 5, 9)});
  EXPECT_EQ(one.remaining, 1);
  EXPECT_EQ(one.introduced, 1);
}

TEST(IdentityTimelines, AreRunsOfConsecutiveFrames) {
  const TrackSet truth = People({{1, 4, 0}, {2, 4, 0}, {3, 4, 0}, {6, 4, 0}, {2, 9, 500}}, 6);
  const TrackSet results = People({{1, 7, 0}, {2, 8, 0}, {3, 8, 0}, {6, 8, 0}}, 6);
  const MotBenchmark rules = PedestrianRules();
  const std::vector<IdentityTimeline> timelines =
      IdentityTimelines(PrepareSequence(truth, results, rules, rules.classes[0]));
  ASSERT_THAT(timelines, SizeIs(2));
  EXPECT_EQ(timelines[0].gt_id, 4);
  EXPECT_THAT(timelines[0].present, ElementsAre(IdentityRun{1, 3, 4}, IdentityRun{6, 6, 4}));
  EXPECT_THAT(timelines[0].matched,
              ElementsAre(IdentityRun{1, 1, 7}, IdentityRun{2, 3, 8}, IdentityRun{6, 6, 8}));
  EXPECT_THAT(timelines[1].matched, ::testing::IsEmpty());
}

// All sequences of the reference set: as many switches as TrackEval counts, and names of tracks do
// not matter.
class GoldenSwitches : public ::testing::TestWithParam<std::string> {};

TEST_P(GoldenSwitches, AddUpAndDoNotDependOnNames) {
  const fs::path set = fs::path(REIDBENCH_TEST_DATA) / "mot" / "fuzz";
  const MotBenchmark rules = LoadMotBenchmark(GetParam());
  const std::string name = GetParam() + "-train";
  const nlohmann::json reference = LoadJson(set / "expected" / (GetParam() + ".json"))["results"];
  Rng rng(5);
  int64_t total = 0;
  for (const MotSequenceFiles& files :
       FindMotSequences({set / "gt" / "mot_challenge", GetParam(), "train", {}})) {
    SCOPED_TRACE(files.name);
    MotReadOptions read;
    read.kind = MotFileKind::kGroundTruth;
    read.frame_count = files.frame_count;
    read.has_classes = rules.has_classes;
    const TrackSet truth = ReadMotFile(files.ground_truth, read).tracks;
    read.kind = MotFileKind::kResult;
    const TrackSet results = ReadMotFile(set / "trackers" / "mot_challenge" / name / "degraded" /
                                             "data" / (files.name + ".txt"),
                                         read)
                                 .tracks;
    const auto find = [&](const TrackSet& tracks) {
      return FindSwitches(PrepareSequence(truth, tracks, rules, rules.classes[0]), truth, tracks,
                          {});
    };
    const std::vector<IdSwitch> switches = find(results);
    EXPECT_EQ(switches.size(), reference[files.name]["CLEAR"]["IDSW"]);
    total += static_cast<int64_t>(switches.size());
    const SwitchComparison same = CompareSwitches(switches, switches);
    EXPECT_EQ(same.fixed + same.introduced, 0);

    TrackSet renamed = results;
    const auto offset = static_cast<int64_t>(rng.Below(1000));
    const auto name_of = [&](int64_t id) { return 3000 + offset - 3 * id; };  // order reversed
    for (TrackBox& box : renamed.boxes) box.id = TrackId(name_of(box.id.value));
    const std::vector<IdSwitch> others = find(renamed);
    ASSERT_EQ(others.size(), switches.size());
    for (size_t k = 0; k < others.size(); ++k) {
      EXPECT_EQ(others[k].cause, switches[k].cause) << k;
      EXPECT_EQ(others[k].old_track, name_of(switches[k].old_track)) << k;
      EXPECT_EQ(others[k].frame, switches[k].frame) << k;
      EXPECT_EQ(others[k].hidden_share, switches[k].hidden_share) << k;
    }
  }
  EXPECT_EQ(total, reference["COMBINED_SEQ"]["CLEAR"]["IDSW"]);
}

INSTANTIATE_TEST_SUITE_P(Benchmarks, GoldenSwitches, ::testing::Values("MOT15", "MOT17", "MOT20"));

}  // namespace
}  // namespace reidbench
