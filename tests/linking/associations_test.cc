#include "reidbench/linking/associations.h"

#include <gtest/gtest.h>

#include "linking/small_site.h"
#include "reidbench/core/error.h"

namespace reidbench {
namespace {

TEST(Associations, EveryMethodLinksWhatIsEasy) {
  SmallSite site(2);
  site.look_noise = 0.2;
  site.Corridor(12, 2, 7, 5, 12);
  const auto check = [&](const SiteLinkResult& result, const char* name) {
    const auto [right, wrong] = CountLinks(site, result);
    EXPECT_EQ(right, 12) << name;
    EXPECT_EQ(wrong, 0) << name;
    EXPECT_EQ(result.person.size(), site.person.size());
  };
  check(LinkByNearestMean(site.input, {}), "nearest-mean");
  check(LinkByClustering(site.input, {}), "agglomerative");
  check(LinkByAssignment(site.input, {}), "hungarian");
}

TEST(Associations, ThresholdZeroLinksNobody) {
  SmallSite site(2);
  site.Corridor(12, 2, 7, 5, 12);
  EXPECT_EQ(CountLinks(site, LinkByNearestMean(site.input, {.threshold = 0})).first, 0);
  EXPECT_EQ(CountLinks(site, LinkByClustering(site.input, {.threshold = 0})).first, 0);
  EXPECT_EQ(CountLinks(site, LinkByAssignment(site.input, {.threshold = 0})).first, 0);
}

TEST(Associations, NamesAreKnown) {
  EXPECT_EQ(Associations().front().name, "link");
  EXPECT_TRUE(AssociationByName("link").corrects_cameras);
  EXPECT_FALSE(AssociationByName("hungarian").corrects_cameras);
  EXPECT_THROW(AssociationByName("hungarain"), Error);
}

}  // namespace
}  // namespace reidbench
