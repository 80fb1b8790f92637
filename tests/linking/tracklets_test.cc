#include "reidbench/linking/tracklets.h"

#include <gtest/gtest.h>

namespace reidbench {
namespace {

// One person who walks right at 10 frames a second, away between `gap_first` and `gap_last`.
struct Walk {
  std::vector<SiteBox> boxes;
  FeatureMatrix embeddings;
  LinkCamera camera;

  Walk(int64_t frames, int64_t gap_first, int64_t gap_last) {
    for (int64_t f = 1; f <= frames; ++f) {
      if (f >= gap_first && f <= gap_last) continue;
      SiteBox box;
      box.frame = f;
      box.id = 7;
      box.box = {100 + 2.0 * static_cast<double>(f), 100, 40, 100};
      box.ground = GroundPoint{0.12 * static_cast<double>(f), 3};
      boxes.push_back(box);
    }
    embeddings = FeatureMatrix(static_cast<int64_t>(boxes.size()), 4);
    for (size_t k = 0; k < boxes.size(); ++k) {
      embeddings(static_cast<int64_t>(k), 1) = 2;
      camera.embedding_row.push_back(static_cast<int64_t>(k));
    }
    camera.name = "c1";
    camera.boxes = boxes;
    camera.embeddings = &embeddings;
    camera.frame_rate = 10;
    camera.site_rate = 20;
    camera.image_width = 1000;
    camera.image_height = 500;
  }
};

TEST(DescribeCamera, ALongAbsenceEndsATracklet) {
  const Walk walk(100, 31, 70);
  const CameraTracklets found = DescribeCamera(walk.camera, nullptr);
  ASSERT_EQ(found.tracklets.size(), 2u);
  const SiteTracklet& first = found.tracklets[0];
  const SiteTracklet& second = found.tracklets[1];
  EXPECT_EQ(first.boxes.size(), 30u);
  EXPECT_EQ(second.before, 0);
  EXPECT_TRUE(second.goes_on);
  EXPECT_FALSE(first.goes_on);
  EXPECT_EQ(first.before, -1);
  EXPECT_EQ(first.track, 7);
  EXPECT_NEAR(first.last_s, 2.9, 1e-9);
  EXPECT_NEAR(second.first_s, 7.0, 1e-9);
  EXPECT_EQ(second.first_frame, 141);  // of the site, which has 20 frames a second
  EXPECT_EQ(first.runs.size(), 1u);
  EXPECT_NEAR(first.clean_s, 3, 0.05);
  // The gallery is the sum of unit embeddings.
  EXPECT_NEAR(found.sums(0, 1), 30, 0.5);
  EXPECT_EQ(found.sums(0, 0), 0);
}

TEST(DescribeCamera, AShortAbsenceDoesNot) {
  const Walk walk(60, 31, 40);
  const CameraTracklets found = DescribeCamera(walk.camera, nullptr);
  ASSERT_EQ(found.tracklets.size(), 1u);
  ASSERT_EQ(found.tracklets[0].runs.size(), 2u);
  EXPECT_EQ(found.tracklets[0].runs[1].first, 41);
}

TEST(DescribeCamera, TrailsFollowTheGroundAndTheClock) {
  Walk walk(50, 0, 0);
  walk.camera.clock_offset_s = 3;
  const CameraTracklets found = DescribeCamera(walk.camera, nullptr);
  const SiteTracklet& t = found.tracklets[0];
  EXPECT_EQ(t.trail.front().cell, 15);
  EXPECT_EQ(t.trail.size(), 25u);
  ASSERT_TRUE(t.tail);
  EXPECT_NEAR(t.tail->vx, 1.2, 0.6);
  EXPECT_NEAR(t.tail->vy, 0, 1e-3);
  EXPECT_NEAR(t.tail->y, 3, 1e-3);
  EXPECT_GT(t.trail.front().sigma, 0.1F);
}

TEST(DescribeCamera, HiddenAndCutFeetSayLess) {
  Walk walk(10, 0, 0);
  const double free = DescribeCamera(walk.camera, nullptr).tracklets[0].trail[0].sigma;
  walk.camera.image_height = 200;  // the feet are at its lower edge
  const double cut = DescribeCamera(walk.camera, nullptr).tracklets[0].trail[0].sigma;
  EXPECT_GT(cut, free + 0.5);
}

TEST(DescribeCamera, BoxesWithoutEmbeddingAreCounted) {
  Walk walk(10, 0, 0);
  walk.camera.embedding_row[4] = -1;
  const CameraTracklets found = DescribeCamera(walk.camera, nullptr);
  EXPECT_EQ(found.boxes_without_embedding, 1);
  EXPECT_NEAR(found.sums(0, 1), 9, 0.2);
}

}  // namespace
}  // namespace reidbench
