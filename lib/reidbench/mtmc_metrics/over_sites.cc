#include "reidbench/mtmc_metrics/over_sites.h"

namespace reidbench {
namespace {

// The values of one dialect at each site that it could score.
template <typename Values>
std::vector<std::pair<std::string, const Values*>> ValuesOver(std::span<const NamedDialects> sites,
                                                              const std::string& dialect) {
  std::vector<std::pair<std::string, const Values*>> found;
  for (const NamedDialects& site : sites) {
    for (const DialectScore& score : site.dialects) {
      if (score.name != dialect) continue;
      if (const auto* values = std::get_if<Values>(&score.values))
        found.emplace_back(site.site, values);
    }
  }
  return found;
}

}  // namespace

OverSites CombineSites(std::span<const NamedDialects> sites) {
  OverSites out;
  if (const auto scenes = ValuesOver<AiCity3dScore>(sites, "aicity2024_3d"); !scenes.empty()) {
    AiCity3dOverSites& over = out.aicity3d.emplace();
    const auto count = static_cast<double>(scenes.size());
    for (const auto& [site, values] : scenes) {
      const HotaSummary s = Summarize(values->all_frames.counts.hota);
      over.scenes.push_back(site);
      over.hota += MeanOverAlphas(s.hota) / count;
      over.det_a += MeanOverAlphas(s.det_a) / count;
      over.ass_a += MeanOverAlphas(s.ass_a) / count;
      over.loc_a += MeanOverAlphas(s.loc_a) / count;
    }
  }
  if (const auto scenes = ValuesOver<MvmhatScore>(sites, "mvmhat"); !scenes.empty()) {
    MvmhatOverSites& over = out.mvmhat.emplace();
    over.scenes = static_cast<int64_t>(scenes.size());
    int64_t errors = 0, boxes = 0;
    for (const auto& [site, values] : scenes) {
      over.precision += values->precision.value_or(0) / static_cast<double>(over.scenes);
      over.recall += values->recall.value_or(0) / static_cast<double>(over.scenes);
      errors += 2 * values->mme + values->fp + values->missed;
      boxes += values->boxes;
    }
    if (over.precision + over.recall > 0)
      over.f1 = 2 * over.precision * over.recall / (over.precision + over.recall);
    if (boxes > 0) over.mvma = 1 - static_cast<double>(errors) / static_cast<double>(boxes);
  }
  if (const auto scenes = ValuesOver<DukeScore>(sites, "duke"); !scenes.empty()) {
    DukeOverSites& over = out.duke.emplace();
    over.scenes = static_cast<int64_t>(scenes.size());
    for (const auto& [site, values] : scenes) {
      over.identity += values->identity;
      over.mean_idf1 += Summarize(values->identity).f1 / static_cast<double>(over.scenes);
    }
  }
  return out;
}

}  // namespace reidbench
