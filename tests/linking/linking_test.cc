#include "reidbench/linking/linking.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "linking/small_site.h"
#include "reidbench/core/parallel.h"

namespace reidbench {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(LinkSite, PeopleOnCommonGroundAreOne) {
  SmallSite site(3);
  site.Crowd(8, 3, 60, 9);
  const SiteLinkResult result = LinkSite(site.input, {});
  const auto [right, wrong] = CountLinks(site, result);
  EXPECT_EQ(wrong, 0);
  EXPECT_GE(right, static_cast<int>(site.person.size()) - 8 - 4);
  EXPECT_THAT(result.notes, IsEmpty());
  EXPECT_TRUE(result.appearance.usable);
}

TEST(LinkSite, PlacesAloneSuffice) {
  SmallSite site(3);
  site.Crowd(8, 3, 60, 9);
  site.input.sums.setZero();
  LinkOptions options;
  options.appearance = false;
  const SiteLinkResult result = LinkSite(site.input, options);
  const auto [right, wrong] = CountLinks(site, result);
  EXPECT_LE(wrong, right / 20);
  EXPECT_GE(right, static_cast<int>(site.person.size()) / 2);
}

TEST(LinkSite, LearnsHowLongPeopleTakeBetweenRooms) {
  SmallSite site(3);
  site.look_noise = 0.7;
  site.Corridor(40, 3, 7, 5, 12);
  const SiteLinkResult result = LinkSite(site.input, {});
  const auto [right, wrong] = CountLinks(site, result);
  EXPECT_LE(wrong, right / 20);
  EXPECT_GE(right, 60);  // of 80
  EXPECT_GT(result.transitions.Seen(0, 1), 20);
  EXPECT_NEAR(result.transitions.Median_s(0, 1), 12, 2);
  EXPECT_LT(result.transitions.Seen(1, 0), 4);
  // Times help: without them fewer are found.
  LinkOptions options;
  options.transitions = false;
  EXPECT_LT(CountLinks(site, LinkSite(site.input, options)).first, right + 1);
}

TEST(LinkSite, NobodyIsTwiceInAFrame) {
  SmallSite site(2);
  site.Crowd(8, 2, 60, 9);
  // Everybody looks the same.
  for (int64_t row = 0; row < site.input.sums.rows(); ++row) site.input.sums.row(row).setOnes();
  const SiteLinkResult result = LinkSite(site.input, {});
  for (size_t a = 0; a < site.person.size(); ++a) {
    for (size_t b = a + 1; b < site.person.size(); ++b) {
      const SiteTracklet& p = site.input.tracklets[a];
      const SiteTracklet& q = site.input.tracklets[b];
      if (p.camera == q.camera && p.first_s <= q.last_s && q.first_s <= p.last_s) {
        EXPECT_NE(result.person[a], result.person[b]);
      }
    }
  }
}

TEST(LinkSite, EmbeddingsOfNobodyLinkNobody) {
  SmallSite site(3);
  site.Corridor(40, 3, 7, 5, 12);
  for (int64_t row = 0; row < site.input.sums.rows(); ++row) {
    for (int k = 0; k < SmallSite::kDim; ++k)
      site.input.sums(row, k) = static_cast<float>(site.rng.Normal());
  }
  const SiteLinkResult result = LinkSite(site.input, {});
  EXPECT_LE(std::count_if(result.decisions.begin(), result.decisions.end(),
                          [](const LinkDecision& d) { return d.accepted; }),
            6);
}

TEST(LinkSite, WhatTheCamerasSayOfTheEmbeddingsIsRepeated) {
  SmallSite site(2);
  site.Crowd(4, 2, 40, 9);
  site.input.appearance_unusable = "the embeddings do not tell people apart";
  const SiteLinkResult result = LinkSite(site.input, {});
  EXPECT_FALSE(result.appearance.usable);
  ASSERT_EQ(result.notes.size(), 1u);
  EXPECT_THAT(result.notes[0], HasSubstr("do not tell people apart"));
  EXPECT_EQ(CountLinks(site, result).second, 0);
}

TEST(LinkSite, AClockThatIsOffIsSaidAndCorrected) {
  SmallSite site(2);
  site.Crowd(8, 2, 90, 9, 2.6);
  const SiteLinkResult result = LinkSite(site.input, {});
  ASSERT_EQ(result.notes.size(), 1u);
  EXPECT_THAT(result.notes[0], HasSubstr("camera c2: its clock is 2.6"));
  const auto [right, wrong] = CountLinks(site, result);
  EXPECT_LE(wrong, right / 20);
  EXPECT_GE(right, static_cast<int>(site.person.size()) * 2 / 3);
}

TEST(LinkSite, PlacesThatFitNobodyAreSaidAndLeftOut) {
  SmallSite site(3);
  site.Crowd(8, 3, 90, 9);
  for (SiteTracklet& tracklet : site.input.tracklets) {
    if (tracklet.camera != 2) continue;
    for (TrailPoint& point : tracklet.trail) std::swap(point.x, point.y);
  }
  const SiteLinkResult result = LinkSite(site.input, {});
  ASSERT_EQ(result.notes.size(), 1u);
  EXPECT_THAT(result.notes[0], HasSubstr("camera c3: its places agree with no other camera"));
  const auto [right, wrong] = CountLinks(site, result);
  EXPECT_LE(wrong, right / 20);
}

TEST(LinkSite, OtherUnitsAreSaidAndLeftOut) {
  SmallSite site(3);
  site.Crowd(8, 3, 90, 9);
  for (SiteTracklet& tracklet : site.input.tracklets) {
    if (tracklet.camera != 1) continue;
    for (TrailPoint& point : tracklet.trail) {
      point.x *= 100;
      point.y *= 100;
    }
  }
  const SiteLinkResult result = LinkSite(site.input, {});
  EXPECT_THAT(result.notes, ::testing::Contains(HasSubstr("camera c2: people walk")));
  EXPECT_FALSE(result.ground.trusted[1]);
  EXPECT_TRUE(result.ground.trusted[0]);
}

TEST(LinkSite, DoesNotDependOnThreads) {
  SmallSite site(3);
  site.Crowd(8, 3, 60, 9);
  std::vector<int32_t> one, many;
  {
    const ThreadLimit limit(1);
    one = LinkSite(site.input, {}).person;
  }
  {
    const ThreadLimit limit(4);
    many = LinkSite(site.input, {}).person;
  }
  EXPECT_EQ(one, many);
}

TEST(LinkSite, AHorizonLimitsHowLongPeopleAreLookedFor) {
  SmallSite site(2);
  site.Corridor(30, 2, 7, 5, 12);
  LinkOptions options;
  options.horizon_s = 5;
  EXPECT_EQ(CountLinks(site, LinkSite(site.input, options)).first, 0);
}

TEST(LinkSite, ASiteWithoutTracksHasNobody) {
  SmallSite site(2);
  const SiteLinkResult result = LinkSite(site.input, {});
  EXPECT_THAT(result.person, IsEmpty());
  EXPECT_THAT(result.decisions, IsEmpty());
}

TEST(LinkSite, TimesLearnedElsewhereAreTaken) {
  SmallSite site(2);
  site.Corridor(10, 2, 7, 5, 12);
  site.input.transitions.emplace(2, std::vector<double>{0.1, 0.1});
  for (int k = 0; k < 30; ++k) site.input.transitions->Count(0, 1, 12);
  const SiteLinkResult result = LinkSite(site.input, {});
  EXPECT_EQ(result.transitions.Seen(0, 1), 30);
}

}  // namespace
}  // namespace reidbench
