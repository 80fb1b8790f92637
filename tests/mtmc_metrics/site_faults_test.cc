#include "reidbench/mtmc_metrics/site_faults.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mtmc_metrics/hand_site.h"

namespace reidbench {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Somebody who walks 3 px a frame, found where he is.
CameraTracks Walker(const std::string& name, int64_t late) {
  std::vector<SiteSpot> truth, results;
  for (int64_t frame = 1; frame <= 50; ++frame) {
    truth.push_back({frame, 1, 0, 3.0 * static_cast<double>(frame)});
    results.push_back({frame + late, 7, 0, 3.0 * static_cast<double>(frame)});
  }
  return HandCamera(name, truth, results);
}

TEST(SiteFaults, PerfectSitesHaveNone) { EXPECT_THAT(FindSiteFaults(PerfectSite()), IsEmpty()); }

TEST(SiteFaults, FindsHowLateACameraIs) {
  for (const int64_t late : {-4, -1, 0, 1, 7}) {
    const auto fit = FitShift(Walker("a", late), 10);
    ASSERT_TRUE(fit);
    EXPECT_EQ(fit->best, -late);
    EXPECT_DOUBLE_EQ(fit->fit, 1);
  }
  EXPECT_EQ(FitShift(HandCamera("a", {}, {}), 10), std::nullopt);
}

TEST(SiteFaults, TellsTheCameraFromTheSite) {
  SiteTracks site;
  site.cameras = {Walker("a", 1), Walker("b", 0)};
  ASSERT_EQ(FindSiteFaults(site).size(), 1u);
  EXPECT_THAT(FindSiteFaults(site)[0].text, HasSubstr("camera a: a shift of 1 frame"));
  site.cameras = {Walker("a", 1), Walker("b", 1)};
  EXPECT_EQ(FindSiteFaults(site)[0].camera, "");
}

TEST(SiteFaults, FindsCentimetresAndDisagreement) {
  SiteTracks site = PerfectSite();
  for (CameraTracks& camera : site.cameras) {
    for (SiteBox& box : camera.results) box.ground->x *= 100;
  }
  ASSERT_EQ(FindSiteFaults(site).size(), 1u);
  EXPECT_THAT(FindSiteFaults(site)[0].text, HasSubstr("the results look like centimetres"));
  site = PerfectSite();
  for (SiteBox& box : site.cameras[1].truth) box.ground->y = 3;
  ASSERT_EQ(FindSiteFaults(site).size(), 1u);
  EXPECT_THAT(FindSiteFaults(site)[0].text, HasSubstr("in 8 of 8 frames and people"));
}

}  // namespace
}  // namespace reidbench
