#include "reidbench/jobs/check/check_site.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reidbench/core/files.h"
#include "reidbench/jobs/synth/synth.h"
#include "reidbench/synth/world.h"
#include "support/expect_error.h"
#include "support/temp_folder.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

template <typename Change>
fs::path SketchWorld(const TempFolder& folder, Change change) {
  SynthStageOptions options;
  options.world = SynthSceneDefaults("mall");
  options.world.seed = 6;
  options.world.cameras = 3;
  options.world.overlap = 1;
  options.world.people = 10;
  options.world.frames = 600;
  options.world.frame_rate = {10};
  options.world.sketch = true;
  change(&options.world);
  options.output = folder.path() / "world";
  RunSynth(options, false, nullptr);
  return options.output / "site.yaml";
}

SiteCheckResult Checked(const fs::path& site, const fs::path& tracks = {}) {
  SiteCheckOptions options;
  options.site = site;
  options.tracks = tracks;
  return CheckSite(options);
}

std::vector<std::string> KindsOf(const SiteCheckResult& result) {
  std::vector<std::string> kinds;
  for (const Finding& finding : result.findings) {
    kinds.push_back(finding.place + " " + std::string(FindingKindId(finding.kind)));
  }
  return kinds;
}

TEST(CheckSite, ASiteAsItIsToldIsInOrder) {
  const TempFolder folder;
  const fs::path site = SketchWorld(folder, [](SynthOptions* o) {
    o->clock_offset_s = 3;
    o->clock_drift_ppm = 500;
  });
  const SiteCheckResult result = Checked(site);
  EXPECT_THAT(KindsOf(result), IsEmpty());
  EXPECT_TRUE(result.by_truth);
  ASSERT_EQ(result.cameras.size(), 3u);
  EXPECT_EQ(result.pairs.size(), 3u);
  for (const SiteCheckPair& pair : result.pairs) {
    EXPECT_TRUE(pair.agree);
    EXPECT_NEAR(pair.scale, 1, 0.015);
    EXPECT_NEAR(pair.clock_shift_s, 0, 0.1);
  }
}

TEST(CheckSite, FindsClocksWithinAFrame) {
  const TempFolder folder;
  double offsets[3] = {};
  const fs::path site = SketchWorld(folder, [&](SynthOptions* o) {
    o->clock_offset_s = 4;
    o->hide_clocks = true;
    const SynthWorld world(*o);
    for (size_t c = 0; c < 3; ++c) offsets[c] = world.cameras()[c].clock_offset_s;
  });
  const SiteCheckResult result = Checked(site);
  EXPECT_THAT(KindsOf(result), ::testing::ElementsAre("camera mall-6-c2 site-clock-off",
                                                      "camera mall-6-c3 site-clock-off"));
  for (size_t c = 1; c < 3; ++c)
    EXPECT_NEAR(result.cameras[c].clock_shift_s.value(), offsets[c], 0.1) << c;
}

TEST(CheckSite, FindsAClockThatDrifts) {
  const TempFolder folder;
  const fs::path site = SketchWorld(folder, [](SynthOptions* o) {
    o->clock_drift_ppm = 2000;
    o->frames = 3000;
    o->hide_clocks = true;
  });
  const SiteCheckResult result = Checked(site);
  EXPECT_THAT(KindsOf(result), Contains(HasSubstr("site-clock-drifts")));
}

TEST(CheckSite, FindsAHomographyOffByThreePercent) {
  const TempFolder folder;
  const fs::path site = SketchWorld(folder, [](SynthOptions* o) { o->calibration_error = 0.03; });
  const SiteCheckResult result = Checked(site);
  EXPECT_THAT(KindsOf(result), ::testing::ElementsAre("camera mall-6-c3 site-scale-off"));
  EXPECT_NEAR(result.cameras[2].scale.value(), 1.03, 0.012);
}

TEST(CheckSite, FindsCentimetresForMetres) {
  const TempFolder folder;
  const fs::path site = SketchWorld(folder, [](SynthOptions*) {});
  std::string text = ReadFileText(site);
  const size_t last = text.rfind("calibration:");
  text.insert(last + 12, "\n      unit: cm");
  const fs::path other = site.parent_path() / "other.yaml";
  WriteFileAtomically(other, text);
  const SiteCheckResult result = Checked(other);
  EXPECT_THAT(KindsOf(result), Contains("camera mall-6-c3 site-unit-differs"));
}

TEST(CheckSite, FindsACalibrationOfAnotherPicture) {
  const TempFolder folder;
  const fs::path site = SketchWorld(folder, [](SynthOptions*) {});
  // The last camera's matrix with rows of pixels four times as large: feet stand above its horizon.
  std::string text = ReadFileText(site);
  const size_t last = text.rfind("matrix:");
  std::string tail = text.substr(last);
  const size_t second_row = tail.find("- [", tail.find("- [") + 1);
  const size_t end = tail.find(']', second_row);
  std::string row = tail.substr(second_row + 3, end - second_row - 3);
  std::string scaled;
  for (size_t at = 0; at < row.size();) {
    size_t comma = row.find(',', at);
    if (comma == std::string::npos) comma = row.size();
    scaled +=
        (scaled.empty() ? "" : ", ") + std::to_string(4 * std::stod(row.substr(at, comma - at)));
    at = comma + 1;
  }
  tail.replace(second_row + 3, row.size(), scaled);
  const fs::path other = site.parent_path() / "other.yaml";
  WriteFileAtomically(other, text.substr(0, last) + tail);
  const SiteCheckResult result = Checked(other);
  EXPECT_THAT(KindsOf(result), Contains("camera mall-6-c3 site-near-horizon"));
}

TEST(CheckSite, FindsAnIdTwiceInAFrame) {
  const TempFolder folder;
  folder.Write("s/a/gt.txt", "1,1,0,0,10,20,1\n2,1,0,0,10,20,1\n");
  folder.Write("t/a.txt", "1,5,0,0,10,20,1\n1,5,40,0,10,20,1\n2,5,0,0,10,20,1\n");
  const SiteCheckResult result = Checked(folder.path() / "s", folder.path() / "t");
  ASSERT_THAT(KindsOf(result), ::testing::ElementsAre("camera a site-id-twice"));
  EXPECT_EQ(result.findings[0].count, 1);
}

TEST(CheckSite, NothingToLookAtIsRefused) {
  const TempFolder folder;
  folder.Write("s/a/gt.txt", "");
  EXPECT_THAT(MessageOf(ErrorKind::kUsage, [&] { Checked(folder.path() / "s"); }),
              HasSubstr("no ground truth, and --tracks is missing"));
}

}  // namespace
}  // namespace reidbench
