#include "reidbench/mot_metrics/benchmark.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "mot_metrics/hand_support.h"
#include "reidbench/core/error.h"
#include "support/expect_error.h"

namespace reidbench {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string ErrorOf(const std::string& yaml) {
  const std::filesystem::path path =
      std::filesystem::path(::testing::TempDir()) / "benchmark_test.yaml";
  std::ofstream(path) << yaml;
  return MessageOf(ErrorKind::kConfig, [&] { LoadMotBenchmark(path.string()); });
}

TEST(Benchmark, ShipsTheRulesOfTrackEval) {
  EXPECT_THAT(LoadMotBenchmark("MOT17").distractor_classes, ElementsAre(2, 7, 8, 12));
  EXPECT_THAT(LoadMotBenchmark("mot20").distractor_classes, ElementsAre(2, 6, 7, 8, 12));
  EXPECT_EQ(LoadMotBenchmark("MOT16").known_classes.size(), 13u);
  EXPECT_FALSE(LoadMotBenchmark("MOT15").has_classes);
  EXPECT_EQ(LoadMotBenchmark("DanceTrack").name, "DanceTrack");
  EXPECT_THAT(LoadMotBenchmark("VisDrone").ignored_classes, ElementsAre(0, 11));
  EXPECT_EQ(LoadMotBenchmark("mot17_half_val").frames, FramePart::kSecondHalf);
}

TEST(Benchmark, NamesWhatIsWrong) {
  EXPECT_THROW(LoadMotBenchmark("MOT71"), Error);
  EXPECT_THAT(ErrorOf("name: X\nclases: []\n"), HasSubstr("clases"));
  EXPECT_THAT(ErrorOf("name: X\nclasses: [{name: a b, id: 1}]\n"), HasSubstr("without spaces"));
  EXPECT_THAT(ErrorOf("name: X\nknown_classes: [2]\n"), HasSubstr("not in known_classes"));
  EXPECT_THAT(ErrorOf("name: X\ndistractor_classes: [1]\n"), HasSubstr("also scored"));
  EXPECT_THAT(ErrorOf("name: X\nignored_classes: [1]\n"), HasSubstr("also scored"));
  EXPECT_THAT(ErrorOf("name: X\nknown_classes: [1]\nignored_classes: [0]\n"),
              HasSubstr("ignored_classes: 0 is not in known_classes"));
  EXPECT_THAT(ErrorOf("name: X\nignored_classes: [7]\ndistractor_classes: [7]\n"),
              HasSubstr("also in distractor_classes"));
  EXPECT_THAT(ErrorOf("name: X\nhas_classes: false\nignored_classes: [7]\n"),
              HasSubstr("expected none when has_classes is false"));
  EXPECT_THAT(ErrorOf("name: X\nignored_threshold: 0\n"), HasSubstr("ignored_threshold"));
  EXPECT_THAT(ErrorOf("name: X\ndetection_visibility: 2\n"), HasSubstr("detection_visibility"));
  EXPECT_THAT(ErrorOf("name: X\nframes: {part: range, first: 5, last: 4}\n"),
              HasSubstr("frames.last"));
}

// The MOTChallenge devkit's limits for detectors.
TEST(Benchmark, DetectionsHaveALeastVisibility) {
  EXPECT_EQ(LoadMotBenchmark("MOT17").detection_visibility, 0.5);
  EXPECT_EQ(LoadMotBenchmark("MOT16").detection_visibility, 0.5);
  EXPECT_EQ(LoadMotBenchmark("mot17_half_val").detection_visibility, 0.5);
  EXPECT_EQ(LoadMotBenchmark("MOT20").detection_visibility, 0.25);
  EXPECT_EQ(LoadMotBenchmark("MOT15").detection_visibility, 0);
}

TEST(Benchmark, HalvesAreThoseOfByteTrack) {
  MotBenchmark benchmark;
  // 600 images counted from 0: train 0..300, validation 301..599.
  benchmark.frames = FramePart::kFirstHalf;
  EXPECT_EQ(ScoredFrames(benchmark, 600).last, 301);
  benchmark.frames = FramePart::kSecondHalf;
  EXPECT_EQ(ScoredFrames(benchmark, 600).first, 302);
  EXPECT_EQ(ScoredFrames(benchmark, 600).size(), 299);
  EXPECT_EQ(ScoredFrames(benchmark, 525).first, 264);  // 525/2 = 262: 0..262 and 263..524
  EXPECT_EQ(ScoredFrames(benchmark, 525).size(), 262);
  EXPECT_EQ(ScoredFrames(benchmark, 1).size(), 0);
}

TEST(Benchmark, KeptFramesAreRenumbered) {
  TrackSet tracks = Tracks({{1, 1, 0}, {4, 1, 0}, {5, 1, 0}, {6, 1, 0}}, 6);
  KeepFrames({4, 5}, &tracks);
  ASSERT_EQ(tracks.boxes.size(), 2u);
  EXPECT_EQ(tracks.boxes[0].frame, FrameIndex(1));
  EXPECT_EQ(tracks.boxes[1].frame, FrameIndex(2));
  EXPECT_EQ(tracks.frame_count, 2);
}

}  // namespace
}  // namespace reidbench
