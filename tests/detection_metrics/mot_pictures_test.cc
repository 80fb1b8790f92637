#include "reidbench/detection_metrics/mot_pictures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace reidbench {
namespace {

using ::testing::ElementsAre;

TrackBox Row(int64_t frame, const BoxLtwh& box, int32_t class_id, float visibility,
             double mark = 1) {
  TrackBox row;
  row.frame = FrameIndex(frame);
  row.id = TrackId(1);
  row.box = box;
  row.confidence = mark;
  row.class_id = class_id;
  row.visibility = visibility;
  return row;
}
TrackBox Detection(int64_t frame, const BoxLtwh& box, double score) {
  return Row(frame, box, -1, std::numeric_limits<float>::quiet_NaN(), score);
}
BoxLtwh At(double left) { return {left, 0, 40, 100}; }

MotBenchmark Mot17() {
  MotBenchmark benchmark;
  benchmark.distractor_classes = {2, 7, 8, 12};
  benchmark.detection_visibility = 0.5;
  return benchmark;
}

std::vector<double> Lefts(const std::vector<DetectedBox>& boxes) {
  std::vector<double> lefts;
  for (const DetectedBox& box : boxes) lefts.push_back(box.box.left);
  return lefts;
}

MotPictures Make(const std::vector<TrackBox>& truth, const std::vector<TrackBox>& detections,
                 const MotBenchmark& benchmark, int64_t frames = 0) {
  return MakeMotPictures({"S", frames, truth}, {"S", 0, detections}, benchmark,
                         benchmark.classes.front());
}

TEST(MotPictures, WhoCountsAndWhoForgives) {
  const std::vector<TrackBox> truth = {
      Row(1, At(0), 1, 1),       // counts
      Row(1, At(100), 1, 0.5F),  // just visible enough
      Row(1, At(200), 1, 0.4F),  // hidden: forgives
      Row(1, At(300), 8, 1),     // distractor: forgives
      Row(1, At(400), 3, 1),     // a car: does not
      Row(1, At(500), 3, 0.2F),  // a hidden car: does, as anybody hidden
      Row(1, At(600), 1, 1, 0),  // without a mark: does not count, does not forgive
  };
  std::vector<TrackBox> detections;
  for (int i = 0; i < 7; ++i) detections.push_back(Detection(1, At(100 * i), 0.5));
  const MotPictures made = Make(truth, detections, Mot17());
  ASSERT_EQ(made.pictures.size(), 1u);
  EXPECT_EQ(made.removed, 3);
  EXPECT_EQ(made.hidden, 1);
  EXPECT_EQ(made.pictures[0].truth.size(), 2u);
  EXPECT_EQ(made.pictures[0].truth[0].area, 4000);
  EXPECT_THAT(Lefts(made.pictures[0].detections), ElementsAre(0, 100, 400, 600));
}

// One detection on a person and a distractor goes to whom it overlaps most; one distractor forgives
// one detection.
TEST(MotPictures, RemovalIsOneToOne) {
  const std::vector<TrackBox> truth = {Row(1, At(0), 1, 1), Row(1, At(8), 8, 1)};
  EXPECT_EQ(Make(truth, {Detection(1, At(2), 0.5)}, Mot17()).removed, 0);
  EXPECT_EQ(Make(truth, {Detection(1, At(7), 0.5)}, Mot17()).removed, 1);
  const MotPictures both =
      Make({Row(1, At(0), 8, 1)}, {Detection(1, At(1), 0.9), Detection(1, At(0), 0.1)}, Mot17());
  EXPECT_EQ(both.removed, 1);
  EXPECT_THAT(Lefts(both.pictures[0].detections), ElementsAre(1));
}

TEST(MotPictures, RulesAreTheBenchmarks) {
  const std::vector<TrackBox> truth = {Row(1, At(0), 1, 0.3F), Row(1, At(100), 6, 1)};
  const std::vector<TrackBox> detections = {Detection(1, At(0), 0.5), Detection(1, At(100), 0.5)};
  MotBenchmark mot20 = Mot17();
  mot20.distractor_classes.push_back(6);
  mot20.detection_visibility = 0.25;
  EXPECT_EQ(Make(truth, detections, mot20).pictures[0].truth.size(), 1u);
  EXPECT_THAT(Lefts(Make(truth, detections, mot20).pictures[0].detections), ElementsAre(0));
  EXPECT_THAT(Lefts(Make(truth, detections, Mot17()).pictures[0].detections), ElementsAre(100));
  // MOT15 has no classes and no visibility: columns 8 and 9 are places.
  MotBenchmark mot15 = Mot17();
  mot15.has_classes = false;
  EXPECT_EQ(Make(truth, detections, mot15).pictures[0].truth.size(), 2u);
  EXPECT_EQ(Make(truth, detections, mot15).removed, 0);
  MotBenchmark plain = Mot17();
  plain.preprocess = false;
  EXPECT_EQ(Make(truth, detections, plain).pictures[0].truth.size(), 2u);
}

TEST(MotPictures, IgnoredClassesAreRegions) {
  MotBenchmark benchmark = Mot17();
  benchmark.ignored_classes = {11};
  const MotPictures made =
      Make({Row(1, {0, 0, 500, 500}, 11, 0, 0), Row(1, At(0), 1, 1)}, {}, benchmark);
  ASSERT_EQ(made.pictures[0].truth.size(), 2u);
  EXPECT_TRUE(made.pictures[0].truth[0].is_region);
  EXPECT_EQ(made.hidden, 0);
}

TEST(MotPictures, EveryFrameIsAPicture) {
  const MotPictures made = Make({Row(2, At(0), 1, 1)}, {Detection(4, At(0), 0.5)}, Mot17(), 6);
  EXPECT_EQ(made.pictures.size(), 6u);
  EXPECT_EQ(made.pictures[1].truth.size(), 1u);
  EXPECT_EQ(made.pictures[3].detections.size(), 1u);
  EXPECT_EQ(made.pictures[3].number, 4);
  // Where nothing says the length, also behind the last ground truth.
  EXPECT_EQ(Make({Row(2, At(0), 1, 1)}, {Detection(4, At(0), 0.5)}, Mot17()).pictures.size(), 4u);
}

// NaN: the column is not there.
TEST(MotPictures, WhoseVisibilityIsNotStatedIsVisible) {
  const MotPictures made =
      Make({Row(1, At(0), 1, std::numeric_limits<float>::quiet_NaN())}, {}, Mot17());
  EXPECT_EQ(made.pictures[0].truth.size(), 1u);
}

}  // namespace
}  // namespace reidbench
