#include "reidbench/mot_metrics/ceilings.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "mot_metrics/golden_support.h"
#include "mot_metrics/hand_support.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;

// Whether two sets hold the same boxes under the same grouping, whatever the ids are called.
void ExpectSamePartition(const TrackSet& a, const TrackSet& b) {
  ASSERT_EQ(a.boxes.size(), b.boxes.size());
  std::map<int64_t, int64_t> to, back;
  for (size_t k = 0; k < a.boxes.size(); ++k) {
    ASSERT_EQ(a.boxes[k].frame, b.boxes[k].frame) << k;
    ASSERT_EQ(a.boxes[k].box, b.boxes[k].box) << k;
    const int64_t x = a.boxes[k].id.value, y = b.boxes[k].id.value;
    ASSERT_EQ(to.emplace(x, y).first->second, y) << k;
    ASSERT_EQ(back.emplace(y, x).first->second, x) << k;
  }
}

std::vector<int64_t> Ids(const TrackSet& tracks) {
  std::vector<int64_t> ids;
  for (const TrackBox& box : tracks.boxes) ids.push_back(box.id.value);
  return ids;
}

// Persons 1 and 2 at places 0 and 1 in frames 1..6. Track 7: 1, 1, 1, then 2; track 8: 2, 2;
// track 9: 1, 1; track 5: nobody.
const std::vector<Spot> kTruth = {{1, 1, 0}, {2, 1, 0}, {3, 1, 0}, {4, 1, 0}, {5, 1, 0}, {6, 1, 0},
                                  {1, 2, 1}, {2, 2, 1}, {3, 2, 1}, {4, 2, 1}, {5, 2, 1}, {6, 2, 1}};
const std::vector<Spot> kTracks = {{1, 7, 0}, {2, 7, 0}, {3, 7, 0}, {4, 7, 1}, {1, 8, 1},
                                   {2, 8, 1}, {5, 9, 0}, {6, 9, 0}, {6, 5, 7}};

TEST(Ceilings, HandMade) {
  const MotBenchmark rules = PedestrianRules();
  const TrackSet truth = Tracks(kTruth, 6), tracks = Tracks(kTracks, 6);
  // Whole tracklets: 7 is person 1 by three of four boxes, 9 too; 8 is person 2.
  EXPECT_EQ(Ids(LinkPerfectly(truth, tracks, rules, rules.classes[0])),
            (std::vector<int64_t>{1, 1, 1, 1, 2, 2, 1, 1, 3}));
  EXPECT_EQ(Ids(SplitAndLinkPerfectly(truth, tracks, rules, rules.classes[0])),
            (std::vector<int64_t>{1, 1, 1, 2, 2, 2, 1, 1, 8}));
}

TEST(Ceilings, AFrameThatIsTakenKeepsTrackletsApart) {
  // Track 8 lies on person 1 for most of its life, but 7 is there in frame 2 already.
  const std::vector<Spot> truth = {{1, 1, 0}, {2, 1, 0}, {3, 1, 0}, {4, 1, 0}, {2, 2, 1}};
  const std::vector<Spot> tracks = {{1, 7, 0}, {2, 7, 0}, {2, 8, 1}, {3, 8, 0}, {4, 8, 0}};
  const MotBenchmark rules = PedestrianRules();
  // 8 is the longer one and takes person 1; 7 meets it in frame 2.
  EXPECT_EQ(Ids(LinkPerfectly(Tracks(truth, 4), Tracks(tracks, 4), rules, rules.classes[0])),
            (std::vector<int64_t>{3, 3, 1, 1, 1}));
}

TEST(Ceilings, NothingToWinLeavesTheScoreAsItIs) {
  const MotBenchmark rules = PedestrianRules();
  const TrackSet truth = Tracks(kTruth, 6);
  for (const auto& ceiling : {LinkPerfectly, SplitAndLinkPerfectly}) {
    const TrackSet best = ceiling(truth, truth, rules, rules.classes[0]);
    ExpectSamePartition(best, truth);
    const TrackSet none = ceiling(truth, Tracks({}, 6), rules, rules.classes[0]);
    EXPECT_TRUE(none.boxes.empty());
  }
}

TEST(Ceilings, NamesOfTracksDoNotMatter) {
  const MotBenchmark rules = PedestrianRules();
  const TrackSet truth = Tracks(kTruth, 6), tracks = Tracks(kTracks, 6);
  TrackSet renamed = tracks;
  for (TrackBox& box : renamed.boxes) box.id = TrackId(1'000'000'000 - 7 * box.id.value);
  for (const auto& ceiling : {LinkPerfectly, SplitAndLinkPerfectly}) {
    ExpectSamePartition(ceiling(truth, tracks, rules, rules.classes[0]),
                        ceiling(truth, renamed, rules, rules.classes[0]));
  }
}

class GoldenCeilings : public ::testing::TestWithParam<std::string> {};

// The reference set's own oracles, box by box.
TEST_P(GoldenCeilings, EqualTheReference) {
  const fs::path set =
      fs::path(REIDBENCH_SOURCE_DIR) / ".." / "shared" / "golden" / "mot" / "mot17_synthetic";
  if (!fs::exists(set)) GTEST_SKIP() << "needs " << set;
  const MotBenchmark rules = LoadMotBenchmark("MOT17");
  const fs::path trackers = set / "trackers" / "mot_challenge" / "MOT17-train";
  for (const fs::directory_entry& sequence :
       fs::directory_iterator(set / "gt" / "mot_challenge" / "MOT17-train")) {
    const std::string name = sequence.path().filename().string();
    SCOPED_TRACE(name);
    MotReadOptions read;
    read.kind = MotFileKind::kGroundTruth;
    const TrackSet truth = ReadMotFile(sequence.path() / "gt" / "gt.txt", read).tracks;
    read.kind = MotFileKind::kResult;
    const auto tracks = [&](const std::string& tracker) {
      return ReadMotFile(trackers / tracker / "data" / (name + ".txt"), read).tracks;
    };
    const auto ceiling = GetParam() == "oracle_merge" ? LinkPerfectly : SplitAndLinkPerfectly;
    ExpectSamePartition(ceiling(truth, tracks("degraded"), rules, rules.classes[0]),
                        tracks(GetParam()));
  }
}

INSTANTIATE_TEST_SUITE_P(Oracles, GoldenCeilings,
                         ::testing::Values("oracle_merge", "oracle_split_merge"));

}  // namespace
}  // namespace reidbench
