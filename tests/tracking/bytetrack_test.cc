#include "reidbench/tracking/bytetrack.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tracking/scenes.h"

namespace reidbench {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const BoxLtwh kPlace{100, 100, 50, 100};
const BoxLtwh kElsewhere{600, 100, 50, 100};

std::vector<std::vector<TrackBox>> Repeat(const std::vector<TrackBox>& frame, size_t count) {
  return std::vector<std::vector<TrackBox>>(count, frame);
}

TEST(ByteTrack, LowScoresKeepTracksButStartNone) {
  auto frames = Repeat({Detection(kPlace, 0.9), Detection(kElsewhere, 0.4)}, 2);
  frames.push_back({Detection(kPlace, 0.4)});
  const auto rows = RunTracker(MakeByteTrack({}).get(), frames);
  EXPECT_THAT(Ids(rows[1]), ElementsAre(1));
  ASSERT_THAT(Ids(rows[2]), ElementsAre(1));
  EXPECT_EQ(rows[2][0].confidence, 0.4);
}

TEST(ByteTrack, LowScoresDoNotFindLostTracks) {
  auto frames = Repeat({Detection(kPlace, 0.9)}, 3);
  frames.push_back({});
  frames.push_back({Detection(kPlace, 0.4)});
  frames.push_back({Detection(kPlace, 0.9)});
  const auto rows = RunTracker(MakeByteTrack({}).get(), frames);
  EXPECT_THAT(rows[4], IsEmpty());
  EXPECT_THAT(Ids(rows[5]), ElementsAre(1));
}

TEST(ByteTrack, LaterTracksAreReportedWhenSeenTwice) {
  std::vector<std::vector<TrackBox>> frames(1);
  frames.push_back({Detection(kPlace, 0.69), Detection(kElsewhere, 0.71)});
  frames.push_back({Detection(kPlace, 0.69), Detection(kElsewhere, 0.71)});
  const auto rows = RunTracker(MakeByteTrack({}).get(), frames);
  EXPECT_THAT(rows[1], IsEmpty());
  ASSERT_EQ(rows[2].size(), 1u);  // 0.69 is above track_thresh, but starts nothing
  EXPECT_NEAR(rows[2][0].box.left, 600, 1e-6);
}

TEST(ByteTrack, ATrackSeenOnceEndsWhenMissed) {
  std::vector<std::vector<TrackBox>> frames(1);
  frames.push_back({Detection(kPlace)});
  frames.push_back({});
  frames.push_back({Detection(kPlace)});
  frames.push_back({Detection(kPlace)});
  const auto rows = RunTracker(MakeByteTrack({}).get(), frames);
  EXPECT_THAT(rows[3], IsEmpty());
  EXPECT_THAT(Ids(rows[4]), ElementsAre(2));
}

// Last seen in frame 2, buffer 5: lost tracks are given up in frame 2 + 6, or a frame later as the
// program does.
TEST(ByteTrack, BufferEndsLostTracks) {
  for (const bool reference : {false, true}) {
    ByteTrackOptions options;
    options.track_buffer = 5;
    options.compat_reference = reference;
    for (const auto& [frame, found_by_none, found_by_reference] :
         {std::tuple(8, true, true), std::tuple(9, false, true), std::tuple(10, false, false)}) {
      auto frames = Repeat({Detection(kPlace)}, 2);
      frames.resize(static_cast<size_t>(frame) - 1);
      frames.push_back({Detection(kPlace)});
      const auto rows = RunTracker(MakeByteTrack(options).get(), frames);
      const bool expected = reference ? found_by_reference : found_by_none;
      EXPECT_EQ(!rows.back().empty(), expected) << "frame " << frame << " reference " << reference;
    }
  }
}

TEST(ByteTrack, ScoresWeighInTheAssignment) {
  // Both detections overlap the track equally; the surer one gets it.
  auto frames = Repeat({Detection(kPlace)}, 2);
  frames.push_back({Detection({90, 100, 50, 100}, 0.65), Detection({110, 100, 50, 100}, 0.95)});
  const auto rows = RunTracker(MakeByteTrack({}).get(), frames);
  ASSERT_THAT(Ids(rows[2]), ElementsAre(1));
  EXPECT_GT(rows[2][0].box.left, 100);
}

TEST(ByteTrack, OfDuplicatesTheYoungerEnds) {
  // The track drifts away, is lost, and comes back beside a younger track on the same person.
  ByteTrackOptions options;
  options.match_thresh = 0.3;
  options.fuse_score = false;
  std::vector<std::vector<TrackBox>> frames = Repeat({Detection(kPlace)}, 6);
  for (int f = 0; f < 3; ++f) frames.push_back({Detection({112, 100, 50, 100})});
  const auto apart = RunTracker(MakeByteTrack(options).get(), frames);
  EXPECT_THAT(Ids(apart.back()), ElementsAre(2));  // IoU 0.61: two tracks
  options.duplicate_iou = 0.5;
  const auto merged = RunTracker(MakeByteTrack(options).get(), frames);
  EXPECT_THAT(merged.back(), IsEmpty());
}

}  // namespace
}  // namespace reidbench
