#include "reidbench/mtmc_metrics/dialects.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "mtmc_metrics/hand_site.h"
#include "reidbench/core/random.h"
#include "reidbench/mot_metrics/fields.h"
#include "support/expect_error.h"

namespace reidbench {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

template <typename Values>
Values ScoreOf(const SiteTracks& site, const std::string& name) {
  const std::string names[] = {name};
  const DialectScore score = ScoreDialects(site, PrepareSite(site), names).front();
  EXPECT_EQ(score.status, DialectStatus::kOk) << name << ": " << score.reason;
  return std::get<Values>(score.values);
}

// Three cameras, people who walk between them, results with misses, false alarms and swapped ids.
SiteTracks RandomSite(uint64_t seed) {
  Rng random(seed);
  SiteTracks site;
  for (const char* name : {"a", "b", "c"}) {
    std::vector<SiteSpot> truth, results;
    for (int64_t frame = 1; frame <= 30; ++frame) {
      for (int64_t person = 1; person <= 5; ++person) {
        if (random.Uniform() < 0.4) continue;
        truth.push_back({frame, person, static_cast<double>(person)});
        if (random.Uniform() < 0.2) continue;
        const int64_t swapped = random.Uniform() < 0.2 ? 5 : 0;
        results.push_back(
            {frame, 100 + person + swapped, static_cast<double>(person), 3 * random.Uniform()});
      }
      if (random.Uniform() < 0.3) results.push_back({frame, 900 + frame, 9});
    }
    site.cameras.push_back(HandCamera(name, truth, results));
  }
  return site;
}

TEST(Dialects, APerfectSiteScoresOneInAllThatCan) {
  const SiteTracks site = PerfectSite();
  for (const char* name :
       {"trackeval_concat", "trackeval_interleaved", "metropolis_2d", "metropolis_3d"}) {
    SCOPED_TRACE(name);
    const MotSummary s = Summarize(ScoreOf<TrackevalScore>(site, name).counts);
    for (const char* field : {"HOTA", "MOTA", "IDF1"}) EXPECT_DOUBLE_EQ(*FieldValue(s, field), 1);
  }
  EXPECT_EQ(ScoreOf<DukeScore>(site, "duke").identity.tp, 16);
  EXPECT_EQ(ScoreOf<DukeScore>(site, "duke").identity.fp, 0);
  EXPECT_EQ(ScoreOf<AccumulatorSummary>(site, "aicity").idf1, 1);
  EXPECT_EQ(ScoreOf<DevkitClearCounts>(site, "divo_cvma_devkit").mota(), 1);
  EXPECT_EQ(ScoreOf<BevScore>(site, "bev_1m").earlybird.idf1, 1);
  EXPECT_EQ(ScoreOf<ModaScores>(site, "wildtrack_moda").matlab.moda, 100);
  EXPECT_EQ(ScoreOf<MvmhatScore>(site, "mvmhat").f1, 1);
}

TEST(Dialects, IdentityDoesNotDependOnTheOrderOfCamerasOrOnNames) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    const SiteTracks site = RandomSite(seed);
    SiteTracks other = site;
    std::reverse(other.cameras.begin(), other.cameras.end());
    for (CameraTracks& camera : other.cameras) {
      for (SiteBox& box : camera.truth) box.id = 50 - box.id;
      for (SiteBox& box : camera.results) box.id = 7 * box.id % 1009;
    }
    for (const char* name : {"trackeval_concat", "trackeval_interleaved"}) {
      const MotSummary a = Summarize(ScoreOf<TrackevalScore>(site, name).counts);
      const MotSummary b = Summarize(ScoreOf<TrackevalScore>(other, name).counts);
      EXPECT_EQ(a.identity.counts.tp, b.identity.counts.tp);
      EXPECT_EQ(a.hota.counts.tp, b.hota.counts.tp);
      EXPECT_NEAR(*FieldValue(a, "HOTA"), *FieldValue(b, "HOTA"), 1e-12);
    }
    EXPECT_EQ(ScoreOf<DukeScore>(site, "duke").identity.tp,
              ScoreOf<DukeScore>(other, "duke").identity.tp);
    EXPECT_EQ(ScoreOf<AccumulatorSummary>(site, "aicity").counts.id_tp,
              ScoreOf<AccumulatorSummary>(other, "aicity").counts.id_tp);
  }
}

TEST(Dialects, OneCameraTellsNothingAboutOthers) {
  SiteTracks site = PerfectSite();
  for (SiteBox& box : site.cameras[1].results) box.id += 10;  // no identity across cameras
  const PerCameraScore alone = ScoreOf<PerCameraScore>(site, "percamera");
  for (const auto& [name, counts] : alone.cameras)
    EXPECT_DOUBLE_EQ(Summarize(counts.identity).f1, 1) << name;
  EXPECT_EQ(ScoreOf<DukeScore>(site, "duke").identity.tp, 8);
  EXPECT_EQ(ScoreOf<AccumulatorSummary>(site, "aicity").idf1, 0);  // all ids in one camera
}

TEST(Dialects, FiltersSayWhatTheyRemoved) {
  SiteTracks site = PerfectSite();
  site.interval = SiteInterval{2, 4};
  site.cameras[0].polygon = {{150, -5}, {250, -5}, {250, 20}, {150, 20}};  // person 1 alone
  const std::string names[] = {"duke", "aicity"};
  const std::vector<DialectScore> scores = ScoreDialects(site, PrepareSite(site), names);
  ASSERT_EQ(scores[0].removed.size(), 2u);
  EXPECT_EQ(scores[0].removed[0].filter, "interval");
  EXPECT_EQ(scores[0].removed[0].boxes, 4);
  EXPECT_EQ(scores[0].removed[1].filter, "polygon");
  EXPECT_EQ(scores[0].removed[1].boxes, 3);
  EXPECT_EQ(scores[0].removed[1].ids, 0);  // camera b still has it
  EXPECT_EQ(std::get<DukeScore>(scores[0].values).identity.tp, 9);
  EXPECT_EQ(scores[1].removed[1].boxes, 0);
}

TEST(Dialects, GroundNeedsPlaces) {
  SiteTracks site = PerfectSite();
  for (CameraTracks& camera : site.cameras) {
    for (SiteBox& box : camera.results) box.ground.reset();
  }
  const std::string names[] = {"metropolis_3d"};
  const DialectScore score = ScoreDialects(site, PrepareSite(site), names).front();
  EXPECT_EQ(score.status, DialectStatus::kNotApplicable);
  EXPECT_THAT(score.reason, HasSubstr("the results have no places on the ground"));
}

TEST(Dialects, HaveSeveralNames) {
  const std::string names[] = {"metropolis-2d", "per-camera", "percamera"};
  EXPECT_THAT(ResolveDialects(names), ElementsAre("metropolis_2d", "percamera"));
  const std::string wrong[] = {"metropolis"};
  EXPECT_THAT(MessageOf(ErrorKind::kUsage, [&] { ResolveDialects(wrong); }),
              HasSubstr("unknown dialect 'metropolis'"));
}

}  // namespace
}  // namespace reidbench
