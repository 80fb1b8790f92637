#include "reidbench/synth/detector.h"

#include <gtest/gtest.h>

#include <cmath>

namespace reidbench {
namespace {

SynthTarget Someone(int64_t identity, double visibility, double height, double left = 300) {
  SynthTarget target;
  target.identity = identity;
  target.box = {left, 200, 0.4 * height, height};
  target.visible_box = {left, 200, 0.4 * height, visibility * height};
  target.visibility = visibility;
  return target;
}

struct Quality {
  double found = 0;
  double score = 0;
  double height = 0;
  double edge_error = 0;  // standard deviation of the left edge, of the width
};

// Over many people and times.
Quality Measure(const SynthTarget& target, const SynthDetectorOptions& options) {
  Quality quality;
  int all = 0, found = 0;
  double squares = 0;
  for (int identity = 1; identity <= 60; ++identity) {
    for (int k = 0; k < 30; ++k) {
      SynthTarget one = target;
      one.identity = identity;
      ++all;
      for (const SynthDetection& detection :
           DetectSynthPeople({&one, 1}, k * 0.9, 960, 540, options)) {
        if (detection.identity != identity) continue;
        ++found;
        quality.score += detection.score;
        quality.height += detection.box.height;
        squares += std::pow((detection.box.left - one.box.left) / one.box.width, 2);
      }
    }
  }
  quality.found = static_cast<double>(found) / all;
  quality.score /= found;
  quality.height /= found;
  quality.edge_error = std::sqrt(squares / found);
  return quality;
}

TEST(SynthDetector, SeesWhatIsClearAndMissesWhatIsHidden) {
  SynthDetectorOptions options;
  options.false_positives = 0;
  const Quality clear = Measure(Someone(1, 1, 150), options);
  const Quality half = Measure(Someone(1, 0.5, 150), options);
  const Quality hidden = Measure(Someone(1, 0.1, 150), options);
  const Quality small = Measure(Someone(1, 1, 22), options);
  EXPECT_NEAR(clear.found, 1, 0.05);
  EXPECT_LT(half.score, clear.score - 0.1);
  EXPECT_LT(hidden.found, 0.8);
  EXPECT_LT(hidden.found, half.found);
  EXPECT_LT(hidden.score, half.score);
  EXPECT_LT(small.score, clear.score);
  EXPECT_LT(half.height, 0.95 * clear.height);  // covers what is seen

  options.miss_rate = 0.3;
  EXPECT_LT(Measure(Someone(1, 1, 150), options).found, 0.95);
}

TEST(SynthDetector, EdgesJitterWithTheBox) {
  SynthDetectorOptions options;
  options.false_positives = 0;
  options.jitter = 0.04;
  EXPECT_NEAR(Measure(Someone(1, 1, 150), options).edge_error, 0.04, 0.008);
  EXPECT_NEAR(Measure(Someone(1, 1, 60), options).edge_error, 0.04, 0.008);
  options.jitter = 0;
  EXPECT_LT(Measure(Someone(1, 1, 150), options).edge_error, 1e-12);
}

TEST(SynthDetector, MissesLastForSeveralFrames) {
  SynthDetectorOptions options;
  options.false_positives = 0;
  options.miss_rate = 0;
  const SynthTarget target = Someone(7, 0.3, 120);
  int switches = 0, found = 0;
  bool before = false;
  const int frames = 2000;
  for (int k = 0; k < frames; ++k) {
    const auto detections = DetectSynthPeople({&target, 1}, k / 25.0, 960, 540, options);
    const bool now = !detections.empty() && detections[0].score > 0.25;
    switches += k > 0 && now != before ? 1 : 0;
    found += now ? 1 : 0;
    before = now;
  }
  const double p = static_cast<double>(found) / frames;
  ASSERT_GT(p, 0.1);
  ASSERT_LT(p, 0.9);
  EXPECT_LT(switches, 0.75 * 2 * p * (1 - p) * frames);  // independent frames would switch so often
}

TEST(SynthDetector, FalsePositivesAreAsManyAsAsked) {
  SynthDetectorOptions options;
  options.false_positives = 1.5;
  options.suppression_iou = 1;
  int64_t count = 0;
  for (int k = 0; k < 4000; ++k) {
    for (const SynthDetection& detection : DetectSynthPeople({}, k / 25.0, 960, 540, options)) {
      EXPECT_EQ(detection.identity, -1);
      ++count;
    }
  }
  EXPECT_NEAR(count / 4000.0, 1.5, 0.1);
  options.false_positives = 0;
  EXPECT_TRUE(DetectSynthPeople({}, 0, 960, 540, options).empty());
}

TEST(SynthDetector, OverlappingBoxesSuppressEachOther) {
  SynthDetectorOptions options;
  options.false_positives = 0;
  options.jitter = 0;
  options.miss_rate = 0;
  const SynthTarget pair[] = {Someone(1, 0.6, 150, 300), Someone(2, 1, 150, 304)};
  const auto detections = DetectSynthPeople(pair, 0, 960, 540, options);
  ASSERT_EQ(detections.size(), 1u);
  EXPECT_EQ(detections[0].identity, 2);
}

TEST(SynthDetector, MannequinsAreFoundLessOften) {
  SynthDetectorOptions options;
  options.false_positives = 0;
  SynthTarget target = Someone(1, 1, 90);
  const double person = Measure(target, options).score;
  target.person = false;
  EXPECT_LT(Measure(target, options).score, person - 0.05);
}

}  // namespace
}  // namespace reidbench
