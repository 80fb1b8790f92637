#include "reidbench/jobs/link/link_truth.h"

#include <gtest/gtest.h>

namespace reidbench {
namespace {

// Two cameras, person 5 in both for four frames; tracks 1 (first camera) and 1, 2 (second, two
// frames each). A third track of the first camera is of nobody.
struct HandSite {
  SiteTracks site;
  std::vector<JudgedCamera> cameras;
  std::vector<SiteTracklet> tracklets;

  HandSite() {
    site.cameras.resize(2);
    cameras.resize(2);
    for (size_t c = 0; c < 2; ++c) {
      CameraTracks& camera = site.cameras[c];
      camera.name = c == 0 ? "a" : "b";
      camera.has_truth = true;
      for (int64_t f = 1; f <= 4; ++f) {
        camera.truth.push_back({f, 5, {10, 10, 20, 40}, 1, {}});
        camera.results.push_back({f, 0, {11, 10, 20, 40}, 1, {}});
        cameras[c].tracks.push_back(c == 0 || f <= 2 ? 1 : 2);
      }
    }
    for (int64_t f = 1; f <= 2; ++f) {
      site.cameras[0].results.push_back({f, 0, {300, 10, 20, 40}, 1, {}});
      cameras[0].tracks.push_back(3);
    }
    Tracklet(0, {0, 1, 2, 3});
    Tracklet(1, {0, 1});
    Tracklet(1, {2, 3});
    Tracklet(0, {4, 5});
  }

  void Tracklet(int32_t camera, std::vector<int32_t> boxes) {
    SiteTracklet tracklet;
    tracklet.camera = camera;
    tracklet.boxes = std::move(boxes);
    tracklets.push_back(std::move(tracklet));
  }

  static NamedLink Link(int32_t before, int32_t after) {
    NamedLink link;
    link.decision.accepted = true;
    link.decision.before = before;
    link.decision.after = after;
    return link;
  }
};

TEST(JudgeLinks, CeilingsAndVerdictsByHand) {
  HandSite hand;
  hand.cameras[0].people = {1, 1, 1, 1, 2, 2};
  hand.cameras[1].people = {1, 1, 3, 3};
  std::vector<NamedLink> links = {HandSite::Link(0, 1), HandSite::Link(2, 3)};
  const LinkTruthScores truth = JudgeLinks(hand.site, hand.cameras, hand.tracklets, &links);
  // 8 boxes of the person, 10 of the results.
  EXPECT_DOUBLE_EQ(truth.plain.idf1(), 2.0 * 4 / 18);
  EXPECT_DOUBLE_EQ(truth.linked.idf1(), 2.0 * 6 / 18);
  EXPECT_DOUBLE_EQ(truth.perfect_link.idf1(), 2.0 * 8 / 18);
  EXPECT_DOUBLE_EQ(truth.perfect.idf1(), 2.0 * 8 / 18);
  EXPECT_DOUBLE_EQ(truth.Share().value(), 0.5);
  EXPECT_EQ(truth.right, 1);
  EXPECT_EQ(truth.wrong, 0);
  EXPECT_EQ(truth.neutral, 1);
  EXPECT_EQ(links[0].right, true);
  EXPECT_FALSE(links[1].right.has_value());
}

TEST(JudgeLinks, ALinkThatWasRefusedWronglyIsWrong) {
  HandSite hand;
  hand.cameras[0].people = {1, 1, 1, 1, 2, 2};
  hand.cameras[1].people = {3, 3, 4, 4};
  std::vector<NamedLink> links = {HandSite::Link(1, 2)};
  links[0].decision.accepted = false;
  const LinkTruthScores truth = JudgeLinks(hand.site, hand.cameras, hand.tracklets, &links);
  EXPECT_EQ(links[0].right, false);
  EXPECT_EQ(truth.right + truth.wrong + truth.neutral, 0);
  EXPECT_FALSE(truth.Precision().has_value());
}

TEST(JudgeLinks, NobodyGetsAnIdentityTwiceInAFrame) {
  HandSite hand;
  // A second track of the first camera lies on the person as well.
  for (size_t k = 4; k < 6; ++k) hand.site.cameras[0].results[k].box = {13, 10, 20, 40};
  hand.cameras[0].people = {1, 1, 1, 1, 2, 2};
  hand.cameras[1].people = {1, 1, 1, 1};
  std::vector<NamedLink> links;
  const LinkTruthScores truth = JudgeLinks(hand.site, hand.cameras, hand.tracklets, &links);
  EXPECT_DOUBLE_EQ(truth.perfect_link.idf1(), 2.0 * 8 / 18);
}

}  // namespace
}  // namespace reidbench
