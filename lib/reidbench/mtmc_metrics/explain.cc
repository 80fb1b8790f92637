#include "reidbench/mtmc_metrics/explain.h"

#include <algorithm>
#include <functional>
#include <span>

#include "reidbench/mot_metrics/clear.h"
#include "reidbench/mot_metrics/identity.h"
#include "reidbench/mtmc_metrics/devkit_clear.h"
#include "reidbench/mtmc_metrics/site_filters.h"
#include "reidbench/mtmc_metrics/site_sequences.h"

namespace reidbench {
namespace {

std::vector<MotSequence> PrepareCameras(const std::vector<CameraTracks>& cameras, int64_t shift) {
  std::vector<MotSequence> sequences;
  for (const CameraTracks& camera : cameras) sequences.push_back(CameraSequence(camera, shift));
  return sequences;
}

void SetScores(const MotSequence& sequence, SiteRuleEffect* effect) {
  effect->idf1 = Summarize(CountIdentity(sequence)).f1;
  effect->mota = Summarize(CountClear(sequence)).mota;
}

int64_t ResultCount(const std::vector<CameraTracks>& cameras) {
  int64_t count = 0;
  for (const CameraTracks& camera : cameras) count += static_cast<int64_t>(camera.results.size());
  return count;
}

}  // namespace

Explanation ExplainSite(const SiteTracks& site) {
  Explanation out;
  const int64_t shift = FrameShift(site);
  const std::vector<CameraTracks>& all = site.cameras;
  std::vector<CameraTracks> plain = all;
  std::erase_if(plain, [](const CameraTracks& camera) { return !camera.has_truth; });
  const int64_t with_repeated = ResultCount(plain);
  KeepFirstRows(&plain);
  const std::vector<MotSequence> cameras = PrepareCameras(plain, shift);
  const MotSequence concatenated = Concatenate(cameras);
  SiteRuleEffect base;
  SetScores(concatenated, &base);
  out.idf1 = *base.idf1;
  out.mota = *base.mota;
  if (with_repeated > ResultCount(plain)) {
    // The other way is no score but a refusal.
    out.effects.push_back({"of results with equal frame and id the first counts",
                           "aicity, metropolis; elsewhere an error",
                           with_repeated - ResultCount(plain), out.idf1, out.mota});
  }
  const auto filter = [&](const std::string& rule, const std::string& dialects, bool wanted,
                          const std::function<void(std::vector<CameraTracks>*)>& apply) {
    if (!wanted) return;
    std::vector<CameraTracks> kept = plain;
    apply(&kept);
    SiteRuleEffect& effect = out.effects.emplace_back();
    effect.rule = rule;
    effect.dialects = dialects;
    effect.removed = ResultCount(plain) - ResultCount(kept);
    SetScores(Concatenate(PrepareCameras(kept, shift)), &effect);
  };
  const auto any = [&](const auto& has) { return std::any_of(plain.begin(), plain.end(), has); };
  filter("frames outside the interval are dropped on both sides", "duke", site.interval.has_value(),
         [&](std::vector<CameraTracks>* kept) { KeepInterval(*site.interval, kept); });
  filter("results outside the polygons are dropped", "duke",
         any([](const CameraTracks& camera) { return !camera.polygon.empty(); }), KeepInPolygons);
  filter("results with a corner off the mask are dropped", "aicity",
         any([](const CameraTracks& camera) { return camera.roi.has_value(); }), KeepOnMasks);
  filter("results of ids in one camera alone are dropped", "aicity", true,
         [&](std::vector<CameraTracks>* kept) {
           // Cameras without ground truth count for this rule.
           std::vector<CameraTracks> everywhere = all;
           KeepFirstRows(&everywhere);
           KeepIdsOfTwoCameras(&everywhere);
           std::erase_if(everywhere, [](const CameraTracks& camera) { return !camera.has_truth; });
           *kept = std::move(everywhere);
         });
  filter("cameras in which nobody was are left out", "aicity, metropolis_2d",
         any([](const CameraTracks& camera) {
           return camera.truth.empty() && !camera.results.empty();
         }),
         KeepWithTruthRows);
  {
    IdentityCounts identity;
    ClearCounts clear;
    double idf1_sum = 0, mota_sum = 0;
    for (const MotSequence& camera : cameras) {
      const IdentityCounts own = CountIdentity(camera);
      const ClearCounts own_clear = CountClear(camera);
      identity += own;
      clear += own_clear;
      idf1_sum += Summarize(own).f1;
      mota_sum += Summarize(own_clear).mota;
    }
    const auto count = static_cast<double>(cameras.size());
    out.effects.push_back({"every camera is matched alone, counts are pooled", "percamera (pooled)",
                           0, Summarize(identity).f1, Summarize(clear).mota});
    out.effects.push_back({"every camera is matched alone, scores are averaged", "percamera (mean)",
                           0, idf1_sum / count, mota_sum / count});
  }
  out.effects.push_back({"the views are taken in turn", "trackeval_interleaved, divo_cvma_devkit",
                         0, std::nullopt, Summarize(CountClear(Interleave(cameras))).mota});
  out.effects.push_back({"a switch needs the person in the frame before",
                         "duke, concat_clear_devkit, divo_cvma_devkit", 0, std::nullopt,
                         CountDevkitClear(concatenated).mota()});
  std::vector<const CameraTracks*> pointers;
  for (const CameraTracks& camera : plain) pointers.push_back(&camera);
  const std::vector<GroundRow> truth = PoolGround(pointers, true);
  const std::vector<GroundRow> results = PoolGround(pointers, false);
  if (!truth.empty() && !results.empty()) {
    SiteRuleEffect& effect = out.effects.emplace_back();
    effect.rule = "people stand on one ground, within a metre, in place of boxes";
    effect.dialects = "metropolis_3d, bev_1m, aicity2024_3d";
    effect.removed = ResultCount(plain) - static_cast<int64_t>(results.size());
    SetScores(GroundSequence(truth, results), &effect);
  }
  return out;
}

}  // namespace reidbench
