#include "reidbench/mtmc_metrics/identity_errors.h"

#include <gtest/gtest.h>

#include "mtmc_metrics/hand_site.h"
#include "reidbench/mot_metrics/fields.h"

namespace reidbench {
namespace {

MotBootstrapOptions NoResampling() {
  MotBootstrapOptions options;
  options.resamples = 0;
  return options;
}

SiteIdentity Analysed(const SiteTracks& site) {
  return *AnalyseIdentity(PrepareSite(site), NoResampling());
}

TEST(IdentityErrors, APerfectSiteHasNone) {
  const SiteIdentity identity = Analysed(PerfectSite());
  EXPECT_EQ(identity.Sum().truth.total(), 0);
  EXPECT_EQ(identity.Sum().results.total(), 0);
  EXPECT_DOUBLE_EQ(identity.association.inside, 1);
  EXPECT_DOUBLE_EQ(*identity.association.between, 1);
  ASSERT_EQ(identity.pairs.size(), 1u);
  EXPECT_EQ(identity.pairs[0].people, 2);
  EXPECT_DOUBLE_EQ(identity.pairs[0].idf1, 1);
}

TEST(IdentityErrors, TellInsideFromBetween) {
  SiteTracks site = PerfectSite();
  for (SiteBox& box : site.cameras[1].results) box.id += 10;  // right in camera b, and there alone
  site.cameras[0].results.front().id = 99;                    // person 1 in frame 1 of camera a
  site.cameras[0].results.pop_back();                         // person 2 in frame 4
  site.cameras[0].results.push_back(SiteBoxes({{4, 98, 20}}).front());  // on nobody
  const SiteTracks& s = site;
  const SiteIdentity identity = Analysed(s);
  // The site takes camera b's ids, which have 4 boxes each against 3.
  const CameraErrors &a = identity.cameras[0], &b = identity.cameras[1];
  EXPECT_EQ(a.truth.undetected, 1);
  EXPECT_EQ(a.truth.inside, 1);
  EXPECT_EQ(a.truth.between, 6);
  EXPECT_EQ(a.results.undetected, 1);
  EXPECT_EQ(a.results.inside, 1);
  EXPECT_EQ(a.results.between, 6);
  EXPECT_EQ(b.truth.total(), 0);
  const IdentityCounts counts = CountIdentity(PrepareSite(s).concatenated);
  EXPECT_EQ(identity.Sum().truth.total(), counts.fn);
  EXPECT_EQ(identity.Sum().results.total(), counts.fp);
  EXPECT_EQ(*identity.association.between, 0);
  EXPECT_GT(identity.association.inside, 0.8);
  EXPECT_LT(identity.pairs[0].idf1, identity.pairs[0].idf1_apart);
}

TEST(IdentityErrors, AssociationOfTheSiteIsThatOfHota) {
  SiteTracks site = PerfectSite();
  site.cameras[1].results.front().id = 55;
  site.cameras[0].results.back().box.left += 3;
  const SiteSequences sequences = PrepareSite(site);
  EXPECT_NEAR(AnalyseIdentity(sequences, NoResampling())->association.whole,
              MeanOverAlphas(Summarize(CountHota(sequences.concatenated)).ass_a), 1e-12);
}

TEST(IdentityErrors, IntervalsAreOverPeople) {
  SiteTracks site = PerfectSite();
  for (SiteBox& box : site.cameras[1].results) {
    if (box.id == 12) box.id = 13;  // person 2 is lost between the cameras, person 1 is not
  }
  MotBootstrapOptions options;
  options.resamples = 200;
  options.fields = {"IDF1"};
  const SiteIdentity identity = *AnalyseIdentity(PrepareSite(site), options);
  ASSERT_EQ(identity.intervals.size(), 1u);
  EXPECT_DOUBLE_EQ(identity.intervals[0].value, 0.75);
  EXPECT_DOUBLE_EQ(*identity.intervals[0].low, 0.5);
  EXPECT_DOUBLE_EQ(*identity.intervals[0].high, 1);
}

TEST(IdentityErrors, NeedIdsOnceAFrame) {
  SiteTracks site = PerfectSite();
  site.cameras[0].results.push_back(site.cameras[0].results.front());
  EXPECT_FALSE(AnalyseIdentity(PrepareSite(site), NoResampling()));
}

}  // namespace
}  // namespace reidbench
